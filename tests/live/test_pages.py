"""Pages are drawn and boxed with PostgreSQL and MinIO behind them, by two workers at once too."""

import pytest
from sqlalchemy import func, select

from indexer.extract.sandbox import Sandbox
from indexer.worker import Worker
from service import page_images
from service.driver import Driver
from service.models import Blob, PageLayout
from service.opening import open_archive
from service.settings import Settings
from tests.indexer import pdfs
from tests.indexer.test_rendering import *  # noqa: F403 - the same sentences, on other servers
from tests.indexer.test_rendering import images, made, unknown, uploaded
from tests.live.together import processes
from tests.live.world import Home, on_servers
from tests.service.test_layouts import *  # noqa: F403
from tests.world import World

pytestmark = pytest.mark.live


def drawing(settings: Settings) -> None:
    """Draw in a process of its own until nothing is left to take."""
    archive = open_archive(settings)
    try:
        with Worker(archive, children=1) as worker:
            while worker.render_waiting():
                pass
    finally:
        archive.close()


def test_two_processes_draw_each_page_once(place: Home, sandbox: Sandbox) -> None:
    with on_servers(place) as settings, World.opened(settings, sandbox) as world:
        version = uploaded(world, pdfs.thousands(30))
        world.work()
        with world.archive.db.write() as db, Driver.joined(db.connection()) as driver:
            for no in (*range(21, 31), *range(21, 31)):
                driver.put(page_images.QUEUE_ONCE, [page_images.wanted(version, no, cause=1)])
        assert processes(2, drawing, settings) == [0, 0]
        assert made(world, version).images == frozenset(range(1, 31))
        assert len(images(world, version)) == 60
        assert unknown(world) == 0
        with world.archive.db.read() as db:
            assert db.scalar(select(func.count()).select_from(PageLayout)) == 30
            assert db.scalar(select(func.count()).where(Blob.version == version)) == 61
