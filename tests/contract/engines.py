"""Search engines to test, and documents and scopes to test them with."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from service.codes import Category, Grade
from service.permissions import Scope, Scopes
from service.search import analysis, query
from service.search.elastic import Account, Elastic
from service.search.embedded import Embedded
from service.search.port import Engine, Failure, Found, Removal, Search, SearchDocument

KINDS = frozenset({"contract", "quotation", "minutes", "invoice"})
GRADES = frozenset(Grade)
DAY = 739_000


def account(variable: str) -> Account:
    name, _, password = os.environ[variable].partition(":")
    return name, password


@contextmanager
def elastic() -> Iterator[Elastic]:
    """Give indices of their own on the server that the environment names."""
    prefix = os.environ.get("GUIDANG_TEST_ES_PREFIX", "guidang-test")
    engine = Elastic(
        os.environ["GUIDANG_TEST_ES_URL"],
        web=account("GUIDANG_TEST_ES_WEB"),
        indexer=account("GUIDANG_TEST_ES_INDEXER"),
        prefix=f"{prefix}-{uuid4().hex[:12]}",
        timeout=60,
    )
    try:
        yield engine
    finally:
        for index in engine._indices():
            engine._writer.indices.delete(index=index)
        engine.close()


@contextmanager
def engine_called(name: str, folder: Path) -> Iterator[Engine]:
    if name == "embedded":
        yield Embedded(folder / "search")
    else:
        with elastic() as engine:
            yield engine


def blind(kind: str, number: str) -> str:
    return f"{kind}:{hashlib.sha256(number.encode()).hexdigest()[:32]}"


def document(uid: str, body: str = "", **given: Any) -> SearchDocument:
    """Make a document; `title`, `customer` and `body` are plain text."""
    serial = int.from_bytes(uid.encode()[-3:])
    title, customer = given.pop("title", "文件"), given.pop("customer", "甲乙机器人有限公司")
    values: dict[str, Any] = {
        "version_id": f"{uid}-1",
        "customer_id": "customer1",
        "category": Category.ACTIVE,
        "status": "filed",
        "owner": "zhang",
        "people": ("zhang",),
        "kind": "contract",
        "module": "contract",
        "grade": "general",
        "filing": "filed",
        "year": 2024,
        "sort_key": DAY << 32 | serial,
        "rev": 1,
        "title_t": analysis.tokenized(title),
        "body_t": analysis.tokenized(body),
        "customer_t": analysis.tokenized(customer),
        "codes": analysis.codes(body),
    }
    return SearchDocument(uid=uid, **values | given)


def block(category: Category, **given: Any) -> Scope:
    values: dict[str, Any] = {"kinds": KINDS, "grades": GRADES, "own": False}
    return Scope(category, **values | given)


def scopes(*categories: Category, **given: Any) -> Scopes:
    """Return scopes for these categories, all of them if none is named."""
    return Scopes.of(block(category, **given) for category in categories or Category)


def ask(
    engine: "Engine | Shelf", words: str = "", within: Scopes | None = None, **given: Any
) -> Found:
    node = query.parse(words, blind).node
    return engine.search(Search(scopes() if within is None else within, node, **given))


def uids(found: Found) -> list[str]:
    return [hit.uid for hit in found.hits]


class Shelf:
    """A part of a shared engine that one test has to itself: making generations takes seconds.

    Ids get a prefix on the way in and lose it on the way out, and every search is limited to the
    customers put here.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._name = uuid4().hex[:8]
        self._customers = {f"{self._name}nobody"}

    def apply(
        self, upserts: Iterable[SearchDocument], removals: Iterable[Removal] = ()
    ) -> list[Failure]:
        return self._engine.apply(
            map(self._own, upserts), [replace(r, uid=self._name + r.uid) for r in removals]
        )

    def refresh(self) -> None:
        self._engine.refresh()

    def search(self, search: Search) -> Found:
        chosen = self._ids(search.filters.customer) or frozenset(self._customers)
        own = replace(
            search,
            scopes=replace(search.scopes, documents=self._ids(search.scopes.documents)),
            filters=replace(search.filters, customer=chosen),
            dirty_documents=self._ids(search.dirty_documents),
            dirty_customers=self._ids(search.dirty_customers),
        )
        found = self._engine.search(own)
        hits = (replace(hit, uid=hit.uid.removeprefix(self._name)) for hit in found.hits)
        return replace(found, hits=tuple(hits))

    def _own(self, document: SearchDocument) -> SearchDocument:
        customer = self._name + document.customer_id
        self._customers.add(customer)
        return replace(document, uid=self._name + document.uid, customer_id=customer)

    def _ids(self, ids: Iterable[str]) -> frozenset[str]:
        return frozenset(self._name + one for one in ids)
