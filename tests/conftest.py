"""What every test run has: no test may be skipped, here or anywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.extract.sandbox import Sandbox
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
    config.pluginmanager.register(NothingSkipped())


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


@pytest.fixture(scope="session")
def template(peopled: Path) -> Path:
    """What every `world` is a copy of; a module that wants more in it has a template of its own."""
    return peopled


@pytest.fixture
def world(template: Path, tmp_path: Path, sandbox: Sandbox) -> Iterator[World]:
    """An embedded archive of this test's own."""
    with World.copied(template, tmp_path / "data", sandbox) as opened:
        yield opened
