"""Sets of documents as a ZIP: originals, a manifest, the log's entries about them, digests.

Originals follow the read right, so everything that may be read is in it as it was brought. What
waits for the virus scanner, was taken back or is missing in the store is named without a file.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from sqlalchemy import select

from service import accounts, stored_files
from service.archive import Call
from service.blobs.port import BlobMissing
from service.bundles.packing import Pack, Sink
from service.codes import Processing
from service.crypto import Corrupt, Place, unseal_value
from service.csv_cells import safe
from service.documents import SEALED_AS, TAKEN_BACK
from service.exporting import listing
from service.exporting.listing import Statement
from service.exporting.rows import STEP, Row
from service.models import AuditEvent, AuditTouch, Blob, Version
from service.permissions import Action, may

#: What the manifest calls this form of a set.
FORMAT = "guidang.documents.v1"

#: Characters that some system does not take in a file's name, or that turn its direction.
_UNSAFE = re.compile('[\x00-\x1f\x7f<>:"/\\\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")

#: Characters of a title in a file's name.
_TITLE = 60

_COLUMNS = (
    *("no", "file", "document", "version", "version_no", "title", "kind", "module", "grade"),
    *("filing", "processing", "day", "customer", "customer_name", "number", "category"),
    *("media_type", "size", "sha256", "left_out"),
)


def write(
    sink: Sink, call: Call, found: Iterable[Row], about: Statement, renew: Callable[[], None]
) -> tuple[str, ...]:
    """Write a set; return which documents it names without a file. Raises `Corrupt`.

    `renew` is called as bytes go by.

    A file that is not what its digest says is not given out: the whole set fails.
    """
    entries: list[dict[str, Any]] = []
    with Pack(sink, about.made) as pack:
        for row in found:
            entries.append(_Document(call, row, len(entries) + 1).into(pack, renew))
        pack.put("manifest.json", _manifest(entries, about))
        pack.put("manifest.csv", _table(entries))
        with pack.member("events.ndjson") as events:
            for line in _events(call, [one["document"] for one in entries]):
                renew()
                events.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
    return tuple(one["document"] for one in entries if not one["file"])


class _Document:
    """One document on its way into the set."""

    def __init__(self, call: Call, row: Row, no: int) -> None:
        self._call, self._row, self._no = call, row, no
        self._version = call.db.get_one(Version, row.version)
        self._blob = call.db.scalars(
            select(Blob).where(Blob.version == row.version, Blob.role == "original")
        ).first()

    def into(self, pack: Pack, renew: Callable[[], None]) -> dict[str, Any]:
        """Put its file into the set if it may be there; return what the manifest says of it."""
        why = self._left_out()
        pieces: Iterator[bytes] = iter(())
        if why is None:
            pieces = self._pieces()
            try:
                # asked for now: a file that is not there is named, and no empty one stands for it
                pieces = chain([next(pieces, b"")], pieces)
            except BlobMissing:
                why = "missing"
        name = None if why else self._name()
        if name:
            with pack.member(name) as file:
                for piece in pieces:
                    renew()
                    file.write(piece)
            if file.sha256 != self._plain("sha256"):
                message = "an original is not what its digest says"
                raise Corrupt(message)
        return self._entry(name, why)

    def _left_out(self) -> str | None:
        if self._version.filing in TAKEN_BACK:
            return str(self._version.filing)
        if self._version.processing == Processing.QUARANTINED:
            return str(Processing.QUARANTINED)
        return "missing" if self._blob is None else None

    def _pieces(self) -> Iterator[bytes]:
        if self._blob is None:
            return
        key, blob = self._call.ring.version(self._row.version), self._blob
        reader = stored_files.opened(self._call.archive.blobs, key, blob.id, blob.stored_size)
        try:
            for piece in reader.chunks(0, self._version.size):
                yield bytes(piece)
        finally:
            reader.close()

    def _plain(self, column: str) -> str:
        sealed = self._version.sha256_ct if column == "sha256" else self._version.file_name_ct
        key = self._call.ring.field(self._row.customer, SEALED_AS)
        return unseal_value(key, sealed, Place(self._version.id, self._row.customer, column))

    def _name(self) -> str:
        ending = _ENDING.search(self._plain("file_name"))
        return file_name(self._no, self._row.title, ending[0] if ending else "")

    def _entry(self, name: str | None, why: str | None) -> dict[str, Any]:
        row, version = self._row, self._version
        known = {one: getattr(row, one) for one in _COLUMNS if hasattr(row, one)}
        return known | {
            "no": self._no,
            "file": name,
            "version_no": version.no,
            "day": row.day.isoformat(),
            "media_type": version.media_type,
            "sha256": self._plain("sha256"),
            "left_out": why,
        }


def file_name(no: int, title: str, ending: str) -> str:
    """Return where a document is in the set: a name that every system takes, and no two have."""
    stem = _UNSAFE.sub("_", title)[:_TITLE].strip(" .")
    clash = _ENDING.search(stem)
    stem = stem.removesuffix(ending) if clash and ending else stem
    return f"文件/{no:04}-{stem}{ending}"


def _manifest(entries: list[dict[str, Any]], about: Statement) -> str:
    facts = about.facts(len(entries))
    stated = {
        "format": FORMAT,
        "about": dict(facts),
        "documents": [{name: one[name] for name in _COLUMNS} for one in entries],
    }
    return json.dumps(stated, ensure_ascii=False, indent=1)


def _table(entries: list[dict[str, Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([listing.word("column", name) for name in _COLUMNS])
    for one in entries:
        worded = ((name, one[name]) for name in _COLUMNS)
        writer.writerow([safe(_worded(name, value)) for name, value in worded])
    return "\ufeff" + out.getvalue()


_WORDED = ("kind", "module", "grade", "filing", "processing", "category", "left_out")


def _worded(name: str, value: object) -> str | int:
    if value is None:
        return ""
    if name in _WORDED:
        return listing.word(name, value)
    return value if isinstance(value, int) else str(value)


def _events(call: Call, documents: list[str]) -> Iterator[dict[str, Any]]:
    """Give the entries of the log about these documents: one's own, or all to who reads the log."""
    everybody = may(call.policy, call.actor, Action.AUDIT_READ)
    touched: dict[int, list[tuple[str, str]]] = {}
    for start in range(0, len(documents), STEP):
        some = documents[start : start + STEP]
        shown = select(AuditTouch.seq, AuditTouch.document, AuditTouch.how)
        for seq, document, how in call.db.execute(shown.where(AuditTouch.document.in_(some))):
            touched.setdefault(seq, []).append((document, how))
        about = select(AuditEvent.seq, AuditEvent.object).where(
            AuditEvent.object_type == "document", AuditEvent.object.in_(some)
        )
        for seq, document in call.db.execute(about):
            known = touched.setdefault(seq, [])
            if document not in {one for one, _ in known}:
                known.append((document or "", "about"))
    numbers = sorted(touched)
    for start in range(0, len(numbers), STEP):
        yield from _lines(call, numbers[start : start + STEP], touched, everybody=everybody)


def _lines(
    call: Call,
    numbers: list[int],
    touched: dict[int, list[tuple[str, str]]],
    *,
    everybody: bool,
) -> Iterator[dict[str, Any]]:
    wanted = select(AuditEvent).where(AuditEvent.seq.in_(numbers)).order_by(AuditEvent.seq)
    if not everybody:
        wanted = wanted.where(AuditEvent.actor == call.actor.person)
    rows = call.db.scalars(wanted).all()
    names = accounts.names(call.db, {row.actor or "" for row in rows})
    for row in rows:
        said = {
            "seq": row.seq,
            "ts": row.ts,
            "phase": row.phase,
            "ref": row.ref,
            "actor": row.actor,
            "name": names.get(row.actor or ""),
            "dept": row.dept,
            "action": row.action,
            "verb": row.verb,
            "decision": row.decision,
            "documents": [{"document": d, "how": how} for d, how in sorted(touched[row.seq])],
        }
        yield {name: value for name, value in said.items() if value is not None}
