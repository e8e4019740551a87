"""Lists the files that a PDF holds, and takes single ones out of it, within limits.

They hang on the PDF as a whole, on a remark on one of its pages, or belong to a page (PDF/A-3,
invoices with their data). PDFium, which reads the text, inflates a stream whole before it can be
told to stop, and passes over what is damaged in one; here a file comes out piece by piece.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from pypdf import PasswordType, PdfReader, filters, overwrite_configuration
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    EncodedStreamObject,
    IndirectObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from indexer.extract import charset
from indexer.extract.result import Reason, Unreadable

#: As many as a ZIP may have; nodes of the trees that name files, pages and remarks together.
_MOST: Final = 10_000
_NODES: Final = 200_000
_LONGEST_NAME: Final = 500
_LONGEST_STREAM: Final = 512 * 1024 * 1024
_CHUNK: Final = 256 * 1024
#: What grows more than so many times beyond the first bytes was made to grow.
_RATIO: Final = 200
_RATIO_FROM: Final = 8 * 1024 * 1024
_FLATE: Final = frozenset({"/FlateDecode", "/Fl"})
#: How a portfolio says in which of its folders a file is.
_FOLDER: Final = re.compile(r"^<\d+>")
#: Names of a file, and its bytes, for systems of old: the first that is there counts.
_SYSTEMS: Final = ("/UF", "/F", "/Unix", "/DOS", "/Mac")
_TROUBLE: Final = (
    PyPdfError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    EOFError,
    zlib.error,
)

overwrite_configuration(
    maximum_declared_stream_length=_LONGEST_STREAM, disable_legacy_handling=True
)


@dataclass(frozen=True, slots=True)
class _File:
    """A file in a PDF: the object that is its bytes, and its name."""

    place: IndirectObject
    name: str

    @property
    def n(self) -> int:
        """Return the number by which `member` finds it without looking at the pages again."""
        return self.place.idnum << 16 | self.place.generation


def members(
    source: BinaryIO,
    arguments: dict[str, Any],
    send: Callable[[bytes], None],  # noqa: ARG001 - every task is called so
) -> dict[str, Any]:
    """Answer `{"members": [{"n", "name", "size", "refusal"}]}`: those of the whole come first.

    `size` is 0: how many bytes a file has is seen when it is taken out. Takes `{"password"?}`.
    """
    found: dict[int, _File] = {}
    for one in _files(_opened(source, arguments.get("password"))):
        found.setdefault(one.n, one)
        if len(found) > _MOST:
            raise Unreadable(Reason.TOO_COMPLEX, "files")
    return {
        "members": [
            {"n": one.n, "name": one.name or f"attachment-{no}", "size": 0, "refusal": None}
            for no, one in enumerate(found.values(), 1)
        ]
    }


def member(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send one file out; answer `{"size"}` in bytes.

    Takes `{"n", "password"?, "most"?}`: its number, and how many bytes it may have. Raises
    `Unreadable` when it grows too much or is damaged.
    """
    most = int(arguments.get("most") or (1 << 62))
    reader = _opened(source, arguments.get("password"))
    idnum, generation = divmod(int(arguments["n"]), 1 << 16)
    stream = _resolved(IndirectObject(idnum, generation, reader))
    if not isinstance(stream, StreamObject):
        raise Unreadable(Reason.DAMAGED, "member")
    size = 0
    try:
        for piece in _pieces(stream):
            size += len(piece)
            if size > most:
                raise Unreadable(Reason.TOO_COMPLEX, "member size")
            send(piece)
    except LimitReachedError as error:
        raise Unreadable(Reason.TOO_COMPLEX, "member") from error
    except _TROUBLE as error:
        raise Unreadable(Reason.DAMAGED, "member") from error
    return {"size": size}


def _opened(source: BinaryIO, password: object) -> PdfReader:
    source.seek(0)
    try:
        reader = PdfReader(source)
        locked = reader.is_encrypted and not any(
            reader.decrypt(one) is not PasswordType.NOT_DECRYPTED for one in _passwords(password)
        )
    except NotImplementedError as error:  # a lock that no password opens
        raise Unreadable(Reason.PASSWORD, "pdf") from error
    except LimitReachedError as error:
        raise Unreadable(Reason.TOO_COMPLEX, "pdf") from error
    except _TROUBLE as error:
        raise Unreadable(Reason.DAMAGED, "pdf") from error
    if locked:
        raise Unreadable(Reason.PASSWORD, "pdf")
    return reader


def _passwords(said: object) -> Iterator[bytes]:
    """Yield the bytes that a password may be in a PDF, old or new; without one, none are needed."""
    if said:
        yield str(said).encode()
        yield str(said).encode("latin-1", "replace")
    yield b""


def _files(reader: PdfReader) -> Iterator[_File]:
    try:
        root = _dictionary(reader.root_object)
    except _TROUBLE as error:
        raise Unreadable(Reason.DAMAGED, "catalogue") from error
    left = _Left(_NODES)
    for key, specification in _named(_dictionary(root.get("/Names")).get("/EmbeddedFiles"), left):
        yield from _specified(specification, key)
    for one in (root, *_pages(root.get("/Pages"), left)):
        for specification in _several(one.get("/AF")):
            yield from _specified(specification)
        for remark in map(_dictionary, _several(one.get("/Annots"))):
            left.less()
            if _resolved(remark.get("/Subtype")) == "/FileAttachment":
                yield from _specified(remark.get("/FS"))
            for specification in _several(remark.get("/AF")):
                yield from _specified(specification)


class _Left:
    """How much more may be looked at."""

    def __init__(self, most: int) -> None:
        self._left = most

    def less(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unreadable(Reason.TOO_COMPLEX, "nodes")


def _named(tree: object, left: _Left) -> Iterator[tuple[object, object]]:
    """Yield the names and the values of a tree of names, each node once."""
    for node in _nodes(tree, left):
        names = _several(node.get("/Names"))
        yield from zip(names[::2], names[1::2], strict=False)


def _pages(tree: object, left: _Left) -> Iterator[DictionaryObject]:
    for node in _nodes(tree, left):
        if "/Kids" not in node:
            yield node


def _nodes(tree: object, left: _Left) -> Iterator[DictionaryObject]:
    """Yield a tree's nodes in their order; one that is its own child is not gone into twice."""
    waiting, seen = [tree], set[int]()
    while waiting:
        left.less()
        one = waiting.pop()
        if isinstance(one, IndirectObject):
            if one.idnum in seen:
                continue
            seen.add(one.idnum)
        node = _dictionary(one)
        yield node
        waiting += reversed(_several(node.get("/Kids")))


def _specified(specification: object, key: object = None) -> Iterator[_File]:
    """Yield the file that a specification embeds; one that only points elsewhere is none."""
    said = _dictionary(specification)
    held = _dictionary(said.get("/EF"))
    places = (held.raw_get(system) for system in _SYSTEMS if system in held)
    place = next((one for one in places if isinstance(one, IndirectObject)), None)
    if place is not None:
        names = (_text(_resolved(said.get(system))) for system in _SYSTEMS)
        name = next(filter(None, names), "") or _FOLDER.sub("", _text(_resolved(key)))
        yield _File(place, _own_name(name))


def _own_name(path: str) -> str:
    """Return the last part of a path, without what nobody can see."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in name if char.isprintable())[-_LONGEST_NAME:].strip()


def _text(value: object) -> str:
    """Return a string of a PDF, which may also be in the charset of somebody's Windows."""
    if not isinstance(value, TextStringObject | ByteStringObject):
        return ""
    raw = value.original_bytes
    if raw.isascii():
        return raw.decode("ascii")
    marked = charset.by_mark(raw)
    if marked:
        return raw.decode(marked, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        codec = charset.by_characters(raw)
    if codec and codec != "cp1252":
        return raw.decode(codec, "replace")
    return str(value) if isinstance(value, TextStringObject) else raw.decode("latin-1")


def _resolved(value: object) -> object:
    """Return what stands at a place; None where that cannot be read."""
    if not isinstance(value, IndirectObject):
        return value
    try:
        return value.get_object()
    except _TROUBLE:
        return None


def _dictionary(value: object) -> DictionaryObject:
    found = _resolved(value)
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _several(value: object) -> list[object]:
    """Return what a list holds, places unread; what is no list counts as a list of one."""
    found = _resolved(value)
    if isinstance(found, ArrayObject):
        return list(found)
    return [] if found is None else [value]


def _pieces(stream: StreamObject) -> Iterator[bytes]:
    wanted = [str(_resolved(one)) for one in _several(stream.get("/Filter"))]
    if wanted and wanted[-1] in _FLATE and not _predicted(stream):
        content = _content(stream) if len(wanted) == 1 else _before_last(stream, wanted)
        yield from _inflated(content, _stated(stream))
        return
    content = stream.get_data() if wanted else _content(stream)
    for at in range(0, len(content), _CHUNK):
        yield content[at : at + _CHUNK]


def _content(stream: StreamObject) -> bytes:
    """Return the bytes of a stream as they stand in the PDF, its lock undone."""
    return bytes(stream._data)  # noqa: SLF001 - there is no other way to them


def _predicted(stream: StreamObject) -> bool:
    parameters = map(_dictionary, _several(stream.get("/DecodeParms")))
    return any(one.get("/Predictor", 1) != 1 for one in parameters)


def _before_last(stream: StreamObject, wanted: list[str]) -> bytes:
    """Return the bytes of a stream with all of its packings undone but the last."""
    rest = EncodedStreamObject()
    rest._data = _content(stream)  # noqa: SLF001
    rest[NameObject("/Filter")] = ArrayObject(NameObject(one) for one in wanted[:-1])
    return bytes(filters.decode_stream_data(rest))


def _stated(stream: StreamObject) -> int:
    """Return how many bytes a PDF says that a file has; -1 where it says nothing."""
    size = _resolved(_dictionary(stream.get("/Params")).get("/Size"))
    return size if isinstance(size, int) else -1


def _inflated(content: bytes, stated: int) -> Iterator[bytes]:
    """Yield what was packed. What ends too early is damaged, unless all that was said is there."""
    unpacker, size = zlib.decompressobj(), 0
    packed = io.BytesIO(content)
    waiting = packed.read(_CHUNK)
    while waiting and not unpacker.eof:
        piece = unpacker.decompress(waiting, _CHUNK)
        size += len(piece)
        if size > _RATIO_FROM and size > _RATIO * len(content):
            raise Unreadable(Reason.TOO_COMPLEX, "inflation ratio")
        if piece:
            yield piece
        waiting = unpacker.unconsumed_tail or packed.read(_CHUNK)
    if not unpacker.eof and size != stated:
        raise Unreadable(Reason.DAMAGED, "member")
