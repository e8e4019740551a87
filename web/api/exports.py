"""Compliance bundles over HTTP: asked for, looked at until they are made, fetched."""

from flask import Response

from service import access
from service.audit.entries import Subject
from service.bundles import exports, handing
from service.bundles.exports import New
from service.log_questions import Sought
from service.permissions import Action
from web import downloads
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import EntriesNamed, NewExport
from web.api.shown.documents import File
from web.api.shown.exports import EntriesOpened, ExportShown

#: Seconds after which it is worth asking again whether a bundle is made.
AGAIN = "2"


@api.post("/audit/exports")
@operation(403, body=NewExport, answers={202: ExportShown})
def create_export() -> Response:
    """Have a part of the log packed as a compliance bundle; a worker makes it."""
    with opened(Action.AUDIT_EXPORT, Subject("export"), writes=True) as call:
        call.require()
        access.fresh(call)
        asked = dict(asking.body(call))
        own = {name: asked.pop(name) for name in ("case", "statement")}
        own |= {name: asked.pop(name) for name in ("receiver", "certificate") if name in asked}
        details = asked.pop("details", False)
        days = {"day_from": asked.pop("from_", None), "day_to": asked.pop("to", None)}
        made = exports.request(call, New(wanted=Sought(**days, **asked), details=details, **own))
        answer = done(call, ExportShown, made, 202, at="audit/exports")
    answer.headers["Retry-After"] = AGAIN
    return answer


@api.get("/audit/exports/<export_id>")
@operation(403, 404, answers={200: ExportShown})
def show_export(export_id: str) -> Response:
    """Show how far a bundle is, and what is in it."""
    with opened(Action.AUDIT_EXPORT, Subject("export", export_id), writes=False) as call:
        found = exports.get(call, export_id)
        asking.query()
    return shown(ExportShown, found)


@api.get("/audit/exports/<export_id>/bundle")
@operation(403, 404, 409, answers={200: File})
def fetch_export(export_id: str) -> Response:
    """Hand a bundle out; it can be fetched a few times only."""
    with opened(Action.AUDIT_EXPORT, Subject("export", export_id), writes=False) as call:
        exports.get(call, export_id)
        access.fresh(call)
        asking.query()
        original = handing.fetch(call, export_id)
    return downloads.response(original)


@api.get("/audit/exports/<export_id>/entries")
@operation(403, 404, query=EntriesNamed, answers={200: EntriesOpened})
def open_export_entries(export_id: str) -> Response:
    """Open entries of a bundle's range that an auditor named, for a case number."""
    with opened(Action.AUDIT_EXPORT, Subject("export", export_id), writes=False) as call:
        exports.get(call, export_id)
        access.fresh(call)
        asked = asking.query()
        entries = handing.open_numbers(call, export_id, asked["case"], asked["number"])
    return shown(EntriesOpened, {"items": entries})
