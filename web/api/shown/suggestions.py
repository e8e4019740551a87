"""What is shown of suggestions."""

from marshmallow import Schema, fields

from web.api.shown.members import Listed, string, whole


class SuggestionShown(Schema):
    """A value suggested for a property, how sure it is (0 to 1), and why."""

    key = string()
    value = string()
    confidence = fields.Float(required=True)
    certain = fields.Boolean(required=True)
    reason = string()
    page = whole(null=True)


class SuggestionList(Listed):
    """What is suggested of a document and not settled."""

    items = fields.List(fields.Nested(SuggestionShown), required=True)
