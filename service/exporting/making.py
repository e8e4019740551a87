"""The worker makes an export, with the rights that its maker has at this moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from service import accounts, customers
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.bundles.packing import Sink
from service.exporting import listing, rows, sets
from service.exporting.asked import Asked, What
from service.exporting.copies import Copier, Mark
from service.exporting.files import Copies, Files, Originals
from service.exporting.requests import ACTIONS
from service.exporting.rows import Row
from service.models import Customer, CustomerView
from service.permissions import Actor

#: Called now and then with how many documents are in.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, and for whom."""

    export_id: str
    what: What
    asked: Asked
    maker: Actor


def write(archive: Archive, sink: Sink, order: Order, progress: Progress, copier: Copier) -> Asked:
    """Write an export into `sink`; return the request about what is in it. Raises `Corrupt`.

    It is a look of its maker's at these documents: its own entry says so. `copier` makes the
    copies where these are what was asked for.
    """
    subject = Subject("export_file", order.export_id)
    with archive.call(order.maker, ACTIONS[order.what], subject, writes=False) as call:
        held: list[str] = []
        clients: set[str] = set()
        # a client's list has the newest versions, as its page; a set has those that show
        newest = bool(order.asked.conditions.of) and order.what is What.LIST
        named: tuple[str, ...] = ()
        found = _passing(
            rows.of(call, order.asked.documents, newest=newest), held, clients, progress
        )
        about = _statement(call, order.asked)
        if order.what is What.LIST:
            listing.write(sink, found, about)
        else:
            files = _files(call, order, about, copier)
            named = sets.write(sink, call, found, files, about, lambda: progress(len(held)))
        call.returned(held)
        if about.client:
            clients.add(order.asked.conditions.of)
        everybody = order.what is not What.LIST and sets.everybodys(call)
    return order.asked.holding(tuple(held), named, tuple(sorted(clients)), everybody=everybody)


def _files(call: Call, order: Order, about: listing.Statement, copier: Copier) -> Files:
    if order.what is What.DOCUMENTS:
        return Originals(call, order.asked.documents)
    maker = order.maker
    made = about.made.astimezone(about.zone)
    mark = Mark(maker.name, str(maker.department or ""), made, order.asked.event)
    return Copies(call, mark, copier)


def _passing(
    found: Iterator[Row], held: list[str], clients: set[str], progress: Progress
) -> Iterator[Row]:
    """Give the rows on, keep their ids and those of their clients, and tell how far it is."""
    progress(0)
    for row in found:
        held.append(row.document)
        clients.add(row.customer)
        progress(len(held))
        yield row


def _statement(call: Call, asked: Asked) -> listing.Statement:
    wanted = asked.conditions
    client = ""
    # who may no longer see the client is not told its name either
    if wanted.of and customers.shows(call.customer_scopes, customers.load(call.db, wanted.of)):
        number = call.db.get_one(Customer, wanted.of).number or ""
        name = call.db.get_one(CustomerView, wanted.of).name
        client = f"{name} {number}".strip()
    return listing.Statement(
        asked=asked,
        made=datetime.now(UTC),
        zone=ZoneInfo(call.archive.settings.timezone),
        client=client,
        names=accounts.names(call.db, set(wanted.filters.owner)),
    )
