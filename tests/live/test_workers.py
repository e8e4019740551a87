"""Two workers at once on the real servers: nothing lost, nothing done twice that anybody sees."""

import random
from functools import partial

import pytest
from sqlalchemy import func, select

from indexer import extraction, work
from indexer.extract.sandbox import Sandbox
from indexer.reconcile import drift
from service.audit.verify import Code
from service.codes import Category, Processing
from service.models import AuditEvent, Document, Job, Text, Version
from tests.live.asking import postgres
from tests.live.together import draining, processes, together
from tests.live.world import Home, home, on_servers
from tests.world import World

pytestmark = pytest.mark.live


def whole(world: World, papers: set[str], q: str) -> None:
    """Check that every paper was read once, is found, and stands in one index."""
    with world.archive.db.read() as db:
        states = set(db.scalars(select(Version.processing)))
        texts = db.scalar(select(func.count()).select_from(Text))
        versions = db.scalar(select(func.count()).select_from(Version))
        attempts = set(db.execute(select(Job.state, Job.attempts)).tuples())
        ended = db.query(AuditEvent).filter_by(action="document.extract", phase="outcome").count()
    assert states == {str(Processing.SEARCHABLE)}
    assert texts == versions == ended
    assert attempts == {("done", 1)}
    assert world.found(q, by="archivist") == papers
    state = drift(world.archive)
    assert (state.drift, state.indexed, state.waiting, state.marks) == (0, len(papers), 0, 0)
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, ())


def test_two_workers_share_the_work(world):
    chosen = random.Random(8)
    files = [world.customer(f"{c}客户有限公司", c) for c in Category]
    papers = {
        world.document(
            chosen.choice(files).id, f"第{n}份 焊接机器人" * 50, kind="inquiry", by="archivist"
        ).id
        for n in range(24)
    }
    for paper in sorted(papers)[:8]:
        world.version(paper, "新版 焊接机器人", by="archivist")
    assert processes(2, draining, world.archive.settings) == [0, 0]
    world.work()
    whole(world, papers, "焊接机器人")


def test_two_workers_and_people_who_move_customers_meanwhile(world):
    customer = world.customer(category=Category.POTENTIAL)
    papers = {
        world.document(customer.id, f"第{n}份 焊接机器人", kind="inquiry", by="archivist").id
        for n in range(8)
    }
    for to in (Category.INTENDED, Category.ACTIVE, Category.ENDED):
        world.move(customer.id, str(to))
    assert processes(2, draining, world.archive.settings) == [0, 0]
    world.work()
    whole(world, papers, "焊接机器人")
    assert world.found("焊接机器人", by="legal") == set()  # of ended customers it reads complaints


def test_two_workers_may_start_on_an_empty_archive(tmp_path, sandbox: Sandbox):
    empty = home(tmp_path / "data")
    with on_servers(empty) as settings:
        assert processes(2, draining, settings) == [0, 0]
        with World.opened(settings, sandbox) as world:
            world.people()
            paper = world.document(world.customer().id, "焊接机器人")
            world.work()
            whole(world, {paper.id}, "焊接机器人")


def test_a_worker_that_stood_still_and_comes_late_changes_nothing(
    world: World, place: Home, sandbox: Sandbox
):
    paper = world.document(world.customer().id, "第一版 齿轮箱")
    newest = world.version(paper.id, "第二版 谐波减速器").versions[0]

    def read(holder: str) -> list[extraction.Outcome]:
        taken = work.take(world.archive, holder, ("extract",), 2, extraction.begin)
        return [extraction.extract(world.archive, sandbox, one) for one in taken]

    late = read("worker:1")
    with postgres(place.url("archive")) as owner:
        owner.execute("UPDATE job SET held_until = created")
    for outcome in reversed(read("worker:2")):
        extraction.commit(world.archive, [outcome])
    world.work()
    extraction.commit(world.archive, late)
    with world.archive.db.read() as db:
        assert db.get_one(Document, paper.id).shown == newest.id
        assert db.scalar(select(func.count()).select_from(Text)) == 2
        assert set(db.scalars(select(Job.state))) == {"done"}
    assert world.found("谐波减速器", by="archivist") == {paper.id}
    assert world.found("齿轮箱", by="archivist") == set()
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, ())


def test_two_versions_committed_at_the_same_moment_show_the_newest(world: World, sandbox: Sandbox):
    customer = world.customer()
    for n in range(6):
        paper = world.document(customer.id, f"第{n}份 齿轮箱")
        newest = world.version(paper.id, f"第{n}份 谐波减速器").versions[0]
        taken = work.take(world.archive, "worker:1", ("extract",), 2, extraction.begin)
        read = [extraction.extract(world.archive, sandbox, one) for one in taken]
        commits = [partial(extraction.commit, world.archive, [one]) for one in read]
        assert together(commits) == [None, None]
        with world.archive.db.read() as db:
            assert db.get_one(Document, paper.id).shown == newest.id
