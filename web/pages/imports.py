"""Imports of many files: a page for each batch, and what its script sends and asks."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from service import customers, intake, suggestions, twins
from service.archive import Call
from service.audit.entries import Subject
from service.errors import Invalid
from service.imports import batches, bringing, choices, preparing, showing
from service.imports.batches import New, Source
from service.imports.items import Announced, Item, ItemState
from service.permissions import Action
from service.properties import Properties
from web import (
    announced,
    downloads,
    errors,
    forms,
    import_words,
    numbers,
    statements,
    uploads,
)

pages = Blueprint("imports", __name__)


#: How many imports a page lists.
_LISTED = 20


def _subject(batch_id: str) -> Subject:
    return Subject("import", batch_id)


def _page_number() -> int:
    value = request.args.get("page", "")
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 6 else 1  # noqa: PLR2004


@pages.get("/imports")
def every() -> ResponseReturnValue:
    """List the imports that one made, and those one oversees."""
    number = _page_number()
    with g.archive.call(g.actor, Action.IMPORT_RUN, Subject("import")) as call:
        batches.require(call, ())
        found, more = showing.every_batch(call, offset=(number - 1) * _LISTED, limit=_LISTED)
    return render_template(
        "imports/list.html", found=found, number=number, more=more, word=import_words.word
    )


@pages.get("/imports/<batch_id>")
def show(batch_id: str) -> ResponseReturnValue:
    """Show a batch: its sums, and what became of each file."""
    number, sort = _page_number(), request.args.get("sort", "")
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
        batch = showing.batch(call, batch_id)
        offset = (number - 1) * showing.PAGE
        found = showing.page(call, batch_id, sort=sort, offset=offset)
        listed = _listed(call, batch, found.items)
        outlook = preparing.preview_of(call, batch_id)
    return render_template(
        "imports/show.html",
        outlook=outlook,
        at_once=choices.AT_ONCE,
        sort=sort if sort in showing.SORTS else "",
        number=number,
        pages=-(-found.total // showing.PAGE),
        total=found.total,
        **listed,
    )


def _listed(
    call: Call, batch: showing.BatchView, views: tuple[showing.ItemView, ...]
) -> dict[str, Any]:
    """Return a batch and some of its files, with what templates ask of them."""
    rows = [view.row for view in views if view.row]
    mine = batch.mine and batch.customer is not None and batch.customer.name
    kinds: tuple[str, ...] = ()
    if mine and batch.customer:
        kinds = customers.addable_kinds(call, customers.load(call.db, batch.customer.id))
    return {
        "batch": batch,
        "views": views,
        "same": twins.among(call, [row.document for row in rows]) if batch.mine else {},
        "guesses": suggestions.kinds_of(call, rows),
        "addable": kinds,
        "word": import_words.word,
        "parts": statements.parts(batch),
    }


@pages.get("/imports/<batch_id>/sums")
def sums(batch_id: str) -> ResponseReturnValue:
    """Return the sums of a batch alone, for a page that waits."""
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
        batch = showing.batch(call, batch_id)
    return render_template("imports/sums.html", batch=batch, parts=statements.parts(batch))


@pages.get("/imports/<batch_id>/rows")
def rows(batch_id: str) -> ResponseReturnValue:
    """Return some rows of a batch, for a page that waits."""
    wanted = [forms.whole(n) for n in request.args.getlist("n")]
    return _rows(batch_id, [n for n in wanted if n is not None and n <= numbers.MOST])


def _rows(batch_id: str, ordinals: list[int]) -> ResponseReturnValue:
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
        batch = showing.batch(call, batch_id)
        listed = _listed(call, batch, showing.some(call, batch_id, ordinals))
    return render_template("imports/rows.html", **listed)


@pages.get("/imports/<batch_id>/left")
def left(batch_id: str) -> ResponseReturnValue:
    """Return the files of a batch, and which are still to come, for the script that sends them."""
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
        found = showing.sendable(call, batch_id)
    return jsonify(
        [
            {"n": one.ordinal, "file": one.file, "size": one.size, "left": _is_left(one)}
            for one in found
        ]
    )


def _is_left(item: Item) -> bool:
    return item.state is ItemState.EXPECTED


@pages.get("/imports/<batch_id>/statement")
def statement(batch_id: str) -> ResponseReturnValue:
    """Hand out the statement of a batch."""
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
        batch = showing.batch(call, batch_id)
        content = statements.csv_of(batch, showing.every(call, batch_id))
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = downloads.disposition(f"{batch.number}.csv")
    return answer


# -- making one ------------------------------------------------------------------------------


@pages.post("/customers/<customer_id>/imports")
def announce(customer_id: str) -> ResponseReturnValue:
    """Make a batch of the files that a page is about to send; say where it is."""
    request.max_content_length = announced.LONGEST
    said = announced.listed(request.get_data())
    subject = Subject("import", customer=customer_id)
    # what cannot be taken as it is leaves an entry, too
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        made = batches.create(call, New(Source.PORTAL, customer_id, files=_all_announced(said))).id
    return jsonify({"place": url_for("imports.show", batch_id=made)}), 201


def _all_announced(said: list[object] | None) -> list[Announced]:
    """Return the files that a page announces."""
    if said is None:
        raise Invalid("Choose a file.", fields={"file": "required"})
    return [_announced(one) for one in said]


def _announced(said: object) -> Announced:
    """Return a file as a page announces it."""
    match said:
        case {
            "file": path,
            "size": size,
            "kind": str(kind),
            "grade": str(grade),
            "dated": str(dated),
        } if one := announced.file(path, size):
            day = forms.day("dated", dated)
            return Announced(*one, properties=Properties(kind, grade=grade or None, dated=day))
    raise Invalid("Some values cannot be taken as they are.", fields={"file": "format"})


def _made(customer_id: str, files: list[Announced]) -> str:
    new = New(Source.PORTAL, customer_id, files=files)
    subject = Subject("import", customer=customer_id)
    with g.archive.call(g.actor, Action.IMPORT_RUN, subject, writes=True) as call:
        return batches.create(call, new).id


def sent_together(customer_id: str, sent: tuple[intake.Upload, ...]) -> ResponseReturnValue:
    """Take the files of one form in as a batch, for pages without script."""
    said = forms.properties()
    for one in sent:
        one.spool.seal()
    files = [Announced(one.file_name, one.spool.plain_size, properties=said) for one in sent]
    batch_id = _made(customer_id, files)
    for n, one in enumerate(sent, 1):
        _bring(batch_id, n, one)
    return redirect(url_for("imports.show", batch_id=batch_id))


# -- sending to it ---------------------------------------------------------------------------


def _bring(batch_id: str, ordinal: int, upload: intake.Upload) -> Item:
    return bringing.bring(g.archive, g.actor, batch_id, ordinal, lambda _call: upload)


@pages.post("/imports/<batch_id>/items/<int:ordinal>")
def send(batch_id: str, ordinal: int) -> ResponseReturnValue:
    """Take one file of a batch in; answer with its row."""
    bringing.bring(g.archive, g.actor, batch_id, ordinal, lambda _call: uploads.received()[0])
    return _rows(batch_id, [ordinal])


def _again(batch_id: str, **_: object) -> ResponseReturnValue:
    return show(batch_id)


@pages.post("/imports/<batch_id>/files")
@errors.again(_again)
def go_on(batch_id: str) -> ResponseReturnValue:
    """Take files in that are still expected, told by name and size, for pages without script."""
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id)) as call:
        known = showing.sendable(call, batch_id)
    taken = 0
    for one in uploads.received():
        one.spool.seal()
        fits = [item for item in known if (item.name, item.size) == _known_by(one)]
        # of two with one name nobody can tell here which this is
        if len(fits) == 1 and _is_left(fits[0]):
            _bring(batch_id, fits[0].ordinal, one)
            taken += 1
    if not taken:
        raise Invalid("None of these files is expected here.", fields={"file": "unknown"})
    return _back(batch_id)


def _known_by(one: intake.Upload) -> tuple[str, int]:
    return intake.clean_file_name(one.file_name), one.spool.plain_size


# -- what people decide ----------------------------------------------------------------------


def _back(batch_id: str) -> ResponseReturnValue:
    return redirect(url_for("imports.show", batch_id=batch_id))


def _change(batch_id: str, change: Callable[[Call], object]) -> ResponseReturnValue:
    with g.archive.call(g.actor, Action.IMPORT_RUN, _subject(batch_id), writes=True) as call:
        change(call)
    return _back(batch_id)


@pages.post("/imports/<batch_id>/stop")
@errors.again(_again)
def stop(batch_id: str) -> ResponseReturnValue:
    """Take no more files in."""
    forms.only()
    return _change(batch_id, lambda call: batches.stop(call, batch_id))


@pages.post("/imports/<batch_id>/resume")
@errors.again(_again)
def resume(batch_id: str) -> ResponseReturnValue:
    """Go on with a batch that was stopped."""
    forms.only()
    return _change(batch_id, lambda call: batches.resume(call, batch_id))


@pages.post("/imports/<batch_id>/retry")
@errors.again(_again)
def retry(batch_id: str) -> ResponseReturnValue:
    """Expect what failed again, and read again what could not be read, some at a time."""
    forms.only()
    answer = _change(batch_id, lambda call: choices.retry(call, batch_id))
    choices.read_again(g.archive, g.actor, batch_id)
    return answer


@pages.post("/imports/<batch_id>/items/<int:ordinal>/retry")
@errors.again(_again)
def retry_one(batch_id: str, ordinal: int) -> ResponseReturnValue:
    """Expect one file again."""
    forms.only()
    return _change(batch_id, lambda call: choices.retry(call, batch_id, [ordinal]))


@pages.post("/imports/<batch_id>/items/<int:ordinal>/skip")
@errors.again(_again)
def skip(batch_id: str, ordinal: int) -> ResponseReturnValue:
    """Leave a file out; what it became is withdrawn."""
    forms.only()
    reason = gettext("Left out of its import.")
    choices.skip(g.archive, g.actor, batch_id, ordinal, reason)
    return _back(batch_id)


@pages.post("/imports/<batch_id>/items/<int:ordinal>/as-version")
@errors.again(_again)
def as_version(batch_id: str, ordinal: int) -> ResponseReturnValue:
    """Make a file a newer version of another document with the same content."""
    forms.only("other")
    reason = gettext("Kept as a version of another document.")
    other = forms.text("other")
    choices.as_version(g.archive, g.actor, batch_id, ordinal, other, reason)
    return _back(batch_id)


@pages.post("/imports/<batch_id>/items/<int:ordinal>/kind")
@errors.again(_again)
def kind(batch_id: str, ordinal: int) -> ResponseReturnValue:
    """Change the kind of what a file became."""
    forms.only("kind", "was.kind")
    chosen, was = forms.text("kind"), request.form.get("was.kind", "")
    with g.archive.call(g.actor, Action.DOCUMENT_EDIT, _subject(batch_id)) as call:
        choices.set_kind(call, batch_id, ordinal, chosen, was=was)
    return _back(batch_id)
