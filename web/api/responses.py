"""How an operation's answers and refusals stand in the description."""

from typing import TYPE_CHECKING, Any

from marshmallow import Schema

from web.api.shown.documents import File
from web.api.shown.imports import Statement
from web.api.shown.pages import Picture
from web.api.shown.problems import ProblemShown

if TYPE_CHECKING:
    from web.api.operation import Operation

_TEXT = {"schema": {"type": "string"}}
_WHOLE = {"schema": {"type": "integer"}}

ETAG = {"ETag": {"description": "the record's state, for If-Match", **_TEXT}}
PLACE = {"Location": {"description": "where the new record is", **_TEXT}}
PIECE = {
    "Content-Disposition": {"description": "the file's name (RFC 6266)", **_TEXT},
    "Accept-Ranges": {"description": "bytes", **_TEXT},
    "ETag": {"description": "the content's digest", **_TEXT},
}
RETRY = {"Retry-After": {"description": "seconds until it is worth asking again", **_WHOLE}}

ANSWERS = {
    200: "Done.",
    201: "Made.",
    202: "Being made; ask again.",
    204: "Done; there is nothing to show.",
    206: "The range asked for.",
}
REFUSALS = {
    401: "No valid token.",
    403: "You may not do this, and may know it; `step-up` is done in the portal.",
    404: "Absent, or hidden from you: both look the same.",
    409: "The record is in a state that does not allow this.",
    412: "Somebody changed the record in the meantime.",
    413: "The body is larger than what is taken.",
    415: "A media type or kind of file that is not taken.",
    416: "This range is not in the file.",
    422: "Something sent cannot be accepted; `fields` says what.",
    428: "If-Match is missing.",
    429: "Too often.",
    503: "A part of the archive does not answer; `part` names it.",
}
_HEADERS = {
    401: {"WWW-Authenticate": {"description": "Bearer", **_TEXT}},
    416: {"Content-Range": {"description": "the file's size", **_TEXT}},
    429: RETRY,
    503: RETRY,
}


def described(stated: "Operation") -> dict[int | str, dict[str, Any]]:
    """Return every way an operation can end."""
    found: dict[int | str, dict[str, Any]] = {
        status: _answer(status, schema) for status, schema in stated.answers.items()
    }
    found |= {status: _refusal(status) for status in sorted(stated.refusals)}
    return found | {"default": _problem("The request could not be understood or carried out.")}


def _answer(status: int, schema: type[Schema] | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": ANSWERS[status], "headers": {}}
    if schema is File:
        binary = {"schema": {"type": "string", "format": "binary"}}
        answer |= {"content": {"*/*": binary}, "headers": dict(PIECE)}
    elif schema is Picture:
        binary = {"schema": {"type": "string", "format": "binary"}}
        answer |= {"content": {"image/jpeg": binary}}
    elif schema is Statement:
        answer |= {"content": {"text/csv": _TEXT}}
    elif schema:
        answer["content"] = {"application/json": {"schema": schema}}
    if getattr(schema, "ETAG", False):
        answer["headers"] |= ETAG
    if status == 202:  # noqa: PLR2004 - not ready
        answer["headers"] |= RETRY
    if status == 201:  # noqa: PLR2004 - a record was made
        answer["headers"] |= PLACE
    return answer


def _refusal(status: int) -> dict[str, Any]:
    return _problem(REFUSALS[status]) | {"headers": _HEADERS.get(status, {})}


def _problem(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": ProblemShown}}
    return {"description": description, "content": content}
