"""How much of the archive leaves it at once: sections of limits.toml."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.codes import Role


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """How long a compliance bundle lies ready, how often it is fetched, how long it may be."""

    hours: int
    downloads: int
    entries: int


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How long an export lies ready, how often it is fetched, how much one may hold."""

    hours: int
    downloads: int
    #: rows of a list for everybody, and for those who look after the archive or answer for it
    rows: int
    archivist_rows: int
    legal_rows: int

    def rows_of(self, roles: Iterable[Role]) -> int:
        """Return how many rows a list of somebody with these roles may have."""
        wider = {Role.ARCHIVIST: self.archivist_rows, Role.LEGAL: self.legal_rows}
        return max([self.rows, *(wider.get(role, 0) for role in roles)])

    @property
    def rows_at_most(self) -> int:
        """Return how many rows anybody's list may have."""
        return max(self.rows, self.archivist_rows, self.legal_rows)


@dataclass(frozen=True, slots=True)
class SetLimits:
    """How many documents an export of originals, or of copies of them, may hold."""

    documents: int
    archivist_documents: int
    legal_documents: int

    def of(self, roles: Iterable[Role]) -> int:
        """Return how many documents a set of somebody with these roles may have."""
        wider = {Role.ARCHIVIST: self.archivist_documents, Role.LEGAL: self.legal_documents}
        return max([self.documents, *(wider.get(role, 0) for role in roles)])

    @property
    def at_most(self) -> int:
        """Return how many documents anybody's set may have."""
        return max(self.documents, self.archivist_documents, self.legal_documents)


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """How many pages a watermarked copy may have, and all copies of a set together."""

    document_pages: int
    set_pages: int


#: What holds where the text that governs is older than a section.
SINCE: Mapping[str, Mapping[str, int]] = {
    "bundle": {"hours": 72, "downloads": 2, "entries": 1_000_000},
    "export": {
        "hours": 72,
        "downloads": 3,
        "rows": 50,
        "archivist_rows": 5000,
        "legal_rows": 5000,
    },
    "export_documents": {"documents": 20, "archivist_documents": 500, "legal_documents": 500},
    "export_copies": {"document_pages": 500, "set_pages": 2000},
}
