"""What is sent for imports that are looked at before they begin, and photos of one document."""

from marshmallow import Schema, fields

from service.codes import Grade
from web.api.schemas import DocumentSaid
from web.api.values import ID_LENGTH, code, flag, text

#: The longest list of names that comes with a list, in characters.
NAMES = 400_000


class ImportDefaults(Schema):
    """What holds for files that say nothing else; a list may say it file by file."""

    customer = text(ID_LENGTH)
    kind = text(40)
    grade = code(Grade)


class FolderToImport(ImportDefaults):
    """A folder of the server, as a path below the one that holds them; empty for all of it."""

    folder = text(4000, required=True)


class ListedFolderToImport(FolderToImport):
    """A folder of the server, and a list of its files that does not lie in it, the part `file`."""

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the list"}
    )


class ZipToImport(ImportDefaults):
    """A ZIP, the part named `file`: each file in it becomes a document.

    `list` is a list of these files (CSV, XLSX, XLS or ET), instead of one that lies in the ZIP.
    """

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the ZIP"}
    )
    list = fields.Raw(
        metadata={"type": "string", "format": "binary", "description": "a list of its files"}
    )


class ListToImport(ImportDefaults):
    """A list of files, the part named `file`: CSV or XLSX.

    `files` names what will be sent, as JSON: an array of objects with `file` and `size`.
    """

    file = fields.Raw(
        required=True, metadata={"type": "string", "format": "binary", "description": "the list"}
    )
    files = text(NAMES, required=True)


class NewPhotos(DocumentSaid):
    """Photos in JPEG that become one document; each is a part named `photo`."""

    photo = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary", "description": "a photo"}),
        required=True,
    )


class Beginning(Schema):
    """How an import begins: `leave_out` says that what cannot be taken is left out."""

    OPTIONAL = True

    leave_out = flag()
