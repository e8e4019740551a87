"""Accounts and roles, for the security administrator: list, add, change, switch off."""

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from service import accounts, addresses, known, owners, password_links
from service.accounts import PersonChange
from service.audit.entries import Subject
from service.permissions import Action
from service.signins import Once
from web import errors, forms, guard, session

pages = Blueprint("people", __name__)

_KEPT = ("name", "department", "roles", "head")


@pages.get("/people")
@guard.fresh(Action.USER_MANAGE)
def show(**_refused: str) -> ResponseReturnValue:
    """List every account; a refused form comes back here, whoever's it was."""
    with g.archive.call(g.actor, Action.USER_MANAGE, Subject("person"), writes=False) as call:
        everybody = accounts.people(call)
    return render_template(
        "people.html",
        people=everybody,
        given=accounts.GIVEN_AT_THE_PORTAL,
        link=session.shown_once(Once.PASSWORD_LINK),
        hours=password_links.HOURS,
        event=call.event,
    )


@pages.post("/people")
@guard.fresh(Action.USER_MANAGE)
@errors.again(show)
def add() -> ResponseReturnValue:
    """Open an account; without a password the person sets it by a link."""
    forms.only("login", "name", "department", "roles", "head", "password")
    new = forms.new_person()
    with g.archive.call(g.actor, Action.USER_MANAGE, Subject("person"), writes=True) as call:
        made = accounts.add(call, new)
        token = password_links.make(call, made.id) if new.password is None else None
    _show_link(token)
    return session.done("person_added", "people.show")


def _show_link(token: str | None) -> None:
    """Show a link on the page that follows, this once."""
    if token:
        address = addresses.password_link(g.archive.settings, token)
        session.show_once(Once.PASSWORD_LINK, address)


@pages.post("/people/<person_id>/link")
@guard.fresh(Action.USER_MANAGE, known.person)
@errors.again(show)
def link(person_id: str) -> ResponseReturnValue:
    """Make a link with which a person sets a new password; the page that follows shows it."""
    forms.only()
    subject = Subject("person", person_id)
    with g.archive.call(g.actor, Action.USER_MANAGE, subject, writes=True) as call:
        token = password_links.make(call, person_id)
    _show_link(token)
    return redirect(url_for("people.show"))


@pages.post("/people/<person_id>")
@guard.fresh(Action.USER_MANAGE, known.person)
@errors.again(show)
def change(person_id: str) -> ResponseReturnValue:
    """Change an account's name, department, roles or password."""
    forms.only("seen", *_KEPT, *(f"was.{name}" for name in _KEPT), "password")
    subject = Subject("person", person_id)
    with g.archive.call(g.actor, Action.USER_MANAGE, subject, writes=True) as call:
        accounts.change(call, person_id, forms.person_change(), if_match=forms.seen())
    return session.done("saved", "people.show")


@pages.get("/people/<person_id>/off")
@guard.fresh(Action.USER_MANAGE, known.person)
def leave(person_id: str) -> ResponseReturnValue:
    """Ask who takes over the clients of a person that leaves; which they are is not told."""
    subject = Subject("person", person_id)
    with g.archive.call(g.actor, Action.USER_MANAGE, subject, writes=False) as call:
        one = accounts.changeable(call, person_id)
        colleagues = owners.colleagues(call.db)
    if not one.active:
        return redirect(url_for("people.show"))
    return render_template("leaving.html", one=one, colleagues=colleagues, event=call.event)


def _switching(person_id: str) -> ResponseReturnValue:
    """Show again where an account was to be switched."""
    return leave(person_id) if forms.text("active") == "no" else show()


@pages.post("/people/<person_id>/active")
@guard.fresh(Action.USER_MANAGE, known.person)
@errors.again(_switching)
def switch(person_id: str) -> ResponseReturnValue:
    """Switch an account on or off; off ends it at once and hands its clients over."""
    forms.only("active", "successor")
    subject = Subject("person", person_id)
    wanted = PersonChange(
        active=forms.text("active") == "yes", successor=forms.text("successor") or None
    )
    with g.archive.call(g.actor, Action.USER_MANAGE, subject, writes=True) as call:
        accounts.change(call, person_id, wanted)
    return session.done("saved", "people.show")
