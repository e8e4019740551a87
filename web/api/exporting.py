"""Exports of the archive over HTTP: asked for, looked at until they are made, fetched."""

from flask import Response

from service import access
from service.audit.entries import Subject
from service.exporting import handing, requests
from service.exporting.asked import Conditions, Format
from service.exporting.requests import New
from service.permissions import Action
from service.search.port import Filters
from web import downloads
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import Read, opened
from web.api.blueprint import api
from web.api.exports import AGAIN
from web.api.operation import operation
from web.api.schemas import NewArchiveExport
from web.api.shown.documents import File
from web.api.shown.exports import ArchiveExportShown

_GROUPS = ("category", "module", "kind", "customer", "owner", "grade", "year")


@api.post("/exports")
@operation(403, 404, body=NewArchiveExport, answers={202: ArchiveExportShown})
def export_documents() -> Response:
    """Have documents listed or packed, of an answer or of a client; a worker makes it."""
    with opened(Action.EXPORT_LIST, Subject("export_file"), writes=True) as call:
        requests.check_reader(call)
        access.fresh(call)
        asked = asking.body(call)
        # only now is known which of the two it is: the entry is written at the end
        call.action = requests.ACTIONS[Format(asked["format"]).what]
        new = New(asked["format"], _conditions(asked))
        made = requests.request(call, new)
        answer = done(call, ArchiveExportShown, made, 202, at="exports")
    answer.headers["Retry-After"] = AGAIN
    return answer


def _conditions(asked: Read) -> Conditions:
    groups = {name: frozenset(asked[name]) for name in _GROUPS}
    filters = Filters(**groups, day_from=asked["from_"], day_to=asked["to"])
    return Conditions(asked["q"], filters, asked["sort"], asked["of"])


@api.get("/exports/<made_id>")
@operation(403, 404, answers={200: ArchiveExportShown})
def show_exported(made_id: str) -> Response:
    """Show how far an export is."""
    with opened(Action.EXPORT_FETCH, Subject("export_file", made_id), writes=False) as call:
        found = requests.get(call, made_id)
        asking.query()
    return shown(ArchiveExportShown, found)


@api.get("/exports/<made_id>/file")
@operation(403, 404, 409, answers={200: File})
def fetch_exported(made_id: str) -> Response:
    """Hand an export out; it can be fetched a few times only."""
    with opened(Action.EXPORT_FETCH, Subject("export_file", made_id), writes=False) as call:
        requests.get(call, made_id)
        access.fresh(call)
        asking.query()
        original = handing.fetch(call, made_id)
    return downloads.response(original)
