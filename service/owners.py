"""Who owns a customer and who works on it: read, and set for those who may do so now."""

from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from service.codes import PRIVILEGED, Role
from service.errors import Invalid
from service.models import Customer, CustomerPerson, Person, PersonRole

OWNER, COWORKER = "owner", "coworker"

_people = cast("Table", CustomerPerson.__table__).c
_PEOPLE = select(_people.customer, _people.person, _people.relation).where(
    _people.customer.in_(bindparam("customers", expanding=True))
)


def people_of(db: Session, customer_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return person → relation for each customer."""
    wanted = list(set(customer_ids))
    found: dict[str, dict[str, str]] = {c: {} for c in wanted}
    if wanted:
        for customer, person, relation in db.execute(_PEOPLE, {"customers": wanted}):
            found[customer][person] = relation
    return found


def colleagues(db: Session) -> tuple[tuple[str, str], ...]:
    """Return active people who can own customers: id and name, for choosing."""
    content = [str(r) for r in Role if r not in PRIVILEGED and r is not Role.HR]
    rows = db.execute(
        select(Person.id, Person.name)
        .where(
            Person.active,
            Person.id.in_(select(PersonRole.person).where(PersonRole.role.in_(content))),
        )
        .order_by(Person.name)
    )
    return tuple((person, name) for person, name in rows)


def said(people: Mapping[str, str]) -> dict[str, object]:
    """Return what the log keeps of a customer's people, before and after a change."""
    return {
        "owner": next((p for p, relation in people.items() if relation == OWNER), ""),
        "coworkers": sorted(p for p, relation in people.items() if relation == COWORKER),
    }


def lock_people_of(db: Session, customer_ids: Iterable[str]) -> None:
    """Let nobody else set these customers' people until this transaction ends.

    Comes after any lock on people, so that two who wait never wait for each other.
    """
    wanted = select(Customer.id).where(Customer.id.in_(list(customer_ids))).order_by(Customer.id)
    db.execute(wanted.with_for_update(key_share=True))


def set_people(
    db: Session, customer_id: str, *, owner: str, coworkers: Iterable[str]
) -> dict[str, str]:
    """Set owner and co-workers; return who they are. Whoever is neither any more is neither.

    Those who are new must be at work: people who left stay only until somebody chooses others.
    """
    wanted = dict.fromkeys(coworkers, COWORKER) | {owner: OWNER}
    known = dict(colleagues(db))
    # whoever is switched off meanwhile hands their customers over first, or after this: not both
    here = db.scalars(
        select(Person.id).where(Person.id.in_(wanted), Person.active).with_for_update(read=True)
    ).all()
    lock_people_of(db, [customer_id])
    before = people_of(db, [customer_id])[customer_id]
    gone = wanted.keys() - (known.keys() & set(here))
    if owner in gone and before.get(owner) != OWNER:
        raise Invalid("This person cannot own a customer.", fields={"owner": "unknown"})
    if gone - {owner} - before.keys():
        raise Invalid("This person cannot work on a customer.", fields={"coworkers": "unknown"})
    for row in db.scalars(select(CustomerPerson).where(CustomerPerson.customer == customer_id)):
        db.delete(row)
    db.flush()
    db.add_all(
        CustomerPerson(customer=customer_id, person=p, relation=relation)
        for p, relation in wanted.items()
    )
    db.flush()
    return wanted
