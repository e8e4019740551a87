"""Work that waits: jobs, marks on what the index does not know yet, and who may write it."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class Instance(Base):
    """Facts about this archive as a whole, by name."""

    __tablename__ = "instance"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Job(Base):
    """One piece of work for the worker. May run twice: every kind of work must not mind."""

    __tablename__ = "job"
    id: Mapped[IdKey]
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[Id]
    #: the page it is about, where it is about one
    n: Mapped[int | None]
    #: 0 interactive, 1 bulk
    lane: Mapped[int]
    #: waiting, running, done or failed
    state: Mapped[str] = mapped_column(String(16))
    due: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(String(200))
    #: number of the entry in the log that caused this work
    cause: Mapped[int | None] = mapped_column(BigInteger)
    #: a secret the work needs (a document's password), sealed; erased with the job
    secret_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    #: who runs it, and until when nobody else may
    holder: Mapped[str | None] = mapped_column(String(80))
    held_until: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_job_take", "state", "lane", "due"),
        Index("ix_job_kind_subject", "kind", "subject"),
        Index("ix_job_finished", "finished", "kind", "lane", "started"),
    )


class Dirty(Base):
    """A document or customer whose indexed filter fields may be out of date."""

    __tablename__ = "dirty"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[IdKey]
    rev: Mapped[int] = mapped_column(BigInteger)


class Lease(Base):
    """Something only one process may do at a time: write the index, index one document."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]
