"""The process that becomes LibreOffice: it gives up everything else before, as readers do.

It is started as a program of its own (`python -m indexer.office.confined`), for a worker has
threads and must not fork itself. Its argument is JSON: the private folder, what to run, limits.
It stays as the parent of what it runs, gathers whatever that leaves behind, and ends it. It is
told to stop by SIGTERM, which it also gets when the worker dies. Without anything to run it
tells which walls stand.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

from indexer.extract import isolation, syscalls
from indexer.office import landlock

_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWPID: Final = 0x20000000
_MS_BIND: Final = 0x1000
_MS_PRIVATE: Final = 0x40000
_MS_REC: Final = 0x4000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
#: Processes and threads of that other user; where it is the worker's own, they are not counted.
_PROCESSES: Final = 256
_OPEN_FILES: Final = 512

#: What a program needs of the system, and no other program keeps secrets in.
_SYSTEM: Final = (
    "/bin /sbin /lib /lib32 /lib64 /usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/share "
    "/usr/local/share/fonts /etc/alternatives /etc/fonts /etc/ld.so.cache /etc/ld.so.conf "
    "/etc/ld.so.conf.d /etc/libreoffice /etc/locale.alias /etc/localtime /etc/nsswitch.conf "
    "/etc/passwd /etc/papersize /var/cache/fontconfig /var/lib/libreoffice /var/spool/libreoffice"
).split()
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")

#: Here LibreOffice makes a socket to see whether it runs already, wherever its profile lies. Where
#: the system permits it, the private folder stands in its place, and what runs finds all there.
_TEMPORARY: Final = Path("/tmp")  # noqa: S108 - not ours to choose

_libc = ctypes.CDLL(None, use_errno=True)


def main(job: dict[str, Any]) -> int:
    """Run what is wanted; return how it ended, 0 for well."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, _stop)
    if os.getppid() != job["parent"]:
        return 1  # it died before it could be told of
    network = isolation.leave_network()
    apart = _libc.unshare(_CLONE_NEWPID) == 0
    me = os.getpid()
    try:
        pid = os.fork()
        if pid == 0:
            _become(job, 0 if apart else me, {"network": network, "processes": apart})
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_all()


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(1)


def _become(job: dict[str, Any], parent: int, walls: dict[str, bool]) -> NoReturn:
    """Give up everything and be the program, or tell which walls stand."""
    try:
        folder = Path(job["folder"])
        if _own_temporary(folder):
            job, folder = _moved(job, folder), _TEMPORARY
        walls |= _isolate(job, parent, folder)
        if not job["command"]:
            os.write(1, json.dumps(walls).encode())
        elif walls["files"]:
            os.execve(job["command"][0], job["command"], job["environment"])  # noqa: S606
    finally:
        os._exit(1 if job["command"] else 0)


def _moved(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a job whose folder stands in another place, without another user's way to it."""

    def there(said: str) -> str:
        return said.replace(str(folder), str(_TEMPORARY))

    command = [*job["command"][:1], *map(there, job["command"][1:])]
    environment = {name: there(value) for name, value in job["environment"].items()}
    return {**job, "command": command, "environment": environment}


def _isolate(job: dict[str, Any], parent: int, folder: Path) -> dict[str, bool]:
    for name in (signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(name, signal.SIG_DFL)
    user = isolation.leave_user()
    isolation.die_with(parent)
    isolation.forgo_privileges()
    for what, amount in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, job["memory"]),
        (resource.RLIMIT_CPU, job["cpu"]),
        (resource.RLIMIT_FSIZE, job["output"]),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        *([(resource.RLIMIT_NPROC, _PROCESSES)] if user else []),
    ):
        resource.setrlimit(what, (amount, amount))
    read = [Path(place) for place in (*_SYSTEM, *job["programs"])]
    fenced = landlock.allow_only(read, [folder, *map(Path, _DEVICES)], [_TEMPORARY])
    calls = syscalls.forbid_outside()
    # as another user it may not even reach its own folder
    reached = os.access(folder, os.W_OK | os.X_OK)
    return {"user": user, "files": (fenced or user) and reached, "calls": calls}


def _own_temporary(folder: Path) -> bool:
    """Put a folder in the place of the one that all programs share; say whether that worked."""
    if _libc.unshare(_CLONE_NEWNS) != 0:
        return False
    if _libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None) != 0:
        return False
    mounted = _libc.mount(os.fsencode(folder), os.fsencode(_TEMPORARY), None, _MS_BIND, None)
    return bool(mounted == 0)


def _end_all() -> None:
    """End whatever is left: orphans become children of this process, so none gets away."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> list[int]:
    me, found = os.getpid(), []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # the name before it may hold anything, and ends at the last bracket
            if int(entry.read_bytes().rpartition(b")")[2].split()[1]) == me:
                found.append(int(entry.parent.name))
    return found


if __name__ == "__main__":
    sys.exit(1 if main(json.loads(sys.argv[1])) else 0)
