"""Finds what must not be taken in because it is made to harm: by ourselves, and by clamd."""

import socket
import struct
from contextlib import suppress
from typing import BinaryIO, Final

from service.errors import Unavailable

#: The file by which everybody tests whether viruses are looked for; in two pieces, so that no
#: scanner takes this one for it.
_TEST: Final = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_LONGEST_TEST: Final = 128
TEST_NAME: Final = "EICAR test file"
#: The rule by which a file is refused for what it holds, as it stands in the log.
RULE: Final = "upload:virus"


def known(source: BinaryIO) -> str | None:
    """Return the name of what is known without a scanner; leaves the stream at its start."""
    source.seek(0)
    head = source.read(_LONGEST_TEST + 1)
    source.seek(0)
    if len(head) <= _LONGEST_TEST and head.startswith(_TEST) and not head[len(_TEST) :].strip():
        return TEST_NAME
    return None


#: Seconds for a connection, and for each answer: a large file takes clamd its time.
_CONNECT: Final = 3.0
_ANSWER: Final = 120.0
_CHUNK: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4096


def scan(address: str, source: BinaryIO) -> str | None:
    """Return the name of the virus that clamd at HOST:PORT finds in what `source` still holds.

    Raises `Unavailable("scanner")` when it does not answer, or could not look at all of it.
    """
    answer = _asked(address, source)
    if answer.endswith(b" FOUND"):
        name = answer.removesuffix(b" FOUND").rpartition(b": ")[2]
        return name.decode("utf-8", "replace")[:100]
    if answer.endswith(b": OK"):
        return None
    raise Unavailable("scanner")


def answers(address: str) -> bool:
    """Say whether clamd at HOST:PORT answers."""
    try:
        with _connected(address) as line:
            line.sendall(b"zPING\0")
            return _received(line) == b"PONG"
    except OSError:
        return False


def _asked(address: str, source: BinaryIO) -> bytes:
    try:
        with _connected(address) as line:
            line.settimeout(_ANSWER)
            # when it has seen enough it closes, with an answer that is still there to be read
            with suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(b"zINSTREAM\0")
                while piece := source.read(_CHUNK):
                    line.sendall(struct.pack("!L", len(piece)) + piece)
                line.sendall(struct.pack("!L", 0))
            return _received(line)
    except OSError as error:
        raise Unavailable("scanner") from error


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), _CONNECT)


def _received(line: socket.socket) -> bytes:
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST_ANSWER:
        piece = line.recv(_LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.partition(b"\0")[0]
