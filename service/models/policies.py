"""The rules that govern, as texts with digests: which set is in force, and since when."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class PolicyVersion(Base):
    """One text of one kind of policy (roles, kinds, fields, limits)."""

    __tablename__ = "policy_version"
    id: Mapped[IdKey]
    kind: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    #: effective, proposal or superseded
    state: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[Id | None]
    created: Mapped[datetime]
    __table_args__ = (UniqueConstraint("kind", "sha256"),)


class PolicySet(Base):
    """One version of every kind, in force together from a moment on."""

    __tablename__ = "policy_set"
    id: Mapped[IdKey]
    sha256: Mapped[str] = mapped_column(String(64))
    effective_from: Mapped[datetime] = mapped_column(index=True)


class PolicySetMember(Base):
    """Which version of each kind a set binds."""

    __tablename__ = "policy_set_member"
    set: Mapped[Id] = mapped_column(ForeignKey("policy_set.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[Id] = mapped_column(ForeignKey("policy_version.id"))
