"""Searching, logging, and the way from an upload to a hit, beside the whole corpus."""

import random
import secrets
import threading
import time
from time import perf_counter

from tests.bench import queries, samples
from tests.bench.client import Audit, Client
from tests.bench.commits import PlainCommits
from tests.bench.corpus import LONGEST_WORD
from tests.bench.figures import Figure, p50, p95
from tests.bench.loading import ARCHIVIST, OFFICER, SALES
from tests.bench.queries import Query, Replay
from tests.bench.stack import Stack, Stacks
from tests.indexer.pdfs import written

#: What a search may take longer than the engine, and beside two commits.
_SHARE, _BESIDE = 1.3, 15.0
_LONGEST_PAGE = 500.0
_LAPS = 3
_UPLOADS = 20
_UPLOAD = 2_000.0
_RATE, _OPEN_SECONDS = 20, 15


def search(stacks: Stacks) -> list[Figure]:
    """Search over HTTP and replay each engine request between; one client at a time."""
    stack = stacks.loaded()
    asked = queries.read()
    commits = PlainCommits(stack.archive)
    figures: list[Figure] = []
    with stack.part("web"):
        for login, name in ((ARCHIVIST, "everything"), (SALES[0], "own customers")):
            figures += _laps(stack, login, name, asked, commits)
        figures += _longest(stack)
    commits.close()
    return figures


def _laps(
    stack: Stack, login: str, name: str, asked: list[Query], commits: PlainCommits
) -> list[Figure]:
    client = Client(stack.port, stack.token(login))
    replay = Replay(stack.archive, login)
    prepared = [list(replay.searches(query)) for query in asked]
    http: list[float] = []
    engine: list[float] = []
    before = client.audit()
    for lap in range(_LAPS + 1):
        for number, query in enumerate(asked):
            # who comes first finds colder caches: take turns
            alone = [replay.seconds(prepared[number])] if (lap + number) % 2 else []
            took, answer = client.search(query.sent)
            alone = alone or [replay.seconds(prepared[number])]
            commits.measure()
            if answer["total"] != alone[0][1]:
                raise RuntimeError(f"{query}: {answer['total']} over HTTP, {alone[0][1]} replayed")
            if lap:
                http.append(took)
                engine.append(alone[0][0])
        if lap == 0:
            before = client.audit()
    gained = client.audit() - before
    client.close()
    log = gained.total * 1000 / len(http)
    commit = p50(commits.seconds)
    reach = _SHARE * p95(engine) + 2 * commit + _BESIDE
    more = [whole - part for whole, part in zip(http, engine, strict=True)]
    return [
        Figure(f"search p50, {name}", p50(http), note=f"engine alone {p50(engine):.1f}"),
        Figure(
            f"search p95, {name}",
            p95(http),
            reach,
            f"engine alone {p95(engine):.1f}, plain commit {commit:.1f}, log {log:.1f} a search; "
            f"beside the engine p50 {p50(more):.1f}, p95 {p95(more):.1f}",
        ),
    ]


def _longest(stack: Stack) -> list[Figure]:
    """Ask for pages full of the longest documents."""
    client = Client(stack.port, stack.token(ARCHIVIST))
    alone, among = [], []
    for _ in range(5):
        alone.append(client.search([("q", LONGEST_WORD), ("limit", "10")])[0])
        words = [("q", f"{LONGEST_WORD} 机器人 焊接 合同"), ("limit", "10")]
        took, answer = client.search(words)
        among.append(took)
    client.close()
    note = f"{len(answer['items'])} documents of 1,000,000 characters"
    return [
        Figure("page of the longest, a word at their end", max(alone) * 1000, None, note),
        Figure("page of the longest, slowest of all", max(*alone, *among) * 1000, _LONGEST_PAGE),
    ]


def log(stacks: Stacks) -> list[Figure]:
    """Time what a search spends on the log, from the web's own histogram."""
    stack = stacks.loaded()
    commits = PlainCommits(stack.archive)
    with stack.part("web"):
        client = Client(stack.port, stack.token(ARCHIVIST))
        each = []
        for query in _mix(200):
            before = client.audit()
            client.search(query.sent)
            each.append((client.audit() - before).total)
            commits.measure()
        client.close()
        opened = _open_loop(stack)
    commit = p50(commits.seconds)
    commits.close()
    reach = 3.0 if stack.archive.db.sqlite else 2 * commit + 2
    return [
        Figure("plain commit p50", commit),
        Figure("log a search p50", p50(each[20:]), reach, "both commits, one client"),
        Figure("log a search p95", p95(each[20:])),
        opened,
    ]


def _mix(count: int) -> list[Query]:
    chance = random.Random("mix")
    return [chance.choice(queries.read()) for _ in range(count)]


def _open_loop(stack: Stack) -> Figure:
    """Search at a fixed rate, whether answers come or not."""
    mix = _mix(_RATE * _OPEN_SECONDS)
    token = stack.token(ARCHIVIST)
    before = _audit(stack, token)
    refused: list[str] = []
    threads = []
    started = perf_counter()
    for number, query in enumerate(mix):
        time.sleep(max(0.0, started + number / _RATE - perf_counter()))
        thread = threading.Thread(target=_once, args=(stack.port, token, query, refused))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    took = perf_counter() - started
    gained = _audit(stack, token) - before
    note = f"{gained.count:.0f} commits in {took:.0f} s, {len(refused)} searches refused"
    name = f"log commit p95 at {_RATE} searches/s"
    return Figure(name, gained.quantile(0.95) * 1000, 10.0, note)


def _audit(stack: Stack, token: str) -> Audit:
    client = Client(stack.port, token)
    found = client.audit()
    client.close()
    return found


def _once(port: int, token: str, query: Query, refused: list[str]) -> None:
    client = Client(port, token)
    try:
        client.search(query.sent)
    except (RuntimeError, OSError) as error:  # an overloaded machine refuses; that is told
        refused.append(str(error))
    finally:
        client.close()


def upload(stacks: Stacks) -> list[Figure]:
    """Time from sending a PDF of five pages until a search finds its words."""
    stack = stacks.loaded()
    (customer, *_) = samples.customers(stack.archive)
    took = []
    with stack.part("web"), stack.part("worker"):
        client = Client(stack.port, stack.token(OFFICER))
        chance = random.Random("uploads")
        for _ in range(_UPLOADS):
            time.sleep(1 + chance.random() / 2)  # the worker has nothing to do
            took.append(found_after(client, customer))
        client.close()
    note = "5 pages, idle worker"
    return [
        Figure("upload to hit p50", p50(took)),
        Figure("upload to hit p95", p95(took), _UPLOAD, note),
    ]


def found_after(client: Client, customer: str) -> float:
    """Upload a PDF with a word of its own; return after how many seconds a search finds it."""
    word = secrets.token_hex(8)
    pages = [f"第{n}页 调试记录 {word}\n" + "机器人焊接系统维护保养\n" * 30 for n in range(1, 6)]
    content = written(pages)
    started = perf_counter()
    client.add(customer, "commissioning", f"{word}.pdf", content)
    while not client.search([("q", f'"{word}"'), ("limit", "1")])[1]["total"]:
        time.sleep(0.02)
    return perf_counter() - started
