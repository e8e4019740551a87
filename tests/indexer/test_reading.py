"""Files being read several at a time: who goes first, what is committed together, and stopping."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any, BinaryIO

import pytest
from sqlalchemy import select, update

from indexer.extract.result import Failed
from indexer.extract.sandbox import Sandbox
from indexer.extraction import Outcome
from indexer.reading import Reading
from service import jobs
from service.blobs.port import Blobs
from service.errors import Unavailable
from service.jobs import Lane
from service.models import Job
from tests.indexer import scans
from tests.world import World


class SlowStore:
    """A store from which nothing is to be had until `let` says how many may come."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._left = Semaphore(0)
        self.asked = Semaphore(0)
        self.away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def let(self, count: int) -> None:
        self._left.release(count)

    def open(self, name: str, start: int = 0, length: int | None = None) -> BinaryIO:
        self.asked.release()
        self._left.acquire()
        if self.away:
            raise Unavailable("blobs")
        return self._blobs.open(name, start, length)


@pytest.fixture
def store(world: World) -> SlowStore:
    slow = SlowStore(world.archive.blobs)
    world.archive.blobs = slow
    return slow


@pytest.fixture
def stop() -> Event:
    return Event()


@pytest.fixture
def reading(world: World, store: SlowStore, stop: Event) -> Iterator[Reading]:
    parts = (world.archive, world.sandbox, "worker:1")
    with Reading(*parts, children=1, stop=stop, beat=lambda: None) as reading:
        yield reading
        store.let(1000)


def bulk(world: World, count: int) -> list[str]:
    """Upload documents as an import does; returns their versions."""
    customer = world.customer()
    versions = [world.document(customer.id, f"第{n}份 齿轮箱").versions[0].id for n in range(count)]
    with world.archive.db.write() as db:
        db.execute(update(Job).where(Job.kind == "extract").values(lane=int(Lane.BULK)))
    return versions


def versions_of(outcomes: list[Outcome]) -> list[str]:
    return [one.work.job.subject for one in outcomes]


def states(world: World) -> dict[str, tuple[str, int]]:
    with world.archive.db.read() as db:
        rows = db.execute(select(Job.subject, Job.state, Job.attempts).where(Job.kind == "extract"))
        return {subject: (state, attempts) for subject, state, attempts in rows}


def test_what_somebody_waits_for_goes_before_files_of_an_import_that_are_held_already(
    world: World, store: SlowStore, reading: Reading
) -> None:
    imported = bulk(world, 8)
    store.let(2)
    assert set(versions_of(reading.some())) == set(imported[:2])
    store.let(1)
    # others are held now, the first of them is being fetched
    assert versions_of(reading.some()) == imported[2:3]
    waited_for = world.document(world.customer().id, "谐波减速器").versions[0].id
    store.let(1)
    assert versions_of(reading.some()) == imported[3:4]
    # one may have been begun before it came
    store.let(1)
    fourth = versions_of(reading.some())
    store.let(1)
    fifth = versions_of(reading.some())
    assert {*fourth, *fifth} == {imported[4], waited_for}


def test_results_of_an_import_are_committed_together(
    world: World, store: SlowStore, reading: Reading
) -> None:
    imported = bulk(world, 12)
    store.let(12)
    commits = []
    while outcomes := reading.some():
        commits.append(versions_of(outcomes))
    assert {one for commit in commits for one in commit} == set(imported)
    assert len(commits) <= 6
    assert reading.count == 12


def test_a_worker_that_stops_gives_back_what_it_holds_and_has_not_begun(
    world: World, store: SlowStore, reading: Reading, stop: Event
) -> None:
    imported = bulk(world, 7)
    store.let(1)
    assert versions_of(reading.some()) == imported[:1]
    store.let(1)
    assert versions_of(reading.some()) == imported[1:2]
    # the next is being fetched, the others are held for it
    stop.set()
    assert set(versions_of(reading.some())) <= set(imported[3:])
    store.let(1)
    while reading.some():
        pass
    now = states(world)
    assert [now[one] for one in imported[:3]] == [("done", 1)] * 3
    assert [now[one] for one in imported[3:]] == [("waiting", 0)] * 4


def test_while_the_store_is_away_held_files_are_not_asked_for_one_by_one(
    world: World, store: SlowStore, reading: Reading, stop: Event
) -> None:
    imported = bulk(world, 6)
    store.let(2)
    reading.some()
    store.away = True
    store.let(1)
    outcomes = reading.some()
    assert {one.away for one in outcomes} == {"blobs"}
    # the one that is being asked for may still be under way
    assert set(versions_of(outcomes)) >= {imported[2], *imported[4:]}
    stop.set()
    store.let(1)
    reading.some()
    assert [states(world)[one] for one in imported[2:]] == [("waiting", 0)] * 4
    with world.archive.db.read() as db:
        assert not jobs.due(db, ["extract"])


def test_a_free_child_reads_what_comes_while_another_is_busy(
    world: World, store: SlowStore
) -> None:
    slow = bulk(world, 1)
    with (
        Sandbox(children=2) as sandbox,
        ThreadPoolExecutor(1) as pool,
        Reading(
            world.archive, sandbox, "worker:1", children=2, stop=Event(), beat=lambda: None
        ) as reading,
    ):
        first = pool.submit(reading.some)
        store.asked.acquire()
        later = world.document(world.customer().id, "谐波减速器").versions[0].id
        # it is asked for although the first one is not there yet
        asked = store.asked.acquire(timeout=30)
        store.let(1000)
        outcomes = [*first.result(), *reading.some()]
    assert asked
    assert set(versions_of(outcomes)) == {*slow, later}


def test_two_versions_of_a_document_read_together_show_the_newest(world: World) -> None:
    customer = world.customer()
    paper = world.document(customer.id, "第一版 齿轮箱")
    world.version(paper.id, "第二版 谐波减速器")
    with world.worker() as worker:
        assert worker.extract_waiting() == 2
        worker.drain()
    assert world.found("谐波减速器", by="archivist") == {paper.id}
    assert world.found("齿轮箱", by="archivist") == set()


class Interrupted(Sandbox):
    """Asks the children of another sandbox; does something before the first page of a scan."""

    def __init__(self, other: Sandbox, before: Callable[[], None]) -> None:
        """Start no children."""
        self.extract = other.extract  # type: ignore[method-assign]
        self.ask_other = other.ask
        self.before: list[Callable[[], None]] = [before]

    def ask(self, *asked: Any) -> dict[str, Any] | Failed:
        if self.before:
            self.before.pop()()
        return self.ask_other(*asked)


def scan() -> bytes:
    pages = [scans.page([f"Sheet number {n}"], mode="L") for n in range(2)]
    return scans.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])


def test_a_worker_that_stops_in_the_middle_of_a_scan_gives_it_back(
    world: World, stop: Event
) -> None:
    made = world.document(world.customer().id, scan(), file_name="fax.tif")
    version = made.versions[0].id
    sandbox = Interrupted(world.sandbox, stop.set)
    with Reading(
        world.archive, sandbox, "worker:1", children=1, stop=stop, beat=lambda: None
    ) as reading:
        assert versions_of(reading.some()) == [version]
        assert reading.some() == []
    assert states(world) == {version: ("waiting", 0)}


def test_what_somebody_waits_for_is_read_between_the_pages_of_a_scan(
    world: World, stop: Event
) -> None:
    long = world.document(world.customer().id, scan(), file_name="fax.tif").versions[0].id
    short: list[str] = []

    def upload() -> None:
        short.append(world.document(world.customer().id, "马上要看的报价").versions[0].id)
        while states(world)[short[0]][0] == "waiting":
            stop.wait(0.02)

    with Reading(
        world.archive,
        Interrupted(world.sandbox, upload),
        "worker:1",
        children=1,
        stop=stop,
        beat=lambda: None,
    ) as reading:
        order = versions_of(reading.some() + reading.some())
    assert order == [short[0], long]
