"""What is shown of compliance bundles, and of exports of the archive."""

from marshmallow import Schema, fields

from web.api.shown.members import moment, string, whole


class MadeFileShown(Schema):
    """A file that a worker makes for somebody: how far it is, and how often it was fetched."""

    id = string()
    state = string()
    error = string(null=True)
    created = moment()
    done = whole()
    size = whole(null=True)
    sha256 = string(null=True)
    fetched = whole()
    downloads = whole()
    expires = moment(null=True)
    event = whole(null=True)


class ExportShown(MadeFileShown):
    """A compliance bundle: how far it is, and what is in it."""

    case = string()
    statement = string()
    by = string()
    receiver = string(null=True)
    first = whole()
    last = whole()
    matching = whole()
    details = fields.Boolean(required=True)
    encrypted = fields.Boolean(required=True)
    signed = whole(null=True)


class EntryOpened(Schema):
    """An entry that somebody named: its body; null where it was purged."""

    seq = whole()
    body = string(null=True)


class EntriesOpened(Schema):
    """The entries that somebody named."""

    items = fields.List(fields.Nested(EntryOpened), required=True)


class ArchiveExportShown(MadeFileShown):
    """An export of the archive: how far it is, how many documents it is about."""

    what = string()
    format = string()
    wanted = whole()
    left_out = whole(null=True)
