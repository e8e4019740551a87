"""Signing in and staying signed in: cookie and bearer tokens, locks after failures."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Table, bindparam, select, update
from sqlalchemy.orm import Session

from service import attempts
from service.archive import Archive
from service.audit.entries import Entry, PolicyRef, Result, Subject
from service.codes import Decision, Department, Phase, Role
from service.crypto import Corrupt, seal, unseal
from service.errors import Denied, StepUp, TooMany, Unavailable
from service.models import Department as DepartmentRow
from service.models import Person, PersonRole, SignIn, Token
from service.permissions import ANONYMOUS, Action, Actor
from service.policy import Policy


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in: the token for the cookie, and who it is."""

    token: str
    actor: Actor


def token_hash(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(archive: Archive, login: str, password: str, *, address: str, agent: str) -> SignedIn:
    """Check a password and start a sign-in; raises `Denied` or `TooMany`, and logs either."""
    visitor = replace(ANONYMOUS, address=address, agent=agent)
    # as `accounts.add` stores it; PostgreSQL takes no NUL
    known = login.strip().lower().replace("\x00", "\ufffd")[:64]
    return _PasswordCheck(archive, Action.SIGN_IN, visitor, known).checked(password)


def step_up(archive: Archive, actor: Actor, password: str) -> str:
    """Ask the password again; return the new token of the renewed sign-in, which ends the old one.

    Raises `Denied` or `TooMany`, and logs either.
    """
    if actor.id is None or actor.sign_in is None:
        raise Denied("Sign in first.", rule="step_up:anonymous")
    return _PasswordCheck(archive, Action.STEP_UP, actor, actor.login).checked(password).token


class _ChangedMeanwhileError(Exception):
    """The account or its password changed while the password was checked."""


class _PasswordCheck:
    """Somebody gives a password for an account: to sign in, or once more while signed in."""

    def __init__(self, archive: Archive, action: Action, visitor: Actor, login: str) -> None:
        self._archive = archive
        self._action = action
        self._visitor = visitor
        self._login = login
        with archive.ring() as ring:
            self._marks = attempts.Marks(ring.blind("attempt"), login, visitor.address)

    def checked(self, password: str) -> SignedIn:
        """Start a sign-in if the password is right; count the failure if not."""
        try:
            with self._archive.db.read() as db:
                policy = self._archive.policies.current(db)
            begun = attempts.begin(self._archive.db, self._marks, policy.limits.sign_in)
        except Unavailable as error:
            raise Unavailable("log") from error
        if isinstance(begun, datetime):
            raise self._locked(policy, begun)
        with attempts.under_way(self._archive.db, begun):
            return self._tried(password, policy, begun)

    def _tried(self, password: str, policy: Policy, trial: str) -> SignedIn:
        hasher = self._archive.hasher
        for _ in range(2):  # another sign-in of the same person may have made the hash anew
            try:
                with self._archive.db.read() as db:
                    person = db.scalars(select(Person).where(Person.login == self._login)).first()
                    stored = person.password_hash if person and person.active else None
                    person_id = person.id if person else None
            except Unavailable as error:
                raise Unavailable("log") from error
            if not hasher.matches(password, stored) or person_id is None or stored is None:
                break
            fresh = hasher.hashed(password) if hasher.outdated(stored) else None
            try:
                return self._start(person_id, policy, trial, stored, fresh)
            except _ChangedMeanwhileError:
                continue
            except Unavailable as error:
                raise Unavailable("log") from error
        self._refused(policy, trial)
        raise self._wrong()

    def _locked(self, policy: Policy, until: datetime) -> TooMany:
        self._refused(policy)
        return attempts.too_many(until)

    def _wrong(self) -> Denied:
        return Denied(
            "The account or the password is not right.", rule=f"{_rule(self._action)}:password"
        )

    def _refused(self, policy: Policy, trial: str | None = None) -> None:
        """Log the refusal; that of a trial counts."""
        visitor = self._visitor
        entry = Entry(
            phase=Phase.EVENT,
            action=self._action,
            actor=visitor,
            policy=PolicyRef(policy.id, policy.sha256),
            subject=Subject("session"),
            decision=Decision.DENY,
            rule=f"{_rule(self._action)}:{'password' if trial else 'locked'}",
            result=Result(error="denied" if trial else "too_many"),
            detail={"login": self._login, "ip": visitor.address, "agent": visitor.agent[:200]},
        )
        attempts.log_refusal(self._archive, entry, trial, self._marks, policy.limits.sign_in)

    def _start(
        self, person_id: str, policy: Policy, trial: str, stored: str, fresh: str | None
    ) -> SignedIn:
        """Start it; raises `_ChangedMeanwhileError` if the account is not as `stored` was read."""
        token = secrets.token_urlsafe(32)
        visitor = self._visitor
        origin = f"{visitor.address}\n{visitor.agent[:200]}".encode()
        with self._archive.ring() as ring, self._archive.db.write() as db:
            # locked first: what is read of the person after it stays so
            of_person = select(Person.password_hash).where(Person.id == person_id)
            still = db.scalar(of_person.with_for_update()) == stored
            actor = actor_of(db, person_id, via="session", sign_in=token_hash(token))
            if actor is None or not still:
                raise _ChangedMeanwhileError
            actor = replace(actor, address=visitor.address, agent=visitor.agent)
            _insert(db, actor, seal(ring.blind("origin"), origin, token_hash(token)))
            if visitor.sign_in is not None:
                _end(db, visitor.sign_in)
            attempts.passed(db, trial, self._marks)
            if fresh:
                db.execute(update(Person).where(Person.id == person_id).values(password_hash=fresh))
            self._archive.append(db, [_event(actor, self._action, policy)], ring)
        return SignedIn(token, actor)


def _rule(action: Action) -> str:
    return action.value.removeprefix("session.")


def _insert(db: Session, actor: Actor, origin: bytes) -> None:
    now = datetime.now(UTC)
    db.add(
        SignIn(
            id_hash=actor.sign_in,
            person=actor.id,
            created=now,
            last_seen=now,
            confirmed=now,
            origin_ct=origin,
        )
    )
    db.flush()


def _event(actor: Actor, action: Action, policy: Policy) -> Entry:
    return Entry(
        phase=Phase.EVENT,
        action=action,
        actor=actor,
        policy=PolicyRef(policy.id, policy.sha256),
        subject=Subject("session"),
        decision=Decision.ALLOW,
        detail={"ip": actor.address, "agent": actor.agent[:200]} if actor.address else None,
    )


def sign_out(archive: Archive, actor: Actor) -> None:
    """End this sign-in on the server."""
    try:
        with archive.ring() as ring, archive.db.write() as db:
            if actor.sign_in is not None:
                _end(db, actor.sign_in)
            archive.append(db, [_event(actor, Action.SIGN_OUT, archive.policies.current(db))], ring)
    except Unavailable as error:
        raise Unavailable("log") from error


def _end(db: Session, sign_in: str) -> None:
    ended = update(SignIn).where(SignIn.id_hash == sign_in)
    db.execute(ended.values(revoked=datetime.now(UTC)))


def resolve(archive: Archive, token: str, *, address: str, agent: str) -> Actor | None:
    """Return who a browser's token stands for, while it is valid; touches `last_seen`."""
    key = token_hash(token)
    now = datetime.now(UTC)
    with archive.db.glance() as db:
        row = db.get(SignIn, key)
        limits = archive.policies.current(db).limits.sign_in
        if (
            row is None
            or row.revoked
            or now - row.last_seen > timedelta(minutes=limits.idle_minutes)
            or now - row.created > timedelta(hours=limits.absolute_hours)
        ):
            return None
        actor = actor_of(db, row.person, via="session", sign_in=key, today=today(archive))
        # one that was seen an hour ahead, before the clock was set back, is idle from now on
        stale = abs(now - row.last_seen) > timedelta(minutes=1)
    if actor and stale:
        with archive.db.write() as db:
            db.execute(update(SignIn).where(SignIn.id_hash == key).values(last_seen=now))
    return replace(actor, address=address, agent=agent) if actor else None


class Once(StrEnum):
    """What is shown once: each on its own page alone."""

    TOKEN = "token"  # noqa: S105 - a name of what is shown
    PASSWORD_LINK = "password_link"  # noqa: S105 - likewise


def sealed(archive: Archive, actor: Actor, what: Once, text: str) -> str:
    """Return a text that only this sign-in opens again, as what it is; fit for a cookie."""
    with archive.ring() as ring:
        closed = seal(ring.blind("shown_once"), text.encode(), _shown(actor, what))
    return base64.urlsafe_b64encode(closed).decode()


def _shown(actor: Actor, what: Once) -> str:
    return f"shown_once|{what}|{actor.sign_in}"


def opened(archive: Archive, actor: Actor, what: Once, closed: str) -> str | None:
    """Return what `sealed` closed, or None if it was for another sign-in or is something else."""
    with archive.ring() as ring:
        key = ring.blind("shown_once")
    try:
        octets = base64.urlsafe_b64decode(closed)
        return unseal(key, octets, _shown(actor, what)).decode()
    except (Corrupt, ValueError):
        return None


def confirmed_lately(archive: Archive, actor: Actor) -> bool:
    """Say whether the password was given recently enough for what needs it."""
    with archive.db.read() as db:
        given = confirmed(db, actor)
        minutes = archive.policies.current(db).limits.sign_in.step_up_minutes
    # given in the future: the clock was set back, and nobody knows how long ago it was
    return given is not None and abs(datetime.now(UTC) - given) < timedelta(minutes=minutes)


def require_fresh(archive: Archive, actor: Actor) -> None:
    """Refuse with `StepUp` unless the password was given lately, for this sign-in or token."""
    if not confirmed_lately(archive, actor):
        raise StepUp("Give your password again to go on.", rule="session:step_up")


def confirmed(db: Session, actor: Actor) -> datetime | None:
    """Return when the password was given for a sign-in or token; the operator needs none."""
    if actor.kind == "service":
        return datetime.now(UTC)
    if actor.sign_in is None:
        return None
    table: type[Token | SignIn] = Token if actor.via == "token" else SignIn
    return db.scalar(select(table.confirmed).where(table.id_hash == actor.sign_in))


# Made once: every request asks who sent it, and building a statement takes longer than running it.
_tokens = cast("Table", Token.__table__).c
_person = cast("Table", Person.__table__)
_department = cast("Table", DepartmentRow.__table__)
_role = cast("Table", PersonRole.__table__)
_TOKEN = select(_tokens.person, _tokens.expires, _tokens.revoked, _tokens.last_used).where(
    _tokens.id_hash == bindparam("id_hash")
)
_PERSON = (
    select(
        *(_person.c.id, _person.c.login, _person.c.name, _person.c.head, _person.c.department),
        *(_person.c.deputy_of, _person.c.deputy_from, _person.c.deputy_to),
        *(_department.c.code, _role.c.role),
    )
    .join_from(_person, _department, _department.c.id == _person.c.department)
    .outerjoin(_role, _role.c.person == _person.c.id)
    .where(_person.c.id == bindparam("person"), _person.c.active)
)


def resolve_bearer(archive: Archive, token: str, *, address: str, agent: str) -> Actor | None:
    """Return who an API token stands for; it stops with the account."""
    key = token_hash(token)
    now = datetime.now(UTC)
    with archive.db.glance() as db:
        row = db.execute(_TOKEN, {"id_hash": key}).first()
        if row is None or row.revoked or row.expires < now:
            return None
        actor = actor_of(db, row.person, via="token", sign_in=key, today=today(archive))
        stale = row.last_used is None or now - row.last_used > timedelta(minutes=1)
    if actor and stale:
        with archive.db.write() as db:
            db.execute(update(Token).where(Token.id_hash == key).values(last_used=now))
    return replace(actor, address=address, agent=agent) if actor else None


def actor_of(
    db: Session,
    person_id: str,
    *,
    via: str,
    sign_in: str | None = None,
    today: date | None = None,
) -> Actor | None:
    """Return an active person as an actor, with today's roles and team.

    Whoever stands in for somebody today has their team too; without a day nobody does.
    """
    rows = db.execute(_PERSON, {"person": person_id}).all()
    if not rows:
        return None
    person = rows[0]
    roles = frozenset(Role(row.role) for row in rows if row.role is not None)
    team = _team(db, person.id, person.department, head=person.head)
    stands_in = _stands_in(db, person, today)
    if stands_in:
        team |= _team(db, stands_in.id, stands_in.department, head=stands_in.head)
    return Actor(
        kind="person",
        id=person.id,
        login=person.login,
        name=person.name,
        department=Department(person.code),
        roles=roles,
        head=person.head,
        team=frozenset(team),
        via=via,
        sign_in=sign_in,
        stands_in=stands_in.id if stands_in else None,
    )


def _team(db: Session, person: str, department: str, *, head: bool) -> set[str]:
    """Return whose customers count as a person's own: theirs, a head's the department's."""
    if not head:
        return {person}
    return {person, *db.scalars(select(Person.id).where(Person.department == department))}


def _stands_in(db: Session, deputy: Row[Any], today: date | None) -> Person | None:
    """Return for whom somebody stands in on a day; both are at work in one department."""
    if today is None or deputy.deputy_of is None:
        return None
    if not deputy.deputy_from <= today <= deputy.deputy_to:
        return None
    other = db.get(Person, deputy.deputy_of)
    here = other is not None and other.active and other.department == deputy.department
    return other if here else None


def today(archive: Archive) -> date:
    """Return the calendar day it is where the archive stands."""
    return datetime.now(ZoneInfo(archive.settings.timezone)).date()
