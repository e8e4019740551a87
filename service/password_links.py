"""Links with which a person sets their own password, once: nobody else ever knows it.

A link is a random token, stored hashed. It is made for an account by the operator or by who
manages accounts, lives a day, and replaces the one made before. What is wrong, used or too old
looks the same and says nothing about accounts.
"""

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from service import accounts, attempts, passwords
from service.archive import Archive, Call
from service.audit.entries import Entry, PolicyRef, Result, Subject
from service.codes import Decision, Phase
from service.errors import Conflict, NotFound
from service.models import PasswordLink, Person
from service.permissions import Action, Actor
from service.policy import Policy
from service.signins import actor_of, token_hash

HOURS = 24
#: Under this name trials of links are counted for an address; no account can be called so.
_COUNTED_AS = "|link"


def make(call: Call, person_id: str) -> str:
    """Return a new link's token for an account; the one made before no longer works."""
    person = accounts.manageable(call, person_id)
    if not person.active:
        raise Conflict("This account is switched off.", rule="user:inactive")
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    call.db.execute(delete(PasswordLink).where(PasswordLink.person == person_id))
    call.db.add(
        PasswordLink(
            id_hash=token_hash(token),
            person=person_id,
            created=now,
            expires=now + timedelta(hours=HOURS),
            made_by=call.actor.person,
        )
    )
    call.db.flush()
    call.about(id=person_id)
    call.note(password="link made")  # noqa: S106 - what was done, no secret
    return token


def works(archive: Archive, token: str) -> bool:
    """Say whether a link can be used now. Guessing one is hopeless: it has 256 random bits."""
    return _holder(archive, token) is not None


def use(archive: Archive, token: str, password: str, *, visitor: Actor) -> None:
    """Set the password of the person a link was made for; ends every sign-in and token of theirs.

    Raises `NotFound` for a link that does not work and `TooMany` for who tried too many; both
    are logged. Raises `Invalid` for a password that will not do: the link works on.
    """
    with archive.db.read() as db:
        policy = archive.policies.current(db)
    with archive.ring() as ring:
        marks = attempts.Marks(ring.blind("attempt"), _COUNTED_AS, visitor.address)
    begun = attempts.begin(archive.db, marks, policy.limits.sign_in)
    if isinstance(begun, datetime):
        _refused(archive, policy, marks, visitor)
        raise attempts.too_many(begun)
    with attempts.under_way(archive.db, begun):
        holder = _holder(archive, token)
        if holder is None:
            _refused(archive, policy, marks, visitor, begun)
            raise NotFound
        least = policy.limits.sign_in.password_length
        passwords.check(password, shortest=least, login=holder.login)
        stored = archive.hasher.hashed(password)
        actor = replace(holder, address=visitor.address, agent=visitor.agent)
        subject = Subject("person", holder.person)
        with archive.call(actor, Action.SESSION_MANAGE_OWN, subject) as call:
            _set(call, token, stored)
            attempts.passed(call.db, begun, marks)


def shortest(archive: Archive) -> int:
    """Return how many characters a new password has at least."""
    with archive.db.read() as db:
        return archive.policies.current(db).limits.sign_in.password_length


def _holder(archive: Archive, token: str) -> Actor | None:
    with archive.db.read() as db:
        link = db.get(PasswordLink, token_hash(token))
        if link is None or link.expires <= datetime.now(UTC):
            return None
        return actor_of(db, link.person, via="session")


def _set(call: Call, token: str, stored: str) -> None:
    """Use the link up and keep the password, both or neither; people are locked before links."""
    person = call.db.scalars(
        select(Person).where(Person.id == call.actor.person).with_for_update()
    ).one()
    taken = call.db.execute(
        delete(PasswordLink).where(
            PasswordLink.id_hash == token_hash(token),
            PasswordLink.person == call.actor.person,
            PasswordLink.expires > datetime.now(UTC),
        )
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise NotFound
    accounts.keep_password(call.db, person, stored)
    call.note(password="set by link")  # noqa: S106 - what was done, no secret


def _refused(
    archive: Archive,
    policy: Policy,
    marks: attempts.Marks,
    visitor: Actor,
    trial: str | None = None,
) -> None:
    entry = Entry(
        phase=Phase.EVENT,
        action=Action.SESSION_MANAGE_OWN,
        actor=visitor,
        policy=PolicyRef(policy.id, policy.sha256),
        subject=Subject("person"),
        decision=Decision.DENY,
        rule=f"{Action.SESSION_MANAGE_OWN}:{'link' if trial else 'locked'}",
        result=Result(error="not_found" if trial else "too_many"),
        detail={"ip": visitor.address, "agent": visitor.agent[:200]},
    )
    attempts.log_refusal(archive, entry, trial, marks, policy.limits.sign_in)
