"""Whether web or worker of this host work, for whoever starts them again when they do not."""

import platform
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic

from service.settings import Settings, SettingsError

#: Seconds between two beats, and after how many without one a worker is taken for stuck. Its
#: loops come by at least every half minute; a large batch for the index takes longer.
BEAT = 5.0
STUCK = 300.0

#: The worker's threads that each beat for themselves.
LOOPS = ("extract", "unpack", "index", "render", "lay_out", "import", "bundle")


def place(listen: str) -> tuple[str, int]:
    """Return where the web listens; raises `SettingsError` unless that is ADDRESS:PORT."""
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) <= 5):  # noqa: PLR2004 - digits of a port
        message = "GUIDANG_LISTEN must be ADDRESS:PORT"
        raise SettingsError(message)
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - as gunicorn reads it


def web_answers(settings: Settings) -> bool:
    """Ask the web of this host whether it lives, by a name that it answers to."""
    host, port = place(settings.listen)
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where it listens
    connection = HTTPConnection(everywhere.get(host, host), port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": settings.host_names[0].lstrip(".")})
        return connection.getresponse().status == 200  # noqa: PLR2004 - OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


#: The anchor's only loop, which beats in its own folder.
ANCHOR = "anchor"


class Pulse:
    """A file that one loop of a worker touches as long as it goes round."""

    def __init__(self, data: Path, loop: str) -> None:
        """Beat for one of `LOOPS`; nothing is written before the first beat."""
        self._path = _file(data, loop)
        self._last = float("-inf")

    def beat(self) -> None:
        """Touch the file, once in a while."""
        now = monotonic()
        if now - self._last > BEAT:
            self._last = now
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)


def worker_goes_round(settings: Settings) -> bool:
    """Say whether each loop of this host's worker has come by lately."""
    return all(_age(_file(settings.data, loop)) < STUCK for loop in LOOPS)


def anchor_goes_round(settings: Settings) -> bool:
    """Say whether the anchor of this host has come by lately."""
    return _age(_file(settings.anchor_path, ANCHOR)) < STUCK


def _file(data: Path, loop: str) -> Path:
    """Return a file of this host: containers that share the folder have names of their own."""
    return data / "pulse" / f"{platform.node() or 'host'}.{loop}"


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
