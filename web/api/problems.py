"""Refusals as problem details (RFC 9457). What is hidden looks exactly like what is absent."""

import json
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Response, request
from flask_babel import gettext
from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    RequestEntityTooLarge,
)

from service.errors import (
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unsatisfiable,
)
from service.idempotency import Repeated
from web.api.answering import repeated
from web.errors import sentence, status_of

MEDIA_TYPE = "application/problem+json"

#: Seconds after which it is worth asking again for a part that is away.
AWAY = 10


def answer(error: Exception) -> Response:
    """Return the answer to a request that an exception ended."""
    if isinstance(error, Repeated):
        return repeated(error.answer)
    if isinstance(error, RequestEntityTooLarge):
        error = TooLarge("The request is too large.")
    if isinstance(error, ClientDisconnected):
        error = Invalid("The request broke off before its end.")
    if isinstance(error, NotFound):
        return absent()
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, HTTPException):
        return _http(error)
    return _broken(error)


def absent() -> Response:
    """Say that there is nothing: for what is absent and what is hidden, the same to the byte."""
    return _problem(404, "not-found", gettext("There is nothing here that you may see."), {})


def _refused(error: Refusal) -> Response:
    members: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, Invalid) and error.fields:
        members["fields"] = error.fields
    if error.event is not None:
        members["event"] = error.event
    if isinstance(error, Unavailable):
        members["part"] = error.part
        headers["Retry-After"] = str(AWAY)
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="guidang"'
    if isinstance(error, Unsatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    return _problem(status_of(error), _word(error), sentence(error), members, headers)


def _word(error: Refusal) -> str:
    """Return a refusal's type: its class in words joined by hyphens."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 404:  # noqa: PLR2004 - what is not routed is as absent as the rest
        return absent()
    headers = {}
    if allowed := getattr(error, "valid_methods", None):
        headers["Allow"] = ", ".join(sorted(allowed))
    return _problem(status, "about:blank", error.name, {}, headers)


def _broken(error: Exception) -> Response:
    """Answer under a number; what happened stays in the operational log."""
    incident = f"E-{secrets.token_hex(2).upper()}"
    structlog.get_logger().error(
        "request failed",
        incident=incident,
        endpoint=request.endpoint,
        exc_info=error,
    )
    return _problem(500, "broken", gettext("Something went wrong."), {"incident": incident})


def _problem(
    status: int,
    kind: str,
    detail: str,
    members: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Response:
    problem = {"type": kind, "title": HTTPStatus(status).phrase, "status": status}
    data = json.dumps(problem | {"detail": detail} | dict(members), ensure_ascii=False)
    return Response(data, status, dict(headers or {}), mimetype=MEDIA_TYPE)
