"""Processes and their operational logs: JSON lines with ids, never a customer's data."""

import ctypes
import logging
import os
import signal
import sys

import structlog


def set_up_logging() -> None:
    """Send structured logs to stderr."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


_PR_SET_PDEATHSIG = 1


def end_with(parent: int | None) -> None:
    """Ask the system to end this process when its parent dies, even by kill -9 (Linux)."""
    if parent is None:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)
