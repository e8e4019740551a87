"""Access log: who saw what, and is the log whole. Columns and counts, no content."""

from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service import auditing
from service.audit.entries import Subject
from service.permissions import Action
from web import forms

pages = Blueprint("log", __name__)


@pages.get("/log")
def show() -> ResponseReturnValue:
    """List entries of the log for those who may."""
    wanted = forms.events()
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit")) as call:
        found = auditing.events(call, wanted)
        status = auditing.status(call)
    kept = {k: v for k, v in request.args.items() if v and k != "cursor"}
    older = _address({**kept, "cursor": found.next_cursor}) if found.next_cursor else None
    return render_template(
        "log.html", found=found, status=status, wanted=wanted, older=older, event=call.event
    )


def _address(args: dict[str, Any]) -> str:
    return url_for("log.show", **args)
