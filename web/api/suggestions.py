"""What is suggested of a document: listed, taken over, dismissed."""

from flask import Response

from service import documents, known, suggestions
from service.audit.entries import Subject
from service.permissions import Action
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import matched, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import SuggestionsSettled
from web.api.shown.documents import DocumentShown
from web.api.shown.suggestions import SuggestionList
from web.api.whole import whole


@api.get("/documents/<document_id>/suggestions")
@operation(404, answers={200: SuggestionList})
def list_suggestions(document_id: str) -> Response:
    """List what the newest version's file says of itself; nothing to who may not edit it."""
    with opened(Action.DOCUMENT_READ, Subject("document", document_id)) as call:
        known.document(call, document_id)
        asking.query()
        found = suggestions.shown(call, documents.get(call, document_id))
    return shown(SuggestionList, whole(found))


@api.post("/documents/<document_id>/suggestions")
@operation(403, 404, body=SuggestionsSettled, answers={200: DocumentShown}, conditional=True)
def settle_suggestions(document_id: str) -> Response:
    """Take over what is suggested for some properties; with none, dismiss everything."""
    with opened(Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        rev = known.document(call, document_id)
        asked = asking.body(call)
        match = matched(rev)
        if asked["take"]:
            view = suggestions.take(call, document_id, asked["take"], if_match=match)
        else:
            view = suggestions.dismiss(call, document_id, if_match=match)
        return done(call, DocumentShown, view)
