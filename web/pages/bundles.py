"""Compliance bundles: asking for one, how far it is, fetching it, opening numbers of it."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from service.audit.entries import Subject
from service.bundles import exports, handing
from service.bundles.exports import New
from service.errors import Invalid
from service.log_questions import Sought
from service.permissions import Action
from web import downloads, errors, forms, guard, session
from web.pages.log import CONDITIONS

pages = Blueprint("bundles", __name__)

#: The conditions of the log's list that a bundle can have: all but the number of an entry.
NARROWING = tuple(name for name in CONDITIONS if name != "seq")

_SUBJECT = Subject("export")


@pages.get("/log/bundles")
def show() -> ResponseReturnValue:
    """List the bundles that this person asked for or receives."""
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, _SUBJECT, writes=False) as call:
        found = exports.own(call)
    return render_template("bundles/list.html", found=found, event=call.event)


@pages.get("/log/bundles/new")
def ask(**_refused: str) -> ResponseReturnValue:
    """Show what a bundle under these conditions would cover, and the form that asks for it."""
    wanted, given = _wanted(), _given()
    asked = forms.as_sent()
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, _SUBJECT, detail=asked, writes=False) as call:
        people = exports.receivers(call)
        found, wrong = None, None
        try:
            found = exports.reach(call, wanted)
        except Invalid as refusal:
            wrong = refusal
    return render_template(
        "bundles/new.html",
        found=found,
        wrong=wrong,
        people=people,
        given=given,
        limits=call.policy.limits.bundle,
        event=call.event,
    )


@pages.post("/log/bundles")
@guard.fresh
@errors.again(ask)
def add() -> ResponseReturnValue:
    """Ask for a bundle; the worker makes it."""
    forms.only("case", "statement", "receiver", "details", "certificate", *NARROWING)
    new = New(
        case=forms.text("case"),
        statement=forms.text("statement"),
        wanted=_wanted(),
        details="details" in request.form,
        receiver=forms.text("receiver"),
        certificate=forms.text("certificate"),
    )
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, _SUBJECT, writes=True) as call:
        made = exports.request(call, new)
    return session.done("bundle_asked", "bundles.one", export_id=made.id)


@pages.get("/log/bundles/<export_id>")
def one(export_id: str, **_refused: str) -> ResponseReturnValue:
    """Show how far a bundle is, what is in it, and what can be done with it."""
    subject = Subject("export", export_id)
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
        bundle = exports.get(call, export_id)
    return render_template(
        "bundles/show.html", bundle=bundle, most=handing.NUMBERS, event=call.event
    )


@pages.post("/log/bundles/<export_id>/file")
@guard.fresh
@errors.again(one)
def fetch(export_id: str) -> ResponseReturnValue:
    """Hand a bundle out."""
    forms.only()
    subject = Subject("export", export_id)
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
        original = handing.fetch(call, export_id)
    return downloads.response(original)


@pages.post("/log/bundles/<export_id>/numbers")
@guard.fresh
@errors.again(one)
def open_numbers(export_id: str) -> ResponseReturnValue:
    """Hand out what stands under numbers that the auditor named, as the script reads it."""
    forms.only("case", "numbers")
    subject = Subject("export", export_id)
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
        numbers = handing.numbers(forms.text("numbers"))
        opened = handing.open_numbers(call, export_id, forms.text("case"), numbers)
    lines = "".join(f"{handing.line(one)}\n" for one in opened)
    answer = Response(lines, mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = downloads.disposition("opened.ndjson")
    return answer


def _wanted() -> Sought:
    """Return the conditions of an address, or of the form that carries them on."""
    given = _given()
    return Sought(
        day_from=forms.asked_day(given.get("from", "")),
        day_to=forms.asked_day(given.get("to", "")),
        **{name: given.get(name, "")[:100] for name in NARROWING if name not in ("from", "to")},
    )


def _given() -> dict[str, str]:
    said = {name: request.values.get(name, "").strip() for name in NARROWING}
    return {name: value for name, value in said.items() if value}
