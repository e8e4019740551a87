"""The rail: which entries a person sees, none that would answer 403; and the way back."""

from dataclasses import dataclass
from urllib.parse import unquote

from flask import current_app, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from service.codes import PRIVILEGED
from service.menus import Menu
from service.permissions import Actor
from web import labels, session


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the rail; `key` is what `g` and a letter jump to, `count` what is new there."""

    endpoint: str
    label: str
    icon: str
    key: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading; the first group has none."""

    heading: str
    entries: tuple[Entry, ...]


def rail(menu: Menu) -> tuple[Group, ...]:
    """Return the groups of entries for a person's menu."""
    work = [Entry("home.show", gettext("Home"), icon="house", key="home")]
    if menu.search:
        work.append(Entry("search.show", gettext("Search"), icon="search", key="search"))
    if menu.customers:
        work.append(
            Entry("customers.listing", gettext("Client files"), icon="buildings", key="customers")
        )
    if menu.uploads or menu.filing:
        work.append(
            Entry("uploads.show", gettext("Upload and file"), icon="cloud-arrow-up", key="upload")
        )
    watch = (
        [
            Entry("log.show", gettext("Access log"), icon="journal-text"),
            Entry("watch.strange", gettext("Unusual behaviour"), icon="bell", count=menu.unusual),
        ]
        if menu.log
        else []
    )
    if menu.bundles:
        watch.append(Entry("bundles.show", gettext("Compliance bundles"), icon="box-seam"))
    manage = (
        [Entry("people.show", gettext("Accounts and roles"), icon="people")] if menu.people else []
    )
    own = (
        [Entry("history.show", gettext("My history"), icon="clock-history")] if menu.history else []
    )
    if menu.exports:
        own.append(Entry("exports.show", gettext("My exports"), icon="download"))
    run = [Entry("status.show", gettext("System status"), icon="activity")] if menu.status else []
    groups = (
        Group("", tuple(work)),
        Group(gettext("Operation"), tuple(run)),
        Group(gettext("Supervision"), tuple(watch)),
        Group(gettext("Manage"), tuple(manage)),
        Group(gettext("About"), tuple(own)),
    )
    return tuple(group for group in groups if group.entries)


def foot(menu: Menu) -> tuple[Entry, ...]:
    """Return the entries of the bar at the bottom of a phone."""
    entries = [entry for group in rail(menu) for entry in group.entries][:4]
    if menu.uploads:
        entries.insert(2, Entry("photos.show", gettext("Take photos"), icon="camera"))
    return tuple(entries)


def seat(actor: Actor) -> str:
    """Return what stands beside a person's name: the department, or the seat of those three."""
    seats = sorted(actor.roles & PRIVILEGED)
    return labels.label("role", seats[0]) if seats else labels.label("department", actor.department)


def came_from() -> str | None:
    """Return the address of the page that a form was on, if it was one of this site.

    A refused form's address opens nothing by itself: then it is the page above.
    """
    referrer = session.split(request.referrer or "")
    if referrer is None or referrer.netloc != request.host:
        return None
    path, query = referrer.path, referrer.query
    while path and not _opens(unquote(path)):
        path, query = path.rpartition("/")[0], ""
    return session.local_path(f"{path}?{query}" if query else path)


def _opens(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return False
    try:
        adapter.match(path, method="GET")
    except HTTPException:
        return False
    return True
