"""What is shown of the log: columns, no content."""

from marshmallow import Schema, fields, post_dump

from web.api.shown.members import Listed, moment, string, whole


class EventShown(Schema):
    """An entry of the log: columns, no content."""

    seq = whole()
    ts = moment()
    phase = string()
    ref = whole(null=True)
    actor = string(null=True)
    actor_name = string()
    actor_kind = string()
    dept = string(null=True)
    action = string()
    verb = string()
    object_type = string(null=True)
    object = string(null=True)
    customer = string(null=True)
    customer_number = string(null=True)
    category = string(null=True)
    grade = string(null=True)
    decision = string(null=True)
    rule = string(null=True)
    count = whole(null=True)
    bytes = whole(null=True)
    error = string(null=True)
    via = string()
    shown = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class EventList(Listed):
    """A page of the log, newest first."""

    items = fields.List(fields.Nested(EventShown), required=True)


class DocumentSeen(Schema):
    """A document that an entry showed to somebody, and how."""

    document = string()
    how = string()


class PartShown(Schema):
    """One entry of a group: its columns, its body, what the chain says of it."""

    event = fields.Nested(EventShown, required=True, attribute="row")
    body = fields.Dict(keys=fields.String(), required=True)
    leaf = string()
    chain = string()
    sealed = fields.Boolean(required=True)
    erased = fields.Boolean(required=True)
    documents = fields.List(fields.Nested(DocumentSeen), required=True, attribute="shown")


class EntryShown(Schema):
    """An intent with its outcome, deliveries and further pieces; or one event alone."""

    seq = whole()
    parts = fields.List(fields.Nested(PartShown), required=True)
    more = whole()
    newest = whole()


class DetailShown(Schema):
    """What was sealed with one entry; nothing where its key was erased."""

    seq = whole()
    members = fields.Dict(keys=fields.String(), required=True)


class DetailsOpened(Schema):
    """What was sealed with an entry and with all that belongs to it."""

    seq = whole()
    items = fields.List(fields.Nested(DetailShown), required=True)


class SealedFound(Schema):
    """Entries whose sealed content has the words, and where the next piece begins."""

    items = fields.List(fields.Nested(EventShown), required=True)
    looked = whole()
    below = whole(null=True)
    newest = whole()
    oldest = whole()


class ThingShown(Schema):
    """A document or client that the person may see today."""

    kind = string()
    id = string()
    name = string()


class OwnShown(Schema):
    """One thing the person did; `q`: the words they searched for."""

    seq = whole()
    ts = moment()
    action = string()
    decision = string(null=True)
    count = whole(null=True)
    q = string()
    thing = fields.Nested(ThingShown, required=True, allow_none=True)


class OwnList(Listed):
    """A page of what the person did, latest first."""

    items = fields.List(fields.Nested(OwnShown), required=True)


class LogShown(Schema):
    """How the log stands."""

    verified_to = whole()
    events = whole()
    root = string()
    checkpoint = fields.Integer()
    signed = fields.DateTime()
    anchor = string()

    @post_dump
    def _only_given(self, members: dict[str, object], **_: object) -> dict[str, object]:
        return {name: value for name, value in members.items() if value is not None}
