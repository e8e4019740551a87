"""An entry of the log: what is known of a call, and its one canonical form (DATA.md, "Log body").

The body never holds free text or addresses: those are detail, sealed and erasable.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785

from service.codes import Decision, Phase
from service.ids import is_id
from service.permissions import Action, Actor

#: version of this program, as events state it
APP = "guidang/0.1.0"

_TOKEN = re.compile(r"[A-Za-z0-9_.:+@/-]{1,80}\Z")

#: What a person's own sign-ins are called by: half of a digest.
_SIGN_IN = re.compile(r"[0-9a-f]{32}\Z")

#: Integers below this are the same in every reader of JSON.
_EXACT = 2**53


#: Characters of one text in a detail: as many as a correction says of what it replaced.
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: a type of thing and which one; the customer it belongs to."""

    type: str
    id: str | None = None
    version: str | None = None
    customer: str | None = None
    categories: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """The policy set that governed."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gave: counts, a digest of the ids, bytes sent, an error code."""

    count: int | None = None
    ids_digest: str | None = None
    bytes: int | None = None
    complete: bool | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything one event says, before it has a number."""

    phase: Phase
    action: Action
    actor: Actor
    policy: PolicyRef
    subject: Subject | None = None
    ref: int | None = None
    cause: int | None = None
    part: Mapping[str, Any] | None = None
    purpose: str | None = None
    decision: Decision | None = None
    rule: str | None = None
    result: Result | None = None
    before: Mapping[str, str] | None = None
    after: Mapping[str, str] | None = None
    detail: Mapping[str, Any] | None = None
    touches: tuple[tuple[str, str], ...] = field(default=())


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return RFC 8785 bytes; refuses nulls, which the log writes as absence.

    Of what the log holds (no fractions, plain names) the encoder of json gives the same bytes in
    a tenth of the time; every search writes three of these. The rest goes to the library.
    """
    if _simple(value):
        return ENCODER.encode(value).encode()
    return rfc8785.dumps(dict(value))


ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _simple(value: object) -> bool:
    """Say whether there is one way to write this; raises `ValueError` for a null in it."""
    if value is None:
        message = "a null in a log entry"
        raise ValueError(message)
    if isinstance(value, str):
        return True
    if isinstance(value, int):
        return -_EXACT < value < _EXACT
    if isinstance(value, dict):
        simple = True
        for name, member in value.items():
            known = type(member) is str or _simple(member)  # every one: a null may come late
            simple = simple and known and isinstance(name, str) and name.isascii()
        return simple
    if isinstance(value, (list, tuple)):
        found = [_simple(member) for member in value]  # every one: a null may come late
        return all(found)
    if isinstance(value, Mapping):
        _simple(dict(value))
    return False


def sealable(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return a detail as every reader of JSON gives it back: what people send can be anything.

    A text of over `LONGEST` characters is cut, and ends in "…": what is refused is written down
    too, and nobody fills the disk with it.
    """
    return {_plain_text(k): _plain(v) for k, v in detail.items() if v is not None}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return sealable(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value if v is not None]
    if isinstance(value, int) and abs(value) < _EXACT:
        return value
    return _plain_text(value)


def _plain_text(value: object) -> str:
    text = str(value)
    cut = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return cut.encode("utf-8", "replace").decode()


def ids_digest(ids: tuple[str, ...]) -> str:
    """Return the digest of the returned ids in the order shown: SHA-256 over lines, hex."""
    return hashlib.sha256("".join(f"{i}\n" for i in ids).encode()).hexdigest()


def session_mark(month_key: bytes, sign_in: str) -> str:
    """Return the HMAC that ties a sign-in's events together without naming it."""
    return hmac.new(month_key, b"guidang.sess.v1|" + sign_in.encode(), hashlib.sha256).hexdigest()[
        :32
    ]


def commitment(salt: bytes, detail: bytes) -> str:
    """Return the hex commitment that binds an erasable detail to its entry."""
    return hashlib.sha256(b"guidang.detail.v1" + salt + detail).hexdigest()


def body(entry: Entry, *, seq: int, ts: str, sess: str | None, detail: str | None) -> bytes:
    """Return the canonical bytes of an entry under its number and time."""
    subject = entry.subject
    members: dict[str, Any] = {
        "v": 1,
        "seq": seq,
        "ts": ts,
        "phase": str(entry.phase),
        "ref": entry.ref,
        "actor": _actor(entry.actor),
        "via": entry.actor.via,
        "sess": sess,
        "cause": entry.cause,
        "action": str(entry.action),
        "verb": str(entry.action.verb),
        "object": _object(subject),
        "customer": _id(subject.customer) if subject else None,
        "categories": sorted(set(subject.categories)) if subject else None,
        "modules": sorted(set(subject.modules)) if subject else None,
        "grade": subject.grade if subject else None,
        "part": dict(entry.part) if entry.part else None,
        "purpose": entry.purpose,
        "decision": str(entry.decision) if entry.decision else None,
        "rule": _code(entry.rule),
        "policy": {"id": entry.policy.id, "sha256": entry.policy.sha256},
        "result": _result(entry.result),
        "before": dict(entry.before) if entry.before else None,
        "after": dict(entry.after) if entry.after else None,
        "detail": detail,
        "app": APP,
    }
    return canonical({k: v for k, v in members.items() if v is not None and v != []})


def read(body: bytes) -> dict[str, Any]:
    """Return the members of a body; raises `ValueError` for bytes that are no body."""
    members = json.loads(body)
    if not isinstance(members, dict):
        message = "not a log entry"
        raise ValueError(message)  # noqa: TRY004 - bytes of the wrong content, not a wrong type
    return members


#: The query columns that follow from a body.
COLUMNS = (
    *("seq", "ts", "phase", "ref", "actor", "dept", "action", "verb"),
    *("object_type", "object", "customer", "category", "grade", "decision"),
)


def columns(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query columns that follow from a body; the verifier compares them."""
    return dict(zip(COLUMNS, column_values(members), strict=True))


def column_values(members: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of `COLUMNS`."""
    actor = members["actor"]
    get = members.get
    subject = get("object", _NONE)
    categories = get("categories")
    return (
        members["seq"],
        members["ts"],
        members["phase"],
        get("ref"),
        actor.get("id"),
        actor.get("dept"),
        members["action"],
        members["verb"],
        subject.get("type"),
        subject.get("id"),
        get("customer"),
        categories[0] if categories else None,
        get("grade"),
        get("decision"),
    )


_NONE: Mapping[str, Any] = {}


def _actor(actor: Actor) -> dict[str, Any]:
    members: dict[str, Any] = {"kind": actor.kind}
    if actor.id:
        members["id"] = actor.id
    if actor.department:
        members["dept"] = str(actor.department)
    if actor.roles:
        members["roles"] = sorted(str(r) for r in actor.roles)
    return members


def _object(subject: Subject | None) -> dict[str, str] | None:
    if subject is None:
        return None
    members = {"type": subject.type}
    if subject.id:
        # ids come from URLs: what is not shaped like one is not repeated in the log
        known = is_id(subject.id) or _SIGN_IN.match(subject.id)
        members["id"] = subject.id if known else "invalid"
    if version := _id(subject.version):
        members["version"] = version
    return members


def _id(text: str | None) -> str | None:
    return text if text and is_id(text) else None


def _result(result: Result | None) -> dict[str, Any] | None:
    if result is None:
        return None
    members = {
        "count": result.count,
        "ids_digest": result.ids_digest,
        "bytes": result.bytes,
        "complete": result.complete,
        "error": _code(result.error),
    }
    return {k: v for k, v in members.items() if v is not None} or None


def _code(word: str | None) -> str | None:
    if word is None:
        return None
    return word if _TOKEN.match(word) else "other"
