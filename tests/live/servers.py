"""All servers together: started side by side, stopped in reverse order whatever happens."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.live import chromium, control, machine, office
from tests.live.elastic import Elastic
from tests.live.postgres import Postgres
from tests.live.process import Server, ServerError
from tests.live.site import Site
from tests.live.stores import Minio, Weed


class Part(Protocol):
    """A server with what tests must know about it."""

    server: Server

    def prepare(self) -> None:
        """Lay what must be there before a test asks."""

    def exports(self) -> dict[str, str]:
        """Name the environment variables that tests read."""


PARTS: dict[str, Callable[[Site], Part]] = {
    "postgres": Postgres,
    "mirror": partial(Postgres, name="mirror"),
    "minio": Minio,
    "weed": Weed,
    "elastic": Elastic,
}
#: Programs that are only there.
PROGRAMS: dict[str, Callable[[], dict[str, str]]] = {
    "chromium": chromium.exports,
    "office": office.exports,
}
NAMES = (*PARTS, *PROGRAMS)


@contextmanager
def running(names: list[str]) -> Iterator[dict[str, str]]:
    """Start the named servers; give the environment that leads to them."""
    started: dict[str, Server] = {}
    with ExitStack() as ending:
        folder = Path(tempfile.mkdtemp(prefix="guidang-live-"))
        ending.callback(shutil.rmtree, folder)
        ending.callback(_stop, started)
        folder.chmod(0o755)  # servers that may not be root pass through
        try:
            exports = _start(names, folder, started)
            socket = folder / "control"
            with control.listening(socket, started):
                yield {**exports, control.VARIABLE: str(socket)}
        except ServerError:
            _save_logs(started)
            raise


def _stop(started: dict[str, Server]) -> None:
    for server in reversed(started.values()):
        server.stop()


def _save_logs(started: dict[str, Server]) -> None:
    """Show the end of each log, and keep the whole outside the folder that goes away."""
    if not started:
        return
    kept = Path(tempfile.mkdtemp(prefix="guidang-logs-"))
    for server in started.values():
        machine.say(f"end of {server.log.name}:\n{server.tail()}")
        shutil.copy(server.log, kept)
    machine.say(f"whole logs: {kept}")


def _start(names: list[str], folder: Path, started: dict[str, Server]) -> dict[str, str]:
    site = Site.laid(folder)
    exports = site.exports()
    for name, found in PROGRAMS.items():
        exports |= found() if name in names else {}
    parts: list[Part] = []
    for name, make in PARTS.items():
        if name in names:
            machine.say(f"starting {name}")
            part = make(site)
            started[name] = part.server
            part.server.start()
            parts.append(part)
    for part in parts:
        part.server.wait()
        part.prepare()
        exports |= part.exports()
    machine.say("all servers answer")
    return exports
