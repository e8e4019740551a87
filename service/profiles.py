"""The values of a customer file: entered with their source, never overwritten, shown newest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import accounts, inside, names
from service.archive import Call
from service.codes import Category, Grade, Module
from service.crypto import Place, seal_value, unseal_value
from service.errors import Invalid
from service.ids import new_id
from service.models import Customer, CustomerView, Document, FieldValue, Record, Version
from service.policy.rules import FieldClass, Fields
from service.signins import today


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as pages name them."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value to enter and where it comes from: a document's page, or a channel and person."""

    value: str
    document: str | None = None
    page: int | None = None
    channel: str | None = None
    person: str | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class FieldView:
    """A current value with its source."""

    key: str
    value: str
    source_kind: str
    source_document: str | None
    source_page: int | None
    source_channel: str | None
    source_person: str | None
    source_date: date | None
    entered_by: PersonRef
    entered_at: datetime


def check(fields: Fields, new: Mapping[str, NewValue], *, whole: bool = True) -> None:
    """Refuse unknown fields, values too long, and (for a new file) missing required ones."""
    wrong: dict[str, str] = {}
    for key, value in new.items():
        known = fields.by_key.get(key)
        if known is None:
            wrong[key] = "unknown"
        elif len(value.value.strip()) > known.longest:
            wrong[key] = "too_long"
        elif known.required and not value.value.strip():
            wrong[key] = "required"
        elif any(ord(c) < 32 or c == "\x7f" for c in value.value):  # noqa: PLR2004 - control characters
            wrong[key] = "control_characters"
        elif not value.document and not value.channel:
            wrong[key] = "source"
    if whole:
        missing = [k for k, f in fields.by_key.items() if f.required and k not in new]
        wrong.update(dict.fromkeys(missing, "required"))
    if wrong:
        raise Invalid("Some values cannot be taken as they are.", fields=wrong)


def enter(
    call: Call,
    customer_id: str,
    new: Mapping[str, NewValue],
    category: Category,
    people: frozenset[str],
) -> None:
    """Add values to a customer file; each replaces the one that counted so far."""
    db = call.db
    cited = [value.document for value in new.values() if value.document]
    if not citable(call, customer_id, category, people, cited):
        raise Invalid(
            "The source must be a document of this customer.", fields={"source": "document"}
        )
    record = db.scalars(
        select(Record.id).where(
            Record.customer == customer_id, Record.module == str(Module.COMPANY), Record.no == 0
        )
    ).one()
    current = _current(db, customer_id)
    seq = db.scalar(select(func.max(FieldValue.seq)).where(FieldValue.customer == customer_id)) or 0
    now, day = datetime.now(UTC), today(call.archive)
    for key, value in new.items():
        old = current.get(key)
        seq += 1
        row = FieldValue(
            id=new_id(),
            seq=seq,
            customer=customer_id,
            record=record,
            key=key,
            class_=str(call.policy.fields.by_key[key].class_),
            source_kind="document" if value.document else "channel",
            source_version=_source_version(db, customer_id, value.document),
            source_page=value.page,
            source_channel=value.channel,
            source_person=value.person,
            source_date=value.day or (None if value.document else day),
            entered_by=call.actor.person,
            entered_at=now,
            valid_from=day,
            replaces=old.id if old else None,
        )
        _put(call, row, value.value.strip())
        db.add(row)
    db.flush()


def _put(call: Call, row: FieldValue, value: str) -> None:
    if row.class_ == FieldClass.INTERNAL:
        row.value = value
        return
    key = call.ring.field(row.customer, str(Module.COMPANY))
    row.ct = seal_value(key, value, Place(row.id, row.customer, row.key))


def citable(
    call: Call,
    customer_id: str,
    category: Category,
    people: frozenset[str],
    documents: Iterable[str],
) -> bool:
    """Say whether all these are documents of this customer that the person may read.

    One they may not read is none: naming it may not tell that it exists.
    """
    wanted = set(documents)
    found = call.db.scalars(
        select(Document).where(Document.customer == customer_id, Document.id.in_(wanted))
    )
    known = {
        d.id for d in found if call.scopes.covers(d.id, category, d.kind, Grade(d.grade), people)
    }
    return known == wanted


def _source_version(db: Session, customer_id: str, document: str | None) -> str | None:
    if document is None:
        return None
    return db.scalars(
        select(Version.id)
        .join(Document, Document.id == Version.document)
        .where(Document.id == document, Document.customer == customer_id)
        .order_by(Version.no.desc())
        .limit(1)
    ).first()


def _current(db: Session, customer_id: str) -> dict[str, FieldValue]:
    rows = db.scalars(
        select(FieldValue).where(FieldValue.customer == customer_id).order_by(FieldValue.seq)
    ).all()
    replaced = {row.replaces for row in rows}
    return {row.key: row for row in rows if row.id not in replaced}


def values(call: Call, db: Session, customer_id: str) -> tuple[FieldView, ...]:
    """Return the values that count, in the order of the policy.

    A source is named to who may read it: to others it may not tell that there is a document.
    """
    current = _current(db, customer_id)
    people = accounts.names(db, {row.entered_by for row in current.values()})
    versions = [row.source_version for row in current.values() if row.source_version]
    documents = _readable(call, db, versions)
    return tuple(
        FieldView(
            key,
            _plain(call, current[key]),
            current[key].source_kind,
            documents.get(current[key].source_version or ""),
            current[key].source_page if current[key].source_version in documents else None,
            current[key].source_channel,
            current[key].source_person,
            current[key].source_date,
            PersonRef(
                current[key].entered_by,
                people.get(current[key].entered_by, current[key].entered_by),
            ),
            current[key].entered_at,
        )
        for key in call.policy.fields.by_key
        if key in current and _plain(call, current[key])
    )


def _plain(call: Call, row: FieldValue) -> str:
    if row.ct is None:
        return row.value or ""
    key = call.ring.field(row.customer, str(Module.COMPANY))
    return unseal_value(key, row.ct, Place(row.id, row.customer, row.key))


def _readable(call: Call, db: Session, versions: list[str]) -> dict[str, str]:
    """Return the documents of these versions that the person may read, wherever they are now."""
    if not versions:
        return {}
    rows = db.execute(
        select(Version.id, Version.document)
        .join(Document, Document.id == Version.document)
        .join(Customer, Customer.id == Document.customer)
        .where(Version.id.in_(versions), inside.documents(call.scopes))
    )
    return dict(rows.tuples().all())


def project(db: Session, view: CustomerView, number: str | None) -> None:
    """Fill a list row from the current values; all names a customer ever had are searched."""
    rows = db.scalars(
        select(FieldValue).where(FieldValue.customer == view.customer).order_by(FieldValue.seq)
    ).all()
    current = {row.key: row.value or "" for row in rows}
    view.name = current.get("company.name", "")
    view.short_name = current.get("company.short_name", "")
    view.region = current.get("company.region", "")
    view.industry = current.get("company.industry", "")
    named = ("company.name", "company.short_name", "company.former_name")
    former = [r.value for r in rows if r.key in named and r.value]
    shown = {view.name, view.short_name}
    view.former_names = "\n".join(dict.fromkeys(n for n in former if n not in shown))
    view.tokens = names.tokens([*former, number or ""])
    view.pinyin = names.pinyin(former)
