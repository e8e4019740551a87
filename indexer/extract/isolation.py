"""What a sandboxed process gives up before it sees a file, through Linux calls Python lacks.

Every step is tried; what the system does not permit is said in `Isolation`, shown on the
status page, and nothing else stops. The limits of `resource` always hold.
"""

import ctypes
import os
import resource
import signal
from dataclasses import dataclass

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
#: Reserved by Debian and used by nobody, unlike the uid of `nobody`, which daemons share.
OTHER_UID = 65533
#: Descriptors a process may have; it needs a handful.
OPEN_FILES = 64

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Isolation:
    """Which walls stand around a reader, beside limits on memory, time and files."""

    network: bool = False
    user: bool = False
    files: bool = False
    calls: bool = False


def leave_network() -> bool:
    """Move to a network namespace without any interface; every later child is in it too."""
    if _libc.unshare(_CLONE_NEWNET) == 0:
        return True
    return bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def leave_files(empty: int) -> bool:
    """Make an empty folder, given as a descriptor, the whole file system."""
    try:
        os.fchdir(empty)
        os.chroot(".")
    except OSError:
        return False
    return True


def leave_user() -> bool:
    """Become a user who owns nothing; possible only when started as root."""
    if os.geteuid() != 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(OTHER_UID, OTHER_UID, OTHER_UID)
        os.setresuid(OTHER_UID, OTHER_UID, OTHER_UID)
    except OSError:
        return False
    return True


def forgo_privileges() -> None:
    """Never gain any again, not even through a set-uid program."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """Be killed when the parent dies. Call after `leave_user`: changing the user undoes it."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def limit_for_life(*, memory: int) -> None:
    """Forbid core dumps, writing files, and more than a few descriptors."""
    for what, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        resource.setrlimit(what, (amount, amount))


def forbid_processes() -> None:
    """Forbid new processes, and threads with them: where no filter of calls tells them apart."""
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def limit_for_file(*, memory: int, cpu: int) -> None:
    """Set what the next file may use: address space, and processor seconds from now on."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (memory, hard))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu, hard))
