"""Readers that misbehave, for the sandbox to deal with. Loaded only where a test names them."""

import ctypes
import os
import platform
import resource
import signal
import socket
import threading
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from indexer.extract import Limits, Reader, Task
from indexer.extract.result import Extracted, Page, Reason, Unreadable
from indexer.extract.source import RemoteFile


class Panic(BaseException):
    """Like the panics of Rust readers, no `Exception`."""


def limits(source: BinaryIO) -> Extracted:
    """Tell the limits that hold while a file is read, and what of them can be raised."""
    found = []
    for name in ("AS", "CPU", "FSIZE", "CORE", "NOFILE"):
        what = getattr(resource, f"RLIMIT_{name}")
        soft, hard = resource.getrlimit(what)
        spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) if name == "CPU" else 0
        try:
            resource.setrlimit(what, (soft, hard + 1))
        except ValueError:
            found.append(f"{name} {soft - int(spent)}")
        else:
            found.append(f"{name} raised")
    return said("\n".join(found))


def hold(source: BinaryIO) -> Extracted:
    """Open as many descriptors as there may be, and tell how many that were."""
    held: list[int] = []
    try:
        while len(held) < 10_000:
            held.append(os.dup(remote_of(source)))
    except OSError:
        return said(str(len(held)))
    finally:
        for one in held:
            os.close(one)
    return said("no end")


def grow(source: BinaryIO) -> Extracted:
    """Hold as much memory as there may be, a MiB at a time, and tell how much that was."""
    held: list[bytes] = []
    try:
        while True:
            held.append(b"x" * (1 << 20))
    except MemoryError:
        size = len(held)
        held.clear()
        return said(str(size))


def said(text: str) -> Extracted:
    return Extracted((Page(1, text),), "test")


def echo(source: BinaryIO) -> Extracted:
    return said(source.read().decode())


def whoami(source: BinaryIO) -> Extracted:
    return said(f"{os.getpid()} {os.getuid()}")


def ends(source: BinaryIO) -> Extracted:
    source.seek(-10, os.SEEK_END)
    return said(source.read().decode())


def panic(source: BinaryIO) -> Extracted:
    raise Panic


def refuse(source: BinaryIO) -> Extracted:
    raise Unreadable(Reason.PASSWORD, "locked")


def crash(source: BinaryIO) -> Extracted:
    ctypes.string_at(0)
    return said("")


def hang(source: BinaryIO) -> Extracted:
    ours, _theirs = os.pipe()
    os.read(ours, 1)
    return said("")


def spin(source: BinaryIO) -> Extracted:
    while True:
        pass


def hoard(source: BinaryIO) -> Extracted:
    return said(str(len(bytearray(1 << 40))))


def remote(source: BufferedReader) -> RemoteFile:
    assert isinstance(source.raw, RemoteFile)
    return source.raw


def remote_of(source: BinaryIO) -> int:
    """Return the descriptor of the line to the supervisor."""
    assert isinstance(source, BufferedReader)
    return remote(source)._line._sock.fileno()


def babble(source: BufferedReader) -> Extracted:
    os.write(remote(source)._line._sock.fileno(), b"\xff" * 64)
    return said("")


def overstep(source: BufferedReader) -> Extracted:
    remote(source).size = 1 << 40
    source.seek(1 << 39)
    return said(source.read(1).decode())


def flood(source: BinaryIO) -> Extracted:
    return said("x" * (65 << 20))


def spawned(flags: int) -> int:
    """Start a process by the bare call that starts threads too, and end it."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    pid = libc.syscall(number, flags | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    if pid < 0:
        raise OSError(ctypes.get_errno(), "clone")
    return int(pid)


def threads(source: BinaryIO) -> Extracted:
    """Let a thread say something."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append("said by a thread"))
    thread.start()
    thread.join()
    return said(found[0])


def trespass(source: BinaryIO) -> Extracted:
    """Try what a reader must not be able to do, and tell what was possible."""
    done = []
    for name, attempt in {
        "network": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "files": lambda: Path("/etc/passwd").read_bytes(),
        "write": lambda: Path("/tmp/trespass").write_bytes(b"x"),  # noqa: S108
        "fork": os.fork,
        "clone": lambda: spawned(0),
        "kill": lambda: os.kill(os.getppid(), 0),
        "root": lambda: os.setuid(0),
    }.items():
        try:
            attempt()
        except OSError:
            continue
        done.append(name)
    return said(" ".join(done))


Arguments = dict[str, Any]
Send = Callable[[bytes], None]


def copy(source: BinaryIO, arguments: Arguments, send: Send) -> Arguments:
    """Send some bytes of the file out, and tell how many times."""
    content = source.read()
    for _ in range(arguments["times"]):
        send(content)
    return {"times": arguments["times"]}


def drop(source: BinaryIO, arguments: Arguments, send: Send) -> Arguments:
    """Die after something was sent out."""
    send(b"half")
    os.abort()


def decline(source: BinaryIO, arguments: Arguments, send: Send) -> Arguments:
    raise Unreadable(Reason.PASSWORD, "locked")


def ramble(source: BinaryIO, arguments: Arguments, send: Send) -> Arguments:
    return {"much": "x" * (9 << 20)}


_LIMITS = Limits(memory=1 << 30, cpu=20, wall=30.0)
READERS = {
    f"test/{read.__name__}": Reader(f"{__name__}:{read.__name__}", _LIMITS)
    for read in (
        echo,
        whoami,
        ends,
        panic,
        refuse,
        crash,
        hoard,
        babble,
        overstep,
        flood,
        trespass,
        threads,
        limits,
        hold,
    )
} | {
    "test/grow": Reader(f"{__name__}:grow", Limits(memory=700 << 20, cpu=20, wall=30.0)),
    "test/hang": Reader(f"{__name__}:hang", Limits(memory=1 << 30, cpu=20, wall=0.3)),
    "test/spin": Reader(f"{__name__}:spin", Limits(memory=1 << 30, cpu=1, wall=30.0)),
}
COPY, DROP, DECLINE, RAMBLE = (
    Task(f"{__name__}:{task.__name__}", Limits(memory=1 << 30, cpu=20, wall=30.0, output=4 << 20))
    for task in (copy, drop, decline, ramble)
)
TASKS = (COPY, DROP, DECLINE, RAMBLE)
