"""The cookie: the token of a sign-in, the CSRF token, and what the next page says once."""

from datetime import timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from service import signins
from service.settings import Settings
from service.signins import Once

#: names of the catalogues; the first is what people read who chose none
LANGUAGES = ("zh_CN", "en")
LANGUAGE_COOKIE = "lang"

_TOKEN = "t"  # noqa: S105 - the name of a member
_DONE = "d"
_UNDO = "u"
_SHOWN_ONCE = "s"


def configure(app: Flask, settings: Settings, key: str) -> None:
    """Set how the cookie is made; `__Host-` and Secure where browsers come by https."""
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="__Host-guidang" if settings.secure else "guidang",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=timedelta(days=1),
        # a token lives as long as the sign-in it belongs to
        WTF_CSRF_TIME_LIMIT=None,
    )


def start(token: str) -> None:
    """Begin a session with nothing of the one before."""
    session.clear()
    session[_TOKEN] = token


def end() -> None:
    """Forget everything the browser holds."""
    session.clear()


def token() -> str | None:
    """Return the sign-in token the browser sent."""
    value = session.get(_TOKEN)
    return value if isinstance(value, str) else None


def done(what: str, endpoint: str, *, undo: str = "", **place: str) -> ResponseReturnValue:
    """Go on to a page, which says what was done; a reload does not say it again.

    `undo` is where a form is sent to that undoes it; the page offers it beside.
    """
    session[_DONE] = what
    session[_UNDO] = undo
    values: dict[str, Any] = dict(place)
    return redirect(url_for(endpoint, **values))


def told() -> str:
    """Return what was done just before this page, the first time this is asked."""
    return _once(_DONE)


def undoing() -> str:
    """Return where what was done just before this page is undone, the first time this is asked."""
    return _once(_UNDO)


def show_once(what: Once, text: str) -> None:
    """Keep a text, sealed, for the next page that shows what it is."""
    session[f"{_SHOWN_ONCE}.{what}"] = signins.sealed(g.archive, g.actor, what, text)


def shown_once(what: Once) -> str | None:
    """Return the text that was kept, the first time this is asked."""
    kept = _once(f"{_SHOWN_ONCE}.{what}")
    return signins.opened(g.archive, g.actor, what, kept) if kept else None


def _once(name: str) -> str:
    value = session.pop(name) if name in session else ""
    return value if isinstance(value, str) else ""


def language() -> str:
    """Return the language this browser chose, or a program asks for; else Chinese."""
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def local_path(text: str | None) -> str | None:
    """Return a place of this site to go on to, or None: never somebody else's address."""
    if not text or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return None
    parts = split(text)
    clean = all(character.isprintable() for character in text)
    return text if parts and clean and not parts.scheme and not parts.netloc else None


def split(address: str) -> SplitResult | None:
    """Return the parts of an address that somebody sent, or None if it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return None
