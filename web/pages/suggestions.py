"""What is suggested of a document: taken over or dismissed on its page."""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from service import suggestions
from service.audit.entries import Subject
from service.permissions import Action
from web import errors, forms, session
from web.pages.documents import show

pages = Blueprint("suggestions", __name__)


@pages.post("/documents/<document_id>/suggestions")
@errors.again(show)
def take(document_id: str) -> ResponseReturnValue:
    """Change the document's properties to what was ticked."""
    forms.only("seen", "take")
    keys = request.form.getlist("take")
    with g.archive.call(g.actor, Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        suggestions.take(call, document_id, keys, if_match=forms.seen())
    return session.done("saved", "documents.show", document_id=document_id)


@pages.post("/documents/<document_id>/suggestions/dismiss")
@errors.again(show)
def dismiss(document_id: str) -> ResponseReturnValue:
    """Settle what is suggested, changing nothing."""
    forms.only("seen", "take")
    with g.archive.call(g.actor, Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        suggestions.dismiss(call, document_id, if_match=forms.seen())
    return session.done("dismissed", "documents.show", document_id=document_id)
