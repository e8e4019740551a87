"""Photos that become one document, however they are sent."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import g
from flask_babel import gettext

from service import intake, photos
from service.archive import Call
from service.documents import DocumentView
from service.intake import Upload
from service.properties import Properties
from service.spool import Spool
from web import uploads


def spool() -> Spool:
    """Return what takes the document; it is closed after the call that adds it."""
    settings = g.archive.settings
    return Spool(uploads.folder(settings), settings.upload_limit)


def added(
    call: Call, customer_id: str, sent: Sequence[Upload], said: Properties, bound: Spool
) -> DocumentView:
    """Join photos in this order and add the document; its file is called by day and time.

    Raises what `photos.bound` and `intake.add` raise.
    """
    photos.bound(sent, bound)
    now = datetime.now(ZoneInfo(g.archive.settings.timezone))
    name = gettext("Photos %(time)s", time=now.strftime("%Y-%m-%d %H%M"))
    return intake.add(call, customer_id, Upload(bound, f"{name}.pdf"), said)
