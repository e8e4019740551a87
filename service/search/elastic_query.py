"""Search requests for Elasticsearch: a fixed form, filled with tokens and values.

Nothing that a person typed is read as a query language by the engine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from service.codes import Sort
from service.search import conditions, schema
from service.search.analysis import BREAK
from service.search.conditions import Condition, Either, Every, Range, Terms, Without
from service.search.facets import FACET_VALUES
from service.search.port import FACETS, Search
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

Json = dict[str, Any]

#: Elasticsearch takes 65,536 values in one `terms` clause.
_TERMS = 60_000

_NEWEST = {"sort_key": "desc"}
_ORDER: dict[Sort, list[str | Json]] = {
    Sort.RELEVANCE: ["_score", _NEWEST],
    Sort.NEWEST: [_NEWEST],
    Sort.OLDEST: [{"sort_key": "asc"}],
}


def request(search: Search) -> Json:
    """Return the search for one page of hits, its total and its facets.

    The category is not among the conditions: it chooses the indices.
    """
    groups = conditions.groups(replace(search.filters, category=frozenset()))
    body = _counting(search)
    body |= {
        "size": search.limit,
        "post_filter": _every(groups.values()),
        "sort": _ORDER[search.sort],
    }
    if search.sort is Sort.RELEVANCE:
        body["from"] = search.offset
    elif search.after is not None:
        body["search_after"] = [search.after]
    if search.facets:
        body["aggs"] = {name: _facet(name, groups) for name in FACETS}
    return body


def category_request(search: Search) -> Json:
    """Return the search that counts categories under the filters of all other groups."""
    groups = conditions.groups(replace(search.filters, category=frozenset()))
    return _counting(search) | {"size": 0, "aggs": {"category": _facet("category", groups)}}


def page_of_all(after: str | None, size: int) -> Json:
    """Return the search for the next documents of an index in the order of their ids."""
    body: Json = {"query": {"match_all": {}}, "size": size, "sort": [{"uid": "asc"}]}
    return body if after is None else body | {"search_after": [after]}


def _counting(search: Search) -> Json:
    limits = condition(conditions.fixed(search))
    return {
        "query": {
            "bool": {"must": [node(search.query)], "filter": [limits], "should": [_STATISTICS]}
        },
        "track_total_hits": True,
    }


def _facet(name: str, groups: dict[str, Condition]) -> Json:
    others = [group for other, group in groups.items() if other != name]
    values = {"terms": {"field": name, "size": FACET_VALUES}}
    return {"filter": _every(others), "aggs": {"values": values}}


def node(wanted: Node | None) -> Json:  # noqa: C901, PLR0911 - one line for each kind of node
    """Translate what was typed."""
    match wanted:
        case None:
            return _EVERYTHING
        case Phrase(tokens):
            return _phrase(tokens)
        case Prefix(token):
            begun = [{"prefix": {name: token}} for name in schema.TEXT]
            return _scored(_any(begun))
        case Code(code):
            return _scored({"term": {"codes": code}})
        case CodePrefix(code):
            return _scored({"prefix": {"codes": code}})
        case BlindToken(token):
            return _scored({"term": {"blind": token}})
        case And(nodes):
            return _and(nodes)
        case Or(nodes):
            return _any([node(inner) for inner in nodes])
        case AtLeast(least, nodes):
            return _any([node(inner) for inner in nodes], least)
        case Not():
            return _and((wanted,))
        case Nothing():
            return _NOTHING


def condition(limit: Condition) -> Json:
    """Translate what limits a search."""
    match limit:
        case Terms(field, values):
            chunks = [values[n : n + _TERMS] for n in range(0, len(values), _TERMS)]
            return _any([{"terms": {field: list(chunk)}} for chunk in chunks])
        case Range(field, low, high):
            return {"range": {field: {"gte": low, "lt": high}}}
        case Every(inner):
            return _every(inner)
        case Either(inner):
            return _any([condition(c) for c in inner])
        case Without(inner):
            return {"bool": {"must_not": [condition(inner)]}}


#: Matches nothing. A category that lacks a word would not tell how many documents it has and
#: how long they are, and scores would depend on that; but every document has the break.
_STATISTICS: Json = {
    "bool": {"must": [{"term": {n: BREAK}} for n in schema.TEXT] + [{"term": {"blind": "-"}}]}
}
_NOTHING: Json = {"match_none": {}}
_EVERYTHING: Json = {"match_all": {"boost": 0.0}}


def _phrase(tokens: Sequence[str]) -> Json:
    text = " ".join(tokens)
    fields = [
        {"match_phrase": {name: {"query": text, "boost": boost}}}
        for name, boost in schema.TEXT.items()
    ]
    return {"dis_max": {"tie_breaker": schema.TIE, "queries": fields}}


def _and(nodes: Iterable[Node]) -> Json:
    wanted = [node(inner) for inner in nodes if not isinstance(inner, Not)]
    unwanted = [node(inner.node) for inner in nodes if isinstance(inner, Not)]
    return {"bool": {"must": [_EVERYTHING, *wanted], "must_not": unwanted}}


def _any(queries: Sequence[Json], least: int = 1) -> Json:
    if not queries:
        return _NOTHING
    return {"bool": {"should": list(queries), "minimum_should_match": least}}


def _every(limits: Iterable[Condition]) -> Json:
    return {"bool": {"filter": [condition(limit) for limit in limits]}}


def _scored(query: Json) -> Json:
    return {"constant_score": {"filter": query, "boost": 1.0}}
