"""Search: what was typed, inside what the person may read, checked again in the database.

Order matters: the marks are read before the index, hits are checked on a snapshot taken after
it. What the index does not know yet is excluded inside the query, so totals and facets are
right at every moment.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from time import monotonic
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from service import accounts, directory, figures, masking, recent, recheck, texts
from service.archive import Call
from service.codes import Category, Filing, Grade, Module, Sort
from service.crypto import Place, unseal_value
from service.customers import CustomerRef
from service.documents import SEALED_AS
from service.errors import Invalid, Unavailable
from service.models import Dirty
from service.permissions import Scopes
from service.search import highlight, planner
from service.search.port import Filters, Found, GenerationMismatch, Hit, Search
from service.search.query import Node

#: Relevance pages by offset up to this many hits; beyond it, newest and oldest page on.
WINDOW = 1000

_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks. `cursor` continues an earlier answer to the same question."""

    q: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PageHits:
    """How many marks a page holds."""

    no: int
    hits: int


@dataclass(frozen=True, slots=True)
class Result:
    """One document found, as this person may see it."""

    id: str
    version: str
    title: str
    title_segments: tuple[highlight.Segment, ...]
    kind: str
    module: Module
    grade: Grade
    filing: Filing
    dated: date | None
    created: datetime
    created_by: str
    customer: CustomerRef
    pages: tuple[PageHits, ...]
    snippets: tuple[tuple[highlight.Segment, ...], ...]
    sealed: bool


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet group with how many documents have it."""

    value: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: exact total, one page of results, facets, and what to say about the query."""

    total: int
    items: tuple[Result, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    next_cursor: str | None
    notes: tuple[str, ...]
    owners: Mapping[str, str]
    seconds: float
    offset: int


def search(call: Call, question: Question) -> Answer:
    """Answer a question inside the person's scopes; empty scopes find nothing."""
    started = monotonic()
    scopes = call.scopes
    call.about(type="search", categories=tuple(map(str, sorted(scopes.categories))))
    plan = planner.plan(question.q, texts.blinder(call.ring))
    found, asked, step = _ask(call, _search(scopes, question), plan.steps or (None,))
    results = _results(call, found.hits, step, scopes)
    if len(results) < len(found.hits):
        # the index was behind: leave those out inside the query and count again
        dropped = {h.uid for h in found.hits} - {r.id for r in results}
        figures.RECHECK_DROPPED.inc(len(dropped))
        found = _engine(call, _excluding(asked, dropped))
        results = _results(call, found.hits, step, scopes)
    for result in results:
        call.touched(result.id, "snippet" if result.snippets else "listed")
    call.returned(result.id for result in results)
    if question.q.strip() and question.cursor is None:
        recent.remember(call, question.q.strip())
    offset = asked.offset
    with call.archive.db.glance() as db:
        owners = accounts.names(db, {v for v, _ in found.facets.get("owner", ())})
    return Answer(
        total=found.total,
        items=results,
        facets=_facets(found, question.filters),
        next_cursor=_next(question, found, offset),
        notes=tuple(str(n) for n in plan.notes),
        owners=owners,
        seconds=monotonic() - started,
        offset=offset,
    )


def identified(call: Call, question: Question, most: int) -> tuple[int, tuple[str, ...]]:
    """Return how many documents answer a question, and which, in the order of their pages.

    Which, only of answers of no more than `most`. By relevance a thousand can be put in order;
    a longer answer comes by date.
    """
    plan = planner.plan(question.q, texts.blinder(call.ring))
    asked = replace(_search(call.scopes, question), limit=min(most, WINDOW), facets=False)
    found, asked, _ = _ask(call, asked, plan.steps or (None,))
    total, pages = found.total, [found.hits]
    if total > most:
        return total, ()
    if total > WINDOW and question.sort is Sort.RELEVANCE:
        asked = replace(asked, sort=Sort.NEWEST)
        pages = [_engine(call, asked).hits]
    while sum(map(len, pages)) < total and pages[-1]:
        pages.append(_engine(call, replace(asked, after=pages[-1][-1].sort_key)).hits)
    hits = [hit for page in pages for hit in page]
    with call.archive.db.glance() as db:
        rows = recheck.rows(db, [hit.uid for hit in hits], texts_too=False)
    known = [h.uid for h in hits if h.uid in rows and recheck.confirms(rows[h.uid], h, call.scopes)]
    return len(known), tuple(known)


def _search(scopes: Scopes, question: Question) -> Search:
    if not 1 <= question.limit <= _LIMIT:
        raise Invalid(
            "A page holds 1 to %(longest)s results.", fields={"limit": "range"}, longest=_LIMIT
        )
    offset, after = _position(question)
    return Search(
        scopes=scopes,
        query=None,
        filters=question.filters,
        sort=question.sort,
        limit=question.limit,
        offset=offset,
        after=after,
    )


def _ask(
    call: Call, asked: Search, steps: Sequence[Node | None]
) -> tuple[Found, Search, Node | None]:
    """Try the steps of a plan in order until one finds something; pages stay on their step."""
    with call.archive.db.glance() as db:
        dirty_documents, dirty_customers = _marks(db)
    asked = replace(asked, dirty_documents=dirty_documents, dirty_customers=dirty_customers)
    found = Found(0, (), {})
    step: Node | None = None
    for step in steps:
        asked = replace(asked, query=step)
        found = _engine(call, asked)
        if found.total:
            break
    return found, asked, step


def _engine(call: Call, asked: Search) -> Found:
    try:
        with figures.SEARCH_SECONDS.time():
            return call.archive.engine.search(asked)
    except GenerationMismatch as error:
        raise Unavailable(
            "search", "The index was built by another version of the archive: rebuild it."
        ) from error


_dirty = cast("Table", Dirty.__table__).c
_MARKS = select(_dirty.kind, _dirty.id)


def _marks(db: Session) -> tuple[frozenset[str], frozenset[str]]:
    """Return documents and customers that the index may not know as they are."""
    marks: dict[str, set[str]] = {"document": set(), "customer": set()}
    for kind, subject in db.execute(_MARKS):
        marks[kind].add(subject)
    return frozenset(marks["document"]), frozenset(marks["customer"])


def _excluding(asked: Search, documents: set[str]) -> Search:
    return replace(asked, dirty_documents=asked.dirty_documents | documents)


#: One more than a sort key can be: the day's ordinal, and 32 bits of the document's serial.
_SORT_KEYS = (date.max.toordinal() + 1) << 32


def _position(question: Question) -> tuple[int, int | None]:
    if question.cursor is None:
        return 0, None
    try:
        padded = question.cursor + "=" * (-len(question.cursor) % 4)
        sort, at, seen = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, TypeError, RecursionError):
        sort, at, seen = None, None, None
    known = sort == question.sort and isinstance(at, int) and isinstance(seen, int)
    if not known or not 0 <= at < _SORT_KEYS:
        raise Invalid("This cursor is not one of ours.", fields={"cursor": "invalid"})
    if question.sort is Sort.RELEVANCE:
        if at + question.limit > WINDOW:
            raise Invalid(
                "By relevance only the first %(window)s results can be paged through; "
                "narrow the search, or sort by date.",
                fields={"cursor": "window"},
                window=WINDOW,
            )
        return at, None
    return 0, at


def _next(question: Question, found: Found, offset: int) -> str | None:
    seen = offset + len(found.hits)
    if question.sort is Sort.RELEVANCE:
        if seen >= found.total or seen + question.limit > WINDOW:
            return None
        return cursor(question.sort, seen)
    if len(found.hits) < question.limit:
        return None
    return cursor(question.sort, found.hits[-1].sort_key)


def cursor(sort: Sort, at: int) -> str:
    """Return the opaque form of a position in an answer."""
    packed = json.dumps([str(sort), at, 0], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _facets(found: Found, filters: Filters) -> dict[str, tuple[FacetValue, ...]]:
    facets = {}
    for group, values in found.facets.items():
        selected = {str(v) for v in getattr(filters, group)}
        counted = {value for value, _ in values}
        # a selected value stays visible at 0, so that it can be taken off again
        every = [*values, *((v, 0) for v in sorted(selected - counted))]
        facets[group] = tuple(FacetValue(v, n, v in selected) for v, n in every)
    return facets


def _results(
    call: Call, hits: Sequence[Hit], step: Node | None, scopes: Scopes
) -> tuple[Result, ...]:
    """Return the hits that the database confirms, with titles, snippets and pages."""
    # one statement is one moment, and a fresh one: what changed while the engine searched counts
    with call.archive.db.glance() as db:
        rows = recheck.rows(db, [h.uid for h in hits], texts_too=step is not None)
    confirmed = [
        rows[h.uid] for h in hits if h.uid in rows and recheck.confirms(rows[h.uid], h, scopes)
    ]
    call.ring.prefetch(
        customers=[row.customer for row in confirmed], versions=[row.version for row in confirmed]
    )
    marker = highlight.Marker(step)
    with call.archive.turns:
        return tuple(_result(call, row, marker) for row in confirmed)


def _sealed(call: Call, row: recheck.Row) -> bool:
    """Say whether nothing but the title is shown and was indexed."""
    module = call.policy.kinds.by_code[row.kind].module
    return row.grade == Grade.TOP or module is Module.PERSONAL


def _result(call: Call, row: recheck.Row, marker: highlight.Marker) -> Result:
    key = call.ring.field(row.customer, SEALED_AS)
    title = unseal_value(key, row.title_ct, Place(row.document, row.customer, "title"))
    shown = None
    if row.text is not None and not _sealed(call, row):
        parts = texts.open_parts(call.db, call.ring, row.text)
        shown = highlight.snippets(parts, row.text.page_starts, marker)
    return Result(
        id=row.document,
        version=row.version,
        title=masking.text(title),
        title_segments=highlight.segments(title, marker),
        kind=row.kind,
        module=call.policy.kinds.by_code[row.kind].module,
        grade=Grade(row.grade),
        filing=Filing(row.filing),
        dated=row.dated,
        created=row.created,
        created_by=row.creator or "",
        customer=CustomerRef(
            row.customer, row.number, row.name, Category(row.category), row.coop_type
        ),
        pages=tuple(PageHits(no, n) for no, n in shown.pages) if shown else (),
        snippets=tuple(s.segments for s in shown.snippets) if shown else (),
        sealed=_sealed(call, row),
    )


@dataclass(frozen=True, slots=True)
class Home:
    """What the home page starts from."""

    documents: int
    customers: int
    recent: tuple[recent.RecentSearch, ...]
    mine: tuple[directory.CustomerRow, ...]


def home(call: Call) -> Home:
    """Return counts inside the person's scopes, their recent searches and customers."""
    scopes = call.scopes
    documents = 0
    if not scopes.empty:
        with call.archive.db.glance() as db:
            dirty_documents, dirty_customers = _marks(db)
        asked = Search(
            scopes=scopes,
            query=None,
            limit=1,
            facets=False,
            sort=Sort.NEWEST,
            dirty_documents=dirty_documents,
            dirty_customers=dirty_customers,
        )
        documents = _engine(call, asked).total
    return Home(documents, directory.count(call), recent.latest(call), directory.mine(call))
