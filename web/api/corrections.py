"""Recognised text: page by page, corrected, and what became of it."""

from flask import Response

from service import corrections, known, text_history
from service.audit.entries import Subject
from service.permissions import Action
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import matched, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import AtVersion, PageCorrected, RevisionAsked, RevisionTaken
from web.api.shown.corrections import PageTextShown, TextDifferenceShown, TextHistoryShown


@api.get("/documents/<document_id>/pages/<int:number>/text")
@operation(404, query=AtVersion, answers={200: PageTextShown})
def show_page_text(document_id: str, number: int) -> Response:
    """Show the text of one page, and whether it was recognised and may be corrected."""
    with opened(Action.DOCUMENT_TEXT, Subject("document", document_id)) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        page = corrections.read(call, document_id, number, version_no=version)
    return shown(PageTextShown, page)


@api.patch("/documents/<document_id>/pages/<int:number>/text")
@operation(
    403,
    404,
    query=AtVersion,
    body=PageCorrected,
    answers={200: PageTextShown},
    conditional=True,
)
def correct_page(document_id: str, number: int) -> Response:
    """Write the recognised text of a page as it should be: a new revision, found at once."""
    with opened(Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        state = corrections.state(call, document_id, number, version_no=version)
        text = asking.body(call)["text"]
        page = corrections.correct(
            call, document_id, number, text, if_match=matched(state), version_no=version
        )
        return done(call, PageTextShown, page)


@api.get("/documents/<document_id>/text/history")
@operation(404, query=AtVersion, answers={200: TextHistoryShown})
def show_text_history(document_id: str) -> Response:
    """List the revisions of a text: who wrote them, when, out of which, on which pages."""
    with opened(Action.DOCUMENT_TEXT, Subject("document", document_id)) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        found = text_history.history(call, document_id, version_no=version)
    return shown(TextHistoryShown, found)


@api.post("/documents/<document_id>/text/history")
@operation(
    403,
    404,
    query=AtVersion,
    body=RevisionTaken,
    answers={200: TextHistoryShown},
    conditional=True,
)
def take_text_revision(document_id: str) -> Response:
    """Write an earlier revision, or a newer reading, once more as what shows."""
    with opened(Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        state = corrections.state(call, document_id, version_no=version)
        wanted = asking.body(call)["revision"]
        corrections.take(call, document_id, wanted, if_match=matched(state), version_no=version)
        found = text_history.history(call, document_id, version_no=version)
        return done(call, TextHistoryShown, found)


@api.get("/documents/<document_id>/text/difference")
@operation(404, query=RevisionAsked, answers={200: TextDifferenceShown})
def show_text_difference(document_id: str) -> Response:
    """Show what a revision changed, line by line."""
    with opened(Action.DOCUMENT_TEXT, Subject("document", document_id)) as call:
        known.document(call, document_id)
        asked = asking.query()
        found = text_history.difference(
            call, document_id, asked.get("revision"), version_no=asked.get("version")
        )
    return shown(TextDifferenceShown, found)
