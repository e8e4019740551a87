"""What a place that keeps notes can do."""

from typing import Protocol


class PlaceError(Exception):
    """The place does not take or give notes; the sentence says why."""


class Place(Protocol):
    """Keeps notes by the name of a file."""

    #: what status pages call it
    name: str
    #: whether the archive's own host cannot change what lies there
    outside: bool

    def put(self, name: str, text: str) -> None:
        """Keep a text, for as long as the place promises; the same one again is no matter.

        Raises `PlaceError`.
        """

    def notes(self, newest: int) -> list[str]:
        """Return at most so many of the newest notes; none where a place cannot tell.

        Raises `PlaceError`.
        """
