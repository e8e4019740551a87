"""Handing bundles out: fetching one, opening numbers of it, taking it away in the end."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from service import case_numbers, made_files
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.bundles.exports import find, opened_request, view
from service.errors import Conflict, Invalid
from service.models import AuditBody, AuditExport
from service.originals import Original
from service.permissions import Action

#: How many numbers are opened at once.
NUMBERS = 200

#: Digits that no number of an entry has.
_DIGITS = 16


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
    if not seen.open or row.blob is None:
        raise Conflict("This bundle is no longer there: make another.", rule="export:gone")
    call.say(part={"from": row.first, "to": row.last})
    media_type = "application/pkcs7-mime" if seen.encrypted else "application/zip"
    return made_files.handed_out(call, row, seen.file_name, media_type, most=seen.downloads)


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
    """Take away bundles that are too old or were fetched often enough; return how many."""
    with archive.db.read() as db:
        most = archive.policies.current(db).limits.bundle.downloads
    return made_files.clear(
        archive, AuditExport, most, lambda row: (Action.AUDIT_EXPORT, Subject("export", row.id))
    )


def line(one: Opened) -> str:
    """Return an opened number as the script reads it."""
    told = {"seq": one.seq, "purged": True} if one.body is None else {"seq": one.seq}
    return json.dumps(told | ({} if one.body is None else {"body": one.body}), ensure_ascii=False)
