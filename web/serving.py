"""Serve the web with gunicorn: threads, because slow uploads hold theirs while they last."""

from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from service.opening import open_archive
from service.operation import set_up_logging
from service.settings import Settings
from web.app import create_app


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        # after the fork: connections are not shared between processes
        return create_app(open_archive(self._settings))


def options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings. No access log: it would hold query strings."""
    return {
        "bind": settings.listen,
        "workers": settings.web_processes,
        "worker_class": "gthread",
        "threads": settings.threads,
        "timeout": 120,
        "graceful_timeout": 10,
        "keepalive": 5,
        "limit_request_line": 8190,
        "limit_request_fields": 60,
        "accesslog": None,
        "loglevel": "warning",
        "proc_name": "guidang",
        "forwarded_allow_ips": "",
    }


def serve(settings: Settings) -> None:
    """Serve until a signal ends it."""
    set_up_logging()
    _Server(settings).run()
