"""Sets of documents as a ZIP: files, a manifest, the log's entries about them, digests.

The files are originals, or watermarked copies of all of them, never some of each. What waits for
the virus scanner, was taken back or is missing in the store is named without a file.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from sqlalchemy import select

from service import accounts
from service.archive import Call
from service.bundles.packing import Pack, Sink
from service.codes import Processing
from service.crypto import Corrupt
from service.csv_cells import safe
from service.documents import TAKEN_BACK
from service.exporting import listing
from service.exporting.files import Files, Wanted
from service.exporting.listing import Statement
from service.exporting.rows import STEP, Row
from service.models import AuditEvent, AuditTouch, Version
from service.permissions import Action, may

#: Characters that some system does not take in a file's name, or that turn its direction.
_UNSAFE = re.compile('[\x00-\x1f\x7f<>:"/\\\\|?*\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")

#: Characters of a title in a file's name.
_TITLE = 60

_COLUMNS = (
    *("no", "file", "document", "version", "version_no", "title", "kind", "module", "grade"),
    *("filing", "processing", "day", "customer", "customer_name", "number", "category"),
    *("media_type", "size", "sha256", "left_out"),
)


def write(
    sink: Sink,
    call: Call,
    found: Iterable[Row],
    files: Files,
    about: Statement,
    renew: Callable[[], None],
) -> tuple[str, ...]:
    """Write a set; return which documents it names without a file. Raises `Corrupt`.

    `renew` is called as bytes go by.

    A file that is not what its digest says is not given out: the whole set fails.
    """
    entries: list[dict[str, Any]] = []
    with Pack(sink, about.made) as pack:
        for row in found:
            one = Wanted(call, row, call.db.get_one(Version, row.version))
            entries.append(_packed(one, len(entries) + 1, files, pack, renew))
        columns = (*_COLUMNS, *files.columns)
        pack.put("manifest.json", _manifest(entries, columns, files.form, about))
        pack.put("manifest.csv", _table(entries, columns))
        with pack.member("events.ndjson") as events:
            for line in _events(call, [one["document"] for one in entries]):
                renew()
                events.write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())
    return tuple(one["document"] for one in entries if not one["file"])


def _packed(
    one: Wanted, no: int, files: Files, pack: Pack, renew: Callable[[], None]
) -> dict[str, Any]:
    """Put a document's file into the set if it may be there; return what the manifest says."""
    with ExitStack() as held:
        found = _left_out(one.version) or files.of(one, held)
        if isinstance(found, str):
            return _entry(one, no, None, left_out=found)
        name = file_name(no, one.row.title, found.ending)
        with pack.member(name) as file:
            for piece in found.pieces:
                renew()
                file.write(piece)
        if file.sha256 != found.sha256:
            message = "a file is not what its digest says"
            raise Corrupt(message)
    return _entry(one, no, name, **found.said)


def _left_out(version: Version) -> str | None:
    if version.filing in TAKEN_BACK:
        return str(version.filing)
    waits = version.processing == Processing.QUARANTINED
    return str(Processing.QUARANTINED) if waits else None


def _entry(one: Wanted, no: int, name: str | None, **said: object) -> dict[str, Any]:
    known = {column: getattr(one.row, column) for column in _COLUMNS if hasattr(one.row, column)}
    return known | {
        "no": no,
        "file": name,
        "version_no": one.version.no,
        "day": one.row.day.isoformat(),
        "media_type": one.version.media_type,
        "sha256": one.sha256,
        **said,
    }


def file_name(no: int, title: str, ending: str) -> str:
    """Return where a document is in the set: a name that every system takes, and no two have."""
    stem = _UNSAFE.sub("_", title)[:_TITLE].strip(" .")
    clash = _ENDING.search(stem)
    stem = stem.removesuffix(ending) if clash and ending else stem
    return f"文件/{no:04}-{stem}{ending}"


def _manifest(
    entries: list[dict[str, Any]], columns: Sequence[str], form: str, about: Statement
) -> str:
    facts = about.facts(len(entries))
    stated = {
        "format": form,
        "about": dict(facts),
        "documents": [{name: one.get(name) for name in columns} for one in entries],
    }
    return json.dumps(stated, ensure_ascii=False, indent=1)


def _table(entries: list[dict[str, Any]], columns: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([listing.word("column", name) for name in columns])
    for one in entries:
        worded = ((name, one.get(name)) for name in columns)
        writer.writerow([safe(_worded(name, value)) for name, value in worded])
    return "\ufeff" + out.getvalue()


_WORDED = ("kind", "module", "grade", "filing", "processing", "category", "left_out", "copy_of")


def _worded(name: str, value: object) -> str | int:
    if value is None:
        return ""
    if name in _WORDED:
        return listing.word(name, value)
    return value if isinstance(value, int) else str(value)


def everybodys(call: Call) -> bool:
    """Say whether a set has everybody's entries of the log: for who may read them anyway."""
    return may(call.policy, call.actor, Action.AUDIT_READ)


def _events(call: Call, documents: list[str]) -> Iterator[dict[str, Any]]:
    """Give the entries of the log about these documents: one's own, or all to who reads the log."""
    everybody = everybodys(call)
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
