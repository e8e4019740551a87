"""Imports that are looked at before they begin: from a ZIP, a folder of the server, by a list."""

import json

from flask import Response

from service.archive import Call
from service.audit.entries import Subject
from service.errors import Invalid, NotFound
from service.imports import batches, folders, packages, preparing, showing
from service.imports.batches import New, Source
from service.models import ImportBatch
from service.permissions import Action
from web import announced
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import Read, opened
from web.api.blueprint import api
from web.api.import_forms import (
    Beginning,
    FolderToImport,
    ListedFolderToImport,
    ListToImport,
    ZipToImport,
)
from web.api.imports import changed
from web.api.operation import operation
from web.api.shown.imports import ImportPreview, ImportShown


@api.post("/imports/zip")
@operation(403, 404, form=ZipToImport, answers={202: ImportShown})
def import_zip() -> Response:
    """Store a ZIP and look into it; it is imported once that was seen and begun."""
    with opened(Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        _may(call)
        asked, upload, beside = asking.form_and(call, "list")
        return _looking(call, packages.receive(call, upload, _new(Source.ZIP, asked), beside))


@api.post("/imports/listed")
@operation(403, 404, form=ListToImport, answers={202: ImportShown})
def import_listed() -> Response:
    """Compare a list with the names of files; these are sent once that was seen and begun."""
    with opened(Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        _may(call)
        asked, upload = asking.form(call)
        new, named = _new(Source.API, asked), _named(asked["files"])
        return _looking(call, packages.receive_list(call, upload, new, named))


@api.post("/imports/folder")
@operation(403, 404, body=FolderToImport, answers={202: ImportShown})
def import_folder() -> Response:
    """Look at a folder of the server; it is imported once that was seen and begun."""
    with opened(Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        asked = asking.body(call)
        row = folders.choose(call, asked["folder"], _new(Source.FOLDER, asked))
        return _looking(call, row)


@api.post("/imports/folder/listed")
@operation(403, 404, form=ListedFolderToImport, answers={202: ImportShown})
def import_listed_folder() -> Response:
    """Look at a folder of the server, and at a list of its files that was sent."""
    with opened(Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        _may(call)
        asked, listed = asking.form(call)
        row = folders.choose(call, asked["folder"], _new(Source.FOLDER, asked), listed)
        return _looking(call, row)


@api.get("/imports/<batch_id>/preview")
@operation(404, answers={200: ImportPreview})
def preview_import(batch_id: str) -> Response:
    """Show what was found of an import that has not begun."""
    with opened(Action.IMPORT_RUN, Subject("import", batch_id)) as call:
        with call.look() as db:
            batches.find(call, db, batch_id)
        asking.query()
        found = preparing.preview_of(call, batch_id)
    if found is None:
        raise NotFound
    return shown(ImportPreview, found)


@api.post("/imports/<batch_id>/begin")
@operation(403, body=Beginning, answers={200: ImportShown}, conditional=True)
def begin_import(batch_id: str) -> Response:
    """Let the files be brought, or be sent, that were found."""
    return changed(
        batch_id,
        lambda call, asked: preparing.begin(
            call, batch_id, leave_out=asked.get("leave_out", False)
        ),
    )


@api.post("/imports/<batch_id>/discard")
@operation(403, answers={200: ImportShown}, conditional=True)
def discard_import(batch_id: str) -> Response:
    """Give up an import that has not begun."""
    return changed(batch_id, lambda call, _: preparing.discard(call, batch_id))


def _may(call: Call) -> None:
    """Refuse who may not import at all, before the body is read."""
    with call.look():
        batches.require(call, ())


def _looking(call: Call, row: ImportBatch) -> Response:
    return done(call, ImportShown, showing.described(call, [row])[0], 202, at="imports")


def _new(source: Source, asked: Read) -> New:
    return New(source, asked.get("customer"), asked.get("kind"), asked.get("grade"))


def _named(text: str) -> list[tuple[str, int]]:
    """Return the files that will be sent beside a list."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, list):
        files = [_file(one) for one in said]
        found = [one for one in files if one]
        if found and len(found) == len(files):
            return found
    raise Invalid("Some values cannot be taken as they are.", fields={"files": "format"})


def _file(said: object) -> tuple[str, int] | None:
    match said:
        case {"file": path, "size": size, **more} if not more:
            return announced.file(path, size)
    return None
