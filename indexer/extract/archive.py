"""Lists what is in a ZIP, and takes single files out of it, within limits while inflating.

Nothing is ever written under a name that a ZIP states: names go to people, bytes go out.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from indexer.extract import archive_lock, charset
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.transcript import Transcript

MOST_MEMBERS: Final = 10_000
_LONGEST_NAME: Final = 500
_CHUNK: Final = 256 * 1024
#: What grows more than so many times beyond the first bytes was made to grow.
_RATIO: Final = 200
_RATIO_FROM: Final = 8 * 1024 * 1024
_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_LOCAL_HEAD: Final = 30
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
#: The field in which packers write the name as UTF-8 beside one in the charset of their system.
_UNICODE_NAME: Final = b"up"
#: What systems leave beside people's files.
_LITTER: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_OUTSIDE: Final = re.compile(r"^(?:[A-Za-z]:|/)|(?:^|/)\.\.(?:/|$)")
_TROUBLE: Final = (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error)

zipfile.ZipFile(io.BytesIO(), "w").close()  # loads what it needs now


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a ZIP. `size` is what the ZIP says; `refusal` is a code why it is not taken."""

    n: int
    name: str
    size: int
    refusal: str | None
    info: zipfile.ZipInfo


def members(
    source: BinaryIO,
    arguments: dict[str, Any],
    send: Callable[[bytes], None],  # noqa: ARG001 - every task is called so
) -> dict[str, Any]:
    """Answer `{"members": [{"n", "name", "size", "refusal"}]}` in the order of the ZIP.

    `n` names a file for `member` and stays the same. `name` is a path with `/`, never to be
    used as one where `refusal` is set: `name` (leads elsewhere), `password`, `packing`.
    Takes `{"password"?}`. Raises `Unreadable` for a ZIP that is damaged or crafted.
    """
    with _opened(source) as package:
        password = _password(arguments.get("password"))
        found = list(_members(package, password))
        if password and not _right(package, found, password):
            raise Unreadable(Reason.PASSWORD, "wrong")
        return {
            "members": [
                {"n": one.n, "name": one.name, "size": one.size, "refusal": one.refusal}
                for one in found
            ]
        }


def member(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send one file out; answer `{"size"}` in bytes.

    Takes `{"n", "password"?, "most"?}`: its number, and how many bytes it may have. Raises
    `Unreadable` when it grows too much, is damaged, or needs another password.
    """
    most = int(arguments.get("most") or (1 << 62))
    with _opened(source) as package:
        password = _password(arguments.get("password"))
        wanted = next((m for m in _members(package, password) if m.n == arguments["n"]), None)
        if wanted is None or wanted.refusal:
            reason = Reason.PASSWORD if wanted and wanted.refusal == "password" else Reason.DAMAGED
            raise Unreadable(reason, "member")
        size = 0
        for piece in _inflated(package, wanted.info, password):
            size += len(piece)
            if size > most:
                raise Unreadable(Reason.TOO_COMPLEX, "member size")
            send(piece)
    return {"size": size}


def read(source: BinaryIO, password: str | None = None) -> Extracted:
    """Return the names of the files as one page: a ZIP is found by them."""
    key = _password(password)
    with _opened(source) as package:
        found = list(_members(package, key))
        locked = any(one.refusal == "password" for one in found)
        if locked or (key and not _right(package, found, key)):
            raise Unreadable(Reason.PASSWORD, "zip")
    transcript = Transcript()
    for one in found:
        transcript.write(one.name + "\n")
    transcript.end_page()
    return transcript.finish("guidang zip 1")


def _opened(source: BinaryIO) -> zipfile.ZipFile:
    try:
        package = zipfile.ZipFile(source)
    except _TROUBLE as error:
        raise Unreadable(Reason.DAMAGED, "zip") from error
    entries = package.infolist()
    if len(entries) > MOST_MEMBERS:
        raise Unreadable(Reason.TOO_COMPLEX, "entries")
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise Unreadable(Reason.TOO_COMPLEX, "overlapping entries")
        end = entry.header_offset + _LOCAL_HEAD + entry.compress_size
    return package


def _members(package: zipfile.ZipFile, password: bytes | None) -> Iterator[Member]:
    entries = package.infolist()
    codec = _codec(entries)
    for n, info in enumerate(entries):
        name = _name(info, codec).replace("\\", "/")
        parts = name.split("/")
        if name.endswith("/") or parts[-1] in _LITTER or parts[0] == "__MACOSX":
            continue
        shown = "".join(char for char in name if char.isprintable())[-_LONGEST_NAME:]
        refusal = _refusal(info, name, password)
        yield Member(n, shown or "file", info.file_size, refusal, info)


def _refusal(info: zipfile.ZipInfo, name: str, password: bytes | None) -> str | None:
    if _OUTSIDE.search(name) or len(name) > _LONGEST_NAME:
        return "name"
    by_aes = info.compress_type == archive_lock.METHOD
    if (archive_lock.packing(info) if by_aes else info.compress_type) not in _PACKED:
        return "packing"
    return "password" if info.flag_bits & _ENCRYPTED and password is None else None


def _raw(info: zipfile.ZipInfo) -> bytes:
    """Return a name as it stands in the ZIP: without a flag it was taken for that of DOS."""
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437", "replace")


def _codec(entries: list[zipfile.ZipInfo]) -> str:
    """Return the charset of the names that don't say theirs: in China that of Windows."""
    raw = [_raw(info) for info in entries if not info.flag_bits & _UTF8]
    sample = b"\n".join(name for name in raw if not name.isascii())[: charset.SAMPLE]
    for codec in ("utf-8", charset.by_characters(sample) or "gb18030", "gb18030"):
        try:
            sample.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec
    return "cp437"


def _name(info: zipfile.ZipInfo, codec: str) -> str:
    raw = _raw(info)
    if info.flag_bits & _UTF8:
        return raw.decode("utf-8", "replace")
    return _unicode_name(info.extra, raw) or raw.decode(codec, "replace")


def _unicode_name(extra: bytes, raw: bytes) -> str | None:
    """Return the name that a packer wrote beside the one in its system's charset."""
    at = 0
    while at + 4 <= len(extra):
        length = int.from_bytes(extra[at + 2 : at + 4], "little")
        body = extra[at + 4 : at + 4 + length]
        if extra[at : at + 2] == _UNICODE_NAME and body[:1] == b"\x01":
            matches = int.from_bytes(body[1:5], "little") == zlib.crc32(raw)
            return body[5:].decode("utf-8", "replace") if matches else None
        at += 4 + length
    return None


def _password(said: object) -> bytes | None:
    """Return a password as the packers write it: as bytes of UTF-8."""
    return str(said).encode() if said else None


def _right(package: zipfile.ZipFile, found: list[Member], password: bytes) -> bool:
    """Tell whether a password opens the smallest locked file, its checksum included."""
    locked = [m.info for m in found if m.info.flag_bits & _ENCRYPTED and not m.refusal]
    if not locked:
        return True
    smallest = min(locked, key=lambda info: info.compress_size)
    try:
        for _ in _inflated(package, smallest, password):
            pass
    except Unreadable as error:
        return error.reason is Reason.TOO_COMPLEX
    return True


def _inflated(
    package: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes | None
) -> Iterator[bytes]:
    size = 0
    try:
        for piece in _pieces(package, info, password):
            size += len(piece)
            if size > _RATIO_FROM and size > _RATIO * info.compress_size:
                raise Unreadable(Reason.TOO_COMPLEX, "inflation ratio")
            yield piece
    except _TROUBLE as error:
        locked = info.flag_bits & _ENCRYPTED
        raise Unreadable(Reason.PASSWORD if locked else Reason.DAMAGED, "member") from error


def _pieces(
    package: zipfile.ZipFile, info: zipfile.ZipInfo, password: bytes | None
) -> Iterator[bytes]:
    if info.compress_type == archive_lock.METHOD:
        source = cast("BinaryIO", package.fp)
        yield from archive_lock.opened(source, info, password or b"")
        return
    with package.open(info, pwd=password) as part:
        while piece := part.read(_CHUNK):
            yield piece
