"""What was asked for: kept sealed with the export's row."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Self

from service.crypto import seal, unseal
from service.search.port import Filters


class What(StrEnum):
    """What an export holds."""

    LIST = "list"
    #: as they were brought
    DOCUMENTS = "documents"
    #: their pages with a watermark
    COPIES = "copies"


class Format(StrEnum):
    """How a list is written, and with what a set is packed."""

    XLSX = "xlsx"
    CSV = "csv"
    ZIP = "zip"
    COPIES = "copies"

    @property
    def what(self) -> What:
        """Return what is written so."""
        return {Format.ZIP: What.DOCUMENTS, Format.COPIES: What.COPIES}.get(self, What.LIST)

    @property
    def ending(self) -> str:
        """Return how the file's name ends."""
        return str(Format.ZIP if self is Format.COPIES else self)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What was asked the archive: words and filters of a search, or all of a client's documents.

    `of`: the client's id; then of the filters the days alone count.
    """

    q: str = ""
    filters: Filters = field(default_factory=Filters)
    sort: str = "relevance"
    of: str = ""

    def kept(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"q": self.q, "sort": self.sort, "of": self.of, "filters": stated(self.filters)}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `kept` gave."""
        said = {n: v for n, v in kept["filters"].items() if n not in _DAYS}
        first, last = (kept["filters"].get(name) for name in _DAYS)
        filters = Filters(
            **{name: frozenset(values) for name, values in said.items()},
            day_from=date.fromisoformat(first) if first else None,
            day_to=date.fromisoformat(last) if last else None,
        )
        return cls(kept["q"], filters, kept["sort"], kept["of"])


_DAYS = ("day_from", "day_to")


def stated(filters: Filters) -> dict[str, Any]:
    """Return the filters that narrow something, as lists and days of JSON."""
    found: dict[str, Any] = {}
    for name, value in asdict(filters).items():
        if isinstance(value, date):
            found[name] = value.isoformat()
        elif value:
            found[name] = sorted(value)
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. `by`: the maker's id and name; `event`: its number in the log.

    `documents`: what it was about when it was asked for, then what is in the file. `named`: those
    of them that a set names without a file; `clients`: whose names are in the file; `everybody`:
    a set has everybody's entries of the log, not its maker's alone.
    """

    by: Mapping[str, str]
    format: str
    conditions: Conditions
    documents: tuple[str, ...]
    event: int | None = None
    named: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    everybody: bool = False

    def sealed(self, key: bytes, export_id: str) -> bytes:
        """Return it as the row keeps it."""
        kept = {
            "by": dict(self.by),
            "format": self.format,
            "conditions": self.conditions.kept(),
            "documents": list(self.documents),
            "named": list(self.named),
            "clients": list(self.clients),
            "everybody": self.everybody,
        }
        return seal(key, json.dumps(kept, ensure_ascii=False).encode(), _aad(export_id))

    @classmethod
    def opened(cls, key: bytes, sealed: bytes, export_id: str, event: int | None) -> Self:
        """Read what `sealed` gave; raises `Corrupt`."""
        kept: dict[str, Any] = json.loads(unseal(key, sealed, _aad(export_id)))
        conditions = Conditions.read(kept["conditions"])
        documents = tuple(kept["documents"])
        named, clients = (tuple(kept.get(one, ())) for one in ("named", "clients"))
        return cls(
            by=kept["by"],
            format=kept["format"],
            conditions=conditions,
            documents=documents,
            event=event,
            named=named,
            clients=clients,
            everybody=bool(kept.get("everybody")),
        )

    def holding(
        self,
        documents: tuple[str, ...],
        named: tuple[str, ...],
        clients: tuple[str, ...],
        *,
        everybody: bool,
    ) -> Self:
        """Return the same request about what is in the file."""
        return replace(self, documents=documents, named=named, clients=clients, everybody=everybody)


def _aad(export_id: str) -> str:
    return f"guidang.archive-export.v1|{export_id}"
