"""Writers of an SQLite database take turns by a lock file, and nobody waits for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.db import WriteLock
from service.errors import Unavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.lock"


def taken(lock: WriteLock, wait: float = 20.0) -> bool:
    """Say whether the lock is to be had; it is let go at once."""
    try:
        with lock.held(wait):
            return True
    except Unavailable:
        return False


def test_who_waits_goes_on_when_the_lock_is_let_go(path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with WriteLock(path).held():
            waiting = pool.submit(taken, WriteLock(path))
        assert waiting.result()


def test_who_gave_up_waiting_holds_nothing_when_its_turn_would_come(path: Path) -> None:
    others = [WriteLock(path) for _ in range(3)]
    with WriteLock(path).held():
        assert [taken(other, wait=0.02) for other in others] == [False] * 3
    assert all(taken(other) for other in others)
    assert taken(WriteLock(path))


def test_of_many_who_come_again_and_again_one_writes_at_a_time_and_all_do(path: Path) -> None:
    inside = threading.Semaphore(1)

    def often(_: int) -> int:
        lock, done = WriteLock(path), 0
        for _ in range(25):
            with lock.held(20.0):
                assert inside.acquire(blocking=False)
                done += 1
                inside.release()
        return done

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(often, range(8))) == [25] * 8


def test_waiting_leaves_no_open_file_and_no_thread(path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    before, lock = len(list(descriptors.iterdir())), WriteLock(path)
    with WriteLock(path).held():
        assert not any(taken(lock, wait=0.01) for _ in range(5))
    for thread in threading.enumerate():
        if thread.name == "write-lock":
            thread.join()
    assert len(list(descriptors.iterdir())) <= before
