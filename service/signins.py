"""Signing in and staying signed in: cookie and bearer tokens, locks after failures."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from service import passwords
from service.archive import Archive
from service.audit.entries import Entry, PolicyRef, Result, Subject
from service.codes import Decision, Department, Phase, Role
from service.crypto import seal
from service.errors import Denied, TooMany, Unavailable
from service.models import Attempt, Person, PersonRole, SignIn, Token
from service.models import Department as DepartmentRow
from service.permissions import ANONYMOUS, Action, Actor
from service.policy import Policy
from service.rows import claim


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
    login = login.strip().lower().replace("\x00", "\ufffd")[:64]
    with archive.ring() as ring:
        marks = _Marks(ring.blind("attempt"), login, address)
    try:
        with archive.db.read() as db:
            policy = archive.policies.current(db)
            locked = _locked_until(db, marks)
            person = db.scalars(select(Person).where(Person.login == login)).first()
            stored = person.password_hash if person and person.active else None
            person_id = person.id if person else None
    except Unavailable as error:
        raise Unavailable("log") from error
    if locked:
        _refused(archive, visitor, policy, login, marks, counts=False)
        raise TooMany(
            "Too many attempts from here. Try again in %(minutes)s minutes.",
            retry_after=max(1, int((locked - datetime.now(UTC)).total_seconds())),
            minutes=max(1, round((locked - datetime.now(UTC)).total_seconds() / 60)),
        )
    if not passwords.matches(password, stored) or person_id is None or stored is None:
        _refused(archive, visitor, policy, login, marks, counts=True)
        raise Denied("The account or the password is not right.", rule="sign_in:password")
    return _start(archive, person_id, policy, marks, stored, password, address, agent)


@dataclass(frozen=True, slots=True)
class _Marks:
    """Keyed hashes under which failures are counted."""

    key: bytes
    login: str
    address: str

    @property
    def pair(self) -> str:
        """Return the mark of this account from this address."""
        return self._of(f"pair|{self.login}|{self.address}")

    @property
    def place(self) -> str:
        """Return the mark of the address alone."""
        return self._of(f"address|{self.address}")

    def _of(self, what: str) -> str:
        return hmac.new(self.key, what.encode(), hashlib.sha256).hexdigest()


def _locked_until(db: Session, marks: _Marks) -> datetime | None:
    now = datetime.now(UTC)
    found = db.scalars(
        select(Attempt.locked_until).where(
            Attempt.key.in_((marks.pair, marks.place)), Attempt.locked_until > now
        )
    )
    return max((until for until in found if until), default=None)


def _refused(
    archive: Archive, visitor: Actor, policy: Policy, login: str, marks: _Marks, *, counts: bool
) -> None:
    entry = Entry(
        phase=Phase.EVENT,
        action=Action.SIGN_IN,
        actor=visitor,
        policy=PolicyRef(policy.id, policy.sha256),
        subject=Subject("session"),
        decision=Decision.DENY,
        rule="sign_in:password" if counts else "sign_in:locked",
        result=Result(error="denied" if counts else "too_many"),
        detail={"login": login, "ip": visitor.address, "agent": visitor.agent[:200]},
    )
    try:
        with archive.ring() as ring, archive.db.write() as db:
            if counts:
                limits = policy.limits.sign_in
                _count(db, marks.pair, limits.pair_failures, limits.lock_minutes)
                _count(db, marks.place, limits.address_failures, limits.lock_minutes)
            archive.append(db, [entry], ring)
    except Unavailable as error:
        raise Unavailable("log") from error


def _count(db: Session, key: str, most: int, minutes: int) -> None:
    now = datetime.now(UTC)
    db.execute(delete(Attempt).where(Attempt.last < now - timedelta(days=1)))
    row = claim(db, Attempt, key, {"key": key, "failures": 0, "last": now})
    if now - row.last > timedelta(minutes=minutes):
        row.failures = 0
    row.failures += 1
    row.last = now
    if row.failures >= most:
        row.locked_until = now + timedelta(minutes=minutes)
        row.failures = 0
    db.flush()


def _start(
    archive: Archive,
    person_id: str,
    policy: Policy,
    marks: _Marks,
    stored: str,
    password: str,
    address: str,
    agent: str,
) -> SignedIn:
    token = secrets.token_urlsafe(32)
    fresh = passwords.hashed(password) if passwords.outdated(stored) else None
    try:
        with archive.ring() as ring, archive.db.write() as db:
            actor = actor_of(db, person_id, via="session", sign_in=token_hash(token))
            if actor is None:
                raise Denied("The account or the password is not right.", rule="sign_in:password")
            actor = replace(actor, address=address, agent=agent)
            _insert(
                db,
                actor,
                seal(ring.blind("origin"), f"{address}\n{agent[:200]}".encode(), token_hash(token)),
            )
            db.execute(delete(Attempt).where(Attempt.key == marks.pair))
            if fresh:
                db.execute(update(Person).where(Person.id == person_id).values(password_hash=fresh))
            archive.append(db, [_event(actor, Action.SIGN_IN, policy)], ring)
    except Unavailable as error:
        raise Unavailable("log") from error
    return SignedIn(token, actor)


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
            db.execute(
                update(SignIn)
                .where(SignIn.id_hash == actor.sign_in)
                .values(revoked=datetime.now(UTC))
            )
            archive.append(db, [_event(actor, Action.SIGN_OUT, archive.policies.current(db))], ring)
    except Unavailable as error:
        raise Unavailable("log") from error


def step_up(archive: Archive, actor: Actor, password: str) -> str:
    """Ask the password again; return the new token of the renewed sign-in."""
    if actor.id is None or actor.sign_in is None:
        raise Denied("Sign in first.", rule="step_up:anonymous")
    signed = sign_in(archive, actor.login, password, address=actor.address, agent=actor.agent)
    sign_out(archive, actor)
    return signed.token


def resolve(archive: Archive, token: str, *, address: str, agent: str) -> Actor | None:
    """Return who a browser's token stands for, while it is valid; touches `last_seen`."""
    key = token_hash(token)
    now = datetime.now(UTC)
    with archive.db.read() as db:
        row = db.get(SignIn, key)
        limits = archive.policies.current(db).limits.sign_in
        if (
            row is None
            or row.revoked
            or now - row.last_seen > timedelta(minutes=limits.idle_minutes)
            or now - row.created > timedelta(hours=limits.absolute_hours)
        ):
            return None
        actor = actor_of(db, row.person, via="session", sign_in=key)
        stale = now - row.last_seen > timedelta(minutes=1)
    if actor and stale:
        with archive.db.write() as db:
            db.execute(update(SignIn).where(SignIn.id_hash == key).values(last_seen=now))
    return replace(actor, address=address, agent=agent) if actor else None


def confirmed_lately(archive: Archive, actor: Actor) -> bool:
    """Say whether the password was given recently enough for what needs it."""
    if actor.sign_in is None:
        return False
    with archive.db.read() as db:
        row = db.get(SignIn, actor.sign_in)
        minutes = archive.policies.current(db).limits.sign_in.step_up_minutes
        return row is not None and datetime.now(UTC) - row.confirmed < timedelta(minutes=minutes)


# Made once: every request asks who sent it, and building a statement takes longer than running it.
_tokens = cast("Table", Token.__table__).c
_people = cast("Table", Person.__table__).c
_departments = cast("Table", DepartmentRow.__table__).c
_person_roles = cast("Table", PersonRole.__table__).c
_TOKEN = select(_tokens.person, _tokens.expires, _tokens.revoked, _tokens.last_used).where(
    _tokens.id_hash == bindparam("id_hash")
)
_PERSON = select(
    *(_people.id, _people.login, _people.name, _people.head, _people.department),
    _departments.code,
).where(_departments.id == _people.department, _people.id == bindparam("person"), _people.active)
_ROLES = select(_person_roles.role).where(_person_roles.person == bindparam("person"))


def resolve_bearer(archive: Archive, token: str, *, address: str, agent: str) -> Actor | None:
    """Return who an API token stands for; it stops with the account."""
    key = token_hash(token)
    now = datetime.now(UTC)
    with archive.db.read() as db:
        row = db.execute(_TOKEN, {"id_hash": key}).first()
        if row is None or row.revoked or row.expires < now:
            return None
        actor = actor_of(db, row.person, via="token", sign_in=key)
        stale = row.last_used is None or now - row.last_used > timedelta(minutes=1)
    if actor and stale:
        with archive.db.write() as db:
            db.execute(update(Token).where(Token.id_hash == key).values(last_used=now))
    return replace(actor, address=address, agent=agent) if actor else None


def actor_of(db: Session, person_id: str, *, via: str, sign_in: str | None = None) -> Actor | None:
    """Return an active person as an actor, with today's roles and team."""
    person = db.execute(_PERSON, {"person": person_id}).first()
    if person is None:
        return None
    roles = frozenset(Role(r) for r in db.scalars(_ROLES, {"person": person_id}))
    team = {person.id}
    if person.head:
        team.update(db.scalars(select(Person.id).where(Person.department == person.department)))
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
    )
