"""Processes and their operational logs: JSON lines with ids, never a customer's data."""

import ctypes
import logging
import os
import re
import signal
import sys
import threading
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger


def set_up_logging() -> None:
    """Send structured logs to stderr: our own, those of libraries, and what nobody caught."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_values,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    root = logging.getLogger()
    if not any(isinstance(handler, Libraries) for handler in root.handlers):
        root.addHandler(Libraries(logging.WARNING))
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say of an exception its kind and its way, not its words: they may hold anybody's data."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = " < ".join(_kinds(error))
        event["where"] = "".join(traceback.format_tb(error.__traceback__))
    return event


def _kinds(error: BaseException) -> list[str]:
    """Return the names of an exception and of those that led to it."""
    kinds: list[str] = []
    link: BaseException | None = error
    while link is not None and len(kinds) < 5:  # noqa: PLR2004 - enough to see the cause
        kinds.append(type(link).__name__)
        link = link.__cause__ or link.__context__
    return kinds


#: How a sentence begins before it names something: words only.
_BEGINNING = re.compile(r"[A-Za-z ,.'!-]*")


class Libraries(logging.Handler):
    """Writes the warnings of libraries as our own lines: the sentence without what was put in."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. A server's sentences are whole already: of those, the first words."""
        told: dict[str, object] = {}
        if record.args:
            told["message"] = str(record.msg)
        elif record.name.startswith("gunicorn"):
            told["message"] = _BEGINNING.match(str(record.msg))[0]  # type: ignore[index]
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            place=f"{record.module}:{record.lineno}",
            exc_info=record.exc_info or None,
            **told,
        )


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("uncaught", exc_info=error)


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None and given.exc_type is not SystemExit:
        name = given.thread.name if given.thread else ""
        structlog.get_logger().critical("uncaught", thread=name, exc_info=given.exc_value)


_PR_SET_PDEATHSIG = 1


def end_with(parent: int | None) -> None:
    """Ask the system to end this process when its parent dies, even by kill -9 (Linux)."""
    if parent is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)
