"""Reads XML as a stream, refusing what a document has no need of: DTDs, entities, great depth."""

from collections.abc import Callable, Mapping
from typing import Final, Self
from xml.parsers import expat

from indexer.extract.result import Reason, Unreadable

Attributes = dict[str, str]
_DEPTH: Final = 2_000
#: A tag or a comment longer than this is no document's. The parser begins one again from its
#: start with every piece that comes, so that the time for it grows with the square of its length.
_LONGEST: Final = 8 * 1024 * 1024


class Names(dict[str, str]):
    """Short names of tags, each worked out once; kept no longer than a part: tags may be long."""

    def __init__(self, short: Callable[[str], str]) -> None:
        """Take what makes a short name."""
        super().__init__()
        self._short = short

    @classmethod
    def of(cls, namespaces: Mapping[str, str]) -> Self:
        """Return names as `prefix:local`, with `?` for a namespace that has no prefix."""

        def short(tag: str) -> str:
            namespace, _, local = tag.rpartition(" ")
            return f"{namespaces.get(namespace, '?')}:{local}"

        return cls(short)

    def __missing__(self, tag: str) -> str:
        """Work out a name that wasn't asked for before."""
        name = self[tag] = self._short(tag)
        return name


def _nothing(*_: object) -> None:
    pass


class XmlStream:
    """Calls back for every element and text; names are `namespace local`."""

    def __init__(
        self,
        *,
        start: Callable[[str, Attributes], None] = _nothing,
        end: Callable[[str], None] = _nothing,
        text: Callable[[str], None] = _nothing,
    ) -> None:
        """Take what to call."""
        self._depth = self._fed = 0
        self._start, self._end = start, end
        self._parser = parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._shut
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, piece: bytes) -> None:
        """Parse the next piece."""
        self._parser.Parse(piece, False)  # noqa: FBT003 - expat takes no keyword
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST:
            raise Unreadable(Reason.TOO_COMPLEX, "xml length")

    def close(self) -> None:
        """Say that nothing follows."""
        self._parser.Parse(b"", True)  # noqa: FBT003

    def _open(self, tag: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise Unreadable(Reason.TOO_COMPLEX, "xml depth")
        self._start(tag, attributes)

    def _shut(self, tag: str) -> None:
        self._depth -= 1
        self._end(tag)


def _refuse(*_: object) -> None:
    raise Unreadable(Reason.DAMAGED, "dtd")
