"""Customer files: the file itself, its values (only ever added to), its people, its lists."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class Counter(Base):
    """A number that only goes up, taken in the transaction that uses it: no gaps."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int]


class Customer(Base):
    """A customer file. Its name and everything else people know of it are field values."""

    __tablename__ = "customer"
    id: Mapped[IdKey]
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    category: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    coop_type: Mapped[str | None] = mapped_column(String(16))
    created: Mapped[datetime]
    created_by: Mapped[Id]
    filed: Mapped[datetime | None]
    filed_by: Mapped[Id | None]
    merged_into: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    rev: Mapped[int] = mapped_column(default=1)
    __table_args__ = (Index("ix_customer_category_status", "category", "status"),)


class Record(Base):
    """A repeated part of a file (a contact, a contract …); the company itself is number 0."""

    __tablename__ = "record"
    id: Mapped[IdKey]
    customer: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    module: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(32))
    no: Mapped[int]
    created: Mapped[datetime]
    created_by: Mapped[Id]
    __table_args__ = (Index("ix_record_customer_module", "customer", "module", "no", unique=True),)


class FieldValue(Base):
    """One value of one field, with its source. Never changed: a newer one replaces it."""

    __tablename__ = "field_value"
    id: Mapped[IdKey]
    #: order of entry inside one customer
    seq: Mapped[int]
    customer: Mapped[Id] = mapped_column(ForeignKey("customer.id"))
    record: Mapped[Id] = mapped_column(ForeignKey("record.id"))
    key: Mapped[str] = mapped_column(String(64))
    value: Mapped[str | None] = mapped_column(Text)
    ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    class_: Mapped[str] = mapped_column("class", String(16))
    source_kind: Mapped[str] = mapped_column(String(16))
    source_version: Mapped[Id | None]
    source_page: Mapped[int | None]
    source_channel: Mapped[str | None] = mapped_column(String(200))
    source_person: Mapped[str | None] = mapped_column(String(100))
    source_date: Mapped[date | None]
    entered_by: Mapped[Id]
    entered_at: Mapped[datetime]
    valid_from: Mapped[date]
    replaces: Mapped[Id | None] = mapped_column(ForeignKey("field_value.id"), unique=True)
    __table_args__ = (Index("ix_field_value_customer_seq", "customer", "seq", unique=True),)


class FieldCheck(Base):
    """Somebody verified a value."""

    __tablename__ = "field_check"
    id: Mapped[IdKey]
    value: Mapped[Id] = mapped_column(ForeignKey("field_value.id"), index=True)
    by: Mapped[Id]
    at: Mapped[datetime]
    result: Mapped[str] = mapped_column(String(16))


_OWNER = text("relation = 'owner'")


class CustomerPerson(Base):
    """Who owns a customer, one person, and who works on it."""

    __tablename__ = "customer_person"
    customer: Mapped[Id] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    relation: Mapped[str] = mapped_column(String(16))
    __table_args__ = (
        Index("ix_customer_person_person", "person", "customer"),
        Index(
            "uq_customer_person_owner",
            "customer",
            unique=True,
            sqlite_where=_OWNER,
            postgresql_where=_OWNER,
        ),
    )


class CustomerView(Base):
    """What lists show of a customer: rebuilt from the field values in the same transaction."""

    __tablename__ = "customer_view"
    customer: Mapped[Id] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(100), default="")
    #: former names, one a line: they are searched like the name
    former_names: Mapped[str] = mapped_column(Text, default="")
    region: Mapped[str] = mapped_column(String(100), default="")
    industry: Mapped[str] = mapped_column(String(100), default="")
    #: tokens of all names and the number, joined by blanks: what the list's search matches
    tokens: Mapped[str] = mapped_column(Text, default="")
    #: full pinyin and initials of the names, for completion
    pinyin: Mapped[str] = mapped_column(Text, default="")
    updated: Mapped[datetime]
    __table_args__ = (Index("ix_customer_view_name", "name"),)
