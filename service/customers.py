"""Customer files: open, read, list, change, file, move to another category."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from service import accounts, profiles
from service.archive import Call
from service.codes import HIDDEN_STATUSES, Category, CooperationType, Module, Status
from service.errors import (
    Conflict,
    Denied,
    Hidden,
    Invalid,
    NotFound,
    Unconditional,
    changed_meanwhile,
)
from service.ids import new_id
from service.models import Counter, Customer, CustomerView, Record
from service.owners import COWORKER, OWNER, people_of, said, set_people
from service.permissions import Action, CustomerScopes, Target, decide
from service.profiles import NewValue, PersonRef
from service.rows import claim
from service.signins import actor_of, today


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer as documents and hits name it; see `named`."""

    id: str
    number: str | None
    name: str
    category: Category | None
    coop_type: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A customer file as its page shows it."""

    id: str
    number: str | None
    name: str
    short_name: str
    category: Category
    coop_type: str | None
    status: Status
    owner: PersonRef | None
    coworkers: tuple[PersonRef, ...]
    created: datetime
    created_by: PersonRef
    filed: datetime | None
    rev: int
    fields: tuple[profiles.FieldView, ...]
    allowed: frozenset[Action] = field(default_factory=frozenset)
    addable: tuple[str, ...] = ()
    editable_fields: tuple[str, ...] = ()

    @property
    def ref(self) -> CustomerRef:
        """Return the short form."""
        return CustomerRef(self.id, self.number, self.name, self.category, self.coop_type)


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer row with its people, after the check that this person may see it."""

    row: Customer
    people: frozenset[str]
    owner: str | None

    @property
    def category(self) -> Category:
        """Return the customer's category."""
        return Category(self.row.category)


def load(db: Session, customer_id: str) -> Seen:
    """Return a customer with its people; raises `NotFound` when absent or destroyed."""
    row = db.get(Customer, customer_id)
    if row is None:
        raise NotFound
    people = people_of(db, [customer_id])[customer_id]
    owner = next((p for p, relation in people.items() if relation == OWNER), None)
    return Seen(row, frozenset(people), owner)


def visible(call: Call, db: Session, customer_id: str) -> Seen:
    """Return a customer this person may see; to others it looks absent (`Hidden`)."""
    seen = load(db, customer_id)
    call.about(id=customer_id, customer=customer_id, categories=(seen.row.category,))
    if not shows(call.customer_scopes, seen):
        raise Hidden(rule="customer:scope")
    return seen


def shows(scopes: CustomerScopes, seen: Seen) -> bool:
    """Say whether a customer is inside scopes and not hidden by its status."""
    return Status(seen.row.status) not in HIDDEN_STATUSES and scopes.covers(
        seen.category, seen.people
    )


def named(call: Call, seen: Seen, name: str, *, readable: bool) -> CustomerRef:
    """Return how a document names its customer; `readable`: this person may read the document.

    Who uploaded it keeps it in sight when others move it to a customer they may not see: of that
    one they are told nothing but its id.
    """
    row = seen.row
    if readable or shows(call.customer_scopes, seen):
        return CustomerRef(row.id, row.number, name, seen.category, row.coop_type)
    return CustomerRef(row.id, None, "", None)


def still_shown(call: Call, customer_id: str) -> bool:
    """Say whether this call's person still sees a customer after changing it."""
    return shows(call.customer_scopes, load(call.db, customer_id))


def target(seen: Seen, **more: object) -> Target:
    """Return what a do right about a customer is asked with."""
    return Target(
        category=seen.category,
        people=seen.people,
        creator=seen.row.created_by,
        status=Status(seen.row.status),
        **more,  # type: ignore[arg-type]
    )


def create(
    call: Call,
    *,
    name: str,
    category: str,
    owner: str | None = None,
    coworkers: Iterable[str] = (),
    fields: Mapping[str, NewValue] | None = None,
    coop_type: str | None = None,
) -> CustomerFile:
    """Open a customer file as a draft, owned by `owner` or by the person who opens it."""
    wanted = checked_category(category)
    call.about(type="customer", categories=(str(wanted),))
    call.require(Target(category=wanted))
    values = {
        "company.name": NewValue(name, channel="entry", person=call.actor.name),
        **(fields or {}),
    }
    profiles.check(call.policy.fields, values)
    coop = checked_coop_type(coop_type, wanted)
    customer_id = new_id()
    call.ring.create_customer(customer_id)
    db = call.db
    now = datetime.now(UTC)
    row = Customer(
        id=customer_id,
        category=str(wanted),
        status=str(Status.DRAFT),
        coop_type=coop,
        created=now,
        created_by=call.actor.person,
        rev=1,
    )
    db.add(row)
    db.flush()
    db.add(
        Record(
            id=new_id(),
            customer=row.id,
            module=str(Module.COMPANY),
            kind="company",
            no=0,
            created=now,
            created_by=call.actor.person,
        )
    )
    db.flush()
    set_people(db, row.id, owner=owner or call.actor.person, coworkers=coworkers)
    profiles.enter(call, row.id, values, Category(row.category), frozenset())
    rebuild_view(db, row.id)
    call.about(id=row.id, customer=row.id)
    call.say(after={"category": row.category, "status": row.status})
    return describe(call, db, load(db, row.id))


def checked_category(text: str) -> Category:
    """Return the category of that code."""
    try:
        return Category(text)
    except ValueError:
        raise Invalid("There is no such category.", fields={"category": "unknown"}) from None


def checked_coop_type(text: str | None, category: Category) -> str | None:
    """Return the kind of cooperation, which active customers have and no others."""
    if not text:
        if category is Category.ACTIVE:
            raise Invalid(
                "Say whether the customer is a long-term or a project customer.",
                fields={"coop_type": "required"},
            )
        return None
    if category is not Category.ACTIVE:
        raise Invalid(
            "Only active customers are long-term or project customers.",
            fields={"coop_type": "misplaced"},
        )
    try:
        return str(CooperationType(text))
    except ValueError:
        raise Invalid(
            "There is no such kind of cooperation.", fields={"coop_type": "unknown"}
        ) from None


def rebuild_view(db: Session, customer_id: str) -> None:
    """Rewrite what lists show of a customer, from its field values."""
    row = db.get(Customer, customer_id)
    if row is None:
        raise NotFound
    view = db.get(CustomerView, customer_id) or CustomerView(customer=customer_id)
    profiles.project(db, view, row.number)
    view.updated = datetime.now(UTC)
    db.add(view)
    db.flush()


def get(call: Call, customer_id: str) -> CustomerFile:
    """Return a customer file this person may see."""
    seen = visible(call, call.db, customer_id)
    call.returned([customer_id])
    return describe(call, call.db, seen)


def describe(call: Call, db: Session, seen: Seen) -> CustomerFile:
    """Return a customer as its page shows it, with what this person may do here."""
    view = db.get(CustomerView, seen.row.id)
    people = people_of(db, [seen.row.id])[seen.row.id]
    names = accounts.names(db, {*people, seen.row.created_by})
    name_of = {p: PersonRef(p, names.get(p, p)) for p in (*people, seen.row.created_by)}
    return CustomerFile(
        id=seen.row.id,
        number=seen.row.number,
        name=view.name if view else "",
        short_name=view.short_name if view else "",
        category=seen.category,
        coop_type=seen.row.coop_type,
        status=Status(seen.row.status),
        owner=name_of[seen.owner] if seen.owner else None,
        coworkers=tuple(name_of[p] for p, r in people.items() if r == COWORKER),
        created=seen.row.created,
        created_by=name_of[seen.row.created_by],
        filed=seen.row.filed,
        rev=seen.row.rev,
        fields=profiles.values(call, db, seen.row.id),
        allowed=allowed(call, seen),
        addable=addable_kinds(call, seen),
        editable_fields=tuple(call.policy.fields.by_key)
        if call.decide(target(seen, module=Module.COMPANY), Action.CUSTOMER_EDIT).allowed
        else (),
    )


def addable_kinds(call: Call, seen: Seen) -> tuple[str, ...]:
    """Return the document kinds this person may add to this customer."""
    return tuple(
        kind
        for kind in call.policy.kinds.by_code
        if call.decide(target(seen, kind=kind), Action.DOCUMENT_ADD).allowed
    )


def allowed(call: Call, seen: Seen) -> frozenset[Action]:
    """Return what this person may do with this customer now: what buttons are drawn from."""
    wanted = {
        Action.CUSTOMER_EDIT: target(seen, module=Module.COMPANY),
        Action.CUSTOMER_MOVE_CATEGORY: target(seen),
    }
    if seen.row.status == Status.DRAFT:
        wanted[Action.CUSTOMER_FILE] = target(seen)
    may = {action for action, where in wanted.items() if call.decide(where, action).allowed}
    if addable_kinds(call, seen):
        may.add(Action.DOCUMENT_ADD)
    return frozenset(may)


def check_rev(seen_rev: int, if_match: int | None) -> None:
    """Refuse a change that did not see the newest state, or does not say which it saw."""
    if if_match is None:
        raise Unconditional("Say which state this change is based on (If-Match).")
    if if_match != seen_rev:
        raise changed_meanwhile()


def for_change(call: Call, customer_id: str, *, module: Module | None = None) -> Seen:
    """Return a customer this person sees and may do the call's action to."""
    seen = visible(call, call.db, customer_id)
    call.require(target(seen, module=module))
    return seen


def edit(
    call: Call,
    customer_id: str,
    *,
    if_match: int | None,
    fields: Mapping[str, NewValue] | None = None,
    owner: str | None = None,
    coworkers: Iterable[str] | None = None,
) -> CustomerFile:
    """Add new field values, or set owner and co-workers."""
    seen = for_change(call, customer_id, module=Module.COMPANY)
    check_rev(seen.row.rev, if_match)
    db = call.db
    if fields:
        profiles.check(call.policy.fields, fields, whole=False)
        profiles.enter(call, customer_id, fields, seen.category, seen.people)
        rebuild_view(db, customer_id)
        call.enqueue("project_customer", customer_id)
    if owner is not None or coworkers is not None:
        _require_as_oneself(call, seen)
        before = people_of(db, [customer_id])[customer_id]
        if coworkers is None:
            coworkers = [p for p, relation in before.items() if relation == COWORKER]
        wanted = owner or seen.owner or call.actor.person
        after = set_people(db, customer_id, owner=wanted, coworkers=coworkers)
        call.note(before=said(before), after=said(after))
        call.mark_dirty("customer", customer_id)
        call.enqueue("project_customer", customer_id)
    bump(db, seen)
    return describe(call, db, load(db, customer_id))


def _require_as_oneself(call: Call, seen: Seen) -> None:
    """Refuse who may only as a deputy: whose a customer is would outlast the days they have."""
    if call.actor.stands_in is None or call.actor.id is None:
        return
    oneself = actor_of(call.db, call.actor.id, via=call.actor.via)
    where = target(seen, module=Module.COMPANY)
    if oneself is None or not decide(call.policy, oneself, call.action, where).allowed:
        raise Denied("Your role does not allow this.", rule=f"{call.action}:deputy")


def bump(db: Session, seen: Seen) -> None:
    """Raise the revision; a writer who came in between makes this a `Stale`."""
    changed = db.execute(
        update(Customer)
        .where(Customer.id == seen.row.id, Customer.rev == seen.row.rev)
        .values(rev=seen.row.rev + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise changed_meanwhile()
    db.expire_all()


def file(call: Call, customer_id: str, *, if_match: int | None) -> CustomerFile:
    """File a draft: it gets its number, and counts from now on. Never by its creator."""
    seen = for_change(call, customer_id)
    if seen.row.status != Status.DRAFT:
        raise Conflict("This customer is filed already.", rule="customer:state")
    check_rev(seen.row.rev, if_match)
    db = call.db
    day = today(call.archive)
    call.say(before={"status": str(Status.DRAFT)}, after={"status": str(Status.FILED)})
    bump(db, seen)
    row = load(db, customer_id).row
    row.number = f"KH-{day.year}-{count(db, f'customer.{day.year}'):05d}"
    row.status = str(Status.FILED)
    row.filed = datetime.now(UTC)
    row.filed_by = call.actor.person
    db.flush()
    rebuild_view(db, customer_id)
    call.enqueue("project_customer", customer_id)
    return describe(call, db, load(db, customer_id))


def count(db: Session, name: str) -> int:
    """Return the next number of a counter, without gaps: it rolls back with the transaction."""
    row = claim(db, Counter, name, {"name": name, "value": 0})
    row.value += 1
    db.flush()
    return row.value
