"""Which reader reads which media type, and how much it may use: the one place to add a format.

Readers are named as text and imported only inside the sandbox's own process, so that whoever
uses this table parses nothing. A reader is a function that takes a readable, seekable stream
and returns `Extracted` or raises `Unreadable`. It imports all it needs when its module is
imported: in the sandbox there is no file system to import from later.

A task is a function that does something else with a file: it takes the stream, arguments and a
function that sends bytes out, and returns a small answer that is written as JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.pictures import PICTURES

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: address space in bytes, seconds of processor and of patience.

    `output` is how many bytes a task may send out.
    """

    memory: int
    cpu: int
    wall: float
    output: int = 64 * _MIB


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader as `module:function`, and its limits; `locks`: it takes a password, too."""

    function: str
    limits: Limits
    locks: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """Something else to do with a file, as `module:function`, and its limits.

    `apart`: by children of its own, started when it is first asked for, because what it loads
    costs those too much who never need it.
    """

    function: str
    limits: Limits
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A file that holds other files: what lists them, and what takes one of them out.

    `members` answers `{"members": [{"n", "name", "size", "refusal"}]}`; `member` takes
    `{"n", "most"?, "password"?}`, sends that one out and answers `{"size"}`. See `archive`.
    """

    members: Task
    member: Task


def _office(function: str, limits: Limits) -> Reader:
    """Return a reader of Office files, which a password may lock."""
    return Reader(f"indexer.extract.unlocking:{function}", limits, locks=True)


PDF = Reader("indexer.extract.pdf:read", Limits(memory=1024 * _MIB, cpu=60, wall=120.0), locks=True)
DOCX = _office("read_docx", Limits(memory=768 * _MIB, cpu=30, wall=60.0))
PPTX = _office("read_pptx", Limits(memory=768 * _MIB, cpu=30, wall=60.0))
XLSX = _office("read_xlsx", Limits(memory=768 * _MIB, cpu=60, wall=120.0))
XLS = _office("read_xls", Limits(memory=1024 * _MIB, cpu=60, wall=120.0))
DOC = _office("read_doc", Limits(memory=1024 * _MIB, cpu=60, wall=120.0))
PPT = _office("read_ppt", Limits(memory=1024 * _MIB, cpu=60, wall=120.0))
ODF = Reader(
    "indexer.extract.opendocument:read", Limits(memory=768 * _MIB, cpu=60, wall=120.0), locks=True
)
HTML = Reader("indexer.extract.html:read", Limits(memory=768 * _MIB, cpu=60, wall=120.0))
RTF = Reader("indexer.extract.rtf:read", Limits(memory=768 * _MIB, cpu=60, wall=120.0))
XML = Reader("indexer.extract.xml:read", Limits(memory=768 * _MIB, cpu=60, wall=120.0))
PLAIN = Reader("indexer.extract.plain:read", Limits(memory=512 * _MIB, cpu=60, wall=120.0))
MSG = Reader("indexer.extract.msg:read", Limits(memory=1024 * _MIB, cpu=60, wall=120.0))
OFD = Reader("indexer.extract.ofd:read", Limits(memory=1024 * _MIB, cpu=60, wall=120.0))
MAIL = Reader("indexer.extract.mail:read", Limits(memory=1024 * _MIB, cpu=60, wall=120.0))
ZIP = Reader(
    "indexer.extract.archive:read", Limits(memory=512 * _MIB, cpu=60, wall=120.0), locks=True
)

IMAGE = Reader("indexer.extract.image:read", Limits(memory=768 * _MIB, cpu=30, wall=60.0))
#: Recognises the writing on one page: median 1.4 s, 12 s for the worst of some hundred real ones.
OCR = Task("indexer.extract.ocr:page", Limits(memory=2048 * _MIB, cpu=90, wall=300.0), apart=True)

#: Makes images of single pages, and finds where their text stands. `arguments`: see `page`.
PAGE = Task("indexer.extract.page:done", Limits(memory=1024 * _MIB, cpu=20, wall=30.0), apart=True)

#: Burns a mark into the image of a page, or into a sheet of text. `arguments`: see `page_mark`.
MARK = Task(
    "indexer.extract.page_mark:done", Limits(memory=768 * _MIB, cpu=20, wall=30.0), apart=True
)

#: Sends the rows of a workbook's first sheet out, for lists of files. `arguments`: see `rows`.
ROWS = Task("indexer.extract.rows:send_rows", Limits(memory=768 * _MIB, cpu=60, wall=120.0))

_OOXML = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "application/pdf": PDF,
        f"{_OOXML}.wordprocessingml.document": DOCX,
        f"{_OOXML}.presentationml.presentation": PPTX,
        f"{_OOXML}.spreadsheetml.sheet": XLSX,
        "application/vnd.ms-excel": XLS,
        "application/msword": DOC,
        "application/vnd.ms-powerpoint": PPT,
        f"{_OPEN}.text": ODF,
        f"{_OPEN}.text-template": ODF,
        f"{_OPEN}.spreadsheet": ODF,
        f"{_OPEN}.spreadsheet-template": ODF,
        f"{_OPEN}.presentation": ODF,
        f"{_OPEN}.presentation-template": ODF,
        "text/html": HTML,
        "text/rtf": RTF,
        "text/xml": XML,
        "text/plain": PLAIN,
        "text/csv": PLAIN,
        "text/markdown": PLAIN,
        "application/json": PLAIN,
        "application/zip": ZIP,
        "message/rfc822": MAIL,
        "application/vnd.ms-outlook": MSG,
        "application/ofd": OFD,
        **dict.fromkeys(PICTURES, IMAGE),
    }
)

_TAKING = Limits(memory=768 * _MIB, cpu=300, wall=600.0, output=4096 * _MIB)


def _container(module: str) -> Container:
    listing = Limits(memory=768 * _MIB, cpu=60, wall=120.0)
    return Container(
        Task(f"indexer.extract.{module}:members", listing),
        Task(f"indexer.extract.{module}:member", _TAKING),
    )


#: Files that hold other files, which become documents of their own.
CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        "application/zip": _container("archive"),
        "message/rfc822": _container("mail"),
        "application/vnd.ms-outlook": _container("msg"),
        "application/pdf": _container("pdf_files"),
    }
)

#: What can be done with a file beside reading it.
TASKS: frozenset[Task] = frozenset(
    {OCR, PAGE, MARK, ROWS}
    | {task for one in CONTAINERS.values() for task in (one.members, one.member)}
)


def reader_for(media_type: str) -> Reader | None:
    """Return the reader of a media type, or None when only its properties are kept."""
    return READERS.get(media_type)
