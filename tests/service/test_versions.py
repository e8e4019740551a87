"""A program older than its database refuses to work, and says so: at its start and later."""

import pytest
from sqlalchemy import text

from service import upkeep
from service.opening import open_archive
from service.policies import Policies
from service.settings import SettingsError
from tests.world import World


def newer_policy(world: World) -> None:
    """Put a policy in force that names an effect this program does not know."""
    with world.archive.db.write() as db:
        db.execute(text("UPDATE policy_version SET text = replace(text, '\"yes\"', '\"maybe\"')"))


def newer_schema(world: World) -> None:
    with world.archive.db.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))


@pytest.mark.parametrize("indexing", [False, True], ids=["web", "worker"])
@pytest.mark.parametrize(
    ("newer", "words"),
    [(newer_schema, "written by a newer version"), (newer_policy, "policy in force was written")],
)
def test_it_does_not_start(world: World, newer, words, indexing):
    newer(world)
    with pytest.raises(SettingsError, match=words) as refused:
        open_archive(world.archive.settings, indexing=indexing)
    assert "update this one first" in str(refused.value)


@pytest.mark.parametrize("newer", [newer_schema, newer_policy])
def test_it_ends_when_that_happens_while_it_runs(world: World, newer):
    assert upkeep.go_round(world.archive, "worker")
    newer(world)
    # as for a new set: nothing of it was parsed before
    world.archive.policies = Policies()
    assert not upkeep.go_round(world.archive, "worker")
