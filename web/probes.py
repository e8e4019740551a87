"""Questions of operators and load balancers: does it live, is it ready, its figures."""

import hmac
from datetime import UTC, datetime
from ipaddress import ip_address

from flask import Blueprint, Response, current_app, jsonify, request
from flask_babel import force_locale
from prometheus_client import CONTENT_TYPE_LATEST

from service import metrics as figures
from service import readiness
from service.anchored import Watched
from service.archive import Archive
from service.errors import NotFound
from web import labels
from web.guard import ANCHORED
from web.session import LANGUAGES

probes = Blueprint("probes", __name__)


@probes.get("/healthz")
def health() -> Response:
    """Say that the process lives."""
    return jsonify(status="ok")


@probes.get("/readyz")
def ready() -> tuple[Response, int]:
    """Ask each part the archive needs, by name."""
    parts = readiness.parts(_archive())
    whole = all(parts.values())
    shown = {name: "ok" if up else "unavailable" for name, up in parts.items()}
    answer = {"status": "ok" if whole else "unavailable", "parts": shown, "anchor": _anchor()}
    return jsonify(answer), 200 if whole else 503


def _anchor() -> dict[str, str]:
    """Say whether signed notes of the log lie outside; that is no reason to send nobody here."""
    watched: Watched = current_app.extensions[ANCHORED]
    state = watched.standing(_archive().db).state(datetime.now(UTC))
    with force_locale(LANGUAGES[0]):
        return {"state": state, "label": str(labels.label("anchor", state))}


@probes.get("/metrics")
def metrics() -> Response:
    """Give Prometheus its figures: on this host, or with the token."""
    if not _operator():
        raise NotFound
    return Response(figures.exposition(_archive()), content_type=CONTENT_TYPE_LATEST)


def _operator() -> bool:
    expected = _archive().settings.metrics_token
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if expected and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), expected.encode())
    forwarded = "X-Forwarded-For" in request.headers
    return not forwarded and _loopback(request.remote_addr or "")


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _archive() -> Archive:
    archive: Archive = current_app.extensions["archive"]
    return archive
