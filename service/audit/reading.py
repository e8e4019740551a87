"""A body read as what it is: in its one canonical form, or not at all."""

import json
from collections.abc import Callable
from typing import Any

from service.audit import entries

_EXACT = 2**53


def read(body: bytes) -> dict[str, Any]:
    """Return the members of a body that is in its one canonical form; raises `ValueError`."""
    if body.isascii() and b"null" not in body:
        text = body.decode("ascii")
        try:
            members, end = _SCAN(text, 0)
        except StopIteration as error:
            raise ValueError("not JSON") from error
        same = isinstance(members, dict) and end == len(text) and _encoded(members) == text
    else:
        members = entries.read(body)
        same = entries.canonical(members) == body
    if not same:
        message = "not in canonical form"
        raise ValueError(message)
    return members  # type: ignore[no-any-return]


def _exact(digits: str) -> int:
    number = int(digits)
    if not -_EXACT < number < _EXACT:
        message = "a number that not every reader of JSON has"
        raise ValueError(message)
    return number


def _refuse(text: str) -> float:
    message = f"{text} in a log entry"
    raise ValueError(message)


# what the library's own `decode` and `encode` do around these takes as long as they themselves
_SCAN = json.JSONDecoder(  # type: ignore[attr-defined]
    parse_int=_exact, parse_float=_refuse, parse_constant=_refuse
).scan_once


def _encoder() -> Callable[[dict[str, Any]], str]:
    """Return the encoder of the canonical form, made once where the interpreter has it in C."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return entries.ENCODER.encode
    escaped = json.encoder.encode_basestring
    once = make(None, _refuse, escaped, None, ":", ",", True, False, False)  # noqa: FBT003 - C's
    return lambda members: "".join(once(members, 0))


_encoded = _encoder()
