"""The declarative base, the id column and the one way times are stored."""

from datetime import UTC, datetime
from typing import Annotated

from sqlalchemy import MetaData, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

#: 16 random bytes as 26 characters of base32; primary and foreign keys alike
Id = Annotated[str, mapped_column(String(26))]
IdKey = Annotated[str, mapped_column(String(26), primary_key=True)]


def instant_text(moment: datetime) -> str:
    """Return a moment as RFC 3339 UTC with milliseconds: the form of the log and the API."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


class Instant(TypeDecorator[datetime]):
    """A moment, stored as text that sorts: the same on every database."""

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store UTC with milliseconds; a naive time is a mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without zone"
            raise ValueError(message)
        return instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        """Read back an aware UTC time."""
        return None if value is None else datetime.fromisoformat(value)


class Base(DeclarativeBase):
    """Base of all tables, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant}  # noqa: RUF012 - SQLAlchemy's own convention
