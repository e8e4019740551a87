"""Programs that ask too often are told when to go on; people are not counted together."""

import threading
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.extract.sandbox import Sandbox
from service import schema
from service.codes import Role
from service.errors import TooMany
from service.models import AuditEvent
from service.policy.rules import Limits
from service.rates import Rates
from tests.web.programs import Programs
from tests.world import DEPARTMENTS, World, embedded, policy_with

PACKAGED = Path(schema.__file__).parent / "policy" / "limits.toml"
#: requests that a person may send in a minute here
LIMIT = 12


class Clock:
    """Time that stands still until somebody moves it on."""

    def __init__(self) -> None:
        self.now = 1_800_000_010.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Path:
    """An archive whose policy lets a person's programs ask twelve times a minute."""
    folder = tmp_path_factory.mktemp("rates")
    name = "requests_per_minute"
    texts = policy_with(folder, "limits.toml", f"{name} = 6000", f"{name} = {LIMIT}")
    settings = replace(embedded(folder / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as world:
        for role in (Role.SALES, Role.SERVICE_OFFICER):
            world.person(str(role), frozenset({role}), DEPARTMENTS[role])
    return settings.data


@pytest.fixture
def programs(world: World, clock: Clock) -> Programs:
    """The API, counting by the clock of the test."""
    world.archive.rates = Rates(clock)
    return Programs.of(world)


def asked(program, times):
    return [program.get("/me").status_code for _ in range(times)]


def refusals(world):
    with world.archive.db.read() as db:
        found = db.query(AuditEvent).filter(AuditEvent.action == "request.check").all()
        return [(event.seq, event.decision, event.actor) for event in found]


def test_who_asks_too_often_waits_for_the_next_minute_and_others_do_not(programs, clock):
    sales = programs["sales"]
    assert asked(sales, LIMIT) == [200] * LIMIT
    over = sales.get("/me")
    assert (over.status_code, over.content_type) == (429, "application/problem+json")
    assert over.json["type"] == "too-many"
    assert over.headers["Retry-After"] == "50"
    assert programs["service_officer"].get("/me").status_code == 200
    clock.now += int(over.headers["Retry-After"])
    assert asked(sales, 2) == [200, 200]


def test_a_refused_request_does_nothing_and_the_log_has_the_first_of_a_minute(programs):
    sales = programs["sales"]
    asked(sales, LIMIT)
    new = {"name": "苏州同屿机电有限公司", "category": "intended"}
    over = [sales.post("/customers", new, headers={"Idempotency-Key": "k"}) for _ in range(5)]
    assert {answer.status_code for answer in over} == {429}
    assert programs["service_officer"].get("/customers").json["total"] == 0
    (entry,) = refusals(programs.world)
    assert entry == (over[0].json["event"], "deny", programs.world.id("sales"))
    assert {answer.json["event"] for answer in over} == {entry[0]}
    assert programs.world.verify().code == 0


def test_what_was_refused_may_be_sent_again_under_its_key(programs, clock):
    sales = programs["sales"]
    asked(sales, LIMIT)
    new = {"name": "苏州同屿机电有限公司", "category": "intended"}
    send = {"body": new, "headers": {"Idempotency-Key": "k"}}
    assert sales.post("/customers", **send).status_code == 429
    clock.now += 60
    first, second = sales.post("/customers", **send), sales.post("/customers", **send)
    assert (first.status_code, second.data) == (201, first.data)


def test_a_second_token_gives_no_second_limit(programs):
    first = programs["sales"]
    programs.known.pop("sales")
    second = programs["sales"]
    assert first.token != second.token
    assert asked(first, LIMIT // 2) + asked(second, LIMIT // 2) == [200] * LIMIT
    assert asked(first, 1) + asked(second, 1) == [429, 429]


def test_a_hidden_record_is_not_told_from_an_absent_one_by_being_refused(programs):
    hidden = programs.world.customer(owner="service_officer", by="service_officer").id
    asked(programs["sales"], LIMIT)
    one, other = (programs["sales"].get(f"/customers/{i}") for i in (hidden, "a" * 26))
    assert (one.status_code, one.data) == (429, other.data)


def test_several_processes_together_keep_the_limit(programs, clock):
    archive, sales = programs.world.archive, programs["sales"]
    processes = [Rates(clock) for _ in range(4)]
    counted: Counter[int] = Counter()
    for n in range(3 * LIMIT):
        archive.rates = processes[n % 4]
        counted[sales.get("/me").status_code] += 1
    assert counted == {200: LIMIT, 429: 2 * LIMIT}
    assert len(refusals(programs.world)) == 1


def test_threads_that_ask_at_once_keep_it_too(programs):
    archive, actor = programs.world.archive, programs.world.actor("sales", via="token")
    passed: list[int] = []

    def ask():
        for _ in range(LIMIT):
            try:
                archive.rates.take(archive, actor)
            except TooMany:
                continue
            passed.append(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(passed) == LIMIT


def test_a_text_of_limits_from_before_has_the_limit_that_is_packaged():
    packaged = tomllib.loads(PACKAGED.read_text(encoding="utf-8"))
    older = {name: section for name, section in packaged.items() if name != "api"}
    assert Limits.parse(older) == Limits.parse(packaged)
