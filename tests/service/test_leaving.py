"""Somebody leaves, or a customer gets another owner: rights go over at once, and the log tells."""

import pytest

from service import accounts, customers, leaving, signins
from service.accounts import PersonChange, PersonView
from service.audit.entries import Subject
from service.audit.verify import Code
from service.codes import Category
from service.customers import CustomerFile
from service.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from service.models import Person
from service.permissions import Action
from tests.logged import entries
from tests.world import World, password

WORD = "减速器"
HOME = "192.0.2.1"


def switch_off(
    world: World, login: str, successor: str | None = None, by: str = "security_admin"
) -> PersonView:
    person = world.id(login)
    wanted = PersonChange(active=False, successor=world.id(successor) if successor else None)
    subject = Subject("person", person)
    with world.archive.call(world.actor(by), Action.USER_MANAGE, subject, writes=True) as call:
        return accounts.change(call, person, wanted)


def shown(world: World, customer: str, by: str = "archivist") -> CustomerFile:
    subject = Subject("customer", customer)
    with world.archive.call(world.actor(by), Action.CUSTOMER_READ, subject) as call:
        return customers.get(call, customer)


def edit(world: World, customer: str, by: str = "archivist", **people: object) -> CustomerFile:
    subject = Subject("customer", customer)
    with world.archive.call(world.actor(by), Action.CUSTOMER_EDIT, subject) as call:
        rev = customers.get(call, customer).rev
        return customers.edit(call, customer, if_match=rev, **people)  # type: ignore[arg-type]


def customer(world: World, name: str, owner: str, *coworkers: str) -> str:
    return world.customer(name, Category.ACTIVE, owner=owner, coworkers=coworkers).id


def papered(world: World, name: str, owner: str, *coworkers: str) -> tuple[str, str]:
    """Return a customer and a document of it, indexed."""
    made = customer(world, name, owner, *coworkers)
    document = world.document(made, f"{name}的{WORD}", kind="letter").id
    world.work()
    return made, document


# -- a customer gets another owner -----------------------------------------------------------------


def test_the_old_owner_loses_a_customer_at_once_and_the_new_one_has_it(world: World) -> None:
    given, document = papered(world, "甲机械", "sales")
    edit(world, given, owner=world.id("sales2"))
    for _ in range(2):  # before and after the index knows
        with pytest.raises(NotFound):
            shown(world, given, "sales")
        assert world.found(WORD, by="sales") == set()
        assert shown(world, given, "sales2").owner.id == world.id("sales2")  # type: ignore[union-attr]
        world.work()
    assert world.found(WORD, by="sales2") == {document}


def test_the_log_says_whose_a_customer_was_and_whose_it_is(world: World) -> None:
    given = customer(world, "甲机械", "sales", "technical")
    edit(world, given, owner=world.id("sales2"))
    detail = entries(world, Action.CUSTOMER_EDIT)[-1]["detail"]
    others = [world.id("technical")]
    assert detail["before"] == {"owner": world.id("sales"), "coworkers": others}
    assert detail["after"] == {"owner": world.id("sales2"), "coworkers": others}


# -- somebody leaves -------------------------------------------------------------------------------


def test_nobody_leaves_customers_without_an_owner(world: World) -> None:
    customer(world, "甲机械", "sales")
    customer(world, "乙汽车", "sales")
    with pytest.raises(Conflict) as refused:
        switch_off(world, "sales")
    assert refused.value.params == {"count": 2}
    assert world.actor("sales").login == "sales"
    assert "甲机械" not in str(refused.value)


def test_customers_go_to_the_successor_in_the_same_step(world: World) -> None:
    own, document = papered(world, "甲机械", "sales", "sales2")
    helped, other = papered(world, "乙汽车", "technical", "sales")
    signed = signins.sign_in(
        world.archive, "sales", password("sales"), address=HOME, agent="browser"
    )
    assert switch_off(world, "sales", "sales2").active is False
    assert signins.resolve(world.archive, signed.token, address=HOME, agent="browser") is None
    for _ in range(2):
        assert shown(world, own).owner.id == world.id("sales2")  # type: ignore[union-attr]
        assert shown(world, own).coworkers == ()
        assert shown(world, helped).coworkers == ()
        assert shown(world, helped).owner.id == world.id("technical")  # type: ignore[union-attr]
        assert other not in world.found(WORD, by="sales2")
        world.work()
    assert world.found(WORD, by="sales2") == {document}


def test_every_customer_that_changes_hands_has_an_entry_of_its_own(world: World) -> None:
    own = customer(world, "甲机械", "sales")
    helped = customer(world, "乙汽车", "technical", "sales")
    person = world.id("sales")
    switch_off(world, "sales", "sales2")
    whole, *each = entries(world, Action.USER_MANAGE)[-3:]
    assert (whole["object"]["id"], whole["detail"]["successor"]) == (person, world.id("sales2"))
    by_customer = {entry["customer"]: entry["detail"] for entry in each}
    assert by_customer.keys() == {own, helped}
    assert by_customer[own]["before"] == {"owner": person, "coworkers": []}
    assert by_customer[own]["after"] == {"owner": world.id("sales2"), "coworkers": []}
    technical = world.id("technical")
    assert by_customer[helped]["before"] == {"owner": technical, "coworkers": [person]}
    assert by_customer[helped]["after"] == {"owner": technical, "coworkers": []}
    assert "甲机械" not in str([whole, *each])
    assert world.verify().code is Code.OK


@pytest.mark.parametrize("successor", ["sales", "auditor", "hr"])
def test_customers_go_to_somebody_who_can_own_them_alone(world: World, successor: str) -> None:
    own = customer(world, "甲机械", "sales")
    with pytest.raises(Invalid) as refused:
        switch_off(world, "sales", successor)
    assert refused.value.fields == {"successor": "unknown"}
    assert shown(world, own).owner.id == world.id("sales")  # type: ignore[union-attr]


@pytest.mark.parametrize("by", ["archivist", "sales_head", "system_admin", "sales"])
def test_only_who_looks_after_accounts_lets_somebody_leave(world: World, by: str) -> None:
    own = customer(world, "甲机械", "sales")
    with pytest.raises(Denied):
        switch_off(world, "sales", "sales2", by=by)
    assert shown(world, own).owner.id == world.id("sales")  # type: ignore[union-attr]


def test_who_came_back_works_again_with_what_is_theirs_then(world: World) -> None:
    own, document = papered(world, "甲机械", "sales")
    person = world.id("sales")
    switch_off(world, "sales", "sales2")
    subject, admin = Subject("person", person), world.actor("security_admin")
    with world.archive.call(admin, Action.USER_MANAGE, subject, writes=True) as call:
        assert accounts.change(call, person, PersonChange(active=True)).active
    assert world.found(WORD, by="sales") == set()
    edit(world, own, owner=person)
    world.work()
    assert world.found(WORD, by="sales") == {document}


def test_a_successor_is_named_only_when_somebody_leaves(world: World) -> None:
    person, admin = world.id("sales"), world.actor("security_admin")
    wanted = PersonChange(name="SALES", successor=world.id("sales2"))
    subject = Subject("person", person)
    with (
        pytest.raises(Invalid),
        world.archive.call(admin, Action.USER_MANAGE, subject, writes=True) as call,
    ):
        accounts.change(call, person, wanted)


def test_more_customers_than_one_step_holds_go_over_in_several(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "STEP", 2)
    owned = [customer(world, f"第{n}机械", "sales") for n in range(5)]
    assert switch_off(world, "sales", "sales2").customers == 0
    assert {shown(world, c).owner.id for c in owned} == {world.id("sales2")}  # type: ignore[union-attr]
    assert len([e for e in entries(world, Action.USER_MANAGE) if e.get("customer")]) == 5
    assert world.verify().code is Code.OK


def test_a_hand_over_that_fails_leaves_everything_as_it_was(world: World) -> None:
    own = customer(world, "甲机械", "sales")
    person, admin = world.id("sales"), world.actor("security_admin")
    subject = Subject("person", person)
    wanted = PersonChange(active=False, successor=world.id("sales2"))

    def fail(*_: object) -> None:
        raise Unavailable("log")

    def broken() -> None:
        with world.archive.call(admin, Action.USER_MANAGE, subject, writes=True) as call:
            accounts.change(call, person, wanted)
            call.at_outcome(fail)

    with pytest.raises(Unavailable):
        broken()
    assert world.actor("sales").person == person
    assert shown(world, own).owner.id == person  # type: ignore[union-attr]
    assert [e for e in entries(world, Action.USER_MANAGE) if e.get("customer")] == []


def test_who_left_before_is_no_obstacle_to_another_owner(world: World) -> None:
    """Accounts that were switched off while they still worked on customers."""
    given = customer(world, "甲机械", "sales", "technical")
    person = world.id("technical")
    with world.archive.db.write() as db:
        db.get_one(Person, person).active = False
    assert edit(world, given, owner=world.id("sales2")).owner.id == world.id("sales2")  # type: ignore[union-attr]
    with pytest.raises(Invalid):
        edit(world, given, owner=person)
