"""Forbids a process the system calls that no reader needs, by a seccomp filter.

It needs no rights, so it holds where namespaces and another user are not permitted: no file is
opened, no connection made, no process started, watched or signalled. A forbidden call fails
with EPERM. On processors that aren't listed nothing is forbidden, and that is said.

Threads may be started: `office_oxide` reads old files on one of its own. A thread has the
filter and the limits of its process. The newer call for it keeps what it wants in memory, where
a filter cannot look: it is said to be missing, and the C library takes the older one.
"""

import ctypes
import errno
import platform
from typing import Final

_PR_SET_SECCOMP: Final = 22
_FILTER_MODE: Final = 2

_LOAD_WORD: Final = 0x20
_JUMP_EQUAL: Final = 0x15
_JUMP_AT_LEAST: Final = 0x35
_JUMP_ANY_BIT: Final = 0x45
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_FAIL: Final = 0x00050000 | errno.EPERM
_OFFSET_NUMBER: Final = 0
_MISSING: Final = 0x00050000 | errno.ENOSYS
_OFFSET_MACHINE: Final = 4
_OFFSET_FIRST_ARGUMENT: Final = 16
_CLONE_THREAD: Final = 0x00010000
_CLONE_3: Final = 435  # on every processor
_FOREIGN_NUMBERS: Final = 0x40000000  # another calling convention on the same processor

#: The family of sockets that stay on this host (AF_UNIX).
_LOCAL: Final = 1
#: What a program of its own may do as little as a reader.
_OUTSIDE: Final = ("other processes", "system")

#: Per processor: the kernel's mark for it, the number of the call that starts threads and
#: processes, and those of the forbidden calls; of the network the first makes a socket, the
#: second connects it.
_FORBIDDEN: Final = {
    "x86_64": (
        0xC000003E,
        56,
        {
            "network": (41, 42, 43, 49, 50, 53, 288),
            "files": (2, 85, 257, 437, 76, 82, 83, 84, 86, 87, 88, 90, 92, 94),
            "files by folder": (258, 259, 260, 263, 264, 265, 266, 268, 316),
            "processes": (57, 58, 59, 322),
            "other processes": (62, 200, 234, 101, 310, 311, 424, 434, 438),
            "shared memory": (29, 64, 68, 319),
            "system": (165, 166, 272, 308, 321, 298, 323, 425, 426, 427, 248, 249, 250),
        },
    ),
    "aarch64": (
        0xC00000B7,
        220,
        {
            "network": (198, 203, 199, 200, 201, 202, 242),
            "files": (56, 437, 33, 34, 35, 36, 37, 38, 45, 53, 54, 276),
            "processes": (221, 281),
            "other processes": (129, 130, 131, 117, 270, 271, 424, 434, 438),
            "shared memory": (186, 190, 194, 279),
            "system": (39, 40, 97, 268, 280, 241, 282, 425, 426, 427, 217, 218, 219),
        },
    ),
}


class _Step(ctypes.Structure):
    """One instruction of the filter, as the kernel lays it out."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.POINTER(_Step)))


def forbid() -> bool:
    """Forbid the calls for good, and return whether the system permits that.

    The process must have said before that it never gains privileges (`forgo_privileges`).
    """
    known = _FORBIDDEN.get(platform.machine())
    return known is not None and _install(_steps(*known))


def forbid_outside() -> bool:
    """Forbid a program all that reaches beyond itself: connections, other processes, the system.

    It may open files and start processes, which no filter can judge, and have sockets that lead
    nowhere: programs use them to see whether they run already. Otherwise as `forbid`.
    """
    known = _FORBIDDEN.get(platform.machine())
    return known is not None and _install(_steps_outside(*known))


def _install(steps: list[_Step]) -> bool:
    program = _Program(len(steps), (_Step * len(steps))(*steps))
    libc = ctypes.CDLL(None)
    return bool(libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0) == 0)


def _steps(machine: int, clone: int, forbidden: dict[str, tuple[int, ...]]) -> list[_Step]:
    """Return the filter: allow, unless the machine or the number says otherwise."""
    numbers = sorted(number for group in forbidden.values() for number in group)
    count = len(numbers)
    checks = [_Step(_JUMP_EQUAL, count - at, 0, number) for at, number in enumerate(numbers)]
    return [
        _Step(_LOAD_WORD, 0, 0, _OFFSET_MACHINE),
        _Step(_JUMP_EQUAL, 0, count + 7, machine),
        _Step(_LOAD_WORD, 0, 0, _OFFSET_NUMBER),
        _Step(_JUMP_AT_LEAST, count + 5, 0, _FOREIGN_NUMBERS),
        _Step(_JUMP_EQUAL, count + 5, 0, _CLONE_3),
        _Step(_JUMP_EQUAL, 0, 2, clone),
        _Step(_LOAD_WORD, 0, 0, _OFFSET_FIRST_ARGUMENT),
        _Step(_JUMP_ANY_BIT, count, count + 1, _CLONE_THREAD),
        *checks,
        _Step(_RETURN, 0, 0, _ALLOW),
        _Step(_RETURN, 0, 0, _FAIL),
        _Step(_RETURN, 0, 0, _MISSING),
    ]


def _steps_outside(machine: int, clone: int, forbidden: dict[str, tuple[int, ...]]) -> list[_Step]:
    """Return the filter of programs: what `_OUTSIDE` names, and sockets of any other family."""
    del clone
    socket, connect, *_ = forbidden["network"]
    numbers = sorted({connect, *(n for group in _OUTSIDE for n in forbidden[group])})
    count = len(numbers)
    return [
        _Step(_LOAD_WORD, 0, 0, _OFFSET_MACHINE),
        _Step(_JUMP_EQUAL, 0, count + 6, machine),
        _Step(_LOAD_WORD, 0, 0, _OFFSET_NUMBER),
        _Step(_JUMP_AT_LEAST, count + 4, 0, _FOREIGN_NUMBERS),
        _Step(_JUMP_EQUAL, 0, 2, socket),
        _Step(_LOAD_WORD, 0, 0, _OFFSET_FIRST_ARGUMENT),
        _Step(_JUMP_EQUAL, count, count + 1, _LOCAL),
        *(_Step(_JUMP_EQUAL, count - at, 0, number) for at, number in enumerate(numbers)),
        _Step(_RETURN, 0, 0, _ALLOW),
        _Step(_RETURN, 0, 0, _FAIL),
    ]
