"""People, their seats and sign-ins, and what several processes must know about them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.models.columns import Base, Id, IdKey


class Department(Base):
    """部门."""

    __tablename__ = "department"
    id: Mapped[IdKey]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))


class Person(Base):
    """A person with an account; an active one belongs to exactly one department."""

    __tablename__ = "person"
    id: Mapped[IdKey]
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    department: Mapped[Id] = mapped_column(ForeignKey("department.id"))
    head: Mapped[bool] = mapped_column(default=False)
    deputy_of: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    deputy_from: Mapped[date | None]
    deputy_to: Mapped[date | None]
    password_hash: Mapped[str] = mapped_column(String(256))
    active: Mapped[bool] = mapped_column(default=True)
    created: Mapped[datetime]
    rev: Mapped[int] = mapped_column(default=1)
    roles: Mapped[list["PersonRole"]] = relationship(cascade="all, delete-orphan")


class PersonRole(Base):
    """One seat a person holds."""

    __tablename__ = "person_role"
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)


class SignIn(Base):
    """A sign-in, known by the hash of the token in the browser's cookie."""

    __tablename__ = "signin"
    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    created: Mapped[datetime]
    last_seen: Mapped[datetime]
    #: when the password was last given: what needs a fresh sign-in compares with it
    confirmed: Mapped[datetime]
    revoked: Mapped[datetime | None]
    #: address and browser, sealed: the person tells their own sign-ins apart by them
    origin_ct: Mapped[bytes | None] = mapped_column(LargeBinary)


class Token(Base):
    """An API token, stored hashed; it carries its person's rights and never more."""

    __tablename__ = "token"
    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(26), unique=True)
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    created: Mapped[datetime]
    expires: Mapped[datetime]
    revoked: Mapped[datetime | None]
    last_used: Mapped[datetime | None]
    #: when the password was last given by who made it, over however many tokens
    confirmed: Mapped[datetime | None]


class PasswordLink(Base):
    """A link with which a person sets their password once, known by the hash of its token."""

    __tablename__ = "password_link"
    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    created: Mapped[datetime]
    expires: Mapped[datetime]
    made_by: Mapped[Id]


class Attempt(Base):
    """Failed sign-ins counted per account and address, and per address alone.

    `key` is a keyed hash: neither login names nor addresses stand here in clear.
    """

    __tablename__ = "attempt"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Trial(Base):
    """A password that is being looked at; `pair` and `place` are keys of `attempt`."""

    __tablename__ = "trial"
    id: Mapped[IdKey]
    pair: Mapped[str] = mapped_column(String(64), index=True)
    place: Mapped[str] = mapped_column(String(64), index=True)
    started: Mapped[datetime]


class Idempotency(Base):
    """The answer given to a write that may be sent again under the same key."""

    __tablename__ = "idempotency"
    person: Mapped[Id] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime] = mapped_column(index=True)


class Reading(Base):
    """A person has a version open: further pieces of it refer to this entry of the log."""

    __tablename__ = "reading"
    id: Mapped[IdKey]
    person: Mapped[Id]
    version: Mapped[Id]
    seq: Mapped[int]
    opened: Mapped[datetime]
    __table_args__ = (Index("ix_reading_person_version", "person", "version"),)


class RecentSearch(Base):
    """What a person searched lately, sealed; theirs to clear (the log stays)."""

    __tablename__ = "recent_search"
    id: Mapped[IdKey]
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    token: Mapped[str] = mapped_column(String(80))
    query_ct: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]
