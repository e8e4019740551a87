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
