"""The demo archive obeys the archive's own rules: rights, separation, vocabulary."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from service import policy
from service.codes import Category, CooperationType, Department, Filing, Grade, Role
from service.codes import grades_up_to as up_to
from service.demo import content
from service.demo.content import Customer, Document, Person

GOLDEN = Path(__file__).parents[1] / "golden"
DEMO = content.read()
PEOPLE = {person.login: person for person in DEMO.people}
CUSTOMERS = {customer.key: customer for customer in DEMO.customers}
RULES = policy.parse(policy.packaged())
KINDS = RULES.kinds.by_code
DOCUMENTS = pytest.mark.parametrize("document", DEMO.documents, ids=lambda d: d.file)


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def colleagues(person: Person) -> set[str]:
    """Whose customers count as a person's own: a head answers for the whole department."""
    if not person.head:
        return {person.login}
    return {other.login for other in DEMO.people if other.department is person.department}


def owns(person: Person, customer: Customer) -> bool:
    return not colleagues(person).isdisjoint({customer.owner, *customer.coworkers})


def grade(document: Document) -> Grade:
    return document.grade or KINDS[document.kind].grade


def words(text: str, every: set[str]) -> set[str]:
    """Read a cell of actions.csv: `all`, `all but a b`, or a list."""
    if text in {"", "all"}:
        return every
    if text.startswith("all but "):
        return every - set(text.removeprefix("all but ").split())
    return set(text.split())


def kinds_of(text: str) -> frozenset[str]:
    modules = {kind.module.value for kind in KINDS.values()}
    return RULES.kinds.named(sorted(words(text, modules)), "actions.csv")


def may(action: str, login: str, customer: Customer, kind: str | None = None) -> bool:
    """Ask actions.csv whether one of a person's roles allows an action."""
    person = PEOPLE[login]
    return any(
        row["action"] == action
        and row["role"] in person.roles
        and customer.category in words(row["categories"], set(Category))
        and (kind is None or kind in kinds_of(row["modules"]))
        and (row["effect"] == "yes" or owns(person, customer))
        for row in rows("actions.csv")
    )


def readable(login: str) -> set[str]:
    """Ask matrix-read.csv and clearance.csv which files a person may open."""
    person = PEOPLE[login]
    highest = {row["role"]: row["highest_grade"] for row in rows("clearance.csv")}
    found = set()
    for row in rows("matrix-read.csv"):
        if row["role"] in person.roles and row["effect"] in {"yes", "own"}:
            names = row["part"].split(",") if row["part"] else [row["module"]]
            kinds = RULES.kinds.named(names, "matrix-read.csv")
            found |= {
                d.file
                for d in DEMO.documents
                if d.kind in kinds
                and grade(d) in up_to(Grade(highest[row["role"]]))
                and CUSTOMERS[d.customer].category == row["category"]
                and (row["effect"] == "yes" or owns(person, CUSTOMERS[d.customer]))
            }
    return found


def test_every_role_and_every_department_has_somebody():
    assert {role for person in DEMO.people for role in person.roles} == set(Role)
    assert {person.department for person in DEMO.people} == set(Department)


def test_logins_names_keys_and_files_are_unique():
    for values in (PEOPLE, CUSTOMERS):
        assert all(values)
    assert len(PEOPLE) == len({person.name for person in DEMO.people}) == len(DEMO.people)
    assert len(CUSTOMERS) == len({c.name for c in DEMO.customers}) == len(DEMO.customers)
    assert len({d.file for d in DEMO.documents}) == len(DEMO.documents)


def test_seats_of_the_system_hold_no_other_role():
    seats = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}
    for person in DEMO.people:
        if seats & set(person.roles):
            assert len(person.roles) == 1
            assert person.department is Department.MANAGEMENT


def test_a_dozen_customers_fill_all_four_categories():
    assert len(DEMO.customers) >= 12
    assert {customer.category for customer in DEMO.customers} == set(Category)


def test_only_active_customers_say_how_they_cooperate_and_both_ways_occur():
    for customer in DEMO.customers:
        assert (customer.coop_type is not None) == (customer.category is Category.ACTIVE)
    assert {c.coop_type for c in DEMO.customers} - {None} == set(CooperationType)


def test_customers_are_created_by_who_may_and_filed_by_somebody_else():
    for customer in DEMO.customers:
        assert may("customer.create", customer.created_by, customer)
        assert customer.filed_by != customer.created_by
        if customer.filed_by:
            assert may("customer.file", customer.filed_by, customer)


def test_owners_are_salespeople_and_fields_are_known():
    for customer in DEMO.customers:
        assert Role.SALES in PEOPLE[customer.owner].roles
        assert customer.owner not in customer.coworkers
        assert set(customer.coworkers) <= set(PEOPLE)
        assert set(customer.fields) <= set(RULES.fields.by_key)


def test_every_customer_has_documents_and_some_stay_unfiled_and_one_is_returned():
    assert {d.customer for d in DEMO.documents} == set(CUSTOMERS)
    filing = Counter(d.filing for d in DEMO.documents)
    assert filing[Filing.RETURNED] == 1
    assert 3 <= filing[Filing.SUBMITTED] <= 10
    assert filing[Filing.FILED] >= 40


@DOCUMENTS
def test_a_document_is_added_by_who_may(document: Document):
    assert document.kind in KINDS
    assert may("document.add", document.uploaded_by, CUSTOMERS[document.customer], document.kind)


@DOCUMENTS
def test_a_document_is_filed_or_returned_by_somebody_else_who_may(document: Document):
    decided = document.filed_by or document.returned_by
    if decided:
        assert decided != document.uploaded_by
        assert may("document.file", decided, CUSTOMERS[document.customer], document.kind)
        assert CUSTOMERS[document.customer].filed_by
    assert not (document.filed_by and document.returned_by)
    assert bool(document.returned_by) == bool(document.return_reason)


@DOCUMENTS
def test_a_grade_is_only_ever_raised(document: Document):
    assert KINDS[document.kind].grade in up_to(grade(document))
    assert document.grade != KINDS[document.kind].grade


def test_a_second_version_comes_after_its_first_and_belongs_to_the_same_customer():
    before: dict[str, Document] = {}
    for document in DEMO.documents:
        if document.version_of:
            first = before[document.version_of]
            assert first.version_of is None
            assert (first.customer, first.kind) == (document.customer, document.kind)
        before[document.file] = document
    assert sum(1 for d in DEMO.documents if d.version_of) >= 2


def test_one_salesperson_sees_nothing_of_the_other_and_their_head_sees_both():
    first, second = readable("linzhiwei"), readable("zhoumuye")
    assert min(len(first), len(second)) >= 10
    assert first.isdisjoint(second)
    assert first | second == readable("yechengze")


def test_the_strictest_documents_are_seen_by_management_and_archivists_only():
    strictest = {d.file for d in DEMO.documents if grade(d) is Grade.TOP}
    assert strictest
    for person in DEMO.people:
        cleared = {Role.MANAGEMENT, Role.ARCHIVIST} & set(person.roles)
        assert bool(readable(person.login) & strictest) == bool(cleared)


def test_people_who_run_the_system_or_the_staff_see_no_document():
    for person in DEMO.people:
        if {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR, Role.HR} & set(person.roles):
            assert readable(person.login) == set()


def test_people_of_different_departments_see_different_documents():
    logins = "guweiyue luqinghe xuyanqiu linzhiwei luochengyu qianruogu wenruzhang".split()
    seen = [frozenset(readable(login)) for login in logins]
    assert len(set(seen)) == len(seen)
    assert all(seen)
