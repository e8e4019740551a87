"""Imports of many files: batches, and what became of each file."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class ImportBatch(Base):
    """Many files brought in together by one person (or the operator)."""

    __tablename__ = "import_batch"
    id: Mapped[IdKey]
    #: day (YYYYMMDD) and number on that day: what people call it by
    day: Mapped[str] = mapped_column(String(8))
    serial: Mapped[int]
    source: Mapped[str] = mapped_column(String(16))
    customer: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str | None] = mapped_column(String(32))
    grade: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    #: why it cannot go on as a whole, as a code
    error: Mapped[str | None] = mapped_column(String(60))
    #: the folder it is read from, sealed
    folder_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: further choices of its source (JSON), sealed
    options_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: a ZIP or a list that was sent for it: object, sizes and sealed key, until it is done
    blob: Mapped[Id | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    stored_size: Mapped[int | None] = mapped_column(BigInteger)
    key_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: a list that was sent beside a ZIP or a folder of the server, in the same way
    list_blob: Mapped[Id | None]
    list_size: Mapped[int | None] = mapped_column(BigInteger)
    list_stored_size: Mapped[int | None] = mapped_column(BigInteger)
    list_key_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    created: Mapped[datetime]
    created_by: Mapped[Id]
    finished: Mapped[datetime | None]
    rev: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        Index("ix_import_batch_number", "day", "serial", unique=True),
        Index("ix_import_batch_created_by", "created_by", "created"),
        Index("ix_import_batch_blob", "blob", unique=True),
        Index("ix_import_batch_list_blob", "list_blob", unique=True),
    )


class ImportItem(Base):
    """One file of a batch: what was announced of it, and what became of it."""

    __tablename__ = "import_item"
    batch: Mapped[Id] = mapped_column(ForeignKey("import_batch.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    #: its path with folders, sealed
    file_ct: Mapped[bytes] = mapped_column(LargeBinary)
    expected_size: Mapped[int] = mapped_column(BigInteger)
    expected_sha256_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    customer: Mapped[Id | None] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[str | None] = mapped_column(String(32))
    grade: Mapped[str | None] = mapped_column(String(16))
    #: title, day, number and note (JSON), sealed
    properties_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(16))
    #: why it failed, as a code
    error: Mapped[str | None] = mapped_column(String(60))
    #: what it became, or is there as already
    document: Mapped[Id | None] = mapped_column(ForeignKey("document.id"))
    version: Mapped[Id | None] = mapped_column(ForeignKey("version.id"))
    received_size: Mapped[int | None] = mapped_column(BigInteger)
    sha256_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    tries: Mapped[int] = mapped_column(default=0)
    changed: Mapped[datetime]
    __table_args__ = (
        Index("ix_import_item_state", "batch", "state"),
        Index("ix_import_item_document", "document"),
    )
