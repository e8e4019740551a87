"""A sandboxed process: takes one file after another and answers with text or a reason."""

import io
import os
import signal
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, BinaryIO, TypeVar, cast

from indexer.extract import isolation, syscalls
from indexer.extract.result import Extracted, Failed, Reason, Unreadable
from indexer.extract.source import RemoteFile
from indexer.extract.wire import PIECE, Broken, Kind, Line, pack_answer, pack_result, unpack_job

_Answer = TypeVar("_Answer")
Read = Callable[[BinaryIO], Extracted]
#: A task: the file, what exactly is wanted of it, and where bytes go out.
Perform = Callable[[BinaryIO, dict[str, Any], Callable[[bytes], None]], dict[str, Any]]


def isolate(*, parent: int, empty: int, memory: int) -> isolation.Isolation:
    """Give up every right, in the only order that works, and say which walls stand."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, a reader might not
    files = isolation.leave_files(empty)
    user = isolation.leave_user()
    isolation.die_with(parent)
    isolation.forgo_privileges()
    isolation.limit_for_life(memory=memory)
    calls = syscalls.forbid()
    if not calls:
        isolation.forbid_processes()
    return isolation.Isolation(files=files, user=user, calls=calls)


def serve(sock: socket.socket, functions: Mapping[str, Callable[..., Any]]) -> None:
    """Read files until the conversation ends."""
    line = Line(sock)
    while True:
        try:
            kind, payload = line.receive()
            if kind is not Kind.JOB:
                return
            job, start = unpack_job(payload)
            isolation.limit_for_file(memory=job["memory"], cpu=job["cpu"])
            file = RemoteFile(line, job["size"], start)
            source = cast("BinaryIO", io.BufferedReader(file, 64 * 1024))
            function = functions[job["function"]]
            if "arguments" in job:
                perform = partial(function, source, job["arguments"], partial(_send, line))
                line.send(Kind.ANSWER, pack_answer(_caught(perform)))
            else:
                secret = {"password": job["password"]} if "password" in job else {}
                line.send(Kind.RESULT, pack_result(_caught(partial(function, source, **secret))))
        except Broken:
            return


def _send(line: Line, content: bytes) -> None:
    for at in range(0, len(content), PIECE):
        line.send(Kind.PIECE, content[at : at + PIECE])


def _caught(function: Callable[[], _Answer]) -> _Answer | Failed:
    """Run one function. Some native readers raise what is no `Exception`, so all is caught."""
    try:
        return function()
    except Unreadable as refusal:
        return Failed(refusal.reason, refusal.detail)
    except Broken:
        raise
    except (MemoryError, RecursionError) as error:
        return Failed(Reason.TOO_COMPLEX, type(error).__name__)
    except BaseException as error:  # noqa: BLE001 - calamine's PanicException is no Exception
        return Failed(Reason.KILLED, type(error).__name__)
