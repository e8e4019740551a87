"""Compliance bundles: asking for one, how far it is, fetching it, opening numbers of it."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from service.audit.entries import Subject
from service.bundles import exports, handing
from service.bundles.exports import New
from service.errors import Invalid
from service.permissions import Action
from web import downloads, errors, forms, guard, session

pages = Blueprint("bundles", __name__)

_SUBJECT = Subject("export")

#: The conditions of the log's list that a bundle can have: all but the number of an entry.
_NARROWING = tuple(name for name in forms.LOG_CONDITIONS if name != "seq")


@pages.get("/log/bundles")
def show() -> ResponseReturnValue:
    """List the bundles that this person asked for or receives."""
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, _SUBJECT, writes=False) as call:
        found = exports.own(call)
    return render_template("bundles/list.html", found=found, event=call.event)


@pages.get("/log/bundles/new")
def ask(**_refused: str) -> ResponseReturnValue:
    """Show what a bundle under these conditions would cover, and the form that asks for it."""
    asked = forms.as_sent()
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, _SUBJECT, detail=asked, writes=False) as call:
        people = exports.receivers(call)
        found, wrong = None, None
        try:
            found = exports.reach(call, forms.sought())
        except Invalid as refusal:
            wrong = refusal
    return render_template(
        "bundles/new.html",
        found=found,
        wrong=wrong,
        people=people,
        given=_given(),
        limits=call.policy.limits.bundle,
        event=call.event,
    )


@pages.post("/log/bundles")
@guard.fresh(Action.AUDIT_EXPORT)
@errors.again(ask)
def add() -> ResponseReturnValue:
    """Ask for a bundle; the worker makes it."""
    forms.only("case", "statement", "receiver", "details", "certificate", *_NARROWING)
    new = New(
        case=forms.text("case"),
        statement=forms.text("statement"),
        wanted=forms.sought(),
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
@guard.fresh(Action.AUDIT_EXPORT, exports.get)
@errors.again(one)
def fetch(export_id: str) -> ResponseReturnValue:
    """Hand a bundle out."""
    forms.only()
    subject = Subject("export", export_id)
    with g.archive.call(g.actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
        original = handing.fetch(call, export_id)
    return downloads.response(original)


@pages.post("/log/bundles/<export_id>/numbers")
@guard.fresh(Action.AUDIT_EXPORT, exports.get)
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


def _given() -> dict[str, str]:
    return {name: said for name, said in forms.log_conditions().items() if name in _NARROWING}
