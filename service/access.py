"""A person's own access: who they are, what they may do where, their tokens and sign-ins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import update

from service import signins, tokens
from service.archive import Call
from service.codes import Category
from service.models import SignIn, Token
from service.permissions import Action, Actor, customer_scopes, original_scopes, scopes
from service.policy import Policy
from service.policy.rules import EVERYONE, UPLOADER
from service.tokens import TokenView

_BY_DOCUMENTS = (
    Action.SEARCH_RUN,
    Action.DOCUMENT_READ,
    Action.DOCUMENT_TEXT,
    Action.EXPORT_LIST,
    Action.EXPORT_COPIES,
)
_BY_ORIGINALS = (Action.DOCUMENT_ORIGINAL, Action.EXPORT_DOCUMENTS)
_BY_CUSTOMERS = (Action.CUSTOMER_LIST, Action.CUSTOMER_READ)

#: Rights that concern no customer's category.
_PLACELESS = frozenset(
    {
        Action.USER_MANAGE,
        Action.SESSION_MANAGE_OWN,
        Action.DEPUTY_NAME,
        Action.AUDIT_READ,
        Action.AUDIT_READ_OWN,
        Action.AUDIT_OPEN,
        Action.AUDIT_EXPORT,
        Action.STATUS_READ,
    }
)


@dataclass(frozen=True, slots=True)
class Me:
    """Who calls, and for each action they have in which categories they may have it."""

    person: Actor
    roles: tuple[str, ...]
    scopes: Mapping[str, tuple[Category, ...]]


def me(call: Call) -> Me:
    """Return who calls, with their roles and reach."""
    call.require()
    roles = tuple(sorted(call.actor.roles))
    return Me(call.actor, roles, reach(call.policy, call.actor))


def reach(policy: Policy, actor: Actor) -> Mapping[str, tuple[Category, ...]]:
    """Return in which categories a person has each action; what they lack is left out.

    Own customers only, kinds and states are not told apart here: `decide` does that.
    """
    readable = scopes(policy, actor).categories
    seen = customer_scopes(policy, actor)
    found: dict[str, frozenset[Category]] = dict.fromkeys(_BY_DOCUMENTS, readable)
    found |= dict.fromkeys(_BY_ORIGINALS, original_scopes(policy, actor).categories)
    found |= dict.fromkeys(_BY_CUSTOMERS, seen.every | seen.own)
    for action in policy.do.rules:
        found[action] = _by_rules(policy, actor, action)
    return {
        str(action): () if action in _PLACELESS else tuple(c for c in Category if c in places)
        for action, places in found.items()
        if places
    }


def _by_rules(policy: Policy, actor: Actor, action: str) -> frozenset[Category]:
    rules = policy.do.rules[action]
    mine = [rules[holder] for holder in (*actor.roles, EVERYONE) if holder in rules]
    places = frozenset(category for rule in mine for category in rule.categories)
    if UPLOADER in rules and action != Action.DOCUMENT_ADD:
        places |= _by_rules(policy, actor, Action.DOCUMENT_ADD)
    return places


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: the secret, shown this once, and what lists show of it."""

    token: str
    view: TokenView


def issue(call: Call, name: str, days: int | None) -> Issued:
    """Make an API token for the person who calls."""
    token = tokens.add(call, name, days)
    made = call.subject.id if call.subject else None
    return Issued(token, next(view for view in tokens.own(call) if view.id == made))


def fresh(call: Call) -> None:
    """Refuse with `StepUp` unless the password was given lately, for this sign-in or token."""
    signins.require_fresh(call.archive, call.actor)


def revoke_tokens(call: Call) -> None:
    """Make all of the person's own tokens stop working, the one in use too."""
    call.require()
    mine = (Token.person == call.actor.id, Token.revoked.is_(None))
    call.db.execute(update(Token).where(*mine).values(revoked=datetime.now(UTC)))


def end_sign_ins(call: Call) -> None:
    """End all of the person's own sign-ins."""
    call.require()
    mine = (SignIn.person == call.actor.id, SignIn.revoked.is_(None))
    call.db.execute(update(SignIn).where(*mine).values(revoked=datetime.now(UTC)))
