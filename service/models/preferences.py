"""What people chose for themselves."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, Instant


class Preference(Base):
    """A person's own choices, which go with the account from browser to browser."""

    __tablename__ = "preference"
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: the catalogue that pages are read in
    language: Mapped[str] = mapped_column(String(16))


class UnusualKnown(Base):
    """What stood out when a person last looked at it: what is not in it is new to them."""

    __tablename__ = "unusual_known"
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), primary_key=True)
    #: digests of findings (JSON), which name nobody
    findings: Mapped[str] = mapped_column(Text)


class SavedFilter(Base):
    """A question to the log that a person keeps: its name and conditions, sealed."""

    __tablename__ = "saved_filter"
    id: Mapped[Id] = mapped_column(primary_key=True)
    person: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    filter_ct: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[datetime] = mapped_column(Instant)
