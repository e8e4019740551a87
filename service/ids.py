"""Ids of rows: 16 random bytes as 26 lower-case letters and digits, never reused."""

import re
import secrets
from base64 import b32encode

ID_LENGTH = 26

#: 26 base32 digits hold 130 bits; the last one carries only the top three of its five.
_ID = re.compile(r"[a-z2-7]{25}[aeimquy4]")


def new_id() -> str:
    """Return a fresh id."""
    return b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def is_id(text: str) -> bool:
    """Say whether the text could be an id, so that rubbish from a URL never reaches a query."""
    return _ID.fullmatch(text) is not None
