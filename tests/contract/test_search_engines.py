"""What only one of the engines has to prove: files and processes here, accounts there."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import AuthorizationException, Elasticsearch

from service.codes import Category
from service.errors import Unavailable
from service.search.elastic import Elastic
from service.search.embedded import Embedded
from service.search.port import GenerationMismatch, SearchDocument
from service.search.readers import reader_name, reader_sets
from tests.contract.engines import account, ask, document, elastic, scopes, uids

# the embedded engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def writer(folder: Path) -> Embedded:
    engine = Embedded(folder)
    engine.swap(engine.start_generation())
    return engine


def test_a_search_waits_for_its_turn_to_compute(folder, writer):
    turns = threading.BoundedSemaphore(1)
    reader, answered = Embedded(folder, turns), threading.Event()

    def search() -> None:
        ask(reader)
        answered.set()

    with turns:
        thread = threading.Thread(target=search)
        thread.start()
        assert not answered.wait(0.1)
    assert answered.wait(60)
    thread.join()


def test_another_process_sees_what_was_written_at_its_next_search(folder, writer):
    reader = Embedded(folder)
    assert ask(reader).total == 0
    writer.apply([document("a")])
    assert uids(ask(reader)) == ["a"]


def test_another_process_follows_a_swap_at_its_next_search(folder, writer):
    reader = Embedded(folder)
    writer.apply([document("old")])
    assert uids(ask(reader)) == ["old"]
    name = writer.start_generation()
    writer.load(name, [document("new")])
    writer.swap(name)
    assert uids(ask(reader)) == ["new"]
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [name]


@pytest.mark.parametrize("part", ["analyzer", "numbers", "schema"])
def test_an_index_built_by_another_program_is_refused(folder, writer, part):
    note = folder / writer.status().generation / "guidang.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {part: "another"}))
    for refused in (ask, Embedded.status, lambda engine: engine.apply([document("a")])):
        with pytest.raises(GenerationMismatch):
            refused(Embedded(folder))


def test_a_damaged_index_is_away_and_not_empty(folder, writer):
    writer.apply([document("a")])
    for path in (folder / writer.status().generation).glob("meta.json"):
        path.write_bytes(b"no json")
    with pytest.raises(Unavailable):
        ask(Embedded(folder))


def test_a_second_writer_is_turned_away_and_leaves_the_first_alone(folder, writer):
    def slow() -> Iterator[SearchDocument]:
        yield document("a")
        with pytest.raises(Unavailable):
            Embedded(folder).apply([document("b")])
        yield document("c")

    assert writer.apply(slow()) == []
    assert set(uids(ask(writer))) == {"a", "c"}


def test_a_document_that_cannot_be_written_is_named_and_the_others_are_written(writer):
    failures = writer.apply([document("a"), document("b", owner="\ud800"), document("c")])
    assert [failure.uid for failure in failures] == ["b"]
    assert set(uids(ask(writer))) == {"a", "c"}


def test_threads_search_while_batches_are_written(writer):
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        last = 0
        while not done.is_set():
            total = ask(writer, "合同").total
            if total < last or total % 2:
                wrong.append((last, total))
            last = total

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(0, 24, 2):
        writer.apply([document(f"{n:03}", "合同"), document(f"{n + 1:03}", "合同")])
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert ask(writer, "合同").total == 24


KILLED = """
import os, sys
from pathlib import Path
from service.search.embedded import Embedded
from tests.contract.engines import document

def dying():
    yield document("lost")
    os.kill(os.getpid(), 9)

engine = Embedded(Path(sys.argv[1]))
engine.apply([document("kept")])
engine.apply(dying())
"""


def test_a_process_killed_while_writing_leaves_the_last_commit(folder, writer):
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    assert subprocess.run(command, cwd=root, env=environment, check=False).returncode == -9
    assert uids(ask(writer)) == ["kept"]
    writer.apply([document("next")])
    assert set(uids(ask(writer))) == {"kept", "next"}


# the server


@pytest.fixture(scope="module")
def server() -> Iterator[Elastic]:
    with elastic() as engine:
        engine.swap(engine.start_generation())
        engine.apply([document(category, category=category) for category in Category])
        engine.refresh()
        yield engine


@pytest.fixture
def web(server: Elastic) -> Iterator[Elasticsearch]:
    """The web's account as an intruder would use it."""
    client = Elasticsearch(
        os.environ["GUIDANG_TEST_ES_URL"], basic_auth=account("GUIDANG_TEST_ES_WEB")
    )
    yield client
    client.close()


def as_user(client: Elasticsearch, name: str) -> Elasticsearch:
    return client.options(headers={"es-security-runas-user": name})


@pytest.mark.live
@pytest.mark.parametrize("readable", reader_sets(), ids=reader_name)
def test_a_reader_reads_its_categories_and_is_refused_every_other(server, web, readable):
    reader = as_user(web, reader_name(readable))
    generation = server.status().generation
    for category in Category:
        for index in (f"{server._prefix}-{category}", f"{server._prefix}-{category}-{generation}"):
            if category in readable:
                assert reader.search(index=index)["hits"]["total"]["value"] == 1
            else:
                with pytest.raises(AuthorizationException):
                    reader.search(index=index)
    everything = reader.search(index=f"{server._prefix}-*", size=10)["hits"]["hits"]
    assert {hit["_source"]["category"] for hit in everything} == set(readable)


@pytest.mark.live
def test_the_web_s_own_account_reads_and_writes_nothing(server, web):
    index = f"{server._prefix}-{Category.ACTIVE}"
    for refused in (
        lambda: web.search(index=index),
        lambda: web.count(index=index),
        lambda: web.indices.get_mapping(index=index),
        lambda: web.indices.delete(index=f"{index}-1"),
        lambda: web.index(index=index, document={}),
        lambda: as_user(web, "guidang_indexer").search(index=index),
        lambda: as_user(web, "guidang-reader-nobody").search(index=index),
        lambda: as_user(web, reader_name([Category.ACTIVE])).index(index=index, document={}),
    ):
        with pytest.raises(AuthorizationException):
            refused()


@pytest.mark.live
def test_the_text_is_not_kept_on_the_server(server):
    server.apply([document("secret", "不可见的正文", rev=9)])
    server.refresh()
    found = server._writer.search(index=f"{server._prefix}-*", size=100).body
    assert {name for hit in found["hits"]["hits"] for name in hit["_source"]} == {
        "uid",
        "version_id",
        "category",
        "sort_key",
        "rev",
    }


@pytest.mark.live
def test_a_generation_of_another_analyser_is_noticed_when_the_alias_moves():
    with elastic() as engine:
        engine.swap(engine.start_generation())
        engine.apply([document("a", "合同")])
        engine.refresh()
        assert ask(engine, "合同").total == 1
        assert ask(engine, "没有").total == 0
        other = engine.start_generation()
        for category in Category:
            index = engine._index(category, other)
            meta = {"analyzer": "another", "schema": "another"}
            engine._writer.indices.put_mapping(index=index, meta=meta)
        engine.swap(other)
        with pytest.raises(GenerationMismatch):
            ask(engine, "合同")
        with pytest.raises(GenerationMismatch):
            engine.apply([document("a")])
        with pytest.raises(GenerationMismatch):
            engine.status()


@pytest.mark.live
def test_a_missing_alias_does_not_become_an_index_of_that_name(server):
    with elastic() as engine:
        with pytest.raises(GenerationMismatch):
            engine.apply([document("a")])
        assert engine._indices() == {}


@pytest.mark.live
def test_a_process_without_the_indexer_s_account_cannot_write(server):
    reading = Elastic(
        os.environ["GUIDANG_TEST_ES_URL"],
        web=account("GUIDANG_TEST_ES_WEB"),
        prefix=server._prefix,
    )
    assert ask(reading, "", scopes(Category.ENDED)).total == 1
    with pytest.raises(RuntimeError, match="no account"):
        reading.apply([document("a")])
    reading.close()


@pytest.mark.live
def test_a_wrong_password_is_an_engine_that_is_away(server):
    engine = Elastic(os.environ["GUIDANG_TEST_ES_URL"], web=("guidang_web", "wrong"))
    with pytest.raises(Unavailable):
        engine.check()
    with pytest.raises(Unavailable):
        ask(engine)
    engine.close()


def test_a_server_that_is_away_is_unavailable():
    engine = Elastic("http://127.0.0.1:9", web=("a", "b"), indexer=("a", "b"), timeout=2)
    for asked in (
        engine.check,
        engine.status,
        engine.refresh,
        lambda: ask(engine),
        lambda: engine.apply([document("a")]),
        lambda: list(engine.pairs()),
    ):
        with pytest.raises(Unavailable) as away:
            asked()
        assert away.value.part == "search"
    engine.close()
