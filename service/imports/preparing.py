"""Before an import from a list, a ZIP or a folder begins: what each of its files would become.

The worker looks at the folder or the ZIP, and at the list that lies in it or was sent with it;
what it found stands in the batch, file by file. Nothing is brought until who made the batch has
seen that and says so. What cannot be brought as it stands is left out then, knowingly.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import delete, select

from service import jobs
from service.archive import Call
from service.errors import Conflict, Denied, Invalid
from service.imports import batches, items, targets
from service.imports.batches import State
from service.imports.items import Announced, ItemState
from service.imports.targets import Target
from service.keystore import Ring
from service.manifests import Line, Manifest, matched, path_of
from service.models import ImportBatch, ImportItem
from service.properties import checked_grade

#: Lists that are found beside the files they speak of, at the top.
LISTS = frozenset(
    f"{name}.{ending}" for name in ("清单", "manifest") for ending in ("csv", "xlsx", "xls", "et")
)

#: How many wrong lines, or lines without a file, are kept to be shown.
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a source: its path, bytes, a code why it cannot be taken, its place there."""

    file: str
    size: int
    error: str | None = None
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of a list that cannot be meant as it stands, with a code why."""

    line: int
    file: str
    code: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a source and its list say together. `trouble`: why there is no list to go by.

    `lines` is the number of lines of the list, `matched` of those that name a file that is there.
    """

    ready: bool = False
    manifest: str = ""
    lines: int = 0
    matched: int = 0
    ignored: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    customers: int = 0
    trouble: str = ""
    trouble_with: Mapping[str, Any] = field(default_factory=dict)

    @property
    def refusal(self) -> Invalid | None:
        """Return the trouble as what is said to people."""
        return Invalid(self.trouble, **self.trouble_with) if self.trouble else None


def list_among(files: Sequence[Found]) -> Found | None:
    """Return the list among files, if there is one at the top or in the one folder there."""
    tops = {one.file.partition("/")[0] for one in files if "/" in one.file}
    below = {path_of(name) for name in LISTS}
    if len(tops) == 1 and all("/" in one.file for one in files):
        below |= {f"{next(iter(tops))}/{name}" for name in LISTS}
    return next((one for one in files if one.file in below and not one.error), None)


def planned(
    call: Call, row: ImportBatch, files: Sequence[Found], listed: Manifest | None, name: str = ""
) -> tuple[list[Announced], Preview]:
    """Return what each file would become with the rights of this call's person, and a preview."""
    limit = call.archive.settings.upload_limit
    lines = listed.lines if listed else ()
    said = {file: line for line, file in matched(lines, [one.file for one in files]).items()}
    faults = _faults(lines, [one.file for one in files if one.file not in said])
    words = {line.customer for line in lines if line.customer} | {row.customer or ""}
    known = {word: targets.find(call, word) for word in words}
    announced, wrong = [], list(_wrong(lines, set(said.values())))
    for one in files:
        line = said.get(one.file)
        plan = _plan(call, row, one, line, known)
        if not one.error and one.file in faults:
            plan = replace(plan, error=faults[one.file])
        if not plan.error and one.size > limit:
            plan = replace(plan, error="too_large")
        if not plan.error and listed and line is None and not row.kind:
            plan = replace(plan, error="unlisted")
        if line and plan.error and not one.error:
            wrong.append(Wrong(line.number, one.file, plan.error))
        announced.append(plan)
    preview = Preview(
        ready=True,
        manifest=name,
        lines=len(lines),
        matched=len(said),
        ignored=listed.ignored if listed else (),
        wrong=tuple(sorted(wrong, key=lambda one: one.line)[:_SHOWN]),
        customers=len({one.customer for one in announced if not one.error}),
    )
    return announced, preview


def _wrong(lines: Sequence[Line], meant: set[Line]) -> list[Wrong]:
    return [
        Wrong(line.number, line.file, f"line.{line.fault}" if line.fault else "line.missing")
        for line in lines
        if line.fault or line not in meant
    ]


def _faults(lines: Sequence[Line], files: Sequence[str]) -> dict[str, str]:
    """Return by file the code of the line that means it but cannot be taken as it is."""
    faulty = {line.number: line.fault for line in lines if line.fault and line.file}
    meant = matched([replace(line, fault=None) for line in lines if line.number in faulty], files)
    return {file: f"line.{faulty[line.number]}" for line, file in meant.items()}


def _plan(
    call: Call, row: ImportBatch, one: Found, line: Line | None, known: Mapping[str, Target]
) -> Announced:
    said = line.properties if line else _NOTHING
    kind, grade = said.kind or row.kind, said.grade or row.grade
    properties = replace(said, kind=kind, grade=grade)
    target = known[(line.customer if line else "") or row.customer or ""]
    error = one.error or target.error or _refused(call, kind, grade, target)
    customer = target.customer or None
    return Announced(one.file, one.size, None, customer, properties, error or None)


_NOTHING = Line(0, "").properties


def _refused(call: Call, kind: str | None, grade: str | None, target: Target) -> str:
    if not kind:
        return "untyped"
    if kind not in target.kinds:
        return "denied"
    try:
        checked_grade(call, grade, call.policy.kinds.by_code[kind].grade)
    except Denied:
        return "denied"
    return ""


def store(
    call: Call,
    batch_id: str,
    announced: Sequence[Announced],
    preview: Preview,
    places: Mapping[int, int],
) -> None:
    """Write down what was found, in place of what was there; places: ordinal → place in a ZIP.

    Nothing happens to a batch that somebody began or gave up meanwhile.
    """
    row = batches.lock(call.db, batch_id)
    if row.state != State.PREPARING:
        return
    call.db.execute(delete(ImportItem).where(ImportItem.batch == batch_id))
    items.announce(call.db, call.ring, batch_id, announced)
    kept = batches.options(call.ring, row) | {"preview": _packed(preview)}
    kept.pop("files", None)  # they are the batch's own now
    if places:
        kept["places"] = {str(ordinal): place for ordinal, place in places.items()}
    row.options_ct = items.sealed(call.ring, batch_id, 0, "options", json.dumps(kept))
    row.rev += 1
    call.db.flush()
    call.note(files=len(announced), bytes=sum(one.size for one in announced), lines=preview.lines)


def troubled(told: Preview, params: Mapping[str, object]) -> Preview:
    """Return a preview whose trouble has these values in its sentence."""
    plain = {name: one if isinstance(one, int) else str(one) for name, one in params.items()}
    return replace(told, trouble_with=plain)


def places(ring: Ring, row: ImportBatch) -> dict[int, int]:
    """Return where in a ZIP each file of a batch lies, by its ordinal."""
    kept = batches.options(ring, row).get("places", {})
    return {int(ordinal): place for ordinal, place in kept.items()}


def preview(ring: Ring, row: ImportBatch) -> Preview:
    """Return what was found out of a batch that is being prepared, or was."""
    packed = batches.options(ring, row).get("preview")
    if packed is None:
        return Preview()
    wrong = tuple(Wrong(*one) for one in packed.pop("wrong"))
    return Preview(wrong=wrong, ignored=tuple(packed.pop("ignored")), **packed)


def preview_of(call: Call, batch_id: str) -> Preview | None:
    """Return what was found out of a batch this person may see; None once it has begun."""
    row = batches.find(call, call.db, batch_id)
    return preview(call.ring, row) if row.state == State.PREPARING else None


def _packed(told: Preview) -> dict[str, Any]:
    wrong = [[one.line, one.file, one.code] for one in told.wrong]
    plain = {"ready": told.ready, "manifest": told.manifest, "lines": told.lines}
    plain |= {"matched": told.matched, "ignored": list(told.ignored), "wrong": wrong}
    plain |= {"customers": told.customers, "trouble": told.trouble}
    return plain | {"trouble_with": dict(told.trouble_with)}


def begin(call: Call, batch_id: str, *, leave_out: bool) -> ImportBatch:
    """Let what was found be brought, or be sent; what cannot be is left out, knowingly.

    Raises `Invalid` where there is such and `leave_out` was not said, or nothing would be left,
    and `Conflict` for a batch that is not there yet or has begun.
    """
    row = batches.held(call, batch_id)
    told = preview(call.ring, row)
    if row.state != State.PREPARING or not told.ready or told.trouble:
        raise Conflict("This import cannot begin now.", rule="import:state")
    of_batch = ImportItem.batch == batch_id
    failed = of_batch & (ImportItem.state == str(ItemState.FAILED))
    some = call.db.scalars(select(ImportItem.ordinal).where(failed).limit(1)).first() is not None
    if (some or told.wrong) and not leave_out:
        raise Invalid(
            "Say that what cannot be taken is left out, or mend it and begin anew.",
            fields={"leave_out": "required"},
        )
    waits = of_batch & (ImportItem.state == str(ItemState.EXPECTED))
    if call.db.scalars(select(ImportItem.ordinal).where(waits).limit(1)).first() is None:
        raise Invalid("There is no file that could be taken.")
    items.leave_out(call.db, failed)
    call.about(type="import", id=batch_id, customer=row.customer)
    return batches.turn_to(call, row, batches.going(row))


def discard(call: Call, batch_id: str) -> ImportBatch:
    """Give up an import that has not begun: every file of it is left out."""
    row = batches.held(call, batch_id)
    if row.state != State.PREPARING:
        raise Conflict("This import has begun already. Stop it instead.", rule="import:state")
    call.say(before={"state": row.state}, after={"state": str(State.DONE)})
    batches.give_up(call.db, row)
    call.enqueue("import", batch_id, lane=jobs.Lane.BULK)  # takes away what was sent for it
    call.db.flush()
    return row
