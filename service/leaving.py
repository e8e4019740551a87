"""A person leaves: their customers go to somebody else, and they work on nobody's any more.

Whoever looks after accounts is told how many customers there are, never which. Each customer
that changes hands has an entry of its own in the log. Rights are those of the next request; the
account itself is ended, and begun again, by `service.accounts`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from service.appending import append
from service.archive import Call
from service.audit.entries import Entry, Subject
from service.codes import Decision, Phase, Status
from service.errors import Conflict, Invalid, changed_meanwhile
from service.jobs import Lane
from service.models import Customer, CustomerPerson, Person
from service.owners import OWNER, colleagues, lock_people_of, people_of, said
from service.permissions import Target

#: How many customers change hands in one transaction: each is about seven rows.
STEP = 70

_Row = TypeVar("_Row", bound=tuple[Any, ...])


def owned(db: Session) -> Mapping[str, int]:
    """Return how many customers each person owns."""
    counted = select(CustomerPerson.person, func.count())
    return dict(db.execute(_owning(counted).group_by(CustomerPerson.person)).tuples().all())


def count(db: Session, person_id: str) -> int:
    """Return how many customers a person owns."""
    counted = select(func.count()).select_from(CustomerPerson)
    return db.scalar(_owning(counted).where(CustomerPerson.person == person_id)) or 0


def _owning(counted: Select[_Row]) -> Select[_Row]:
    """Take of a selection what people own."""
    return counted.join(Customer, Customer.id == CustomerPerson.customer).where(
        CustomerPerson.relation == OWNER, Customer.status != str(Status.DESTROYED)
    )


def check(db: Session, person_id: str, successor: str | None) -> None:
    """Refuse to leave customers without an owner, or with one who cannot be theirs."""
    if successor is None:
        if owns := count(db, person_id):
            raise _ownerless(owns)
    elif successor == person_id or successor not in dict(colleagues(db)):
        raise Invalid("This person cannot own a customer.", fields={"successor": "unknown"})


def _ownerless(owns: int) -> Conflict:
    return Conflict(
        "This person owns clients: %(count)s. Say who takes them over; "
        "then the account is switched off in the same step.",
        rule="user:owner",
        count=owns,
    )


def begin(call: Call, person_id: str, successor: str | None) -> None:
    """Hand over in steps, each a call of its own, until one step is left for the last call.

    If this is interrupted, some customers have gone to the successor and the person is still
    there: it is done again and goes on.
    """
    while True:
        with call.look() as db:
            if len(_some(db, person_id, STEP + 1)) <= STEP:
                return
        subject = Subject("person", person_id)
        with call.archive.call(call.actor, call.action, subject, writes=True) as step:
            step.require(Target(subject_person=person_id))
            hand_over(step, person_id, successor)


def finish(call: Call, person_id: str, successor: str | None) -> None:
    """Hand over what one step holds; raises `Stale` if the person has more by now."""
    hand_over(call, person_id, successor)
    if _some(call.db, person_id, 1):
        raise changed_meanwhile()


def hand_over(call: Call, person_id: str, successor: str | None) -> None:
    """Give a person's customers to the successor, and end their work on others'; one step.

    Like everybody who sets a customer's people it locks people first, then customers. Raises
    `Conflict` if there is no successor to what the person owns.
    """
    db = call.db
    if successor is not None:
        _here(db, successor)
    _end_deputies(db, person_id)
    files = {r.customer: r for r in _held(db, person_id)}
    mine = [customer for customer, r in files.items() if r.relation == OWNER]
    if mine and successor is None:
        raise _ownerless(count(db, person_id))
    before = people_of(db, files)
    for relation in files.values():
        db.delete(relation)
    db.flush()
    if successor is not None:
        for customer in mine:
            _own(db, customer, successor)
    db.flush()
    db.execute(
        update(Customer)
        .where(Customer.id.in_(files))
        .values(rev=Customer.rev + 1)
        .execution_options(synchronize_session=False)
    )
    for customer in files:
        call.mark_dirty("customer", customer)
        call.enqueue("project_customer", customer, lane=Lane.BULK)
    after = people_of(db, files)
    call.note(successor=successor, customers=len(files))
    call.at_outcome(lambda db, _: _log(call, db, before, after))


def _some(db: Session, person_id: str, limit: int) -> list[str]:
    """Return some of the customers that a person owns or works on."""
    return list(
        db.scalars(
            select(CustomerPerson.customer)
            .join(Customer, Customer.id == CustomerPerson.customer)
            .where(CustomerPerson.person == person_id, Customer.status != str(Status.DESTROYED))
            .order_by(CustomerPerson.customer)
            .limit(limit)
        )
    )


def _held(db: Session, person_id: str) -> list[CustomerPerson]:
    """Return what a person is to some of their customers, whose people nobody else sets now."""
    some = _some(db, person_id, STEP)
    lock_people_of(db, some)
    # somebody who was setting them when they were looked up may have given them to another
    mine = CustomerPerson.person == person_id
    return list(db.scalars(select(CustomerPerson).where(mine, CustomerPerson.customer.in_(some))))


def _here(db: Session, successor: str) -> None:
    """Keep the successor from being switched off until this is done."""
    at_work = select(Person.id).where(Person.id == successor, Person.active)
    if db.scalars(at_work.with_for_update(read=True)).first() is None:
        raise Invalid("This person cannot own a customer.", fields={"successor": "unknown"})


def _own(db: Session, customer: str, person: str) -> None:
    known = db.get(CustomerPerson, (customer, person))
    if known:
        known.relation = OWNER
    else:
        db.add(CustomerPerson(customer=customer, person=person, relation=OWNER))


def _log(
    call: Call,
    db: Session,
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
) -> None:
    """Append an entry for each customer that changed hands."""
    rows = db.execute(select(Customer.id, Customer.category).where(Customer.id.in_(before)))
    whole = call.entry(Phase.EVENT, Decision.ALLOW)
    entries: list[Entry] = [
        replace(
            whole,
            subject=Subject("customer", customer, customer=customer, categories=(category,)),
            detail={"before": said(before[customer]), "after": said(after[customer])},
        )
        for customer, category in sorted(rows.tuples().all())
    ]
    append(db, entries, call.ring)


def _end_deputies(db: Session, person_id: str) -> None:
    """End that somebody stands in for a person who leaves, and that they do for another."""
    db.execute(
        update(Person)
        .where(or_(Person.id == person_id, Person.deputy_of == person_id))
        .values(deputy_of=None, deputy_from=None, deputy_to=None)
    )
