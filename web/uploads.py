"""Uploads are encrypted from their first byte: the form parser writes into the archive's spool."""

from pathlib import Path
from typing import IO, cast

from flask import Request, current_app, request
from werkzeug.datastructures import FileStorage

from service.errors import Invalid
from service.intake import Upload
from service.settings import Settings
from service.spool import Spool

#: room for the other fields of an upload form
FORM_ROOM = 1024 * 1024


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

    def close(self) -> None:
        """Give up every file of this request, those of a form that broke off too."""
        super().close()
        for spool in self._spools:
            spool.close()


def folder(settings: Settings) -> Path:
    """Return where uploads are spooled; the files in it have no names."""
    return settings.data / "spool"


def received(name: str = "file") -> tuple[Upload, ...]:
    """Return the files of this request's form."""
    files = [one for one in request.files.getlist(name) if one.filename]
    if not files:
        raise Invalid("Choose a file.", fields={name: "required"})
    return tuple(map(upload, files))


def upload(one: FileStorage) -> Upload:
    """Return a file of a form as an upload."""
    spool: object = one.stream
    if not isinstance(spool, Spool):
        message = "a form file that is not in the spool"
        raise TypeError(message)
    return Upload(spool, one.filename or "")
