"""Serve the web with gunicorn: threads, because slow uploads hold theirs while they last."""

import gc
import sys
from importlib.metadata import version
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http import message

from service import hosts, schema, upkeep
from service.opening import open_archive
from service.operation import set_up_logging
from service.settings import Settings
from web.app import create_app
from web.connections import PatientWorker

log = structlog.get_logger()

#: Longest request line in bytes: a query of 10,000 characters, each sent as up to 12 of them.
REQUEST_LINE = 128 * 1024

#: Longest turn of a thread that computes, in seconds. A thread that appends to the log waits for
#: its turn after every word with the database, while all other writers wait for it.
_TURN = 0.0005

#: New objects before the youngest are looked through for cycles.
_GARBAGE = 20_000


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's own log, which would repeat addresses: its records go the way of ours."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's handlers away, so that only the root's is left."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, with the settings of an archive."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # gunicorn's own ceiling is 8,190; its only other setting is no limit at all
        message.MAX_REQUEST_LINE = REQUEST_LINE
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn goes by."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application in the process that serves it."""
        sys.setswitchinterval(_TURN)
        # after the fork: connections are not shared between processes
        archive = open_archive(self._settings)
        hosts.keep(archive)
        upkeep.keep(archive, "web")
        app = create_app(archive)
        log.info("web_started", version=version("guidang"), schema=schema.head())
        # what is here stays: looking through it again and again would stop all threads
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        return app


def options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings. No access log: it would hold query strings."""
    return {
        "bind": settings.listen,
        "workers": settings.web_processes,
        "worker_class": PatientWorker,
        "threads": settings.threads,
        "timeout": 120,
        "graceful_timeout": 10,
        "keepalive": 5,
        "limit_request_line": REQUEST_LINE,
        "limit_request_fields": 60,
        "accesslog": None,
        "logger_class": ServerLog,
        "loglevel": "warning",
        "proc_name": "guidang",
        "forwarded_allow_ips": "",
    }


def serve(settings: Settings) -> None:
    """Serve until a signal ends it."""
    set_up_logging()
    Server(settings).run()
