"""What PostgreSQL guards by itself, and what only shows with many connections at once."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select

from service import (
    accounts,
    categories,
    customers,
    databases,
    documents,
    leaving,
    schema,
    signins,
)
from service.audit.entries import Subject
from service.audit.verify import Code
from service.codes import Category, Department, Role
from service.errors import Conflict, Denied, NotFound, Stale, TooMany, Unavailable
from service.models import Base, PolicySet, Version
from service.opening import open_archive
from service.owners import OWNER, people_of
from service.permissions import Action
from service.settings import Settings, from_environment
from tests.live.asking import postgres
from tests.live.site import Site
from tests.live.together import processes, together
from tests.live.world import APPLICATION, Home, home
from tests.service import test_leaving
from tests.world import World, password

pytestmark = pytest.mark.live

LOG = ("audit_event", "audit_body", "audit_detail", "audit_touch", "audit_checkpoint")


@pytest.fixture
def world(half: World) -> World:
    return half


def given(results: list[object]) -> list[str]:
    """Return the answers; who waited too long for others was told to come again."""
    answers = [r for r in results if isinstance(r, str)]
    assert answers
    assert all(isinstance(r, (str, Unavailable)) for r in results), results
    return answers


# -- the log's tables ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["audit_event", "audit_body"])
@pytest.mark.parametrize(
    "verb", ["UPDATE {} SET seq = seq", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_even_the_owner_cannot_change_the_log_by_mistake(world, place, table, verb):
    with (
        postgres(place.url("archive")) as owner,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        owner.execute(verb.format(table))
    assert world.verify().code is Code.OK


@pytest.mark.parametrize("table", LOG)
@pytest.mark.parametrize("verb", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_application_may_add_to_the_log_and_nothing_else(world, place, table, verb):
    column = "tree_size" if table == "audit_checkpoint" else "seq"
    statement = verb.format(table, column, column)
    with (
        postgres(place.url("archive", APPLICATION)) as application,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        application.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit_head VALUES (2, 0, '', '')",
        "DELETE FROM audit_head",
        "UPDATE alembic_version SET version_num = 'x'",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_event_append_only ON audit_event",
        "DROP TABLE audit_touch",
        "CREATE TABLE more (id int)",
        "ALTER FUNCTION guidang_append_only() RENAME TO nothing",
    ],
)
def test_the_application_cannot_take_the_guards_away(world, place, statement):
    with (
        postgres(place.url("archive", APPLICATION)) as application,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        application.execute(statement)


def test_the_application_cannot_reach_the_keys(world, place):
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        postgres(place.url("keys", APPLICATION)) as application,
    ):
        application.execute("SELECT * FROM key")


def test_a_cluster_that_can_only_be_read_lets_nothing_be_looked_at(world, place):
    before = world.verify().events
    name = f'"{place.name}_archive"'
    with postgres(place.url("archive")) as owner:
        owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    world.archive.close()  # the setting is one of new connections
    actor, looked = world.actor("archivist"), False
    with (
        pytest.raises(Unavailable) as no,
        world.archive.call(actor, Action.SEARCH_RUN, Subject("search")),
    ):
        looked = True
    assert (no.value.part, looked) == ("log", False)
    with postgres(place.url("archive")) as owner:
        owner.execute("SET default_transaction_read_only = off")
        owner.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    world.archive.close()
    report = world.verify()
    assert (report.code, report.events) == (Code.OK, before)


def appending(settings: Settings, n: int) -> None:
    """Search n times from a process of its own."""
    archive = open_archive(settings)
    try:
        with archive.db.read() as db:
            person = accounts.person_by_login(db, "archivist")
            assert person is not None
            actor = signins.actor_of(db, person, via="session")
        assert actor is not None
        for _ in range(n):
            with archive.call(actor, Action.SEARCH_RUN, Subject("search")):
                pass
    finally:
        archive.close()


def test_four_processes_append_without_gaps(world, place):
    before = world.verify().events
    assert processes(4, appending, place.settings, 25) == [0] * 4
    report = world.verify()
    assert (report.code, report.events) == (Code.OK, before + 4 * 25 * 2)


# -- many at once ----------------------------------------------------------------------------------


def test_of_many_who_move_a_customer_at_once_one_succeeds(world):
    customer = world.customer(category=Category.INTENDED)
    actors = [world.actor(who) for who in ("archivist", "archivist2", "service_manager")] * 2

    def move(number: int) -> object:
        subject = Subject("customer", customer.id)
        actor = actors[number]
        with world.archive.call(actor, Action.CUSTOMER_MOVE_CATEGORY, subject) as call:
            return categories.move(
                call,
                customer.id,
                if_match=customer.rev,
                to="active",
                reason="签约",
                coop_type="project",
            ).category

    results = together([partial(move, n) for n in range(len(actors))])
    assert results.count(Category.ACTIVE) == 1
    assert all(isinstance(r, Conflict) for r in results if r is not Category.ACTIVE), results
    assert world.verify().code is Code.OK


def until_waiting(place: Home, other: Future[Any]) -> None:
    """Wait until somebody waits for a lock in the database, or the other is done."""
    waiting = (
        "SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = current_database()"
    )
    with postgres(place.url("archive")) as asked:
        while not other.done() and not asked.execute(waiting).fetchone():
            pass


def test_who_leaves_while_another_gets_their_customer_leaves_it_one_owner(world, place):
    customer = world.customer(owner="sales")
    subject = Subject("customer", customer.id)
    archivist, other = world.actor("archivist"), world.id("technical")
    with ThreadPoolExecutor(1) as pool:
        with world.archive.call(archivist, Action.CUSTOMER_EDIT, subject) as call:
            customers.edit(call, customer.id, if_match=customer.rev, owner=other)
            left = pool.submit(test_leaving.switch_off, world, "sales", "sales2")
            until_waiting(place, left)
        assert left.result().active is False
    with world.archive.db.read() as db:
        assert people_of(db, [customer.id]) == {customer.id: {other: OWNER}}


def test_who_sets_people_while_somebody_leaves_is_told(world, place):
    customer = world.customer(owner="sales")
    person, subject = world.id("sales"), Subject("person", world.id("sales"))
    with ThreadPoolExecutor(1) as pool:
        with world.archive.call(
            world.actor("security_admin"), Action.USER_MANAGE, subject, writes=True
        ) as call:
            leaving.hand_over(call, person, world.id("sales2"))
            edit = partial(test_leaving.edit, world, customer.id, owner=world.id("technical"))
            edited = pool.submit(edit)
            until_waiting(place, edited)
        with pytest.raises(Stale):
            edited.result()
    with world.archive.db.read() as db:
        assert people_of(db, [customer.id]) == {customer.id: {world.id("sales2"): OWNER}}


def test_customers_filed_at_once_get_numbers_without_gaps(world):
    drafts = [world.customer(f"第{n}客户有限公司") for n in range(6)]
    actor = world.actor("archivist")

    def file(draft: customers.CustomerFile) -> object:
        subject = Subject("customer", draft.id)
        with world.archive.call(actor, Action.CUSTOMER_FILE, subject) as call:
            return customers.file(call, draft.id, if_match=draft.rev).number

    numbers = given(together([partial(file, draft) for draft in drafts]))
    assert sorted(numbers) == [f"KH-{n[3:7]}-{i:05d}" for i, n in enumerate(numbers, 1)]


def test_documents_added_at_once_are_all_there(world):
    customer = world.customer()

    def add(number: int) -> object:
        return world.document(customer.id, f"第{number}号 焊接机器人").id

    papers = given(together([partial(add, n) for n in range(6)]))
    world.work()
    assert world.found("焊接机器人", by="archivist") == set(papers)


def test_versions_added_at_once_get_numbers_of_their_own(world):
    paper = world.document(world.customer().id, "第一版").id

    def add(number: int) -> object:
        world.version(paper, f"又一版 {number}")
        return "added"

    added = given(together([partial(add, n) for n in range(4)]))
    with world.archive.db.read() as db:
        numbers = db.scalars(select(Version.no).where(Version.document == paper)).all()
    assert sorted(numbers) == list(range(1, len(added) + 2))


def test_of_wrong_passwords_sent_at_once_no_more_are_answered_than_the_limit(world):
    def guess(number: int) -> object:
        return signins.sign_in(
            world.archive, "sales", f"wrong guess {number}", address="192.0.2.66", agent="test"
        )

    results = together([partial(guess, n) for n in range(14)])
    with world.archive.db.read() as db:
        most = world.archive.policies.current(db).limits.sign_in.pair_failures
    answers = [type(result) for result in results]
    assert answers.count(Denied) == most, results
    assert answers.count(TooMany) == 14 - most, results
    with pytest.raises(TooMany):
        signins.sign_in(
            world.archive, "sales", password("sales"), address="192.0.2.66", agent="test"
        )


def test_one_person_may_search_many_times_at_once(world):
    customer = world.customer()
    paper = world.document(customer.id, "焊接机器人")
    world.work()
    results = together([partial(world.found, "焊接机器人", by="sales")] * 8)
    assert results == [{paper.id}] * 8


def test_nul_and_other_odd_ids_are_not_found(world):
    actor = world.actor("archivist")
    for odd in ("\x00", "a\x00b", "x" * 10_000, "'; DROP TABLE customer; --", "\u202e"):
        for action, get in (
            (Action.CUSTOMER_READ, customers.get),
            (Action.DOCUMENT_READ, documents.get),
        ):
            with (
                pytest.raises(NotFound),
                world.archive.call(actor, action, Subject("customer", odd)) as call,
            ):
                get(call, odd)
    for q in ("\x00", "焊接\x00机器人", '"\x00"', "a\x00*"):
        assert world.search(q, by="archivist").items == ()


# -- the schema ------------------------------------------------------------------------------------


def opening(settings: Settings) -> None:
    open_archive(settings).close()


def test_two_processes_may_open_an_empty_archive_at_once(tmp_path, sandbox):
    empty = home(tmp_path / "data")
    assert processes(3, opening, empty.settings) == [0] * 3
    with World.opened(empty.settings, sandbox) as world:
        world.person("first", frozenset({Role.SECURITY_ADMIN}), Department.MANAGEMENT)
        with world.archive.db.read() as db:
            assert len(db.scalars(select(PolicySet.id)).all()) == 1
        assert world.verify().code is Code.OK


def test_tables_are_those_that_the_program_knows(place):
    engine = create_engine(place.url("archive"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_migrations_go_back_and_forth_with_rows_in_the_tables(place, sandbox):
    with World.opened(place.settings, sandbox) as world:
        customer = world.customer(filed=True)
        paper = world.document(customer.id, "焊接机器人")
        world.work()
        before = world.verify()
    owner = place.url("archive")
    schema.downgrade(owner, "0001")
    schema.ensure(place.settings.database_url, owner)
    with World.opened(place.settings, sandbox) as world:
        assert world.verify() == before
        assert world.found("焊接机器人", by="sales") == {paper.id}
        assert world.verify().code is Code.OK
    schema.downgrade(owner, "base")
    schema.ensure(place.settings.database_url, owner)
    assert schema.current(owner) == schema.head()


def test_several_set_ups_at_once_make_the_same_roles_and_databases() -> None:
    settings = from_environment(Site.current().environment("setup"))
    with ThreadPoolExecutor(4) as pool:
        for made in [pool.submit(databases.prepare, settings) for _ in range(24)]:
            made.result()
