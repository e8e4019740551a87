"""How the text of a page, its revisions, and what they changed are shown."""

from marshmallow import Schema, fields

from web.api.shown.members import moment, share, string, whole
from web.api.values import PersonShown


class PageTextShown(Schema):
    """The text of one page, in the state that the ETag names."""

    ETAG = True

    id = string()
    version = whole("version_no")
    revision = whole()
    pages = whole()
    n = whole()
    label = string()
    text = string()
    origin = string()
    confidence = share()
    correctable = fields.Boolean(required=True)


class TextHistoryShown(Schema):
    """The revisions of a version's text, newest first; the ETag names the one that shows."""

    ETAG = True

    class Revision(Schema):
        """One revision: read from the file, or written by somebody; `changed` names pages."""

        revision = whole("no")
        origin = string()
        created = moment()
        by = fields.Nested(PersonShown, required=True, allow_none=True)
        based_on = whole(null=True)
        changed = string()
        confidence = share()
        shown = fields.Boolean(required=True)
        aside = fields.Boolean(required=True)

    id = string()
    version = whole("version_no")
    revisions = fields.List(fields.Nested(Revision), required=True)


class TextDifferenceShown(Schema):
    """What a revision changed, page by page; `left` counts what is not listed."""

    class Leaf(Schema):
        """What changed on one page."""

        class Change(Schema):
            """A line as it was and as it is; null where there was or is none."""

            before = string(null=True)
            after = string(null=True)

        n = whole()
        label = string()
        changes = fields.List(fields.Nested(Change), required=True)
        left = whole()

    revision = whole()
    against = whole(null=True)
    pages = fields.List(fields.Nested(Leaf), required=True)
    left = whole()
