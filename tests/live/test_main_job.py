"""The main job on the real servers, and what they then hold."""

import pytest

from tests.scenario import MainJob

pytestmark = pytest.mark.live


class TestOnServers(MainJob):
    """Everything on PostgreSQL, MinIO and Elasticsearch."""


class TestOnPostgres(MainJob):
    """PostgreSQL, with folder and embedded index."""

    @pytest.fixture
    def world(self, half):
        return half
