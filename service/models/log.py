"""The log's tables (DATA.md, "Log body"); triggers in the migration refuse changes to them."""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base


class AuditEvent(Base):
    """One entry as the pages filter it; every column is recomputed from the body."""

    __tablename__ = "audit_event"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ts: Mapped[str] = mapped_column(String(24))
    phase: Mapped[str] = mapped_column(String(16))
    ref: Mapped[int | None] = mapped_column(BigInteger, index=True)
    actor: Mapped[str | None] = mapped_column(String(40))
    dept: Mapped[str | None] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(40))
    verb: Mapped[str] = mapped_column(String(16))
    object_type: Mapped[str | None] = mapped_column(String(32))
    object: Mapped[str | None] = mapped_column(String(80))
    customer: Mapped[str | None] = mapped_column(String(26))
    category: Mapped[str | None] = mapped_column(String(16))
    grade: Mapped[str | None] = mapped_column(String(16))
    decision: Mapped[str | None] = mapped_column(String(8))
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    __table_args__ = (
        Index("ix_audit_event_ts", "ts", "seq"),
        Index("ix_audit_event_actor", "actor", "seq"),
        Index("ix_audit_event_action", "action", "seq"),
        Index("ix_audit_event_customer", "customer", "seq"),
        Index("ix_audit_event_object", "object", "seq"),
        Index("ix_audit_event_decision", "decision", "seq"),
        Index("ix_audit_event_dept", "dept", "seq"),
        Index("ix_audit_event_verb", "verb", "seq"),
        Index("ix_audit_event_category", "category", "seq"),
        Index("ix_audit_event_grade", "grade", "seq"),
    )


class AuditBody(Base):
    """The canonical bytes of an entry: the evidence."""

    __tablename__ = "audit_body"
    seq: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_event.seq"), primary_key=True, autoincrement=False
    )
    body: Mapped[bytes] = mapped_column(LargeBinary)


class AuditDetail(Base):
    """What may have to be erased: personal detail under the month's key, behind a commitment."""

    __tablename__ = "audit_detail"
    seq: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_event.seq"), primary_key=True, autoincrement=False
    )
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    ct: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(String(26))


class AuditTouch(Base):
    """Which documents an entry showed to somebody, and how."""

    __tablename__ = "audit_touch"
    seq: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_event.seq"), primary_key=True, autoincrement=False
    )
    document: Mapped[str] = mapped_column(String(26), primary_key=True)
    how: Mapped[str] = mapped_column(String(16), primary_key=True)
    __table_args__ = (Index("ix_audit_touch_document", "document", "seq"),)


class AuditHead(Base):
    """The one row that is locked to append: last number, last chain value, tree frontier."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    #: the subtree hashes of the RFC 6962 tree, largest first, 32 bytes each
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


class AuditCheckpoint(Base):
    """A signed statement of the log's size and root."""

    __tablename__ = "audit_checkpoint"
    tree_size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
    created: Mapped[str] = mapped_column(String(24))
