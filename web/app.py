"""The web application, made from an archive."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIFlask
from babel import Locale
from babel.support import Translations
from flask import current_app, g, request, url_for
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from werkzeug.middleware.proxy_fix import ProxyFix

from service.anchored import Watched
from service.archive import Archive
from service.opening import cookie_key
from web import (
    assets,
    display,
    errors,
    guard,
    navigation,
    numbers,
    pages,
    session,
    tracing,
    uploads,
)
from web.api import api, problems
from web.probes import probes

HERE = Path(__file__).parent


class Portal(APIFlask):
    """The application: its requests spool uploads encrypted."""

    request_class = uploads.ArchiveRequest


def create_app(archive: Archive) -> APIFlask:
    """Make the web application of an archive."""
    assets.build_sprite()
    assets.compile_catalogues()
    app = Portal("web", title="guidang", version="1", docs_path=None, spec_path=None)
    app.url_map.converters["int"] = numbers.Numbers
    limit = archive.settings.upload_limit + uploads.FORM_ROOM
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=limit,
        BABEL_DEFAULT_LOCALE=session.LANGUAGES[0],
        BOOTSTRAP_SERVE_LOCAL=True,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    session.configure(app, archive.settings, cookie_key(archive.settings))
    Bootstrap5(app)
    babel = Babel(app, locale_selector=session.language)
    with app.app_context():
        _translate(babel)
    # the other half of the threads stays free for those who search and read
    app.extensions["large-bodies"] = uploads.LargeBodies(archive.settings.threads // 2)
    app.extensions["strangers-bodies"] = uploads.LargeBodies(uploads.STRANGERS)
    tracing.install(app)
    csrf = guard.install(app, archive)
    errors.register(app, problems.answer)
    display.register(app, ZoneInfo(archive.settings.timezone))
    pages.register(app)
    app.register_blueprint(probes)
    csrf.exempt(api)
    app.register_blueprint(api)
    app.context_processor(_shell)
    app.extensions["asset"] = _stamped()
    app.add_template_global(app.extensions["asset"], "asset")
    if proxies := archive.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
    return app


def _translate(babel: Babel) -> None:
    """Load the Chinese catalogue: Babel calls zh_CN zh_Hans_CN, and finds nothing under that."""
    chinese = str(Locale.parse(session.LANGUAGES[0]))
    catalogue = Translations.load(HERE / "translations", session.LANGUAGES[:1])
    babel.domain_instance.cache[chinese, "messages"] = catalogue


def _shell() -> dict[str, Any]:
    """Give every page its rail, who is signed in, and what was just refused."""
    return {
        "rail": navigation.rail(g.menu) if g.get("menu") else (),
        "foot": navigation.foot(g.menu) if g.get("menu") else (),
        "menu": g.get("menu"),
        "me": g.get("actor"),
        "seat": navigation.seat(g.actor) if g.get("actor") else "",
        "settings": g.archive.settings if g.get("archive") else None,
        "refusal": g.get("refusal"),
        "asked": request.args,
        "alarm": _alarm(),
    }


def _alarm() -> str:
    """Return what is wrong with the log or its anchor, for those who look after the archive."""
    shown = g.get("menu")
    if not shown or not (shown.status or shown.log):
        return ""
    watched: Watched = current_app.extensions[guard.ANCHORED]
    found = watched.standing(g.archive.db)
    if found.broken:
        return "broken"
    state = found.state(datetime.now(UTC))
    return state if state in {"refused", "late", "unreached"} else ""


def _stamped() -> Callable[[str], str]:
    """Return the function that addresses a packaged file; its address changes with its content."""
    stamps = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in (HERE / "static").iterdir()
    }
    return lambda name: url_for("static", filename=name, v=stamps.get(name))
