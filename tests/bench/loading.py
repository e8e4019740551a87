"""Fills an archive with the corpus: real rows, really sealed, then the index in bulk.

Originals are left out: nothing that is measured opens one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert

from indexer.rebuild import rebuild
from service import accounts, names, revisions
from service.archive import Archive
from service.audit.entries import Subject
from service.codes import Department, Filing, Grade, Processing, Role
from service.crypto import Place, content_token, new_key, seal_value
from service.documents import SEALED_AS
from service.ids import new_id
from service.keystore import Ring
from service.keystore.rows import KeyRow, Kind, keys
from service.models import (
    Counter,
    CustomerPerson,
    CustomerView,
    Page,
    Text,
    TextPart,
    Version,
)
from service.models import Customer as CustomerRow
from service.models import Document as DocumentRow
from service.permissions import Action, service_actor
from service.policy import Policy
from tests.bench.corpus import Corpus, Customer, Document
from tests.live.machine import say

SALES = ("sales1", "sales2", "sales3", "sales4")
ARCHIVIST = "archivist"
OFFICER = "officer"
PEOPLE = {
    **dict.fromkeys(SALES, (Role.SALES, Department.SALES)),
    ARCHIVIST: (Role.ARCHIVIST, Department.CUSTOMER_SERVICE),
    OFFICER: (Role.SERVICE_OFFICER, Department.CUSTOMER_SERVICE),
}

_BATCH = 250
_NOW = datetime(2026, 11, 1, tzinfo=UTC)

Rows = dict[Any, list[dict[str, Any]]]


def fill(archive: Archive, corpus: Corpus) -> None:
    """Load people, customers and documents, then build the index."""
    rows(archive, corpus)
    say("building the index")
    rebuild(archive, lambda done, total: say(f"{done} of {total}") if done % 10_000 == 0 else None)


def rows(archive: Archive, corpus: Corpus) -> None:
    """Load people, customers and documents; the index stays as it is."""
    _people(archive)
    say(f"loading {corpus.documents} documents as rows")
    with archive.ring() as ring, archive.db.read() as db:
        policy = archive.policies.current(db)
        ids = {login: accounts.person_by_login(db, login) or "" for login in PEOPLE}
        content = ring.content()
    loader = _Loader(archive, corpus, policy, ids, content)
    loader.customers()
    loader.documents()


def password(login: str) -> str:
    """Return the password of one of these people."""
    return f"correct horse {login[::-1]} battery"


def _people(archive: Archive) -> None:
    cli = service_actor("cli")
    for login, (role, department) in PEOPLE.items():
        new = accounts.NewPerson(login, login, department, frozenset({role}), password(login))
        with archive.call(cli, Action.USER_MANAGE, Subject("person"), writes=True) as call:
            accounts.add(call, new)


@dataclass(frozen=True, slots=True)
class _Owner:
    """A customer in the database with its key."""

    id: str
    row: KeyRow
    key: bytes


class _Loader:
    """Turns the corpus into rows, some hundred documents a transaction."""

    def __init__(
        self,
        archive: Archive,
        corpus: Corpus,
        policy: Policy,
        people: dict[str, str],
        content: bytes,
    ) -> None:
        self._archive = archive
        self._corpus = corpus
        self._policy = policy
        self._people = people
        self._content = content
        self._owners: list[_Owner] = []

    def customers(self) -> None:
        root = self._archive.keystore.root
        for number in range(self._corpus.customers):
            row = KeyRow(Kind.CUSTOMER, new_id(), root.epoch)
            key = new_key()
            self._owners.append(_Owner(row.subject, row.wrap(key, root.key), key))
            if len(self._owners) % _BATCH == 0 or number == self._corpus.customers - 1:
                start = number - (number % _BATCH)
                self._write_customers(start, self._owners[start:])

    def _write_customers(self, start: int, owners: Sequence[_Owner]) -> None:
        rows: Rows = {CustomerRow: [], CustomerView: [], CustomerPerson: []}
        for number, owner in enumerate(owners, start):
            customer = self._corpus.customer(number)
            rows[CustomerRow].append(self._customer(owner, customer, number))
            rows[CustomerView].append(_view(owner, customer))
            person = self._people[SALES[customer.owner]]
            rows[CustomerPerson].append(
                {"customer": owner.id, "person": person, "relation": "owner"}
            )
        self._write(rows, [owner.row for owner in owners])

    def _customer(self, owner: _Owner, customer: Customer, number: int) -> dict[str, Any]:
        return {
            "id": owner.id,
            "number": f"KH-2026-{number + 1:05d}",
            "category": str(customer.category),
            "status": "filed",
            "created": _NOW,
            "created_by": self._people[OFFICER],
            "filed": _NOW,
            "filed_by": self._people[ARCHIVIST],
            "rev": 1,
        }

    def documents(self) -> None:
        documents = iter(self._corpus)
        done = 0
        while batch := list(islice(documents, _BATCH)):
            rows: Rows = {DocumentRow: [], Version: [], Text: [], TextPart: [], Page: []}
            with self._archive.ring() as ring:
                key_rows = [self._document(ring, document, rows) for document in batch]
            self._write(rows, key_rows)
            done += len(batch)
            if done % 10_000 < _BATCH:
                say(f"{done} of {self._corpus.documents}")
        with self._archive.db.write() as db:
            db.execute(insert(Counter), [{"name": "document", "value": self._corpus.documents}])

    def _document(self, ring: Ring, document: Document, rows: Rows) -> KeyRow:
        owner = self._owners[document.customer]
        document_id, version_id, text_id = new_id(), new_id(), new_id()
        key = new_key()
        key_row = KeyRow(
            Kind.VERSION,
            version_id,
            owner.row.epoch,
            document=document_id,
            parent=owner.row.id,
        ).wrap(key, owner.key)
        ring._hold(owner.row, owner.key)
        ring._hold(key_row, key)
        field = ring.field(owner.id, SEALED_AS)
        grade = self._policy.kinds.by_code[document.kind].grade
        rows[DocumentRow].append(
            {
                "id": document_id,
                "serial": document.serial,
                "customer": owner.id,
                "kind": document.kind,
                "grade": str(grade or Grade.GENERAL),
                "dated": document.dated,
                "title_ct": seal_value(
                    field, document.title, Place(document_id, owner.id, "title")
                ),
                "created": _NOW,
                "created_by": self._people[OFFICER],
                "rev": 1,
                "shown": version_id,
            }
        )
        rows[Version].append(self._version(document, document_id, version_id, owner, field))
        rows[TextPart] += revisions.seal_parts(ring, version_id, text_id, document.pages)
        rows[Text].append(_text(document, version_id, text_id))
        rows[Page] += _pages(document, text_id)
        return key_row

    def _version(
        self, document: Document, document_id: str, version_id: str, owner: _Owner, field: bytes
    ) -> dict[str, Any]:
        digest = f"{document.serial:064x}"
        name = f"{document.title}.txt"
        return {
            "id": version_id,
            "document": document_id,
            "no": 1,
            "media_type": "text/plain",
            "file_name_ct": seal_value(field, name, Place(version_id, owner.id, "file_name")),
            "size": sum(map(len, document.pages)) * 3,
            "sha256_ct": seal_value(field, digest, Place(version_id, owner.id, "sha256")),
            "content_token": content_token(self._content, bytes.fromhex(digest)),
            "filing": str(Filing.FILED if document.filed else Filing.SUBMITTED),
            "processing": str(Processing.SEARCHABLE),
            "created": _NOW,
            "created_by": self._people[OFFICER],
            "filed": _NOW if document.filed else None,
            "filed_by": self._people[ARCHIVIST] if document.filed else None,
            "left_out": 0,
        }

    def _write(self, rows: Rows, key_rows: Sequence[KeyRow]) -> None:
        keystore = self._archive.keystore
        for copy in (keystore._primary, keystore._mirror):
            if copy is not None:
                with copy.write() as connection:
                    connection.execute(insert(keys), [row.values() for row in key_rows])
        with self._archive.db.write() as db:
            for table, some in rows.items():
                if some:
                    db.execute(insert(table), some)


def _view(owner: _Owner, customer: Customer) -> dict[str, Any]:
    return {
        "customer": owner.id,
        "name": customer.name,
        "short_name": customer.name[:4],
        "former_names": "",
        "region": customer.name[:2],
        "industry": "",
        "tokens": names.tokens([customer.name]),
        "pinyin": names.pinyin([customer.name]),
        "updated": _NOW,
    }


def _text(document: Document, version_id: str, text_id: str) -> dict[str, Any]:
    return {
        "id": text_id,
        "version": version_id,
        "revision": 1,
        "origin": "layer",
        "extractor": "bench",
        "chars": sum(map(len, document.pages)) + len(document.pages) - 1,
        "created": _NOW,
    }


def _pages(document: Document, text_id: str) -> Iterator[dict[str, Any]]:
    start = 0
    for no, page in enumerate(document.pages, 1):
        yield {
            "text": text_id,
            "no": no,
            "start": start,
            "label": "",
            "rotation": 0,
            "origin": "layer",
        }
        start += len(page) + 1
