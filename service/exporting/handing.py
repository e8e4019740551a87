"""Handing exports out to who asked for them, and taking them away in the end."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from service import inside, made_files
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.errors import Conflict
from service.exporting import rows
from service.exporting.asked import Asked, What
from service.exporting.requests import ACTIONS, find, opened_request, view
from service.exporting.sets import everybodys
from service.models import ArchiveExport, Customer, Document
from service.originals import Original
from service.permissions import Action, Scopes, original_scopes

#: How the log says that each showed a document to its maker.
_SHOWN = {What.LIST: "listed", What.DOCUMENTS: "downloaded", What.COPIES: "downloaded"}

_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "zip": "application/zip",
    "copies": "application/zip",
}


def fetch(call: Call, export_id: str) -> Original:
    """Return an export for sending after the call; raises `NotFound` and `Conflict`.

    Every document in it must still be this person's to read, every original to have, every client
    that is named the one of such a document, or one to see, and entries of others theirs to read.
    """
    row = find(call, call.db, export_id)
    asked = opened_request(call, row)
    seen = view(call, row, asked)
    if seen.going:
        raise Conflict("This export is still being made.", rule="export_file:state")
    if not seen.open or row.blob is None:
        raise Conflict("This export is no longer there: make another.", rule="export_file:gone")
    what, named = What(row.what), set(asked.named)
    files = tuple(one for one in asked.documents if one not in named)
    originals = original_scopes(call.policy, call.actor)
    if (
        not _still(call, call.scopes, asked.documents)
        or (what is What.DOCUMENTS and not _still(call, originals, files))
        or not _still_named(call, asked)
        or (asked.everybody and not everybodys(call))
    ):
        raise Conflict(
            "You may no longer read all that is in it: make another.", rule="export_file:scope"
        )
    call.note(format=asked.format)
    call.returned(files, _SHOWN[what])
    call.returned(asked.named, "listed")
    file_type = _TYPES[seen.format]
    return made_files.handed_out(call, row, seen.file_name, file_type, most=seen.downloads)


def _still(call: Call, mine: Scopes, documents: Sequence[str]) -> bool:
    return len(rows.readable(call.db, mine, documents)) == len(documents)


def _still_named(call: Call, asked: Asked) -> bool:
    """Say whether its maker may know every client by name: one a document left may be hidden."""
    theirs = select(Document.customer).where(Document.id.in_(asked.documents))
    known = or_(inside.customers(call.customer_scopes), Customer.id.in_(theirs))
    found = call.db.scalars(select(Customer.id).where(Customer.id.in_(asked.clients), known))
    return set(found) == set(asked.clients)


def clear(archive: Archive) -> int:
    """Take away exports that are too old or were fetched often enough; return how many."""
    with archive.db.read() as db:
        most = archive.policies.current(db).limits.export.downloads
    return made_files.clear(archive, ArchiveExport, most, _told)


def _told(row: ArchiveExport) -> tuple[Action, Subject]:
    return ACTIONS[What(row.what)], Subject("export_file", row.id)
