"""A document's rows become its search document: the only place that decides what is indexed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice
from zoneinfo import ZoneInfo

from service import texts
from service.audit.log import head_seq
from service.codes import Category, Grade, Module
from service.crypto import Place, unseal_value
from service.db import Session
from service.documents import SEALED_AS
from service.keystore import Ring
from service.personal_numbers import broken
from service.policy import Policy
from service.processing import Columns, Rows
from service.search.analysis import BREAK, MAX_CODES, codes, indexed, tokenized
from service.search.port import Removal, SearchDocument

#: Documents whose rows are fetched together.
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Projected:
    """What to send for one document: its search document, or nothing but removals."""

    document: SearchDocument | None
    removals: tuple[Removal, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """Projects documents out of one snapshot; `rev` is the log's head in it."""

    db: Session
    ring: Ring
    policy: Policy
    zone: ZoneInfo
    rev: int

    @classmethod
    def of(cls, db: Session, ring: Ring, policy: Policy, zone: str) -> "Projection":
        """Start projecting from a snapshot."""
        return cls(db, ring, policy, ZoneInfo(zone), head_seq(db))

    def project(self, documents: Mapping[str, bool]) -> Iterator[Projected]:
        """Yield what to send for each document; what is not to be found is removed.

        The value says whether the document may stand in another category's index too, because
        its customer moved: then it is removed from those.
        """
        wanted = iter(documents)
        while some := list(islice(wanted, _TOGETHER)):
            rows = Rows.of(self.db, some)
            self.ring.prefetch(versions=rows.versions)
            for document_id in some:
                yield self._projected(rows, document_id, moved=documents[document_id])

    def _projected(self, rows: Rows, document_id: str, *, moved: bool) -> Projected:
        document = rows.documents.get(document_id)
        if document is None:
            return Projected(None, self._gone(document_id, set(Category)))
        category = Category(rows.customers[document.customer].category)
        others = set(Category) - {category} if moved else set()
        if document.shown is None:
            return Projected(None, self._gone(document_id, {category, *others}))
        built = self._search_document(rows, document, rows.versions[document.shown])
        return Projected(built, self._gone(document_id, others))

    def _gone(self, uid: str, categories: set[Category]) -> tuple[Removal, ...]:
        return tuple(Removal(uid, category, self.rev) for category in sorted(categories))

    def _search_document(self, rows: Rows, document: Columns, version: Columns) -> SearchDocument:
        customer = rows.customers[document.customer]
        people = rows.people[document.customer]
        module = self.policy.kinds.by_code[document.kind].module
        day = document.dated or document.created.astimezone(self.zone).date()
        title, number = self._sealed(document, "title"), self._sealed(document, "number")
        blind = texts.blinder(self.ring)
        title_text, found = broken(_apart(title, number), blind)
        names, more = broken(customer_names(rows.views[customer.id], customer.number), blind)
        found += more
        body_t, every_code = "", tuple[str, ...]()
        if document.grade != Grade.TOP and module is not Module.PERSONAL:
            body, more = broken(self._body(rows.texts.get(version.id)), blind)
            body_t, body_codes = indexed(body)
            every_code = (*codes(title_text), *body_codes)
            found += more
        else:
            found = []
        return SearchDocument(
            uid=document.id,
            version_id=version.id,
            customer_id=customer.id,
            category=Category(customer.category),
            status=customer.status,
            owner=next((p for p, r in people.items() if r == "owner"), ""),
            people=tuple(sorted(people)),
            kind=document.kind,
            module=str(module),
            grade=document.grade,
            filing=version.filing,
            year=day.year,
            sort_key=sort_key(day, document.serial),
            rev=self.rev,
            title_t=tokenized(title_text),
            body_t=body_t,
            customer_t=tokenized(names),
            dated=document.dated,
            codes=tuple(dict.fromkeys(every_code))[:MAX_CODES],
            blind=tuple(dict.fromkeys(found)),
        )

    def _body(self, text: texts.Stored | None) -> str:
        return (
            "".join(part for _, part in texts.open_parts(self.db, self.ring, text)) if text else ""
        )

    def _sealed(self, document: Columns, column: str) -> str:
        sealed = document.title_ct if column == "title" else document.number_ct
        if not sealed:
            return ""
        key = self.ring.field(document.customer, SEALED_AS)
        return unseal_value(key, sealed, Place(document.id, document.customer, column))


def sort_key(day: date, serial: int) -> int:
    """Return the unique key by which documents are dated: day ordinal << 32 | serial."""
    return day.toordinal() << 32 | serial


def customer_names(view: Columns, number: str | None) -> str:
    """Return all names a customer had, kept apart by breaks."""
    return _apart(view.name, view.short_name, *view.former_names.split("\n"), number or "")


def _apart(*parts: str) -> str:
    """Return texts as one, with a break between any two: no phrase goes from one to another."""
    return f"\n{BREAK}\n".join(filter(None, parts))
