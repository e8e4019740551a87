"""Files that a worker makes for somebody: compliance bundles, and exports of the archive."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class MadeFile:
    """What all of them have: how far the worker is, and where the file lies until fetched."""

    id: Mapped[IdKey]
    created: Mapped[datetime]
    created_by: Mapped[Id]
    #: waiting, running, ready, failed or removed
    state: Mapped[str] = mapped_column(String(16))
    #: why there is none, as a code
    error: Mapped[str | None] = mapped_column(String(60))
    #: what was asked for (JSON), sealed
    asked_ct: Mapped[bytes] = mapped_column(LargeBinary)
    #: how much of it is in so far: entries, documents
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    #: the object it lies in, sizes and sealed key, until it is removed
    blob: Mapped[Id | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    stored_size: Mapped[int | None] = mapped_column(BigInteger)
    key_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    sha256: Mapped[str | None] = mapped_column(String(64))
    fetched: Mapped[int] = mapped_column(default=0)
    finished: Mapped[datetime | None]
    expires: Mapped[datetime | None]
    #: number of the entry under which it was asked for
    cause: Mapped[int | None] = mapped_column(BigInteger)


class AuditExport(MadeFile, Base):
    """A compliance bundle. What was asked for: case number, statement, filter, certificate."""

    __tablename__ = "audit_export"
    #: who else may fetch it
    receiver: Mapped[Id | None]
    #: the numbers of the range, both inside
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    #: entries that fit the filter, as counted when it was asked for, then when it was made
    matching: Mapped[int] = mapped_column(BigInteger)
    #: how long the log was at the newest signed note inside
    signed: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        Index("ix_audit_export_created_by", "created_by", "created"),
        Index("ix_audit_export_receiver", "receiver", "created"),
        Index("ix_audit_export_expires", "state", "expires"),
        Index("ix_audit_export_blob", "blob", unique=True),
    )


class ArchiveExport(MadeFile, Base):
    """An export of the archive. What was asked for: question, format, ids of the documents."""

    __tablename__ = "archive_export"
    #: list or documents
    what: Mapped[str] = mapped_column(String(16))
    #: how many documents it was asked for
    wanted: Mapped[int]
    #: how many of them its maker could no longer read when it was made
    left_out: Mapped[int | None]
    __table_args__ = (
        Index("ix_archive_export_created_by", "created_by", "created"),
        Index("ix_archive_export_expires", "state", "expires"),
        Index("ix_archive_export_blob", "blob", unique=True),
    )
