"""What verifying the log can find; the numbers are the exit codes of `guidang audit verify`."""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """What verification found; also the exit code of `guidang audit verify`."""

    OK = 0
    BODY = 10
    CHAIN = 11
    GAP = 12
    REWRITTEN = 13
    SHORTER = 14
    SIGNATURE = 15
    FORK = 16
    OLD = 17
    ORPHANS = 19


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict: which code, the first bad number, how many entries, the root."""

    code: Code
    events: int
    root: str
    first_bad: int | None = None
    reason: str = ""
    orphans: tuple[int, ...] = ()
    #: how many signed notes fit the log, and how long it was at the newest of them
    notes: int = 0
    newest: int | None = None
    #: entries without their body, inside a purge; without their detail, with and without an
    #: entry that says it was erased
    purged: int = 0
    erased: int = 0
    unexplained: int = 0
    #: where the log goes on after an older copy was restored
    restored: tuple[int, ...] = ()


class Bad(Exception):
    """The first entry that is not as it was written, or what is missing to say that it is."""

    def __init__(self, code: Code, seq: int | None, reason: str) -> None:
        """Keep the code and the number."""
        super().__init__(reason)
        self.code = code
        self.seq = seq
