"""Verifying a million entries by the command, and appending to the log by eight processes."""

import json
import multiprocessing
import subprocess
from datetime import UTC, datetime
from multiprocessing.synchronize import Event, Semaphore
from time import perf_counter

from service.archive import Archive
from service.audit import log
from service.opening import open_archive
from service.settings import Settings
from tests.appending import append
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure
from tests.bench.logpages import EVENTS, write
from tests.bench.memory import Watch, shared_out
from tests.bench.stack import Stack, Stacks

_PROCESSES, _TIMES = 8, 500
_RATE, _SECONDS, _MEMORY = 150_000, 10.0, 200.0


def verifying(stacks: Stacks) -> list[Figure]:
    """Verify the whole log, then let eight processes append at once."""
    scale = min(1.0, stacks.scale)
    count = round(EVENTS * scale) // 2 * 2

    def load(archive: Archive, _: Corpus) -> None:
        write(archive, count)

    with stacks.scratch(Corpus(0), load) as stack:
        return [*_verified(stack), _appended(stack, max(1, round(_TIMES * scale)))]


def _verified(stack: Stack) -> list[Figure]:
    started = perf_counter()
    command = stack.command("audit", "verify", "--json")
    with (
        subprocess.Popen(command, env=stack.environment, stdout=subprocess.PIPE) as running,
        # getrusage of children would count who started them too
        Watch(running.pid, shared_out) as watch,
    ):
        answer = json.loads(running.communicate()[0])
    took = perf_counter() - started
    if answer["code"] not in (0, 19):
        raise RuntimeError(str(answer))
    events = answer["events"]
    note = "the whole command, details opened"
    return [
        Figure("verify the log", took, _SECONDS, f"{events} entries, {note}", unit="s"),
        Figure("verify the log", events / took, _RATE, unit="entries/s", least=True),
        Figure("memory of verifying", watch.peak, _MEMORY, unit="MB"),
    ]


def _appended(stack: Stack, times: int) -> Figure:
    fresh = multiprocessing.get_context("spawn")
    start, ready = fresh.Event(), fresh.Semaphore(0)
    given = (stack.archive.settings, times, start, ready)
    running = [fresh.Process(target=_append, args=given) for _ in range(_PROCESSES)]
    for process in running:
        process.start()
    for _ in running:
        ready.acquire()
    started = perf_counter()
    start.set()
    for process in running:
        process.join()
    rate = _PROCESSES * times / (perf_counter() - started)
    reach = 500 if stack.archive.db.sqlite else 300
    note = f"{_PROCESSES} processes, a commit for each"
    return Figure("append to the log", rate, reach, note, unit="entries/s", least=True)


def _append(settings: Settings, times: int, start: Event, ready: Semaphore) -> None:
    archive = open_archive(settings)
    now = f"{datetime.now(UTC):%Y-%m}"
    with archive.ring() as ring:
        month = log.MonthKey(ring.audit_month_id(now), ring.audit_month(now))
    ready.release()
    start.wait()
    for _ in range(times):
        append(archive.backlog, month, "bench")
    archive.close()
