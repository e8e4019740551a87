"""What is shown of compliance bundles, and of exports of the archive."""

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


class ArchiveExportShown(Schema):
    """An export of the archive: how far it is, how many documents it is about."""

    id = string()
    what = string()
    format = string()
    state = string()
    error = string(null=True)
    created = moment()
    wanted = whole()
    done = whole()
    left_out = whole(null=True)
    size = whole(null=True)
    sha256 = string(null=True)
    fetched = whole()
    downloads = whole()
    expires = moment(null=True)
    event = whole(null=True)
