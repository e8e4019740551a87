"""The clock is set back an hour: what was written before lies ahead; nothing may stand still."""

from datetime import UTC, datetime, timedelta
from typing import Self

import pytest
from sqlalchemy import text

from indexer import indexing
from service import jobs, signins
from service.audit import log
from service.audit.verify import Code
from service.models import AuditEvent, Job, Lease, PolicySet, SignIn
from tests.world import World, password

HOUR = timedelta(hours=1)


def set_back(world: World) -> None:
    """Make everything that has a time an hour newer than now, as it looks after that."""
    with world.archive.db.write() as db:
        for job in db.query(Job):
            job.due += HOUR
            job.held_until = job.held_until + HOUR if job.held_until else None
        for lease in db.query(Lease).filter(Lease.name != "host"):
            lease.until += HOUR
        for bound in db.query(PolicySet):
            bound.effective_from += HOUR
        for sign_in in db.query(SignIn):
            sign_in.created += HOUR
            sign_in.last_seen += HOUR
            sign_in.confirmed += HOUR


def test_waiting_work_is_done_at_once(world: World):
    paper = world.document(world.customer().id, "焊接机器人")
    set_back(world)
    world.work()
    assert world.found("焊接机器人", by="archivist") == {paper.id}


def test_what_a_dead_worker_held_is_taken_again(world: World):
    paper = world.document(world.customer().id, "焊接机器人")
    with world.archive.db.write() as db:
        assert jobs.take(db, "gone:1", ("extract",))
        assert jobs.lease(db, indexing.LEASE, "gone:1", 60)
    set_back(world)
    world.work()
    assert world.found("焊接机器人", by="archivist") == {paper.id}


def test_what_a_worker_holds_now_is_not_taken_from_it(world: World):
    world.document(world.customer().id, "焊接机器人")
    with world.archive.db.write() as db:
        assert jobs.take(db, "other:1", ("extract",))
        assert jobs.lease(db, indexing.LEASE, "other:1", 60)
        assert not jobs.take(db, "mine:1", ("extract",))
        assert not jobs.lease(db, indexing.LEASE, "mine:1", 60)


def test_the_first_policy_is_in_force_and_people_can_work(world: World):
    set_back(world)
    world.customer()
    assert world.search("焊接", by="archivist").total == 0


def signed_in(world: World) -> signins.SignedIn:
    given = password("archivist")
    return signins.sign_in(world.archive, "archivist", given, address="", agent="")


def resolved(world: World, token: str) -> bool:
    return signins.resolve(world.archive, token, address="", agent="") is not None


def test_a_sign_in_goes_on_and_is_idle_from_then_on(world: World):
    signed = signed_in(world)
    set_back(world)
    assert resolved(world, signed.token)
    with world.archive.db.write() as db:
        seen = db.query(SignIn).one()
        assert seen.last_seen - datetime.now(UTC) < timedelta(minutes=1)
        seen.last_seen -= timedelta(minutes=31)
    assert not resolved(world, signed.token)


def test_a_password_given_in_the_future_was_not_given_lately(world: World):
    signed = signed_in(world)
    assert signins.confirmed_lately(world.archive, signed.actor)
    set_back(world)
    assert not signins.confirmed_lately(world.archive, signed.actor)


class Ahead(datetime):
    """A clock that goes an hour ahead."""

    @classmethod
    def now(cls, tz=None) -> Self:
        return super().now(tz) + HOUR


def test_the_log_keeps_its_order_by_number(world: World, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as ahead:
        ahead.setattr(log, "datetime", Ahead)
        first = world.customer().id
    second = world.customer("另一家有限公司").id
    with world.archive.db.read() as db:
        rows = db.query(AuditEvent).filter_by(action="customer.create").order_by(AuditEvent.seq)
        events = [(row.object, row.ts) for row in rows]
        assert db.execute(text("SELECT count(*) FROM audit_event")).scalar_one() > 2
    assert [thing for thing, _ in events] == [first, second]
    assert events[0][1] > events[1][1]
    assert world.verify().code is Code.OK
