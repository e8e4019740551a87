"""How a command ends that was refused: the sentence on stderr, exit code 1."""

from collections.abc import Callable
from functools import wraps
from typing import IO, Any, ParamSpec, TypeVar

import click

from service.errors import NotFound, Refusal
from service.policy import PolicyError
from service.settings import SettingsError

P = ParamSpec("P")
R = TypeVar("R")


class Ended(click.ClickException):
    """A refusal: the sentence on stderr, exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - click's signature
        """Print the sentence alone."""
        click.echo(self.message, err=True)


def refusals(command: Callable[P, R]) -> Callable[P, R]:
    """Turn refusals into exit code 1 with their sentence on stderr."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except NotFound as error:
            raise Ended(str(error) or "There is no such thing.") from error
        except _refusing() as error:
            raise Ended(str(error)) from error

    return guarded


def _refusing() -> tuple[type[Exception], ...]:
    """Return what ends a command with a sentence; asked for only when something was raised."""
    from service.keystore import KeystoreRefused

    return (Refusal, SettingsError, PolicyError, KeystoreRefused, LookupError)
