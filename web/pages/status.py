"""System status: is it healthy, will a file appear. No names of clients, no titles."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from service import status
from service.audit.entries import Subject
from service.permissions import Action

pages = Blueprint("status", __name__)


@pages.get("/status")
def show() -> ResponseReturnValue:
    """Show how the archive is, to those who look after it."""
    with g.archive.call(g.actor, Action.STATUS_READ, Subject("status")) as call:
        found = status.look(call)
    return render_template("status.html", status=found, event=call.event)
