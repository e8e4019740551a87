"""The log, for those who may read it: columns and counts, never content."""

from flask import Response, current_app
from flask.blueprints import BlueprintSetupState

from service import auditing, log_questions
from service.audit.entries import Subject
from service.audit.verify import Watch
from service.permissions import Action
from web import forms
from web.api import asking
from web.api.answering import shown
from web.api.asking import opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import EventQuery
from web.api.shown.log import EventList, LogShown

#: Where the application keeps how far it has verified the log.
WATCH = "log-watch"


@api.record_once
def _watch(state: BlueprintSetupState) -> None:
    state.app.extensions[WATCH] = Watch()


@api.get("/audit/events")
@operation(403, query=EventQuery, answers={200: EventList})
def list_events() -> Response:
    """List entries of the log, newest first."""
    with opened(Action.AUDIT_READ, Subject("log"), detail=forms.as_sent()) as call:
        call.require()
        asked = dict(asking.query())
        days = {"day_from": asked.pop("from_", None), "day_to": asked.pop("to", None)}
        page = auditing.events(call, log_questions.Wanted(**days, **asked))
    return shown(EventList, page)


@api.get("/audit/status")
@operation(403, answers={200: LogShown})
def show_log() -> Response:
    """Say how long the log is, its root, and how far it was verified."""
    with opened(Action.AUDIT_READ, Subject("log")) as call:
        call.require()
        asking.query()
        status = auditing.status(call, current_app.extensions[WATCH])
    return shown(LogShown, status)
