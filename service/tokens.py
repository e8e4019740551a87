"""A person's own API tokens: made, listed, taken back. A program with one acts as the person."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from service.archive import Call
from service.errors import Invalid, NotFound
from service.ids import new_id
from service.models import Token
from service.permissions import Target
from service.signins import confirmed, token_hash


@dataclass(frozen=True, slots=True)
class TokenView:
    """One of a person's own API tokens."""

    id: str
    name: str
    created: datetime
    expires: datetime
    last_used: datetime | None


def own(call: Call) -> tuple[TokenView, ...]:
    """List the person's own API tokens that still work."""
    call.require(Target())
    rows = call.db.scalars(
        select(Token)
        .where(
            Token.person == call.actor.id,
            Token.revoked.is_(None),
            Token.expires > datetime.now(UTC),
        )
        .order_by(Token.created.desc())
    )
    return tuple(TokenView(t.id, t.name, t.created, t.expires, t.last_used) for t in rows)


def add(call: Call, name: str, days: int | None = None, *, owner: str | None = None) -> str:
    """Make an API token and return it: it is shown once and stored hashed.

    `owner` lets the command line make one for somebody. A token that makes another one gives it
    no more than it has: neither a longer life nor a password given later.
    """
    if owner is None:
        call.require(Target())
    else:
        call.require(Target(subject_person=owner))
    limits = call.policy.limits.token
    days = limits.default_days if days is None else days
    if not 1 <= days <= limits.longest_days:
        raise Invalid(
            "A token lives for 1 to %(longest)s days.",
            fields={"days": "range"},
            longest=limits.longest_days,
        )
    name = name.strip()[:100]
    if not name:
        raise Invalid("A token needs a name.", fields={"name": "required"})
    token = "gd_" + secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    row = Token(
        id_hash=token_hash(token),
        id=new_id(),
        person=owner or call.actor.id,
        name=name,
        created=now,
        expires=min(now + timedelta(days=days), _end_of_maker(call)),
        confirmed=confirmed(call.db, call.actor),
    )
    call.db.add(row)
    call.db.flush()
    call.about(id=row.id)
    return token


def _end_of_maker(call: Call) -> datetime:
    """Return when the token ends that this call was made with; a person has no end."""
    if call.actor.via == "token":
        return call.db.get_one(Token, call.actor.sign_in).expires
    return datetime.max.replace(tzinfo=UTC)


def revoke(call: Call, token_id: str) -> None:
    """Make one of the person's own tokens stop working."""
    call.require(Target())
    row = call.db.scalars(
        select(Token).where(
            Token.id == token_id, Token.person == call.actor.id, Token.revoked.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound
    row.revoked = datetime.now(UTC)
