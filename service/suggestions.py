"""What is suggested of documents: stored sealed beside the version, taken or dismissed by people.

Nothing is changed by itself. Who may change a document's properties sees what is suggested, with
its reason and how sure it is; what is less sure than `CERTAIN` is taken only by who ticks it.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import customers, documents, properties
from service.archive import Call
from service.codes import Filing
from service.crypto import Place, seal, unseal, unseal_value
from service.documents import DocumentView
from service.errors import Invalid
from service.filing import QueueRow
from service.keystore import Ring
from service.models import Suggestion as SuggestionRow
from service.permissions import Action
from service.processing import Source
from service.properties import Properties
from service.rows import add_new
from service.suggesting import CERTAIN, Suggestion, suggest

#: What can be taken over as a property of the document; the rest is only shown.
PROPERTIES = frozenset({"kind", "title", "dated", "number"})


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suggestion that nobody has settled yet. `certain`: needs no confirmation of its own."""

    key: str
    value: str
    confidence: float
    reason: str
    page: int | None

    @property
    def certain(self) -> bool:
        """Say whether it may be taken without confirming it by itself."""
        return self.confidence >= CERTAIN

    @property
    def takeable(self) -> bool:
        """Say whether it can become a property of the document."""
        return self.key in PROPERTIES


def seal_row(ring: Ring, version_id: str, found: Iterable[Suggestion]) -> dict[str, object]:
    """Return the row of what is suggested of a version, sealed under its key."""
    said = json.dumps([asdict(one) for one in found], ensure_ascii=False, separators=(",", ":"))
    return {
        "version": version_id,
        "ct": seal(ring.version(version_id), said.encode(), _aad(version_id)),
        "settled": "",
        "created": datetime.now(UTC),
    }


def of_text(ring: Ring, version_id: str, source: Source, pages: Sequence[str]) -> dict[str, object]:
    """Return the row of what the text of a version, by pages, suggests with the file's name."""
    key = ring.field(source.customer, documents.SEALED_AS)
    place = Place(version_id, source.customer, "file_name")
    return seal_row(ring, version_id, suggest(unseal_value(key, source.file_name, place), pages))


def renew(db: Session, ring: Ring, row: Mapping[str, object]) -> bool:
    """Write what is suggested of a version whose text is another; say whether it is another, too.

    What people settled stays settled.
    """
    known = db.get(SuggestionRow, row["version"], with_for_update=True)
    if known is None:
        put(db, [row])
        return True
    before = _unsettled(ring, known)
    known.ct = cast("bytes", row["ct"])
    return _unsettled(ring, known) != before


def put(db: Session, rows: Iterable[Mapping[str, object]]) -> None:
    """Write what is suggested of versions; what people settled before stays settled."""
    add_new(db, SuggestionRow, rows)


def of_version(db: Session, ring: Ring, version_id: str) -> list[Suggestion]:
    """Return what is suggested of a version and not settled."""
    row = db.get(SuggestionRow, version_id)
    return _unsettled(ring, row) if row else []


def _unsettled(ring: Ring, row: SuggestionRow) -> list[Suggestion]:
    found = json.loads(unseal(ring.version(row.version), row.ct, _aad(row.version)))
    settled = row.settled.split()
    return [Suggestion(**one) for one in found if one["key"] not in settled]


def shown(call: Call, document: DocumentView) -> tuple[Suggested, ...]:
    """Return what to show of suggestions on a document's page; nothing to who may not edit it.

    What the document says already is not suggested again. Kinds the policy does not know are not
    either, and nothing at all to who may not read the text: a suggestion is a piece of it. Who
    files a version has checked what it says: suggestions end with that.
    """
    if not {Action.DOCUMENT_EDIT, Action.DOCUMENT_TEXT} <= document.allowed:
        return ()
    if document.version.filing is not Filing.SUBMITTED:
        return ()
    current = _current(document)
    return tuple(
        Suggested(**asdict(one))
        for one in of_version(call.db, call.ring, document.version.id)
        if _folded(one.value) != _folded(current.get(one.key, ""))
        and (one.key != "kind" or one.value in call.policy.kinds.by_code)
    )


def kinds_of(call: Call, rows: Iterable[QueueRow]) -> dict[str, Suggested]:
    """Return version → another kind suggested of it, for what in a list waits to be filed.

    Nothing for rows whose text this person may not read: a suggestion is a piece of it.
    """
    asked = {r.version: r for r in rows if r.readable and r.filing is Filing.SUBMITTED}
    call.ring.prefetch(versions=list(asked))
    found: dict[str, Suggested] = {}
    for row in call.db.scalars(select(SuggestionRow).where(SuggestionRow.version.in_(asked))):
        for one in _unsettled(call.ring, row):
            known = one.key == "kind" and one.value in call.policy.kinds.by_code
            if known and one.value != asked[row.version].kind:
                found[row.version] = Suggested(**asdict(one))
    return found


def take(
    call: Call, document_id: str, keys: Collection[str], *, if_match: int | None
) -> DocumentView:
    """Change a document's properties to what is suggested for these keys, and settle them.

    Raises `Invalid` when nothing is chosen, or something that is not suggested (any more).
    """
    view, open_ = _open(call, document_id)
    chosen = {one.key: one.value for one in open_ if one.key in keys and one.takeable}
    if not chosen:
        raise Invalid("Choose what to take over.", fields={"take": "required"})
    if set(keys) - set(chosen):
        raise Invalid("This is not suggested any more.", fields={"take": "unknown"})
    edited = properties.edit(call, document_id, _wanted(chosen), if_match=if_match, leaving=False)
    _settle(call, view.version.id, chosen)
    return edited


def dismiss(call: Call, document_id: str, *, if_match: int | None) -> DocumentView:
    """Settle all that is suggested of a document, changing nothing."""
    view, open_ = _open(call, document_id)
    customers.check_rev(view.rev, if_match)
    _settle(call, view.version.id, [one.key for one in open_])
    return view


def _open(call: Call, document_id: str) -> tuple[DocumentView, tuple[Suggested, ...]]:
    """Return a document this person may edit, and what is suggested of it."""
    held = documents.hold(call, call.db, document_id, by=Action.DOCUMENT_EDIT)
    call.require(held.whole(documents.versions_of(call.db, document_id)))
    view = documents.describe(call, call.db, held)
    return view, shown(call, view)


def _wanted(chosen: Mapping[str, str]) -> Properties:
    plain = Properties(
        kind=chosen.get("kind"), title=chosen.get("title"), number=chosen.get("number")
    )
    return replace(plain, dated=date.fromisoformat(chosen["dated"])) if "dated" in chosen else plain


def _settle(call: Call, version_id: str, keys: Collection[str]) -> None:
    row = call.db.get(SuggestionRow, version_id, with_for_update=True)
    if row is not None:
        row.settled = " ".join(sorted({*row.settled.split(), *keys}))


def _current(document: DocumentView) -> dict[str, str]:
    dated = document.dated.isoformat() if document.dated else ""
    return {
        "kind": document.kind,
        "title": document.title,
        "dated": dated,
        "number": document.number,
    }


def _folded(value: str) -> str:
    return "".join(value.split())


def _aad(version_id: str) -> str:
    return f"guidang.suggestion.v1|{version_id}"
