"""Answers as JSON with the record's ETag; remembered with the write when it may be repeated."""

import json
from collections.abc import Mapping
from functools import cache

from flask import Response, g
from marshmallow import Schema

from service import idempotency
from service.archive import Call
from service.idempotency import Answer


def shown(schema: type[Schema], view: object) -> Response:
    """Show what was read."""
    return _response(_answer(_made(schema).dump(view), view))


def done(
    call: Call,
    schema: type[Schema],
    view: object,
    status: int = 200,
    *,
    at: str = "",
    once: tuple[str, ...] = (),
) -> Response:
    """Show what a write did. Called inside the call: the answer is remembered with the write.

    `at`: the collection in which a new record is found. `once`: members that are shown now and
    left out when the answer is given again.
    """
    members = _made(schema).dump(view)
    place = {"Location": f"/api/v1/{at}/{members['id']}"} if at else {}
    if repeatable := g.pop("repeatable", None):
        kept = {name: value for name, value in members.items() if name not in once}
        idempotency.remember(call, repeatable, _answer(kept, view, status, place))
    return _response(_answer(members, view, status, place))


def repeated(answer: Answer) -> Response:
    """Give an earlier answer again."""
    return _response(answer)


def gone(call: Call) -> Response:
    """Say that it is taken away. Called inside the call, as `done`."""
    answer = Answer(204, {}, b"")
    if repeatable := g.pop("repeatable", None):
        idempotency.remember(call, repeatable, answer)
    return _response(answer)


@cache
def _made(schema: type[Schema]) -> Schema:
    """Return the schema, made once: making all that a list's schema nests takes milliseconds."""
    return schema()


def _answer(
    members: object, view: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    rev = getattr(view, "rev", None)
    tag = {} if rev is None else {"ETag": f'"{rev}"'}
    data = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, {**tag, **(headers or {})}, data)


def _response(answer: Answer) -> Response:
    if not answer.body:
        return Response(status=answer.status)
    return Response(answer.body, answer.status, dict(answer.headers), mimetype="application/json")
