"""Taking photos: several of them become one document of a client."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import customers, intake, photos
from service.permissions import Action
from web import errors, forms, joining, recipients, session, uploads

pages = Blueprint("photos", __name__)


@pages.get("/photos")
def show() -> ResponseReturnValue:
    """Show the form for photos of a client, or the clients to choose from."""
    return _show(request.args.get("customer", ""))


def _show(customer_id: str) -> ResponseReturnValue:
    subject, asked = recipients.subject(customer_id), forms.as_sent()
    with g.archive.call(g.actor, Action.DOCUMENT_QUEUE, subject, detail=asked) as call:
        target = customers.get(call, customer_id) if customer_id else None
        found = () if target else recipients.offered(call)
    return render_template("upload/photos.html", target=target, found=found, most=photos.MOST)


@pages.post("/customers/<customer_id>/photos")
@errors.again(_show)
def add(customer_id: str) -> ResponseReturnValue:
    """Join photos, in the order in which they come, to one document."""
    with (
        joining.spool() as bound,
        g.archive.call(g.actor, Action.DOCUMENT_ADD, recipients.subject(customer_id)) as call,
    ):
        intake.expect(call, customer_id)
        forms.only("kind", "grade", "title")
        # who uses the camera beside the choice of files sends an empty one of the two
        sent = [uploads.upload(one) for one in request.files.getlist("photo") if one.filename]
        joining.added(call, customer_id, sent, forms.properties(), bound)
    return session.done("uploaded", "uploads.show", customer=customer_id)
