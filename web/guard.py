"""The one guard before every request: closed unless listed. And the headers after it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import SecurityError

from service import anchored, signins
from service.anchored import Watched
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.errors import Denied, Unauthenticated
from service.menus import Menu, menu
from service.permissions import ANONYMOUS, Action, Actor
from web import session, uploads

_P = ParamSpec("_P")

#: Endpoints that answer strangers. Everything else needs a person.
PUBLIC = frozenset(
    {
        "static",
        "bootstrap.static",
        "account.sign_in",
        "account.enter",
        "account.language",
        "account.password",
        "account.set_password",
        "api.describe",
        "probes.health",
        "probes.ready",
        "probes.metrics",
    }
)

#: Endpoints whose answers may be kept by a browser.
CACHED = frozenset({"static", "bootstrap.static"})

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

#: Endpoints that search: like every change, they count towards a person's limit of a minute.
SEARCHES = frozenset(
    {
        *("search.show", "customers.listing", "uploads.show", "moves.show"),
        *("log.show", "log.document", "log.person", "history.show"),
        *("watch.figures", "watch.strange", "bundles.ask", "exports.ask"),
    }
)

#: Who asks too often may still leave.
UNCOUNTED = frozenset({"account.sign_out"})

#: Where the application keeps what it knows of the log's anchor.
ANCHORED = "anchored"

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


class Csrf(CSRFProtect):  # type: ignore[misc]
    """CSRF tokens, the header's first: an upload's body is not read to find one."""

    def _get_csrf_token(self) -> str | None:
        token: str | None = request.headers.get("X-CSRFToken") or super()._get_csrf_token()
        return token

    def protect(self, **exemptions: bool) -> None:
        """Check the token and, by https, the page before; one that is no address is not ours."""
        try:
            super().protect(**exemptions)
        except ValueError:
            self._error_response("The referrer is no address.")


def install(app: Flask, archive: Archive) -> Csrf:
    """Put the guard before, and the headers after, every request; return the CSRF check."""
    app.extensions["archive"] = archive
    app.config["TRUSTED_HOSTS"] = list(archive.settings.host_names)
    app.extensions[ANCHORED] = Watched()
    app.before_request(admit)
    csrf = Csrf(app)
    app.after_request(seal)
    return csrf


def admit() -> None:
    """Find out who asks; strangers come no further than the public endpoints."""
    g.archive = current_app.extensions["archive"]
    g.menu = Menu()
    g.actor = replace(
        ANONYMOUS, address=request.remote_addr or "", agent=request.user_agent.string[:200]
    )
    if isinstance(request.routing_exception, SecurityError):
        raise request.routing_exception
    if is_api():
        _admit_program()
        return
    if request.endpoint in PUBLIC:
        request.max_content_length = uploads.SHORT
    else:
        _admit_person()
    if request.method not in SAFE:
        _same_site()


def is_api() -> bool:
    """Say whether a request is for programs: bearer tokens, no cookies."""
    return request.path == "/api" or request.path.startswith("/api/")


def _admit_person() -> None:
    token = session.token()
    known = (
        signins.resolve(g.archive, token, address=g.actor.address, agent=g.actor.agent)
        if token
        else None
    )
    if known is None:
        raise Unauthenticated("Sign in to go on.")
    g.actor = known
    g.menu = menu(g.archive, known)
    if request.endpoint not in UNCOUNTED:
        _admit_to_the_log(known)
    changes = request.method not in SAFE and request.endpoint not in UNCOUNTED
    if changes or request.endpoint in SEARCHES:
        g.archive.rates.take(g.archive, known)


def _admit_program() -> None:
    if request.endpoint in PUBLIC:
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = None
    if scheme.lower() == "bearer" and token.strip():
        known = signins.resolve_bearer(
            g.archive, token.strip(), address=g.actor.address, agent=g.actor.agent
        )
    if known is None:
        raise Unauthenticated("Send a valid token.")
    g.actor = known
    _admit_to_the_log(known)


def _admit_to_the_log(actor: Actor) -> None:
    anchored.admit(g.archive, actor, current_app.extensions[ANCHORED], datetime.now(UTC))


def right(call: Call, *_named: object) -> None:
    """Refuse with `Denied` who may not do what the call is about at all."""
    call.require()


def fresh(
    action: Action, check: Callable[..., object] = right
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]:
    """Ask the password again before a view that changes rights or gives out keys.

    Who may not do the action, or not know the thing, is refused first, as by the view: `check` is
    given a call and what the address names. That somebody was asked is in the log, as everything
    refused is.
    """

    def guarded(
        view: Callable[_P, ResponseReturnValue],
    ) -> Callable[_P, ResponseReturnValue]:
        @wraps(view)
        def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            if not signins.confirmed_lately(g.archive, g.actor):
                with g.archive.call(g.actor, action, Subject("request"), writes=True) as call:
                    check(call, *kwargs.values())
                    call.action = Action.REQUEST_CHECK
                    signins.require_fresh(g.archive, g.actor)
            return view(*args, **kwargs)

        return wrapped

    return guarded


def _same_site() -> None:
    """Refuse a change that another site asks for, whatever token it has."""
    origin = request.headers.get("Origin")
    parts = session.split(origin or "")
    other = origin is not None and (parts is None or parts.netloc != request.host)
    fetched = request.headers.get("Sec-Fetch-Site", "same-origin")
    if other or fetched not in ("same-origin", "none"):
        forged("request:origin")


def forged(rule: str) -> None:
    """Refuse a change that its person may not have asked for; a signed-in person's is logged."""
    refusal = Denied("This request came from another site.", rule=rule)
    if g.actor.kind != "person":
        raise refusal
    with g.archive.call(g.actor, Action.REQUEST_CHECK, Subject("request"), writes=True):
        raise refusal


def seal(response: Response) -> Response:
    """Set the security headers; nothing but packaged files is kept by anybody."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in CACHED:
        response.headers.setdefault("Cache-Control", "no-store, private")
    if current_app.extensions["archive"].settings.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response
