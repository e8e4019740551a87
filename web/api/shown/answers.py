"""What is shown of an answer to a search."""

from marshmallow import Schema, fields

from web.api.shown.members import Listed, Plain, day, string, whole
from web.api.values import CustomerNamed


class Piece(Schema):
    """A piece of a line; `hit` where it is what was asked for."""

    text = string()
    hit = fields.Boolean(required=True)


class FoundDocument(Schema):
    """A document as a result names it."""

    id = string()
    title = string()
    kind = string()
    module = string()
    grade = string()
    filing = string()
    dated = day()


class Found(Schema):
    """One result."""

    document = fields.Nested(FoundDocument, required=True)
    customer = fields.Nested(CustomerNamed, required=True)
    pages = fields.List(fields.Integer(), required=True)
    snippets = fields.List(fields.List(Plain(Piece)), required=True)


class Counted(Schema):
    """How many documents have a value, under the filters of the other groups."""

    value = string()
    count = whole()


class AnswerShown(Listed):
    """An answer: exact total, one page of results, facets, the number in the log."""

    items = fields.List(fields.Nested(Found), required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.List(Plain(Counted)), required=True)
    event = whole()
