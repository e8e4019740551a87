"""What tests of the web share: an archive of their own, reached over HTTP."""

import pytest

from tests.web.programs import Programs
from tests.world import World


@pytest.fixture
def programs(world: World) -> Programs:
    """The API of this test's archive, with a token for everybody."""
    return Programs.of(world)
