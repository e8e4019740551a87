"""What is shown of imports, their files and their sums."""

from marshmallow import Schema, fields

from web.api.shown.members import Listed, moment, string, whole


class TallyShown(Schema):
    """A number of files and their bytes."""

    files = whole()
    bytes = whole()


class SumsShown(Schema):
    """Every file is in exactly one sum beside `expected`; `agrees` says whether they add up.

    `searchable`, `reading`, `unreadable`, `properties_only` and `taken_back` tell `received` apart.
    """

    expected = fields.Nested(TallyShown, required=True)
    received = fields.Nested(TallyShown, required=True)
    duplicates = fields.Nested(TallyShown, required=True)
    failed = fields.Nested(TallyShown, required=True)
    skipped = fields.Nested(TallyShown, required=True)
    left = fields.Nested(TallyShown, required=True)
    searchable = whole()
    reading = whole()
    unreadable = whole()
    properties_only = whole()
    taken_back = whole()
    agrees = fields.Boolean(required=True)


class ImportShown(Schema):
    """An import with its sums."""

    ETAG = True

    id = string()
    number = string()
    source = string()
    state = string()
    error = string(null=True)
    customer = string("customer_id", null=True)
    kind = string(null=True)
    grade = string(null=True)
    created = moment()
    finished = moment(null=True)
    sums = fields.Nested(SumsShown, required=True)


class ImportFileShown(Schema):
    """A file of an import. `document` is null while there is none that may be read.

    `size` is in bytes as announced; `processing` says how reading it went.
    """

    n = whole("item.ordinal")
    file = string("item.file")
    size = whole("item.size")
    sha256 = string("item.sha256", null=True)
    state = string("item.state")
    error = string("item.error", null=True)
    kind = string(null=True)
    number = string(null=True)
    document = string("known_document", null=True)
    processing = string("processing", null=True)
    changed = moment("item.changed")


class ImportWithFiles(ImportShown):
    """An import with its sums and a page of its files."""

    items = fields.List(fields.Nested(ImportFileShown), required=True)
    total = whole()
    next_cursor = string(null=True)


class ImportReport(ImportShown):
    """An import with its sums and all of its files."""

    items = fields.List(fields.Nested(ImportFileShown), required=True)


class ImportList(Listed):
    """Imports that this person made, newest first."""

    items = fields.List(fields.Nested(ImportShown), required=True)


class WrongLine(Schema):
    """A line of a list that cannot be meant as it stands, with a code why."""

    line = whole()
    file = string()
    code = string()


class ImportPreview(Schema):
    """What was found of an import before it begins; `ready` says whether that is known yet.

    `manifest` is the name of the list, empty without one; `matched` of its `lines` name a file
    that is there. `trouble` says why the import cannot begin at all.
    """

    ready = fields.Boolean(required=True)
    manifest = string()
    lines = whole()
    matched = whole()
    ignored = fields.List(fields.String(), required=True)
    wrong = fields.List(fields.Nested(WrongLine), required=True)
    customers = whole()
    trouble = string("refusal", null=True)


class ImportFileSent(Schema):
    """What became of a file that was sent (`id` is its import), and a code why if it failed."""

    id = string("batch")
    n = whole("ordinal")
    file = string()
    size = whole()
    sha256 = string(null=True)
    state = string()
    error = string(null=True)
    document = string(null=True)


class Statement(Schema):
    """A statement as CSV: every file with what became of it, and the sums below."""
