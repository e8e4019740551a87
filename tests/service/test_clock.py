"""The clock is set back an hour: what was written before lies ahead; nothing may stand still."""

from datetime import UTC, datetime, timedelta
from typing import Self

import pytest
from sqlalchemy import text

from indexer import indexing
from service import jobs, signins
from service.audit import log
from service.audit.verify import Code
from service.errors import Denied, TooMany
from service.models import (
    Attempt,
    AuditEvent,
    Job,
    Lease,
    PolicySet,
    RequestCount,
    SignIn,
    Trial,
)
from service.rates import Rates
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
        for attempt in db.query(Attempt):
            attempt.last += HOUR
            attempt.locked_until = attempt.locked_until + HOUR if attempt.locked_until else None
        for trial in db.query(Trial):
            trial.started += HOUR


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


def guess(world: World, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Denied):
            signins.sign_in(world.archive, "archivist", "not this", address="", agent="")


def pair_failures(world: World) -> int:
    with world.archive.db.read() as db:
        return world.archive.policies.current(db).limits.sign_in.pair_failures


def test_a_lock_from_before_holds_nobody_up_and_counting_begins_anew(world: World):
    most = pair_failures(world)
    guess(world, most)
    with pytest.raises(TooMany):
        signed_in(world)
    set_back(world)
    guess(world, most)
    with pytest.raises(TooMany):
        signed_in(world)


def test_a_lock_from_before_does_not_come_back_when_its_time_is_near(world: World):
    guess(world, pair_failures(world))
    set_back(world)
    signed_in(world)
    with world.archive.db.write() as db:
        for attempt in db.query(Attempt):
            attempt.last -= HOUR
            attempt.locked_until = attempt.locked_until - HOUR if attempt.locked_until else None
    signed_in(world)


def test_wrong_passwords_from_before_count_for_nothing(world: World):
    most = pair_failures(world)
    guess(world, most - 1)
    set_back(world)
    guess(world, most - 1)
    assert signed_in(world).actor.login == "archivist"


def test_a_lock_by_a_host_whose_clock_is_a_little_ahead_holds(world: World):
    guess(world, pair_failures(world))
    with world.archive.db.write() as db:
        for attempt in db.query(Attempt).filter(Attempt.locked_until.is_not(None)):
            attempt.last += timedelta(minutes=1)
            attempt.locked_until = attempt.last + timedelta(minutes=30)
    with pytest.raises(TooMany):
        signed_in(world)


def test_a_trial_from_before_takes_nobodys_place(world: World):
    guess(world, 1)
    with world.archive.db.write() as db:
        one, other = (attempt.key for attempt in db.query(Attempt))
        ahead = datetime.now(UTC) + HOUR
        for n in range(100):
            db.add(Trial(id=f"a{n}", pair=one, place=other, started=ahead))
            db.add(Trial(id=f"b{n}", pair=other, place=one, started=ahead))
    signed_in(world)
    with world.archive.db.read() as db:
        assert db.query(Trial).count() == 0


def test_requests_of_the_minutes_to_come_count_for_nothing(world: World):
    actor, now = world.actor("archivist"), 1_800_000_000.0
    limit = spent(world, now + HOUR.total_seconds())
    rates = Rates(lambda: now)
    for _ in range(limit):
        rates.take(world.archive, actor)
    with pytest.raises(TooMany) as refused:
        rates.take(world.archive, actor)
    assert refused.value.retry_after <= 60


def test_a_host_whose_clock_is_behind_counts_in_the_minute_of_the_others(world: World):
    now = 1_800_000_000.0
    spent(world, now + 120)
    with pytest.raises(TooMany):
        Rates(lambda: now).take(world.archive, world.actor("archivist"))


def spent(world: World, at: float) -> int:
    """Have the archivist spend the whole limit of a minute; return it."""
    actor = world.actor("archivist")
    with world.archive.db.write() as db:
        limit = world.archive.policies.current(db).limits.api.requests_per_minute
        minute = int(at // 60)
        db.add(RequestCount(person=actor.person, minute=minute, taken=limit, event=None))
    return limit


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
