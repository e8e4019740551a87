"""What was asked for: kept sealed with the bundle's row, and stated in its manifest."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from service.bundles.filters import Filter
from service.crypto import seal, unseal


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `by` and `receiver` are id and name; `event` is its number in the log."""

    case: str
    statement: str
    filter: Filter
    first: int
    last: int
    by: Mapping[str, str]
    receiver: Mapping[str, str] | None = None
    details: bool = False
    certificate: str | None = None
    event: int | None = None

    def sealed(self, key: bytes, export_id: str) -> bytes:
        """Return it as the row keeps it."""
        kept = {name: getattr(self, name) for name in _KEPT}
        text = json.dumps({**kept, "filter": self.filter.kept()}, ensure_ascii=False)
        return seal(key, text.encode(), aad(export_id))

    @classmethod
    def opened(cls, key: bytes, sealed: bytes, export_id: str, event: int | None) -> Self:
        """Read what `sealed` gave; raises `Corrupt`."""
        kept: dict[str, Any] = json.loads(unseal(key, sealed, aad(export_id)))
        return cls(**{**kept, "filter": Filter.of(kept["filter"])}, event=event)


_KEPT = ("case", "statement", "first", "last", "by", "receiver", "details", "certificate")


def aad(export_id: str) -> str:
    """Return what binds a sealed request to its row."""
    return f"guidang.export.v1|{export_id}"
