"""Uploads are encrypted from their first byte: the form parser writes into the archive's spool."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from flask import Request, current_app, g, request
from werkzeug.datastructures import FileStorage

from service.errors import Invalid, Unavailable
from service.intake import Upload
from service.settings import Settings
from service.spool import Spool

#: room for the fields of a form, with files beside them or alone
FORM_ROOM = 1024 * 1024
_FIELDS_ALONE = "application/x-www-form-urlencoded"

#: a body over this many bytes, or of unknown length, may take its time
LARGE = 1024 * 1024

#: a form of somebody who need not be known is not longer, and has come in before a thread is taken
SHORT = 64 * 1024

#: bodies of strangers that may be on their way in at once: they take no room from people's
STRANGERS = 4

#: files of one form: each is stored, and in the log, before the next, about 0.1 s while one waits
TOGETHER = 200

#: bytes at least that are read on of what was refused
PATIENCE = 64 * 1024 * 1024


class LargeBodies:
    """How many large bodies may be on their way in: a slow one holds its thread while it lasts."""

    def __init__(self, most: int) -> None:
        """Let in `most` at once."""
        self._free = threading.BoundedSemaphore(max(1, most))

    @contextmanager
    def one(self) -> Iterator[None]:
        """Let one in; raises `Unavailable("uploads")` when there is no room."""
        if not self._free.acquire(blocking=False):
            raise Unavailable("uploads", "Too many large files are on their way. Try again soon.")
        try:
            yield
        finally:
            self._free.release()


class ArchiveRequest(Request):
    """A request whose files never lie on the disk in clear.

    Werkzeug would write what is over 500 KB to a temporary folder.
    """

    _spools: list[Spool] = []  # noqa: RUF012 - replaced, never changed

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - Werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        settings = current_app.extensions["archive"].settings
        spool = Spool(folder(settings), settings.upload_limit)
        self._spools = [*self._spools, spool]
        return cast("IO[bytes]", spool)

    def _load_form_data(self) -> None:
        if self.mimetype == _FIELDS_ALONE:
            # Werkzeug limits fields that stand beside files, and not these
            self.max_content_length = min(self.max_content_length or FORM_ROOM, FORM_ROOM)
        if "form" in self.__dict__ or not self._takes_its_time():
            super()._load_form_data()
            return
        with _room().one():
            super()._load_form_data()

    def _takes_its_time(self) -> bool:
        """Say whether the thread may have to wait for the body, as whoever sends it likes."""
        if "Transfer-Encoding" in self.headers:
            return True
        # who waits to be asked for a body has not sent it yet
        asks = "Expect" in self.headers and not _known()
        return asks or (self.content_length or 0) > LARGE

    def close(self) -> None:
        """Give up every file of this request, those of a form that broke off too."""
        super().close()
        for spool in self._spools:
            spool.close()
        if self.content_length or "Transfer-Encoding" in self.headers:
            # what breaks off here was refused already
            with suppress(Exception):
                self._hear_out()

    def _hear_out(self) -> None:
        """Read on what was refused unread: who is cut off while sending never sees the answer.

        The server's stream ends where the body ends.
        """
        left = max(2 * current_app.config["MAX_CONTENT_LENGTH"], PATIENCE) if _known() else LARGE
        with _room().one():
            while left > 0 and (data := self.input_stream.read(min(left, 1 << 16))):
                left -= len(data)


def _known() -> bool:
    return bool(g.actor.kind == "person")


def _room() -> LargeBodies:
    """Return where the body of this request takes its place."""
    rooms: dict[str, LargeBodies] = current_app.extensions
    return rooms["large-bodies" if _known() else "strangers-bodies"]


def folder(settings: Settings) -> Path:
    """Return where uploads are spooled; the files in it have no names."""
    return settings.data / "spool"


def received(name: str = "file") -> tuple[Upload, ...]:
    """Return the files of this request's form."""
    files = [one for one in request.files.getlist(name) if one.filename]
    if not files:
        raise Invalid("Choose a file.", fields={name: "required"})
    if len(files) > TOGETHER:
        raise Invalid(
            "A form without script takes at most %(most)s files at once: send them in several "
            "forms or as a ZIP, or let the page run its script.",
            fields={"file": "too_many"},
            most=TOGETHER,
        )
    return tuple(map(upload, files))


def beside(name: str) -> Upload | None:
    """Return a file that a form may have besides; None where it has none."""
    files = [one for one in request.files.getlist(name) if one.filename]
    return upload(files[0]) if files else None


def refused_name() -> str:
    """Return the name of the first file of a refused form; nothing if the form was never read."""
    # asking for the files would read the form, and raise what refused it once more
    if "files" not in request.__dict__:
        return ""
    one = request.files.get("file")
    return (one.filename if one else None) or ""


def upload(one: FileStorage) -> Upload:
    """Return a file of a form as an upload."""
    spool: object = one.stream
    if not isinstance(spool, Spool):
        message = "a form file that is not in the spool"
        raise TypeError(message)
    return Upload(spool, one.filename or "")
