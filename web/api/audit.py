"""The log, for those who may read it: columns and counts; what was sealed only for a case."""

from typing import Any

from flask import Response, current_app
from flask.blueprints import BlueprintSetupState

from service import access, auditing, log_entry, log_questions, sealed_words
from service.audit.entries import Subject
from service.audit.verify import Watch
from service.permissions import Action
from web import forms
from web.api import asking
from web.api.answering import shown
from web.api.asking import opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import CaseNamed, EventQuery, SealedSought
from web.api.shown.log import DetailsOpened, EntryShown, EventList, LogShown, SealedFound

#: Digits of a number of an entry, as it was asked for.
_DIGITS = 20

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
        page = auditing.events(call, _wanted(dict(asking.query())))
    return shown(EventList, page)


def _wanted(asked: dict[str, Any]) -> log_questions.Wanted:
    days = {"day_from": asked.pop("from_", None), "day_to": asked.pop("to", None)}
    return log_questions.Wanted(**days, **asked)


@api.get("/audit/events/<int(max=999999999999999):seq>")
@operation(403, 404, answers={200: EntryShown})
def show_event(seq: int) -> Response:
    """Show one entry of the log with all that belongs to it; nothing that was sealed."""
    with opened(Action.AUDIT_READ, Subject("log")) as call:
        found = log_entry.get(call, seq)
        asking.query()
    return shown(EntryShown, found)


@api.get("/audit/events/<int(max=999999999999999):seq>/details")
@operation(403, 404, query=CaseNamed, answers={200: DetailsOpened})
def open_event(seq: int) -> Response:
    """Open what was sealed with an entry, for a case number, right after the password."""
    detail = {**forms.as_sent(), "entry": str(seq)[:_DIGITS]}
    with opened(Action.AUDIT_OPEN, Subject("log"), detail=detail) as call:
        call.require()
        log_entry.group(call.db, seq)
        access.fresh(call)
        found, items = log_entry.open_sealed(call, seq, asking.query()["case"])
    return shown(DetailsOpened, {"seq": found.seq, "items": items})


@api.get("/audit/sealed")
@operation(403, query=SealedSought, answers={200: SealedFound})
def search_sealed() -> Response:
    """Look for words in what was sealed, for a case number, about a second at a time.

    The answer's `below` and `newest` go into the next request, until `below` is null.
    """
    with opened(Action.AUDIT_OPEN, Subject("log"), detail=forms.as_sent()) as call:
        call.require()
        access.fresh(call)
        asked = dict(asking.query())
        words, case = asked.pop("words"), asked.pop("case")
        places = asked.pop("below", None), asked.pop("newest", None)
        piece = sealed_words.look(call, _wanted(asked), words, case, *places)
    return shown(SealedFound, piece)


@api.get("/audit/status")
@operation(403, answers={200: LogShown})
def show_log() -> Response:
    """Say how long the log is, its root, and how far it was verified."""
    with opened(Action.AUDIT_READ, Subject("log")) as call:
        call.require()
        asking.query()
        status = auditing.status(call, current_app.extensions[WATCH])
    return shown(LogShown, status)
