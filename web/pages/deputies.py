"""Who stands in for a person while they are away: named and ended on their account's page."""

from flask import Blueprint, g, redirect, url_for
from flask.typing import ResponseReturnValue

from service import deputies
from service.audit.entries import Subject
from service.permissions import Action
from web import errors, forms, guard, session
from web.pages import account

pages = Blueprint("deputies", __name__)


@pages.get("/account/deputies")
def show() -> ResponseReturnValue:
    """Lead to where deputies are shown."""
    return redirect(url_for("account.show", _anchor="deputies"))


@pages.post("/account/deputies")
@guard.fresh(Action.DEPUTY_NAME)
@errors.again(account.show)
def name() -> ResponseReturnValue:
    """Let a colleague stand in for the person from a day to a day."""
    forms.only("deputy", "from", "to")
    subject = Subject("person", forms.text("deputy") or None)
    with g.archive.call(g.actor, Action.DEPUTY_NAME, subject) as call:
        deputies.name(call, forms.text("deputy"), first=forms.day("from"), last=forms.day("to"))
    return session.done("deputy_named", "account.show")


@pages.post("/account/deputies/<person_id>/end")
def end(person_id: str) -> ResponseReturnValue:
    """End at once that somebody stands in."""
    with g.archive.call(g.actor, Action.DEPUTY_NAME, Subject("person", person_id)) as call:
        deputies.revoke(call, person_id)
    return session.done("deputy_ended", "account.show")
