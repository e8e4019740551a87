"""Exports of the archive in tests: asking for one, fetching it, what is in it."""

import csv
import io
from datetime import date

from openpyxl import load_workbook

from service.audit.entries import Subject
from service.exporting import handing, requests
from service.exporting.asked import Conditions, Format
from service.exporting.requests import ExportView, New
from service.permissions import Action
from service.search.port import Filters
from tests.world import World


def wanted(
    q: str = "", *, of: str = "", first: date | None = None, last: date | None = None
) -> Conditions:
    """Return what to export: an answer to words, or a client's documents, of these days."""
    return Conditions(q=q, of=of, filters=Filters(day_from=first, day_to=last))


def asked(
    world: World, by: str, conditions: Conditions | None = None, *, written: str = "csv"
) -> str:
    """Ask for a list, or a set (`zip`); return its id."""
    new = New(written, conditions or wanted())
    subject, action = Subject("export_file"), requests.ACTIONS[Format(written).what]
    with world.archive.call(world.actor(by), action, subject, writes=True) as call:
        return requests.request(call, new).id


def seen(world: World, export_id: str, by: str) -> ExportView:
    """Look at an export."""
    subject = Subject("export_file", export_id)
    with world.archive.call(world.actor(by), Action.EXPORT_FETCH, subject) as call:
        return requests.get(call, export_id)


def fetched(world: World, export_id: str, by: str) -> bytes:
    """Fetch an export that is made."""
    subject = Subject("export_file", export_id)
    with world.archive.call(world.actor(by), Action.EXPORT_FETCH, subject) as call:
        original = handing.fetch(call, export_id)
    return b"".join(original.chunks())


def fetched_between(world: World, export_id: str, by: str) -> None:
    """Begin to fetch an export; somebody else fetches it before this has ended."""
    subject = Subject("export_file", export_id)
    with world.archive.call(world.actor(by), Action.EXPORT_FETCH, subject) as call:
        handing.fetch(call, export_id)
        fetched(world, export_id, by)


def made(
    world: World, by: str, conditions: Conditions | None = None, *, written: str = "csv"
) -> bytes:
    """Ask for a list, have it made, fetch it."""
    export_id = asked(world, by, conditions, written=written)
    world.work()
    return fetched(world, export_id, by)


def of_csv(data: bytes) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the rows of a list by their columns, and the lines of its statement."""
    header, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    end = lines.index([])
    rows = [dict(zip(header, line, strict=True)) for line in lines[:end]]
    return rows, dict(lines[end + 1 :])


def of_workbook(data: bytes) -> tuple[list[dict[str, object]], dict[str, object]]:
    """Return the same of a workbook."""
    book = load_workbook(io.BytesIO(data))
    header, *lines = book["清单"].iter_rows(values_only=True)
    rows = [dict(zip(map(str, header), line, strict=True)) for line in lines]
    return rows, {str(name): value for name, value in book["说明"].iter_rows(values_only=True)}
