"""Makes OLE files of streams and storages, and messages of Outlook in them."""

import struct
from collections.abc import Mapping
from typing import Any

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096

Tree = Mapping[str, Any]


def ole(tree: Tree) -> bytes:
    """Return a file of these streams (bytes) and storages (mappings)."""
    entries: list[list[Any]] = [["Root Entry", 5, _FREE, _FREE, None]]
    _enter(tree, 0, entries)
    mini, small = bytearray(), []
    chains: list[bytes] = []
    for entry in entries[1:]:
        content = entry[4]
        if entry[1] == 1 or not content:
            entry.append((_END if entry[1] == 2 else 0, 0))
        elif len(content) < _CUTOFF:
            first, count = len(mini) // _MINI, -(-len(content) // _MINI)
            small += [*range(first + 1, first + count), _END]
            mini += content.ljust(count * _MINI, b"\0")
            entry.append((first, len(content)))
        else:
            entry.append(content)
            chains.append(content)
    directory_size = -(-len(entries) // 4) * _SECTOR
    minifat = b"".join(struct.pack("<L", n) for n in small)
    wanted = [bytes(directory_size), minifat, bytes(mini), *chains]
    counts = [-(-len(content) // _SECTOR) for content in wanted]
    fats = 1
    while (sum(counts) + fats) * 4 > fats * _SECTOR:
        fats += 1
    table, starts, at = [_FAT] * fats, [], fats
    for count in counts:
        starts.append(at if count else _END)
        table += [*range(at + 1, at + count), _END] if count else []
        at += count
    entries[0].append((starts[2], len(mini)))
    later = iter(starts[3:])
    raw = b"".join(_entry(one, later) for one in entries).ljust(directory_size, b"\0")
    head = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9L", 0, fats, starts[0], 0, _CUTOFF, starts[1], counts[1], _END, 0)
    head += b"".join(struct.pack("<L", n if n < fats else _FREE) for n in range(109))
    body = b"".join(struct.pack("<L", n) for n in table).ljust(fats * _SECTOR, b"\xff")
    for content in (raw, *wanted[1:]):
        body += content.ljust(-(-len(content) // _SECTOR) * _SECTOR, b"\0")
    return head + body


def _enter(tree: Tree, above: int, entries: list[list[Any]]) -> None:
    """Enter what is in a storage: the first is its child, each other hangs on the one before."""
    last = None
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        content = tree[name]
        number = len(entries)
        if last is None:
            entries[above][3] = number
        else:
            entries[last][2] = number
        last = number
        is_stream = isinstance(content, bytes)
        entries.append([name, 2 if is_stream else 1, _FREE, _FREE, content if is_stream else None])
        if not is_stream:
            _enter(content, number, entries)


def _entry(entry: list[Any], later: Any) -> bytes:
    name, kind, right, child, _, place = entry
    start, size = place if isinstance(place, tuple) else (next(later), len(place))
    raw: bytes = name.encode("utf-16-le")
    return raw.ljust(64, b"\0") + struct.pack(
        "<H2B3L36xLQ", len(raw) + 2, kind, 1, _FREE, right, child, start, size
    )


def message(
    texts: Mapping[int, str | bytes],
    *,
    numbers: Mapping[int, int] | None = None,
    attached: tuple[Tree, ...] = (),
    inner: bool = False,
) -> dict[str, Any]:
    """Return the streams of a message: properties by their tags, as text or as bytes of text.

    `numbers` are properties that are numbers; a property with tag over 0xFFFF is binary.
    """
    tree: dict[str, Any] = {}
    for tag, value in texts.items():
        kind = "001F" if isinstance(value, str) else "0102" if tag > 0xFFFF else "001E"
        raw = value.encode("utf-16-le") if isinstance(value, str) else value
        tree[f"__substg1.0_{tag & 0xFFFF:04X}{kind}"] = raw
    listed = b"".join(
        struct.pack("<2HLQ", 3, tag, 6, value) for tag, value in (numbers or {}).items()
    )
    tree["__properties_version1.0"] = bytes(24 if inner else 32) + listed
    for number, one in enumerate(attached):
        tree[f"__attach_version1.0_#{number:08X}"] = one
    return tree


def attachment(name: str, content: bytes) -> dict[str, Any]:
    """Return the streams of an attached file."""
    return {
        "__properties_version1.0": bytes(8),
        "__substg1.0_3707001F": name.encode("utf-16-le"),
        "__substg1.0_37010102": content,
    }


def attached_message(streams: Tree) -> dict[str, Any]:
    """Return the storage of a message that is attached to another."""
    return {"__properties_version1.0": bytes(8), "__substg1.0_3701000D": streams}


def binary(tag: int) -> int:
    """Return how `message` is told that a property is bytes, not text."""
    return tag | 0x10000
