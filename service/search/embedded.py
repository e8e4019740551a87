"""The search engine that lives in a folder: tantivy, one index, category as a filter.

Any number of processes on one host search; one at a time writes (the caller holds the lease).
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import tantivy

from service.codes import Category, Sort
from service.errors import Unavailable
from service.search import conditions, schema
from service.search.analysis import analyzer
from service.search.conditions import Condition, Either, Every, Range, Terms, Without
from service.search.facets import FACET_VALUES, ordered
from service.search.generations import Generations
from service.search.port import (
    FACETS,
    Failure,
    Found,
    GenerationMismatch,
    Hit,
    IndexStatus,
    NoGeneration,
    Removal,
    Search,
    SearchDocument,
)
from service.search.query import (
    And,
    AtLeast,
    BlindToken,
    Code,
    CodePrefix,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
)

Q = tantivy.Query
MUST, SHOULD, MUST_NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot

#: Memory of the writer while applying, and while filling a new generation.
_HEAP = 64_000_000
_LOAD_HEAP = 128_000_000
_LOAD_COMMIT = 20_000
_BATCH = 500
_PAGE = 10_000
#: Up to so many values are asked for one by one.
_FEW = 64

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Live:
    """An open generation."""

    name: str
    index: tantivy.Index

    def searcher(self) -> tantivy.Searcher:
        """Return a view of everything committed so far."""
        self.index.reload()
        return self.index.searcher()


class Embedded:
    """A search engine in a folder; see `port.Engine`."""

    def __init__(self, root: Path, turns: threading.BoundedSemaphore | None = None) -> None:
        self._generations = Generations(root)
        self._turns = turns or threading.BoundedSemaphore()
        self._opening = threading.Lock()
        self._live: _Live | None = None

    def search(self, search: Search) -> Found:
        """Answer one question. Empty scopes: nothing, without asking the engine."""
        if search.scopes.empty:
            return Found(0, (), {})
        with self._turns, _answering():
            searcher = self._searcher()
            question = _Question(searcher, search)
            total, hits = question.hits()
            return Found(total, hits, question.facets() if search.facets else {})

    def apply(
        self, upserts: Iterable[SearchDocument], removals: Iterable[Removal] = ()
    ) -> list[Failure]:
        """Write a batch as one commit."""
        with _answering():
            live = self._opened()
            with _writing(live.index, _HEAP) as writer:
                return _Batch(live, writer).write(upserts, removals)

    def refresh(self) -> None:
        """Nothing to do: every search looks for the newest commit first."""

    def start_generation(self) -> str:
        """Create an empty new generation beside the live one and return its name."""
        with _answering():
            name = self._generations.create(schema.meta())
            tantivy.Index(_schema(), path=str(self._generations.path(name)))
            return name

    def load(self, generation: str, documents: Iterable[SearchDocument]) -> list[Failure]:
        """Bulk-load into a generation, committing now and then."""
        failures: list[Failure] = []
        rest = iter(documents)
        with _answering():
            live = self._open(generation)
            with _writing(live.index, _LOAD_HEAP) as writer:
                while (first := next(rest, None)) is not None:
                    some = chain([first], islice(rest, _LOAD_COMMIT - 1))
                    failures += _Batch(live, writer).write(some, ())
        return failures

    def remove_from(self, generation: str, removals: Iterable[Removal]) -> None:
        """Take documents out of a generation that is not live yet."""
        with _answering():
            live = self._open(generation)
            with _writing(live.index, _HEAP) as writer:
                _Batch(live, writer).write((), removals)

    def count(self, generation: str) -> Mapping[Category, int]:
        """Return exact documents per category in a generation."""
        with _answering():
            return _counts(self._open(generation).searcher())

    def swap(self, generation: str) -> None:
        """Make a generation the live one in one step, then drop older ones."""
        with _answering():
            self._open(generation)
            self._generations.make_current(generation)
            for older in self._generations.before(generation):
                self._generations.drop(older)

    def drop(self, generation: str) -> None:
        """Remove a generation that never went live."""
        if generation != self._generations.current():
            self._generations.drop(generation)

    def pairs(self) -> Iterator[tuple[str, Category, str, int]]:
        """Return (uid, category, version id, rev) of every live document."""
        with _answering():
            searcher = self._searcher()
        low, seen = -1, set[str]()
        while True:
            with _answering():
                found = [searcher.doc(address) for address in _from_key(searcher, low)]
            fresh = [doc for doc in found if doc["key"][0] not in seen]
            if not fresh:
                return
            for doc in fresh:
                yield (
                    doc["uid"][0],
                    Category(doc["category"][0]),
                    doc["version_id"][0],
                    doc["rev"][0],
                )
            low = found[-1]["sort_key"][0]
            # The same document may stand in two categories for a moment, with the same sort key.
            seen = {doc["key"][0] for doc in found if doc["sort_key"][0] == low}

    def status(self) -> IndexStatus:
        """Describe the live generation."""
        with _answering():
            live = self._opened()
            return IndexStatus(live.name, analyzer(), _counts(live.searcher()))

    def server(self) -> Mapping[str, str]:
        """Return nothing: a library has no server."""
        return {}

    def check(self) -> None:
        """Raise `Unavailable("search")` unless the folder can be read."""
        with _answering():
            if self._generations.current() is not None:
                self._searcher()

    def _searcher(self) -> tantivy.Searcher:
        try:
            return self._opened().searcher()
        except ValueError:
            # A swap came between reading CURRENT and reading the index: the folder is gone.
            self._live = None
            return self._opened().searcher()

    def _opened(self) -> _Live:
        """Return the live generation; another process may have made another one live."""
        name = self._generations.current()
        if name is None:
            raise NoGeneration("no generation is live")
        live = self._live
        if live is None or live.name != name:
            with self._opening:
                live = self._live = self._open(name)
        return live

    def _open(self, name: str) -> _Live:
        if self._generations.meta(name) != schema.meta():
            raise GenerationMismatch(name)
        index = tantivy.Index.open(str(self._generations.path(name)))
        index.config_reader("manual")
        return _Live(name, index)


class _Question:
    """One search on one view of the index."""

    def __init__(self, searcher: tantivy.Searcher, search: Search) -> None:
        self._searcher = searcher
        self._search = search
        self._query = _node(search.query)
        self._fixed = _limit(conditions.fixed(search))
        self._groups = {
            name: _limit(group) for name, group in conditions.groups(search.filters).items()
        }

    def hits(self) -> tuple[int, tuple[Hit, ...]]:
        """Return the exact total and the hits of the page."""
        everything = self._limited()
        search = self._search
        if search.sort is not Sort.RELEVANCE:
            total = _total(self._searcher.search(everything, limit=1))
            return total, self._by_key(everything, search.sort, search.limit)
        if conditions.same_score(search.query):
            return self._alike(everything)
        return self._ranked(everything)

    def facets(self) -> dict[str, list[tuple[str, int]]]:
        """Count each group's values under the filters of all other groups."""
        free = [name for name in FACETS if name not in self._groups]
        found = self._counted(self._limited(), free)
        for name in self._groups:
            found |= self._counted(self._limited(leaving_out=name), [name])
        return {name: found[name] for name in FACETS}

    def _limited(self, leaving_out: str = "") -> tantivy.Query:
        groups = [group for name, group in self._groups.items() if name != leaving_out]
        return Q.boolean_query([(MUST, query) for query in (self._query, self._fixed, *groups)])

    def _counted(
        self, query: tantivy.Query, names: Sequence[str]
    ) -> dict[str, list[tuple[str, int]]]:
        asked = {name: {"terms": {"field": name, "size": FACET_VALUES}} for name in names}
        answer = self._searcher.aggregate(query, asked) if asked else {}
        return {name: ordered(answer[name]["buckets"]) for name in names}

    def _by_key(self, query: tantivy.Query, sort: Sort, limit: int) -> tuple[Hit, ...]:
        if not limit:
            return ()
        newest = sort is not Sort.OLDEST
        after = self._search.after
        if after is not None:
            rest = Range("sort_key", high=after) if newest else Range("sort_key", low=after + 1)
            query = Q.boolean_query([(MUST, query), (MUST, _limit(rest))])
        order = tantivy.Order.Desc if newest else tantivy.Order.Asc
        found = self._searcher.search(
            query, limit=limit, count=False, order_by_field="sort_key", order=order
        )
        return tuple(self._hit(address, 0.0) for _, address in found.hits)

    def _alike(self, query: tantivy.Query) -> tuple[int, tuple[Hit, ...]]:
        """All scores are the same: the order is by date."""
        search = self._search
        best = self._searcher.search(query, limit=1)
        total = _total(best)
        if not total or not search.limit:
            return total, ()
        found = self._searcher.search(
            query, limit=search.limit, count=False, offset=search.offset, order_by_field="sort_key"
        )
        score = best.hits[0][0]
        return total, tuple(self._hit(address, score) for _, address in found.hits)

    def _ranked(self, query: tantivy.Query) -> tuple[int, tuple[Hit, ...]]:
        """Order by score, then newest first.

        The engine orders equal scores in its own way. So take hits until the page's last score
        is complete, then sort.
        """
        search = self._search
        last = search.offset + search.limit
        taken = last + 1
        while True:
            found = self._searcher.search(query, limit=taken)
            scored = found.hits
            if len(scored) < taken or not search.limit or scored[-1][0] < scored[last - 1][0]:
                break
            taken *= 4
        keys = self._searcher.fast_field_values("sort_key", [address for _, address in scored])
        order = sorted(range(len(scored)), key=lambda n: (-scored[n][0], -int(keys[n] or 0)))
        page = [scored[n] for n in order[search.offset : last]]
        return _total(found), tuple(self._hit(address, score) for score, address in page)

    def _hit(self, address: tantivy.DocAddress, score: float) -> Hit:
        doc = self._searcher.doc(address)
        return Hit(
            uid=doc["uid"][0],
            version_id=doc["version_id"][0],
            category=Category(doc["category"][0]),
            sort_key=doc["sort_key"][0],
            score=score,
            rev=doc["rev"][0],
        )


class _Batch:
    """Writes documents so that a lower rev never replaces a higher one."""

    def __init__(self, live: _Live, writer: tantivy.IndexWriter) -> None:
        self._searcher = live.searcher()
        self._writer = writer
        self._written: dict[str, int] = {}

    def write(
        self, upserts: Iterable[SearchDocument], removals: Iterable[Removal]
    ) -> list[Failure]:
        """Add and take out, then commit once."""
        failures: list[Failure] = []
        for batch in _batches(upserts, _BATCH):
            revs = self._revs([_key(document) for document in batch])
            failures += [f for d in batch if (f := self._upsert(d, revs)) is not None]
        for gone in _batches(removals, _BATCH):
            revs = self._revs([_key(removal) for removal in gone])
            for removal in gone:
                self._remove(removal, revs)
        self._writer.commit()
        return failures

    def _upsert(self, document: SearchDocument, revs: Mapping[str, int]) -> Failure | None:
        key = _key(document)
        known = self._written.get(key, revs.get(key))
        if known is not None and known > document.rev:
            return None
        try:
            indexed = _document(key, document)
        except (ValueError, TypeError, OverflowError) as error:
            return Failure(document.uid, str(error))
        if known is not None:
            self._writer.delete_documents_by_term("key", key)
        self._writer.add_document(indexed)
        self._written[key] = document.rev
        return None

    def _remove(self, removal: Removal, revs: Mapping[str, int]) -> None:
        key = _key(removal)
        known = self._written.get(key, revs.get(key))
        if known is not None and known <= removal.rev:
            self._writer.delete_documents_by_term("key", key)
            self._written.pop(key, None)

    def _revs(self, keys: Sequence[str]) -> dict[str, int]:
        if not self._searcher.num_docs:
            return {}
        wanted = Q.term_set_query(_schema(), "key", keys)
        found = self._searcher.search(wanted, limit=len(keys), count=False)
        docs = (self._searcher.doc(address) for _, address in found.hits)
        return {doc["key"][0]: doc["rev"][0] for doc in docs}


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what goes wrong in the engine into `Unavailable`."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise Unavailable("search") from error
    except BaseException as error:
        # A panic of the native library derives from BaseException and would end the thread.
        if type(error).__name__ != "PanicException":
            raise
        raise Unavailable("search") from error


@contextmanager
def _writing(index: tantivy.Index, heap: int) -> Iterator[tantivy.IndexWriter]:
    """Open the only writer; what was not committed when this ends never happened."""
    writer = index.writer(heap, 1)
    try:
        # Files of a process that was killed while writing.
        writer.garbage_collect_files()
        yield writer
    except BaseException:
        writer.rollback()
        raise
    finally:
        writer.wait_merging_threads()


@cache
def _schema() -> tantivy.Schema:
    """Build the schema from the fields of all categories."""
    builder = tantivy.SchemaBuilder()
    stored = schema.stored()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    for name, field in schema.fields().items():
        kept, indexed = name in stored, field.get("index", True)
        match field["type"]:
            case "text":
                builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
            case "integer" | "long":
                builder.add_integer_field(name, stored=kept, indexed=indexed, fast=True)
            case _ if indexed or kept:
                builder.add_text_field(
                    name,
                    stored=kept,
                    fast=name in FACETS,
                    tokenizer_name="raw",
                    index_option="basic",
                )
    return builder.build()


def _document(key: str, document: SearchDocument) -> tantivy.Document:
    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in schema.values(document).items()
        if name in _indexed()
    }
    return tantivy.Document.from_dict(values | {"key": key}, _schema())


@cache
def _indexed() -> frozenset[str]:
    """Return the fields that the index holds at all."""
    stored = schema.stored()
    return frozenset(
        name
        for name, field in schema.fields().items()
        if name in stored or field.get("index", True)
    )


def _key(document: SearchDocument | Removal) -> str:
    """Return a document's id in a category: while it moves, it stands in two."""
    return f"{document.category}:{document.uid}"


def _node(node: Node | None) -> tantivy.Query:  # noqa: C901, PLR0911 - a line for each kind
    """Translate what was typed."""
    match node:
        case None:
            return _everything()
        case Phrase(tokens):
            weighted = [Q.boost_query(_phrase(name, tokens), b) for name, b in schema.TEXT.items()]
            return Q.disjunction_max_query(weighted, schema.TIE)
        case Prefix(token):
            # Letters or digits: nothing in them means more in a pattern.
            begun = [Q.regex_query(_schema(), name, f"{token}.*") for name in schema.TEXT]
            return _scored(_any(begun), 1.0)
        case Code(code):
            return _scored(_term("codes", code), 1.0)
        case CodePrefix(code):
            return _scored(Q.regex_query(_schema(), "codes", f"{code}.*"), 1.0)
        case BlindToken(token):
            return _scored(_term("blind", token), 1.0)
        case And(nodes):
            return _and(nodes)
        case Or(nodes):
            return _any([_node(inner) for inner in nodes])
        case AtLeast(least, nodes):
            return Q.boolean_query([(SHOULD, _node(inner)) for inner in nodes], least)
        case Not():
            return _and((node,))
        case Nothing():
            return Q.empty_query()


def _and(nodes: Iterable[Node]) -> tantivy.Query:
    """All of them. Alone, what is not wanted matches nothing here, hence the first clause."""
    clauses = [(MUST, _everything())]
    for node in nodes:
        if isinstance(node, Not):
            clauses.append((MUST_NOT, _node(node.node)))
        else:
            clauses.append((MUST, _node(node)))
    return Q.boolean_query(clauses)


def _phrase(field: str, tokens: Sequence[str]) -> tantivy.Query:
    if len(tokens) == 1:
        return Q.term_query(_schema(), field, tokens[0])
    return Q.phrase_query(_schema(), field, list(tokens))


def _limit(condition: Condition) -> tantivy.Query:
    """Translate what limits a search; it adds nothing to a score."""
    return _scored(_condition(condition), 0.0)


def _condition(condition: Condition) -> tantivy.Query:
    match condition:
        case Terms(field, values) if len(values) > _FEW:
            return Q.term_set_query(_schema(), field, list(values))
        case Terms(field, values):
            # For a few values the union of their lists is several times faster than a set.
            return _any([_term(field, value) for value in values])
        case Range(field, low, high):
            return _range(field, low, high)
        case Every(inner):
            unwanted = [c.condition for c in inner if isinstance(c, Without)]
            wanted = [c for c in inner if not isinstance(c, Without)]
            clauses = [(MUST, _condition(c)) for c in wanted] or [(MUST, _everything())]
            return Q.boolean_query([*clauses, *((MUST_NOT, _condition(c)) for c in unwanted)])
        case Either(inner):
            return _any([_condition(c) for c in inner])
        case Without():
            return _condition(Every((condition,)))


def _range(field: str, low: int | None, high: int | None) -> tantivy.Query:
    last = None if high is None else high - 1
    return Q.range_query(_schema(), field, tantivy.FieldType.Integer, low, last)


def _from_key(searcher: tantivy.Searcher, low: int) -> list[tantivy.DocAddress]:
    """Return the next documents in the order of their sort keys, from `low` on."""
    found = searcher.search(
        _range("sort_key", low, None),
        limit=_PAGE,
        count=False,
        order_by_field="sort_key",
        order=tantivy.Order.Asc,
    )
    return [address for _, address in found.hits]


def _total(found: object) -> int:
    """Return how many were found: an attribute that the library's type stubs lack."""
    return int(getattr(found, "count"))  # noqa: B009


def _term(field: str, value: str | int) -> tantivy.Query:
    return Q.term_query(_schema(), field, value, index_option="basic")


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return Q.boolean_query([(SHOULD, query) for query in queries]) if queries else Q.empty_query()


def _scored(query: tantivy.Query, score: float) -> tantivy.Query:
    return Q.const_score_query(query, score)


def _everything() -> tantivy.Query:
    return _scored(Q.all_query(), 0.0)


def _counts(searcher: tantivy.Searcher) -> dict[Category, int]:
    asked = {"category": {"terms": {"field": "category", "size": len(Category)}}}
    buckets = searcher.aggregate(Q.all_query(), asked)["category"]["buckets"]
    counted = {bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}
    return {category: counted.get(category, 0) for category in Category}


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
