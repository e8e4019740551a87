"""Exports of the archive: asking for one, how far it is, fetching it, all of one's own."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from service.audit.entries import Subject
from service.errors import Invalid
from service.exporting import handing, requests
from service.exporting.asked import Format, What, stated
from service.exporting.requests import New
from service.permissions import Action
from web import downloads, errors, forms, guard, session

pages = Blueprint("exports", __name__)

_SUBJECT = Subject("export_file")


@pages.get("/exports")
def show() -> ResponseReturnValue:
    """List the exports that this person asked for."""
    with g.archive.call(g.actor, Action.EXPORT_FETCH, _SUBJECT, writes=False) as call:
        requests.check_reader(call)
        found = requests.own(call)
    return render_template("exports/list.html", found=found, event=call.event)


@pages.get("/exports/new")
def ask(**_refused: str) -> ResponseReturnValue:
    """Show what an export under these conditions would hold, and the form that asks for it."""
    asked = forms.as_sent()
    found, wrong = None, None
    with g.archive.call(g.actor, Action.EXPORT_LIST, _SUBJECT, detail=asked, writes=False) as call:
        requests.check_reader(call)
        try:
            found = requests.reach(call, forms.exporting())
        except Invalid as refusal:
            wrong = refusal
    return render_template(
        "exports/new.html",
        found=found,
        wrong=wrong,
        given=forms.export_conditions(),
        limits=call.policy.limits.export,
        event=call.event,
    )


@pages.post("/exports")
@guard.fresh(Action.EXPORT_LIST, requests.check_reader)
@errors.again(ask)
def add() -> ResponseReturnValue:
    """Ask for an export; the worker makes it."""
    forms.only("format", *forms.EXPORT_CONDITIONS)
    written = forms.text("format")
    what = Format(written).what if written in set(Format) else What.LIST
    new = New(written, forms.exporting())
    with g.archive.call(g.actor, requests.ACTIONS[what], _SUBJECT, writes=True) as call:
        made = requests.request(call, new)
    return session.done("export_asked", "exports.one", made_id=made.id)


@pages.get("/exports/<made_id>")
def one(made_id: str, **_refused: str) -> ResponseReturnValue:
    """Show how far an export is, and what can be done with it."""
    subject = Subject("export_file", made_id)
    with g.archive.call(g.actor, Action.EXPORT_FETCH, subject, writes=False) as call:
        found = requests.get(call, made_id)
    return render_template("exports/show.html", one=found, given=_address(found), event=call.event)


@pages.post("/exports/<made_id>/file")
@guard.fresh(Action.EXPORT_FETCH, requests.get)
@errors.again(one)
def fetch(made_id: str) -> ResponseReturnValue:
    """Hand an export out."""
    forms.only()
    subject = Subject("export_file", made_id)
    with g.archive.call(g.actor, Action.EXPORT_FETCH, subject, writes=False) as call:
        original = handing.fetch(call, made_id)
    return downloads.response(original)


def _address(found: requests.ExportView) -> dict[str, list[str]]:
    """Return the address that asks for the same again."""
    asked = found.conditions
    names = {"day_from": "from", "day_to": "to"}
    said = {names.get(n, n): v for n, v in stated(asked.filters).items()}
    said |= {"of": asked.of, "q": asked.q, "sort": asked.sort}
    return {n: v if isinstance(v, list) else [v] for n, v in said.items() if v}
