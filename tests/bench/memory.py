"""How much memory processes hold, asked of the system again and again."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_EVERY = 0.02


def resident(pid: int) -> float:
    """Return the MB (2^20 bytes) that a process and its children hold, 0 once it is gone."""
    total = 0.0
    with suppress(OSError):
        status = (_PROC / f"{pid}/status").read_text("utf-8")
        found = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
        total = sum(map(int, found)) / 1024
        for child in (_PROC / f"{pid}/task/{pid}/children").read_text("ascii").split():
            total += resident(int(child))
    return total


class Watch:
    """Looks every 20 ms, in a thread, until the block ends; `peak` is the most there was."""

    def __init__(self, pid: int) -> None:
        """Watch a process and its children; nothing is asked yet."""
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak = 0.0

    def __enter__(self) -> Self:
        """Begin; `before` is what there is now."""
        self.before = resident(self._pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_EVERY):
            self.peak = max(self.peak, resident(self._pid))
