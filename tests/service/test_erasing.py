"""What may leave the log, by two persons; and that every proof of what is left still holds."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from service import erasing
from service.__main__ import main
from service.audit import log
from service.audit.entries import Subject, canonical
from service.audit.verify import FLOOR, Code
from service.errors import Conflict, Denied, Invalid
from service.keystore import Mirror
from service.models import SignIn
from service.permissions import Action
from tests.appending import entry
from tests.logged import entries
from tests.service.test_anchor import append
from tests.service.test_attacks import Connection, follow
from tests.world import World, password

MONTH, NOW = "2026-01", datetime.now(UTC)
#: Far enough ahead that every entry made now is old.
LATER = NOW + timedelta(days=400)


def furnish(world: World) -> None:
    """Write entries of an earlier month, whose details list what somebody found."""
    with world.archive.ring() as ring:
        month = log.MonthKey(ring.audit_month_id(MONTH), ring.audit_month(MONTH))
    found = replace(entry("finder"), touches=(("a" * 26, "listed"), ("b" * 26, "opened")))
    with world.archive.db.brief() as driver:
        (head,) = driver.ask(log.LOCK)
        log.append(driver, head, [found] * 7, month)
    append(world, 3)


def both(world: World) -> tuple[tuple[str, str], ...]:
    return tuple((login, password(login)) for login in ("management", "legal"))


def rows(world: World, table: str) -> int:
    with closing(sqlite3.connect(world.archive.settings.data / "archive.db")) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(count)


def age(world: World, last: int, days: int) -> None:
    """Let the entries up to a number be from long ago, as a log that is old would have them."""
    db = Connection(world.archive.settings.data / "archive.db")
    with db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%update'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        bodies = db.execute("SELECT seq, body FROM audit_body WHERE seq <= ?", (last,)).fetchall()
        for seq, body in bodies:
            members = json.loads(body)
            then = datetime.fromisoformat(members["ts"]) - timedelta(days=days)
            old = members | {"ts": then.strftime("%Y-%m-%dT%H:%M:%S.000Z")}
            db.execute("UPDATE audit_body SET body = ? WHERE seq = ?", (canonical(old), seq))
        follow(db)


# -- details ---------------------------------------------------------------------------------


def test_a_month_of_details_goes_with_who_saw_what_and_every_proof_holds(world: World) -> None:
    before = world.verify()
    assert rows(world, "audit_touch") == 14
    with erasing.confirmed(world.archive, both(world)) as people:
        done = erasing.erase_details(world.archive, people, MONTH, "到期", now=NOW)
    report = world.verify()
    assert report.code is Code.OK, report.reason
    assert (report.erased, report.unexplained) == (done.count, 0)
    assert done.count == 7
    assert rows(world, "audit_touch") == 0
    with closing(sqlite3.connect(world.archive.settings.data / "archive.db")) as db:
        leaves = db.execute("SELECT count(*) FROM audit_event WHERE leaf IS NOT NULL").fetchone()[0]
    assert leaves == report.events > before.events
    state = world.archive.keystore.state()
    assert (state.mirror, state.destructions) == (Mirror.AGREES, 1)


def test_both_are_named_in_the_log_with_what_was_erased(world: World) -> None:
    with erasing.confirmed(world.archive, both(world)) as people:
        done = erasing.erase_details(world.archive, people, MONTH, "到期", now=NOW)
        ids = {person.id for person in people}
    said = entries(world, Action.AUDIT_ERASE)
    assert {entry["actor"]["id"] for entry in said} == ids
    assert {tuple(entry["part"].values()) for entry in said} == {(done.start, done.stop)}


def test_a_month_that_is_not_over_and_one_that_never_was_are_refused(world: World) -> None:
    before = rows(world, "audit_detail")
    with erasing.confirmed(world.archive, both(world)) as people:
        with pytest.raises(Invalid):
            erasing.erase_details(world.archive, people, f"{NOW:%Y-%m}", "x", now=NOW)
        with pytest.raises(Conflict):
            erasing.erase_details(world.archive, people, "1999-01", "x", now=NOW)
    assert rows(world, "audit_detail") >= before


def test_what_was_interrupted_is_finished_when_it_is_run_again(world: World) -> None:
    with closing(sqlite3.connect(world.archive.settings.data / "archive.db")) as db, db:
        half = db.execute("SELECT seq FROM audit_touch GROUP BY seq LIMIT 5").fetchall()
        for (seq,) in half:
            db.execute("DELETE FROM audit_touch WHERE seq = ?", (seq,))
            db.execute("DELETE FROM audit_detail WHERE seq = ?", (seq,))
    with erasing.confirmed(world.archive, both(world)) as people:
        erasing.erase_details(world.archive, people, MONTH, "到期", now=NOW)
    assert world.verify().code is Code.OK
    assert rows(world, "audit_touch") == 0


# -- two persons -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pair",
    [
        ("management", "management"),
        ("legal", "legal"),
        ("management", "auditor"),
        ("archivist", "legal"),
        ("system_admin", "security_admin"),
    ],
)
def test_nothing_is_confirmed_by_others_or_by_one_alone(
    world: World, pair: tuple[str, str]
) -> None:
    accounts = [(login, password(login)) for login in pair]
    with pytest.raises(Denied), erasing.confirmed(world.archive, accounts):
        pass
    assert entries(world, Action.AUDIT_ERASE) == []


def test_a_wrong_password_confirms_nothing_and_is_logged(world: World) -> None:
    accounts = (("management", password("management")), ("legal", "a wrong password"))
    with pytest.raises(Denied), erasing.confirmed(world.archive, accounts):
        pass
    assert entries(world, Action.SIGN_IN, decision="deny")


def test_the_sign_ins_of_a_confirmation_end_with_it(world: World) -> None:
    with erasing.confirmed(world.archive, both(world)) as people:
        marks = {person.sign_in for person in people}
    with world.archive.db.read() as db:
        ended = select(SignIn.id_hash).where(SignIn.revoked.is_not(None))
        assert marks <= set(db.scalars(ended))


# -- bodies ----------------------------------------------------------------------------------


def test_old_bodies_go_and_leaves_chain_and_root_stay(world: World) -> None:
    old = world.verify().events
    age(world, old, 1200)
    append(world, 5)
    root = world.verify().root
    with erasing.confirmed(world.archive, both(world)) as people:
        done = erasing.purge(
            world.archive, people, timedelta(days=1096), "到期", now=datetime.now(UTC)
        )
    assert (done.start, done.stop, done.count) == (1, old, old)
    report = world.verify()
    assert (report.code, report.purged) == (Code.OK, old), report.reason
    assert report.root != root
    assert rows(world, "audit_body") == report.events - old
    with closing(sqlite3.connect(world.archive.settings.data / "archive.db")) as db:
        (missing,) = db.execute(
            "SELECT count(*) FROM audit_event WHERE length(leaf) < 32 OR length(chain) < 32"
        ).fetchone()
        assert missing == 0
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("DELETE FROM audit_body")


def test_later_purges_cover_earlier_ones_and_what_says_so_is_never_purged(world: World) -> None:
    for _ in range(2):
        age_all(world)
        append(world, 3)
        with erasing.confirmed(world.archive, both(world)) as people:
            erasing.purge(world.archive, people, FLOOR, "到期", now=datetime.now(UTC))
        report = world.verify()
        assert report.code is Code.OK, report.reason
    assert len(entries(world, Action.AUDIT_PURGE)) == 4


def age_all(world: World) -> None:
    """Let every entry whose body is there be older; those purged before keep their leaves."""
    db = Connection(world.archive.settings.data / "archive.db")
    with db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%update'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        if not db.execute("SELECT 1 FROM audit_event WHERE action = 'audit.purge'").fetchone():
            (last,) = db.execute("SELECT max(seq) FROM audit_event").fetchone()
        else:
            return
    age(world, last, 400)


@pytest.mark.parametrize("days", [0, 1, 183])
def test_nothing_younger_than_184_days_is_purged_whatever_is_asked(world: World, days: int) -> None:
    with (
        erasing.confirmed(world.archive, both(world)) as people,
        pytest.raises(Invalid, match="184"),
    ):
        erasing.purge(world.archive, people, timedelta(days=days), "x", now=LATER)
    assert world.verify().purged == 0


def test_a_log_that_is_too_young_has_nothing_to_purge(world: World) -> None:
    with erasing.confirmed(world.archive, both(world)) as people, pytest.raises(Conflict):
        erasing.purge(world.archive, people, FLOOR, "x", now=datetime.now(UTC))


def test_a_body_removed_without_a_purge_or_beside_its_range_is_found(world: World) -> None:
    old = world.verify().events
    age(world, old, 1200)
    append(world, 5)
    with erasing.confirmed(world.archive, both(world)) as people:
        erasing.purge(world.archive, people, FLOOR, "到期", now=datetime.now(UTC))
    attack(world, f"DELETE FROM audit_detail WHERE seq = {old + 2}")
    attack(world, f"DELETE FROM audit_body WHERE seq = {old + 2}")
    report = world.verify()
    assert (report.code, report.first_bad) == (Code.BODY, old + 2)


def test_bodies_purged_before_their_time_are_found(world: World) -> None:
    """The owner of the database writes two entries of a purge by hand, and removes young bodies."""
    last = world.verify().events
    with erasing.confirmed(world.archive, both(world)) as people:
        for person in people:
            subject = Subject("log", world.verify().root[:32])
            with world.archive.call(person, Action.AUDIT_PURGE, subject, writes=True) as call:
                call.say(part={"from": 1, "to": last})
    for table in ("touch", "detail", "body"):
        attack(world, f"DELETE FROM audit_{table} WHERE seq <= {last}")
    report = world.verify()
    assert (report.code, report.first_bad) == (Code.BODY, 1)


def test_a_purge_that_one_person_alone_wrote_down_is_none(world: World) -> None:
    last = world.verify().events
    age(world, last, 1200)
    root = world.verify().root
    subject, one = Subject("log", root[:32]), world.actor("management")
    for _ in range(2):
        with world.archive.call(one, Action.AUDIT_PURGE, subject, writes=True) as call:
            call.say(part={"from": 1, "to": last})
    for table in ("touch", "detail", "body"):
        attack(world, f"DELETE FROM audit_{table} WHERE seq <= {last}")
    report = world.verify()
    assert (report.code, report.first_bad) == (Code.BODY, 1)


def attack(world: World, statement: str) -> None:
    db = Connection(world.archive.settings.data / "archive.db")
    with db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.execute(f"DROP TRIGGER {name}")
        db.execute(statement)


# -- the command -----------------------------------------------------------------------------


def guidang(data: Path, *words: str, typed: str) -> Result:
    return CliRunner().invoke(main, list(words), input=typed, env={"GUIDANG_DATA": str(data)})


def test_the_command_asks_both_for_their_passwords(world: World) -> None:
    data, old = world.archive.settings.data, world.verify().events
    age(world, old, 1200)
    options = ("--management", "management", "--legal", "legal", "--reason", "到期")
    right = f"{password('management')}\n{password('legal')}\n"
    wrong = guidang(data, "audit", "purge", *options, typed=f"{password('management')}\nno\n")
    assert wrong.exit_code == 1
    young = guidang(data, "audit", "purge", "--older", "90d", *options, typed=right)
    assert (young.exit_code, "184 days" in young.stderr) == (1, True)
    done = guidang(data, "audit", "purge", *options, typed=right)
    assert done.exit_code == 0, done.stderr
    assert f"{old} bodies of entries 1 to {old}" in done.stdout
    month = guidang(
        data, "audit", "erase-details", "--month", f"{NOW:%Y-%m}", *options, typed=right
    )
    assert (month.exit_code, "month that is over" in month.stderr) == (1, True)
    assert world.verify().code is Code.OK
