"""What tests of the web share: an archive of their own, reached over HTTP."""

import pytest

from tests.web.browsing import Portal
from tests.web.programs import Programs
from tests.world import World


@pytest.fixture
def programs(world: World) -> Programs:
    """The API of this test's archive, with a token for everybody."""
    return Programs.of(world)


@pytest.fixture
def portal(world: World) -> Portal:
    """The pages of this test's archive."""
    return Portal.of(world)
