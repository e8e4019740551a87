"""The search engine on a server: Elasticsearch, one index for each customer category.

Every search is run as the reader of exactly the person's categories: Elasticsearch itself
refuses what this program forgets. Only the indexer's account can write, and web processes do
not have it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch, NotFoundError, helpers

from service.codes import Category
from service.errors import Unavailable
from service.search import elastic_query, schema
from service.search.facets import ordered
from service.search.generations import new_name
from service.search.port import (
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
from service.search.readers import reader_name

#: Name and password of an account.
Account = tuple[str, str]
Json = dict[str, Any]

_PAGE = 5_000
_CHUNK_BYTES = 10_000_000
#: The document is newer there, or gone already: both are what was wanted.
_FINE = {("index", 409), ("delete", 409), ("delete", 404)}
_ALL = frozenset(Category)


class Elastic:
    """A search engine on a server; see `port.Engine`."""

    def __init__(
        self,
        url: str,
        *,
        web: Account,
        indexer: Account | None = None,
        prefix: str = "guidang",
        timeout: float = 10.0,
        ca_file: str | None = None,
    ) -> None:
        self._prefix = prefix
        self._timeout = timeout
        options: Json = {"request_timeout": timeout, "max_retries": 1}
        if ca_file:
            options["ca_certs"] = ca_file
        self._web = Elasticsearch(url, basic_auth=web, **options)
        self._indexer = Elasticsearch(url, basic_auth=indexer, **options) if indexer else None
        self._usable: frozenset[str] = frozenset()

    def search(self, search: Search) -> Found:
        """Answer one question. Empty scopes: nothing, without asking the engine."""
        if search.scopes.empty or not search.scopes.categories:
            return Found(0, (), {})
        readable, chosen = search.scopes.categories, search.filters.category
        asked = frozenset(c for c in readable if not chosen or c in chosen)
        reader = self._reader(readable)
        with _answering():
            answer = self._ask(reader, asked, elastic_query.request(search))
            facets = _facets(answer)
            if search.facets and chosen:
                everywhere = self._ask(reader, readable, elastic_query.category_request(search))
                facets |= _facets(everywhere)
        found = answer["hits"]
        return Found(found["total"]["value"], tuple(map(_hit, found["hits"])), facets)

    def apply(
        self, upserts: Iterable[SearchDocument], removals: Iterable[Removal] = ()
    ) -> list[Failure]:
        """Write a batch; what moves stands in its new index before it leaves the old one."""
        gone = list(removals)
        with _answering():
            self._verify(self._writer, _ALL)
            actions = (_upsert(d, self._alias(d.category)) for d in upserts)
            failures = self._bulk(actions, live=True)
            if gone:
                self.refresh()
                actions = (_remove(r, self._alias(r.category)) for r in gone)
                failures += self._bulk(actions, live=True)
        return failures

    def refresh(self) -> None:
        """Make everything applied so far visible to every process that searches."""
        with _answering():
            self._writer.indices.refresh(index=[self._alias(c) for c in Category])

    def start_generation(self) -> str:
        """Create an empty new generation beside the live one and return its name."""
        name = new_name()
        with _answering():
            for category in Category:
                body = schema.index_body(category)
                self._writer.indices.create(index=self._index(category, name), **body)
        return name

    def load(self, generation: str, documents: Iterable[SearchDocument]) -> list[Failure]:
        """Bulk-load into a generation."""
        with _answering():
            return self._bulk(_upsert(d, self._index(d.category, generation)) for d in documents)

    def remove_from(self, generation: str, removals: Iterable[Removal]) -> None:
        """Take documents out of a generation that is not live yet."""
        with _answering():
            self._bulk(_remove(r, self._index(r.category, generation)) for r in removals)

    def count(self, generation: str) -> Mapping[Category, int]:
        """Return exact documents per category in a generation, after refreshing it."""
        names = {category: self._index(category, generation) for category in Category}
        with _answering():
            self._writer.indices.refresh(index=list(names.values()))
            return {c: self._writer.count(index=name)["count"] for c, name in names.items()}

    def swap(self, generation: str) -> None:
        """Make a generation the live one in one step, then drop older ones."""
        actions: list[Json] = []
        for category in Category:
            alias, index = self._alias(category), self._index(category, generation)
            everywhere = {"index": f"{alias}-*", "alias": alias, "must_exist": False}
            actions += ({"remove": everywhere}, {"add": {"index": index, "alias": alias}})
        with _answering():
            self._writer.indices.update_aliases(actions=actions)
            for index in self._indices():
                if _generation(index) < generation:
                    self._writer.indices.delete(index=index)

    def drop(self, generation: str) -> None:
        """Remove a generation that never went live."""
        with _answering():
            for index, aliases in self._indices().items():
                if _generation(index) == generation and not aliases:
                    self._writer.indices.delete(index=index)

    def pairs(self) -> Iterator[tuple[str, Category, str, int]]:
        """Return (uid, category, version id, rev) of every live document."""
        for category in Category:
            one = frozenset({category})
            after: str | None = None
            while True:
                with _answering():
                    page = elastic_query.page_of_all(after, _PAGE)
                    hits = self._ask(self._reader(one), one, page)["hits"]["hits"]
                if not hits:
                    break
                for hit in map(_hit, hits):
                    yield hit.uid, hit.category, hit.version_id, hit.rev
                after = hits[-1]["sort"][0]

    def status(self) -> IndexStatus:
        """Describe the live generation."""
        reader = self._reader(_ALL)
        with _answering():
            generations = {_generation(name) for name in self._verify(reader, _ALL)}
            if len(generations) != 1:
                raise GenerationMismatch("the categories are of different generations")
            counts = {c: reader.count(index=self._alias(c))["count"] for c in Category}
        return IndexStatus(generations.pop(), schema.meta()["analyzer"], counts)

    def server(self) -> Mapping[str, str]:
        """Return the versions of the nodes, as they tell the web's account."""
        with _answering():
            told = self._web.nodes.info(metric="os", filter_path="nodes.*.version")
        versions = sorted({str(node["version"]) for node in told.get("nodes", {}).values()})
        return {"Elasticsearch": ", ".join(versions)} if versions else {}

    def check(self) -> None:
        """Raise `Unavailable("search")` unless the engine answers."""
        with _answering():
            self._web.cluster.health(filter_path="status")

    def close(self) -> None:
        """Let go of all connections."""
        self._web.close()
        if self._indexer is not None:
            self._indexer.close()

    @property
    def _writer(self) -> Elasticsearch:
        if self._indexer is None:
            raise RuntimeError("this process has no account that may write the index")
        return self._indexer

    def _reader(self, categories: Collection[Category]) -> Elasticsearch:
        """Return a client that may read these categories and nothing else."""
        return self._web.options(headers={"es-security-runas-user": reader_name(categories)})

    def _ask(self, reader: Elasticsearch, categories: Collection[Category], body: Json) -> Json:
        if not categories:
            return _nothing(body)
        answer: Json = reader.search(
            index=[self._alias(c) for c in Category if c in categories],
            search_type="dfs_query_then_fetch",
            allow_partial_search_results=False,
            timeout=f"{int(self._timeout * 1000)}ms",
            **{"from_" if name == "from" else name: value for name, value in body.items()},
        ).body
        if answer["timed_out"]:
            raise Unavailable("search")
        # A rebuild by another program may have made another generation live. An answer without
        # hits does not tell which generation it is from: perhaps it is empty for that reason.
        seen = {hit["_index"] for hit in answer["hits"]["hits"]}
        if not seen or not seen <= self._usable:
            self._usable = frozenset(self._verify(reader, categories))
        return answer

    def _verify(self, client: Elasticsearch, categories: Collection[Category]) -> list[str]:
        """Return the live indices; refuse what this program did not build."""
        aliases = [self._alias(c) for c in Category if c in categories]
        found = client.indices.get_mapping(index=aliases)
        for index, mapping in found.items():
            built = mapping["mappings"].get("_meta", {})
            if not built.items() >= schema.meta().items():
                raise GenerationMismatch(index)
        return list(found)

    def _bulk(self, actions: Iterable[Json], *, live: bool = False) -> list[Failure]:
        """Write; an alias that is missing must not become an index of that name."""
        answers = helpers.streaming_bulk(
            self._writer,
            actions,
            max_chunk_bytes=_CHUNK_BYTES,
            max_retries=5,
            initial_backoff=0.5,
            raise_on_error=False,
            require_alias=live,
        )
        return [failure for done, item in answers if not done and (failure := _failure(item))]

    def _indices(self) -> dict[str, list[str]]:
        """Return all generations' indices with their aliases."""
        patterns = [f"{self._alias(category)}-*" for category in Category]
        found = self._writer.indices.get_alias(index=patterns)
        return {name: list(entry["aliases"]) for name, entry in found.items()}

    def _alias(self, category: Category) -> str:
        return f"{self._prefix}-{category}"

    def _index(self, category: Category, generation: str) -> str:
        return f"{self._prefix}-{category}-{generation}"


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what goes wrong in the engine into the port's errors."""
    try:
        yield
    except NotFoundError as error:
        raise NoGeneration("no generation is live") from error
    except (ApiError, TransportError) as error:
        raise Unavailable("search") from error


def _generation(index: str) -> str:
    return index.rpartition("-")[2]


def _upsert(document: SearchDocument, index: str) -> Json:
    return {
        "_op_type": "index",
        "_index": index,
        "_id": document.uid,
        "version": document.rev,
        "version_type": "external_gte",
        "_source": schema.values(document),
    }


def _remove(removal: Removal, index: str) -> Json:
    return {
        "_op_type": "delete",
        "_index": index,
        "_id": removal.uid,
        "version": removal.rev,
        "version_type": "external_gte",
    }


def _failure(item: Json) -> Failure | None:
    """Say what was refused. The engine's own sentence may quote the text: it stays out."""
    ((operation, answer),) = item.items()
    if (operation, answer["status"]) in _FINE:
        return None
    error = answer.get("error") or {}
    kind = error.get("type", "") if isinstance(error, dict) else ""
    return Failure(answer["_id"], f"{answer['status']} {kind}".strip())


def _facets(answer: Json) -> dict[str, list[tuple[str, int]]]:
    groups = answer.get("aggregations", {})
    return {name: ordered(group["values"]["buckets"]) for name, group in groups.items()}


def _nothing(body: Json) -> Json:
    """Return the answer of no index at all."""
    empty: Json = {name: {"values": {"buckets": []}} for name in body.get("aggs", {})}
    return {"hits": {"total": {"value": 0}, "hits": []}, "aggregations": empty}


def _hit(hit: Json) -> Hit:
    source = hit["_source"]
    return Hit(
        uid=source["uid"],
        version_id=source["version_id"],
        category=Category(source["category"]),
        sort_key=source["sort_key"],
        score=hit["_score"] or 0.0,
        rev=source["rev"],
    )
