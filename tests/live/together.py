"""Do things at the same moment: in threads, and in processes of their own."""

import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from indexer.worker import Worker
from service.opening import open_archive
from service.settings import Settings


def together(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do several things at the same moment; return results, or what was raised."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], object]) -> object:
        start.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - the error is the result
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def processes(n: int, act: Callable[..., None], *given: object) -> list[int | None]:
    """Do something in n processes at once; return their exit codes."""
    fresh = multiprocessing.get_context("spawn")
    started = [fresh.Process(target=act, args=given) for _ in range(n)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return [process.exitcode for process in started]


def draining(settings: Settings) -> None:
    """Work in a process of its own until nothing is left to take."""
    archive = open_archive(settings, indexing=True)
    try:
        with Worker(archive, children=1) as worker:
            worker.drain()
    finally:
        archive.close()
