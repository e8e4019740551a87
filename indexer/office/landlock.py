"""Leaves a process only named parts of the file system (Landlock, Linux 5.13 and newer).

It needs no rights, so it holds where namespaces and another user are not permitted.
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_BENEATH: Final = 1

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
_REMOVE_FILE: Final = 1 << 5
_MAKE_SOCKET: Final = 1 << 9
_TRUNCATE: Final = 1 << 14
_OF_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ: Final = _EXECUTE | _READ_FILE | _READ_FOLDER
#: Rights that each version of the interface knows: 13 at first, then linking, cutting off, devices.
_KNOWN: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64),)


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def allow_only(read: Iterable[Path], write: Iterable[Path], sockets: Iterable[Path] = ()) -> bool:
    """Allow reading and running what lies in some places, everything in others, no more for good.

    In `sockets` local sockets may be made and taken away. Returns whether the system permits all
    that. A place that is not there is passed over. The process must have said before that it
    never gains privileges.
    """
    version = int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION))
    if version < 1:
        return False
    known = _KNOWN[max(number for number in _KNOWN if number <= version)]
    asked = _Ruleset(known)
    size = ctypes.c_size_t(ctypes.sizeof(asked))
    rules = int(_libc.syscall(_CREATE_RULESET, ctypes.byref(asked), size, 0))
    if rules < 0:
        return False
    try:
        allowed = [(path, _READ) for path in read] + [(path, known) for path in write]
        allowed += [(path, _MAKE_SOCKET | _REMOVE_FILE) for path in sockets]
        if not all(_allow(rules, path, rights & known) for path, rights in allowed):
            return False
        return int(_libc.syscall(_RESTRICT_SELF, rules, 0)) == 0
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> bool:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        rule = _Rule(rights, place)
        return int(_libc.syscall(_ADD_RULE, rules, _BENEATH, ctypes.byref(rule), 0)) == 0
    finally:
        os.close(place)
