"""What programs may send: query strings, bodies and headers. What is not listed is refused."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from service import case_numbers
from service.codes import Category, Decision, Department, Grade, Module, Role, Sort, Status
from service.permissions import Action, Verb
from web.api.values import ID_LENGTH, Words, choice, code, flag, limit, number, several, text


class Nothing(Schema):
    """No parameters."""


class Conditions(Schema):
    """The state that a change is based on."""

    if_match = fields.String(
        data_key="If-Match", required=True, metadata={"description": "the record's ETag"}
    )


class Keys(Schema):
    """Under which key a write may be sent again."""

    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=Length(1, 200, error="length"),
        metadata={"description": "the same key within 24 hours gives the answer given first"},
    )


class Ranges(Schema):
    """Which bytes are wanted."""

    range = fields.String(data_key="Range", metadata={"description": "bytes=FIRST-LAST"})
    if_range = fields.String(data_key="If-Range", metadata={"description": "the content's ETag"})


class Paging(Schema):
    """A piece of a list."""

    limit = limit(50)
    cursor = text(500)


class AtVersion(Schema):
    """Which version is meant; without it, the newest."""

    version = fields.Integer(validate=Range(1, 2**31 - 1, error="range"))


class HitsQuery(AtVersion):
    """Which words to look for on a page."""

    q = Words(load_default="")


class CustomerQuery(Paging):
    """Which customers to list."""

    q = Words(load_default="", metadata={"description": "name, number or pinyin"})
    category = several(code(Category))
    status = several(code(Status))
    owner = several(text(ID_LENGTH))
    region = several(text(100))
    industry = several(text(100))
    sort = choice("newest", "oldest", "name", "number", default="newest")


class Source(Schema):
    """Where a value comes from: a document's page, or a channel, person and day."""

    document = text(ID_LENGTH)
    page = number()
    channel = text(100)
    person = text(100)
    date = fields.Date()


class FieldGiven(Schema):
    """A value to enter, with its source."""

    value = text(2000, required=True)
    source = fields.Nested(Source, load_default=dict)


def _given() -> fields.Dict:
    """Return the member `fields`; the attribute is named otherwise, a schema has one already."""
    return fields.Dict(
        keys=text(100), values=fields.Nested(FieldGiven), load_default=dict, data_key="fields"
    )


class NewCustomer(Schema):
    """A customer file to open."""

    name = text(200, required=True)
    category = code(Category, required=True)
    coop_type = text(20)
    owner = text(ID_LENGTH)
    coworkers = several(text(ID_LENGTH))
    fields_ = _given()


class CustomerChange(Schema):
    """What to change of a customer file."""

    owner = text(ID_LENGTH)
    coworkers = fields.List(text(ID_LENGTH), validate=Length(max=100, error="length"))
    fields_ = _given()


class CategoryChange(Schema):
    """To which category a customer moves, and why."""

    to = code(Category, required=True)
    reason = text(2000, required=True)
    evidence = several(text(ID_LENGTH))
    coop_type = text(20)


class Reason(Schema):
    """Why something is done."""

    reason = text(2000, required=True)


class Retry(Schema):
    """What opens a locked file: used once, never kept. Nothing need be sent."""

    OPTIONAL = True

    password = text(1024)


class Move(Schema):
    """To which customer a document moves, and why."""

    customer = text(ID_LENGTH, required=True)
    reason = text(2000, required=True)


class DocumentSaid(Schema):
    """What is said of a document that is added."""

    kind = text(40, required=True)
    title = text(2000)
    grade = code(Grade)
    dated = fields.Date()
    number = text(2000)
    note = text(10000)


class NewDocument(DocumentSaid):
    """A document to add. The file itself is the part named `file`."""

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the file"}
    )


class FileAnnounced(Schema):
    """A file that will be sent; what it does not say of itself, the import says."""

    file = text(2000, required=True)
    size = fields.Integer(required=True, strict=True, validate=Range(0, 2**53 - 1, error="range"))
    sha256 = text(64)
    customer = text(ID_LENGTH)
    kind = text(40)
    title = text(2000)
    grade = code(Grade)
    dated = fields.Date()
    number = text(2000)
    note = text(10000)


class NewImport(Schema):
    """An import of many files to one customer or to several: which files will be sent."""

    customer = text(ID_LENGTH)
    kind = text(40)
    grade = code(Grade)
    files = fields.List(
        fields.Nested(FileAnnounced), required=True, validate=Length(1, 5000, error="length")
    )


class ImportFile(Schema):
    """A file of an import: the part named `file`."""

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the file"}
    )


class ImportQuery(Paging):
    """Which files of an import to list."""

    state = choice("", "left", "received", "duplicate", "failed", "skipped", default="")


class NewVersion(Schema):
    """A newer version of a document: the part named `file`."""

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the file"}
    )


class DocumentChange(Schema):
    """What to change of a document; null empties."""

    title = text(2000)
    kind = text(40)
    dated = fields.Date(allow_none=True)
    number = text(2000, null=True)
    grade = code(Grade)
    note = text(10000, null=True)


class PageCorrected(Schema):
    """What stands on a page, as somebody read it there."""

    text = text(1_000_000, required=True)


class RevisionTaken(Schema):
    """Which revision of a text to write once more."""

    revision = number(required=True)


class RevisionAsked(AtVersion):
    """Of which revision to show what it changed; without it, of the one that shows."""

    revision = fields.Integer(validate=Range(1, 2**31 - 1, error="range"))


class SuggestionsSettled(Schema):
    """Which suggestions to take over; none dismisses them all."""

    take = fields.List(text(20), required=True, validate=Length(max=10, error="length"))


class SearchQuery(Schema):
    """A question; inside a group of filters: or, between groups: and."""

    q = Words(load_default="")
    category = several(code(Category))
    module = several(code(Module))
    kind = several(text(40))
    customer = several(text(ID_LENGTH))
    owner = several(text(ID_LENGTH))
    grade = several(code(Grade))
    year = several(fields.Integer(validate=Range(1, 9999, error="range")))
    from_ = fields.Date(data_key="from", load_default=None)
    to = fields.Date(load_default=None)
    sort = choice(*map(str, Sort), default=str(Sort.RELEVANCE))
    limit = limit(20)
    cursor = text(500)


class EventConditions(Schema):
    """Which entries of the log are meant."""

    from_ = fields.Date(data_key="from")
    to = fields.Date()
    actor = text(100)
    action = code(Action)
    verb = code(Verb)
    customer = text(40)
    document = text(ID_LENGTH)
    category = code(Category)
    decision = code(Decision)
    contains = text(ID_LENGTH)
    dept = code(Department)
    grade = code(Grade)


class EventQuery(Paging, EventConditions):
    """Which entries of the log to list."""


class CaseNamed(Schema):
    """For which case something is opened."""

    case = fields.String(load_default="")


class SealedSought(CaseNamed, EventConditions):
    """Which words to look for in what was sealed with entries, and from where on."""

    words = fields.String(load_default="")
    below = fields.Integer(validate=Range(1, 2**53 - 1, error="range"))
    newest = fields.Integer(validate=Range(1, 2**53 - 1, error="range"))


class OwnQuery(Paging):
    """Which of the person's own entries to list."""

    from_ = fields.Date(data_key="from")
    to = fields.Date()
    action = code(Action)
    seq = fields.Integer(validate=Range(1, 2**53 - 1, error="range"))


class NewExport(Schema):
    """Which part of the log to pack, and for what."""

    case = text(case_numbers.LONGEST, required=True)
    statement = text(500, required=True)
    receiver = text(ID_LENGTH)
    certificate = text(20_000)
    details = flag()
    from_ = fields.Date(data_key="from")
    to = fields.Date()
    actor = text(100)
    dept = code(Department)
    action = code(Action)
    verb = code(Verb)
    customer = text(60)
    document = text(ID_LENGTH)
    category = code(Category)
    grade = code(Grade)
    decision = code(Decision)


class NewArchiveExport(Schema):
    """Which documents to list or to pack: an answer's, or all of one client (`of`).

    `zip` packs the originals, `copies` a PDF of each with a watermark on every page.
    """

    format = choice("xlsx", "csv", "zip", "copies", default="xlsx")
    of = fields.String(load_default="", validate=Length(max=ID_LENGTH, error="too_long"))
    q = Words(load_default="")
    category = several(code(Category))
    module = several(code(Module))
    kind = several(text(40))
    customer = several(text(ID_LENGTH))
    owner = several(text(ID_LENGTH))
    grade = several(code(Grade))
    year = several(fields.Integer(strict=True, validate=Range(1, 9999, error="range")))
    from_ = fields.Date(data_key="from", load_default=None)
    to = fields.Date(load_default=None)
    sort = choice(*map(str, Sort), default=str(Sort.RELEVANCE))


class EntriesNamed(CaseNamed):
    """Which entries of a bundle to open, and for which case."""

    number = fields.List(
        fields.Integer(validate=Range(1, 2**53 - 1, error="range")), load_default=list
    )


class NewUser(Schema):
    """An account to open."""

    login = text(64, required=True)
    name = text(100, required=True)
    department = code(Department, required=True)
    roles = fields.List(code(Role), required=True, validate=Length(1, 12, error="length"))
    head = flag()
    password = text(1000, required=True)


class UserChange(Schema):
    """What to change of an account."""

    name = text(100)
    department = code(Department)
    roles = fields.List(code(Role), validate=Length(1, 12, error="length"))
    head = flag()
    active = flag()
    password = text(1000)
    successor = text(ID_LENGTH)


class NewDeputy(Schema):
    """Who stands in for the person who calls, from which day to which, both included."""

    deputy = text(ID_LENGTH, required=True)
    from_ = fields.Date(required=True, data_key="from")
    to = fields.Date(required=True)


class NewToken(Schema):
    """A token to make for oneself."""

    name = text(100, required=True)
    days = number()
