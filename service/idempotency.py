"""Writes that may be sent again: for a day the same key gives the answer given first.

The answer is remembered in the transaction of the write itself: either both are there, or
neither is and the write may be tried again.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from service.archive import Call
from service.crypto import seal, unseal
from service.errors import Conflict, Invalid, Refusal
from service.models import Idempotency

_KEPT = timedelta(hours=24)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A write as it was sent: where to, under which key, and everything it says."""

    route: str
    key: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a write."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Repeated(Refusal):
    """A write that was done before; `answer` is what was said then. Nothing happens again."""

    def __init__(self, answer: Answer) -> None:
        """Keep the earlier answer."""
        super().__init__()
        self.answer = answer


def fits(key: str) -> bool:
    """Say whether a key has a length that is taken."""
    return 1 <= len(key) <= _LONGEST


def check(call: Call, request: Request) -> None:
    """Raise `Repeated` if this was done before, `Invalid` if its key stood for something else."""
    if not fits(request.key):
        raise Invalid(
            "An idempotency key has 1 to %(longest)s characters.",
            fields={"Idempotency-Key": "length"},
            longest=_LONGEST,
        )
    secret = call.ring.blind("idempotency")
    with call.look() as db:
        row = db.get(Idempotency, _place(call, request))
    if row is None or row.created < datetime.now(UTC) - _KEPT:
        return
    if not hmac.compare_digest(row.request_hash, _digest(secret, request)):
        raise Invalid(
            "This idempotency key was used for another request.",
            fields={"Idempotency-Key": "used"},
        )
    plain = json.loads(unseal(secret, row.answer, _aad(call, request)))
    raise Repeated(Answer(row.status, plain["headers"], plain["body"].encode()))


def remember(call: Call, request: Request, answer: Answer) -> None:
    """Keep the answer with the write that this call commits."""
    secret = call.ring.blind("idempotency")
    plain = json.dumps({"headers": dict(answer.headers), "body": answer.body.decode()})
    person, route, key = _place(call, request)
    row = Idempotency(
        person=person,
        route=route,
        key=key,
        request_hash=_digest(secret, request),
        status=answer.status,
        answer=seal(secret, plain.encode(), _aad(call, request)),
        created=datetime.now(UTC),
    )

    def put(db: Session, _seq: int) -> None:
        db.execute(delete(Idempotency).where(Idempotency.created < row.created - _KEPT))
        if db.get(Idempotency, (person, route, key)):
            raise Conflict("The same request is being carried out.", rule="idempotency:running")
        db.add(row)
        db.flush()

    call.at_outcome(put)


def _place(call: Call, request: Request) -> tuple[str, str, str]:
    """Return the row's key; what the client chose is kept as a hash, it may say anything."""
    key = hashlib.sha256(request.key.encode()).hexdigest()
    return call.actor.person, request.route[:200], key


def _digest(secret: bytes, request: Request) -> str:
    """Return a keyed digest: a request may hold a password."""
    return hmac.new(secret, request.content, hashlib.sha256).hexdigest()


def _aad(call: Call, request: Request) -> str:
    return "guidang.idempotency.v1|" + "|".join(_place(call, request))
