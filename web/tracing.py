"""One line in the operational log for every request, under a number that its answer carries.

A line has the endpoint, not the address: paths and query strings hold what people look for.
"""

from time import perf_counter

import structlog
from flask import Flask, Response, g, request

from service import figures
from service.ids import new_id
from web import guard

HEADER = "X-Request-Id"

log = structlog.get_logger()

#: Asked every few seconds by machines: only their refusals are worth a line.
_POLLED = guard.CACHED | {"probes.health", "probes.ready", "probes.metrics"}


def install(app: Flask) -> None:
    """Have every request numbered before anything else looks at it."""
    app.before_request(begin)
    app.after_request(end)


def begin() -> None:
    """Give the request a number; every line written meanwhile has it."""
    g.request_id = new_id()
    g.began = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def end(response: Response) -> Response:
    """Write the line, and the number into the answer.

    Not into a 404: what is absent and what is hidden look the same to the last header.
    """
    status, seconds = response.status_code, perf_counter() - g.began
    if status != 404:  # noqa: PLR2004
        response.headers[HEADER] = g.request_id
    if request.endpoint not in _POLLED:
        figures.REQUESTS.labels(f"{status // 100}xx").inc()
        figures.REQUEST_SECONDS.observe(seconds)
    if request.endpoint not in _POLLED or status >= 400:  # noqa: PLR2004 - what went wrong
        log.info(
            "request",
            method=request.method if request.method in _METHODS else "other",
            endpoint=request.endpoint,
            status=status,
            ms=round(seconds * 1000, 1),
        )
    return response


_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
