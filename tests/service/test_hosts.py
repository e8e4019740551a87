"""SQLite and the embedded index serve one host: a second one is refused, and told why."""

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service import hosts
from service.db import Database
from service.models import Lease
from service.opening import open_archive
from service.settings import Settings, SettingsError
from tests.world import World, embedded


def held_elsewhere(url: str, *, seconds: int) -> None:
    """Let another host hold the archive, as it would write that itself."""
    database = Database(url)
    with database.write() as db:
        db.query(Lease).filter_by(name=hosts.LEASE).delete()
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        db.add(Lease(name=hosts.LEASE, holder="another host", until=until))
    database.close()


def opened(data: Path) -> Settings:
    settings = embedded(data)
    open_archive(settings).close()
    return settings


def test_a_second_host_is_refused_while_the_first_has_the_archive(tmp_path):
    settings = opened(tmp_path / "data")
    held_elsewhere(settings.database_url, seconds=20)
    with pytest.raises(SettingsError, match="another host has this archive open"):
        open_archive(settings)


def test_a_host_that_stopped_leaves_the_archive_to_the_next(tmp_path):
    settings = opened(tmp_path / "data")
    held_elsewhere(settings.database_url, seconds=-1)
    open_archive(settings).close()


def test_many_processes_of_one_host_share_it(world: World):
    first, second = open_archive(world.archive.settings), open_archive(world.archive.settings)
    first.close()
    second.close()


def test_a_host_is_the_system_that_runs_and_not_the_name_of_a_container():
    assert hosts.this_host() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert os.uname().nodename not in hosts.this_host()


def test_a_running_process_renews_its_hold_and_ends_when_another_host_has_it(world: World):
    lost = threading.Event()
    held_elsewhere(world.archive.db.url, seconds=-1)
    assert hosts._renewed(world.archive)
    held_elsewhere(world.archive.db.url, seconds=600)
    hosts.keep(world.archive, every=0.01, lost=lost.set)
    assert lost.wait(20)


def test_only_servers_serve_several_hosts():
    servers = Settings(database="postgresql+psycopg://db/a", search="https://search:9200")
    half = Settings(database="postgresql+psycopg://db/a")
    assert [hosts.one_alone(s) for s in (Settings(), half, servers)] == [True, True, False]
