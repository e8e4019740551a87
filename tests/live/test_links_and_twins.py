"""Links that set passwords, and the same content twice, with the real servers behind them."""

import pytest

from tests.web.test_password_links import *  # noqa: F403 - the same sentences, on other servers
from tests.web.test_same_content import *  # noqa: F403

pytestmark = pytest.mark.live
