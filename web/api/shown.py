"""What the API shows: the members of its answers, named as in the contract."""

from marshmallow import Schema, fields, post_dump

from service.customers import CustomerFile
from service.profiles import FieldView
from web.api.values import CustomerNamed, Moment, PersonShown


def _string(attribute: str | None = None, *, null: bool = False) -> fields.String:
    return fields.String(attribute=attribute, required=True, allow_none=null)


def _whole(attribute: str | None = None, *, null: bool = False) -> fields.Integer:
    return fields.Integer(attribute=attribute, required=True, allow_none=null)


def _moment(*, null: bool = False) -> Moment:
    return Moment(required=True, allow_none=null)


def _day(*, null: bool = True) -> fields.Date:
    return fields.Date(required=True, allow_none=null)


class Listed(Schema):
    """A page of a list."""

    total = _whole()
    next_cursor = _string(null=True)


class MeShown(Schema):
    """Who calls, and in which categories they may do what."""

    class Person(Schema):
        """The person behind the token."""

        id = _string()
        login = _string()
        name = _string()
        department = _string()

    person = fields.Nested(Person, required=True)
    roles = fields.List(fields.String(), required=True)
    scopes = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class CustomerListed(CustomerNamed):
    """A customer in a list."""

    short_name = _string()
    coop_type = _string(null=True)
    status = _string()
    region = _string()
    industry = _string()
    owner = fields.Nested(PersonShown, required=True, allow_none=True)
    created = _moment()
    filed = _moment(null=True)
    documents = _whole()


class CustomerList(Listed):
    """A page of customers."""

    items = fields.List(fields.Nested(CustomerListed), required=True)


class SourceShown(Schema):
    """Where a value comes from."""

    document = fields.String()
    page = fields.Integer()
    channel = fields.String()
    person = fields.String()
    date = fields.Date()


class FieldShown(Schema):
    """A value that counts, with its source."""

    value = _string()
    source = fields.Method("_source", required=True, metadata={"type": "object"})
    entered_by = fields.Nested(PersonShown, required=True)
    entered_at = _moment()

    def _source(self, view: FieldView) -> object:
        given = {
            "document": view.source_document,
            "page": view.source_page,
            "channel": view.source_channel,
            "person": view.source_person,
            "date": view.source_date,
        }
        return SourceShown().dump({name: v for name, v in given.items() if v is not None})


class CustomerShown(CustomerNamed):
    """A customer file."""

    ETAG = True

    short_name = _string()
    coop_type = _string(null=True)
    status = _string()
    owner = fields.Nested(PersonShown, required=True, allow_none=True)
    coworkers = fields.List(fields.Nested(PersonShown), required=True)
    created = _moment()
    created_by = fields.Nested(PersonShown, required=True)
    filed = _moment(null=True)
    fields_ = fields.Method(
        "_values",
        data_key="fields",
        required=True,
        metadata={"type": "object", "description": "key → value with its source"},
    )
    allowed = fields.List(fields.String(), required=True)

    def _values(self, view: CustomerFile) -> object:
        return {value.key: FieldShown().dump(value) for value in view.fields}


class DocumentAdded(Schema):
    """A document that was taken in."""

    ETAG = True

    id = _string()
    version = _whole("version.no")
    processing = _string("version.processing")
    filing = _string("version.filing")
    sha256 = _string("version.sha256")
    size = _whole("version.size")
    media_type = _string("version.media_type")
    duplicates = fields.List(fields.String(), required=True)


class VersionShown(Schema):
    """One version of a document."""

    version = _whole("no")
    filing = _string()
    processing = _string()
    error = _string(null=True)
    file_name = _string()
    media_type = _string()
    size = _whole()
    sha256 = _string()
    pages = _whole()
    text_characters = _whole()
    created = _moment()
    created_by = fields.Nested(PersonShown, required=True)
    filed = _moment(null=True)
    filed_by = fields.Nested(PersonShown, required=True, allow_none=True)
    reason = _string()


class DocumentShown(Schema):
    """A document at one of its versions, and all of them."""

    ETAG = True

    id = _string()
    customer = fields.Nested(CustomerNamed, required=True)
    title = _string()
    kind = _string()
    module = _string()
    grade = _string()
    dated = _day()
    number = _string()
    note = _string()
    created = _moment()
    created_by = fields.Nested(PersonShown, required=True)
    version = _whole("version.no")
    processing = _string("version.processing")
    filing = _string("version.filing")
    error = _string("version.error", null=True)
    pages = _whole("version.pages")
    text_characters = _whole("version.text_characters")
    size = _whole("version.size")
    media_type = _string("version.media_type")
    sha256 = _string("version.sha256")
    file_name = _string("version.file_name")
    versions = fields.List(fields.Nested(VersionShown), required=True)
    allowed = fields.List(fields.String(), required=True)


class DocumentListed(Schema):
    """A document in its customer's list, at its newest version."""

    id = _string("document")
    title = _string()
    kind = _string()
    module = _string()
    grade = _string()
    dated = _day()
    version = _whole("no")
    filing = _string()
    processing = _string()
    error = _string(null=True)
    file_name = _string()
    media_type = _string()
    size = _whole()
    created = _moment()
    created_by = fields.Nested(PersonShown, required=True)


class DocumentList(Listed):
    """A page of a customer's documents."""

    items = fields.List(fields.Nested(DocumentListed), required=True)


class TextShown(Schema):
    """The text that was read from a version."""

    class Page(Schema):
        """One page."""

        n = _whole()
        label = _string()
        text = _string()

    version = _whole("version_no")
    pages = fields.List(fields.Nested(Page), required=True)


class Piece(Schema):
    """A piece of a line; `hit` where it is what was asked for."""

    text = _string()
    hit = fields.Boolean(required=True)


class FoundDocument(Schema):
    """A document as a result names it."""

    id = _string()
    title = _string()
    kind = _string()
    module = _string()
    grade = _string()
    filing = _string()
    dated = _day()


class Found(Schema):
    """One result."""

    document = fields.Nested(FoundDocument, required=True)
    customer = fields.Nested(CustomerNamed, required=True)
    pages = fields.List(fields.Integer(), required=True)
    snippets = fields.List(fields.List(fields.Nested(Piece)), required=True)


class Counted(Schema):
    """How many documents have a value, under the filters of the other groups."""

    value = _string()
    count = _whole()


class AnswerShown(Listed):
    """An answer: exact total, one page of results, facets, the number in the log."""

    items = fields.List(fields.Nested(Found), required=True)
    facets = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Nested(Counted)), required=True
    )
    event = _whole()


class EventShown(Schema):
    """An entry of the log: columns, no content."""

    seq = _whole()
    ts = _moment()
    phase = _string()
    ref = _whole(null=True)
    actor = _string(null=True)
    actor_name = _string()
    actor_kind = _string()
    dept = _string(null=True)
    action = _string()
    verb = _string()
    object_type = _string(null=True)
    object = _string(null=True)
    customer = _string(null=True)
    customer_number = _string(null=True)
    category = _string(null=True)
    grade = _string(null=True)
    decision = _string(null=True)
    rule = _string(null=True)
    count = _whole(null=True)
    bytes = _whole(null=True)
    error = _string(null=True)
    via = _string()


class EventList(Listed):
    """A page of the log, newest first."""

    items = fields.List(fields.Nested(EventShown), required=True)


class LogShown(Schema):
    """How the log stands."""

    verified_to = _whole()
    events = _whole()
    root = _string()
    checkpoint = fields.Integer()

    @post_dump
    def _only_given(self, members: dict[str, object], **_: object) -> dict[str, object]:
        return {name: value for name, value in members.items() if value is not None}


class UserShown(Schema):
    """An account."""

    ETAG = True

    id = _string()
    login = _string()
    name = _string()
    department = _string()
    roles = fields.List(fields.String(), required=True)
    head = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    rev = _whole()


class UserList(Listed):
    """A page of accounts."""

    items = fields.List(fields.Nested(UserShown), required=True)


class SignInShown(Schema):
    """One of one's own sign-ins."""

    id = _string()
    created = _moment()
    last_seen = _moment()
    address = _string()
    agent = _string()
    current = fields.Boolean(required=True)


class SignInList(Listed):
    """One's own sign-ins."""

    items = fields.List(fields.Nested(SignInShown), required=True)


class TokenShown(Schema):
    """One of one's own tokens."""

    id = _string()
    name = _string()
    created = _moment()
    expires = _moment()
    last_used = _moment(null=True)


class TokenMade(Schema):
    """A new token; `token` is shown this once."""

    id = _string("view.id")
    name = _string("view.name")
    created = Moment(attribute="view.created", required=True)
    expires = Moment(attribute="view.expires", required=True)
    token = fields.String()


class TokenList(Listed):
    """One's own tokens."""

    items = fields.List(fields.Nested(TokenShown), required=True)


class ProblemShown(Schema):
    """Why a request was refused (RFC 9457)."""

    type = _string()
    title = _string()
    status = _whole()
    detail = _string()
    fields_ = fields.Dict(keys=fields.String(), values=fields.String(), data_key="fields")
    event = fields.Integer()
    part = fields.String()


class File(Schema):
    """The bytes of a file."""


class Description(Schema):
    """An OpenAPI document."""

    openapi = _string()
    info = fields.Dict(required=True)
    paths = fields.Dict(required=True)
