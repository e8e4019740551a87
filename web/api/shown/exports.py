"""What is shown of compliance bundles."""

from marshmallow import Schema, fields

from web.api.shown.members import moment, string, whole


class ExportShown(Schema):
    """A compliance bundle: how far it is, and what is in it."""

    id = string()
    case = string()
    statement = string()
    state = string()
    error = string(null=True)
    created = moment()
    by = string()
    receiver = string(null=True)
    first = whole()
    last = whole()
    matching = whole()
    done = whole()
    details = fields.Boolean(required=True)
    encrypted = fields.Boolean(required=True)
    signed = whole(null=True)
    size = whole(null=True)
    sha256 = string(null=True)
    fetched = whole()
    downloads = whole()
    expires = moment(null=True)
    event = whole(null=True)


class EntryOpened(Schema):
    """An entry that somebody named: its body; null where it was purged."""

    seq = whole()
    body = string(null=True)


class EntriesOpened(Schema):
    """The entries that somebody named."""

    items = fields.List(fields.Nested(EntryOpened), required=True)
