"""Mistakes are mended on the real servers as on one host: the same sentences, asked there."""

import pytest

from service.codes import Category
from service.properties import Properties
from tests.service import test_deputies, test_leaving, test_moving, test_reindexing, test_restoring

pytestmark = pytest.mark.live

MOVES = (
    test_moving.test_a_moved_document_is_the_other_customers_in_every_way,
    test_moving.test_who_had_the_document_finds_it_no_more_and_who_gets_it_does,
    test_moving.test_a_move_that_does_not_commit_leaves_everything_where_it_was,
    test_moving.test_of_two_who_move_at_once_the_second_is_told,
    test_moving.test_who_waited_for_a_document_that_moved_meanwhile_is_told,
)
HAND_OVERS = (
    test_leaving.test_the_old_owner_loses_a_customer_at_once_and_the_new_one_has_it,
    test_leaving.test_customers_go_to_the_successor_in_the_same_step,
    test_leaving.test_every_customer_that_changes_hands_has_an_entry_of_its_own,
    test_leaving.test_a_hand_over_that_fails_leaves_everything_as_it_was,
)


def named(claim):
    return claim.__name__.removeprefix("test_")


@pytest.fixture
def two(world):
    return test_moving.furnish(world)


@pytest.fixture
def letter(world):
    """A document of a customer of `sales`, indexed."""
    customer = world.customer("甲机械", Category.ACTIVE, owner="sales").id
    said = test_reindexing
    text = f"{said.BODY} {said.CODE} {said.MOBILE}"
    made = world.document(
        customer, text, kind="letter", by="sales", properties=Properties(title=said.TITLE)
    )
    world.work()
    return made.id


@pytest.mark.parametrize("claim", MOVES, ids=named)
def test_a_document_moves(world, two, claim):
    claim(world, two)


@pytest.mark.parametrize("claim", HAND_OVERS, ids=named)
def test_customers_change_hands(world, claim):
    claim(world)


def test_a_deputy_stands_in_between_the_days(world, letter):
    claim = test_deputies.test_a_deputy_has_the_customers_of_the_other_between_the_days_only
    claim(world, letter)


def test_a_withdrawal_is_undone(world, letter):
    test_restoring.test_what_was_withdrawn_by_mistake_is_found_again(world, letter, worked=True)


def test_the_index_follows_another_grade(world, letter):
    claim = test_reindexing.test_text_leaves_the_index_with_the_highest_grade_and_comes_back_without
    claim(world, letter)
