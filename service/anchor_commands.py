"""`guidang anchor`: sign checkpoints of the log, as a process of a user of its own."""

import signal
import threading
from types import FrameType

import click

from service.operation import end_with
from service.refusing import Ended, refusals
from service.settings import from_environment


@click.group(invoke_without_command=True)
@click.option("--with-parent", type=int, hidden=True)
@click.pass_context
@refusals
def anchor(context: click.Context, with_parent: int | None) -> None:
    """Sign how long the log is and what its root is, and take that to where nobody rewrites it.

    Without a further word it goes on until it is stopped.
    """
    if context.invoked_subcommand is None:
        end_with(with_parent)
        _run()


def _run() -> None:
    from service.anchor import keep_anchoring
    from service.anchoring import opened
    from service.operation import set_up_logging

    set_up_logging()
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with opened(from_environment()) as working:
        keep_anchoring(working, stopped)


@anchor.command("run")
@refusals
def run() -> None:
    """Sign until it is stopped; `guidang anchor` alone does the same."""
    _run()


@anchor.command("rekey")
@refusals
def rekey() -> None:
    """Make a new key, signed by the old one; the archive logs that. Stop the anchor first."""
    from service import anchoring

    click.echo(anchoring.rekey(from_environment()))


@anchor.command("resume")
@refusals
def resume() -> None:
    """Go on signing after `guidang audit resume`; stop the anchor first."""
    from service import anchoring

    anchoring.resume(from_environment())


@anchor.command("pub")
@refusals
def pub() -> None:
    """Print the public key, for whoever checks the notes."""
    from service.anchors.holding import PUBLIC

    path = from_environment().anchor_path / PUBLIC
    if not path.exists():
        raise Ended("The anchor has not been started yet.")
    click.echo(path.read_text(encoding="ascii"), nl=False)
