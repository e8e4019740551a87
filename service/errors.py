"""Every refusal a person can cause.

    Refusal
    ├── Unauthenticated      nobody is signed in, or the sign-in ended
    ├── Denied               may not, and may know why
    │   └── StepUp           may, after giving the password again
    ├── NotFound             absent, or hidden from this person: they look exactly alike
    │   └── Hidden           exists, but this person must not learn it (only the log knows)
    ├── Invalid              the input cannot be accepted; `fields` says where
    │   ├── TooLarge         over a size limit
    │   ├── Unsupported      a kind of file that is not taken
    │   └── Unsatisfiable    a range of bytes that is not in the file
    ├── Conflict             the thing is in a state that does not allow it
    │   ├── Stale            somebody changed it first (If-Match)
    │   └── Unconditional    a change that must say which state it saw (If-Match missing)
    ├── TooMany              too often; `retry_after` says when again
    └── Unavailable          a part of the archive does not answer; `part` names it

The first argument is the sentence people read. It is the message id of the translation
catalogue: write it in English, without values; values go into `params` and appear as
`%(name)s`.
"""

import re


class Refusal(Exception):
    """A call that ended with no, and a sentence that says why."""

    def __init__(self, sentence: str = "", *, rule: str = "", **params: object) -> None:
        """Keep the sentence, the values for its placeholders, and the rule that decided."""
        super().__init__(sentence)
        self.sentence = sentence
        self.rule = rule
        self.params = params
        #: number of the log entry of this refusal, once it is written
        self.event: int | None = None

    def __str__(self) -> str:
        """Return the sentence with its values, in English."""
        return self.sentence % self.params if self.params else self.sentence


class Unauthenticated(Refusal):
    """Nobody is signed in, or the sign-in ended."""


class Denied(Refusal):
    """The person may not do this, and may know it."""


class StepUp(Denied):
    """The person may do this after giving the password again."""


class NotFound(Refusal):
    """The thing is absent, or looks so to this person."""


class Hidden(NotFound):
    """The thing exists; outside the log it must look exactly like `NotFound`."""


class Invalid(Refusal):
    """The input cannot be accepted. `fields` maps a field's name to a sentence."""

    def __init__(
        self, sentence: str, *, fields: dict[str, str] | None = None, **params: object
    ) -> None:
        """Keep which fields are wrong beside the sentence."""
        super().__init__(sentence, **params)  # type: ignore[arg-type]
        self.fields = fields or {}


class TooLarge(Invalid):
    """The input is over a size limit."""


class Unsupported(Invalid):
    """A kind of file that the archive does not take."""


class Unsatisfiable(Invalid):
    """A range of bytes that is not in the file of `size` bytes."""

    def __init__(self, sentence: str, *, size: int) -> None:
        """Keep how large the file is."""
        super().__init__(sentence, fields={"range": "range"})
        self.size = size


class Conflict(Refusal):
    """The thing is in a state that does not allow this."""


class Stale(Conflict):
    """Somebody else changed the thing since it was read."""


class Unconditional(Conflict):
    """A change that must name the state it was based on did not."""


class TooMany(Refusal):
    """Too many attempts; try again after `retry_after` seconds."""

    def __init__(self, sentence: str, *, retry_after: int, **params: object) -> None:
        """Keep how many seconds to wait."""
        super().__init__(sentence, **params)  # type: ignore[arg-type]
        self.retry_after = retry_after


class Unavailable(Refusal):
    """A part of the archive (`log`, `database`, `keystore`, `blobs`, `search`) is away."""

    def __init__(self, part: str, sentence: str = "", **params: object) -> None:
        """Name the part that does not answer."""
        told = sentence or "The %(part)s does not answer."
        super().__init__(told, part=part, **params)  # type: ignore[arg-type]
        self.part = part


def changed_meanwhile() -> Stale:
    """Return the refusal of a change that was not based on the newest state."""
    return Stale("Somebody changed this in the meantime. Load it again and repeat your change.")


def error_code(error: BaseException) -> str:
    """Return the word for an error in the log: the class name in snake case."""
    if isinstance(error, Unavailable):
        return f"unavailable.{error.part}"
    if not isinstance(error, Refusal):
        return "internal"
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
