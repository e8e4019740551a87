"""Access log: who saw what. Columns and counts; what was sealed opens for a case number alone."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service import auditing, log_check, log_entry, log_readers, saved_filters
from service.audit.entries import Subject
from service.ids import is_id
from service.log_entry import EntryView
from service.permissions import Action
from web import errors, forms, guard, log_words, paging, session

pages = Blueprint("log", __name__)

#: Characters of a case number that are written down, also of one that is none.
_SAID = 100

_ENTRY = "/log/<int(max=999999999999999):number>"

#: The conditions that stand behind "more conditions".
FURTHER = ("dept", "document", "verb", "category", "seq")


@pages.app_context_processor
def _words() -> dict[str, object]:
    told = {
        "logbroken": log_words.broken,
        "logword": log_words.word,
        "logtext": log_words.text,
        "logchoices": log_words.choices,
    }
    return {**told, "why": log_words.why}


@pages.get("/log")
def show(**_refused: str) -> ResponseReturnValue:
    """List entries of the log for those who may."""
    if typed := request.args.get("find", "").strip():
        return redirect(url_for("log.show", **_meant(typed)))
    wanted = replace(forms.events(), folded=True)
    asked = forms.as_sent()
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit"), detail=asked) as call:
        found = auditing.events(call, wanted)
        status = auditing.status(call)
        check = log_check.standing(call.db, datetime.now(UTC))
        saved = saved_filters.own(call)
    return render_template(
        "log/list.html",
        found=found,
        status=status,
        check=check,
        wanted=wanted,
        saved=saved,
        ways=_ways(found),
        given=forms.log_conditions(),
        further=FURTHER,
        event=call.event,
    )


@pages.post("/log/check")
@errors.again(show)
def check() -> ResponseReturnValue:
    """Have the whole log checked by the worker."""
    forms.only()
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit"), writes=True) as call:
        log_check.ask(call)
    return session.done("log_check_asked", "log.show")


def _meant(typed: str) -> dict[str, Any]:
    """Return the condition that somebody means who types this into the field above all pages."""
    if typed.isdecimal():
        return {"seq": typed}
    if is_id(typed):
        return {"document": typed}
    if typed.isascii() and any(letter.isdecimal() for letter in typed):
        return {"customer": typed}
    return {"actor": typed}


def _ways(found: auditing.EventPage) -> paging.Ways:
    """Return the ways to newer and older entries; both go by numbers, which never move."""
    moved = "cursor" in request.args or "newer" in request.args
    given: dict[str, Any] = forms.log_conditions()
    first = url_for("log.show", **given) if moved else None
    newer = older = None
    if found.place and found.items:
        newer = url_for("log.show", **given, newer=found.items[0].seq)
    if found.next_cursor:
        older = url_for("log.show", **given, cursor=found.next_cursor)
    return paging.Ways(first, newer, older)


@pages.post("/log/filters")
@errors.again(show)
def save() -> ResponseReturnValue:
    """Keep the conditions of the list under a name."""
    forms.only("name", *forms.LOG_CONDITIONS)
    conditions = forms.log_conditions()
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit"), writes=True) as call:
        saved_filters.save(call, forms.text("name"), conditions)
    return session.done("filter_saved", "log.show", **conditions)


@pages.post("/log/filters/<filter_id>/forget")
def forget(filter_id: str) -> ResponseReturnValue:
    """Take a kept question away."""
    forms.only()
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit"), writes=True) as call:
        saved_filters.forget(call, filter_id)
    return session.done("filter_forgotten", "log.show")


@pages.get(_ENTRY)
def entry(number: int, **_refused: str) -> ResponseReturnValue:
    """Show one entry with all that belongs to it."""
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit")) as call:
        found = log_entry.get(call, number)
    return _entry(found, call.event)


@pages.post(f"{_ENTRY}/open")
@guard.fresh(Action.AUDIT_OPEN, log_entry.get)
@errors.again(entry)
def unseal(number: int) -> ResponseReturnValue:
    """Show what was sealed with an entry, in this answer alone, for a case number."""
    forms.only("case")
    case = forms.text("case")
    detail = {"case": case[:_SAID], "entry": number}
    with g.archive.call(g.actor, Action.AUDIT_OPEN, Subject("audit"), detail=detail) as call:
        found, opened = log_entry.open_sealed(call, number, case)
    return _entry(found, call.event, opened=opened, case=case)


def _entry(found: EntryView, event: int | None, **more: object) -> ResponseReturnValue:
    return render_template(
        "log/entry.html",
        entry=found,
        event=event,
        said=log_words.said,
        opened_as=log_words.opened,
        **more,
    )


@pages.get("/log/documents/<document_id>")
def document(document_id: str) -> ResponseReturnValue:
    """Show who saw a document, and how."""
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.AUDIT_READ, subject) as call:
        found = log_readers.readers(call, document_id)
    return render_template("log/document.html", found=found, event=call.event)


@pages.get("/log/people/<person_id>")
def person(person_id: str) -> ResponseReturnValue:
    """Show what somebody looked at, and what was refused them."""
    subject = Subject("person", person_id)
    with g.archive.call(g.actor, Action.AUDIT_READ, subject) as call:
        found = log_readers.looked(call, person_id)
    return render_template("log/person.html", found=found, event=call.event)
