"""Imports that are looked at before they begin: by a list, from a ZIP, from a server's folder."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service import customers, intake
from service.audit.entries import Subject
from service.errors import Invalid
from service.imports import batches, folders, packages, preparing, server_folders
from service.imports.batches import New, Source
from service.permissions import Action
from web import announced, errors, forms, uploads
from web.pages import imports

pages = Blueprint("import_sources", __name__)


@pages.get("/imports/new")
def new() -> ResponseReturnValue:
    """Show what an import may come from, and the folders of the server to who may use them."""
    return _new(request.args.get("customer", ""), request.args.get("folder", ""))


def _new(customer_id: str, folder: str) -> ResponseReturnValue:
    settings = g.archive.settings
    served = server_folders.offered(settings, g.actor)
    subject = Subject("import", customer=customer_id or None)
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, detail=forms.as_sent()) as call:
        batches.require(call, ())
        target = customers.get(call, customer_id) if customer_id else None
        below = server_folders.subfolders(settings.import_root, folder) if served else []
        kinds = target.addable if target else tuple(call.policy.kinds.by_code)
    return render_template(
        "imports/new.html",
        target=target,
        kinds=kinds,
        lists=sorted(preparing.LISTS),
        served=served,
        folder=folder,
        below=below,
    )


def _again() -> ResponseReturnValue:
    # of a form that was refused unread nothing is known
    said = request.form if "form" in request.__dict__ else {}
    return _new(said.get("customer", ""), said.get("folder", ""))


def _wanted(source: Source) -> New:
    forms.only("customer", "kind", "grade", "folder")
    customer, kind, grade = (forms.text(name) or None for name in ("customer", "kind", "grade"))
    return New(source, customer, kind, grade)


@pages.post("/imports/zip")
@errors.again(_again)
def zip_() -> ResponseReturnValue:
    """Take a ZIP, each file of which becomes a document; the worker looks into it first."""
    (upload, *_), wanted = uploads.received(), _wanted(Source.ZIP)
    subject = Subject("import", customer=wanted.customer)
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        made = packages.receive(call, upload, wanted, uploads.beside("list")).id
    return redirect(url_for("imports.show", batch_id=made))


@pages.post("/imports/listed")
@errors.again(_again)
def listed() -> ResponseReturnValue:
    """Take a list, and the names of the files that a page is about to send."""
    (upload, *_), (names, *_) = uploads.received(), uploads.received("names")
    wanted = _wanted(Source.PORTAL)
    files = _named(names)
    subject = Subject("import", customer=wanted.customer)
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        made = packages.receive_list(call, upload, wanted, files).id
    return redirect(url_for("imports.show", batch_id=made))


def _named(sent: intake.Upload) -> list[tuple[str, int]]:
    """Return paths and bytes as a page's script names them."""
    fits = sent.spool.plain_size <= announced.LONGEST
    said = announced.listed(sent.spool.read(announced.LONGEST)) if fits else None
    if said:
        files = [_file(one) for one in said]
        named = [one for one in files if one]
        if len(named) == len(files):
            return named
    raise Invalid("Choose the folder with the files.", fields={"names": "required"})


def _file(said: object) -> tuple[str, int] | None:
    match said:
        case [path, size]:
            return announced.file(path, size)
    return None


@pages.post("/imports/folder")
@errors.again(_again)
def folder() -> ResponseReturnValue:
    """Choose a folder of the server; the worker looks at it first."""
    wanted, beside = _wanted(Source.FOLDER), uploads.beside("list")
    subject = Subject("import", customer=wanted.customer)
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        made = folders.choose(call, request.form.get("folder", ""), wanted, beside).id
    return redirect(url_for("imports.show", batch_id=made))


def _shown_again(batch_id: str) -> ResponseReturnValue:
    return imports.show(batch_id)


@pages.post("/imports/<batch_id>/begin")
@errors.again(_shown_again)
def begin(batch_id: str) -> ResponseReturnValue:
    """Let what was found be brought."""
    forms.only("leave_out")
    subject, leave_out = Subject("import", batch_id), "leave_out" in request.form
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        preparing.begin(call, batch_id, leave_out=leave_out)
    return redirect(url_for("imports.show", batch_id=batch_id))


@pages.post("/imports/<batch_id>/discard")
@errors.again(_shown_again)
def discard(batch_id: str) -> ResponseReturnValue:
    """Give an import up that has not begun."""
    forms.only()
    subject = Subject("import", batch_id)
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        preparing.discard(call, batch_id)
    return redirect(url_for("imports.show", batch_id=batch_id))
