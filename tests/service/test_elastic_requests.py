"""What the application sends to Elasticsearch: as whom, to which indices, and never more."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.codes import Category, Grade
from service.permissions import Scope, Scopes
from service.search import schema
from service.search.elastic import Elastic
from service.search.port import Filters, Search
from service.search.query import Phrase
from service.search.readers import reader_name


@dataclass
class Heard:
    """One request as a server hears it."""

    method: str
    path: str
    runas: str | None
    body: dict[str, object] = field(default_factory=dict)


class Listener(BaseHTTPRequestHandler):
    """Stands where a server would: notes what is asked, and answers that there is nothing."""

    heard: list[Heard]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        runas = self.headers.get("es-security-runas-user")
        self.heard.append(Heard(self.command, self.path, runas, body))
        answer = json.dumps(self._said()).encode()
        self.send_response(200)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _said(self) -> dict[str, object]:
        if "_mapping" in self.path:
            built = {"mappings": {"_meta": schema.meta()}}
            return {f"guidang-{c}-20260101": built for c in Category}
        return {
            "hits": {"total": {"value": 0, "relation": "eq"}, "hits": []},
            "aggregations": {},
            "timed_out": False,
            "_shards": {"failed": 0},
        }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


@contextmanager
def listening() -> Iterator[tuple[Elastic, list[Heard]]]:
    heard: list[Heard] = []
    handler = type("Noting", (Listener,), {"heard": heard})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        yield Elastic(url, web=("guidang_web", "x")), heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def scopes(*categories: Category) -> Scopes:
    kinds, grades = frozenset({"minutes"}), frozenset({Grade.GENERAL})
    return Scopes.of(Scope(c, kinds, grades, own=False) for c in categories)


@pytest.mark.parametrize(
    "categories",
    [(Category.ACTIVE,), (Category.POTENTIAL, Category.ENDED), tuple(Category)],
)
def test_every_search_runs_as_the_reader_of_exactly_the_person_s_categories(
    categories: tuple[Category, ...],
) -> None:
    with listening() as (engine, heard):
        engine.search(Search(scopes(*categories), Phrase(("库", "卡"))))
    assert heard
    assert {h.runas for h in heard} == {reader_name(frozenset(categories))}
    asked = [h for h in heard if "_search" in h.path]
    named = {part for h in asked for part in h.path.split("/")[1].split("?")[0].split("%2C")}
    named = {n for part in named for n in part.split(",")}
    assert named == {f"guidang-{c}" for c in categories}


def test_a_category_outside_the_scopes_is_not_asked_for_at_all() -> None:
    with listening() as (engine, heard):
        wanted = Filters(category=frozenset({"ended"}))
        engine.search(Search(scopes(Category.ACTIVE), Phrase(("库",)), wanted))
    assert all("guidang-ended" not in h.path for h in heard)
    assert all("guidang-ended" not in json.dumps(h.body) for h in heard)


def test_without_scopes_nothing_is_sent() -> None:
    with listening() as (engine, heard):
        assert engine.search(Search(Scopes(), Phrase(("库",)))).total == 0
    assert heard == []


def test_words_are_sent_in_bodies_only() -> None:
    with listening() as (engine, heard):
        engine.search(Search(scopes(Category.ACTIVE), Phrase(("canary",))))
    assert any("canary" in json.dumps(h.body) for h in heard)
    assert all("canary" not in h.path for h in heard)
