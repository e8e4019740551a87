"""The worker makes bundles: it keeps hold of the job, and asks again what its maker may."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from indexer import bundling
from indexer.extract.sandbox import Sandbox
from service.accounts import PersonChange
from service.codes import Department, Role
from service.errors import Denied
from service.models import AuditBody, AuditEvent, AuditExport, Job
from tests.bundled import Bundle, asked, certificate, fetched
from tests.world import World, embedded, policy_with


def row_of(world: World, export_id: str) -> AuditExport:
    with world.archive.db.read() as db:
        row = db.get_one(AuditExport, export_id)
        db.expunge(row)
        return row


def stored(world: World) -> set[str]:
    return {each.name for each in world.archive.blobs.list()}


def once(world: World, export_id: str, then: Callable[[], object]) -> Callable[[], None]:
    """Return a beat that does something at its first call after the object is written down."""
    left = [then]

    def beat() -> None:
        if left and row_of(world, export_id).blob:
            left.pop()()

    return beat


# -- keeping hold ------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_worker_shows_life_while_a_bundle_is_encrypted_and_stored(
    world: World, *, encrypted: bool
) -> None:
    pem = certificate(rsa.generate_private_key(65537, 2048)) if encrypted else ""
    export_id = asked(world, certificate=pem)
    beats: list[bool] = []

    def beat() -> None:
        beats.append(bool(row_of(world, export_id).blob))

    assert bundling.run(world.archive, "one", beat) == 1
    assert beats[-1], "while it is stored"
    assert beats.count(False) > (2 if encrypted else 0), "before it is stored"


def test_a_worker_whose_hold_ran_out_leaves_the_bundle_of_the_one_that_took_over(
    world: World,
) -> None:
    before = stored(world)
    export_id = asked(world)

    def overtake() -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        with world.archive.db.write() as db:
            db.execute(update(Job).where(Job.subject == export_id).values(held_until=past))
        assert bundling.run(world.archive, "two", lambda: None) == 1

    assert bundling.run(world.archive, "one", once(world, export_id, overtake)) == 0
    assert row_of(world, export_id).state == "ready"
    assert Bundle.of(fetched(world, export_id)).shown()
    assert len(stored(world) - before) == 1
    assert outcomes(world, export_id) == [("allow", None), ("fail", "overtaken")]


def test_what_is_left_to_another_worker_is_made_even_if_that_one_dies(world: World) -> None:
    export_id = asked(world)

    def overtake() -> None:
        with world.archive.db.write() as db:
            # another took the job, wrote down its own object, and is no more
            past = datetime.now(UTC) - timedelta(seconds=1)
            mine = Job.subject == export_id
            db.execute(update(Job).where(mine).values(held_until=past, holder="two"))
            db.get_one(AuditExport, export_id).blob = "a" * 26

    assert bundling.run(world.archive, "one", once(world, export_id, overtake)) == 0
    assert row_of(world, export_id).state == "running"
    assert bundling.run(world.archive, "three", lambda: None) == 1
    assert Bundle.of(fetched(world, export_id)).shown()


def outcomes(world: World, export_id: str) -> list[tuple[str | None, str | None]]:
    """Return decision and error of the worker's outcomes."""
    workers = (AuditEvent.phase == "outcome", AuditEvent.actor == "worker")
    with world.archive.db.read() as db:
        found = db.execute(
            select(AuditEvent.decision, AuditEvent.seq)
            .where(AuditEvent.object == export_id, *workers)
            .order_by(AuditEvent.seq)
        )
        return [(decision, error_of(db, seq)) for decision, seq in found]


def error_of(db: Session, seq: int) -> str | None:
    body = json.loads(db.get_one(AuditBody, seq).body)
    return cast("str | None", body.get("result", {}).get("error"))


# -- what its maker may now --------------------------------------------------------------------


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[World]:
    """An archive whose lawyers may have bundles, but open nothing that was sealed."""
    folder = tmp_path_factory.mktemp("closed")
    right = '[do."audit.open"]\nauditor = { effect = "yes" }\n'
    lawyers = 'legal = { effect = "yes" }\n'
    texts = policy_with(folder / "policy", "roles.toml", right + lawyers, right)
    settings = replace(embedded(folder / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as opened:
        opened.people()
        opened.search("谐波减速器", by="sales")
        yield opened


def test_what_was_sealed_goes_to_nobody_who_may_not_open_it(closed: World) -> None:
    theirs = asked(closed, receiver=closed.id("legal"))
    opened = asked(closed, receiver=closed.id("legal"), details=True)
    closed.work()
    assert "details.ndjson" not in Bundle.of(fetched(closed, theirs, by="legal")).files
    with pytest.raises(Denied):
        fetched(closed, opened, by="legal")
    assert row_of(closed, opened).fetched == 0
    assert "details.ndjson" in Bundle.of(fetched(closed, opened)).files
    with pytest.raises(Denied):
        asked(closed, by="legal", details=True)


def test_a_right_that_was_taken_away_closes_the_bundles_there_are(closed: World) -> None:
    closed.person("auditor2", frozenset({Role.AUDITOR}), Department.MANAGEMENT)
    made = [asked(closed, by="auditor2", details=details) for details in (True, False)]
    closed.work()
    closed.change("auditor2", PersonChange(roles=frozenset({Role.LEGAL})))
    with pytest.raises(Denied):
        fetched(closed, made[0], by="auditor2")
    assert fetched(closed, made[1], by="auditor2")


@pytest.mark.parametrize(
    ("role", "active", "made"),
    [
        (Role.LEGAL, True, [False, True]),
        (Role.SALES, True, [False, False]),
        (None, False, [False] * 2),
    ],
)
def test_the_worker_asks_what_the_maker_may_now(
    closed: World, role: Role | None, *, active: bool, made: list[bool]
) -> None:
    login = f"leaver_{role}".lower()
    closed.person(login, frozenset({Role.AUDITOR}), Department.MANAGEMENT)
    waiting = [asked(closed, by=login, details=details) for details in (True, False)]
    closed.change(login, PersonChange(roles=frozenset({role}) if role else None, active=active))
    before = stored(closed)
    closed.work()
    rows = [row_of(closed, one) for one in waiting]
    assert [row.state == "ready" for row in rows] == made
    assert all(row.error == "denied" and row.blob is None for row in rows if row.state != "ready")
    assert len(stored(closed) - before) == sum(made)
