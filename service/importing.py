"""Bringing a folder of files in: every file through the upload that people use, none twice.

A file is there already when the same person brought the same content under the same name to the
same customer. So an import that was stopped, at whatever moment, is simply run again. What became
of each file also stands in a batch, which the portal shows.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from service import intake, manifests, media
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.documents import DocumentView
from service.errors import Denied, Invalid, Refusal
from service.imports import batches, bringing, presence, targets, working
from service.imports.batches import New, Source
from service.imports.items import Announced, Item, ItemState
from service.imports.presence import Brought
from service.imports.targets import Target
from service.manifests import Line, Manifest
from service.permissions import Action, Actor, may
from service.properties import Properties, checked_grade
from service.spool import spool

#: Told after each file: how many bytes it had, and how many all have.
Progress = Callable[[int, int], None]

_NO_CUSTOMER = "There is no such customer."
_SENTENCES = {
    "no_customer": _NO_CUSTOMER,
    "several_customers": "Several customers are called so; use the file number.",
    "unnamed": "The file is in no customer's folder.",
}
_NO_RIGHT = "Your role does not allow this."
_NOTHING_SAID = Line(0, "")


class State(StrEnum):
    """What became of one file."""

    RECEIVED = "received"
    PRESENT = "present"
    REFUSED = "refused"
    #: not looked at: the import was stopped before
    LEFT = "left"
    #: would be received, if this were not a trial
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files to bring in: those below a folder, to one customer or to that of each top folder.

    `customer` is an id, a file number or an exact name. `manifest` says more of single files; the
    customer it names counts more than the other two.
    """

    folder: Path
    customer: str | None
    kind: str
    manifest: Manifest | None = None
    trial: bool = False


@dataclass(slots=True)
class Row:
    """One file and what became of it; `size` in bytes."""

    path: Path
    file: str
    size: int
    properties: Properties
    #: what names its customer, before that is looked up
    place: str = ""
    state: State = State.LEFT
    customer: str = ""
    #: why it is refused: a code, and the sentence for it
    code: str = ""
    error: str = ""
    document: str = ""
    duplicates: int = 0


@dataclass(slots=True)
class Report:
    """Every file with what became of it. The states' sums are always the whole."""

    rows: list[Row] = field(default_factory=list)

    def of(self, *states: State) -> tuple[int, int]:
        """Return how many files are in these states (none: all), and their bytes."""
        chosen = [row for row in self.rows if not states or row.state in states]
        return len(chosen), sum(row.size for row in chosen)

    @property
    def complete(self) -> bool:
        """Say whether every file is in the archive now, or would be."""
        return self.of(State.REFUSED, State.LEFT)[0] == 0


def run(archive: Archive, wanted: Wanted, actor: Actor, report: Report, tell: Progress) -> None:
    """Bring the files in, in order of their names; one refused does not stop the rest.

    The report is filled as it goes on, so that it is true whenever this is interrupted. Unless
    this is a trial, batches say the same at the portal; who stops one there ends this, and what
    is left out there is not brought. Raises `Invalid` for a manifest that
    cannot be used and `Denied` for who may not import.
    """
    report.rows.extend(_rows(wanted))
    _, total = report.of()
    found = _targets(archive, actor, report.rows)
    for row in report.rows:
        _judge(row, found[row.place], archive.settings.upload_limit)
    for start in range(0, len(report.rows), batches.MOST):
        rows = report.rows[start : start + batches.MOST]
        batch = "" if wanted.trial else _batch(archive, wanted, actor, rows)
        try:
            for n, row in enumerate(rows, 1):
                if row.code:
                    row.state = State.REFUSED
                elif not batch:
                    _try(archive, row, actor)
                elif not _bring(archive, row, actor, batch, n):
                    return
                tell(row.size, total)
        finally:
            if batch:
                working.leave(archive, batch)


def _batch(archive: Archive, wanted: Wanted, actor: Actor, rows: list[Row]) -> str:
    """Make the batch of these files, that the portal shows; refuses grades one by one."""
    with archive.call(actor, Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        for row in rows:
            if not row.code:
                _check_grade(call, row)
        named = {row.customer for row in rows if not row.code}
        files = [
            Announced(
                row.file, row.size, None, row.customer or None, row.properties, row.code or None
            )
            for row in rows
        ]
        new = New(
            Source.CLI,
            named.pop() if len(named) == 1 else None,
            files=files,
            folder=_text(wanted.folder.resolve().name),
        )
        return batches.create(call, new).id


def _check_grade(call: Call, row: Row) -> None:
    kind = call.policy.kinds.by_code[row.properties.kind or ""]
    try:
        checked_grade(call, row.properties.grade, kind.grade)
    except (Denied, Invalid) as error:
        row.code, row.error = "denied", str(error)


def _rows(wanted: Wanted) -> Iterator[Row]:
    paths = [
        (_text(path.relative_to(wanted.folder).as_posix()), path)
        for path in sorted(wanted.folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    ]
    said = _said(wanted.manifest, [name for name, _ in paths]) if wanted.manifest else {}
    for name, path in paths:
        line = said.get(name, _NOTHING_SAID)
        properties = replace(line.properties, kind=line.properties.kind or wanted.kind)
        row = Row(path, name, 0, properties, line.customer or _place(wanted, name))
        if path.is_file() and not path.is_symlink():
            row.size = path.stat().st_size
        else:
            row.code, row.error = "link", "Only files are imported, no links and no devices."
        yield row


def _said(manifest: Manifest, files: list[str]) -> dict[str, Line]:
    """Return what a list says of which file; one that cannot be meant so is refused as a whole.

    Who imports by a command sees no preview of it.
    """
    if manifest.ignored:
        raise Invalid(
            "The manifest has a column that means nothing here: %(column)s",
            column=manifest.ignored[0],
        )
    for line in manifest.lines:
        if line.fault:
            raise manifests.refusal(line)
    found = manifests.matched(manifest.lines, files)
    if missing := [line.file for line in manifest.lines if line not in found]:
        raise Invalid(
            "The manifest names files that are not in the folder: %(files)s",
            files=", ".join(sorted(missing)[:5]),
        )
    return {file: line for line, file in found.items()}


def _text(name: str) -> str:
    """Return a name that is text, also where the file system holds something else."""
    return os.fsencode(name).decode("utf-8", "replace")


def _place(wanted: Wanted, file: str) -> str:
    """Return what names the customer of a file: the option, else the top folder."""
    top, below, _ = file.partition("/")
    return wanted.customer or (top if below else "")


def _targets(archive: Archive, actor: Actor, rows: Iterable[Row]) -> dict[str, Target]:
    """Find the customers under one entry of the log; who may not know one finds none."""
    places = {row.place for row in rows}
    with archive.call(actor, Action.IMPORT_RUN, Subject("import")) as call:
        if actor.kind == "person" and not may(call.policy, actor, Action.IMPORT_RUN):
            raise Denied(_NO_RIGHT, rule="import.run:none")
        return {place: targets.find(call, place) for place in places}


def _judge(row: Row, target: Target, limit: int) -> None:
    """Note why a file will not be taken, as far as it can be said before it is sent."""
    row.customer = target.customer
    if row.code:
        return
    if target.error:
        row.code, row.error = target.error, _SENTENCES[target.error]
    elif row.properties.kind not in target.kinds:
        row.code, row.error = "denied", _NO_RIGHT
    elif row.size > limit:
        row.code, row.error = "too_large", "The file is too large."
    elif not row.size:
        row.code, row.error = "empty", "The file is empty."
    else:
        _look(row)


def _look(row: Row) -> None:
    try:
        with row.path.open("rb") as source:
            media_type = media.sniff(source, row.size, row.path.name)
    except OSError as error:
        row.code, row.error = "unreadable", f"The file cannot be read: {error.strerror}"
    else:
        if refusal := media.refused(media_type, row.path.name):
            row.code, row.error = "unsupported", refusal


def _try(archive: Archive, row: Row, actor: Actor) -> None:
    """Say what would become of a file; nothing is written."""
    try:
        with row.path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").digest()
    except OSError as error:
        _refuse(row, "unreadable", f"The file cannot be read: {error.strerror}")
        return
    file = Brought(row.customer, actor.person, digest, _text(row.path.name))
    with archive.ring() as ring, archive.db.read() as db:
        row.document = presence.earlier(db, ring, file) or ""
    row.state = State.PRESENT if row.document else State.PLANNED


def _bring(archive: Archive, row: Row, actor: Actor, batch: str, n: int) -> bool:
    """Bring a file in as the nth of a batch; return False where that was stopped at the portal."""
    views: list[DocumentView] = []
    folder, limit = archive.settings.data / "spool", archive.settings.upload_limit
    try:
        with row.path.open("rb") as source, spool(folder, limit, source) as spooled:
            upload = intake.Upload(spooled, _text(row.path.name))
            item, refusal = bringing.tried(
                archive, actor, batch, n, lambda _: upload, lambda _, __, view: views.append(view)
            )
    except OSError as error:
        _refuse(row, "unreadable", f"The file cannot be read: {error.strerror}")
        bringing.fail(archive, batch, n, row.code)
    except Refusal as error:
        if error.rule == "import:state":
            return False
        _refuse(row, bringing.code_of(error), str(error))
        if isinstance(error, Invalid):  # what passes by itself leaves the file expected
            bringing.fail(archive, batch, n, row.code)
    else:
        _became(row, item, refusal)
        row.duplicates = sum(len(view.duplicates) for view in views)
        if views:
            row.state = State.RECEIVED
    return True


def _became(row: Row, item: Item, refusal: Refusal | None) -> None:
    """Note what became of a file that this run, or somebody at the portal, settled."""
    row.document = item.document or ""
    if item.state in (ItemState.RECEIVED, ItemState.DUPLICATE):
        row.state = State.PRESENT
    elif item.state is ItemState.SKIPPED:
        _refuse(row, "skipped", "The file was left out at the portal.")
    else:
        code = item.error or "refused"
        _refuse(row, code, _SENTENCES.get(code) or str(refusal))


def _refuse(row: Row, code: str, sentence: str) -> None:
    row.state, row.code, row.error = State.REFUSED, code, sentence
