"""Bringing a folder of files in: every file through the upload that people use, none twice.

Nothing is remembered beside the documents themselves: a file is there already when the same
person brought the same content under the same name to the same customer. So an import that was
stopped, at whatever moment, is simply run again.
"""

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service import customers, intake, media
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.codes import HIDDEN_STATUSES, Status
from service.crypto import Place, content_token, unseal_value
from service.documents import SEALED_AS
from service.errors import Conflict, Denied, Invalid, NotFound, Refusal
from service.jobs import Lane
from service.keystore import Ring
from service.models import Customer, CustomerView, Document, Version
from service.permissions import Action, Actor, may
from service.properties import Properties
from service.spool import spool

#: Told after each file: how many bytes it had, and how many all have.
Progress = Callable[[int, int], None]

_NO_CUSTOMER = "There is no such customer."
_SEVERAL = "Several customers are called so; use the file number."
_NO_FOLDER = "The file is in no customer's folder."
_NO_RIGHT = "Your role does not allow this."
_COLUMNS = frozenset({"file", "kind", "title", "grade", "dated", "number", "note"})


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

    `customer` is an id, a file number or an exact name. `manifest` says more of single files.
    """

    folder: Path
    customer: str | None
    kind: str
    manifest: Path | None = None
    trial: bool = False


@dataclass(slots=True)
class Row:
    """One file and what became of it; `size` in bytes."""

    path: Path
    file: str
    size: int
    properties: Properties
    state: State = State.LEFT
    customer: str = ""
    error: str = ""
    document: str = ""
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """A customer to import to, with what may be added, or why there is none."""

    customer: str = ""
    kinds: frozenset[str] = frozenset()
    error: str = ""


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
    targets = _targets(archive, wanted, actor, report.rows)
    for row in report.rows:
        target = targets[_place(wanted, row)]
        row.customer = target.customer
        error = row.error or target.error or _refused(row, target, archive.settings.upload_limit)
        if error:
            row.state, row.error = State.REFUSED, error
        else:
            _bring(archive, row, actor, trial=wanted.trial)
        tell(row.size, total)


def _rows(wanted: Wanted) -> Iterator[Row]:
    said = _manifest(wanted.manifest) if wanted.manifest else {}
    for path in sorted(wanted.folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        name = _text(path.relative_to(wanted.folder).as_posix())
        properties = said.pop(name, Properties())
        row = Row(path, name, 0, replace(properties, kind=properties.kind or wanted.kind))
        if path.is_file() and not path.is_symlink():
            row.size = path.stat().st_size
        else:
            row.error = "Only files are imported, no links and no devices."
        yield row
    if said:
        raise Invalid(
            "The manifest names files that are not in the folder: %(files)s",
            files=", ".join(sorted(said)[:5]),
        )


def _text(name: str) -> str:
    """Return a name that is text, also where the file system holds something else."""
    return os.fsencode(name).decode("utf-8", "replace")


def _manifest(path: Path) -> dict[str, Properties]:
    """Return what a manifest says of each file it names.

    Raises `Invalid` for what is no such table, and for a line that cannot be meant so: guessing
    would file a document under the wrong properties, which nobody sees among thousands.
    """
    reader = csv.DictReader(io.StringIO(_decoded(path), newline=""), strict=True)
    said: dict[str, Properties] = {}
    try:
        names = reader.fieldnames or ()
        if "file" not in names or not _COLUMNS.issuperset(names) or len(set(names)) < len(names):
            raise Invalid(
                "The manifest needs a column file, and may have %(columns)s, each once.",
                columns=", ".join(sorted(_COLUMNS - {"file"})),
            )
        for cells in reader:
            if None in cells:  # so csv tells of cells too many: a comma that is not in quotes
                raise Invalid(
                    "Line %(line)s of the manifest has more cells than the first.",
                    line=reader.line_num,
                )
            if not any(cells.values()):  # as spreadsheet programs end a table
                continue
            if not cells["file"]:
                raise Invalid("Line %(line)s of the manifest names no file.", line=reader.line_num)
            if cells["file"] in said:
                raise Invalid("The manifest names a file twice: %(file)s", file=cells["file"])
            said[cells["file"]] = _properties(cells, reader.line_num)
    except csv.Error as error:
        raise Invalid(
            "Line %(line)s of the manifest is no CSV.", line=reader.reader.line_num
        ) from error
    return said


def _decoded(path: Path) -> str:
    """Return the text of a manifest: UTF-8, or as a Chinese spreadsheet program saves CSV."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise Invalid("The manifest is neither UTF-8 nor GB18030 text.")


def _properties(cells: Mapping[str, str | None], number: int) -> Properties:
    """Return what a line says, whose number is for who has to mend it."""
    said = {name: value.strip() for name, value in cells.items() if value}
    try:
        dated = date.fromisoformat(said["dated"]) if said.get("dated") else None
    except ValueError as error:
        raise Invalid(
            "Line %(line)s of the manifest: write the date as YYYY-MM-DD.", line=number
        ) from error
    return Properties(
        kind=said.get("kind"),
        title=said.get("title"),
        grade=said.get("grade"),
        dated=dated,
        number=said.get("number"),
        note=said.get("note"),
    )


def _place(wanted: Wanted, row: Row) -> str:
    """Return what names the customer of a file: the option, else the top folder."""
    top, below, _ = row.file.partition("/")
    return wanted.customer or (top if below else "")


def _targets(
    archive: Archive, wanted: Wanted, actor: Actor, rows: Iterable[Row]
) -> dict[str, Target]:
    """Find the customers under one entry of the log; who may not know one finds none."""
    places = {_place(wanted, row) for row in rows}
    with archive.call(actor, Action.IMPORT_RUN, Subject("import")) as call:
        if actor.kind == "person" and not may(call.policy, actor, Action.IMPORT_RUN):
            raise Denied(_NO_RIGHT, rule="import.run:none")
        return {place: _target(call, place) for place in places}


def _target(call: Call, place: str) -> Target:
    if not place:
        return Target(error=_NO_FOLDER)
    named = (Customer.id, Customer.number, CustomerView.name, CustomerView.short_name)
    found = call.db.scalars(
        select(Customer.id)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(or_(*(column == place for column in named)))
    ).all()
    known = []
    for customer in found:
        seen = customers.load(call.db, customer)
        kinds = frozenset(customers.addable_kinds(call, seen))
        hidden = Status(seen.row.status) in HIDDEN_STATUSES
        if not hidden and (kinds or customers.shows(call.customer_scopes, seen)):
            known.append(Target(customer, kinds))
    if len(known) != 1:
        return Target(error=_SEVERAL if known else _NO_CUSTOMER)
    return known[0]


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
            with archive.ring() as ring, archive.db.read() as db:
                row.document = _brought(db, ring, row.customer, actor, digest, name) or ""
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
                _once(call, row.customer, actor, digest, name, view.id)
    except _Present as present:
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


class _Present(Conflict):
    """Another import by the same person brought the file while this one did."""

    def __init__(self, document: str) -> None:
        super().__init__(rule="import:present")
        self.document = document


def _once(
    call: Call, customer: str, actor: Actor, digest: bytes, name: str, document_id: str
) -> None:
    """Raise `_Present` if the file came meanwhile; nothing of this upload is then kept.

    What adds documents takes its turn at the counter of their serials, until it has committed:
    whoever is second sees here what the first has brought.
    """
    found = _brought(call.db, call.ring, customer, actor, digest, name, but=document_id)
    if found:
        raise _Present(found)


def _brought(
    db: Session,
    ring: Ring,
    customer: str,
    actor: Actor,
    digest: bytes,
    name: str,
    *,
    but: str = "",
) -> str | None:
    """Return the document, other than `but`, as which this person brought this file before.

    Only own uploads count: what others brought is theirs to be known. What came with another
    document goes away with that, and is not counted either.
    """
    wanted = intake.clean_file_name(name)
    rows = db.execute(
        select(Version.id, Version.file_name_ct, Version.document)
        .join(Document, Document.id == Version.document)
        .where(
            Document.customer == customer,
            Document.id != but,
            Version.content_token == content_token(ring.content(), digest),
            Version.created_by == actor.person,
            Version.parent_version.is_(None),
        )
    ).all()
    for version, sealed, document in rows:
        key = ring.field(customer, SEALED_AS)
        if unseal_value(key, sealed, Place(version, customer, "file_name")) == wanted:
            return str(document)
    return None
