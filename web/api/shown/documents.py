"""What is shown of documents, their versions and texts."""

from marshmallow import Schema, fields

from web.api.shown.members import Listed, day, moment, share, string, whole
from web.api.values import CustomerOfDocument, PersonShown


class DocumentAdded(Schema):
    """A document that was taken in."""

    ETAG = True

    id = string()
    version = whole("version.no")
    processing = string("version.processing")
    filing = string("version.filing")
    sha256 = string("version.sha256")
    size = whole("version.size")
    media_type = string("version.media_type")
    duplicates = fields.List(fields.String(), required=True)


class VersionShown(Schema):
    """One version of a document."""

    version = whole("no")
    filing = string()
    processing = string()
    error = string(null=True)
    file_name = string()
    media_type = string()
    size = whole()
    sha256 = string()
    pages = whole()
    text_characters = whole()
    created = moment()
    created_by = fields.Nested(PersonShown, required=True)
    filed = moment(null=True)
    filed_by = fields.Nested(PersonShown, required=True, allow_none=True)
    reason = string()
    confidence = share()


class DocumentNamed(Schema):
    """A document that came with another, or with which others came."""

    id = string()
    title = string()
    filing = string()
    processing = string()


class Unpacked(Schema):
    """What became of the files in a ZIP, a message or a PDF: how many were taken, and the rest."""

    class Left(Schema):
        """A file that was not taken, and a code or a sentence why."""

        name = string()
        reason = string()

    taken = whole()
    total = whole()
    left = fields.List(fields.Nested(Left), required=True)


class DocumentShown(Schema):
    """A document at one of its versions, and all of them."""

    ETAG = True

    id = string()
    customer = fields.Nested(CustomerOfDocument, required=True)
    title = string()
    kind = string()
    module = string()
    grade = string()
    dated = day()
    number = string()
    note = string()
    created = moment()
    created_by = fields.Nested(PersonShown, required=True)
    version = whole("version.no")
    processing = string("version.processing")
    filing = string("version.filing")
    error = string("version.error", null=True)
    pages = whole("version.pages")
    text_characters = whole("version.text_characters")
    size = whole("version.size")
    media_type = string("version.media_type")
    sha256 = string("version.sha256")
    file_name = string("version.file_name")
    confidence = share("version.confidence")
    versions = fields.List(fields.Nested(VersionShown), required=True)
    allowed = fields.List(fields.String(), required=True)
    parent = fields.Nested(DocumentNamed, attribute="family.parent", required=True, allow_none=True)
    children = fields.List(fields.Nested(DocumentNamed), attribute="family.children", required=True)
    unpacked = fields.Nested(Unpacked, attribute="family.unpacked", required=True, allow_none=True)


class DocumentListed(Schema):
    """A document in its customer's list, at its newest version."""

    id = string("document")
    title = string()
    kind = string()
    module = string()
    grade = string()
    dated = day()
    version = whole("no")
    filing = string()
    processing = string()
    error = string(null=True)
    file_name = string()
    media_type = string()
    size = whole()
    created = moment()
    created_by = fields.Nested(PersonShown, required=True)


class DocumentList(Listed):
    """A page of a customer's documents."""

    items = fields.List(fields.Nested(DocumentListed), required=True)


class TextShown(Schema):
    """The text that was read from a version."""

    class Page(Schema):
        """One page."""

        n = whole()
        label = string()
        text = string()
        origin = string()
        confidence = share()

    version = whole("version_no")
    confidence = share()
    pages = fields.List(fields.Nested(Page), required=True)


class File(Schema):
    """The bytes of a file."""
