"""Somebody stands in for somebody, from a day to a day, for their customers and nothing else."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from service import customers, deputies, signins
from service.accounts import PersonChange
from service.audit.entries import Subject
from service.codes import Category, Department, Role
from service.deputies import Deputy
from service.errors import Conflict, Denied, Invalid, NotFound
from service.models import Person
from service.permissions import Action
from service.profiles import NewValue
from tests.logged import entries
from tests.world import World

WORD = "减速器"


def furnish(world: World) -> str:
    """Return a document of a customer of `sales`."""
    customer = world.customer("甲机械", Category.ACTIVE, owner="sales").id
    made = world.document(customer, f"{WORD}报价", kind="letter").id
    world.work()
    return made


@pytest.fixture
def document(furnished: tuple[Path, str]) -> str:
    return furnished[1]


def day(world: World, ahead: int = 0) -> date:
    return signins.today(world.archive) + timedelta(days=ahead)


def name(world: World, who: str, deputy: str, first: int = 0, last: int = 3) -> Deputy:
    subject = Subject("person", world.id(deputy))
    with world.archive.call(world.actor(who), Action.DEPUTY_NAME, subject) as call:
        return deputies.name(call, world.id(deputy), first=day(world, first), last=day(world, last))


def revoke(world: World, who: str, deputy: str) -> None:
    subject = Subject("person", world.id(deputy))
    with world.archive.call(world.actor(who), Action.DEPUTY_NAME, subject) as call:
        deputies.revoke(call, world.id(deputy))


def days_pass(world: World, deputy: str, days: int) -> None:
    """Let the days of a deputy be so many days earlier."""
    person = world.id(deputy)
    with world.archive.db.write() as db:
        row = db.get_one(Person, person)
        assert row.deputy_from is not None
        assert row.deputy_to is not None
        row.deputy_from -= timedelta(days=days)
        row.deputy_to -= timedelta(days=days)


def sees(world: World, document: str, by: str) -> bool:
    found = world.found(WORD, by=by)
    assert found in (set(), {document})
    return bool(found)


def test_a_deputy_has_the_customers_of_the_other_between_the_days_only(
    world: World, document: str
) -> None:
    name(world, "sales", "sales2", 1, 3)
    assert not sees(world, document, "sales2")
    days_pass(world, "sales2", 1)
    assert sees(world, document, "sales2")
    days_pass(world, "sales2", 2)
    assert sees(world, document, "sales2")  # the last day counts
    days_pass(world, "sales2", 1)
    assert not sees(world, document, "sales2")
    assert sees(world, document, "sales")


def test_a_deputy_who_is_named_too_late_or_never_sees_nothing(world: World, document: str) -> None:
    assert not sees(world, document, "sales2")
    name(world, "sales2", "sales")  # the other way round
    assert not sees(world, document, "sales2")


def test_what_a_person_ends_is_over_at_once(world: World, document: str) -> None:
    name(world, "sales", "sales2")
    assert sees(world, document, "sales2")
    with pytest.raises(NotFound):
        revoke(world, "sales_head", "sales2")
    revoke(world, "sales", "sales2")
    assert not sees(world, document, "sales2")
    with pytest.raises(NotFound):
        revoke(world, "sales", "sales2")


def test_a_deputy_keeps_their_own_roles_and_clearance(world: World) -> None:
    world.person("engineer", frozenset({Role.TECHNICAL}), Department.TECHNICAL)
    customer = world.customer("甲机械", Category.ACTIVE, owner="technical").id
    proposal = world.document(customer, f"{WORD}方案", kind="proposal").id
    world.document(customer, f"{WORD}合同", kind="contract")
    world.work()
    name(world, "technical", "engineer")
    assert world.found(WORD, by="engineer") == {proposal}


def test_a_deputy_hands_on_nothing(world: World, document: str) -> None:
    world.person("sales3", frozenset({Role.SALES}), Department.SALES)
    name(world, "sales", "sales2")
    name(world, "sales2", "sales3")
    assert sees(world, document, "sales2")
    assert not sees(world, document, "sales3")


def test_a_deputy_does_not_make_the_others_customers_their_own(world: World) -> None:
    theirs = world.customer("甲机械", Category.ACTIVE, owner="sales", coworkers=("sales_head",)).id
    shared = world.customer("乙汽车", Category.ACTIVE, owner="sales", coworkers=("sales2",)).id
    name(world, "sales", "sales2")

    def share(customer: str, **people: Any) -> None:
        subject = Subject("customer", customer)
        with world.archive.call(world.actor("sales2"), Action.CUSTOMER_EDIT, subject) as call:
            rev = customers.get(call, customer).rev
            customers.edit(call, customer, if_match=rev, **people)

    mine = world.id("sales2")
    changes: list[dict[str, Any]] = [{"owner": mine}, {"coworkers": [mine]}, {"coworkers": []}]
    for people in changes:
        with pytest.raises(Denied):
            share(theirs, **people)
    share(theirs, fields={"company.region": NewValue("浙江宁波", channel="visit")})
    share(shared, coworkers=[mine, world.id("sales_head")])
    days_pass(world, "sales2", 4)
    with pytest.raises(NotFound):
        share(theirs, coworkers=[mine])
    denied = entries(world, Action.CUSTOMER_EDIT, decision="deny")[0]
    assert denied["rule"] == "customer.edit:deputy"


def test_the_deputy_of_a_head_has_the_departments_customers(world: World, document: str) -> None:
    name(world, "sales_head", "sales2")
    assert sees(world, document, "sales2")


@pytest.mark.parametrize("deputy", ["sales", "technical", "archivist", "auditor"])
def test_a_deputy_is_a_colleague_of_the_same_department(world: World, deputy: str) -> None:
    with pytest.raises(Invalid) as refused:
        name(world, "sales", deputy)
    assert refused.value.fields == {"deputy": "unknown"}


@pytest.mark.parametrize("by", ["auditor", "security_admin", "hr"])
def test_who_has_no_customers_names_nobody(world: World, by: str) -> None:
    with pytest.raises(Invalid):
        name(world, by, "management")


@pytest.mark.parametrize(("first", "last"), [(3, 2), (-5, -1), (0, 92), (400, 401)])
def test_days_that_make_no_sense_are_refused(world: World, first: int, last: int) -> None:
    with pytest.raises(Invalid) as refused:
        name(world, "sales", "sales2", first, last)
    assert refused.value.fields == {"to": "range"}


def test_nobody_stands_in_for_two_at_a_time(world: World) -> None:
    name(world, "sales", "sales2")
    with pytest.raises(Conflict):
        name(world, "sales_head", "sales2")
    name(world, "sales", "sales2", 0, 10)  # one's own may be changed
    days_pass(world, "sales2", 11)
    name(world, "sales_head", "sales2")


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        ("sales", PersonChange(department=Department.TECHNICAL)),
        ("sales2", PersonChange(department=Department.TECHNICAL)),
    ],
)
def test_it_ends_when_one_of_both_goes_to_another_department(
    world: World, document: str, who: str, wanted: PersonChange
) -> None:
    name(world, "sales", "sales2")
    world.change(who, wanted)
    assert not sees(world, document, "sales2")


def test_who_leaves_is_stood_in_for_no_more_even_after_coming_back(world: World) -> None:
    name(world, "sales2", "sales")
    world.change("sales2", PersonChange(active=False))
    world.change("sales2", PersonChange(active=True))
    customer = world.customer("乙汽车", Category.ACTIVE, owner="sales2").id
    subject = Subject("customer", customer)
    with (
        pytest.raises(NotFound),
        world.archive.call(world.actor("sales"), Action.CUSTOMER_READ, subject) as call,
    ):
        customers.get(call, customer)


def test_the_log_says_who_stands_in_for_whom_and_when_they_did(world: World, document: str) -> None:
    named = name(world, "sales", "sales2")
    said = {"deputy_of": world.id("sales"), "from": str(named.first), "to": str(named.last)}
    (entry,) = entries(world, Action.DEPUTY_NAME)
    assert entry["object"] == {"type": "person", "id": world.id("sales2")}
    assert (entry["detail"]["before"], entry["detail"]["after"]) == ({}, said)
    assert sees(world, document, "sales2")
    revoke(world, "sales", "sales2")
    ended = entries(world, Action.DEPUTY_NAME)[-1]["detail"]
    assert (ended["before"], ended["after"]) == (said, {})
