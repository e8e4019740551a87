"""What engine and store refuse by themselves, and what the archive asks of them, and when."""

import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import quote, unquote

import pytest

from indexer.extract.sandbox import Sandbox
from service.codes import Category
from service.errors import Hidden, Unavailable
from service.permissions import scopes
from service.properties import Properties
from service.search.port import Filters
from service.search.readers import reader_name, reader_sets
from tests.live.asking import WEB, elastic, postgres
from tests.live.recording import Recorder, Request, open_intents, recording
from tests.live.world import STORE, Home, on_servers
from tests.scenario import CONTRACT, EVERYBODY, download
from tests.world import World

pytestmark = pytest.mark.live

ALL = {"query": {"match_all": {}}, "size": 100}
#: fictional, with valid check digits
ID_NUMBER, MOBILE = "11010519491231002X", "13800138000"
SECRET = "谐波减速器专利许可底价玖拾捌万元 QX990 联系人贺兰若水"

#: What engine and store may be asked under which action, besides the engine's health.
UNDER = {
    ("store", "PUT"): {"document.add", "document.add_version"},
    ("store", "HEAD"): {"document.add", "document.add_version"},
    ("store", "GET"): {"document.original", "document.extract"},
    ("engine", "_search"): {"search.run", "home.read"},
    ("engine", "_mapping"): {"search.run", "home.read", "document.index"},
    ("engine", "_bulk"): {"document.index"},
    ("engine", "_refresh"): {"document.index"},
}


def a_paper_in_each_category(world: World) -> dict[Category, str]:
    papers = {}
    for category in Category:
        customer = world.customer(f"{category}客户有限公司", category, owner="sales")
        papers[category] = world.document(
            customer.id, "焊接机器人维护纪要", kind="inquiry", by="archivist"
        ).id
    world.work()
    return papers


@pytest.fixture
def prefix(world: World) -> str:
    """Return the names' first part of indices that hold a document each."""
    a_paper_in_each_category(world)
    return world.archive.settings.search_prefix


# -- the engine ----------------------------------------------------------------------------------


def test_a_reader_is_refused_every_category_outside_its_set(prefix):
    for readable in reader_sets():
        for category in Category:
            allowed = 200 if category in readable else 403
            for name in (f"{prefix}-{category}", f"{prefix}-{category}-*"):
                status, answer = elastic(
                    "POST", f"{name}/_search", ALL, account=WEB, reader=reader_name(readable)
                )
                hits = answer["hits"]["hits"] if status == 200 else []
                if "*" in name:
                    # a pattern is narrowed silently to what may be seen
                    assert len(hits) == int(category in readable)
                else:
                    assert (status, len(hits)) == (allowed, int(allowed == 200))


def test_one_forbidden_category_among_others_refuses_the_whole_question(prefix):
    names = f"{prefix}-potential,{prefix}-active"
    reader = reader_name([Category.POTENTIAL])
    status, _ = elastic("POST", f"{names}/_search", ALL, account=WEB, reader=reader)
    assert status == 403


def test_a_wildcard_is_narrowed_to_what_the_reader_may_see(prefix):
    for readable in reader_sets():
        _, answer = elastic(
            "POST", f"{prefix}-*/_search", ALL, account=WEB, reader=reader_name(readable)
        )
        seen = {hit["_source"]["category"] for hit in answer["hits"]["hits"]}
        assert seen == set(readable)


def test_the_web_account_may_do_nothing_without_a_reader(prefix):
    index = f"{prefix}-active"
    for method, path, body in [
        ("POST", f"{index}/_search", ALL),
        ("POST", f"{prefix}-*/_search", ALL),
        ("POST", "_search", ALL),
        ("GET", f"{index}/_mapping", None),
        ("GET", f"{index}/_count", None),
        ("GET", f"{index}/_doc/1", None),
        ("GET", f"{index}/_termvectors/1", None),
        ("PUT", f"{index}/_doc/1", {"uid": "1"}),
        ("DELETE", index, None),
        ("POST", f"{index}/_refresh", None),
        ("PUT", f"{prefix}-new", None),
        ("PUT", "_security/user/me", {"password": "long enough", "roles": ["superuser"]}),
    ]:
        status, _ = elastic(method, path, body, account=WEB)
        assert status == 403, (method, path)


def test_the_web_account_runs_as_readers_and_as_nobody_else(prefix):
    for name in ("guidang_indexer", "guidang_web", "elastic", "guidang-reade", "*"):
        status, _ = elastic("POST", f"{prefix}-active/_search", ALL, account=WEB, reader=name)
        assert status == 403, name
    for unknown in ("guidang-reader-", "guidang-reader-nobody", "guidang-reader-*"):
        status, _ = elastic("POST", f"{prefix}-active/_search", ALL, account=WEB, reader=unknown)
        assert status in (401, 403), unknown


def test_a_reader_only_reads(prefix):
    reader = reader_name(list(Category))
    index = f"{prefix}-active"
    for method, path, body in [
        ("PUT", f"{index}/_doc/1", {"uid": "1"}),
        ("DELETE", index, None),
        ("POST", f"{index}/_delete_by_query", ALL),
        ("PUT", f"{index}/_mapping", {"properties": {"more": {"type": "keyword"}}}),
        ("POST", "_aliases", {"actions": [{"add": {"index": f"{index}-*", "alias": "mine"}}]}),
        ("PUT", f"{prefix}-new", None),
    ]:
        status, _ = elastic(method, path, body, account=WEB, reader=reader)
        assert status in (400, 403), (method, path)
    _, answer = elastic("GET", f"{index}/_count")
    assert answer["count"] == 1


def test_the_indexers_account_ends_at_the_archives_own_indices(prefix):
    for method, path in [
        ("PUT", "other"),
        ("GET", "_security/user"),
        ("POST", ".security/_search"),
    ]:
        status, _ = elastic(method, path)
        assert status in (403, 405), path


# -- what the index and the store hold ---------------------------------------------------------


def holds(prefix: str, uid: str, field: str, token: str) -> bool:
    query = {"bool": {"filter": [{"term": {"uid": uid}}, {"term": {field: token}}]}}
    _, answer = elastic("POST", f"{prefix}-*/_search", {"query": query})
    return bool(answer["hits"]["hits"])


def test_the_index_does_not_hold_a_word_of_what_is_top_secret_or_personal(world):
    customer = world.customer(category=Category.ACTIVE)
    top = world.document(
        customer.id,
        SECRET,
        kind="contract",
        by="archivist",
        properties=Properties(grade="top", title="许可协议"),
    )
    personal = world.document(
        customer.id,
        f"{SECRET} {ID_NUMBER}",
        kind="id_document",
        by="archivist",
        properties=Properties(title="证件"),
    )
    plain = world.document(customer.id, SECRET, kind="minutes", by="archivist")
    world.work()
    prefix = world.archive.settings.search_prefix
    words = [c for c in SECRET.lower() if c > "一"] + ["qx", "990"]
    assert all(holds(prefix, plain.id, "body_t", word) for word in words)
    for restricted in (top, personal):
        assert not any(holds(prefix, restricted.id, "body_t", word) for word in words)
        for field in ("codes", "blind"):
            exists = {"bool": {"filter": [{"term": {"uid": restricted.id}}]}}
            exists["bool"]["must_not"] = [{"exists": {"field": field}}]
            _, answer = elastic("POST", f"{prefix}-*/_search", {"query": exists})
            assert len(answer["hits"]["hits"]) == 1, field


def test_the_index_gives_no_text_back(world):
    customer = world.customer(category=Category.ACTIVE)
    world.document(customer.id, CONTRACT, kind="contract", file_name="采购合同.txt")
    world.work()
    prefix = world.archive.settings.search_prefix
    everything = ALL | {"_source": True, "fields": ["*"], "stored_fields": ["*"]}
    _, answer = elastic("POST", f"{prefix}-*/_search", everything)
    (hit,) = answer["hits"]["hits"]
    assert set(hit["_source"]) == {"uid", "version_id", "category", "sort_key", "rev"}
    shown = str(hit)
    assert not any(word in shown for word in ("机器人", "器 人", "合同", "合 同", "望潮"))


def test_personal_numbers_are_not_in_the_index_piece_by_piece_either(world):
    customer = world.customer(category=Category.ACTIVE)
    paper = world.document(
        customer.id, f"联系电话 {MOBILE},证件 {ID_NUMBER},合同号 2031", by="archivist"
    )
    world.work()
    prefix = world.archive.settings.search_prefix
    assert holds(prefix, paper.id, "body_t", "2031")
    for number in (MOBILE, ID_NUMBER):
        pieces = {number[:n] for n in range(1, len(number))} | {number, number[:-1]}
        begun = {
            "bool": {
                "filter": [
                    {"term": {"uid": paper.id}},
                    {
                        "bool": {
                            "should": [{"prefix": {"body_t": p.lower()}} for p in pieces - {"1"}]
                        }
                    },
                ]
            }
        }
        _, answer = elastic("POST", f"{prefix}-*/_search", {"query": begun})
        assert answer["hits"]["hits"] == []
    assert world.found(MOBILE, by="archivist") == {paper.id}


def test_the_store_holds_names_and_bytes_that_say_nothing(recorded):
    world, store = recorded.world, recorded.store
    customer = world.customer()
    content = "谐波减速器采购纪要".encode() * 20_000
    with store.during() as asked:
        world.document(customer.id, content, file_name="底价.txt", by="service_officer")
    stored = [r for r in asked if r.method == "PUT"]
    bucket = world.archive.settings.search_prefix
    assert len(stored) == 1
    for request in stored:
        assert re.fullmatch(rf"/{bucket}/([a-z2-7]{{2}})/\1[a-z2-7]{{24}}", request.path)
        assert "谐波减速器".encode() not in request.body
        assert "底价".encode() not in request.body
        assert len(request.body) > len(content)


def test_the_store_gives_nothing_to_strangers(world):
    customer = world.customer()
    world.document(customer.id, "纪要")
    (blob,) = world.archive.blobs.list()
    address = os.environ[STORE].split(",")[0]
    bucket = world.archive.settings.search_prefix
    for path in ("", f"/{bucket}", f"/{bucket}/{blob.name}"):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://{address}{path}")


# -- what the archive asks, and when -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """A world whose engine and store are reached through recorders."""

    world: World
    engine: Recorder
    store: Recorder


@pytest.fixture
def recorded(place: Home, sandbox: Sandbox) -> Iterator[Recorded]:
    with ExitStack() as open_:
        intents = open_intents(place.url("archive"))
        engine = os.environ["GUIDANG_TEST_ES_URL"].removeprefix("http://")
        to_engine = open_.enter_context(recording(engine, intents))
        to_store = open_.enter_context(recording(os.environ[STORE].split(",")[0], intents))
        settings = open_.enter_context(
            on_servers(place, search=to_engine.address, store=to_store.address)
        )
        world = open_.enter_context(World.opened(settings, sandbox))
        yield Recorded(world, to_engine, to_store)


def categories_in(request: Request, prefix: str) -> set[str]:
    names = unquote(request.path).split("/")[1]
    return {name.removeprefix(f"{prefix}-") for name in names.split(",")}


def test_each_search_runs_as_the_reader_of_exactly_the_persons_categories(recorded):
    world, prefix = recorded.world, recorded.world.archive.settings.search_prefix
    a_paper_in_each_category(world)
    with world.archive.db.read() as db:
        policy = world.archive.policies.current(db)
    for who in sorted(EVERYBODY):
        readable = scopes(policy, world.actor(who)).categories
        with recorded.engine.during() as asked:
            world.search("焊接机器人", by=who)
        assert bool(asked) == bool(readable), who
        for request in asked:
            assert request.reader == reader_name(readable), who
            assert categories_in(request, prefix) == readable, who


def test_a_category_filter_narrows_the_indices_and_not_the_reader(recorded):
    world, prefix = recorded.world, recorded.world.archive.settings.search_prefix
    a_paper_in_each_category(world)
    filters = Filters(category=frozenset({"active"}))
    with recorded.engine.during() as asked:
        answer = world.search("焊接机器人", by="archivist", filters=filters)
    assert answer.total == 1
    assert {request.reader for request in asked} == {reader_name(list(Category))}
    searches = [categories_in(r, prefix) for r in asked if "_search" in r.path]
    assert {"active"} in searches


def test_a_filter_on_a_category_that_one_may_not_read_asks_no_index_for_it(recorded):
    world, prefix = recorded.world, recorded.world.archive.settings.search_prefix
    a_paper_in_each_category(world)
    filters = Filters(category=frozenset({"potential"}))
    with recorded.engine.during() as asked:
        assert world.search("焊接机器人", by="legal", filters=filters).total == 0
    assert not any("potential" in categories_in(request, prefix) for request in asked)


def kind_of(part: str, request: Request) -> tuple[str, str]:
    if part == "store":
        return part, request.method
    return part, request.path.partition("?")[0].rpartition("/")[2]


def unannounced(recorded: Recorded) -> list[Request]:
    """Return the requests that no committed intent without outcome accounts for."""
    asked = [("engine", r) for r in recorded.engine.requests]
    asked += [("store", r) for r in recorded.store.requests]
    return [r for part, r in asked if not UNDER[kind_of(part, r)] & r.actions]


def test_neither_engine_nor_store_is_asked_before_the_intent_is_committed(recorded):
    world = recorded.world
    with world.worker() as worker:
        # a worker that starts looks for bucket and index, and makes them, in nobody's call
        worker.drain()
        recorded.store.requests.clear()
        recorded.engine.requests.clear()
        customer = world.customer(category=Category.INTENDED)
        paper = world.document(customer.id, "焊接机器人" * 50_000)
        worker.drain()
        assert world.found("焊接机器人", by="sales") == {paper.id}
        download(world, paper.id, by="archivist")
        world.move(customer.id, "active")
        worker.drain()
        world.version(paper.id, "谐波减速器")
        worker.drain()
        active = Filters(category=frozenset({"active"}))
        world.search("谐波减速器", by="legal", filters=active)
    asked = {kind_of("engine", r)[1] for r in recorded.engine.requests}
    assert asked >= {"_search", "_bulk", "_refresh"}
    assert {r.method for r in recorded.store.requests} >= {"PUT", "GET"}
    assert unannounced(recorded) == []


def test_what_is_asked_for_a_person_stands_under_that_persons_intent(recorded):
    world = recorded.world
    customer = world.customer()
    paper = world.document(customer.id, "焊接机器人")
    world.work()
    with recorded.engine.during() as searched:
        answer = world.search("焊接机器人", by="sales")
    with recorded.store.during() as fetched:
        download(world, paper.id, by="archivist")
    assert answer.total == 1
    assert {i.actor for r in searched for i in r.intents} == {world.id("sales")}
    assert {i.actor for r in fetched for i in r.intents} == {world.id("archivist")}


def test_the_store_is_not_asked_for_who_may_not_have_it(recorded):
    world = recorded.world
    paper = world.document(world.customer(owner="sales").id, "焊接机器人")
    with recorded.store.during() as asked:
        for who in ("sales2", "auditor", "system_admin"):
            with pytest.raises(Hidden):
                download(world, paper.id, by=who)
    assert asked == []


def test_while_the_log_cannot_be_written_neither_engine_nor_store_is_asked(recorded, place):
    world = recorded.world
    customer = world.customer()
    paper = world.document(customer.id, "焊接机器人")
    world.work()
    with (
        recorded.engine.during() as searched,
        recorded.store.during() as fetched,
        postgres(place.url("archive")) as other,
        other.transaction(),
    ):
        other.execute("SELECT * FROM audit_head FOR UPDATE")
        with pytest.raises(Unavailable, match="log"):
            world.search("焊接机器人", by="archivist")
        with pytest.raises(Unavailable, match="log"):
            download(world, paper.id, by="archivist")
        with pytest.raises(Unavailable, match="log"):
            world.document(customer.id, "谐波减速器")
    assert (searched, fetched) == ([], [])
    assert world.found("焊接机器人", by="archivist") == {paper.id}


def test_no_word_that_was_typed_or_stored_stands_in_an_address(recorded):
    world = recorded.world
    customer = world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE)
    paper = world.document(customer.id, CONTRACT, kind="contract", file_name="采购合同.txt")
    world.work()
    for q in ("谐波减速器", "KR210", MOBILE, '"质保期二十四个月" -涂装', "采购*"):
        world.search(q, by="legal")
    download(world, paper.id, by="legal")
    typed = ("谐波", "谐", "KR", "kr210", MOBILE, "质保期", "采购", "望潮", "涂装")
    for request in (*recorded.engine.requests, *recorded.store.requests):
        path = request.path
        assert not any(word in unquote(path) or quote(word) in path for word in typed), path
