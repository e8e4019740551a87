"""Handing bundles out: fetching one, opening numbers of it, taking it away in the end."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain

from sqlalchemy import bindparam, or_, select, update

from service import case_numbers, stored_files
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.blobs.port import BlobMissing
from service.bundles.asked import key_aad
from service.bundles.exports import State, find, opened_request, view
from service.crypto import Corrupt, unseal
from service.errors import Conflict, Invalid, Unavailable
from service.models import AuditBody, AuditExport
from service.originals import Delivery, Original
from service.permissions import Action, service_actor
from service.streams import DecryptingReader

#: How many numbers are opened at once.
NUMBERS = 200

#: Digits that no number of an entry has.
_DIGITS = 16

_FETCHED = (
    update(AuditExport)
    .where(AuditExport.id == bindparam("export"))
    .values(fetched=AuditExport.fetched + 1)
)


def fetch(call: Call, export_id: str) -> Original:
    """Return a bundle for sending after the call; raises `NotFound`, `Denied` and `Conflict`.

    One with what was sealed goes to those alone who may open that, now.
    """
    call.require()
    row = find(call, call.db, export_id)
    asked = opened_request(call, row)
    if asked.details:
        # the right may have been taken away since, and a receiver never asked for it
        call.require(action=Action.AUDIT_OPEN)
        call.require()
    seen = view(call, row, asked, {})
    if seen.going:
        raise Conflict("This bundle is still being made.", rule="export:state")
    if not seen.open or row.blob is None or row.key_ct is None or row.size is None:
        raise Conflict("This bundle is no longer there: make another.", rule="export:gone")
    try:
        key = unseal(call.ring.blind("export"), row.key_ct, key_aad(row.id))
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error
    reader = stored_files.opened(call.archive.blobs, key, row.blob, row.stored_size or 0)
    pieces = _pieces(reader, row.size)
    # the first piece is fetched now: a store that is away is a refusal, not a broken download
    first = next(pieces, b"")
    call.say(part={"from": row.first, "to": row.last})
    call.note(sha256=row.sha256)
    call.keep(_FETCHED, export=row.id)
    return Original(
        partial=False,
        file_name=seen.file_name,
        media_type="application/pkcs7-mime" if seen.encrypted else "application/zip",
        size=row.size,
        start=0,
        length=row.size,
        sha256=row.sha256 or "",
        chunks=partial(Delivery, call, chain([first], pieces), row.size),
    )


def _pieces(reader: DecryptingReader, size: int) -> Iterator[bytes]:
    try:
        for piece in reader.chunks(0, size):
            yield bytes(piece)
    except BlobMissing as error:
        raise Unavailable("blobs", "The stored file is missing.") from error
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error
    finally:
        reader.close()


@dataclass(frozen=True, slots=True)
class Opened:
    """One number that the auditor named: its body, or None where that was purged."""

    seq: int
    body: str | None


def open_numbers(call: Call, export_id: str, case: str, named: Sequence[int]) -> tuple[Opened, ...]:
    """Open entries of a bundle's range that it gives as hashes; raises `NotFound`, `Invalid`."""
    call.require()
    row = find(call, call.db, export_id)
    case = case_numbers.checked(case)
    wanted = sorted(set(named))
    if not wanted or len(wanted) > NUMBERS:
        raise Invalid(
            "Name between 1 and %(most)s numbers.", fields={"numbers": "range"}, most=NUMBERS
        )
    if wanted[0] < row.first or wanted[-1] > row.last:
        raise Invalid("These numbers are not in the bundle.", fields={"numbers": "range"})
    bodies = select(AuditBody.seq, AuditBody.body).where(AuditBody.seq.in_(wanted))
    found = dict(call.db.execute(bodies).tuples().all())
    call.note(case=case, numbers=[str(seq) for seq in wanted])
    call.returned(str(seq) for seq in wanted)
    return tuple(
        Opened(seq, found[seq].decode(errors="replace") if seq in found else None) for seq in wanted
    )


def numbers(text: str) -> list[int]:
    """Read numbers that somebody typed, with commas or blanks between; raises `Invalid`."""
    words = re.split(r"[\s,，、;；]+", text.strip())
    if not all(word.isascii() and word.isdigit() and len(word) < _DIGITS for word in words):
        raise Invalid("Write numbers with commas between them.", fields={"numbers": "format"})
    return [int(word) for word in words]


def clear(archive: Archive) -> int:
    """Take away bundles that are too old or were fetched often enough; return how many.

    The bytes go first: whatever is interrupted, the row still says where they are.
    """
    with archive.db.read() as db:
        most = archive.policies.current(db).limits.bundle.downloads
        over = or_(AuditExport.expires <= datetime.now(UTC), AuditExport.fetched >= most)
        ready = AuditExport.state == str(State.READY)
        found = db.execute(select(AuditExport.id, AuditExport.blob).where(ready, over)).all()
    worker = service_actor("worker")
    for export_id, blob in found:
        if blob:
            archive.blobs.delete(object_name(blob))
        subject = Subject("export", export_id)
        with archive.call(worker, Action.AUDIT_EXPORT, subject, writes=True) as call:
            call.require()
            row = call.db.get_one(AuditExport, export_id)
            row.state, row.blob, row.key_ct = str(State.REMOVED), None, None
            call.say(after={"status": row.state})
    return len(found)


def line(one: Opened) -> str:
    """Return an opened number as the script reads it."""
    told = {"seq": one.seq, "purged": True} if one.body is None else {"seq": one.seq}
    return json.dumps(told | ({} if one.body is None else {"body": one.body}), ensure_ascii=False)
