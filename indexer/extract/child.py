"""A sandboxed process: takes one file after another and answers with text or a reason."""

import io
import os
import signal
import socket
from collections.abc import Callable, Mapping
from typing import BinaryIO, cast

from indexer.extract import isolation, syscalls
from indexer.extract.result import Extracted, Failed, Reason, Unreadable
from indexer.extract.source import RemoteFile
from indexer.extract.wire import Broken, Kind, Line, pack_result, unpack_job

Read = Callable[[BinaryIO], Extracted]


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
    return isolation.Isolation(files=files, user=user, calls=syscalls.forbid())


def serve(sock: socket.socket, readers: Mapping[str, Read]) -> None:
    """Read files until the conversation ends."""
    line = Line(sock)
    while True:
        try:
            kind, payload = line.receive()
            if kind is not Kind.JOB:
                return
            line.send(Kind.RESULT, pack_result(_answer(line, readers, *unpack_job(payload))))
        except Broken:
            return


def _answer(
    line: Line, readers: Mapping[str, Read], job: dict[str, int | str], start: bytes
) -> Extracted | Failed:
    """Run one reader. Some native readers raise what is no `Exception`, so all is caught."""
    isolation.limit_for_file(memory=int(job["memory"]), cpu=int(job["cpu"]))
    source = io.BufferedReader(RemoteFile(line, int(job["size"]), start), 64 * 1024)
    try:
        return readers[str(job["reader"])](cast("BinaryIO", source))
    except Unreadable as refusal:
        return Failed(refusal.reason, refusal.detail)
    except Broken:
        raise
    except (MemoryError, RecursionError) as error:
        return Failed(Reason.TOO_COMPLEX, type(error).__name__)
    except BaseException as error:  # noqa: BLE001 - calamine's PanicException is no Exception
        return Failed(Reason.KILLED, type(error).__name__)
