"""Imports of many files: announced together, sent one by one, reported so that the sums agree."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Response, g

from service.archive import Archive, Call
from service.audit.entries import Subject
from service.codes import Grade
from service.customers import CustomerRef
from service.directory import cursor_of, offset_of
from service.documents import DocumentView
from service.errors import Invalid
from service.imports import batches, bringing, choices, showing
from service.imports.batches import New, Source
from service.imports.items import Announced, Item
from service.imports.showing import BatchView, ItemView
from service.imports.sums import Sums
from service.intake import Upload
from service.permissions import Action
from service.properties import Properties
from web import downloads, statements
from web.api import answering, asking
from web.api.answering import done, shown
from web.api.asking import Read, matched, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import ImportFile, ImportQuery, NewImport, Paging
from web.api.shown.imports import (
    ImportFileSent,
    ImportList,
    ImportReport,
    ImportShown,
    ImportWithFiles,
    Statement,
)

_PROPERTIES = ("kind", "title", "grade", "dated", "number", "note")
_SHA256 = 64


@dataclass(frozen=True, slots=True)
class _File:
    """A file of an import as programs see it."""

    item: Item
    kind: str | None
    number: str | None
    known_document: str | None
    processing: str | None


@dataclass(frozen=True, slots=True)
class _Whole:
    """An import with files of it."""

    id: str
    number: str
    source: Source
    state: str
    error: str | None
    customer: CustomerRef | None
    kind: str | None
    grade: Grade | None
    created: datetime
    finished: datetime | None
    rev: int
    sums: Sums
    items: tuple[_File, ...]
    total: int = 0
    next_cursor: str | None = None

    @property
    def customer_id(self) -> str | None:
        """Return the one client of all its files, if there is one."""
        return self.customer.id if self.customer else None


def _subject(batch_id: str) -> Subject:
    return Subject("import", batch_id)


def _known(call: Call, batch_id: str) -> int:
    """Return the revision of a batch this person may see, before anything else is said."""
    with call.look() as db:
        return batches.find(call, db, batch_id).rev


@api.post("/imports")
@operation(403, 404, body=NewImport, answers={201: ImportShown})
def create_import() -> Response:
    """Announce files to bring in; each is then sent to its own place."""
    with opened(Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        asked = asking.body(call)
        new = New(
            Source.API,
            asked.get("customer"),
            asked.get("kind"),
            asked.get("grade"),
            [_announced(one) for one in asked["files"]],
        )
        row = batches.create(call, new)
        return done(call, ImportShown, showing.described(call, [row])[0], 201, at="imports")


def _announced(one: Read) -> Announced:
    digest = one.get("sha256")
    if digest and (len(digest) != _SHA256 or set(digest.lower()) - set("0123456789abcdef")):
        raise Invalid("Some values cannot be taken as they are.", fields={"sha256": "format"})
    said = Properties(**{name: one[name] for name in _PROPERTIES if name in one})
    return Announced(one["file"], one["size"], digest, one.get("customer"), said)


@api.get("/imports")
@operation(query=Paging, answers={200: ImportList})
def list_imports() -> Response:
    """List the imports that one made, newest first."""
    with opened(Action.IMPORT_RUN, Subject("import")) as call:
        asked = asking.query()
        offset = offset_of(asked.get("cursor"))
        found, total = showing.page_of_own(call, offset=offset, limit=asked["limit"])
    after = offset + len(found)
    more = cursor_of(after) if after < total else None
    return shown(ImportList, {"items": found, "total": total, "next_cursor": more})


@api.get("/imports/<batch_id>")
@operation(404, query=ImportQuery, answers={200: ImportWithFiles})
def show_import(batch_id: str) -> Response:
    """Show an import with its sums, and its files page by page."""
    with opened(Action.IMPORT_RUN, _subject(batch_id)) as call:
        _known(call, batch_id)
        asked = asking.query()
        offset = offset_of(asked.get("cursor"))
        page = showing.page(
            call, batch_id, sort=asked["state"], offset=offset, limit=asked["limit"]
        )
        batch = showing.batch(call, batch_id)
    after = offset + len(page.items)
    more = cursor_of(after) if after < page.total else None
    return shown(ImportWithFiles, _whole(batch, page.items, page.total, more))


def _whole(
    batch: BatchView, views: tuple[ItemView, ...], total: int = 0, more: str | None = None
) -> _Whole:
    return _Whole(
        batch.id,
        batch.number,
        batch.source,
        batch.state,
        batch.error,
        batch.customer,
        batch.kind,
        batch.grade,
        batch.created,
        batch.finished,
        batch.rev,
        batch.sums,
        tuple(map(_file, views)),
        total,
        more,
    )


def _file(view: ItemView) -> _File:
    row = view.row
    known = row.document if row and row.readable else None
    came = row if view.item.version else None
    return _File(view.item, view.kind, view.number, known, str(came.processing) if came else None)


@api.post("/imports/<batch_id>/items/<int:number>")
@operation(403, 404, form=ImportFile, answers={200: ImportFileSent})
def send_import_file(batch_id: str, number: int) -> Response:
    """Send a file of an import; sent again, it says what became of it the first time."""
    archive: Archive = g.archive
    archive.rates.take(archive, g.actor)
    answered: list[Response] = []
    taken: list[Upload] = []

    def take(call: Call) -> Upload:
        taken.append(asking.form(call)[1])
        return taken[0]

    def keep(call: Call, item: Item, _: DocumentView) -> None:
        answered.append(answering.done(call, ImportFileSent, item))

    item = bringing.bring(archive, g.actor, batch_id, number, take, keep)
    if not taken and item.error is None:
        # it was here already; what was sent now must be a request that can be understood
        with archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
            asking.form(call)
            g.pop("repeatable", None)
    return answered[0] if answered else shown(ImportFileSent, item)


@api.get("/imports/<batch_id>/report")
@operation(404, answers={200: ImportReport})
def report_import(batch_id: str) -> Response:
    """Report what became of every file of an import."""
    with opened(Action.IMPORT_RUN, _subject(batch_id)) as call:
        _known(call, batch_id)
        asking.query()
        batch = showing.batch(call, batch_id)
        whole = _whole(batch, tuple(showing.every(call, batch_id)))
    return shown(ImportReport, whole)


@api.get("/imports/<batch_id>/report.csv")
@operation(404, answers={200: Statement})
def report_import_as_csv(batch_id: str) -> Response:
    """Report what became of every file of an import, for spreadsheet programs."""
    with opened(Action.IMPORT_RUN, _subject(batch_id)) as call:
        _known(call, batch_id)
        asking.query()
        batch = showing.batch(call, batch_id)
        content = statements.csv_of(batch, showing.every(call, batch_id))
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = downloads.disposition(f"{batch.number}.csv")
    return answer


@api.post("/imports/<batch_id>/retry")
@operation(403, answers={200: ImportShown}, conditional=True)
def retry_import(batch_id: str) -> Response:
    """Expect the files again that failed to come, and read again 50 that could not be read.

    The answer is as of before anything is read. Ask again for the rest, after the worker is
    through with these.
    """
    answer = changed(batch_id, lambda call, _: choices.retry(call, batch_id))
    choices.read_again(g.archive, g.actor, batch_id)
    return answer


@api.post("/imports/<batch_id>/stop")
@operation(403, answers={200: ImportShown}, conditional=True)
def stop_import(batch_id: str) -> Response:
    """Take no more files in, until it goes on."""
    return changed(batch_id, lambda call, _: batches.stop(call, batch_id))


@api.post("/imports/<batch_id>/resume")
@operation(403, answers={200: ImportShown}, conditional=True)
def resume_import(batch_id: str) -> Response:
    """Go on with an import that was stopped."""
    return changed(batch_id, lambda call, _: batches.resume(call, batch_id))


def changed(batch_id: str, change: Callable[[Call, Read], object]) -> Response:
    """Change the import of this request, which says on which state of it that is based."""
    with opened(Action.IMPORT_RUN, _subject(batch_id), writes=True) as call:
        rev = _known(call, batch_id)
        asked = asking.body(call)
        matched(rev)
        change(call, asked)
        row = batches.find(call, call.db, batch_id)
        return done(call, ImportShown, showing.described(call, [row])[0])
