"""The words of imports for people: why a file did not come, and what came of it."""

from collections.abc import Mapping

from web.words import N_, word_of

#: why a file of an import is not here
REASON = {
    "empty": N_("The file is empty."),
    "unsupported": N_("This kind of file is not taken, or its content is not what its name says."),
    "virus": N_("It holds a virus."),
    "too_large": N_("The file is too large."),
    "other_size": N_("It has other bytes than were announced."),
    "other_digest": N_("It has other bytes than were announced."),
    "denied": N_("Your role does not allow this."),
    "no_customer": N_("You may add to no client of this name or file number."),
    "several_customers": N_("Several clients are called so; use the file number."),
    "unnamed": N_("Nothing says to which client it belongs."),
    "untyped": N_("Nothing says what kind of document it is."),
    "unlisted": N_("The list does not name it."),
    "link": N_("Only files are imported, no links and no devices."),
    "name": N_("Its name cannot be kept, or another file has the same."),
    "unreadable": N_("It cannot be read there."),
    "changed": N_("It changed while it was looked at. Retry takes it as it is now."),
    "gone": N_("It is not there any more."),
    "corrupt": N_("What is stored is damaged."),
    "password": N_("It is locked by a password."),
    "packing": N_("It is packed in a way that is not read."),
    "damaged": N_("It is damaged."),
    "too_complex": N_("It is made to cost more than a file may."),
    "timeout": N_("It takes longer to unpack than a file may."),
    "killed": N_("It could not be unpacked."),
    "forgotten": N_("Nobody began this import for a week; it was given up."),
    "line.cells": N_("The line has more cells than the first."),
    "line.file": N_("The line names no file."),
    "line.twice": N_("The file stands in the list twice."),
    "line.kind": N_("There is no such kind of document."),
    "line.grade": N_("There is no such grade."),
    "line.date": N_("Write the date as YYYY-MM-DD."),
    "line.long": N_("A text is too long."),
    "line.missing": N_("There is no such file, or several that are called so."),
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
    return word_of(TABLES[table], code, _OTHER if table == "reason" else None)
