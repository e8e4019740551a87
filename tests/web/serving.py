"""One web application for all tests of a process: making it anew each time costs half a second."""

from apiflask import APIFlask

from service.archive import Archive
from web.app import create_app

_made: list[APIFlask] = []


def app_of(archive: Archive) -> APIFlask:
    """Return the application, serving this archive from now on."""
    if not _made:
        _made.append(create_app(archive))
    _made[0].extensions["archive"] = archive
    return _made[0]
