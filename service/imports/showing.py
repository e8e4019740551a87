"""A batch and its files as pages and programs see them, with the read rights of now.

The names of files are those that the person who looks brought, or may see: who oversees a batch
sees everything in it or nothing (`batches.find`). What the archive knows of a document (title,
client, file number) is shown only while the document may be read.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select

from service import accounts, customers, filing
from service.archive import Call
from service.codes import Grade, Processing
from service.customers import CustomerRef
from service.documents import readable
from service.filing import QueueRow
from service.imports import batches, items, sums
from service.imports.batches import Source, State
from service.imports.items import Item, ItemState
from service.imports.sums import Sums
from service.models import CustomerView, Document, ImportBatch, ImportItem, Version
from service.profiles import PersonRef

#: How many files a page shows.
PAGE = 100

#: How many files of a statement are read at once.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with its sums. `mine`: this person made it, and may change it."""

    id: str
    number: str
    source: Source
    state: State
    error: str | None
    customer: CustomerRef | None
    kind: str | None
    grade: Grade | None
    folder: str
    created: datetime
    created_by: PersonRef
    finished: datetime | None
    rev: int
    mine: bool
    sums: Sums

    @property
    def customer_id(self) -> str | None:
        """Return the one client of all its files, if there is one."""
        return self.customer.id if self.customer else None

    @property
    def going(self) -> bool:
        """Say whether something still happens to it: files come, or are being read."""
        return self.state in (State.OPEN, State.RUNNING) or self.sums.reading > 0


@dataclass(frozen=True, slots=True)
class ItemView:
    """A file of a batch, with the version it became.

    `row` is None where there is none, or where it may be neither read nor is one's own. `number`
    is the file number of its client, while that may be known.
    """

    item: Item
    row: QueueRow | None
    number: str | None

    @property
    def kind(self) -> str | None:
        """Return the kind it has now."""
        return self.row.kind if self.row else self.item.properties.kind


@dataclass(frozen=True, slots=True)
class Page:
    """Some files of a batch, and how many there are of that sort."""

    items: tuple[ItemView, ...]
    total: int


def batch(call: Call, batch_id: str) -> BatchView:
    """Return a batch this person may see."""
    row = batches.find(call, call.db, batch_id)
    call.returned([row.id])
    return described(call, [row])[0]


def own(call: Call, limit: int = 20) -> tuple[BatchView, ...]:
    """Return the latest batches that this person made."""
    return page_of_own(call, limit=limit)[0]


def page_of_own(
    call: Call, *, offset: int = 0, limit: int = 20
) -> tuple[tuple[BatchView, ...], int]:
    """Return some of the batches that this person made, newest first, and how many there are."""
    mine = select(ImportBatch).where(ImportBatch.created_by == call.actor.person)
    total = call.db.scalar(select(func.count()).select_from(mine.subquery())) or 0
    latest = mine.order_by(ImportBatch.created.desc(), ImportBatch.id).offset(offset).limit(limit)
    return described(call, call.db.scalars(latest).all()), total


#: How many batches are looked at once for those that somebody oversees.
_BATCHES = 20


def every_batch(call: Call, *, offset: int = 0, limit: int = 20) -> tuple[list[BatchView], bool]:
    """Return some of the batches that this person made or oversees, newest first; and if more are.

    What is left out is not counted either: an empty page has no other behind it.
    """
    wanted = offset + limit + 1
    seen: list[ImportBatch] = []
    for part in _newest(call):
        others = [row for row in part if row.created_by != call.actor.person]
        shown = batches.overseen(call, call.db, others)
        seen += [row for row in part if row.created_by == call.actor.person or row.id in shown]
        if len(seen) >= wanted:
            break
    call.returned([row.id for row in seen[offset : offset + limit]])
    return list(described(call, seen[offset : offset + limit])), len(seen) >= wanted


def _newest(call: Call) -> Iterator[Sequence[ImportBatch]]:
    mine = ImportBatch.created_by == call.actor.person
    wanted = select(ImportBatch).order_by(ImportBatch.created.desc(), ImportBatch.id)
    if not call.actor.roles & batches.OVERSEERS:
        wanted = wanted.where(mine)
    offset = 0
    while part := call.db.scalars(wanted.offset(offset).limit(_BATCHES)).all():
        yield part
        offset += len(part)


def described(call: Call, rows: Sequence[ImportBatch]) -> tuple[BatchView, ...]:
    """Return rows this person may see as batches."""
    counted = sums.of(call.db, [row.id for row in rows])
    names = accounts.names(call.db, {row.created_by for row in rows})
    found = []
    for row in rows:
        maker = PersonRef(row.created_by, names.get(row.created_by, row.created_by))
        found.append(
            BatchView(
                id=row.id,
                number=batches.number(row),
                source=Source(row.source),
                state=State(row.state),
                error=row.error,
                customer=_customer(call, row.customer) if row.customer else None,
                kind=row.kind,
                grade=Grade(row.grade) if row.grade else None,
                folder=batches.folder(call.ring, row),
                created=row.created,
                created_by=maker,
                finished=row.finished,
                rev=row.rev,
                mine=row.created_by == call.actor.person,
                sums=counted[row.id],
            )
        )
    return tuple(found)


def _customer(call: Call, customer_id: str) -> CustomerRef:
    view = call.db.get(CustomerView, customer_id)
    seen = customers.load(call.db, customer_id)
    return customers.named(call, seen, view.name if view else "", readable=False)


#: Sorts of files that a page can be narrowed to.
SORTS = ("left", "received", "duplicate", "failed", "skipped")


def page(call: Call, batch_id: str, *, sort: str = "", offset: int = 0, limit: int = PAGE) -> Page:
    """Return files of a batch this person may see, in their order; `sort` is one of `SORTS`."""
    batches.find(call, call.db, batch_id)
    wanted = select(ImportItem).where(ImportItem.batch == batch_id, *_sorted(sort))
    total = call.db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    return Page(
        _views(call, wanted.order_by(ImportItem.ordinal).offset(offset).limit(limit)), total
    )


def _sorted(sort: str) -> list[ColumnElement[bool]]:
    if sort not in SORTS:
        return []
    state = ItemState.EXPECTED if sort == "left" else ItemState(sort)
    here = ImportItem.state == str(state)
    if state is ItemState.FAILED:
        # what came and cannot be read has failed too, for who looks for what to do
        unread = select(Version.id).where(
            Version.id == ImportItem.version, Version.processing == str(Processing.FAILED)
        )
        here = or_(here, (ImportItem.state == str(ItemState.RECEIVED)) & unread.exists())
    return [here]


def some(call: Call, batch_id: str, ordinals: Collection[int]) -> tuple[ItemView, ...]:
    """Return some files of a batch this person may see."""
    batches.find(call, call.db, batch_id)
    of_batch = ImportItem.batch == batch_id
    wanted = select(ImportItem).where(of_batch, ImportItem.ordinal.in_(list(ordinals)[:PAGE]))
    return _views(call, wanted.order_by(ImportItem.ordinal))


def every(call: Call, batch_id: str) -> Iterator[ItemView]:
    """Yield all files of a batch this person may see, for its statement."""
    batches.find(call, call.db, batch_id)
    wanted = select(ImportItem).where(ImportItem.batch == batch_id).order_by(ImportItem.ordinal)
    last = 0
    while found := _views(call, wanted.where(ImportItem.ordinal > last).limit(_AT_ONCE)):
        yield from found
        last = found[-1].item.ordinal


def sendable(call: Call, batch_id: str) -> tuple[Item, ...]:
    """Return the files of an own batch that is sent to, those that are here already too.

    Whoever sends the rest must know these: a file in another folder may have the same name.
    """
    row = batches.find(call, call.db, batch_id)
    if row.created_by != call.actor.person or row.source in batches.WORKED:
        return ()
    of_batch = select(ImportItem).where(ImportItem.batch == batch_id)
    found = call.db.scalars(of_batch.order_by(ImportItem.ordinal).limit(batches.MOST))
    return tuple(items.read(call.ring, one) for one in found)


def _views(call: Call, wanted: Select[tuple[ImportItem]]) -> tuple[ItemView, ...]:
    rows = call.db.scalars(wanted).all()
    shown = _versions(call, rows)
    numbers = _numbers(call, {row.customer for row in rows if row.customer})
    found = []
    for row in rows:
        version = shown.get(row.version or "") or shown.get(row.document or "")
        number = version.customer.number if version else numbers.get(row.customer or "")
        found.append(ItemView(items.read(call.ring, row), version, number))
    return tuple(found)


def _numbers(call: Call, wanted: Collection[str]) -> dict[str, str | None]:
    return {one: _customer(call, one).number for one in wanted}


def _versions(call: Call, rows: Sequence[ImportItem]) -> dict[str, QueueRow]:
    """Return what files became, by version; by document for those that were there before."""
    versions = [row.version for row in rows if row.version]
    there = [row.document for row in rows if row.document and not row.version]
    newest = (
        select(func.max(Version.no))
        .where(Version.document == Document.id)
        .correlate(Document)
        .scalar_subquery()
    )
    found = call.db.execute(
        select(Version, Document)
        .join(Document, Document.id == Version.document)
        .where(
            or_(
                Version.id.in_(versions),
                Document.id.in_(there) & (Version.no == newest),
            )
        )
    ).all()
    seen = {d.customer: customers.load(call.db, d.customer) for _, d in found}
    mine = [
        (v, d)
        for v, d in found
        if v.created_by == call.actor.person or readable(call, d, seen[d.customer])
    ]
    shown: dict[str, QueueRow] = {}
    for row in filing.listed(call, mine):
        shown[row.version] = row
        if row.document in there:
            shown[row.document] = row
    return shown
