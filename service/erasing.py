"""What may leave the log: details by the month, and bodies that are old enough; by two persons.

Both are named in the log before anything is removed, once by each of the two, so that a verifier
accepts what is missing there and nowhere else. An interrupted run is run again. The database's
own guards are lifted only here, for the length of a batch, by the role that owns the tables.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from service import signins
from service.archive import Archive
from service.audit.entries import Subject
from service.audit.roots import root_of
from service.audit.verify import FLOOR
from service.codes import Role
from service.db import Database
from service.errors import Conflict, Denied, Invalid
from service.keystore.rows import Kind
from service.models import AuditDetail, AuditEvent
from service.models.columns import instant_text
from service.permissions import Action, Actor
from service.settings import SettingsError

#: Bodies that stay for ever: they say what else is missing, and who signs.
KEPT = (
    Action.AUDIT_ERASE,
    Action.AUDIT_PURGE,
    Action.AUDIT_RESUME,
    Action.ANCHOR_REKEY,
)

#: How long bodies stay unless somebody asks for less, which is never below `FLOOR`.
USUAL = timedelta(days=1096)

#: Numbers that one transaction covers.
_BATCH = 2000

#: The details of a batch that one key sealed.
_KEYED = "seq > :after AND seq <= :upto AND key = :key"

#: One of each confirms.
_SIDES = (Role.MANAGEMENT, Role.LEGAL)


@dataclass(frozen=True, slots=True)
class Removed:
    """From and to which number something was removed, and how many rows of it."""

    start: int
    stop: int
    count: int


@contextmanager
def confirmed(archive: Archive, accounts: Sequence[tuple[str, str]]) -> Iterator[tuple[Actor, ...]]:
    """Let two persons sign in with login and password, one of management and one of legal.

    Raises `Denied` or `TooMany` for a wrong password, which is logged, and `Denied` for two who
    are not one of each. Their sign-ins end with the block.
    """
    people: list[Actor] = []
    try:
        for login, password in accounts:
            signed = signins.sign_in(archive, login, password, address="", agent="guidang")
            people.append(replace(signed.actor, via="cli"))
        if not _two_sides(people):
            raise Denied("One person of management and one of legal have to confirm this.")
        yield tuple(people)
    finally:
        for person in people:
            signins.sign_out(archive, person)


def _two_sides(people: Sequence[Actor]) -> bool:
    if len(people) != len(_SIDES) or len({person.id for person in people}) != len(_SIDES):
        return False
    first, second = people
    return any(a in first.roles and b in second.roles for a, b in (_SIDES, tuple(reversed(_SIDES))))


def erase_details(
    archive: Archive, people: Sequence[Actor], month: str, reason: str, *, now: datetime
) -> Removed:
    """Erase every detail of a past month (`2026-10`), who saw what with it, and its key.

    Raises `Invalid` for a month that is not over, `Conflict` when nothing of it is there, and
    `SettingsError` without the owner's address.
    """
    _need_owner(archive)
    if not month < f"{now.astimezone(UTC):%Y-%m}":
        raise Invalid("Only the details of a month that is over can be erased.")
    found = archive.keystore.find(Kind.AUDIT_MONTH, [month])
    if not found:
        raise Conflict("There is no detail of this month.")
    key = found[0].id
    with archive.db.read() as db:
        edges = select(func.min(AuditDetail.seq), func.max(AuditDetail.seq), func.count())
        first, last, count = db.execute(edges.where(AuditDetail.key == key)).one()
    if count:
        subject = Subject("detail_key", key)
        detail = {"month": month, "reason": reason}
        _say(archive, people, Action.AUDIT_ERASE, subject, (first, last), detail)
        statements = (
            f"DELETE FROM audit_touch WHERE seq IN (SELECT seq FROM audit_detail WHERE {_KEYED})",  # noqa: S608
            f"DELETE FROM audit_detail WHERE {_KEYED}",  # noqa: S608 - our own words
        )
        _in_batches(archive, first, last, statements, {"key": key})
    # last: touches whose list can no longer be opened would look like hidden ones
    archive.keystore.destroy(Kind.AUDIT_MONTH, month)
    return Removed(first or 0, last or 0, count)


def purge(
    archive: Archive, people: Sequence[Actor], older: timedelta, reason: str, *, now: datetime
) -> Removed:
    """Remove the bodies and details of entries that are older; leaves and chain stay.

    Raises `Invalid` for less than `FLOOR`, whatever any setting or policy says, and `Conflict`
    when nothing is that old, and `SettingsError` without the owner's address.
    """
    _need_owner(archive)
    if older < FLOOR:
        raise Invalid("Entries of the log stay for at least 184 days.")
    with archive.db.read() as db:
        last = _last_before(db, instant_text(now - older))
        root = root_of(db, last)
    if not last:
        raise Conflict("No entry is that old.")
    subject = Subject("log", root.hex()[:32])
    _say(archive, people, Action.AUDIT_PURGE, subject, (1, last), {"reason": reason})
    kept = ", ".join(f"'{action}'" for action in KEPT)
    gone = (
        "seq > :after AND seq <= :upto AND seq NOT IN (SELECT seq FROM audit_event "  # noqa: S608
        f"WHERE seq > :after AND seq <= :upto AND action IN ({kept}))"
    )
    tables = ("audit_touch", "audit_detail", "audit_body")
    statements = tuple(f"DELETE FROM {table} WHERE {gone}" for table in tables)  # noqa: S608 - names
    return Removed(1, last, _in_batches(archive, 1, last, statements, {}, unguarded=True))


def _last_before(db: Session, moment: str) -> int:
    """Return the last number up to which everything is older and has a body that may go."""
    younger = select(func.min(AuditEvent.seq)).where(AuditEvent.ts >= moment)
    before = (db.scalar(younger) or db.scalar(select(func.max(AuditEvent.seq) + 1)) or 1) - 1
    names = [str(action) for action in KEPT]
    last = select(func.max(AuditEvent.seq)).where(
        AuditEvent.seq <= before, AuditEvent.action.not_in(names)
    )
    return db.scalar(last) or 0


def _say(
    archive: Archive,
    people: Sequence[Actor],
    action: Action,
    subject: Subject,
    span: tuple[int, int],
    detail: dict[str, str],
) -> None:
    for person in people:
        with archive.call(person, action, subject, detail=detail, writes=True) as call:
            call.require()
            call.say(part={"from": span[0], "to": span[1]})


def _in_batches(
    archive: Archive,
    first: int,
    last: int,
    statements: Sequence[str],
    values: dict[str, str],
    *,
    unguarded: bool = False,
) -> int:
    """Remove in short transactions; return how many rows of the last statement's table went."""
    count = 0
    with _owner(archive) as database:
        for after in range(first - 1, last, _BATCH):
            limits = {"after": after, "upto": min(after + _BATCH, last), **values}
            with database.write() as db, _lifted(db) if unguarded else _standing():
                for statement in statements:
                    done = db.execute(text(statement), limits)
                    removed = int(done.rowcount)  # type: ignore[attr-defined]
                count += removed
    return count


def _need_owner(archive: Archive) -> None:
    """Refuse before anything is said in the log that could not be done."""
    if not archive.db.sqlite and not archive.settings.database_owner:
        message = "only the owner of the tables removes anything: set GUIDANG_DATABASE_OWNER"
        raise SettingsError(message)


@contextmanager
def _owner(archive: Archive) -> Iterator[Database]:
    """Give the database as the owner of its tables has it: only they may remove anything."""
    owner = archive.settings.database_owner
    if archive.db.sqlite or not owner:
        yield archive.db
        return
    database = Database(owner, pool=2)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _standing() -> Iterator[None]:
    yield


@contextmanager
def _lifted(db: Session) -> Iterator[None]:
    """Lift the guard on bodies within this transaction; it is back before anybody else looks."""
    run: Callable[[str], object] = lambda sql: db.execute(text(sql))  # noqa: E731 - one line twice
    if db.get_bind().dialect.name == "sqlite":
        run("DROP TRIGGER audit_body_no_delete")
        yield
        run(
            "CREATE TRIGGER audit_body_no_delete BEFORE DELETE ON audit_body "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )
        return
    run("ALTER TABLE audit_body DISABLE TRIGGER audit_body_append_only")
    yield
    run("ALTER TABLE audit_body ENABLE TRIGGER audit_body_append_only")
