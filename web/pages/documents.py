"""A document: read its text with the hits marked, know what it is and what I may do."""

from collections.abc import Mapping

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from service import (
    customers,
    documents,
    doubts,
    filing,
    intake,
    originals,
    properties,
    suggestions,
    text_history,
    texts,
)
from service import pages as sheets
from service.archive import Call
from service.audit.entries import Subject
from service.permissions import Action
from web import downloads, errors, forms, grids, page_answers, session, uploads
from web.pages import uploads as queue

pages = Blueprint("documents", __name__)

_PROPERTIES = ("title", "kind", "grade", "dated", "number", "note")


@pages.get("/documents/<document_id>")
def show(document_id: str) -> ResponseReturnValue:
    """Show a document's text and properties."""
    detail = {"q": request.args["q"][:2000]} if request.args.get("q") else None
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_READ, subject, detail=detail) as call:
        text = texts.read(
            call, document_id, version_no=forms.version(), q=request.args.get("q", "")
        )
        document = documents.get(call, document_id, forms.version())
        suggested = suggestions.shown(call, document)
        looked = sheets.sheets(call, text)
        doubtful = doubts.of_text(call, text)
        newer = text_history.newer_reading(call, text.version, text.revision)
    return render_template(
        "documents/show.html",
        document=document,
        text=looked.text,
        suggested=suggested,
        drawn=looked.pages,
        laid_out=looked.laid_out,
        undrawn=looked.error,
        doubts=doubtful,
        pieces=doubts.pieces,
        newer=newer,
        sheets=document.version.media_type in grids.SHEETS,
        rows=grids.rows,
        hits_by_page=_hits_by_page,
        event=call.event,
    )


def _hits_by_page(text: texts.TextView) -> list[tuple[int, int]]:
    return [(page.n, page.hits) for page in text.pages]


@pages.get("/documents/<document_id>/content")
def content(document_id: str) -> ResponseReturnValue:
    """Hand out the original, byte for byte."""
    version, wanted = forms.version(), downloads.asked()
    reading = originals.reading_of(g.archive, g.actor, document_id, version) if wanted else None
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_ORIGINAL, subject, reading=reading) as call:
        original = originals.fetch(call, document_id, version_no=version, wanted=wanted)
    return downloads.response(original)


@pages.get("/documents/<document_id>/pages/<int:number>")
def page(document_id: str, number: int) -> ResponseReturnValue:
    """Show a page as an image."""
    return _image(document_id, number, small=False)


@pages.get("/documents/<document_id>/pages/<int:number>/thumbnail")
def thumbnail(document_id: str, number: int) -> ResponseReturnValue:
    """Show a page as a small image."""
    return _image(document_id, number, small=True)


@pages.get("/documents/<document_id>/pages/<int:number>/hits")
def hits(document_id: str, number: int) -> ResponseReturnValue:
    """Give the boxes of hits on a page that was drawn only now."""
    q = request.args.get("q", "")
    with _piece(document_id, {"q": q[:2000]} if q else None) as call:
        found = sheets.hits(call, document_id, number, q, version_no=forms.version())
    if found is None:
        return page_answers.waiting()
    return render_template("documents/_boxes.html", sheet=found)


def _image(document_id: str, number: int, *, small: bool) -> ResponseReturnValue:
    with _piece(document_id) as call:
        content = sheets.image(call, document_id, number, version_no=forms.version(), small=small)
    return page_answers.picture(content)


def _piece(document_id: str, detail: Mapping[str, str] | None = None) -> Call:
    """Return a call for a piece of a document, of what the person reads already if they do."""
    reading = originals.reading_of(g.archive, g.actor, document_id, forms.version())
    subject = Subject("document", document_id)
    call: Call = g.archive.call(
        g.actor, Action.DOCUMENT_READ, subject, detail=detail, reading=reading
    )
    return call


@pages.post("/documents/<document_id>/edit")
@errors.again(show)
def edit(document_id: str) -> ResponseReturnValue:
    """Change a document's properties."""
    forms.only("seen", "leave", *_PROPERTIES, *(f"was.{name}" for name in _PROPERTIES))
    emptied = frozenset({"dated", "number", "note"} - {k for k, v in request.form.items() if v})
    with g.archive.call(g.actor, Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        edited = properties.edit(
            call,
            document_id,
            forms.properties(every=True),
            if_match=forms.seen(),
            clear=emptied,
            leaving="leave" in request.form,
        )
        client = customers.still_shown(call, edited.customer.id)
    if Action.DOCUMENT_TEXT in edited.allowed:
        return _onwards(document_id, "saved")
    if client:
        return session.done("left_sight", "customers.show", customer_id=edited.customer.id)
    return session.done("left_sight", "uploads.show")


@pages.post("/documents/<document_id>/versions")
@errors.again(show)
def add_version(document_id: str) -> ResponseReturnValue:
    """Take in a newer version."""
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_ADD_VERSION, subject) as call:
        intake.add_version(call, document_id, uploads.received()[0])
    return _onwards(document_id, "uploaded")


def _where_from(document_id: str) -> ResponseReturnValue:
    """Show the page that a form was on: the own uploads, else the document."""
    return queue.show() if request.form.get("next") == "uploads" else show(document_id)


@pages.post("/documents/<document_id>/withdraw")
@errors.again(show)
def withdraw(document_id: str) -> ResponseReturnValue:
    """Take a version back before it is filed."""
    forms.only("reason")
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_WITHDRAW, subject) as call:
        view = filing.withdraw(call, document_id, forms.text("reason"), version_no=forms.version())
    undo = url_for("documents.restore", document_id=document_id, version=view.version.no)
    return _onwards(document_id, "withdrawn", undo=undo)


@pages.post("/documents/<document_id>/restore")
@errors.again(_where_from)
def restore(document_id: str) -> ResponseReturnValue:
    """Undo a withdrawal."""
    forms.only()
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_RESTORE, subject) as call:
        filing.restore(call, document_id, version_no=forms.version())
    return _onwards(document_id, "restored")


def _at_uploads(document_id: str) -> ResponseReturnValue:
    """Show the own uploads, where the form was, whichever document it was about."""
    del document_id
    return queue.show()


@pages.post("/documents/<document_id>/as-version")
@errors.again(_at_uploads)
def as_version(document_id: str) -> ResponseReturnValue:
    """Make an upload a version of a document of the same content, in place of one of its own."""
    forms.only("other")
    other = forms.text("other")
    with g.archive.call(g.actor, Action.DOCUMENT_ADD_VERSION, Subject("document", other)) as call:
        intake.take_over(call, other, document_id)
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_WITHDRAW, subject) as call:
        filing.withdraw(call, document_id, gettext("Kept as a version of another document."))
    return session.done("as_version", "documents.show", document_id=other)


@pages.post("/documents/<document_id>/return")
@errors.again(show)
def send_back(document_id: str) -> ResponseReturnValue:
    """Return a version to its uploader."""
    forms.only("reason")
    subject = Subject("document", document_id)
    with g.archive.call(g.actor, Action.DOCUMENT_RETURN, subject) as call:
        filing.send_back(call, document_id, forms.text("reason"), version_no=forms.version())
    return _onwards(document_id, "returned")


@pages.post("/documents/<document_id>/file")
@errors.again(show)
def file(document_id: str) -> ResponseReturnValue:
    """File a version."""
    with g.archive.call(g.actor, Action.DOCUMENT_FILE, Subject("document", document_id)) as call:
        filing.file(call, document_id, version_no=forms.version())
    return _onwards(document_id, "filed")


@pages.post("/documents/<document_id>/retry")
@errors.again(_where_from)
def retry(document_id: str) -> ResponseReturnValue:
    """Read a failed version once more."""
    with g.archive.call(g.actor, Action.DOCUMENT_RETRY, Subject("document", document_id)) as call:
        secret = request.form.get("password", "")
        filing.retry(call, document_id, version_no=forms.version(), password=secret)
    return _onwards(document_id, "retried")


def _onwards(document_id: str, done: str, *, undo: str = "") -> ResponseReturnValue:
    """Return to the document, or to the list the action was taken from."""
    if request.form.get("next") == "uploads":
        return session.done(done, "uploads.show", undo=undo)
    return session.done(done, "documents.show", undo=undo, document_id=document_id)
