"""Opens Office files that a password locks, new and old: `msoffcrypto-tool`.

Their readers are called through here, so that each takes a password. What is not locked is read
at once; what Office locks with a password of its own that it asks nobody for is opened with that.
"""

import importlib
import io
import struct
from collections.abc import Callable
from typing import BinaryIO, Final

from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError
from msoffcrypto.format.ooxml import OOXMLFile

from indexer.extract import docx, office97, office97_lock, pptx, xls, xlsx
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
    TypeError,
    AttributeError,
    struct.error,
)

_Read = Callable[[BinaryIO], Extracted]
_Unlock = Callable[[bytes, str], bytes]


def read_docx(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read a DOCX."""
    return _read(docx.read, _package, source, password)


def read_xlsx(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read an XLSX."""
    return _read(xlsx.read, _package, source, password, office97_lock.NOBODYS)


def read_pptx(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read a PPTX."""
    return _read(pptx.read, _package, source, password)


def read_doc(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read a DOC."""
    return _read(office97.read_doc, office97_lock.doc, source, password)


def read_xls(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read an XLS."""
    return _read(xls.read, office97_lock.xls, source, password, office97_lock.NOBODYS)


def read_ppt(source: BinaryIO, password: str | None = None) -> Extracted:
    """Read a PPT."""
    return _read(office97.read_ppt, office97_lock.ppt, source, password)


def _read(
    read: _Read, unlock: _Unlock, source: BinaryIO, password: str | None, nobodys: str | None = None
) -> Extracted:
    """Read a file, opened by the password where it is locked; without one, by nobody's."""
    try:
        return read(source)
    except Unreadable as refusal:
        if refusal.reason is not Reason.PASSWORD or not (password or nobodys):
            raise
        if password:
            return read(_opened(unlock, source, password))
        try:
            return read(_opened(unlock, source, nobodys or ""))
        except Unreadable:
            raise refusal from None


def _opened(unlock: _Unlock, source: BinaryIO, password: str) -> BinaryIO:
    source.seek(0)
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    try:
        return io.BytesIO(unlock(content, password))
    except (InvalidKeyError, DecryptionError) as error:
        raise Unreadable(Reason.PASSWORD, "wrong") from error
    except _TROUBLE as error:
        raise Unreadable(Reason.DAMAGED, "locked") from error


def _package(content: bytes, password: str) -> bytes:
    target = io.BytesIO()
    locked = OOXMLFile(io.BytesIO(content))
    locked.load_key(password=password)
    locked.decrypt(target)
    return target.getvalue()
