"""Bringing a folder of files in: every file through the upload that people use, none twice.

Nothing is remembered beside the documents themselves: a file is there already when the same
person brought the same content under the same name to the same customer. So an import that was
stopped, at whatever moment, is simply run again.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from service import intake, manifests, media
from service.archive import Archive
from service.audit.entries import Subject
from service.errors import Denied, Invalid, NotFound, Refusal
from service.imports import presence, targets
from service.imports.presence import Brought, Present
from service.imports.targets import Target
from service.jobs import Lane
from service.manifests import Line, Manifest
from service.permissions import Action, Actor, may
from service.properties import Properties
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

    The report is filled as it goes on, so that it is true whenever this is interrupted.
    Raises `Invalid` for a manifest that cannot be used and `Denied` for who may not import.
    """
    report.rows.extend(_rows(wanted))
    _, total = report.of()
    found = _targets(archive, actor, report.rows)
    for row in report.rows:
        target = found[row.place]
        row.customer = target.customer
        untold = _SENTENCES.get(target.error, "")
        error = row.error or untold or _refused(row, target, archive.settings.upload_limit)
        if error:
            row.state, row.error = State.REFUSED, error
        else:
            _bring(archive, row, actor, trial=wanted.trial)
        tell(row.size, total)


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
            row.error = "Only files are imported, no links and no devices."
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


def _refused(row: Row, target: Target, limit: int) -> str:
    """Return why a file will not be taken, as far as it can be said before it is sent."""
    if row.properties.kind not in target.kinds:
        return _NO_RIGHT
    if row.size > limit:
        return "The file is too large."
    try:
        with row.path.open("rb") as source:
            media_type = media.sniff(source, row.size, row.path.name)
    except OSError as error:
        return f"The file cannot be read: {error.strerror}"
    return "The file is empty." if not row.size else media.refused(media_type, row.path.name) or ""


def _bring(archive: Archive, row: Row, actor: Actor, *, trial: bool) -> None:
    name = _text(row.path.name)
    try:
        with row.path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").digest()
            file = Brought(row.customer, actor.person, digest, name)
            with archive.ring() as ring, archive.db.read() as db:
                row.document = presence.earlier(db, ring, file) or ""
            if row.document or trial:
                row.state = State.PRESENT if row.document else State.PLANNED
                return
            source.seek(0)
            settings = archive.settings
            subject = Subject("customer", row.customer, customer=row.customer)
            with (
                spool(settings.data / "spool", settings.upload_limit, source) as spooled,
                archive.call(actor, Action.DOCUMENT_ADD, subject) as call,
            ):
                upload = intake.Upload(spooled, name)
                view = intake.add(call, row.customer, upload, row.properties, lane=Lane.BULK)
                presence.require_once(call, file, view.id)
    except Present as present:
        row.state, row.document = State.PRESENT, present.document
    except NotFound:
        row.state, row.error = State.REFUSED, _NO_CUSTOMER
    except Refusal as error:
        row.state, row.error = State.REFUSED, str(error)
    except OSError as error:
        row.state, row.error = State.REFUSED, f"The file cannot be read: {error.strerror}"
    else:
        row.state, row.document = State.RECEIVED, view.id
        row.duplicates = len(view.duplicates)
