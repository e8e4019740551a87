"""What was signed of the log and kept elsewhere, weighed against the log as it is now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.audit import checkpoints, rekeying
from service.audit.checkpoints import Checkpoint, NoteError, SignatureError
from service.audit.rekeying import KeyChange
from service.audit.verdicts import Bad, Code
from service.audit.walking import Span, Walk

#: The share of intents that may have no outcome, and how old such an intent is at least.
ORPHAN_SHARE = 0.001
ORPHAN_AGE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Notes, whoever kept them, and the keys that may have signed them.

    `trusted` are keys from outside the database; with none, `stated` (which whoever writes to the
    database can replace) is all there is. `longest` is how old the newest note may be.
    """

    notes: tuple[str, ...] = ()
    trusted: tuple[Ed25519PublicKey, ...] = ()
    stated: tuple[Ed25519PublicKey, ...] = ()
    changes: tuple[KeyChange, ...] = ()
    origin: str | None = None
    longest: timedelta | None = None
    orphans: bool = False
    now: datetime | None = None

    @property
    def sizes(self) -> frozenset[int]:
        """Return the sizes at which roots are compared."""
        return frozenset(c.size for c in self._readable())

    def keys(self) -> tuple[Ed25519PublicKey, ...]:
        """Return every key that counts: those trusted, and those that they signed; and so on."""
        return rekeying.followed(self.trusted or self.stated, self.changes)

    def _readable(self) -> Iterable[Checkpoint]:
        for note in self.notes:
            try:
                yield checkpoints.parse(note).checkpoint
            except NoteError:
                continue


def weigh(evidence: Evidence, walk: Walk) -> tuple[int, int | None]:
    """Compare notes with a whole walk; return how many fit and the newest size. Raises `Bad`."""
    signed = _signed(evidence, walk)
    fitting = [c for c in signed if walk.roots.get(c.size) == c.root]
    newest = max((c.size for c in fitting), default=None)
    others = [c for c in signed if walk.roots.get(c.size) != c.root]
    _contradicting(signed)
    for other in sorted(others, key=lambda c: c.size):
        if not _restored(other, walk.restores, newest):
            raise _unlike(other, walk, fitting)
    if evidence.longest is not None:
        _young(evidence, walk, newest)
    if evidence.orphans:
        _orphans(walk, evidence.now or datetime.now(UTC))
    return len(fitting), newest


def _signed(evidence: Evidence, walk: Walk) -> Sequence[Checkpoint]:
    keys = evidence.keys()
    if unsaid := rekeying.unlogged(evidence.changes, frozenset(walk.rekeyed)):
        raise Bad(Code.SIGNATURE, None, f"no entry says that the key {unsaid} signs")
    found = {}
    for note in evidence.notes:
        try:
            checkpoint = checkpoints.verify(note, keys)
        except NoteError as error:
            raise Bad(Code.SIGNATURE, None, f"a note that cannot be read: {error}") from error
        except SignatureError as error:
            size = checkpoints.parse(note).checkpoint.size
            raise Bad(Code.SIGNATURE, size, f"a note of {size} entries is {error}") from error
        if evidence.origin and checkpoint.origin != evidence.origin:
            raise Bad(Code.SIGNATURE, checkpoint.size, "a note of another archive")
        found[checkpoint.size, checkpoint.root] = checkpoint
    return list(found.values())


def _contradicting(signed: Sequence[Checkpoint]) -> None:
    """Find two notes of the same length and different roots: the log was shown in two forms."""
    roots: dict[int, bytes] = {}
    for checkpoint in sorted(signed, key=lambda c: c.size):
        if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
            below = max((size for size in roots if size < checkpoint.size), default=0)
            raise Bad(Code.FORK, below + 1, "two notes of the same length differ")


def _restored(other: Checkpoint, restores: Sequence[Span], newest: int | None) -> bool:
    """Say whether an entry tells that this part was lost, and the anchor has signed that entry."""
    return any(
        span.start <= other.size <= span.stop and newest is not None and newest >= span.seq
        for span in restores
    )


def _unlike(other: Checkpoint, walk: Walk, fitting: Sequence[Checkpoint]) -> Bad:
    """Return what it means that a signed note does not fit; the number is the first not proven."""
    if other.size > walk.seq:
        return Bad(Code.SHORTER, walk.seq + 1, f"the log was {other.size} entries long already")
    below = max((c.size for c in fitting if c.size < other.size), default=0)
    if any(c.size > other.size for c in fitting):
        return Bad(Code.FORK, below + 1, "two notes contradict each other")
    return Bad(Code.REWRITTEN, below + 1, f"the root at {other.size} is not the one signed")


def _young(evidence: Evidence, walk: Walk, newest: int | None) -> None:
    """Refuse when the log is longer than what was signed of it, and has been for too long."""
    now = evidence.now or datetime.now(UTC)
    if newest is None:
        raise Bad(Code.OLD, 1, "no signed note fits the log")
    since = walk.times.get(newest) or walk.ts
    if since and now - datetime.fromisoformat(since) > (evidence.longest or timedelta()):
        raise Bad(Code.OLD, newest + 1, "the newest signed note is too old")


def _orphans(walk: Walk, now: datetime) -> None:
    old = [seq for seq, ts in walk.open.items() if now - datetime.fromisoformat(ts) > ORPHAN_AGE]
    if len(old) > ORPHAN_SHARE * walk.intents:
        raise Bad(Code.ORPHANS, min(old), f"{len(old)} of {walk.intents} intents have no outcome")
