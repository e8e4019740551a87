"""How pages and the places of hits on them are shown."""

from marshmallow import Schema, fields

from web.api.shown.members import string, whole


class Picture(Schema):
    """A page as JPEG."""


class Waiting(Schema):
    """What is being made."""

    state = string()


class HitsShown(Schema):
    """Where words stand on a page of `width` by `height`, from its top left corner."""

    class Hit(Schema):
        """One hit: its number in the document, and a box for each line that it stands on."""

        class Box(Schema):
            """Four corners as x and y in turn, and how sure it is that this stands there."""

            quad = fields.List(fields.Float(), required=True)
            confidence = fields.Float(required=True, allow_none=True)

        n = whole("no")
        text = string()
        boxes = fields.List(fields.Nested(Box), required=True)

    n = whole()
    width = fields.Float(required=True)
    height = fields.Float(required=True)
    total = whole()
    hits = fields.List(fields.Nested(Hit), required=True)
