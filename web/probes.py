"""Questions of operators and load balancers: does it live, is it ready, its figures."""

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from service import metrics as figures
from service import readiness
from service.archive import Archive
from service.errors import NotFound

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
    return jsonify(status="ok" if whole else "unavailable", parts=shown), 200 if whole else 503


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
