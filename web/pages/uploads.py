"""Upload and file: get files in, and know for certain what became of each."""

from typing import Any

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import customers, filing, intake, suggestions, text_counts, twins
from service.archive import Call
from service.audit.entries import Subject
from service.documents import DocumentView
from service.imports import batches, showing
from service.permissions import Action
from web import errors, forms, import_words, recipients, session, uploads
from web.pages import imports

pages = Blueprint("uploads", __name__)


@pages.get("/upload")
def show() -> ResponseReturnValue:
    """Show own uploads with their states, and the form to add files to a client."""
    customer_id, asked = request.args.get("customer", ""), forms.as_sent()
    subject = recipients.subject(customer_id)
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, subject, detail=asked) as call:
        target = customers.get(call, customer_id) if customer_id else None
        found = () if target else recipients.offered(call)
        listed = _listed(call, filing.uploads(call))
        waiting = filing.to_file(call) if g.menu.filing else ()
        own = showing.own(call)
    return render_template(
        "upload/show.html",
        target=target,
        found=found,
        waiting=waiting,
        batches=own,
        **listed,
        **_imports(),
    )


def _imports() -> dict[str, Any]:
    """Return what templates ask about imports: whether they are offered, and their words."""
    return {"offered": batches.offered(g.archive, g.actor), "word": import_words.word}


def _listed(call: Call, rows: tuple[filing.QueueRow, ...]) -> dict[str, Any]:
    """Return rows of the list: what has the same content, looks like another kind, is unsure."""
    same = twins.among(call, [row.document for row in rows])
    unsure = text_counts.doubtful(call.db, [row.version for row in rows if row.readable])
    kinds = suggestions.kinds_of(call, rows)
    return {"rows": rows, "same": same, "kinds": kinds, "unsure": unsure}


@pages.get("/upload/states")
def states() -> ResponseReturnValue:
    """Return the rows of some of the person's uploads, for a page that waits."""
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, Subject("document")) as call:
        listed = _listed(call, filing.states(call, request.args.getlist("document")))
    return render_template("upload/rows.html", **listed)


def again(customer_id: str) -> ResponseReturnValue:
    """Show the upload form of a client once more."""
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, recipients.subject(customer_id)) as call:
        target = customers.get(call, customer_id)
        listed = _listed(call, filing.uploads(call))
    return render_template(
        "upload/show.html", target=target, found=(), waiting=(), **listed, **_imports()
    )


@pages.post("/customers/<customer_id>/documents")
@errors.again(again)
def add(customer_id: str) -> ResponseReturnValue:
    """Take files in for a client: each one a document of its own, several an import."""
    sent = uploads.received()
    if len(sent) > 1 and not errors.wants_row() and batches.offered(g.archive, g.actor):
        return imports.sent_together(customer_id, sent)
    added = [_add(customer_id, upload) for upload in sent]
    if errors.wants_row():
        with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, Subject("document")) as call:
            listed = _listed(call, filing.states(call, [document.id for document in added]))
        return render_template("upload/rows.html", **listed)
    return session.done("uploaded", "uploads.show", customer=customer_id)


def _add(customer_id: str, upload: intake.Upload) -> DocumentView:
    with g.archive.call(g.actor, Action.DOCUMENT_ADD, recipients.subject(customer_id)) as call:
        return intake.add(call, customer_id, upload, forms.properties())
