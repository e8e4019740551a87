"""Numbers in addresses: no larger than what a database counts in."""

from typing import Any

from werkzeug.routing import IntegerConverter, ValidationError

#: The largest number of a row's column: PostgreSQL's `integer`.
MOST = 2**31 - 1

#: Digits that a number of an address may have at all; Python reads no more than 4,300.
_DIGITS = 20


class Numbers(IntegerConverter):
    """`<int:…>`; an address with a larger number is none, unless it says `max`."""

    def __init__(self, *args: Any, **given: Any) -> None:  # noqa: ANN401 - Werkzeug's
        """Take what Werkzeug's converter takes."""
        super().__init__(*args, **{"max": MOST, **given})

    def to_python(self, value: str) -> int:
        """Return the number; raises `ValidationError` for one that is too large."""
        if len(value) > _DIGITS:
            raise ValidationError
        return int(super().to_python(value))
