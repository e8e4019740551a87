"""The worker makes a bundle: every file of it, out of one snapshot of the log."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import resources
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import accounts
from service.archive import Archive
from service.audit import checkpoints, notes, stored
from service.audit.entries import APP, read
from service.bundles import envelopes, proofs, reports, sheets, verify
from service.bundles.asked import Asked
from service.bundles.packing import Pack, Sink
from service.bundles.proofs import Proofs
from service.detail_keys import DetailKeys
from service.errors import TooLarge
from service.models import AuditEvent, Customer
from service.models.columns import instant_text
from service.spool import Spool

#: What the manifest calls this form of a bundle.
FORMAT = "guidang.bundle.v1"

#: Called now and then with how many entries are packed.
Progress = Callable[[int], None]

#: Entries between two calls of it.
_STEP = 1000

#: Bytes that are read and written at once where a bundle is encrypted to a certificate.
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Made:
    """What went into a bundle."""

    matching: int
    signed: int | None


@dataclass(slots=True)
class _Seen:
    """What a pass over the range has counted."""

    shown: int = 0
    hidden: int = 0
    purged: int = 0
    opened: int = 0
    absent: int = 0
    policies: dict[tuple[str, str], int] = field(default_factory=dict)
    figures: reports.Figures = field(default_factory=reports.Figures)


def write(archive: Archive, sink: Sink, asked: Asked, progress: Progress) -> Made:
    """Write a whole bundle into `sink`; `progress` is told how many entries are packed."""
    with archive.db.read() as db:
        return _Bundle(archive, db, asked, progress).write(sink)


class _Bundle:
    """One bundle while it is made."""

    def __init__(self, archive: Archive, db: Session, asked: Asked, progress: Progress) -> None:
        self._archive, self._db, self._asked, self._progress = archive, db, asked, progress
        self._zone = ZoneInfo(archive.settings.timezone)
        self._seen = _Seen()
        self._keys = DetailKeys(archive.keystore)
        self._names: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._fitting = self._matching()
        progress(0)

    def _matching(self) -> frozenset[int] | None:
        """Return the numbers that fit the filter; None for all of them."""
        asked = self._asked
        if asked.filter.everything:
            return None
        inside = AuditEvent.seq.between(asked.first, asked.last)
        found = select(AuditEvent.seq).where(inside, *asked.filter.conditions())
        return frozenset(self._db.scalars(found))

    def write(self, sink: Sink) -> Made:
        """Write it."""
        asked, now = self._asked, datetime.now(UTC)
        found = proofs.around(self._db, asked.first, asked.last)
        self._progress(0)
        with Pack(sink, now) as pack:
            with pack.member("events.ndjson") as events:
                self._events(events.write)
            if asked.details:
                with pack.member("details.ndjson") as details:
                    self._details(details.write)
            pack.put("proof.json", found.proof())
            pack.put("consistency.json", found.consistency())
            self._signatures(pack, found)
            manifest = self._manifest(found, now)
            pack.put("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
            pack.put("verify.py", _script())
            self._reports(pack, manifest, now)
        return Made(self._seen.shown, found.signed)

    def _rows(self) -> Iterator[stored.Row]:
        """Give the entries of the range; whoever waits is told with every pass over them."""
        for row in stored.rows(self._db, after=self._asked.first - 1, last=self._asked.last):
            yield row
            if row[0][0] % _STEP == 0:
                self._progress(row[0][0] - self._asked.first + 1)

    def _shown(self, seq: int) -> bool:
        return self._fitting is None or seq in self._fitting

    # -- evidence ----------------------------------------------------------------------------

    def _events(self, write: Callable[[bytes], object]) -> None:
        seen = self._seen
        for event, body, _, _ in self._rows():
            seq, leaf = event[0], event[-2]
            members = _members(body) if body is not None and self._shown(seq) else None
            if members is None or body is None:
                seen.hidden += 1
                seen.purged += self._shown(seq)
                write(f'{{"seq":{seq},"leaf":"{leaf.hex()}"}}\n'.encode())
            else:
                seen.shown += 1
                self._count(members)
                line = json.dumps(body.decode(), ensure_ascii=False)
                write(f'{{"seq":{seq},"body":{line}}}\n'.encode())

    def _count(self, members: Mapping[str, Any]) -> None:
        policy = members.get("policy", {})
        name = (str(policy.get("id", "")), str(policy.get("sha256", "")))
        self._seen.policies[name] = self._seen.policies.get(name, 0) + 1
        self._seen.figures.add(members, reports.day_of(members["ts"], self._zone))

    def _details(self, write: Callable[[bytes], object]) -> None:
        """Open what was sealed with the shown entries; what was erased is counted."""
        for event, body, detail, _ in self._rows():
            members = _members(body) if body is not None and self._shown(event[0]) else None
            if members is None or "detail" not in members:
                continue
            plain = self._opened(event[0], detail)
            if plain is None or detail is None:
                self._seen.absent += 1
                continue
            self._seen.opened += 1
            line = {"seq": event[0], "salt": detail[0].hex(), "detail": plain}
            write(f"{json.dumps(line, ensure_ascii=False)}\n".encode())

    def _opened(self, seq: int, detail: tuple[bytes, bytes, str] | None) -> str | None:
        plain = self._keys.opened(seq, *detail[1:]) if detail else None
        try:
            return plain.decode() if plain is not None else None
        except UnicodeDecodeError:
            return None

    def _signatures(self, pack: Pack, found: Proofs) -> None:
        for name, note in (("checkpoint.note", found.note), ("previous.note", found.previous)):
            if note:
                pack.put(name, note)
        origin = notes.origin_of(self._db)
        for number, key in enumerate(notes.keys(self._db), 1):
            pack.put(f"pub/{number}.pem", checkpoints.pem(key))
        lines = [f"{change.line()}\n" for change in notes.changes(self._db, origin)]
        if lines:
            pack.put("pub/changes", "".join(lines))

    def _manifest(self, found: Proofs, now: datetime) -> dict[str, Any]:
        asked, seen = self._asked, self._seen
        older = proofs.read(found.previous)
        request: dict[str, Any] = {"case": asked.case, "statement": asked.statement}
        request |= {"event": asked.event, "by": asked.by, "receiver": asked.receiver}
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "origin": notes.origin_of(self._db),
            "made": instant_text(now),
            "app": APP,
            "request": {k: v for k, v in request.items() if v is not None},
            "filter": asked.filter.stated(),
            "range": {"first": asked.first, "last": asked.last},
            "counts": {"shown": seen.shown, "hidden": seen.hidden, "purged": seen.purged},
            "tree": {"size": found.size, "root": found.root.hex()},
            "signed": {"size": found.signed, "previous": older.size if older else None},
            "policies": [
                {"id": name, "sha256": digest, "entries": count}
                for (name, digest), count in sorted(seen.policies.items())
            ],
            "details": {"opened": seen.opened, "absent": seen.absent} if asked.details else None,
        }
        return manifest | {"not_proven": not_proven(manifest)}

    # -- for people --------------------------------------------------------------------------

    def _reports(self, pack: Pack, manifest: Mapping[str, Any], now: datetime) -> None:
        facts = _facts(manifest, self._asked)
        figures = self._seen.figures
        with pack.member("报告.csv") as listing:
            workbook = reports.both(self._listed(), listing, figures, facts, now)
        pack.put("报告.xlsx", workbook)
        said = [chinese for chinese, _ in manifest["not_proven"]]
        pack.put("报告.html", reports.page(figures, facts, said))

    def _listed(self) -> Iterator[list[sheets.Cell]]:
        batch: list[Mapping[str, Any]] = []
        for event, body, _, _ in self._rows():
            members = _members(body) if body is not None and self._shown(event[0]) else None
            if members is not None:
                batch.append(members)
            if len(batch) == _STEP:
                yield from self._named(batch)
                batch = []
        yield from self._named(batch)

    def _named(self, batch: list[Mapping[str, Any]]) -> Iterator[list[sheets.Cell]]:
        people = {str(body["actor"].get("id", "")) for body in batch} - self._names.keys()
        self._names |= dict.fromkeys(people, "") | accounts.names(self._db, people)
        clients = {str(body.get("customer", "")) for body in batch} - self._numbers.keys()
        found = select(Customer.id, Customer.number).where(Customer.id.in_(clients))
        numbers = {c: n or "" for c, n in self._db.execute(found).tuples()} if clients else {}
        self._numbers |= dict.fromkeys(clients, "") | numbers
        for body in batch:
            yield reports.row(body, self._zone, self._names, self._numbers)


def not_proven(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return in Chinese and English what a bundle does not prove: the script's own sentences."""
    stated = {"signed": manifest["signed"]["size"], "last": manifest["range"]["last"]}
    stated |= {"hidden": manifest["counts"]["hidden"]}
    return verify.not_proven(stated, manifest["filter"], own_key=True)


def _members(body: bytes) -> dict[str, Any] | None:
    """Return the members of a body; one that somebody changed is given as its leaf."""
    try:
        members = read(body)
        ts, actor, action, phase = (members[n] for n in ("ts", "actor", "action", "phase"))
        datetime.fromisoformat(ts)
    except (ValueError, KeyError, TypeError):
        return None
    whole = isinstance(actor, dict) and isinstance(action, str) and isinstance(phase, str)
    return members if whole and "verb" in members else None


def _facts(manifest: Mapping[str, Any], asked: Asked) -> list[reports.Fact]:
    """Return what the reports say of the bundle."""
    word, text = reports.word, reports.text
    counts, tree, signed = manifest["counts"], manifest["tree"], manifest["signed"]["size"]
    days = text("from_to" if any(asked.filter.days) else "all_days")
    conditions = {**asked.filter.members, "touched": asked.filter.touched}
    members = [
        f"{word('member', path)}：{'、'.join(word(_TABLES.get(path, ''), v) for v in values)}"
        for path, values in conditions.items()
        if values
    ]
    details = manifest["details"]
    span = {"first": asked.first, "last": asked.last, "count": asked.last - asked.first + 1}
    return [
        (text("case"), asked.case),
        (text("statement"), asked.statement),
        (text("asked_by"), asked.by.get("name", "")),
        (text("receiver"), (asked.receiver or asked.by).get("name", "")),
        (text("request"), asked.event or ""),
        (text("range"), text("numbers").format(**span)),
        (text("entries"), text("shown").format(**counts)),
        (
            text("days"),
            days.format(
                first=asked.filter.days[0], last=asked.filter.days[1], zone=asked.filter.zone
            ),
        ),
        (text("filter"), "；".join(members) or text("no_filter")),
        (text("tree"), text("of_size").format(**tree)),
        (text("checkpoint"), text("none") if signed is None else signed),
        (text("details"), text("opened").format(**details) if details else text("closed")),
        (text("policies"), "、".join(p["sha256"][:16] for p in manifest["policies"])),
    ]


#: Which words the values of a condition have.
_TABLES = {
    "actor.dept": "department",
    "action": "action",
    "verb": "verb",
    "categories.0": "category",
    "grade": "grade",
    "decision": "decision",
}


def _script() -> bytes:
    return (resources.files("service.bundles") / "verify.py").read_bytes()


def encrypted(plain: Spool, asked: Asked, sink: Sink, beat: Callable[[], None]) -> None:
    """Write a bundle into `sink` again, encrypted to the certificate that was given.

    `beat` is called with every piece. Raises `TooLarge`: it is encrypted in memory, at once.
    """
    if plain.plain_size > envelopes.MOST:
        raise TooLarge("The bundle is too large to be encrypted in one piece.")
    data = io.BytesIO()
    while piece := plain.read(_PIECE):
        data.write(piece)
        beat()
    read_back = envelopes.certificate(cast("str", asked.certificate))
    sealed = memoryview(envelopes.sealed(data.getvalue(), read_back))
    for start in range(0, len(sealed), _PIECE):
        sink.write(bytes(sealed[start : start + _PIECE]))
        beat()
