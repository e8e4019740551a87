"""Rows of the keystore and how a key lies wrapped in one."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    UniqueConstraint,
)

from service.crypto import seal, unseal
from service.ids import new_id
from service.models.columns import Instant
from service.segments import ALGORITHM

#: Raised by one with each change of these tables; a program refuses a keystore beyond its own.
SCHEMA = 1


class Kind(StrEnum):
    """What a key is for."""

    ROOT_CHECK = "root_check"
    CUSTOMER = "customer"
    VERSION = "version"
    BLIND = "blind"
    CONTENT = "content"
    AUDIT_MONTH = "audit_month"

    @property
    def algorithm(self) -> str:
        """Return what the key is used with."""
        return _ALGORITHMS.get(self, "aes-256-gcm")


_ALGORITHMS = {
    Kind.VERSION: ALGORITHM,
    Kind.BLIND: "hmac-sha256",
    Kind.CONTENT: "hmac-sha256",
    Kind.CUSTOMER: "hkdf-sha256+aes-256-gcm",
}

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))

metadata = MetaData()

keys = Table(
    "key",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("document", String(26)),
    Column("parent", String(26), index=True),
    Column("epoch", Integer, nullable=False),
    Column("alg", String(32), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
    UniqueConstraint("kind", "subject"),
)

destroyed = Table(
    "destroyed",
    metadata,
    Column("key", String(26), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("n", Integer, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("instance", String(26), primary_key=True),
    Column("destructions", Integer, nullable=False),
    Column("schema", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One wrapped key. `parent` is the key that wraps it; the root key where there is none."""

    kind: Kind
    subject: str
    epoch: int
    document: str | None = None
    parent: str | None = None
    id: str = field(default_factory=new_id)
    wrapped: bytes = b""
    alg: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Take over a row of the table."""
        values = row._asdict()
        return cls(**{**values, "kind": Kind(values["kind"])})

    def values(self) -> dict[str, Any]:
        """Return the columns."""
        return {column.name: getattr(self, column.name) for column in keys.columns}

    @property
    def binding(self) -> bytes:
        """Return what is bound to the wrapped key: it opens as this key of this subject only.

        The parent is left out, so that moving a document rewraps its key and changes no more.
        """
        names = {"key": self.id, "kind": str(self.kind), "subject": self.subject}
        if self.document is not None:
            names["document"] = self.document
        # every result of a search has two keys: the library's own loops take ten times as long,
        # and of members that are all strings the encoder of json gives the same RFC 8785 bytes
        return _CANONICAL.encode({**names, "p": "guidang.wrap.v1"}).encode()

    def wrap(self, key: bytes, by: bytes) -> Self:
        """Return the row with `key` in it, wrapped by another key."""
        return replace(self, wrapped=seal(by, key, self.binding), alg=self.kind.algorithm)

    def unwrap(self, by: bytes) -> bytes:
        """Return the key; raises `Corrupt` if the row is not what was wrapped."""
        return unseal(by, self.wrapped, self.binding)
