"""A version's way into the file: withdraw, return, file, read again; a document's to a customer."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response

from service import filing, known, moving
from service.archive import Call
from service.audit.entries import Subject
from service.permissions import Action
from web.api import asking
from web.api.answering import done
from web.api.asking import Read, matched, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import AtVersion, Move, Reason, Retry
from web.api.shown.documents import DocumentShown


@contextmanager
def _version(action: Action, document_id: str) -> Iterator[tuple[Call, Read, int | None, int]]:
    """Open a call on a version: what was sent with it, its number, the matched revision."""
    with opened(action, Subject("document", document_id)) as call:
        rev = known.document(call, document_id)
        at = asking.query().get("version")
        asked = asking.body(call)
        yield call, asked, at, matched(rev)


@api.post("/documents/<document_id>/withdraw")
@operation(403, query=AtVersion, body=Reason, answers={200: DocumentShown}, conditional=True)
def withdraw_document(document_id: str) -> Response:
    """Take a version back before it is filed."""
    with _version(Action.DOCUMENT_WITHDRAW, document_id) as (call, asked, at, rev):
        view = filing.withdraw(call, document_id, asked["reason"], version_no=at, if_match=rev)
        return done(call, DocumentShown, view)


@api.post("/documents/<document_id>/restore")
@operation(403, query=AtVersion, answers={200: DocumentShown}, conditional=True)
def restore_document(document_id: str) -> Response:
    """Undo a withdrawal: by whom withdrew, or an archivist."""
    with _version(Action.DOCUMENT_RESTORE, document_id) as (call, _, at, rev):
        view = filing.restore(call, document_id, version_no=at, if_match=rev)
        return done(call, DocumentShown, view)


@api.post("/documents/<document_id>/return")
@operation(403, query=AtVersion, body=Reason, answers={200: DocumentShown}, conditional=True)
def return_document(document_id: str) -> Response:
    """Return a version to its uploader, who sees why."""
    with _version(Action.DOCUMENT_RETURN, document_id) as (call, asked, at, rev):
        view = filing.send_back(call, document_id, asked["reason"], version_no=at, if_match=rev)
        return done(call, DocumentShown, view)


@api.post("/documents/<document_id>/file")
@operation(403, query=AtVersion, answers={200: DocumentShown}, conditional=True)
def file_document(document_id: str) -> Response:
    """File a version: from now on it cannot change. Never by its uploader."""
    with _version(Action.DOCUMENT_FILE, document_id) as (call, _, at, rev):
        view = filing.file(call, document_id, version_no=at, if_match=rev)
        return done(call, DocumentShown, view)


@api.post("/documents/<document_id>/retry")
@operation(403, query=AtVersion, body=Retry, answers={200: DocumentShown}, conditional=True)
def retry_document(document_id: str) -> Response:
    """Read a failed version once more, a locked one with its password."""
    with _version(Action.DOCUMENT_RETRY, document_id) as (call, asked, at, rev):
        secret = asked.get("password", "")
        view = filing.retry(call, document_id, version_no=at, if_match=rev, password=secret)
        return done(call, DocumentShown, view)


@api.post("/documents/<document_id>/move")
@operation(403, body=Move, answers={200: DocumentShown}, conditional=True)
def move_document(document_id: str) -> Response:
    """Move a document with all its versions to another customer."""
    with opened(Action.DOCUMENT_MOVE, Subject("document", document_id)) as call:
        rev = known.document(call, document_id)
        asked = asking.body(call)
        view = moving.move(
            call,
            document_id,
            to=asked["customer"],
            reason=asked["reason"],
            if_match=matched(rev),
        )
        return done(call, DocumentShown, view)
