"""Upload and file: get files in, and know for certain what became of each."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import customers, directory, filing, intake, suggestions, twins
from service.archive import Call
from service.audit.entries import Subject
from service.directory import Wanted
from service.documents import DocumentView
from service.permissions import Action
from web import errors, forms, session, uploads

pages = Blueprint("uploads", __name__)


@pages.get("/upload")
def show() -> ResponseReturnValue:
    """Show own uploads with their states, and the form to add files to a client."""
    customer_id, asked = request.args.get("customer", ""), forms.as_sent()
    subject = _customer(customer_id) if customer_id else Subject("document")
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, subject, detail=asked) as call:
        target = customers.get(call, customer_id) if customer_id else None
        clients = () if target else directory.listing(call, _wanted()).items
        rows = filing.uploads(call)
        same, kinds = _same(call, rows), suggestions.kinds_of(call, rows)
        waiting = filing.to_file(call) if g.menu.filing else ()
    return render_template(
        "upload/show.html",
        target=target,
        clients=clients,
        rows=rows,
        same=same,
        kinds=kinds,
        waiting=waiting,
    )


def _customer(customer_id: str) -> Subject:
    return Subject("customer", customer_id, customer=customer_id)


def _same(call: Call, rows: tuple[filing.QueueRow, ...]) -> dict[str, tuple[twins.Twin, ...]]:
    return twins.among(call, [row.document for row in rows])


def _wanted() -> Wanted:
    return Wanted(q=request.args.get("q", "").strip()[:200], limit=20)


@pages.get("/upload/states")
def states() -> ResponseReturnValue:
    """Return the rows of some of the person's uploads, for a page that waits."""
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, Subject("document")) as call:
        rows = filing.states(call, request.args.getlist("document"))
        same, kinds = _same(call, rows), suggestions.kinds_of(call, rows)
    return render_template("upload/rows.html", rows=rows, same=same, kinds=kinds)


def again(customer_id: str) -> ResponseReturnValue:
    """Show the upload form of a client once more."""
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, _customer(customer_id)) as call:
        target = customers.get(call, customer_id)
        rows = filing.uploads(call)
        same, kinds = _same(call, rows), suggestions.kinds_of(call, rows)
    return render_template(
        "upload/show.html",
        target=target,
        clients=(),
        rows=rows,
        same=same,
        kinds=kinds,
        waiting=(),
    )


@pages.post("/customers/<customer_id>/documents")
@errors.again(again)
def add(customer_id: str) -> ResponseReturnValue:
    """Take files in for a client: each one a document of its own."""
    added = [_add(customer_id, upload) for upload in uploads.received()]
    if errors.wants_row():
        with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, Subject("document")) as call:
            rows = filing.states(call, [document.id for document in added])
            same, kinds = _same(call, rows), suggestions.kinds_of(call, rows)
        return render_template("upload/rows.html", rows=rows, same=same, kinds=kinds)
    return session.done("uploaded", "uploads.show", customer=customer_id)


def _add(customer_id: str, upload: intake.Upload) -> DocumentView:
    with g.archive.call(g.actor, Action.DOCUMENT_ADD, _customer(customer_id)) as call:
        return intake.add(call, customer_id, upload, forms.properties())
