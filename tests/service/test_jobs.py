"""Looking for work: as cheap in an archive of years as in an empty one."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from service import jobs
from service.ids import new_id
from service.models import Job
from tests.world import World

KINDS = ("extract", "render")
ONE = ("extract",)


def finished(db: Session, count: int) -> None:
    """Leave jobs that are done, as the years do."""
    now = datetime.now(UTC)
    row = {"lane": int(jobs.Lane.BULK), "state": "done", "attempts": 1, "due": now}
    row |= {"created": now, "started": now, "finished": now}
    for kind in KINDS:
        rows = [row | {"id": new_id(), "kind": kind, "subject": new_id()} for _ in range(count)]
        db.execute(insert(Job), rows)


def steps(db: Session, look: Callable[[Session], object]) -> int:
    """Return how many hundred instructions the database needs for a look, and one."""
    counted = [1]

    def step() -> int:
        counted[0] += 1
        return 0

    driver = db.connection().connection.driver_connection
    assert driver is not None
    driver.set_progress_handler(step, 100)
    try:
        look(db)
    finally:
        driver.set_progress_handler(None, 0)
    return counted[0]


LOOKS: dict[str, Callable[[Session], object]] = {
    "due": lambda db: jobs.due(db, KINDS),
    "due of one kind": lambda db: jobs.due(db, ONE),
    "due in a lane": lambda db: jobs.due(db, KINDS, lane=jobs.Lane.INTERACTIVE),
    "take": lambda db: jobs.take(db, "nobody", KINDS, limit=8),
    "take of one kind": lambda db: jobs.take(db, "nobody", ONE),
    "take in a lane": lambda db: jobs.take(db, "nobody", KINDS, lane=jobs.Lane.BULK),
}


@pytest.mark.parametrize("look", LOOKS)
def test_looking_for_work_costs_the_same_after_thousands_of_finished_jobs(
    world: World, look: str
) -> None:
    with world.archive.db.write() as db:
        assert not jobs.due(db, KINDS)
        before = steps(db, LOOKS[look])
        finished(db, 2_000)
        assert steps(db, LOOKS[look]) <= before + 1
