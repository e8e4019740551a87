"""A server goes away and comes back: a clear answer, the rest goes on, and nothing is lost."""

import pytest

from indexer import extraction, indexing, work
from indexer.extract.sandbox import Sandbox
from indexer.reconcile import drift
from service.audit.verify import Code
from service.errors import Unavailable
from service.models import Blob, Document, Job, Version
from service.opening import open_archive
from service.permissions import Action
from tests.live.asking import postgres
from tests.live.control import gone
from tests.live.world import Home, on_servers
from tests.scenario import decisions, download
from tests.web.programs import Program, Programs
from tests.world import World

pytestmark = [pytest.mark.live, pytest.mark.outage]

UPLOAD = {"kind": "minutes", "file_name": "纪要.txt"}


@pytest.fixture
def programs(world: World) -> Programs:
    made = Programs.of(world)
    for login in ("archivist", "service_officer"):
        assert made[login].get("/me").status_code == 200
    return made


@pytest.fixture
def archivist(programs: Programs) -> Program:
    return programs["archivist"]


@pytest.fixture
def officer(programs: Programs) -> Program:
    return programs["service_officer"]


def now_due(place: Home) -> None:
    """Let the pause before the next attempt be over, and what a dead worker held be free."""
    with postgres(place.url("archive")) as owner:
        owner.execute("UPDATE job SET due = created, held_until = created WHERE state <> 'done'")
        owner.execute("DELETE FROM lease")


def jobs_of(world: World, kind: str) -> list[tuple[str, int]]:
    with world.archive.db.read() as db:
        rows = db.query(Job).filter_by(kind=kind).order_by(Job.created)
        return [(row.state, row.attempts) for row in rows]


def rows(world: World) -> list[int]:
    with world.archive.db.read() as db:
        return [db.query(table).count() for table in (Document, Version, Blob, Job)]


def found(program: Program, q: str) -> set[str]:
    answer = program.get("/search", query_string={"q": q})
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return {item["document"]["id"] for item in answer.json["items"]}


def away(answer) -> str:
    """Return the part that an answer says is away."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"]
    return str(answer.json["part"])


def in_order(world: World) -> None:
    state = drift(world.archive)
    assert (state.drift, state.waiting, state.marks) == (0, 0, 0)
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, ())


def test_without_elasticsearch_everything_but_searching_goes_on(world, place, officer, archivist):
    customer = world.customer()
    first = world.document(customer.id, "第一份 焊接机器人")
    world.work()
    with gone("elastic"):
        refused = archivist.get("/search?q=焊接机器人")
        assert away(refused) == "search"
        assert refused.json["event"]
        ready = officer.client.get("/readyz")
        assert (ready.status_code, ready.json["parts"]["search"]) == (503, "unavailable")
        assert ready.json["parts"]["database"] == "ok"
        listed = archivist.get("/customers")
        assert [c["id"] for c in listed.json["items"]] == [customer.id]
        content = archivist.get(f"/documents/{first.id}/content")
        assert content.data.decode() == "第一份 焊接机器人"
        path = f"/customers/{customer.id}/documents"
        second = officer.upload(path, "第二份 焊接机器人".encode(), **UPLOAD)
        assert second.status_code == 201, second.text
        for _ in range(7):
            now_due(place)
            world.work()
        assert jobs_of(world, "extract")[-1] == ("done", 1)
        assert jobs_of(world, "index")[-1] == ("waiting", 0)
        moved = archivist.act(
            f"/customers/{customer.id}/category",
            {"to": "active", "reason": "签约", "coop_type": "project"},
            etag=archivist.etag(f"/customers/{customer.id}"),
        )
        assert moved.status_code == 200, moved.text
    # the index is behind, and says nothing that is no longer so
    assert found(archivist, "焊接机器人") == set()
    now_due(place)
    world.work()
    assert found(archivist, "焊接机器人") == {first.id, second.json["id"]}
    in_order(world)


def test_without_the_store_nothing_is_taken_or_handed_out_by_halves(
    world, place, officer, archivist
):
    customer = world.customer()
    path = f"/customers/{customer.id}/documents"
    read = world.document(customer.id, "第一份 焊接机器人")
    world.work()
    unread = world.document(customer.id, "第二份 焊接机器人")
    before = rows(world)
    with gone("minio"):
        assert away(officer.upload(path, "第三份".encode(), **UPLOAD)) == "blobs"
        versions = f"/documents/{read.id}/versions"
        assert away(officer.upload(versions, b"newer", file_name="a.txt")) == "blobs"
        assert away(archivist.get(f"/documents/{read.id}/content")) == "blobs"
        assert officer.client.get("/readyz").json["parts"]["blobs"] == "unavailable"
        assert rows(world) == before
        spool = world.archive.settings.data / "spool"
        assert [p for p in spool.rglob("*") if p.is_file()] == []
        assert found(archivist, "焊接机器人") == {read.id}
        for _ in range(2):
            now_due(place)
            world.work()
        assert jobs_of(world, "extract")[-1] == ("waiting", 0)
    now_due(place)
    world.work()
    assert found(archivist, "焊接机器人") == {read.id, unread.id}
    assert download(world, read.id, by="archivist").decode() == "第一份 焊接机器人"
    assert officer.upload(path, "第三份".encode(), **UPLOAD).status_code == 201
    world.work()
    in_order(world)


def test_a_download_that_the_store_refused_stands_in_the_log_as_failed(world, archivist):
    paper = world.document(world.customer().id, "焊接机器人")
    with gone("minio"):
        archivist.get(f"/documents/{paper.id}/content")
    assert decisions(world, Action.DOCUMENT_ORIGINAL) == [("intent", None), ("outcome", "fail")]


def test_without_the_database_nothing_is_shown_and_all_is_there_again_afterwards(
    world, officer, archivist
):
    customer = world.customer()
    paper = world.document(customer.id, "焊接机器人")
    world.work()
    with gone("postgres"):
        assert away(archivist.get("/search?q=焊接机器人")) in ("log", "database")
        assert away(archivist.get("/customers")) in ("log", "database")
        assert away(archivist.get(f"/documents/{paper.id}/content")) in ("log", "database")
        path = f"/customers/{customer.id}/documents"
        assert away(officer.upload(path, b"more", **UPLOAD)) in ("log", "database")
        ready = officer.client.get("/readyz").json["parts"]
        assert (ready["database"], ready["keystore"]) == ("unavailable", "unavailable")
        assert officer.client.get("/healthz").status_code == 200
        with pytest.raises(Unavailable):
            world.work()
    assert found(archivist, "焊接机器人") == {paper.id}
    assert officer.upload(path, "谐波减速器".encode(), **UPLOAD).status_code == 201
    world.work()
    assert len(found(archivist, "谐波减速器")) == 1
    in_order(world)


def test_a_worker_that_loses_the_database_loses_no_work(world: World, place, sandbox: Sandbox):
    paper = world.document(world.customer().id, "焊接机器人")
    holder = "worker:1"
    taken = work.take(world.archive, holder, ("extract",), 1, extraction.begin)
    read = [extraction.extract(world.archive, sandbox, one) for one in taken]
    with gone("postgres"), pytest.raises(Unavailable):
        extraction.commit(world.archive, read)
    assert world.found("焊接机器人", by="archivist") == set()
    now_due(place)
    world.work()
    assert world.found("焊接机器人", by="archivist") == {paper.id}
    # the first attempt's intent is all that is left of it
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, (taken[0].intent,))


def test_a_worker_that_loses_the_engine_in_the_middle_sends_everything_again(world, place):
    customer = world.customer()
    papers = {world.document(customer.id, f"第{n}份 焊接机器人").id for n in range(3)}
    with world.worker() as worker:
        worker.extract_waiting()
    with gone("elastic"):
        assert indexing.run(world.archive, "worker:1") == 0
    indexing.release_lease(world.archive, "worker:1")
    now_due(place)
    world.work()
    assert world.found("焊接机器人", by="archivist") == papers
    in_order(world)


def test_a_first_worker_makes_index_and_bucket_once_the_servers_are_there(
    place: Home, sandbox: Sandbox
):
    with on_servers(place) as settings:
        with gone("elastic"), gone("minio"):
            started = open_archive(settings, indexing=True)
        world = World(started, sandbox)
        with world.worker() as worker:
            worker.drain()
            paper = world.document(world.customer().id, "焊接机器人")
            worker.drain()
        assert world.found("焊接机器人", by="archivist") == {paper.id}
        started.close()
