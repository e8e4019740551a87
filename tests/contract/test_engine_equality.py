"""Both engines give the same answers: the one that is tried at home is the one that serves."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pytest

from service.codes import Category, Grade, Sort
from service.permissions import Scopes
from service.search import query
from service.search.embedded import Embedded
from service.search.port import Engine, Filters, Found, Search
from service.search.query import AtLeast, Node, Phrase
from tests.contract import corpus
from tests.contract.engines import DAY, blind, block, elastic, scopes

pytestmark = pytest.mark.live

#: Somebody who reads everything, and people who read parts.
ALL = scopes()
READERS = (
    ALL,
    scopes(Category.ACTIVE, Category.ENDED, grades=frozenset({Grade.GENERAL, Grade.CONFIDENTIAL})),
    scopes(Category.ACTIVE, own=True, people=frozenset({"person1", "person2", "person3"})),
    Scopes.of(
        [
            block(Category.POTENTIAL, kinds=frozenset({"minutes", "quotation"})),
            block(Category.INTENDED, own=True, people=frozenset({"person4", "person5"})),
            block(Category.ENDED, grades=frozenset({Grade.GENERAL})),
        ]
    ),
    Scopes(
        (block(Category.INTENDED, kinds=frozenset({"contract"})),),
        frozenset(f"document{n:05}" for n in range(0, corpus.SIZE, 17)),
        frozenset({Category.ACTIVE, Category.ENDED}),
    ),
)

Pair = tuple[Engine, Engine]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    embedded = Embedded(tmp_path_factory.mktemp("equal") / "search")
    documents = list(corpus.documents())
    with elastic() as server:
        for engine in (embedded, server):
            generation = engine.start_generation()
            assert engine.load(generation, documents) == []
            assert sum(engine.count(generation).values()) == corpus.SIZE
            engine.swap(generation)
        yield embedded, server


def both(engines: Pair, search: Search) -> tuple[Found, Found]:
    one, other = engines
    return one.search(search), other.search(search)


def narrowed(chance: random.Random) -> Filters:
    """Choose filters that leave something to find."""
    choices = (
        Filters(),
        Filters(category=frozenset({"active", "ended"})),
        Filters(kind=frozenset({"contract", "invoice"}), grade=frozenset({"general"})),
        Filters(module=frozenset({"contract"}), year=frozenset({2022, 2023})),
        Filters(owner=frozenset({"person1", "person3", "person7"})),
        Filters(customer=frozenset(f"customer{n}" for n in range(200))),
        Filters(day_from=_day(DAY - 900), day_to=_day(DAY - 100)),
    )
    return chance.choice(choices)


@pytest.mark.parametrize("operator", corpus.queries(1))
def test_everybody_gets_the_same_answers_from_both_engines(engines, operator):
    chance = random.Random(operator)
    nodes = [query.parse(words, blind).node for words in corpus.queries(1)[operator]]
    compare(engines, nodes, chance)


def test_some_of_many_words_find_the_same_in_both_engines(engines):
    chance = random.Random(3)
    nodes: list[Node | None] = []
    for words in zip(*(corpus.queries(seed)["word"] for seed in range(10, 15)), strict=True):
        phrases = tuple(Phrase(tuple(word)) for word in words)
        nodes.append(AtLeast(chance.randrange(2, 5), phrases))
    compare(engines, nodes, chance)


def test_pages_by_cursor_walk_the_same_way_through_both_engines(engines):
    for sort in (Sort.NEWEST, Sort.OLDEST):
        node, after = query.parse("合同", blind).node, None
        for _ in range(5):
            search = Search(READERS[1], node, sort=sort, limit=40, after=after, facets=False)
            mine, theirs = both(engines, search)
            assert ids(mine) == ids(theirs)
            assert len(mine.hits) == 40
            after = mine.hits[-1].sort_key


def test_pages_by_offset_end_at_the_same_scores_in_both_engines(engines):
    node = query.parse("机器人 合同", blind).node
    for offset in (0, 50, 500, 900):
        mine, theirs = both(engines, Search(ALL, node, limit=100, offset=offset))
        assert scores(mine) == pytest.approx(scores(theirs), rel=1e-5)


def test_both_engines_leave_out_the_same_dirty_documents(engines):
    documents = frozenset(f"document{n:05}" for n in range(0, corpus.SIZE, 3))
    customers = frozenset(f"customer{n}" for n in range(0, 700, 5))
    node = query.parse("合同", blind).node
    search = Search(
        ALL, node, sort=Sort.NEWEST, dirty_documents=documents, dirty_customers=customers
    )
    mine, theirs = both(engines, search)
    assert mine.total == theirs.total > 0
    assert dict(mine.facets) == dict(theirs.facets)
    assert ids(mine) == ids(theirs)


def test_both_engines_hold_the_same_documents(engines):
    one, other = engines
    assert dict(one.status().counts) == dict(other.status().counts)
    assert Counter(one.pairs()) == Counter(other.pairs())


def compare(engines: Pair, nodes: list[Node | None], chance: random.Random) -> None:
    """Ask everything as somebody who reads all, and once more as somebody else."""
    many = 0
    for node in nodes:
        mine, theirs = both(engines, Search(ALL, node, limit=100))
        same_count(mine, theirs)
        assert scores(mine) == pytest.approx(scores(theirs), rel=1e-5)
        many += mine.total >= 5
        reader, filters, sort = chance.choice(READERS), narrowed(chance), chance.choice(list(Sort))
        mine, theirs = both(engines, Search(reader, node, filters, sort, limit=50))
        same_count(mine, theirs)
        assert len(mine.hits) == len(theirs.hits)
        if sort is not Sort.RELEVANCE:
            assert ids(mine) == ids(theirs)
    assert len(nodes) >= 20
    assert many >= 0.8 * len(nodes)


def same_count(mine: Found, theirs: Found) -> None:
    assert mine.total == theirs.total
    assert {name: list(values) for name, values in mine.facets.items()} == {
        name: list(values) for name, values in theirs.facets.items()
    }


def ids(found: Found) -> list[tuple[str, Category]]:
    return [(hit.uid, hit.category) for hit in found.hits]


def scores(found: Found) -> list[float]:
    return [hit.score for hit in found.hits]


def _day(ordinal: int) -> date:
    return date.fromordinal(ordinal)
