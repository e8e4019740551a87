"""The main job on the embedded archive."""

from tests.scenario import MainJob


class TestMainJob(MainJob):
    """Everything with SQLite, a folder and the embedded index."""
