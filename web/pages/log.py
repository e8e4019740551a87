"""Access log: who saw what, and is the log whole. Columns and counts, no content."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from service import auditing
from service.audit.entries import Subject
from service.permissions import Action
from web import forms, paging

pages = Blueprint("log", __name__)


@pages.get("/log")
def show() -> ResponseReturnValue:
    """List entries of the log for those who may."""
    wanted = forms.events()
    asked = forms.as_sent()
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit"), detail=asked) as call:
        found = auditing.events(call, wanted)
        status = auditing.status(call)
    ways = paging.ways(found.next_cursor)
    return render_template(
        "log.html", found=found, status=status, wanted=wanted, ways=ways, event=call.event
    )
