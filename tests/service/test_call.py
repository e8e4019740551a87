"""A call and its entries in the log commit together, or nothing happens."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, select, text

from service import categories, customers, filing, originals, texts
from service.archive import Call
from service.audit.entries import Subject
from service.audit.verify import Code
from service.codes import Role
from service.errors import Conflict, Denied, Hidden, NotFound, Stale, Unavailable
from service.keystore.rows import keys
from service.models import AuditBody, AuditEvent, Customer, Dirty, Document, Job, RecentSearch
from service.permissions import Action
from tests.recording import recording
from tests.world import World

TEXT = "谐波减速器的回差在第三轴上"


def log(world: World, after: int = 0) -> list[dict[str, Any]]:
    """Return the bodies of the log's entries beyond a number."""
    with world.archive.db.read() as db:
        rows = db.scalars(
            select(AuditBody.body).where(AuditBody.seq > after).order_by(AuditBody.seq)
        )
        return [json.loads(body) for body in rows]


def last(world: World) -> int:
    with world.archive.db.read() as db:
        return db.scalar(select(func.max(AuditEvent.seq))) or 0


def count(world: World, model: type[Any]) -> int:
    with world.archive.db.read() as db:
        return db.scalar(select(func.count()).select_from(model)) or 0


@contextmanager
def refusing(world: World, condition: str = "1") -> Iterator[None]:
    """Let the database refuse new entries of the log while a condition on them holds."""
    with world.archive.db.write() as db:
        db.execute(
            text(
                f"CREATE TRIGGER full BEFORE INSERT ON audit_event WHEN {condition} "
                "BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        )
    try:
        yield
    finally:
        with world.archive.db.write() as db:
            db.execute(text("DROP TRIGGER full"))


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Hold the database's own write lock from another connection."""
    other = sqlite3.connect(world.archive.settings.data / "archive.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


# -- reads -----------------------------------------------------------------------------------


def test_a_read_is_an_intent_and_an_outcome_that_refers_to_it(world: World) -> None:
    document = world.document(world.customer().id, TEXT)
    world.work()
    before = last(world)
    actor = world.actor("service_officer")
    with world.archive.call(
        actor, Action.SEARCH_RUN, Subject("search"), detail={"q": "谐波"}
    ) as call:
        assert [e["phase"] for e in log(world, before)] == ["intent"]
        shown = call.event
        call.returned([document.id], "listed")
    intent, outcome = log(world, before)
    assert (intent["seq"], outcome["seq"], outcome["ref"]) == (before + 1, before + 2, before + 1)
    assert call.event == shown == intent["seq"]
    assert "decision" not in intent
    assert "result" not in intent
    assert outcome["decision"] == "allow"
    assert outcome["result"]["count"] == 1
    assert "detail" in intent
    assert intent["actor"] == outcome["actor"]


def test_a_download_says_how_much_of_it_left(world: World) -> None:
    document = world.document(world.customer().id, TEXT * 20_000)
    actor, subject = world.actor("service_officer"), Subject("document", document.id)
    before = last(world)
    for take in (1_000_000_000, 1):
        with world.archive.call(actor, Action.DOCUMENT_ORIGINAL, subject) as call:
            original = originals.fetch(call, document.id)
        sending = original.chunks()
        for _, _chunk in zip(range(take), sending, strict=False):
            pass
        sending.close()  # type: ignore[attr-defined]
    whole, part = (e for e in log(world, before) if e["phase"] == "delivered")
    assert whole["result"] == {"bytes": original.size, "complete": True}
    assert part["result"]["complete"] is False
    assert part["result"]["bytes"] < original.size
    assert whole["ref"] == before + 1


def test_a_download_nobody_waited_for_is_delivered_with_nothing(world: World) -> None:
    document = world.document(world.customer().id, TEXT)
    subject = Subject("document", document.id)
    with world.archive.call(
        world.actor("service_officer"), Action.DOCUMENT_ORIGINAL, subject
    ) as call:
        original = originals.fetch(call, document.id)
    original.chunks().close()  # type: ignore[attr-defined]
    entry = log(world)[-1]
    assert (entry["phase"], entry["ref"]) == ("delivered", call.event)
    assert entry["result"] == {"bytes": 0, "complete": False}


# -- refusals --------------------------------------------------------------------------------


def test_a_denial_survives_the_rollback_of_what_was_written(world: World) -> None:
    customer = world.customer()
    before = last(world)
    actor, subject = world.actor("service_officer"), Subject("customer", customer.id)

    def half(call: Call) -> None:
        call.db.execute(text("UPDATE customer SET rev = 99"))
        call.require(customers.target(customers.load(call.db, customer.id)), Action.USER_MANAGE)

    with (
        pytest.raises(Denied) as refused,
        world.archive.call(actor, Action.CUSTOMER_EDIT, subject) as call,
    ):
        half(call)
    (entry,) = log(world, before)
    assert (entry["phase"], entry["decision"]) == ("event", "deny")
    assert entry["rule"].startswith("user.manage")
    assert entry["result"] == {"error": "denied"}
    assert refused.value.event == entry["seq"]
    with world.archive.db.read() as db:
        assert db.get_one(Customer, customer.id).rev == customer.rev


def test_a_denied_read_has_intent_and_outcome_and_shows_the_intents_number(world: World) -> None:
    before = last(world)
    with (
        pytest.raises(Denied) as refused,
        world.archive.call(world.actor("sales"), Action.AUDIT_READ, Subject("audit")) as call,
    ):
        call.require()
    intent, outcome = log(world, before)
    assert (outcome["decision"], outcome["ref"]) == ("deny", intent["seq"])
    assert refused.value.event == intent["seq"]


def test_a_hidden_thing_is_denied_in_the_log_and_shows_no_number(world: World) -> None:
    customer = world.customer(owner="sales")
    document = world.document(customer.id, TEXT)
    before = last(world)
    answers = []
    for wanted in (document.id, "a" * 25 + "e"):
        with (
            pytest.raises(NotFound) as refused,
            world.archive.call(
                world.actor("sales2"), Action.DOCUMENT_TEXT, Subject("document", wanted)
            ) as call,
        ):
            texts.read(call, wanted)
        answers.append((str(refused.value), refused.value.event, refused.value.params))
    assert answers[0] == answers[1] == ("", None, {})
    hidden, absent = (e for e in log(world, before) if e["phase"] == "outcome")
    assert (hidden["decision"], hidden["rule"]) == ("deny", "document:scope")
    assert hidden["result"] == {"error": "hidden"}
    assert hidden["customer"] == customer.id
    assert (absent["decision"], absent["result"]) == ("fail", {"error": "not_found"})


def test_a_denied_reading_names_no_touched_document(world: World) -> None:
    document = world.document(world.customer(owner="sales").id, TEXT)
    before = last(world)
    subject = Subject("document", document.id)

    def peek(call: Call) -> None:
        call.touched(document.id, "opened")
        texts.read(call, document.id)

    with (
        pytest.raises(Hidden),
        world.archive.call(world.actor("sales2"), Action.DOCUMENT_TEXT, subject) as call,
    ):
        peek(call)
    with world.archive.db.read() as db:
        touched = db.execute(text("SELECT count(*) FROM audit_touch WHERE seq > :b"), {"b": before})
        assert touched.scalar_one() == 0


def test_a_mistake_in_the_program_is_logged_as_a_failure(world: World) -> None:
    before = last(world)
    with (
        pytest.raises(ZeroDivisionError),
        world.archive.call(
            world.actor("archivist"), Action.CUSTOMER_READ, Subject("customer")
        ) as call,
    ):
        call.returned([str(1 // 0)])
    _, outcome = log(world, before)
    assert (outcome["decision"], outcome["result"]) == ("fail", {"error": "internal"})


def test_service_accounts_may_do_only_what_is_listed(world: World) -> None:
    from service.permissions import service_actor

    before = last(world)
    with (
        pytest.raises(Denied),
        world.archive.call(
            service_actor("worker"), Action.USER_MANAGE, Subject("person"), writes=True
        ) as call,
    ):
        call.require()
    (entry,) = log(world, before)
    assert entry["actor"] == {"kind": "service", "id": "worker"}
    assert (entry["decision"], entry["via"]) == ("deny", "job")


# -- writes ----------------------------------------------------------------------------------


def test_a_write_commits_its_rows_jobs_marks_and_event_together(world: World) -> None:
    customer = world.customer(filed=True)
    before = last(world)
    world.move(customer.id, "active")
    (event,) = log(world, before)
    assert (event["phase"], event["decision"]) == ("event", "allow")
    assert (event["before"], event["after"]) == ({"category": "intended"}, {"category": "active"})
    with world.archive.db.read() as db:
        job = db.scalars(select(Job).where(Job.cause == event["seq"])).one()
        mark = db.scalars(select(Dirty).where(Dirty.id == customer.id)).one()
        assert (job.kind, job.subject) == ("project_customer", customer.id)
        assert (mark.kind, mark.rev) == ("customer", event["seq"])
        assert db.get_one(Customer, customer.id).category == "active"


def test_a_write_whose_event_cannot_be_written_changes_nothing(world: World) -> None:
    customer = world.customer(filed=True)
    document = world.document(customer.id, TEXT)
    before = last(world)
    jobs, marks = count(world, Job), count(world, Dirty)
    with refusing(world):
        for change in (
            lambda: world.move(customer.id, "active"),
            lambda: world.file(document.id),
            lambda: world.customer("杭州另立科技有限公司"),
        ):
            with pytest.raises(Unavailable) as refused:
                change()
            assert refused.value.part == "log"
    assert last(world) == before
    assert (count(world, Job), count(world, Dirty), count(world, Customer)) == (jobs, marks, 1)
    with world.archive.db.read() as db:
        assert db.get_one(Customer, customer.id).category == "intended"
    assert world.verify().code is Code.OK


def test_an_upload_whose_intent_cannot_be_written_leaves_no_key_and_no_object(
    world: World,
) -> None:
    customer = world.customer()
    made = _keys(world)
    with recording(world.archive) as recorder, refusing(world), pytest.raises(Unavailable) as no:
        world.document(customer.id, TEXT)
    assert no.value.part == "log"
    assert recorder.notes == []
    assert _keys(world) == made
    assert count(world, Document) == 0


def test_an_upload_whose_outcome_cannot_be_written_leaves_no_row(world: World) -> None:
    customer = world.customer()
    before = last(world)
    with refusing(world, "NEW.phase = 'outcome'"), pytest.raises(Unavailable) as no:
        world.document(customer.id, TEXT)
    assert no.value.part == "log"
    assert count(world, Document) == 0
    assert [e["phase"] for e in log(world, before)] == ["intent"]
    assert world.verify().orphans == (before + 1,)


def _keys(world: World) -> int:
    with sqlite3.connect(world.archive.settings.data / "keystore.db") as keystore:
        return int(keystore.execute(f"SELECT count(*) FROM {keys.name}").fetchone()[0])


# -- the log cannot be written ---------------------------------------------------------------


def _reads(world: World, document: str, customer: str) -> dict[str, tuple[Action, Subject, Any]]:
    subject = Subject("document", document)
    return {
        "text": (Action.DOCUMENT_TEXT, subject, lambda c: texts.read(c, document)),
        "original": (Action.DOCUMENT_ORIGINAL, subject, lambda c: originals.fetch(c, document)),
        "customer": (
            Action.CUSTOMER_READ,
            Subject("customer", customer),
            lambda c: customers.get(c, customer),
        ),
        "queue": (Action.DOCUMENT_QUEUE, Subject("document"), filing.uploads),
    }


def test_nothing_is_read_while_intents_cannot_be_written(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, TEXT)
    world.work()
    reached: list[str] = []
    actor = world.actor("service_officer")
    with recording(world.archive) as recorder, refusing(world):
        with pytest.raises(Unavailable) as refused:
            world.search("谐波", by="service_officer")
        assert refused.value.part == "log"
        for name, (action, subject, _) in _reads(world, document.id, customer.id).items():
            with pytest.raises(Unavailable) as no, world.archive.call(actor, action, subject):
                reached.append(name)
            assert no.value.part == "log"
    assert (reached, recorder.notes) == ([], [])
    assert world.found("谐波", by="service_officer") == {document.id}


def test_an_answer_is_discarded_when_its_outcome_cannot_be_written(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, TEXT)
    world.work()
    before = last(world)
    actor = world.actor("service_officer")
    left = []
    with refusing(world, "NEW.phase = 'outcome'"):
        with pytest.raises(Unavailable) as refused:
            left.append(world.search("谐波", by="service_officer"))
        assert refused.value.part == "log"
        for action, subject, read in _reads(world, document.id, customer.id).values():
            with pytest.raises(Unavailable) as no, world.archive.call(actor, action, subject) as c:
                read(c)
            assert no.value.part == "log"
    assert left == []
    assert count(world, RecentSearch) == 0
    intents = log(world, before)
    assert {e["phase"] for e in intents} == {"intent"}
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, tuple(e["seq"] for e in intents))


def test_a_refusal_that_cannot_be_logged_says_that_the_log_is_away(world: World) -> None:
    with (
        refusing(world, "NEW.decision = 'deny'"),
        pytest.raises(Unavailable) as refused,
        world.archive.call(world.actor("sales"), Action.AUDIT_READ, Subject("audit")) as call,
    ):
        call.require()
    assert refused.value.part == "log"


def test_a_search_waits_two_seconds_for_the_log_and_then_asks_nobody(world: World) -> None:
    with recording(world.archive) as recorder, locked(world), pytest.raises(Unavailable) as no:
        world.search("谐波", by="service_officer")
    assert no.value.part == "log"
    assert recorder.notes == []


def test_a_log_without_its_tables_is_away(world: World) -> None:
    with world.archive.db.write() as db:
        db.execute(text("ALTER TABLE audit_body RENAME TO elsewhere"))
    with pytest.raises(Unavailable) as refused:
        world.search("谐波", by="service_officer")
    assert refused.value.part == "log"


def test_without_its_keys_the_log_is_not_written_and_nothing_is_read(world: World) -> None:
    actor = world.actor("service_officer")
    with sqlite3.connect(world.archive.settings.data / "keystore.db") as keystore:
        keystore.execute(f'ALTER TABLE "{keys.name}" RENAME TO elsewhere')
    before = last(world)
    for action in (Action.SEARCH_RUN, Action.CUSTOMER_CREATE):
        with pytest.raises(Unavailable) as refused, world.archive.call(actor, action):
            pass
        assert refused.value.part == "log"
    assert last(world) == before


# -- two at once -----------------------------------------------------------------------------


def test_of_two_who_move_the_same_customer_one_wins(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    customer = world.customer(filed=True)
    start = Barrier(2)

    def move(login: str, to: str) -> str:
        actor = world.actor(login)
        start.wait()
        try:
            with world.archive.call(
                actor, Action.CUSTOMER_MOVE_CATEGORY, Subject("customer", customer.id)
            ) as call:
                coop = "project" if to == "active" else None
                categories.move(
                    call, customer.id, if_match=customer.rev, to=to, reason="签约", coop_type=coop
                )
        except Conflict as refused:
            return type(refused).__name__
        return to

    before = last(world)
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(move, ("archivist", "archivist2"), ("active", "ended")))
    (winner,) = set(ends) & {"active", "ended"}
    assert set(ends) - {winner} <= {Stale.__name__, Conflict.__name__}
    with world.archive.db.read() as db:
        row = db.get_one(Customer, customer.id)
        assert (row.category, row.rev) == (winner, customer.rev + 1)
    decisions = sorted(e["decision"] for e in log(world, before))
    assert decisions == ["allow", "fail"]


def test_a_write_that_lost_its_state_between_look_and_lock_is_stale(world: World) -> None:
    customer = world.customer(filed=True)
    world.move(customer.id, "active")
    with (
        pytest.raises(Stale),
        world.archive.call(
            world.actor("archivist"),
            Action.CUSTOMER_MOVE_CATEGORY,
            Subject("customer", customer.id),
        ) as call,
    ):
        categories.move(call, customer.id, if_match=customer.rev, to="ended", reason="终止")


def test_every_entry_states_who_what_on_what_and_how_it_ended(world: World) -> None:
    customer = world.customer()
    world.document(customer.id, TEXT)
    world.work()
    world.found("谐波", by="sales")
    for entry in log(world):
        assert {"v", "seq", "ts", "phase", "actor", "via", "action", "verb", "policy", "app"} <= (
            entry.keys()
        )
        assert entry["actor"]["kind"] in ("person", "service", "anonymous")
        assert entry["object"]["type"]
        assert ("decision" in entry) is (entry["phase"] != "intent")
        assert ("ref" in entry) is (entry["phase"] in ("outcome", "delivered"))
        if entry["actor"]["kind"] == "person":
            assert set(entry["actor"]["roles"]) <= set(map(str, Role))


def test_what_two_lists_of_one_call_show_is_counted_together(world: World) -> None:
    customer = world.customer(owner="sales").id
    world.document(customer, "一份", by="archivist")
    world.document(customer, "另一份", by="sales")
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_QUEUE, writes=False) as call:
        mine, waiting = filing.uploads(call), filing.to_file(call)
    assert (len(mine), len(waiting)) == (1, 1)
    assert log(world)[-1]["result"]["count"] == 2
