"""How a code becomes a word, whichever table it stands in."""

from collections.abc import Mapping

from flask_babel import gettext


def N_(text: str) -> str:  # noqa: N802 - the name that collectors of messages know
    """Mark a text for the catalogue; it is translated when it is shown."""
    return text


def word_of(words: Mapping[str, str], code: object, otherwise: str | None = None) -> str:
    """Return the word for a code; a code that has none is `otherwise`, or shows itself."""
    if code is None or code == "":
        return ""
    known = words.get(str(code), otherwise)
    return str(gettext(known)) if known else str(code)


def choices_of(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return every code with its word, in the order of the table."""
    return [(code, str(gettext(text))) for code, text in words.items()]
