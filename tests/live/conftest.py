"""Archives on the real servers, each test with one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.extract.sandbox import Sandbox
from tests.live.world import Home, home, on_servers, peopled
from tests.world import World


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Home:
    """A home with people and nothing else, to be copied."""
    return peopled(tmp_path_factory.mktemp("people") / "data", sandbox)


@pytest.fixture
def place(people: Home, tmp_path: Path) -> Home:
    """A home of this test's own."""
    return home(tmp_path / "data", people)


@pytest.fixture
def world(place: Home, sandbox: Sandbox) -> Iterator[World]:
    """An archive on PostgreSQL, MinIO and Elasticsearch."""
    with on_servers(place) as settings, World.opened(settings, sandbox) as opened:
        yield opened


@pytest.fixture
def half(place: Home, sandbox: Sandbox) -> Iterator[World]:
    """An archive on PostgreSQL, with folder and embedded index."""
    with World.opened(place.settings, sandbox) as opened:
        yield opened
