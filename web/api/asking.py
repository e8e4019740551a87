"""Reading a request inside its call: query, body, form, conditions. All of it checked here.

A view first asks whether the person may know the thing (`service.known`), then reads: a request
about something hidden gets the same answer whatever else is wrong with it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import current_app, g, request
from marshmallow import Schema, ValidationError, fields
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from service import idempotency, known
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.errors import Invalid, TooLarge, Unconditional, Unsupported, changed_meanwhile
from service.idempotency import Repeated
from service.intake import Upload
from service.permissions import Action
from web import uploads
from web.api.operation import Operation, stated_by
from web.api.values import CODES

#: The largest body that is not an upload, in bytes.
BODY = 1024 * 1024

#: What marshmallow puts between a mapping's keys and what is wrong with them.
_STEPS = ("_schema", "key", "value")

Read = Mapping[str, Any]

#: A state of a record: a number that rises, or a word of its own.
_Rev = TypeVar("_Rev", int, str)


@contextmanager
def opened(
    action: Action,
    subject: Subject,
    *,
    detail: Mapping[str, Any] | None = None,
    reading: int | None = None,
    writes: bool | None = None,
) -> Iterator[Call]:
    """Open the call of this request, if its person's programs do not ask too often.

    A body that is no upload has arrived before the call begins.
    """
    archive: Archive = g.archive
    archive.rates.take(archive, g.actor)
    if not stated().form:
        g.too_large = not _arrived()
    call = archive.call(g.actor, action, subject, detail=detail, reading=reading, writes=writes)
    with call:
        yield call


def _arrived() -> bool:
    """Read the body; say whether it is of a size that is taken."""
    # of a body in chunks no more than this is read, and nothing says that there was more
    request.max_content_length = BODY + 1
    try:
        return len(request.get_data()) <= BODY
    except RequestEntityTooLarge:
        return False


def stated() -> Operation:
    """Return what the view of this request states of itself."""
    return stated_by(current_app.view_functions[request.endpoint or ""])


def query() -> Read:
    """Return the query string as the operation states it; refuses a body that is too large."""
    if g.get("too_large"):
        raise TooLarge("The request is too large.")
    schema = stated().query()
    return _checked(schema, _from_pairs(schema, request.args))


def body(call: Call) -> Read:
    """Return the JSON body as the operation states it; raises `Repeated` if it was sent before."""
    query()
    schema = (stated().body or Schema)()
    data = request.get_data()
    needed = stated().body is not None and not getattr(schema, "OPTIONAL", False)
    read = _checked(schema, _json(data)) if needed or data else {}
    _once(call, data)
    return read


def _json(data: bytes) -> object:
    if request.mimetype != "application/json":
        raise Unsupported("Send JSON.", fields={"Content-Type": "unsupported"})
    try:
        text = data.decode("utf-8-sig")
        read: object = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
        # half of a surrogate pair is no character: nothing can store it
        json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.", fields={"body": "json"}) from None
    return read


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a member that is there twice: readers do not agree which of them counts."""
    members = dict(pairs)
    if len(members) < len(pairs):
        (twin, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise Invalid("This can be given once only.", fields={twin: "repeated"})
    return members


def form(call: Call) -> tuple[Read, Upload]:
    """Return fields and file of an upload; its body is read here, not before."""
    read, (upload,) = _form(call, "file", most=1)
    return read, upload


def form_and(call: Call, beside: str) -> tuple[Read, Upload, Upload | None]:
    """Return fields and file of an upload, and another file that may have come beside it."""
    read, (upload, *more) = _form(call, "file", most=1, beside=beside)
    return read, upload, next(iter(more), None)


def forms(call: Call, name: str) -> tuple[Read, list[Upload]]:
    """Return fields and files of an upload of several, all of them parts called `name`."""
    return _form(call, name)


def _form(
    call: Call, name: str, *, most: int | None = None, beside: str = ""
) -> tuple[Read, list[Upload]]:
    query()
    archive: Archive = g.archive
    if request.mimetype != "multipart/form-data":
        raise Unsupported("Send multipart/form-data.", fields={"Content-Type": "unsupported"})
    files = _files(archive.settings.upload_limit)
    schema = (stated().form or Schema)(exclude=tuple(filter(None, (name, beside))))
    extra = {other: "unknown" for other in files if other not in (name, beside)}
    sent = files.getlist(name)
    if most and (extra or len(sent) != most):
        raise Invalid(
            "Send one file, as the part named file.", fields=extra or {"file": "required"}
        )
    if extra or not sent:
        raise Invalid(
            "Some values cannot be taken as they are.", fields=extra or {name: "required"}
        )
    if beside and len(files.getlist(beside)) > 1:
        raise Invalid("This can be given once only.", fields={beside: "repeated"})
    fields_read = _checked(schema, _from_pairs(schema, request.form))
    taken = [uploads.upload(one) for one in [*sent, *files.getlist(beside)]]
    _once(call, _content(taken))
    return fields_read, taken


def _files(limit: int) -> MultiDict[str, FileStorage]:
    request.max_content_length = limit + BODY
    try:
        return request.files
    except RequestEntityTooLarge:
        raise TooLarge(
            "The file is larger than %(limit)s MB.",
            fields={"file": "too_large"},
            limit=limit // (1024 * 1024),
        ) from None
    except ClientDisconnected:
        raise Invalid("The request broke off before its end.") from None


def _content(taken: Iterable[Upload]) -> bytes:
    """Return what an upload says, for telling whether it is the same one again."""
    pairs = sorted(request.form.items(multi=True))
    files = [[one.file_name, one.spool.sha256.hex()] for one in taken]
    return json.dumps([pairs, files]).encode()


def again(call: Call) -> None:
    """Raise `Repeated` if this took the thing away before, under its key: now it is absent.

    Nothing else is said of the request yet.
    """
    if not g.get("too_large") and idempotency.fits(request.headers.get("Idempotency-Key", "")):
        _once(call, request.get_data())


def _once(call: Call, content: bytes) -> None:
    """Raise `Repeated` if this was sent before under its key; else keep it for the answer.

    An earlier answer is given only to who may do this, and may know what was made, today.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None or not stated().repeatable:
        return
    arguments = hashlib.sha256(request.query_string).digest()
    g.repeatable = idempotency.Request(f"{request.method} {request.path}", key, arguments + content)
    try:
        idempotency.check(call, g.repeatable)
    except Repeated as repeated:
        made = repeated.answer.body
        known.still(call, json.loads(made)["id"] if made else "")
        raise


def matched(rev: _Rev) -> _Rev:
    """Return the revision this request is based on; it must be the one there is."""
    if "If-Match" not in request.headers:
        raise Unconditional("Say which state this change is based on (If-Match).")
    if not request.if_match.contains(str(rev)):
        raise changed_meanwhile()
    return rev


def _from_pairs(schema: Schema, pairs: MultiDict[str, str]) -> dict[str, Any]:
    """Return pairs as a mapping: lists where the schema has lists, one value elsewhere."""
    lists = {
        field.data_key or name
        for name, field in schema.fields.items()
        if isinstance(field, fields.List)
    }
    read: dict[str, Any] = {}
    for name in pairs:
        values = pairs.getlist(name)
        if name not in lists and len(values) > 1:
            raise Invalid("This can be given once only.", fields={name: "repeated"})
        read[name] = values if name in lists else values[0]
    return read


def _checked(schema: Schema, data: object) -> Read:
    try:
        read: Read = schema.load(data)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = dict(_wrong(error.messages, ""))
        raise Invalid("Some values cannot be taken as they are.", fields=wrong) from None
    return read


def _wrong(messages: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and code of everything that is wrong."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name in _STEPS else str(name)
            yield from _wrong(inner, f"{path}.{step}".strip("."))
    elif isinstance(messages, list) and messages:
        yield path or "body", CODES.get(messages[0], "format")
