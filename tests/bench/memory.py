"""How much memory processes hold, asked of the system again and again."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_EVERY = 0.02


def children(pid: int) -> list[int]:
    """Return the processes that a process started; raises `OSError` once it is gone."""
    return list(map(int, (_PROC / f"{pid}/task/{pid}/children").read_text("ascii").split()))


def resident(pid: int) -> float:
    """Return the MB (2^20 bytes) that a process and its children hold, 0 once it is gone."""
    total = 0.0
    with suppress(OSError):
        status = (_PROC / f"{pid}/status").read_text("utf-8")
        found = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
        total = sum(map(int, found)) / 1024
        total += sum(map(resident, children(pid)))
    return total


def shared_out(pid: int) -> float:
    """Return the same, but what several processes share is counted once, in parts.

    The system takes a millisecond to answer for each process.
    """
    total = 0.0
    with suppress(OSError):
        lines = (_PROC / f"{pid}/smaps_rollup").read_text("ascii").splitlines()
        total = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        total += sum(map(shared_out, children(pid)))
    return total


def highest(pid: int) -> float:
    """Return the most MB that a process ever held by itself."""
    status = (_PROC / f"{pid}/status").read_text("utf-8")
    (found,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(found) / 1024


class Watch:
    """Looks every 20 ms, in a thread, until the block ends; `peak` is the most there was."""

    def __init__(self, pid: int, ask: Callable[[int], float] = resident) -> None:
        """Watch a process and its children; nothing is asked yet."""
        self._pid = pid
        self._ask = ask
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak = 0.0

    def __enter__(self) -> Self:
        """Begin; `before` is what there is now."""
        self.before = self._ask(self._pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_EVERY):
            self.peak = max(self.peak, self._ask(self._pid))
