"""Who stands in for whom: one's own deputies, and for whom one is."""

from flask import Response

from service import access, deputies
from service.audit.entries import Subject
from service.permissions import Action
from web.api import asking
from web.api.answering import done, gone, shown
from web.api.asking import opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import NewDeputy
from web.api.shown.people import DeputyList, DeputyShown
from web.api.whole import whole


@api.get("/deputies")
@operation(answers={200: DeputyList})
def list_deputies() -> Response:
    """List who stands in for the person who calls, and for whom they do."""
    with opened(Action.DEPUTY_NAME, Subject("person"), writes=False) as call:
        call.require()
        asking.query()
        found = deputies.concerning(call)
    return shown(DeputyList, whole(found))


@api.post("/deputies")
@operation(403, body=NewDeputy, answers={201: DeputyShown})
def name_deputy() -> Response:
    """Let a colleague stand in for the person who calls, from a day to a day."""
    with opened(Action.DEPUTY_NAME, Subject("person")) as call:
        call.require()
        access.fresh(call)
        asked = asking.body(call)
        call.about(id=asked["deputy"])
        made = deputies.name(call, asked["deputy"], first=asked["from_"], last=asked["to"])
        return done(call, DeputyShown, made, 201, at="deputies")


@api.get("/deputies/<deputy_id>")
@operation(404, answers={200: DeputyShown})
def show_deputy(deputy_id: str) -> Response:
    """Show somebody who stands in for the person who calls, or whom they stand in for."""
    with opened(Action.DEPUTY_NAME, Subject("person", deputy_id), writes=False) as call:
        found = deputies.one(call, deputy_id)
        asking.query()
    return shown(DeputyShown, found)


@api.delete("/deputies/<deputy_id>")
@operation(404, answers={204: None})
def end_deputy(deputy_id: str) -> Response:
    """End at once that somebody stands in for the person who calls."""
    with opened(Action.DEPUTY_NAME, Subject("person", deputy_id)) as call:
        asking.again(call)
        deputies.revoke(call, deputy_id)
        asking.body(call)
        return gone(call)
