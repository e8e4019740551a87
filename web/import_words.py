"""The words of imports for people: why a file did not come, and what came of it."""

from collections.abc import Mapping

from flask_babel import gettext

from web.labels import N_

#: why a file of an import is not here
REASON = {
    "empty": N_("The file is empty."),
    "unsupported": N_("This kind of file is not taken, or its content is not what its name says."),
    "virus": N_("It holds a virus."),
    "too_large": N_("The file is too large."),
    "other_size": N_("It has other bytes than were announced."),
    "other_digest": N_("It has other bytes than were announced."),
    "denied": N_("Your role does not allow this."),
    "no_customer": N_("The client it was for is not among those you may add to."),
    "maker_left": N_("Who began the import has no account any more."),
}
#: of other codes
_OTHER = N_("What was said of the file cannot be taken as it is.")

#: what became of a file, where it is no document of its own
STATE = {
    "expected": N_("Not here yet"),
    "duplicate": N_("You brought this file before"),
    "failed": N_("Did not come in"),
    "skipped": N_("Left out"),
    "received": N_("Received"),
}
SOURCE = {
    "portal": N_("From the portal"),
    "api": N_("From a program"),
    "folder": N_("From a folder of the server"),
    "zip": N_("From a ZIP"),
    "cli": N_("From the command line"),
}
BATCH = {
    "preparing": N_("Being prepared"),
    "open": N_("Files are coming"),
    "running": N_("The server brings the files"),
    "stopped": N_("Stopped"),
    "done": N_("Done"),
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "reason": REASON,
    "state": STATE,
    "source": SOURCE,
    "batch": BATCH,
}


def word(table: str, code: object) -> str:
    """Return the word for a code of imports."""
    if not code:
        return ""
    known = TABLES[table].get(str(code), _OTHER if table == "reason" else str(code))
    return str(gettext(known))
