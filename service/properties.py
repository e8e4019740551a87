"""What people say of a document: kind, title, grade, date, number, note; checked and changed."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date

from service import customers
from service.archive import Call
from service.codes import Grade, Role
from service.crypto import Place, seal_value
from service.documents import (
    SEALED_AS,
    DocumentView,
    Held,
    bump,
    describe,
    hold,
    readable,
    versions_of,
)
from service.errors import Denied, Invalid
from service.permissions import Action, Target

#: Who may lower a document's grade; everybody who may edit can raise it.
LOWERERS = frozenset({Role.ARCHIVIST, Role.SERVICE_MANAGER})

TITLE_LENGTH = 300
NOTE_LENGTH = 2000
NUMBER_LENGTH = 100
REASON_LENGTH = 1000
_CONTROLS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff"
    r"\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Properties:
    """What people say of a document; None leaves it as it is (or as the policy has it)."""

    kind: str | None = None
    title: str | None = None
    grade: str | None = None
    dated: date | None = None
    number: str | None = None
    note: str | None = None


def clean_title(text: str) -> str:
    """Return a title fit to show on one line: no control or direction marks, no half characters.

    Half of a surrogate pair is no character: nothing can store it.
    """
    return _CONTROLS.sub("", unicodedata.normalize("NFC", text)).strip()


def checked_kind(call: Call, kind: str | None) -> str:
    """Return a document kind the policy knows."""
    if not kind:
        raise Invalid("Say what kind of document this is.", fields={"kind": "required"})
    if kind not in call.policy.kinds.by_code:
        raise Invalid("There is no such kind of document.", fields={"kind": "unknown"})
    return kind


def known_grade(wanted: str) -> Grade:
    """Return a grade by its code; raises `Invalid` for a word that is none."""
    try:
        return Grade(wanted)
    except ValueError:
        raise Invalid("There is no such grade.", fields={"grade": "unknown"}) from None


def checked_grade(call: Call, wanted: str | None, current: Grade) -> Grade:
    """Return the wanted grade; raising is free, lowering is for archivists and managers."""
    if not wanted:
        return current
    grade = known_grade(wanted)
    order = list(Grade)
    if order.index(grade) < order.index(current) and not call.actor.roles & LOWERERS:
        raise Denied("Only archivists and service managers lower a grade.", rule="grade:lower")
    return grade


def checked_title(text: str | None) -> str:
    """Return a clean title of permitted length; empty if nothing was said."""
    title = clean_title(text or "")
    if len(title) > TITLE_LENGTH:
        raise Invalid(
            "A title has at most %(longest)s characters.",
            fields={"title": "too_long"},
            longest=TITLE_LENGTH,
        )
    return title


def limited(text: str | None, longest: int, name: str) -> str:
    """Return free text without NUL, refused when longer than `longest`."""
    plain = (text or "").replace("\x00", "").strip()
    if len(plain) > longest:
        raise Invalid(
            "This text has at most %(longest)s characters.",
            fields={name: "too_long"},
            longest=longest,
        )
    return plain


def checked_reason(text: str) -> str:
    """Return why something is done; it must be said."""
    reason = limited(text, REASON_LENGTH, "reason")
    if not reason:
        raise Invalid("Say why.", fields={"reason": "required"})
    return reason


def _other_kind(call: Call, held: Held, whole: Target, wanted: str) -> str:
    """Return the kind that a document gets, if it may have it from this person."""
    kind = checked_kind(call, wanted)
    in_scope = readable(call, held.document, held.seen, kind=kind)
    target = replace(whole, kind=kind, in_scope=in_scope)
    call.require(target)
    if not call.decide(replace(target, uploader=None)).allowed:
        # may change it only because they brought it: then it must be what they may bring
        call.require(customers.target(held.seen, kind=kind), Action.DOCUMENT_ADD)
    return kind


def edit(
    call: Call,
    document_id: str,
    wanted: Properties,
    *,
    if_match: int | None,
    clear: frozenset[str] = frozenset(),
    leaving: bool = True,
) -> DocumentView:
    """Change a document's properties; `clear` names those to empty (dated, number, note).

    Without `leaving` a change is refused after which this person could not read the document.
    """
    held = hold(call, call.db, document_id, by=Action.DOCUMENT_EDIT)
    db = call.db
    whole = held.whole(versions_of(db, document_id))
    call.require(whole)
    customers.check_rev(held.document.rev, if_match)
    document = held.document
    key = call.ring.field(document.customer, SEALED_AS)
    before = {"kind": document.kind, "grade": document.grade}
    filtered_by = (document.kind, document.grade, document.dated)
    least = Grade(document.grade)
    if wanted.kind and wanted.kind != document.kind:
        document.kind = _other_kind(call, held, whole, wanted.kind)
        least = max(least, call.policy.kinds.by_code[document.kind].grade, key=list(Grade).index)
    document.grade = str(checked_grade(call, wanted.grade, least))
    if not held.in_scope and before != {"kind": document.kind, "grade": document.grade}:
        # who could, would open a document to themselves
        raise Denied("Only who may read a document changes who may.", rule="document:scope")
    still = readable(call, document, held.seen)
    if not leaving and held.in_scope and not still:
        raise Invalid(
            "With this type or grade you will no longer see the document. Save all the same?",
            fields={"leave": "confirm"},
        )
    if wanted.title is not None:
        title = checked_title(wanted.title)
        if not title:
            raise Invalid("A document needs a title.", fields={"title": "required"})
        document.title_ct = seal_value(key, title, Place(document.id, document.customer, "title"))
    if wanted.dated is not None or "dated" in clear:
        document.dated = wanted.dated
    for name, longest in (("number", NUMBER_LENGTH), ("note", NOTE_LENGTH)):
        text = getattr(wanted, name)
        if text is not None or name in clear:
            plain = limited(text, longest, name)
            place = Place(document.id, document.customer, name)
            setattr(document, f"{name}_ct", seal_value(key, plain, place) if plain else None)
    bump(db, document)
    call.note(before=before, after={"kind": document.kind, "grade": document.grade})
    if filtered_by != (document.kind, document.grade, document.dated):
        call.mark_dirty("document", document.id)
    call.enqueue("index", document.id)
    module = call.policy.kinds.by_code[document.kind].module
    # not held anew: who gives a document away by this may not even know of it any more
    return describe(call, db, replace(held, module=module, in_scope=still))
