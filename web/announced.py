"""Files that a page's script is about to send, as it names them: paths and bytes."""

import json

#: The longest list of files that a page sends, in bytes.
LONGEST = 2 * 1024 * 1024

#: The largest number of bytes that a program may say a file has.
MOST_BYTES = 2**53 - 1


def listed(sent: bytes) -> list[object] | None:
    """Return what a script lists; None for what is no list, or nested beyond reading."""
    try:
        said = json.loads(sent)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, list) else None


def file(path: object, size: object) -> tuple[str, int] | None:
    """Return the path and the bytes of a file; None for what names none."""
    # yes and no are numbers to Python, and to nobody else
    if isinstance(path, str) and type(size) is int and 0 <= size <= MOST_BYTES:
        return path, size
    return None
