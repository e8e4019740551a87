"""The number of the case for which something of the log is opened or given away: one rule."""

import unicodedata

from service.errors import Invalid

SHORTEST, LONGEST = 4, 60


def problem(text: str) -> str | None:
    """Return what is wrong with a case number, as a code; None for a good one."""
    case = text.strip()
    if not case:
        return "required"
    if len(case) < SHORTEST:
        return "too_short"
    if len(case) > LONGEST:
        return "too_long"
    if any(unicodedata.category(sign).startswith("C") for sign in case):
        return "format"
    return None


def checked(text: str) -> str:
    """Return a case number as it is logged; raises `Invalid` for what is none."""
    if wrong := problem(text):
        raise Invalid("Say under which case this is opened.", fields={"case": wrong})
    return text.strip()
