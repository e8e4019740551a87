"""What every test run has: no test may be skipped, here or anywhere."""

import gc
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from hypothesis import settings

from indexer.extract.sandbox import Sandbox
from tests import compiling
from tests.web.browsing import Portal
from tests.web.programs import Programs
from tests.world import World, embedded


class NothingSkipped:
    """Fails the run when a test was skipped: a check that did not run must not look green."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for test in self.skipped:
            terminalreporter.write_line(f"SKIPPED, which fails the run: {test}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # in the background of a shell; the programs that tests interrupt must hear it all the same
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(NothingSkipped())
    compiling.share()
    # rich would colour every line of an exception's trace: tens of milliseconds nobody looks at
    structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback
    # the same examples every time, however slow the machine is
    settings.register_profile("steady", derandomize=True, deadline=None)
    settings.load_profile("steady")


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: modules and the tests.

    And let it pass more rarely than after every 700 new objects: tests are over soon.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox child for all tests of a process."""
    with Sandbox(children=1) as running:
        yield running


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    """An embedded archive with people and nothing else, to be copied."""
    data = tmp_path_factory.mktemp("template") / "data"
    with World.opened(embedded(data), sandbox) as world:
        world.people()
    return data


@pytest.fixture(scope="module")
def furnished(
    request: pytest.FixtureRequest,
    peopled: Path,
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: Sandbox,
) -> tuple[Path, Any]:
    """A copy of `peopled` with what the module's function `furnish` puts in, and returns."""
    data = tmp_path_factory.mktemp("furnished") / "data"
    with World.copied(peopled, data, sandbox) as world:
        return data, request.module.furnish(world)


@pytest.fixture(scope="module")
def template(request: pytest.FixtureRequest, peopled: Path) -> Path:
    """What every `world` of a module is a copy of."""
    if not hasattr(request.module, "furnish"):
        return peopled
    return cast("Path", request.getfixturevalue("furnished")[0])


@pytest.fixture
def world(template: Path, tmp_path: Path, sandbox: Sandbox) -> Iterator[World]:
    """An embedded archive of this test's own."""
    with World.copied(template, tmp_path / "data", sandbox) as opened:
        yield opened


@pytest.fixture(scope="module")
def standing(
    template: Path, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox
) -> Iterator[World]:
    """An embedded archive for all tests of a module, which only look."""
    data = tmp_path_factory.mktemp("standing") / "data"
    with World.copied(template, data, sandbox) as opened:
        yield opened


@pytest.fixture
def programs(world: World) -> Programs:
    """The API of this test's archive, with a token for everybody."""
    return Programs.of(world)


@pytest.fixture
def portal(world: World) -> Portal:
    """The pages of this test's archive."""
    return Portal.of(world)
