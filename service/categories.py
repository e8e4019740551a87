"""Moving a customer from one category to another: all its documents follow as one job."""

from collections.abc import Iterable

from service import profiles
from service.archive import Call
from service.codes import Category, Status
from service.customers import (
    CustomerFile,
    Seen,
    bump,
    check_rev,
    checked_category,
    checked_coop_type,
    describe,
    for_change,
    load,
)
from service.errors import Conflict, Denied, Invalid
from service.permissions import Target


def move(
    call: Call,
    customer_id: str,
    *,
    if_match: int | None,
    to: str,
    reason: str,
    evidence: Iterable[str] = (),
    coop_type: str | None = None,
) -> CustomerFile:
    """Move a customer to another category; all its documents follow as one job."""
    seen = for_change(call, customer_id)
    wanted = checked_category(to)
    if wanted is seen.category:
        raise Conflict("This customer is in that category already.", rule="customer:state")
    check_rev(seen.row.rev, if_match)
    if not reason.strip():
        raise Invalid("Say why the customer changes its category.", fields={"reason": "required"})
    if call.decide(target_in(seen, wanted)).allowed is False:
        raise Denied("Your role does not allow this.", rule=call.rule or "")
    db = call.db
    if not profiles.citable(call, customer_id, seen.category, seen.people, evidence):
        raise Invalid(
            "The evidence must be documents of this customer.", fields={"evidence": "unknown"}
        )
    coop = checked_coop_type(coop_type, wanted)
    call.say(before={"category": str(seen.category)}, after={"category": str(wanted)})
    call.about(categories=(str(seen.category), str(wanted)))
    call.note(reason=reason.strip()[:2000], evidence=list(evidence))
    bump(db, seen)
    row = load(db, customer_id).row
    row.category = str(wanted)
    row.coop_type = coop
    db.flush()
    call.mark_dirty("customer", customer_id)
    call.enqueue("project_customer", customer_id)
    return describe(call, db, load(db, customer_id))


def target_in(seen: Seen, category: Category) -> Target:
    """Return the same customer as it would be in another category."""
    return Target(
        category=category,
        people=seen.people,
        creator=seen.row.created_by,
        status=Status(seen.row.status),
    )
