"""Customer files: opened, filed, changed, moved; and who sees them."""

from dataclasses import replace

import pytest

from service import categories, customers, directory, signins
from service.audit.entries import Subject
from service.codes import Category, Status
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound, Stale, Unconditional
from service.permissions import Action
from service.profiles import NewValue
from tests.world import World


def get(world: World, customer: str, *, by: str) -> customers.CustomerFile:
    subject = Subject("customer", customer)
    with world.archive.call(world.actor(by), Action.CUSTOMER_READ, subject) as call:
        return customers.get(call, customer)


def listed(world: World, *, by: str, **wanted: object) -> list[str]:
    with world.archive.call(world.actor(by), Action.CUSTOMER_LIST, Subject("customer")) as call:
        page = directory.listing(call, directory.Wanted(**wanted))  # type: ignore[arg-type]
    assert page.total >= len(page.items)
    return [item.id for item in page.items]


def file(world: World, customer: customers.CustomerFile, *, by: str) -> customers.CustomerFile:
    subject = Subject("customer", customer.id)
    with world.archive.call(world.actor(by), Action.CUSTOMER_FILE, subject) as call:
        return customers.file(call, customer.id, if_match=customer.rev)


def test_filing_gives_numbers_of_the_year_without_gaps_and_never_twice(world: World) -> None:
    filed = [world.customer(f"客户{n}", filed=True) for n in range(3)]
    numbers = [customer.number for customer in filed]
    year = filed[0].created.year
    assert numbers == [f"KH-{year}-{n:05d}" for n in (1, 2, 3)]
    with pytest.raises(Conflict):
        file(world, filed[0], by="archivist")
    assert world.customer("客户4", filed=True).number == f"KH-{year}-00004"


def test_a_refused_filing_takes_no_number(world: World) -> None:
    mine = world.customer("客户甲", by="archivist")
    with pytest.raises(Denied):
        file(world, mine, by="archivist")
    other = world.customer("客户乙", filed=True)
    assert other.number is not None
    assert other.number.endswith("-00001")


def test_a_salesperson_sees_own_customers_and_cannot_tell_that_others_exist(world: World) -> None:
    mine = world.customer("甲公司", owner="sales")
    theirs = world.customer("乙公司", owner="sales2")
    shared = world.customer("丙公司", owner="sales2", coworkers=("sales",))
    assert set(listed(world, by="sales")) == {mine.id, shared.id}
    assert set(listed(world, by="sales_head")) == {mine.id, theirs.id, shared.id}
    with pytest.raises(Hidden):
        get(world, theirs.id, by="sales")
    with pytest.raises(NotFound) as absent:
        get(world, "a" * 26, by="sales")
    assert str(absent.value) == ""


@pytest.mark.parametrize("login", ["hr", "system_admin", "security_admin", "auditor"])
def test_seats_without_content_list_nothing(world: World, login: str) -> None:
    world.customer(category=Category.ACTIVE)
    assert listed(world, by=login) == []


def test_sales_opens_potential_and_intended_customers_only(world: World) -> None:
    world.customer(category=Category.POTENTIAL, by="sales")
    with pytest.raises(Denied):
        world.customer(category=Category.ACTIVE, by="sales")


def test_the_list_finds_by_any_part_of_a_name_by_number_and_by_pinyin(world: World) -> None:
    customer = world.customer("宁波望潮汽车零部件有限公司", filed=True)
    world.customer("苏州澄岚精密制造有限公司", filed=True)
    for q in ("望潮", "零部件", "wangchao", "nbwc", customer.number or ""):
        assert listed(world, by="service_officer", q=q) == [customer.id], q
    assert listed(world, by="service_officer", q="望潮 澄岚") == []
    assert listed(world, by="service_officer", q="100%_") == []


def test_the_list_pages_through_everything_exactly_once(world: World) -> None:
    made = {world.customer(f"公司{n}").id for n in range(7)}
    seen: list[str] = []
    cursor = None
    while True:
        with world.archive.call(
            world.actor("service_officer"), Action.CUSTOMER_LIST, Subject("customer")
        ) as call:
            page = directory.listing(call, directory.Wanted(limit=3, cursor=cursor))
        seen += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)


def test_a_new_value_replaces_the_old_one_and_both_stay_on_record(world: World) -> None:
    customer = world.customer("旧名机器人有限公司")
    subject = Subject("customer", customer.id)
    officer = world.actor("service_officer")
    with world.archive.call(officer, Action.CUSTOMER_EDIT, subject) as call:
        changed = customers.edit(
            call,
            customer.id,
            if_match=customer.rev,
            fields={"company.name": NewValue("新名机器人有限公司", channel="letter")},
        )
    assert changed.name == "新名机器人有限公司"
    # a former name still leads to the customer
    assert listed(world, by="service_officer", q="旧名机器人") == [customer.id]


@pytest.mark.parametrize("zone", ["Etc/GMT-14", "Etc/GMT+12"])
def test_what_was_said_today_has_the_day_it_is_where_the_archive_stands(
    world: World, zone: str
) -> None:
    """One of the two zones always has another day than UTC."""
    world.archive.settings = replace(world.archive.settings, timezone=zone)
    before = signins.today(world.archive)
    customer = world.customer()
    after = signins.today(world.archive)
    days = {value.source_date for value in get(world, customer.id, by="archivist").fields}
    assert days <= {before, after}
    assert days


def test_a_change_must_know_the_newest_state(world: World) -> None:
    customer = world.customer()
    subject = Subject("customer", customer.id)
    officer = world.actor("service_officer")
    new = {"company.region": NewValue("浙江宁波", channel="visit")}
    with world.archive.call(officer, Action.CUSTOMER_EDIT, subject) as call:
        customers.edit(call, customer.id, if_match=customer.rev, fields=new)
    for stale, error in ((customer.rev, Stale), (None, Unconditional)):
        with (
            pytest.raises(error),
            world.archive.call(officer, Action.CUSTOMER_EDIT, subject) as call,
        ):
            customers.edit(call, customer.id, if_match=stale, fields=new)


def test_values_without_source_and_unknown_fields_are_refused(world: World) -> None:
    customer = world.customer()
    subject = Subject("customer", customer.id)
    officer = world.actor("service_officer")
    for fields, word in (
        ({"company.region": NewValue("浙江")}, "source"),
        ({"company.nonsense": NewValue("x", channel="visit")}, "unknown"),
        ({"company.name": NewValue("  ", channel="visit")}, "required"),
        ({"company.region": NewValue("浙\x00江", channel="visit")}, "control_characters"),
        ({"company.region": NewValue("江" * 101, channel="visit")}, "too_long"),
    ):
        with (
            pytest.raises(Invalid) as refused,
            world.archive.call(officer, Action.CUSTOMER_EDIT, subject) as call,
        ):
            customers.edit(call, customer.id, if_match=customer.rev, fields=fields)
        assert list(refused.value.fields.values()) == [word]


def test_a_moved_customer_takes_its_documents_to_the_other_category(world: World) -> None:
    customer = world.customer(category=Category.INTENDED, owner="technical")
    minutes = world.document(customer.id, "弧焊工作站节拍讨论", kind="minutes")
    proposal = world.document(customer.id, "弧焊工作站方案", kind="proposal")
    world.work()
    assert world.found("弧焊工作站", by="technical") == {minutes.id, proposal.id}
    world.move(customer.id, "active")
    # technical reads projects of active customers, not their minutes
    assert minutes.id not in world.found("弧焊工作站", by="technical")
    world.work()
    assert world.found("弧焊工作站", by="technical") == {proposal.id}
    assert world.found("弧焊工作站", by="finance") == set()


def test_of_two_people_who_move_the_same_customer_the_second_is_told(world: World) -> None:
    customer = world.customer()
    world.move(customer.id, "active")
    subject = Subject("customer", customer.id)
    manager = world.actor("service_manager")
    with (
        pytest.raises(Conflict),
        world.archive.call(manager, Action.CUSTOMER_MOVE_CATEGORY, subject) as call,
    ):
        categories.move(call, customer.id, if_match=customer.rev, to="active", reason="签约")
    with (
        pytest.raises(Stale),
        world.archive.call(manager, Action.CUSTOMER_MOVE_CATEGORY, subject) as call,
    ):
        categories.move(call, customer.id, if_match=customer.rev, to="ended", reason="到期")


def test_a_draft_stays_a_draft_until_somebody_else_files_it(world: World) -> None:
    customer = world.customer(by="archivist")
    assert customer.status is Status.DRAFT
    assert Action.CUSTOMER_FILE not in get(world, customer.id, by="archivist").allowed
    assert Action.CUSTOMER_FILE in get(world, customer.id, by="archivist2").allowed
    assert file(world, customer, by="archivist2").status is Status.FILED


def test_people_without_content_cannot_be_made_owners(world: World) -> None:
    for login in ("auditor", "system_admin", "hr"):
        with pytest.raises(Invalid):
            world.customer(owner=login)


def test_a_document_that_one_may_not_read_is_cited_like_one_that_is_not_there(
    world: World,
) -> None:
    customer = world.customer(owner="sales")
    open_one = world.document(customer.id, "来函", kind="letter", by="archivist").id
    hidden = world.document(customer.id, "身份证件", kind="id_document", by="archivist").id

    def cite(document: str, rev: int) -> customers.CustomerFile:
        subject = Subject("customer", customer.id)
        value = {"company.industry": NewValue("造船", document=document)}
        with world.archive.call(world.actor("sales"), Action.CUSTOMER_EDIT, subject) as call:
            return customers.edit(call, customer.id, if_match=rev, fields=value)

    refusals = set()
    for document in (hidden, "a" * 26):
        with pytest.raises(Invalid) as refusal:
            cite(document, customer.rev)
        refusals.add((refusal.value.sentence, str(refusal.value.fields)))
    assert len(refusals) == 1
    assert cite(open_one, customer.rev).rev > customer.rev


def test_a_source_is_named_to_who_may_read_it_and_to_nobody_else(world: World) -> None:
    customer = world.customer(category=Category.ACTIVE, owner="sales")
    letter = world.document(customer.id, "来函", kind="letter", by="archivist").id
    subject = Subject("customer", customer.id)
    value = {"company.industry": NewValue("造船", document=letter, page=3)}
    with world.archive.call(world.actor("sales"), Action.CUSTOMER_EDIT, subject) as call:
        customers.edit(call, customer.id, if_match=customer.rev, fields=value)

    def source(by: str) -> tuple[str | None, int | None]:
        with world.archive.call(world.actor(by), Action.CUSTOMER_READ, subject) as call:
            fields = customers.get(call, customer.id).fields
        (field,) = (field for field in fields if field.key == "company.industry")
        assert field.value == "造船"
        return field.source_document, field.source_page

    assert world.found("来函", by="finance") == set()
    assert source("sales") == (letter, 3)
    assert source("finance") == (None, None)
    world.edit(letter, "archivist", grade="top")
    assert source("sales") == (None, None)
    assert source("archivist") == (letter, 3)
