"""What a person's menus hold: decided from the policy before a page is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service import unusual_news
from service.archive import Archive
from service.codes import Category
from service.permissions import (
    Action,
    Actor,
    creatable,
    customer_scopes,
    may,
    scopes,
)
from service.policy.rules import Kind


@dataclass(frozen=True, slots=True)
class Menu:
    """Which doors are drawn for a person. The empty menu has none."""

    search: bool = False
    customers: bool = False
    uploads: bool = False
    filing: bool = False
    log: bool = False
    #: how much stands out that the person has not looked at
    unusual: int = 0
    history: bool = False
    bundles: bool = False
    #: rows that an export may have; 0 without
    exports: int = 0
    people: bool = False
    status: bool = False
    create: tuple[Category, ...] = ()
    kinds: Mapping[str, Kind] = field(default_factory=dict)


def menu(archive: Archive, actor: Actor) -> Menu:
    """Return the doors of one person, from the policy in force."""
    with archive.db.read() as db:
        policy = archive.policies.current(db)
        log = may(policy, actor, Action.AUDIT_READ)
        new = unusual_news.count(db, actor.person) if log else 0
    create = creatable(policy, actor)
    found = not scopes(policy, actor).empty
    return Menu(
        search=found,
        customers=not customer_scopes(policy, actor).empty or bool(create),
        uploads=may(policy, actor, Action.DOCUMENT_ADD),
        filing=may(policy, actor, Action.DOCUMENT_FILE),
        log=log,
        unusual=new,
        history=may(policy, actor, Action.AUDIT_READ_OWN),
        bundles=may(policy, actor, Action.AUDIT_EXPORT),
        exports=policy.limits.export.rows_of(actor.roles) if found else 0,
        people=may(policy, actor, Action.USER_MANAGE),
        status=may(policy, actor, Action.STATUS_READ),
        create=create,
        kinds=policy.kinds.by_code,
    )
