"""Client files: list, open, read, change, file, move to another category."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import categories, customers, directory, filing, owners
from service.audit.entries import Subject
from service.errors import Denied
from service.permissions import Action
from web import errors, forms, paging, session

pages = Blueprint("customers", __name__)


def _subject(customer_id: str) -> Subject:
    return Subject("customer", customer_id, customer=customer_id)


@pages.get("/customers")
def listing() -> ResponseReturnValue:
    """List the clients this person may see."""
    wanted = forms.customers()
    asked = forms.as_sent()
    with g.archive.call(g.actor, Action.CUSTOMER_LIST, Subject("customer"), detail=asked) as call:
        found = directory.listing(call, wanted)
        colleagues = owners.colleagues(call.db)
    return render_template(
        "customers/list.html",
        found=found,
        wanted=wanted,
        colleagues=colleagues,
        ways=paging.ways(found.next_cursor),
        event=call.event,
    )


@pages.get("/customers/new")
def blank() -> ResponseReturnValue:
    """Show the form for a new client file."""
    with g.archive.call(g.actor, Action.CUSTOMER_LIST, Subject("customer")) as call:
        if not g.menu.create:
            raise Denied("Your role does not allow this.", rule="customer.create:none")
        colleagues = owners.colleagues(call.db)
        fields = call.policy.fields.by_key
    return render_template("customers/new.html", colleagues=colleagues, fields=fields)


@pages.post("/customers")
@errors.again(blank)
def create() -> ResponseReturnValue:
    """Open a client file."""
    fields = forms.values(g.actor.name)
    name = fields.pop("company.name", None)
    with g.archive.call(g.actor, Action.CUSTOMER_CREATE, Subject("customer")) as call:
        customer = customers.create(
            call,
            name=name.value if name else "",
            category=forms.text("category"),
            owner=forms.text("owner") or None,
            coworkers=request.form.getlist("coworkers"),
            fields={k: v for k, v in fields.items() if v.value},
            coop_type=forms.text("coop_type") or None,
        )
    return session.done("created", "customers.show", customer_id=customer.id)


@pages.get("/customers/<customer_id>")
def show(customer_id: str) -> ResponseReturnValue:
    """Show a client file with its documents."""
    with g.archive.call(g.actor, Action.CUSTOMER_READ, _subject(customer_id)) as call:
        customer = customers.get(call, customer_id)
        documents = filing.of_customer(call, customer_id)
        colleagues = owners.colleagues(call.db)
    return render_template(
        "customers/show.html",
        customer=customer,
        documents=documents,
        colleagues=colleagues,
        tab=request.args.get("tab", "basic"),
        event=call.event,
    )


@pages.post("/customers/<customer_id>/edit")
@errors.again(show)
def edit(customer_id: str) -> ResponseReturnValue:
    """Enter new values for the client's fields."""
    with g.archive.call(g.actor, Action.CUSTOMER_EDIT, _subject(customer_id)) as call:
        customers.edit(call, customer_id, if_match=forms.seen(), fields=forms.changed(g.actor.name))
    return session.done("saved", "customers.show", customer_id=customer_id)


@pages.post("/customers/<customer_id>/people")
@errors.again(show)
def people(customer_id: str) -> ResponseReturnValue:
    """Set who owns the client and who works on it."""
    forms.only("seen", "owner", "coworkers", "was.owner", "was.coworkers")
    with g.archive.call(g.actor, Action.CUSTOMER_EDIT, _subject(customer_id)) as call:
        customers.edit(
            call,
            customer_id,
            if_match=forms.seen(),
            owner=forms.text("owner") or None,
            coworkers=request.form.getlist("coworkers"),
        )
        still = customers.still_shown(call, customer_id)
    return _onwards(customer_id, "saved", still=still)


@pages.post("/customers/<customer_id>/file")
@errors.again(show)
def file(customer_id: str) -> ResponseReturnValue:
    """File a draft; it gets its number."""
    forms.only("seen")
    with g.archive.call(g.actor, Action.CUSTOMER_FILE, _subject(customer_id)) as call:
        customers.file(call, customer_id, if_match=forms.seen())
    return session.done("filed", "customers.show", customer_id=customer_id)


@pages.post("/customers/<customer_id>/category")
@errors.again(show)
def move_category(customer_id: str) -> ResponseReturnValue:
    """Move the client to another category; its documents follow."""
    forms.only("seen", "to", "reason", "coop_type", "evidence")
    with g.archive.call(g.actor, Action.CUSTOMER_MOVE_CATEGORY, _subject(customer_id)) as call:
        categories.move(
            call,
            customer_id,
            if_match=forms.seen(),
            to=forms.text("to"),
            reason=forms.text("reason"),
            evidence=request.form.getlist("evidence"),
            coop_type=forms.text("coop_type") or None,
        )
        still = customers.still_shown(call, customer_id)
    return _onwards(customer_id, "moved", still=still)


def _onwards(customer_id: str, done: str, *, still: bool) -> ResponseReturnValue:
    """Go back to the client's file, or to the list when a person gave it away."""
    if still:
        return session.done(done, "customers.show", customer_id=customer_id)
    return session.done("given_away", "customers.listing")
