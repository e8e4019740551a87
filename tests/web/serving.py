"""One web application for all tests of a process: making it anew each time costs half a second."""

from apiflask import APIFlask

from service.anchored import Watched
from service.archive import Archive
from service.audit.verify import Watch
from web.api.audit import WATCH
from web.app import create_app
from web.guard import ANCHORED
from web.uploads import FORM_ROOM, LargeBodies

_made: list[APIFlask] = []


def app_of(archive: Archive) -> APIFlask:
    """Return the application, serving this archive from now on."""
    if not _made:
        _made.append(create_app(archive))
    app = _made[0]
    app.extensions |= {
        "archive": archive,
        "large-bodies": LargeBodies(archive.settings.threads // 2),
        WATCH: Watch(),
        ANCHORED: Watched(),
    }
    app.config["MAX_CONTENT_LENGTH"] = archive.settings.upload_limit + FORM_ROOM
    return app
