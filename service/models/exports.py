"""Compliance bundles: a part of the log, packed for an auditor."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class AuditExport(Base):
    """One bundle: what was asked for, how far the worker is, and where it lies until fetched."""

    __tablename__ = "audit_export"
    id: Mapped[IdKey]
    created: Mapped[datetime]
    created_by: Mapped[Id]
    #: who else may fetch it
    receiver: Mapped[Id | None]
    #: waiting, running, ready, failed or removed
    state: Mapped[str] = mapped_column(String(16))
    #: why there is none, as a code
    error: Mapped[str | None] = mapped_column(String(60))
    #: case number, statement, filter, certificate (JSON), sealed
    asked_ct: Mapped[bytes] = mapped_column(LargeBinary)
    #: the numbers of the range, both inside
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    #: entries that fit the filter, as counted when it was asked for, then when it was made
    matching: Mapped[int] = mapped_column(BigInteger)
    #: entries packed so far
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    #: how long the log was at the newest signed note inside
    signed: Mapped[int | None] = mapped_column(BigInteger)
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
    __table_args__ = (
        Index("ix_audit_export_created_by", "created_by", "created"),
        Index("ix_audit_export_receiver", "receiver", "created"),
        Index("ix_audit_export_expires", "state", "expires"),
        Index("ix_audit_export_blob", "blob", unique=True),
    )
