"""The archive as one object, and the call: one person, one action, its entries in the log.

A read commits its intent, works on a read-only snapshot, and commits its outcome. A write
commits rows, jobs and event together. A refusal is an entry of its own and survives the
rollback. If the log cannot be written, nothing happens (docs/decisions/0004).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from threading import BoundedSemaphore
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from service import jobs
from service.actions import STORES, WRITES
from service.appending import Claim, append, append_alone, append_made, month_key
from service.audit.entries import Entry, PolicyRef, Result, Subject, ids_digest
from service.backlog import Backlog, Kept
from service.blobs.port import Blobs
from service.codes import Decision, Phase
from service.db import Database
from service.errors import Denied, Hidden, NotFound, Refusal, Unavailable, error_code
from service.keystore import Keystore, Ring
from service.passwords import HASHER, Hasher
from service.permissions import (
    Action,
    Actor,
    CustomerScopes,
    Scopes,
    Target,
    Verdict,
    customer_scopes,
    decide,
    scopes,
)
from service.policies import Policies
from service.policy import Policy
from service.rates import Rates
from service.search.port import Engine
from service.settings import Settings
from service.turns import turns


@dataclass(slots=True)
class Archive:
    """The parts, built once (`service.opening.open_archive`) and handed to web and worker."""

    settings: Settings
    db: Database
    keystore: Keystore
    blobs: Blobs
    engine: Engine
    policies: Policies = field(default_factory=Policies)
    turns: BoundedSemaphore = field(default_factory=turns)
    rates: Rates = field(default_factory=Rates)
    hasher: Hasher = HASHER
    backlog: Backlog = field(init=False)

    def __post_init__(self) -> None:
        """Let those who append to this database's log go together."""
        self.backlog = Backlog(self.db)

    def call(
        self,
        actor: Actor,
        action: Action,
        subject: Subject | None = None,
        *,
        detail: Mapping[str, Any] | None = None,
        reading: int | None = None,
        writes: bool | None = None,
    ) -> "Call":
        """Open a call. `reading`: the entry under which the person opened the document already.

        `writes` tells for actions that both look and change (`user.manage`) which one this is.
        """
        changing = action in WRITES | STORES if writes is None else writes
        return Call(self, actor, action, subject, detail, reading, changing)

    def ring(self) -> AbstractContextManager[Ring]:
        """Return the keys of one call; they are forgotten when it ends."""
        return self.keystore.ring()

    def append(self, db: Session, batch: Iterable[Entry], ring: Ring) -> list[int]:
        """Append entries as the last statements of a writing transaction (`appending`)."""
        return append(db, list(batch), ring)

    def ready(self, ring: Ring) -> None:
        """Fetch what appending needs, before a write transaction begins."""
        month_key(ring)

    def delivered(self, call: "Call", sent: int, *, complete: bool) -> None:
        """Say in the log how much of a download left the house."""
        entry = replace(
            call.entry(Phase.DELIVERED, Decision.ALLOW),
            result=Result(bytes=sent, complete=complete),
            detail=None,
            touches=(),
        )
        with self.ring() as ring:
            append_alone(self.backlog, entry, ring)

    def close(self) -> None:
        """Close databases and keys."""
        self.db.close()
        self.keystore.close()


AtOutcome = Callable[[Session, int], None]


class Call:
    """One person, one action, one entry (for reads: intent and outcome) in the log.

    Used as `with archive.call(...) as call:`. After the block, `event` is the number people see.
    """

    def __init__(
        self,
        archive: Archive,
        actor: Actor,
        action: Action,
        subject: Subject | None,
        detail: Mapping[str, Any] | None,
        reading: int | None,
        changing: bool,  # noqa: FBT001 - only `Archive.call` builds a call
    ) -> None:
        """Keep what the call is about; nothing happens before `__enter__`."""
        self.archive = archive
        self.actor = actor
        self.action = action
        self.subject = subject
        self.event: int | None = reading
        self.rule: str | None = None
        self.policy: Policy
        self.ring: Ring
        self._detail = dict(detail or {})
        self._reading = reading
        self._changing = changing
        self._intends = action in STORES or (not changing and reading is None)
        self._stack = ExitStack()
        self._session: Session | None = None
        self._session_stack = ExitStack()
        self._result = Result()
        self._members: dict[str, Any] = {}
        self._touches: list[tuple[str, str]] = []
        self._shown: tuple[str, ...] = ()
        self._jobs: list[jobs.New] = []
        self._dirty: list[tuple[str, str]] = []
        self._at_outcome: list[AtOutcome] = []
        self._kept: list[Kept] = []
        self._claims: list[Claim] = []

    # -- what use cases call ---------------------------------------------------------------

    @property
    def db(self) -> Session:
        """Return the call's session: read-only for reads, the one write transaction for writes.

        It begins at first use; a use case that talks to a store does so before.
        """
        if self._session is None:
            opened = self.archive.db.write() if self._changing else self.archive.db.read()
            self._session = self._session_stack.enter_context(opened)
        return self._session

    @property
    def is_piece(self) -> bool:
        """Say whether this fetches a further piece of what the person has open already."""
        return self._reading is not None

    @contextmanager
    def look(self) -> Iterator[Session]:
        """Give a short read-only session, for looking before a write begins."""
        with self.archive.db.read() as db:
            yield db

    def decide(self, target: Target, action: Action | None = None) -> Verdict:
        """Ask the policy without refusing."""
        return decide(self.policy, self.actor, action or self.action, target)

    def require(self, target: Target | None = None, action: Action | None = None) -> None:
        """Refuse with `Denied` unless the policy allows; the rule that decided is logged."""
        verdict = self.decide(target or Target(), action)
        self.rule = verdict.rule
        if not verdict.allowed:
            raise Denied("Your role does not allow this.", rule=verdict.rule)

    @property
    def scopes(self) -> Scopes:
        """Return which documents this person may read."""
        return scopes(self.policy, self.actor)

    @property
    def customer_scopes(self) -> CustomerScopes:
        """Return which customer files this person may see."""
        return customer_scopes(self.policy, self.actor)

    def about(self, **changes: object) -> None:
        """Say more about the subject once it is known (customer, categories, grade …)."""
        self.subject = replace(self.subject or Subject("archive"), **changes)  # type: ignore[arg-type]

    def note(self, **detail: object) -> None:
        """Add sealed detail to the entry that will be written at the end."""
        self._detail.update({k: v for k, v in detail.items() if v is not None})

    def say(self, **members: object) -> None:
        """Set members of the entry: `part`, `purpose`, `before`, `after`, `rule`."""
        self._members.update(members)

    def returned(self, ids: Iterable[str], how: str | None = None) -> None:
        """Record which things were shown, too; with `how`, documents are indexed by it."""
        self._shown += (shown := tuple(ids))
        self._result = Result(len(self._shown), ids_digest(self._shown))
        if how:
            self._touches.extend((i, how) for i in shown)

    def touched(self, document: str, how: str) -> None:
        """Record that a document was shown to the person: listed, snippet, opened, downloaded."""
        self._touches.append((document, how))

    def enqueue(self, kind: str, subject: str, *, lane: jobs.Lane = jobs.Lane.INTERACTIVE) -> None:
        """Queue work that commits with this call."""
        self._jobs.append(jobs.New(kind, subject, lane))

    def mark_dirty(self, kind: str, subject: str) -> None:
        """Mark a document or customer whose indexed filter fields this call changes."""
        self._dirty.append((kind, subject))

    def at_outcome(self, effect: AtOutcome) -> None:
        """Do a small write together with a change, given its session and the number."""
        if not self._changing:
            message = "a read writes nothing but what it keeps"
            raise RuntimeError(message)
        self._at_outcome.append(effect)

    def keep(self, statement: Executable, **row: object) -> None:
        """Write a row together with the outcome."""
        self._kept.append((statement, row))

    def claim(self, statement: Executable, refusal: Refusal, **row: object) -> None:
        """Change a row together with a read's outcome; if none fits any more, refuse instead.

        Whoever asks at the same moment waits for this outcome, so a limit in the statement's
        condition holds. It returns a column.
        """
        self._claims.append((statement, row, refusal))

    # -- entries ---------------------------------------------------------------------------

    def entry(self, phase: Phase, decision: Decision | None = None) -> Entry:
        """Return this call as an entry of the given phase."""
        intent = phase is Phase.INTENT
        ref = None if intent or not (self._intends or self._reading) else self.event
        return Entry(
            phase=phase,
            action=self.action,
            actor=self.actor,
            policy=PolicyRef(self.policy.id, self.policy.sha256),
            subject=self.subject,
            ref=ref,
            part=self._members.get("part"),
            purpose=self._members.get("purpose"),
            decision=decision,
            rule=self.rule,
            result=None if intent else self._result,
            before=self._members.get("before"),
            after=self._members.get("after"),
            detail=self._sealed(intent=intent),
            touches=() if intent else tuple(self._touches),
        )

    def _sealed(self, *, intent: bool) -> dict[str, Any] | None:
        detail = dict(self._detail)
        if intent or not self._intends:
            if self.actor.stands_in:
                detail["stands_in"] = self.actor.stands_in
            if self.actor.address:
                detail["ip"] = self.actor.address
            if self.actor.agent:
                detail["agent"] = self.actor.agent[:200]
        return detail or None

    # -- the life of a call ----------------------------------------------------------------

    def __enter__(self) -> Self:
        """Commit the intent of a read; a write only gets its policy and keys ready."""
        self.ring = self._stack.enter_context(self.archive.ring())
        try:
            # fetched now: nothing else is asked for while a write transaction is open
            month_key(self.ring)
            if self._intends:
                self.event = append_made(self.archive.backlog, self._intent, self.ring)
                self._detail = {}  # what the intent said need not be said again in the outcome
            else:
                with self.archive.db.read() as db:
                    self.policy = self.archive.policies.current(db)
        except Unavailable as error:
            self._stack.close()
            raise Unavailable("log") from error
        except BaseException:
            self._stack.close()
            raise
        return self

    def _intent(self, newest: Sequence[Any] | None) -> Entry:
        self.policy = self.archive.policies.bound(newest, self.archive.db)
        return self.entry(Phase.INTENT)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit the outcome, or roll back and record the refusal, then let it through."""
        with self._stack:
            if error is None:
                self._finish()
            else:
                self._refuse(kind, error, trace)

    def _finish(self) -> None:
        if self._changing:
            self._commit_write()
            return
        self._session_stack.close()
        phase = Phase.EVENT if self._reading else Phase.OUTCOME
        entry = self.entry(phase, Decision.ALLOW)
        try:
            number = append_alone(self.archive.backlog, entry, self.ring, self._kept, self._claims)
        except Refusal as refusal:
            if not isinstance(refusal, Unavailable):
                self._record(refusal)
            raise
        if self._reading:
            self.event = number

    def _commit_write(self) -> None:
        phase = Phase.OUTCOME if self._intends else Phase.EVENT
        try:
            db = self.db
            number = append(db, [self.entry(phase, Decision.ALLOW)], self.ring)[0]
            shown = self.event if self._intends and self.event else number
            jobs.add(db, self._jobs, cause=number)
            jobs.mark(db, self._dirty, rev=number)
            for effect in self._at_outcome:
                effect(db, shown)
            for statement, row in self._kept:
                db.execute(statement, row)
            self._session_stack.close()
        except BaseException as error:
            self._refuse(type(error), error, error.__traceback__)
            raise
        self.event = shown

    def _refuse(
        self,
        kind: type[BaseException] | None,
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        away: Unavailable | None = None
        try:
            self._session_stack.__exit__(kind, error, trace)
        except Unavailable as unavailable:
            away = unavailable  # the database's own words, translated where its session ends
        self._record(away or error)
        if away is not None:
            raise away from error

    def _record(self, error: BaseException) -> None:
        decision = Decision.DENY if isinstance(error, (Denied, Hidden)) else Decision.FAIL
        if isinstance(error, Refusal) and error.rule:
            self.rule = error.rule
        self._touches = []
        self._result = Result(error=error_code(error))
        phase = Phase.OUTCOME if self._intends else Phase.EVENT
        try:
            number = append_alone(self.archive.backlog, self.entry(phase, decision), self.ring)
        except Unavailable as unlogged:
            if isinstance(error, Unavailable):
                return
            raise Unavailable("log") from unlogged
        shown = self.event if self._intends and self.event else number
        self.event = shown
        if isinstance(error, Refusal) and not isinstance(error, NotFound):
            error.event = shown
