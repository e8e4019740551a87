"""The files in a ZIP, a message or a PDF, listed and taken out in the sandbox.

What is listed may come from a hostile file: of it is kept what has the shape of a list.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from indexer.extract import Container
from indexer.extract.result import Failed
from indexer.extract.sandbox import Sandbox

#: The longest name that is looked at, in characters.
NAME_LENGTH = 1000

#: Why a file in another may not be taken; any other word of the sandbox counts as the last.
_REFUSALS = ("name", "password", "packing")


@dataclass(frozen=True, slots=True)
class Member:
    """A file in another: its place there, bytes as it says itself, a code why it is not taken."""

    n: int
    size: int
    name: str
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A file of `size` bytes that holds others, and what asks it in the sandbox."""

    sandbox: Sandbox
    container: Container
    source: BinaryIO
    size: int
    password: str | None = None

    def members(self) -> list[Member] | Failed:
        """Return what it holds."""
        wanted = {"password": self.password}
        answer = self.sandbox.ask(self.container.members, self.source, self.size, wanted, _nothing)
        return answer if isinstance(answer, Failed) else list(_checked(answer["members"]))

    def member(self, n: int, most: int, take: Callable[[bytes], None]) -> Failed | None:
        """Let `take` have the bytes of one of them, if they are not more than `most`."""
        wanted = {"n": n, "most": most, "password": self.password}
        answer = self.sandbox.ask(self.container.member, self.source, self.size, wanted, take)
        return answer if isinstance(answer, Failed) else None


def _nothing(_: bytes) -> None:
    """Take what a list sends out, which is nothing."""


def _checked(listed: Iterable[Any]) -> Iterator[Member]:
    for one in listed:
        n, size, name, refusal = (one[key] for key in ("n", "size", "name", "refusal"))
        if type(n) is int and type(size) is int and isinstance(name, str):
            known = refusal if refusal is None or refusal in _REFUSALS else _REFUSALS[-1]
            yield Member(n, max(0, size), name[:NAME_LENGTH], known)
