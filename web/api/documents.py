"""Documents: add, show, change; their versions, text and originals."""

from contextlib import AbstractContextManager

from flask import Response, g, request

from service import documents, intake, known, originals, pages, properties, texts
from service.archive import Call
from service.audit.entries import Subject
from service.permissions import Action
from service.properties import Properties
from web import downloads, joining, page_answers
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import matched, opened
from web.api.blueprint import api
from web.api.import_forms import NewPhotos
from web.api.operation import operation
from web.api.schemas import AtVersion, DocumentChange, HitsQuery, NewDocument, NewVersion
from web.api.shown.documents import DocumentAdded, DocumentShown, File, TextShown
from web.api.shown.pages import HitsShown, Picture, Waiting

_CLEARED = ("dated", "number", "note")


@api.post("/customers/<customer_id>/documents")
@operation(403, 404, form=NewDocument, answers={201: DocumentAdded})
def add_document(customer_id: str) -> Response:
    """Add a document to a customer; the worker reads it afterwards."""
    with opened(Action.DOCUMENT_ADD, Subject("customer", customer_id)) as call:
        intake.expect(call, customer_id)
        asked, upload = asking.form(call)
        made = intake.add(call, customer_id, upload, Properties(**asked))
        return done(call, DocumentAdded, made, 201, at="documents")


@api.post("/customers/<customer_id>/photos")
@operation(403, 404, form=NewPhotos, answers={201: DocumentAdded})
def add_photos(customer_id: str) -> Response:
    """Join photos to one document, a page for each, in the order in which they are sent."""
    subject = Subject("customer", customer_id)
    with joining.spool() as bound, opened(Action.DOCUMENT_ADD, subject) as call:
        intake.expect(call, customer_id)
        asked, sent = asking.forms(call, "photo")
        made = joining.added(call, customer_id, sent, Properties(**asked), bound)
        return done(call, DocumentAdded, made, 201, at="documents")


@api.post("/documents/<document_id>/versions")
@operation(403, 404, form=NewVersion, answers={201: DocumentAdded})
def add_version(document_id: str) -> Response:
    """Add a newer version; the filed one keeps showing until this one is read."""
    with opened(Action.DOCUMENT_ADD_VERSION, Subject("document", document_id)) as call:
        intake.expect_version(call, document_id)
        _, upload = asking.form(call)
        made = intake.add_version(call, document_id, upload)
        return done(call, DocumentAdded, made, 201, at="documents")


@api.get("/documents/<document_id>")
@operation(404, query=AtVersion, answers={200: DocumentShown})
def show_document(document_id: str) -> Response:
    """Show a document at its newest or a given version."""
    with opened(Action.DOCUMENT_READ, Subject("document", document_id)) as call:
        known.document(call, document_id)
        found = documents.get(call, document_id, asking.query().get("version"))
    return shown(DocumentShown, found)


@api.patch("/documents/<document_id>")
@operation(403, body=DocumentChange, answers={200: DocumentShown}, conditional=True)
def change_document(document_id: str) -> Response:
    """Change what is said of a document; null empties day, number and note."""
    with opened(Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        rev = known.document(call, document_id)
        asked = asking.body(call)
        changed = properties.edit(
            call,
            document_id,
            Properties(**asked),
            if_match=matched(rev),
            clear=frozenset(n for n in _CLEARED if n in asked and asked[n] is None),
        )
        return done(call, DocumentShown, changed)


@api.get("/documents/<document_id>/text")
@operation(404, query=AtVersion, answers={200: TextShown})
def show_text(document_id: str) -> Response:
    """Show the text that was read from a document, page by page."""
    with opened(Action.DOCUMENT_TEXT, Subject("document", document_id)) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        text = texts.read(call, document_id, version_no=version)
    return shown(TextShown, text)


@api.get("/documents/<document_id>/content")
@operation(404, 416, query=AtVersion, answers={200: File, 206: File}, ranges=True)
def fetch_content(document_id: str) -> Response:
    """Hand out an original byte for byte, whole or one range of it."""
    wanted, at = downloads.asked(), request.args.get("version", type=int)
    reading = originals.reading_of(g.archive, g.actor, document_id, at) if wanted else None
    subject = Subject("document", document_id)
    with opened(Action.DOCUMENT_ORIGINAL, subject, reading=reading) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        original = originals.fetch(call, document_id, version_no=version, wanted=wanted)
    return downloads.response(original)


@api.get("/documents/<document_id>/pages/<int:number>")
@operation(404, query=AtVersion, answers={200: Picture, 202: Waiting})
def show_page(document_id: str, number: int) -> Response:
    """Show a page as an image; it is being made where nobody looked at it yet."""
    return _image(document_id, number, small=False)


@api.get("/documents/<document_id>/thumbnail")
@operation(404, query=AtVersion, answers={200: Picture, 202: Waiting})
def show_thumbnail(document_id: str) -> Response:
    """Show the first page as a small image."""
    return _image(document_id, 1, small=True)


@api.get("/documents/<document_id>/pages/<int:number>/hits")
@operation(404, query=HitsQuery, answers={200: HitsShown, 202: Waiting})
def show_hits(document_id: str, number: int) -> Response:
    """Show where words stand on a page, in the units of that page."""
    with _piece(document_id) as call:
        known.document(call, document_id)
        asked = asking.query()
        call.note(q=asked["q"])
        found = pages.hits(call, document_id, number, asked["q"], version_no=asked.get("version"))
    return shown(HitsShown, found) if found else page_answers.waiting()


def _image(document_id: str, number: int, *, small: bool) -> Response:
    with _piece(document_id) as call:
        known.document(call, document_id)
        version = asking.query().get("version")
        content = pages.image(call, document_id, number, version_no=version, small=small)
    return page_answers.picture(content)


def _piece(document_id: str) -> AbstractContextManager[Call]:
    """Open a call for a piece of a document, of what the person reads already if they do."""
    at = request.args.get("version", type=int)
    reading = originals.reading_of(g.archive, g.actor, document_id, at)
    return opened(Action.DOCUMENT_READ, Subject("document", document_id), reading=reading)
