"""People and their seats: who is there, which roles they hold, their own sign-ins."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from service import leaving, passwords
from service.archive import Call
from service.codes import PRIVILEGED, Department, Role
from service.crypto import Corrupt, unseal
from service.errors import Conflict, Denied, Invalid, NotFound, changed_meanwhile
from service.ids import new_id
from service.models import Department as DepartmentRow
from service.models import PasswordLink, Person, PersonRole, SignIn, Token
from service.permissions import Target

#: What an administrator at the portal may give; the operator gives the others by command.
GIVEN_AT_THE_PORTAL = tuple(r for r in Role if r not in PRIVILEGED)

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}\Z")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What is needed to open an account."""

    login: str
    name: str
    department: Department
    roles: frozenset[Role]
    #: None: nobody knows it; the person sets one by a link
    password: str | None
    head: bool = False


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as lists show them."""

    id: str
    login: str
    name: str
    department: str
    roles: tuple[str, ...]
    head: bool
    active: bool
    rev: int
    #: how many customers they own; which, is told to those who may see them
    customers: int = 0


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What to change; what is None stays."""

    name: str | None = None
    department: Department | None = None
    roles: frozenset[Role] | None = None
    head: bool | None = None
    active: bool | None = None
    password: str | None = None
    #: who takes over the customers of a person that is switched off
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class SignInView:
    """One of a person's own sign-ins. `id` is safe to show: it signs nobody in."""

    id: str
    created: datetime
    last_seen: datetime
    address: str
    agent: str
    current: bool


def add(call: Call, new: NewPerson) -> PersonView:
    """Open an account."""
    _require(call, None, new.roles)
    login = new.login.strip().lower()
    if not _LOGIN.match(login):
        raise Invalid(
            "A login name begins with a letter or digit and has 2 to 64 characters: "
            "letters, digits, and . _ @ -",
            fields={"login": "format"},
        )
    name = new.name.strip()
    if not name or len(name) > 100:  # noqa: PLR2004 - the column's width
        raise Invalid("A person needs a name of at most 100 characters.", fields={"name": "length"})
    _check_roles(new.roles)
    if new.password is not None:
        shortest = call.policy.limits.sign_in.password_length
        passwords.check(new.password, shortest=shortest, login=login)
    stored = call.archive.hasher.hashed(new.password or secrets.token_urlsafe(32))
    db = call.db
    if db.scalars(select(Person.id).where(Person.login == login)).first():
        raise Conflict("This login name is taken.", rule="user:login")
    person = Person(
        id=new_id(),
        login=login,
        name=name,
        department=department_id(db, new.department),
        head=new.head,
        password_hash=stored,
        active=True,
        created=datetime.now(UTC),
        rev=1,
        roles=[PersonRole(role=str(r)) for r in sorted(new.roles)],
    )
    db.add(person)
    db.flush()
    call.about(id=person.id)
    call.note(login=login, after=_said(person))
    return _view(person, str(new.department))


def change(
    call: Call, person_id: str, wanted: PersonChange, *, if_match: int | None = None
) -> PersonView:
    """Change an account; switching it off ends its sign-ins, tokens and links at once.

    It is not switched off while customers would be left without an owner: the successor gets
    them in the same step.
    """
    _require(call, person_id, wanted.roles or frozenset())
    stored = _new_password(call, person_id, wanted)
    leaves = wanted.active is False
    if wanted.successor is not None and not leaves:
        raise Invalid(
            "Customers are handed over when somebody leaves.", fields={"successor": "misplaced"}
        )
    if leaves:
        with call.look() as db:
            _to_change(call, db, person_id, if_match)
            leaving.check(db, person_id, wanted.successor)
        leaving.begin(call, person_id, wanted.successor)
    db = call.db
    person = _to_change(call, db, person_id, if_match, lock=True)
    before = _said(person)
    _say_of(db, person, wanted)
    if stored is not None:
        person.password_hash = stored
    if wanted.active is not None:
        person.active = wanted.active
    if stored is not None or leaves:
        _end_everything(db, person_id)
    if leaves:
        leaving.finish(call, person_id, wanted.successor)
    person.rev += 1
    db.flush()
    call.note(before=before, after=_said(person), password="changed" if stored else None)
    count = 0 if leaves else leaving.count(db, person_id)
    return _view(person, _department_code(db, person.department), count)


def manageable(call: Call, person_id: str) -> Person:
    """Return an account that this call's person may change, and nobody else meanwhile.

    Raises `Denied` or `NotFound`.
    """
    _require(call, person_id, frozenset())
    person = call.db.get(Person, person_id, with_for_update=True)
    if person is None:
        raise NotFound
    _guard_privileged(call, (Role(r.role) for r in person.roles))
    return person


def keep_password(db: Session, person: Person, stored: str) -> None:
    """Keep a new password's hash; it ends every sign-in, token and link of the account."""
    person.password_hash = stored
    person.rev += 1
    _end_everything(db, person.id)
    db.flush()


def _say_of(db: Session, person: Person, wanted: PersonChange) -> None:
    if wanted.name is not None:
        person.name = wanted.name.strip()[:100] or person.name
    if wanted.department is not None:
        person.department = department_id(db, wanted.department)
    if wanted.head is not None:
        person.head = wanted.head
    if wanted.roles is not None:
        _check_roles(wanted.roles)
        if wanted.roles != {r.role for r in person.roles}:
            # made for the seat they had: who may make one for it may not for every other
            _end_links(db, person.id)
        person.roles = [PersonRole(role=str(r)) for r in sorted(wanted.roles)]


def _to_change(
    call: Call, db: Session, person_id: str, if_match: int | None, *, lock: bool = False
) -> Person:
    person = db.get(Person, person_id, with_for_update=lock)
    if person is None:
        raise NotFound
    if if_match is not None and person.rev != if_match:
        raise changed_meanwhile()
    _guard_privileged(call, (Role(r.role) for r in person.roles))
    return person


def _said(person: Person) -> dict[str, object]:
    """Return what the log keeps of an account, before and after a change."""
    said = {name: str(getattr(person, name)) for name in ("name", "department", "head", "active")}
    return said | {"roles": sorted(r.role for r in person.roles)}


def _new_password(call: Call, person_id: str, wanted: PersonChange) -> str | None:
    if wanted.password is None:
        return None
    with call.look() as db:
        login = db.scalars(select(Person.login).where(Person.id == person_id)).first() or ""
    shortest = call.policy.limits.sign_in.password_length
    passwords.check(wanted.password, shortest=shortest, login=login)
    return call.archive.hasher.hashed(wanted.password)


def _require(call: Call, person_id: str | None, roles: frozenset[Role]) -> None:
    call.require(Target(subject_person=person_id))
    _guard_privileged(call, roles)


def _guard_privileged(call: Call, roles: Iterable[Role]) -> None:
    if call.actor.kind == "person" and not PRIVILEGED.isdisjoint(roles):
        raise Denied(
            "Privileged seats need the approval of management; "
            "the operator gives them with the guidang command.",
            rule="user.manage:privileged",
        )


def _check_roles(roles: frozenset[Role]) -> None:
    if not roles:
        raise Invalid("A person needs at least one role.", fields={"roles": "required"})
    if roles & PRIVILEGED and len(roles) > 1:
        raise Invalid(
            "System, security and audit administration exclude every other role.",
            fields={"roles": "separation"},
        )


def _end_everything(db: Session, person_id: str) -> None:
    _end_links(db, person_id)
    now = datetime.now(UTC)
    db.execute(
        update(SignIn)
        .where(SignIn.person == person_id, SignIn.revoked.is_(None))
        .values(revoked=now)
    )
    db.execute(
        update(Token).where(Token.person == person_id, Token.revoked.is_(None)).values(revoked=now)
    )


def _end_links(db: Session, person_id: str) -> None:
    db.execute(delete(PasswordLink).where(PasswordLink.person == person_id))


def department_id(db: Session, department: Department) -> str:
    """Return a department's id; its row is made when first needed."""
    known = db.scalars(select(DepartmentRow.id).where(DepartmentRow.code == department)).first()
    if known:
        return known
    row = DepartmentRow(id=new_id(), code=str(department), name=str(department))
    db.add(row)
    db.flush()
    return row.id


def _department_code(db: Session, department: str) -> str:
    return db.scalars(select(DepartmentRow.code).where(DepartmentRow.id == department)).one()


def people(call: Call) -> tuple[PersonView, ...]:
    """List every account."""
    call.require(Target())
    rows = call.db.execute(
        select(Person, DepartmentRow.code)
        .join(DepartmentRow, DepartmentRow.id == Person.department)
        .order_by(Person.active.desc(), Person.login)
    ).all()
    counts = leaving.owned(call.db)
    views = tuple(_view(person, code, counts.get(person.id, 0)) for person, code in rows)
    call.returned(v.id for v in views)
    return views


def person(call: Call, person_id: str) -> PersonView:
    """Return one account."""
    call.require(Target())
    if found := call.db.get(Person, person_id):
        count = leaving.count(call.db, person_id)
        return _view(found, _department_code(call.db, found.department), count)
    raise NotFound


def changeable(call: Call, person_id: str) -> PersonView:
    """Return an account that this call's person may change; raises `Denied` or `NotFound`."""
    _require(call, person_id, frozenset())
    found = _to_change(call, call.db, person_id, None)
    count = leaving.count(call.db, person_id)
    return _view(found, _department_code(call.db, found.department), count)


def _view(person: Person, department: str, customers: int = 0) -> PersonView:
    return PersonView(
        person.id,
        person.login,
        person.name,
        department,
        tuple(sorted(r.role for r in person.roles)),
        person.head,
        person.active,
        person.rev,
        customers,
    )


_people = cast("Table", Person.__table__).c
_NAMES = select(_people.id, _people.name).where(_people.id.in_(bindparam("people", expanding=True)))


def names(db: Session, ids: set[str]) -> dict[str, str]:
    """Return the names of people by id; the archive's own processes are not among them."""
    wanted = {i for i in ids if i}
    if not wanted:
        return {}
    return dict(db.execute(_NAMES, {"people": list(wanted)}).tuples().all())


def names_and_departments(db: Session, ids: set[str]) -> dict[str, tuple[str, str | None]]:
    """Return name and department of people by id."""
    rows = db.execute(
        select(Person.id, Person.name, DepartmentRow.code)
        .join(DepartmentRow, DepartmentRow.id == Person.department)
        .where(Person.id.in_(ids))
    )
    return {person: (name, code) for person, name, code in rows}


def sign_ins(call: Call) -> tuple[SignInView, ...]:
    """List the person's own live sign-ins."""
    call.require(Target())
    limits = call.policy.limits.sign_in
    oldest = datetime.now(UTC) - timedelta(minutes=limits.idle_minutes)
    rows = call.db.scalars(
        select(SignIn)
        .where(SignIn.person == call.actor.id, SignIn.revoked.is_(None), SignIn.last_seen > oldest)
        .order_by(SignIn.last_seen.desc())
    ).all()
    return tuple(_sign_in_view(call, row) for row in rows)


def _sign_in_view(call: Call, row: SignIn) -> SignInView:
    address, agent = "", ""
    if row.origin_ct:
        try:
            plain = unseal(call.ring.blind("origin"), row.origin_ct, row.id_hash).decode()
            address, _, agent = plain.partition("\n")
        except Corrupt:
            address = "?"
    current = row.id_hash == call.actor.sign_in
    return SignInView(row.id_hash[:32], row.created, row.last_seen, address, agent, current)


def end_sign_in(call: Call, short_id: str) -> None:
    """End one of the person's own sign-ins."""
    call.require(Target())
    ended = call.db.execute(
        update(SignIn)
        .where(
            SignIn.person == call.actor.id,
            SignIn.id_hash.startswith(short_id, autoescape=True),
            SignIn.revoked.is_(None),
        )
        .values(revoked=datetime.now(UTC))
    )
    if len(short_id) != 32 or not ended.rowcount:  # type: ignore[attr-defined]  # noqa: PLR2004
        raise NotFound


def person_by_login(db: Session, login: str) -> str | None:
    """Return the id of an active account."""
    return db.scalars(select(Person.id).where(Person.login == login.lower(), Person.active)).first()
