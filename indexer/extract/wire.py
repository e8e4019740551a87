"""How the supervisor and a sandboxed child talk: length-capped frames over a socket pair.

The supervisor believes nothing that comes from a child: a child that has read a hostile file
may be under its author's control.
"""

import json
import math
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

from indexer.extract.result import Extracted, Failed, Note, Page, Reason, Recognition

#: Five million characters with their pages fit well into this.
FRAME_LIMIT = 64 * 1024 * 1024
_HEAD = struct.Struct("!BI")
_RANGE = struct.Struct("!QI")
_LENGTH = struct.Struct("!I")
#: Of a page: bytes of its text and of its label, width, height, rotation, note, recognition.
_PAGE = struct.Struct("!IHddHBB")
_NOTES: tuple[Note | None, ...] = (None, *Note)
_RECOGNITIONS: tuple[Recognition | None, ...] = (None, *Recognition)
#: More than any reader gives.
MOST_PAGES = 50_000
_LONGEST_HEAD = 16 * 1024
_LONGEST_DETAIL = 200
#: Of what a task answers; what is large is sent out in pieces.
_LONGEST_ANSWER = 8 * 1024 * 1024
#: Bytes of one piece.
PIECE = 1024 * 1024


class Kind(IntEnum):
    """What a frame is."""

    JOB = 1
    WANT = 2
    DATA = 3
    RESULT = 4
    PIECE = 5
    ANSWER = 6


class Broken(Exception):
    """The other side is gone or talks nonsense."""


class Late(Exception):
    """The deadline passed."""


class Line:
    """One end of a conversation."""

    def __init__(self, sock: socket.socket) -> None:
        """Talk over this socket; without a deadline until one is set."""
        self._sock = sock
        self.deadline: float | None = None

    def close(self) -> None:
        """End the conversation."""
        self._sock.close()

    def send(self, kind: Kind, payload: bytes) -> None:
        """Send one frame."""
        self._arm()
        try:
            self._sock.sendall(_HEAD.pack(kind, len(payload)) + payload)
        except TimeoutError:
            raise Late from None
        except OSError as error:
            raise Broken(str(error)) from error

    def receive(self, limit: int = FRAME_LIMIT) -> tuple[Kind, bytes]:
        """Return the next frame; raises `Broken` at the end of the conversation."""
        number, size = _HEAD.unpack(self._exactly(_HEAD.size))
        try:
            kind = Kind(number)
        except ValueError as error:
            raise Broken("no such kind of frame") from error
        if size > limit:
            raise Broken("frame too large")
        return kind, bytes(self._exactly(size))

    def _exactly(self, size: int) -> bytearray:
        data = bytearray()
        while len(data) < size:
            self._arm()
            try:
                piece = self._sock.recv(min(size - len(data), 1 << 20))
            except TimeoutError:
                raise Late from None
            except OSError as error:
                raise Broken(str(error)) from error
            if not piece:
                raise Broken("closed")
            data += piece
        return data

    def _arm(self) -> None:
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Late
        self._sock.settimeout(left)


def pack_job(job: Mapping[str, object], start: bytes) -> bytes:
    """Say what to read, with the start of the file: who reads one always asks for that first."""
    said = json.dumps(job).encode()
    return _LENGTH.pack(len(said)) + said + start


def unpack_job(payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Return what to read and the start of the file, as `pack_job` took them."""
    (length,) = _LENGTH.unpack_from(payload)
    end = _LENGTH.size + length
    return json.loads(payload[_LENGTH.size : end]), payload[end:]


def pack_range(offset: int, size: int) -> bytes:
    """Say which bytes of the file are wanted."""
    return _RANGE.pack(offset, size)


def unpack_range(payload: bytes) -> tuple[int, int]:
    """Return offset and size, as `pack_range` took them."""
    try:
        offset, size = _RANGE.unpack(payload)
    except struct.error as error:
        raise Broken("bad range") from error
    return offset, size


def pack_result(result: Extracted | Failed) -> bytes:
    """Write a result: what is said of the whole as JSON, then page after page."""
    if isinstance(result, Failed):
        return _with_length({"reason": result.reason, "detail": result.detail[:_LONGEST_DETAIL]})
    head = {
        "extractor": result.extractor,
        "origin": result.origin,
        "notes": list(result.notes),
        "truncated": result.truncated,
        "holds": result.holds,
    }
    pieces = [_with_length(head)]
    for page in result.pages:
        text, label = (part.encode("utf-8", "replace") for part in (page.text, page.label))
        note = _NOTES.index(page.note)
        wanted = _RECOGNITIONS.index(page.recognition)
        sizes = (len(text), len(label), page.width, page.height, page.rotation % 360)
        pieces += (_PAGE.pack(*sizes, note, wanted), text, label)
    return b"".join(pieces)


def unpack_result(payload: bytes) -> Extracted | Failed:
    """Read a result, or raise `Broken` when it has not exactly the expected shape."""
    try:
        (length,) = _LENGTH.unpack_from(payload)
        if length > _LONGEST_HEAD:
            raise ValueError("too much about the whole")
        end = _LENGTH.size + length
        body = json.loads(payload[_LENGTH.size : end])
        if "reason" in body:
            return Failed(Reason(body["reason"]), _text(body["detail"])[:_LONGEST_DETAIL])
        return Extracted(
            tuple(_pages(payload, end)),
            _text(body["extractor"])[:100],
            _text(body["origin"])[:20],
            tuple(Note(note) for note in body["notes"]),
            _count(body["truncated"]),
            body["holds"] is True,
        )
    except (ValueError, TypeError, LookupError, RecursionError, struct.error) as error:
        raise Broken(f"bad result: {type(error).__name__}") from error


def pack_answer(answer: Mapping[str, Any] | Failed) -> bytes:
    """Write what a task answers, or why it could not."""
    if isinstance(answer, Failed):
        answer = {"reason": answer.reason, "detail": answer.detail[:_LONGEST_DETAIL]}
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def unpack_answer(payload: bytes) -> dict[str, Any] | Failed:
    """Read what a task answers, or raise `Broken`. Who asked checks what it means."""
    try:
        if len(payload) > _LONGEST_ANSWER:
            raise ValueError("too much of an answer")
        answer = json.loads(payload)
        if not isinstance(answer, dict):
            raise TypeError("no answer")
        if "reason" in answer:
            return Failed(Reason(answer["reason"]), _text(answer["detail"])[:_LONGEST_DETAIL])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise Broken(f"bad answer: {type(error).__name__}") from error
    return answer


def _with_length(said: Mapping[str, object]) -> bytes:
    head = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return _LENGTH.pack(len(head)) + head


def _pages(payload: bytes, at: int) -> Iterator[Page]:
    """Read pages one by one: a list in JSON may be made to take far more memory than it is long."""
    number = 0
    while at < len(payload):
        number += 1
        if number > MOST_PAGES:
            raise ValueError("too many pages")
        text, label, width, height, rotation, note, wanted = _PAGE.unpack_from(payload, at)
        middle = at + _PAGE.size + text
        end = middle + label
        if end > len(payload) or not (math.isfinite(width) and math.isfinite(height)):
            raise ValueError("no such page")
        yield Page(
            number,
            payload[at + _PAGE.size : middle].decode(),
            payload[middle:end].decode(),
            width,
            height,
            rotation % 360,
            _NOTES[note],
            _RECOGNITIONS[wanted],
        )
        at = end


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()  # a lone surrogate would fail much later, in the database
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise TypeError("no count")
    return value
