"""The API holds whatever is sent, with the real servers behind it."""

import pytest

from tests.web.test_fuzzed_api import GET_THROUGH, answers_are_as_described

pytestmark = pytest.mark.live

#: a hundred requests to each operation from all of them together
EXAMPLES = 25


@pytest.mark.parametrize("login", GET_THROUGH)
def test_every_answer_is_one_that_is_described(world, login):
    answers_are_as_described(world, login, EXAMPLES)
