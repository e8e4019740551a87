"""Moving a document that lies with the wrong client: choose the right one, say why."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import documents, moving
from service.audit.entries import Subject
from service.permissions import Action
from web import errors, forms, paging, session

pages = Blueprint("moves", __name__)


@pages.get("/documents/<document_id>/move")
def show(document_id: str) -> ResponseReturnValue:
    """Offer the clients that a document may be moved to, page by page; words narrow them."""
    q = request.args.get("q", "").strip()
    subject, asked = Subject("document", document_id), forms.as_sent()
    with g.archive.call(g.actor, Action.DOCUMENT_MOVE, subject, detail=asked, writes=False) as call:
        clients = moving.destinations(call, document_id, q, paging.cursor())
        held = documents.hold(call, call.db, document_id, by=Action.DOCUMENT_MOVE)
        document = documents.describe(call, call.db, held)
    return render_template(
        "documents/move.html",
        document=document,
        clients=clients.items,
        ways=paging.ways(clients.next_cursor),
        q=q,
        here=request.full_path.rstrip("?"),
        event=call.event,
    )


@pages.post("/documents/<document_id>/move")
@errors.again(show)
def move(document_id: str) -> ResponseReturnValue:
    """Move a document to another client."""
    forms.only("seen", "customer", "reason", "leave")
    with g.archive.call(g.actor, Action.DOCUMENT_MOVE, Subject("document", document_id)) as call:
        moved = moving.move(
            call,
            document_id,
            to=forms.text("customer"),
            reason=forms.text("reason"),
            if_match=forms.seen(),
            leaving="leave" in request.form,
        )
    if Action.DOCUMENT_TEXT in moved.allowed:
        return session.done("document_moved", "documents.show", document_id=document_id)
    return session.done("document_moved", "customers.show", customer_id=moved.customer.id)
