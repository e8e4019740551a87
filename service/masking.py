"""What a value looks like to a person who may not see all of it; page, API, export, log alike.

Masks have a fixed length, so that they do not tell how long a value is.
"""

from service import personal_numbers
from service.personal_numbers import Kind, PersonalNumber


def mobile(normal: str) -> str:
    """Show the first three and last four digits of a mobile number."""
    digits = normal[-11:]
    return f"{digits[:3]}****{digits[-4:]}"


def resident_id(normal: str) -> str:
    """Show the first and the last character of a resident id; no birth date survives."""
    return f"{normal[0]}****************{normal[-1]}"


def card(normal: str) -> str:
    """Show the last four digits of a bank card."""
    return f"**** **** **** {normal[-4:]}"


def number(found: PersonalNumber) -> str:
    """Show a number found in a text."""
    return _MASKS[found.kind](found.normal)


def text(value: str) -> str:
    """Show a text with the personal numbers in it masked."""
    pieces: list[str] = []
    end = 0
    for found in personal_numbers.find(value):
        pieces += (value[end : found.start], number(found))
        end = found.end
    return "".join((*pieces, value[end:]))


_MASKS = {Kind.MOBILE: mobile, Kind.RESIDENT_ID: resident_id, Kind.CARD: card}
