"""What people choose for themselves: the language of the pages, kept with the account."""

from service.archive import Archive, Call
from service.models import Preference
from service.permissions import Target
from service.rows import claim


def choose_language(call: Call, language: str) -> None:
    """Keep the language that this call's person reads."""
    call.require(Target())
    person = call.actor.person
    row = claim(call.db, Preference, person, {"person": person, "language": language})
    row.language = language
    call.note(language=language)


def language(archive: Archive, person: str) -> str | None:
    """Return the language that a person chose, on whatever browser; None if they never did."""
    with archive.db.read() as db:
        row = db.get(Preference, person)
        return row.language if row else None
