"""On the servers: measuring, the status page, the figures, and what another version leaves."""

import re

import pytest
from sqlalchemy import text

from indexer import measuring
from service import figures, probing, upkeep
from tests.live.asking import postgres
from tests.live.world import Home
from tests.web.browsing import Portal
from tests.world import World

pytestmark = pytest.mark.live


def measured(world: World) -> Portal:
    world.document(world.customer().id, "焊接机器人")
    world.work()
    assert measuring.measure_if_due(world.archive, "worker:1")
    assert upkeep.go_round(world.archive, "worker")
    return Portal.of(world)


def test_the_status_page_is_healthy_and_names_the_servers(world: World):
    page = measured(world)["system_admin"].html("/status")
    assert "1 份记录，索引 1 份" in page
    assert "副本一致" in page
    versions = page.split('id="t-versions"')[1].split("</dl>")[0]
    assert re.search(r"<dt>guidang|<dt>程序", versions)
    for server, told in (
        ("PostgreSQL", r"\d+\.\d+"),
        ("Elasticsearch", r"\d+\.\d+\.\d+"),
        ("S3", r"\w+"),
    ):
        assert re.search(rf"<dt>{server}</dt><dd[^>]*>{told}", versions), server
    assert "在独立服务器上" in page
    assert "没有应答" not in page
    with world.archive.db.read() as db:
        storage = probing.readings(db)[probing.STORAGE].body
    assert (storage["objects"], storage["database"] > 0) == (1, True)


def test_figures_add_up_and_are_told(world: World):
    told = measured(world).stranger().get("/metrics").text
    assert 'guidang_up{part="search"} 1.0' in told
    assert 'guidang_indexed{category="intended"} 1.0' in told
    key = ("guidang_jobs_total", '{"kind": "extract", "state": "done"}')
    with world.archive.db.read() as db:
        before = figures.sums(db)[key]
    figures.JOBS.labels("extract", "done").inc(3)
    figures.add_up(world.archive.db)
    with world.archive.db.read() as db:
        assert figures.sums(db)[key] == before + 3


def test_a_worker_ends_when_the_owner_has_migrated_further(world: World, place: Home):
    assert upkeep.go_round(world.archive, "worker")
    with postgres(place.url("archive")) as owner:
        owner.execute("UPDATE alembic_version SET version_num = '9999'")
    assert not upkeep.go_round(world.archive, "worker")
    with world.archive.db.read() as db:
        assert db.execute(text("SELECT count(*) FROM probe")).scalar_one() == 1
