"""Recognised text corrected beside the image of its page, and what became of it."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import corrections, documents, doubts, layouts, text_history
from service import pages as sheets
from service.audit.entries import Subject
from service.errors import Conflict, Stale
from service.permissions import Action
from web import errors, forms, session

pages = Blueprint("corrections", __name__)


@pages.get("/documents/<document_id>/pages/<int:number>/correct")
def show(document_id: str, number: int) -> ResponseReturnValue:
    """Show the text of a page in a field beside its image, to who may correct it."""
    with g.archive.call(g.actor, Action.DOCUMENT_TEXT, Subject("document", document_id)) as call:
        page = corrections.read(call, document_id, number, version_no=forms.version())
        held = documents.hold(call, call.db, document_id)
        corrections.require(call, call.db, held)
        if not page.correctable:
            raise Conflict(
                "Only recognised text is corrected; this page holds its text itself.",
                rule="document:state",
            )
        document = documents.get(call, document_id, page.version_no)
        history = text_history.history(call, document_id, version_no=page.version_no)
        sheet = sheets.one(call, document.version.id, number)
        lines = layouts.lines(call.db, call.ring, page.text_id, number)
    return render_template(
        "documents/correct.html",
        document=document,
        page=page,
        shown=next(one for one in history.revisions if one.shown),
        sheet=sheet,
        doubts=doubts.of_lines(lines or ()),
        theirs=_theirs(page),
        event=call.event,
    )


def _theirs(page: corrections.PageShown) -> text_history.PageChanged | None:
    """Return how what was typed differs from what somebody else wrote meanwhile."""
    if not isinstance(g.get("refusal"), Stale):
        return None
    typed = request.form.get("text", "").replace("\r\n", "\n").rstrip()
    return text_history.changed(page.n, page.label, page.text.rstrip(), typed)


@pages.post("/documents/<document_id>/pages/<int:number>/correct")
@errors.again(show)
def correct(document_id: str, number: int) -> ResponseReturnValue:
    """Write the text of a page as somebody read it there."""
    forms.only("seen", "text")
    with g.archive.call(g.actor, Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        corrections.correct(
            call,
            document_id,
            number,
            request.form.get("text", ""),
            if_match=request.form.get("seen", "")[:20],
            version_no=forms.version(),
        )
    place = {"document_id": document_id, "_anchor": f"page-{number}"}
    if version := request.args.get("version"):
        place["version"] = version
    return session.done("corrected", "documents.show", **place)


@pages.get("/documents/<document_id>/text/history")
def history(document_id: str) -> ResponseReturnValue:
    """Show the revisions of a text, and what one of them changed."""
    wanted = forms.whole(request.args.get("revision", ""))
    with g.archive.call(g.actor, Action.DOCUMENT_TEXT, Subject("document", document_id)) as call:
        document = documents.get(call, document_id, forms.version())
        found = text_history.history(call, document_id, version_no=forms.version())
        changed = None
        if found.revisions:
            changed = text_history.difference(
                call, document_id, wanted, version_no=found.version_no
            )
    return render_template(
        "documents/text_history.html",
        document=document,
        history=found,
        difference=changed,
        event=call.event,
    )


@pages.post("/documents/<document_id>/text/history")
@errors.again(history)
def take(document_id: str) -> ResponseReturnValue:
    """Write an earlier revision, or a newer reading, once more as what shows."""
    forms.only("seen", "revision")
    wanted = forms.whole(forms.text("revision")) or 0
    with g.archive.call(g.actor, Action.DOCUMENT_EDIT, Subject("document", document_id)) as call:
        corrections.take(
            call,
            document_id,
            wanted,
            if_match=request.form.get("seen", "")[:20],
            version_no=forms.version(),
        )
    place = {"document_id": document_id}
    if version := request.args.get("version"):
        place["version"] = version
    return session.done("text_taken", "corrections.history", **place)
