"""The keys of one call: unwrapped when first needed, forgotten at its end."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from service.crypto import Corrupt, field_key, new_key
from service.keystore.refusals import KeyExists, KeyMissing
from service.keystore.rows import KeyRow, Kind

if TYPE_CHECKING:
    from service.keystore.store import Keystore


@dataclass(frozen=True, slots=True)
class _Held:
    row: KeyRow
    key: bytes = field(repr=False)


class Ring:
    """Unwrapped keys for one call and one thread.

    Every method that returns a key raises `KeyMissing` if it was never made or was destroyed,
    `Corrupt` if its row was tampered with, and `Unavailable("keystore")`.
    """

    def __init__(self, keystore: "Keystore") -> None:
        """Start with no keys."""
        self._keystore = keystore
        self._held: dict[tuple[Kind, str], _Held] = {}
        self._missing: set[tuple[Kind, str]] = set()
        self._fields: dict[tuple[str, str], bytes] = {}

    def __enter__(self) -> Self:
        """Return the ring."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Forget all keys."""
        self.forget()

    def forget(self) -> None:
        """Forget all keys."""
        self._held.clear()
        self._missing.clear()
        self._fields.clear()

    def prefetch(self, *, customers: Iterable[str] = (), versions: Iterable[str] = ()) -> None:
        """Fetch many keys with one query for versions and one for customers without any.

        The keys of customers come with those of their versions.
        """
        self._fetch_versions(versions)
        self._fetch_customers(customers)

    def customer(self, customer_id: str) -> bytes:
        """Return a customer's key."""
        return self._customer(customer_id).key

    def field(self, customer_id: str, module: str) -> bytes:
        """Return the key of a customer's values in one module."""
        name = (customer_id, module)
        if name not in self._fields:
            self._fields[name] = field_key(self.customer(customer_id), module)
        return self._fields[name]

    def create_customer(self, customer_id: str) -> bytes:
        """Make the key of a new customer; raises `KeyExists`."""
        return self._add(self._under_root(Kind.CUSTOMER, customer_id), new_key(), self._root)

    def version(self, version_id: str, document_id: str | None = None) -> bytes:
        """Return a version's key; with `document_id`, only if it is a version of that document."""
        held = self._version(version_id)
        if document_id is not None and held.row.document != document_id:
            raise Corrupt("a version's key belongs to another document")
        return held.key

    def create_version(
        self, version_id: str, customer_id: str, document_id: str, key: bytes | None = None
    ) -> bytes:
        """Store a version's key, `key` if it is in use already; raises `KeyExists`."""
        parent = self._customer(customer_id)
        row = KeyRow(
            Kind.VERSION,
            version_id,
            self._keystore.root.epoch,
            document=document_id,
            parent=parent.row.id,
        )
        return self._add(row, key or new_key(), parent.key)

    def rewrap_version(self, version_id: str, customer_id: str) -> None:
        """Hand a version's key over to another customer: its document moved there."""
        held, parent = self._version(version_id), self._customer(customer_id)
        moved = replace(held.row, parent=parent.row.id, epoch=self._keystore.root.epoch)
        moved = moved.wrap(held.key, parent.key)
        self._keystore.replace(held.row, moved)
        self._hold(moved, held.key)

    def blind(self, kind: str) -> bytes:
        """Return the key of blind tokens of one kind, made when first used."""
        return self._made(Kind.BLIND, kind)

    def content(self) -> bytes:
        """Return the key of content tokens, made when first used."""
        return self._made(Kind.CONTENT, "content")

    def audit_month(self, month: str) -> bytes:
        """Return the key of one month's log details (`2026-11`), made when first used."""
        return self._made(Kind.AUDIT_MONTH, month)

    def audit_month_id(self, month: str) -> str:
        """Return the id of the row of one month's detail key."""
        self.audit_month(month)
        return self._held[Kind.AUDIT_MONTH, month].row.id

    @property
    def _root(self) -> bytes:
        return self._keystore.root.key

    def _customer(self, customer_id: str) -> _Held:
        name = (Kind.CUSTOMER, customer_id)
        if name not in self._held:
            self._fetch_customers([customer_id])
        return self._get(name)

    def _version(self, version_id: str) -> _Held:
        name = (Kind.VERSION, version_id)
        if name not in self._held:
            self._fetch_versions([version_id])
        return self._get(name)

    def _fetch_customers(self, customers: Iterable[str]) -> None:
        unknown = self._unknown(Kind.CUSTOMER, customers)
        for row in self._keystore.find(Kind.CUSTOMER, unknown):
            self._hold(row, row.unwrap(self._root))
        self._note_missing(Kind.CUSTOMER, unknown)

    def _fetch_versions(self, versions: Iterable[str]) -> None:
        unknown = self._unknown(Kind.VERSION, versions)
        rows = self._keystore.find_versions(unknown)
        parents: dict[str | None, bytes] = {}
        for row in rows:
            if row.kind == Kind.CUSTOMER:
                parents[row.id] = row.unwrap(self._root)
                self._hold(row, parents[row.id])
        for row in rows:
            # a version whose customer's key was destroyed is as good as destroyed
            if row.kind == Kind.VERSION and row.parent in parents:
                self._hold(row, row.unwrap(parents[row.parent]))
        self._note_missing(Kind.VERSION, unknown)

    def _made(self, kind: Kind, subject: str) -> bytes:
        if (kind, subject) not in self._held:
            # nearly every call needs a month's key, then one or two of these
            for row in self._keystore.find_with_tokens(kind, subject):
                self._hold(row, row.unwrap(self._root))
        if (kind, subject) not in self._held:
            try:
                self._add(self._under_root(kind, subject), new_key(), self._root)
            except KeyExists:  # another process was quicker
                return self._made(kind, subject)
        return self._held[kind, subject].key

    def _under_root(self, kind: Kind, subject: str) -> KeyRow:
        return KeyRow(kind, subject, self._keystore.root.epoch)

    def _add(self, row: KeyRow, key: bytes, by: bytes) -> bytes:
        wrapped = row.wrap(key, by)
        self._keystore.add(wrapped)
        self._hold(wrapped, key)
        return key

    def _hold(self, row: KeyRow, key: bytes) -> None:
        self._held[row.kind, row.subject] = _Held(row, key)
        self._missing.discard((row.kind, row.subject))

    def _unknown(self, kind: Kind, subjects: Iterable[str]) -> list[str]:
        names = {(kind, subject) for subject in subjects} - self._held.keys() - self._missing
        return [subject for _, subject in names]

    def _note_missing(self, kind: Kind, subjects: Iterable[str]) -> None:
        """Remember which were asked for in vain: a list may hold many destroyed customers."""
        self._missing |= {(kind, subject) for subject in subjects} - self._held.keys()

    def _get(self, name: tuple[Kind, str]) -> _Held:
        if name not in self._held:
            raise KeyMissing(*name)
        return self._held[name]
