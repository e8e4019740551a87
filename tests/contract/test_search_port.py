"""What every search engine must do, whichever it is: above all what it must not find."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from service.codes import HIDDEN_STATUSES, Category, Grade, Sort
from service.permissions import Scopes
from service.search.port import (
    FACETS,
    Engine,
    Filters,
    GenerationMismatch,
    Removal,
    Search,
    SearchDocument,
)
from service.search.query import AtLeast, Nothing, Phrase
from tests.contract.engines import (
    DAY,
    Shelf,
    ask,
    blind,
    block,
    document,
    engine_called,
    scopes,
    uids,
)

ENGINES = ["embedded", pytest.param("elastic", marks=pytest.mark.live)]


@pytest.fixture(scope="module", params=ENGINES)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    with engine_called(request.param, tmp_path_factory.mktemp("shared")) as engine:
        engine.swap(engine.start_generation())
        yield engine


@pytest.fixture
def engine(shared: Engine) -> Shelf:
    return Shelf(shared)


@pytest.fixture(params=ENGINES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine of this test's own, where no generation is live."""
    with engine_called(request.param, tmp_path) as engine:
        yield engine


@pytest.fixture
def fresh(empty: Engine) -> Engine:
    """An engine of this test's own, live and without documents."""
    empty.swap(empty.start_generation())
    return empty


def put(engine: Engine | Shelf, *documents: SearchDocument) -> None:
    assert engine.apply(documents) == []
    engine.refresh()


# words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("库卡", "采购库卡机器人"),
        ("卡机", "采购库卡机器人"),
        ("庫卡機器人", "采购库卡机器人"),
        ("库卡机器人", "採購庫卡機器人"),
        ("kuka", "ＫＵＫＡ机器人"),
        ("KR210", "型号 kr 210"),
        ("KR 210", "型号KR-210/2700"),
        ("kr-210", "型号KR210"),
        ("KR2*", "型号KR-210"),
        ("ro*", "the ROBOT"),
        ('"付款方式"', "合同付款方式"),
        ("“付款方式” 合同", "合同付款方式"),
        ("付款 合同", "合同付款方式"),
        ("没有 OR 付款", "合同付款方式"),
        ("付款 -草稿", "合同付款方式"),
        ("13800001111", "电话"),
        ("+86 138-0000-1111", "电话"),
    ],
)
def test_what_the_text_says_is_found(engine, words, text):
    put(engine, document("a", text, blind=(blind("tel", "+8613800001111"),)))
    assert uids(ask(engine, words)) == ["a"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("卡库", "采购库卡机器人"),
        ('"付款 合同"', "合同付款方式"),
        ("付款 没有", "合同付款方式"),
        ("付款 -方式", "合同付款方式"),
        ("-合同", "合同付款方式"),
        ("KR21", "型号KR210"),
        ("ku", "KUKA"),
        ("13800001112", "电话"),
        ("1380000*", "电话"),
        ("138", "电话"),
        ("*:*", "合同"),
        ("/.*.*/", "合同"),
        ("_exists_:uid", "合同"),
        ("！！！", "合同"),
        ("zhang", "合同"),
        ("\ue000", "合同"),
    ],
)
def test_what_the_text_does_not_say_is_not_found(engine, words, text):
    put(engine, document("a", text, blind=(blind("tel", "+8613800001111"),)))
    found = ask(engine, words)
    assert (found.total, found.hits) == (0, ())


def test_a_phrase_does_not_reach_over_a_personal_number(engine):
    put(engine, document("a", "电话\ue000转接"))
    assert ask(engine, "电话转接").total == 0
    assert ask(engine, "电话 转接").total == 1


def test_no_words_find_everything_in_scope(engine):
    put(engine, document("a"), document("b", category=Category.ENDED))
    assert uids(ask(engine, "", scopes(Category.ENDED))) == ["b"]


def test_a_query_that_means_nothing_finds_nothing(engine):
    put(engine, document("a", "合同"))
    assert engine.search(Search(scopes(), Nothing())).total == 0


def test_some_of_the_words_are_enough_if_so_many_are_asked_for(engine):
    put(engine, document("a", "库卡，合同，付款"), document("b", "库卡"))
    words = tuple(Phrase(tuple(word)) for word in ("库卡", "合同", "付款", "维护"))
    assert uids(engine.search(Search(scopes(), AtLeast(3, words)))) == ["a"]
    assert engine.search(Search(scopes(), AtLeast(4, words))).total == 0


# scopes


def test_empty_scopes_find_nothing(engine):
    put(engine, document("a", "合同"))
    for nobody in (
        Scopes(),
        Scopes.of([block(Category.ACTIVE, kinds=frozenset())]),
        Scopes((block(Category.ACTIVE, kinds=frozenset()),)),
        Scopes((block(Category.ACTIVE, grades=frozenset()),)),
        Scopes((block(Category.ACTIVE, own=True),)),
    ):
        found = ask(engine, "合同", nobody)
        assert (found.total, found.hits) == (0, ())
        assert not any(found.facets.values())


@pytest.mark.parametrize(
    "within",
    [
        scopes(Category.POTENTIAL, Category.INTENDED, Category.ENDED),
        scopes(Category.ACTIVE, kinds=frozenset({"invoice"})),
        scopes(Category.ACTIVE, grades=frozenset({Grade.GENERAL, Grade.CONFIDENTIAL})),
        scopes(Category.ACTIVE, own=True, people=frozenset({"li"})),
        Scopes((), frozenset({"other"}), frozenset({Category.ACTIVE})),
        Scopes((), frozenset({"secret"}), frozenset({Category.ENDED})),
        Scopes((), frozenset({"secret"}), frozenset()),
        Scopes.of(
            [block(Category.ACTIVE, grades=frozenset({Grade.GENERAL})), block(Category.ENDED)]
        ),
    ],
)
def test_outside_the_scopes_nothing_is_found_or_counted(engine, within):
    put(engine, document("secret", "合同", grade="secret"))
    for words in ("合同", "", "合*", "-草稿"):
        for sort in Sort:
            found = ask(engine, words, within, sort=sort)
            assert (found.total, found.hits) == (0, ())
            assert not any(found.facets.values())


def test_inside_any_block_of_the_scopes_it_is_found(engine):
    put(
        engine,
        document("own", people=("zhang", "li")),
        document("foreign", people=("wang",)),
        document("ended", category=Category.ENDED, people=("wang",)),
        document("ended-invoice", category=Category.ENDED, kind="invoice"),
    )
    within = Scopes.of(
        [
            block(Category.ACTIVE, own=True, people=frozenset({"li", "chen"})),
            block(Category.ENDED, kinds=frozenset({"contract"})),
        ]
    )
    assert set(uids(ask(engine, "", within))) == {"own", "ended"}


def test_a_granted_document_is_found_beside_the_blocks(engine):
    put(engine, document("a"), document("b", category=Category.ENDED), document("c"))
    granted = Scopes((), frozenset({"b"}), frozenset({Category.ENDED}))
    assert uids(ask(engine, "", granted)) == ["b"]


@pytest.mark.parametrize("status", sorted(HIDDEN_STATUSES))
def test_documents_of_hidden_customers_are_never_found(engine, status):
    put(engine, document("a", status=status))
    granted = Scopes(scopes().blocks, frozenset({"a"}), frozenset(Category))
    found = ask(engine, "", granted)
    assert found.total == 0
    assert not any(found.facets.values())


def test_dirty_documents_and_customers_are_left_out_everywhere(engine):
    put(
        engine,
        document("a", customer_id="c1"),
        document("b", customer_id="c2"),
        document("c", customer_id="c3"),
    )
    found = ask(
        engine, "", dirty_documents=frozenset({"a"}), dirty_customers=frozenset({"c3", "c9"})
    )
    assert uids(found) == ["b"]
    assert found.total == 1
    assert found.facets["kind"] == [("contract", 1)]


# filters and facets


def many(engine: Engine) -> None:
    put(
        engine,
        document("a", kind="contract", module="contract", year=2023, owner="li"),
        document("b", kind="invoice", module="finance", grade="secret"),
        document("c", kind="invoice", module="finance", category=Category.ENDED),
        document("d", kind="quotation", module="contract", customer_id="c9", year=2023),
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(category=frozenset({"ended"})), {"c"}),
        (Filters(category=frozenset({"ended", "active"})), {"a", "b", "c", "d"}),
        (Filters(category=frozenset({"no such"})), set()),
        (Filters(module=frozenset({"finance"})), {"b", "c"}),
        (Filters(kind=frozenset({"contract", "quotation"})), {"a", "d"}),
        (Filters(customer=frozenset({"c9"})), {"d"}),
        (Filters(owner=frozenset({"li"})), {"a"}),
        (Filters(grade=frozenset({"secret"})), {"b"}),
        (Filters(year=frozenset({2023})), {"a", "d"}),
        (Filters(year=frozenset({2023}), kind=frozenset({"invoice"})), set()),
    ],
)
def test_filters_are_or_inside_a_group_and_and_between_groups(engine, filters, expected):
    many(engine)
    for sort in Sort:
        found = ask(engine, "", filters=filters, sort=sort)
        assert set(uids(found)) == expected
        assert found.total == len(expected)


def test_a_filter_outside_the_scopes_widens_nothing(engine):
    many(engine)
    within = scopes(Category.ACTIVE)
    found = ask(engine, "", within, filters=Filters(category=frozenset({"ended"})))
    assert found.total == 0
    assert found.facets["category"] == [("active", 3)]


def test_days_are_inclusive_and_read_from_the_sort_key(engine):
    for n in range(4):
        put(engine, document(f"d{n}", sort_key=(DAY + n) << 32 | n))
    days = [date.fromordinal(DAY + n) for n in range(4)]
    filters = Filters(day_from=days[1], day_to=days[2])
    assert set(uids(ask(engine, "", filters=filters))) == {"d1", "d2"}
    assert set(uids(ask(engine, "", filters=Filters(day_from=days[3])))) == {"d3"}
    assert set(uids(ask(engine, "", filters=Filters(day_to=days[0])))) == {"d0"}


def test_facets_count_each_group_under_the_other_groups_filters(engine):
    many(engine)
    free = ask(engine).facets
    assert set(free) == set(FACETS)
    assert free["category"] == [("active", 3), ("ended", 1)]
    assert free["kind"] == [("invoice", 2), ("contract", 1), ("quotation", 1)]
    assert free["year"] == [("2023", 2), ("2024", 2)]
    chosen = Filters(category=frozenset({"active"}), kind=frozenset({"invoice"}))
    facets = ask(engine, filters=chosen).facets
    assert facets["category"] == [("active", 1), ("ended", 1)]
    assert facets["kind"] == [("contract", 1), ("invoice", 1), ("quotation", 1)]
    assert facets["module"] == [("finance", 1)]
    assert facets["owner"] == [("zhang", 1)]


def test_facets_are_left_out_when_not_asked_for(engine):
    many(engine)
    assert ask(engine, facets=False).facets == {}


# order and pages


def test_a_title_counts_more_than_a_customer_and_a_customer_more_than_a_body(fresh):
    put(
        fresh,
        document("body", "库卡", title="文件", customer="公司"),
        document("title", "文件", title="库卡", customer="公司"),
        document("customer", "文件", title="文件", customer="库卡"),
    )
    assert uids(ask(fresh, "库卡")) == ["title", "customer", "body"]


def test_equal_scores_are_ordered_newest_first_over_page_borders(engine):
    put(engine, *(document(f"{n:02}", "合同", sort_key=n) for n in (7, 3, 9, 1, 8, 0, 5, 2, 6, 4)))
    put(engine, *(document(f"{n:02}", "合同", sort_key=n) for n in (15, 11, 19, 10, 12)))
    expected = [f"{n:02}" for n in (19, 15, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]
    for words in ("合同", "", "合同 OR 没有", "-没有"):
        pages = [uids(ask(engine, words, limit=4, offset=n)) for n in range(0, 20, 4)]
        assert sum(pages, []) == expected  # noqa: RUF017  # five short lists


def test_newest_and_oldest_page_by_cursor_and_keep_the_total(engine):
    put(engine, *(document(f"{n:02}", "合同", sort_key=n) for n in (7, 3, 9, 1, 8, 0, 5, 2, 6, 4)))
    for sort, expected in ((Sort.NEWEST, range(9, -1, -1)), (Sort.OLDEST, range(10))):
        seen: list[int] = []
        for _ in range(4):
            after = seen[-1] if seen else None
            page = ask(engine, "合同", sort=sort, limit=3, after=after)
            assert page.total == 10
            seen += [hit.sort_key for hit in page.hits]
        assert seen == list(expected)
        assert ask(engine, "合同", sort=sort, limit=3, after=seen[-1]).hits == ()


def test_a_page_without_hits_still_counts(engine):
    many(engine)
    for sort in Sort:
        found = ask(engine, sort=sort, limit=0)
        assert (found.total, found.hits) == (4, ())


def test_a_window_beyond_a_thousand_is_refused():
    with pytest.raises(ValueError, match="window"):
        Search(scopes(), None, limit=20, offset=990)


def test_a_hit_says_what_the_database_needs_to_check_it(engine):
    put(engine, document("a", rev=7, sort_key=5))
    (hit,) = ask(engine).hits
    assert (hit.uid, hit.version_id, hit.category) == ("a", "a-1", Category.ACTIVE)
    assert (hit.sort_key, hit.rev) == (5, 7)


# writing


def test_a_newer_version_replaces_the_older_one_whole(engine):
    put(engine, document("a", "旧文", rev=1, codes=("OLD1",)))
    put(engine, document("a", "新文", rev=2))
    assert ask(engine, "旧文").total == 0
    assert ask(engine, "OLD1").total == 0
    assert uids(ask(engine, "新文")) == ["a"]


def test_a_lower_rev_never_replaces_a_higher_one(engine):
    put(engine, document("a", "新文", rev=5))
    put(engine, document("a", "旧文", rev=4))
    assert ask(engine, "旧文").total == 0
    assert ask(engine, "新文").total == 1
    put(engine, document("a", "再来", rev=5))
    assert ask(engine, "再来").total == 1


def test_the_highest_rev_wins_inside_one_batch(engine):
    put(engine, document("a", "二", rev=2), document("a", "三", rev=3), document("a", "一", rev=1))
    assert ask(engine).total == 1
    assert ask(engine, "三").total == 1


def test_a_removal_takes_a_document_out_unless_it_is_newer(engine):
    put(engine, document("a", rev=3), document("b", rev=3))
    engine.apply([], [Removal("a", Category.ACTIVE, 3), Removal("b", Category.ACTIVE, 2)])
    engine.refresh()
    assert uids(ask(engine)) == ["b"]


def test_removing_what_is_not_there_is_no_failure(engine):
    assert engine.apply([], [Removal("nobody", Category.ENDED, 9)]) == []
    put(engine, document("a"))
    assert engine.apply([], [Removal("a", Category.ENDED, 9)]) == []
    engine.refresh()
    assert uids(ask(engine)) == ["a"]


def test_a_document_that_moves_leaves_its_old_category(engine):
    before = document("a", "合同", category=Category.INTENDED, rev=1)
    put(engine, before)
    moved = replace(before, category=Category.ACTIVE, rev=2)
    assert engine.apply([moved], [Removal("a", Category.INTENDED, 2)]) == []
    engine.refresh()
    assert ask(engine, "合同", scopes(Category.INTENDED)).total == 0
    (hit,) = ask(engine, "合同").hits
    assert hit.category is Category.ACTIVE


def test_a_document_may_stand_in_two_categories_until_it_is_removed_from_one(fresh):
    before = document("a", "合同", category=Category.INTENDED, rev=1)
    put(fresh, before, replace(before, category=Category.ACTIVE, rev=2))
    assert {hit.category for hit in ask(fresh).hits} == {Category.INTENDED, Category.ACTIVE}
    assert ask(fresh).total == 2
    assert {pair[1] for pair in fresh.pairs()} == {Category.INTENDED, Category.ACTIVE}


def test_a_batch_that_dies_in_the_middle_can_be_sent_again(engine):
    def dying() -> Iterator[SearchDocument]:
        yield document("a")
        raise KeyError("the database went away")

    with pytest.raises(KeyError):
        engine.apply(dying())
    put(engine, document("a"), document("b"))
    assert set(uids(ask(engine))) == {"a", "b"}


def test_a_very_long_text_is_found_from_its_first_to_its_last_word(engine):
    put(
        engine, document("a", "开头" + "合同条款内容" * 20_000 + "末尾KR210"), document("b", "末尾")
    )
    assert uids(ask(engine, "开头")) == ["a"]
    assert uids(ask(engine, "末尾 KR210")) == ["a"]


# generations


def test_nothing_is_answered_before_a_generation_is_live(empty):
    with pytest.raises(GenerationMismatch):
        ask(empty)
    with pytest.raises(GenerationMismatch):
        empty.apply([document("a")])
    with pytest.raises(GenerationMismatch):
        empty.status()
    empty.check()


def test_a_new_generation_is_filled_beside_the_live_one_and_swapped_in(fresh):
    put(fresh, document("old", "合同"))
    name = fresh.start_generation()
    assert (
        fresh.load(name, [document("new", "合同"), document("gone", category=Category.ENDED)]) == []
    )
    fresh.remove_from(name, [Removal("gone", Category.ENDED, 1)])
    assert dict(fresh.count(name)) == dict.fromkeys(Category, 0) | {Category.ACTIVE: 1}
    assert uids(ask(fresh)) == ["old"]
    fresh.swap(name)
    assert uids(ask(fresh)) == ["new"]
    assert fresh.status().generation == name
    assert dict(fresh.status().counts) == dict.fromkeys(Category, 0) | {Category.ACTIVE: 1}


def test_loading_the_same_document_again_keeps_the_higher_rev(fresh):
    name = fresh.start_generation()
    fresh.load(name, [document("a", "二", rev=2)])
    fresh.load(name, [document("a", "一", rev=1), document("b", "三", rev=1)])
    fresh.swap(name)
    fresh.refresh()
    assert ask(fresh, "二").total == 1
    assert ask(fresh, "一").total == 0
    assert ask(fresh).total == 2


def test_a_generation_that_never_went_live_can_be_dropped(fresh):
    put(fresh, document("a"))
    name = fresh.start_generation()
    fresh.load(name, [document("b")])
    fresh.drop(name)
    assert uids(ask(fresh)) == ["a"]
    fresh.drop(fresh.status().generation)
    assert uids(ask(fresh)) == ["a"]


def test_pairs_name_every_live_document_once(fresh):
    put(fresh, *(document(f"{n:03}", rev=n, sort_key=n // 2) for n in range(30)))
    put(fresh, document("z", category=Category.ENDED, status="destroyed"))
    pairs = list(fresh.pairs())
    assert len(pairs) == len(set(pairs)) == 31
    assert ("z", Category.ENDED, "z-1", 1) in pairs
    assert ("007", Category.ACTIVE, "007-1", 7) in pairs
