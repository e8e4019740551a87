"""My history: everybody's own entries of the log, with the words they searched for."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from service import own_log
from service.audit.entries import Subject
from service.permissions import Action
from web import forms, log_words, paging

pages = Blueprint("history", __name__)

#: What people look for in their own history.
ACTIONS = (
    *(Action.SEARCH_RUN, Action.DOCUMENT_READ, Action.DOCUMENT_ORIGINAL, Action.DOCUMENT_ADD),
    *(Action.CUSTOMER_READ, Action.CUSTOMER_LIST, Action.SIGN_IN),
)

#: Actions that show a list: how long it was says something.
COUNTED = (
    *(Action.SEARCH_RUN, Action.CUSTOMER_LIST, Action.AUDIT_READ, Action.AUDIT_READ_OWN),
    *(Action.AUDIT_OPEN, Action.DOCUMENT_QUEUE),
)


@pages.get("/history")
def show() -> ResponseReturnValue:
    """List what the person who looks did themselves."""
    asked = forms.as_sent()
    events = forms.events()
    wanted = own_log.Wanted(
        events.day_from, events.day_to, events.action, events.seq, cursor=events.cursor
    )
    with g.archive.call(g.actor, Action.AUDIT_READ_OWN, Subject("audit"), detail=asked) as call:
        found = own_log.history(call, wanted)
    return render_template(
        "log/history.html",
        found=found,
        wanted=wanted,
        actions=ACTIONS,
        counted=COUNTED,
        narrowed=log_words.asked,
        ways=paging.ways(found.next_cursor),
        event=call.event,
    )
