"""Opens DOCX, XLSX and PPTX that a password locks: `msoffcrypto-tool`.

Their readers are called through here, so that each takes a password. Old files (DOC, XLS, PPT)
are not opened: the library writes them to a temporary file, and the sandbox has none.
"""

import importlib
import io
import struct
from typing import BinaryIO, Final

from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
from msoffcrypto.format.ooxml import OOXMLFile

from indexer.extract import docx, pptx, xlsx
from indexer.extract.package import OLE
from indexer.extract.result import Extracted, Reason, Unreadable

#: The locked file and the open one are both held in memory.
_LARGEST: Final = 128 * 1024 * 1024
#: What the library imports only when it is used: in the sandbox that is too late.
for _module in ("cryptography.hazmat.backends.openssl.backend", "xml.dom.expatbuilder"):
    importlib.import_module(_module)
_TROUBLE: Final = (
    FileFormatError,
    ParseError,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    struct.error,
)


def read_docx(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read a DOCX."""
    return docx.read(_opened(source, password))


def read_xlsx(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read an XLSX."""
    return xlsx.read(_opened(source, password))


def read_pptx(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read a PPTX."""
    return pptx.read(_opened(source, password))


def _opened(source: BinaryIO, password: str | None) -> BinaryIO:
    """Return the open file; with no password, or where nothing is locked, the file itself."""
    if password is None:
        return source
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    target = io.BytesIO()
    try:
        if not content.startswith(OLE):  # only a locked one is such a file
            return io.BytesIO(content)
        locked = OOXMLFile(io.BytesIO(content))
        locked.load_key(password=password)
        locked.decrypt(target)
    except (InvalidKeyError, DecryptionError) as error:
        raise Unreadable(Reason.PASSWORD, "wrong") from error
    except _TROUBLE as error:
        raise Unreadable(Reason.DAMAGED, "locked") from error
    target.seek(0)
    return target
