"""Rights against the approved tables, read by these tests themselves, not by the policy loader."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.codes import Category, Filing, Grade, Module, Role
from service.permissions import (
    Action,
    Actor,
    Target,
    customer_scopes,
    decide,
    original_scopes,
    scopes,
)
from service.policy import packaged, parse
from service.policy.rules import PolicyError

GOLDEN = Path(__file__).parent / "golden"
GRADES = ["general", "confidential", "secret", "top"]
ME, OTHER = "me", "somebody else"

#: DATA.md's kinds by module, and its parts, written down once more.
KINDS = {
    "company": "business_licence qualification",
    "contacts": "business_card authorization",
    "personal": "id_document consent",
    "demand": "requirement minutes letter other",
    "contract": "contract supplement quotation bid technical_agreement",
    "project": "proposal equipment_list drawing commissioning acceptance schedule",
    "service": "inquiry repair inspection training visit complaint",
    "finance": "invoice payment statement credit_check",
}
PARTS = {
    "technical_annex": "technical_agreement",
    "quotation": "quotation bid",
    "complaints": "complaint",
    "amounts": "",
    "payment": "",
    "technical_contact": "",
}

POLICY = parse(packaged())


def rows(name: str) -> list[dict[str, str]]:
    with (GOLDEN / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


CLEARANCE = {r["role"]: r["highest_grade"] for r in rows("clearance.csv")}


def person(*roles: str) -> Actor:
    return Actor("person", ME, roles=frozenset(map(Role, roles)), team=frozenset({ME}))


def cleared(role: str, grade: str) -> bool:
    highest = CLEARANCE[role]
    return highest != "none" and GRADES.index(grade) <= GRADES.index(highest)


def cells() -> Iterator[tuple[dict[str, str], str, str, bool]]:
    """Yield every cell with a kind, a grade, and whether the customer is the person's own."""
    for row in rows("matrix-read.csv"):
        for kind in KINDS[row["module"]].split():
            for grade in GRADES:
                for own in (True, False):
                    yield row, kind, grade, own


def expected(row: dict[str, str], kind: str, grade: str, *, own: bool) -> bool:
    if row["effect"] not in ("yes", "own") or not cleared(row["role"], grade):
        return False
    if row["part"]:
        covered = " ".join(PARTS[p] for p in row["part"].split(",")).split()
        if kind not in covered:
            return False
    return row["effect"] == "yes" or own


def test_every_cell_of_the_read_matrix_opens_what_it_says_and_nothing_else() -> None:
    by_role = {role: scopes(POLICY, person(role)) for role in map(str, Role)}
    wrong = []
    for row, kind, grade, own in cells():
        people = frozenset({ME if own else OTHER})
        got = by_role[row["role"]].covers(
            "d", Category(row["category"]), kind, Grade(grade), people
        )
        if got != expected(row, kind, grade, own=own):
            wrong.append((row, kind, grade, own, got))
    assert wrong == []


def test_no_role_means_nothing_can_be_found() -> None:
    nobody = person()
    assert scopes(POLICY, nobody).empty
    assert scopes(POLICY, nobody).categories == frozenset()
    assert customer_scopes(POLICY, nobody).empty


@pytest.mark.parametrize("role", ["hr", "system_admin", "security_admin", "auditor"])
def test_seats_without_content_see_no_document_and_no_customer(role: str) -> None:
    assert scopes(POLICY, person(role)).empty
    assert customer_scopes(POLICY, person(role)).empty


def test_several_roles_are_a_union_each_with_its_own_clearance() -> None:
    # technical sees own active projects up to confidential; finance sees finance up to secret
    both = scopes(POLICY, person("technical", "finance"))
    mine, active = frozenset({ME}), Category.ACTIVE
    assert both.covers("d", active, "proposal", Grade.CONFIDENTIAL, mine)
    assert both.covers("d", active, "invoice", Grade.SECRET, frozenset({OTHER}))
    # finance's clearance does not lift what only technical may read
    assert not both.covers("d", active, "proposal", Grade.SECRET, mine)


def test_own_with_no_people_is_nothing() -> None:
    lonely = Actor("person", ME, roles=frozenset({Role.SALES}), team=frozenset())
    assert scopes(POLICY, lonely).empty


def test_a_head_sees_what_the_department_owns() -> None:
    head = Actor("person", ME, roles=frozenset({Role.SALES}), team=frozenset({ME, "colleague"}))
    colleague, stranger = frozenset({"colleague"}), frozenset({OTHER})
    assert scopes(POLICY, head).covers("d", Category.ACTIVE, "contract", Grade.SECRET, colleague)
    assert not scopes(POLICY, head).covers("d", Category.ACTIVE, "contract", Grade.SECRET, stranger)


def test_originals_go_with_the_read_right_unless_every_role_that_reads_withholds_them() -> None:
    some, both = person("sales"), person("sales", "archivist")
    assert original_scopes(POLICY, some) == scopes(POLICY, some)
    texts = packaged()
    roles = texts["roles"].replace("withheld = []", 'withheld = ["sales"]')
    strict = parse({**texts, "roles": roles})
    assert scopes(strict, some) == scopes(POLICY, some)
    assert original_scopes(strict, some).empty
    assert original_scopes(strict, both) == scopes(POLICY, person("archivist"))
    before = texts["roles"].replace("[originals]\n", "").replace("withheld = []\n", "")
    older = parse({**texts, "roles": before})
    assert older.read.withheld == frozenset()
    with pytest.raises(PolicyError, match="nobody"):
        parse({**texts, "roles": texts["roles"].replace("withheld = []", 'withheld = ["nobody"]')})


def named(words: str) -> set[str]:
    """Return the kinds a `modules` cell of actions.csv covers."""
    everything = {k for kinds in KINDS.values() for k in kinds.split()}
    if words in ("", "all"):
        return everything
    if words.startswith("all but "):
        return everything - named(words.removeprefix("all but "))
    covered: set[str] = set()
    for word in words.split():
        covered |= set((KINDS.get(word) or PARTS[word]).split())
    return covered


DOCUMENT_ACTIONS = [
    r
    for r in rows("actions.csv")
    if r["action"] in set(Action)
    and r["action"].startswith("document.")
    and r["role"] in {str(x) for x in Role}
]


@pytest.mark.parametrize("row", DOCUMENT_ACTIONS, ids=lambda r: f"{r['action']}-{r['role']}")
def test_document_actions_reach_the_named_kinds_and_categories_only(row: dict[str, str]) -> None:
    categories = {*Category} if row["categories"] in ("", "all") else set(row["categories"].split())
    wrong = []
    for category in Category:
        for kind in named("all"):
            for own in (True, False):
                target = Target(
                    category=category,
                    kind=kind,
                    people=frozenset({ME if own else OTHER}),
                    uploader=OTHER,
                    filing=Filing.SUBMITTED,
                    in_scope=True,
                )
                got = decide(POLICY, person(row["role"]), Action(row["action"]), target).allowed
                want = category in categories and kind in named(row["modules"])
                want = want and (row["effect"] == "yes" or own)
                if got != want:
                    wrong.append((category, kind, own, got))
    assert wrong == []


def test_nobody_has_a_document_action_that_the_table_does_not_give() -> None:
    given = {(r["action"], r["role"]) for r in rows("actions.csv")}
    walking = [a for a in Action if f"{a}" in {r["action"] for r in rows("actions.csv")}]
    read_right = {"document.original", "search.run"}
    versions = {("document.add_version", r) for a, r in given if a == "document.add"}
    for action in walking:
        for role in Role:
            if (action, role) in given | versions or action in read_right:
                continue
            if (action, "everyone") in given:
                continue
            target = Target(
                category=Category.ACTIVE,
                kind="minutes",
                module=Module.COMPANY,
                people=frozenset({ME}),
                uploader=OTHER,
                creator=OTHER,
                filing=Filing.SUBMITTED,
            )
            assert not decide(POLICY, person(role), action, target).allowed, (action, role)


def test_an_uploader_moves_what_is_not_filed_between_their_own_customers_only() -> None:
    for people, filing, allowed in (
        ({ME}, Filing.SUBMITTED, True),
        ({OTHER}, Filing.SUBMITTED, False),
        ({ME}, Filing.FILED, False),
    ):
        target = Target(
            category=Category.ENDED,
            kind="minutes",
            people=frozenset(people),
            uploader=ME,
            filing=filing,
        )
        got = decide(POLICY, person("sales"), Action.DOCUMENT_MOVE, target).allowed
        assert got is allowed, (people, filing)


@pytest.mark.parametrize("action", [Action.DOCUMENT_FILE, Action.DOCUMENT_RETURN])
def test_an_uploader_neither_files_nor_returns_their_own_upload(action: Action) -> None:
    target = Target(category=Category.ACTIVE, kind="minutes", uploader=ME, filing=Filing.SUBMITTED)
    assert not decide(POLICY, person("archivist"), action, target).allowed


def test_nobody_files_a_customer_they_opened() -> None:
    target = Target(category=Category.POTENTIAL, creator=ME)
    assert not decide(POLICY, person("archivist"), Action.CUSTOMER_FILE, target).allowed
    target = Target(category=Category.POTENTIAL, creator=OTHER)
    assert decide(POLICY, person("archivist"), Action.CUSTOMER_FILE, target).allowed


def test_nobody_changes_their_own_rights() -> None:
    mine = Target(subject_person=ME)
    assert not decide(POLICY, person("security_admin"), Action.USER_MANAGE, mine).allowed


def test_the_clearance_limits_do_rights_on_documents_too() -> None:
    target = Target(
        category=Category.ACTIVE,
        kind="minutes",
        grade=Grade.TOP,
        uploader=OTHER,
        filing=Filing.SUBMITTED,
    )
    assert not decide(POLICY, person("service_manager"), Action.DOCUMENT_FILE, target).allowed
    assert decide(POLICY, person("archivist"), Action.DOCUMENT_FILE, target).allowed


def test_the_archive_s_own_processes_do_only_what_is_listed() -> None:
    worker = Actor("service", "worker", login="worker")
    assert decide(POLICY, worker, Action.DOCUMENT_EXTRACT, Target()).allowed
    for action in (Action.USER_MANAGE, Action.DOCUMENT_FILE, Action.AUDIT_READ):
        assert not decide(POLICY, worker, action, Target()).allowed
    stranger = Actor("service", "stranger", login="stranger")
    assert not decide(POLICY, stranger, Action.DOCUMENT_EXTRACT, Target()).allowed
