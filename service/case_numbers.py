"""The number of the case for which something of the log is opened or given away: one rule."""

import unicodedata

from service.errors import Invalid

SHORTEST, LONGEST = 4, 60

#: What ends a line or a paragraph without being a control character.
_LINES = ("Zl", "Zp")


def problem(text: str) -> str | None:
    """Return what is wrong with a case number, as a code; None for a good one."""
    case = text.strip()
    if not case:
        return "required"
    if len(case) < SHORTEST:
        return "too_short"
    if len(case) > LONGEST:
        return "too_long"
    return None if one_line(case) else "format"


def one_line(text: str) -> bool:
    """Say whether a text stays one line, and shows its signs in the order they stand in."""
    return not any(_breaks(unicodedata.category(sign)) for sign in text)


def _breaks(category: str) -> bool:
    return category in _LINES or category.startswith("C")


def checked(text: str) -> str:
    """Return a case number as it is logged; raises `Invalid` for what is none."""
    if wrong := problem(text):
        said = {"case": wrong}
        raise Invalid("Say under which case this is opened.", fields=said)
    return text.strip()
