"""Tells what an uploaded file is by its content, and whether the archive takes it.

The name only chooses between kinds of text; where it contradicts the content the file is
refused, so that nothing opens as something else than it seems.
"""

import re
from functools import cache
from types import MappingProxyType
from typing import BinaryIO, Final

import magic

from service.containers import OLE, ZIP, ole_names, zip_names

UNKNOWN: Final = "application/octet-stream"
PLAIN: Final = "text/plain"
PDF: Final = "application/pdf"
HTML: Final = "text/html"
XML: Final = "text/xml"
MAIL: Final = "message/rfc822"
_OPEN: Final = "application/vnd.oasis.opendocument"
ODT: Final = f"{_OPEN}.text"
ODS: Final = f"{_OPEN}.spreadsheet"
ODP: Final = f"{_OPEN}.presentation"
_OOXML: Final = "application/vnd.openxmlformats-officedocument"
DOCX: Final = f"{_OOXML}.wordprocessingml.document"
XLSX: Final = f"{_OOXML}.spreadsheetml.sheet"
PPTX: Final = f"{_OOXML}.presentationml.presentation"
_PROGRAM: Final = "application/vnd.microsoft.portable-executable"
_ZIP: Final = "application/zip"
#: Pictures that may be unpacked: white paper in them has as few controls as text.
_UNPACKED: Final = frozenset({"image/tiff", "image/bmp", "image/x-ms-bmp"})

_HEAD: Final = 64 * 1024
_PDF_WITHIN: Final = 1024
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_USUAL: Final = re.compile("[\t\n\r\x20-\x7e\u2010-\u2027\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")
_USUAL_SHARE: Final = 0.9
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")

#: First bytes that settle it. libmagic's weaker signs take Chinese text for programs.
_STARTS: Final = (
    (b"MZ", _PROGRAM),
    (b"\x7fELF", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe", "application/x-mach-binary"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
)
_ZIP_SIGNS: Final = (
    ("AndroidManifest.xml", "application/vnd.android.package-archive"),
    ("META-INF/MANIFEST.MF", "application/java-archive"),
    ("OFD.xml", "application/ofd"),
    ("word/", DOCX),
    ("xl/", XLSX),
    ("ppt/", PPTX),
)
_OLE_SIGNS: Final = (
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
)
#: Kinds of text that are told apart by content; every other text is plain.
_TEXTS: Final = MappingProxyType(
    {
        HTML: HTML,
        XML: XML,
        "text/rtf": "text/rtf",
        "application/json": "application/json",
        "image/svg+xml": "image/svg+xml",
        MAIL: MAIL,
        "application/postscript": "application/postscript",
    }
)
_TEXT_BY_NAME: Final = MappingProxyType(
    {"csv": "text/csv", "md": "text/markdown", "html": HTML, "htm": HTML}
)
#: How the lines above a message begin: a name of signs other than the colon, then what it says.
_HEADER: Final = re.compile(rb"\A[A-Za-z][\x21-\x39\x3b-\x7e]{0,75}:[ \t]")
#: How a web page begins; libmagic knows it in fewer charsets and not behind comments.
_PAGE: Final = re.compile(
    r"\s*+(?:(?><\?xml.*?\?>|<!--.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_LOCKED_BY_NAME: Final = MappingProxyType(
    {
        **dict.fromkeys(("docx", "docm", "dotx"), DOCX),
        **dict.fromkeys(("xlsx", "xlsm"), XLSX),
        **dict.fromkeys(("pptx", "pptm", "ppsx"), PPTX),
    }
)

_WORD: Final = frozenset({DOCX, "application/msword", "text/rtf", HTML, XML})
_SHEET: Final = frozenset({XLSX, "application/vnd.ms-excel", HTML, XML, "text/csv", PLAIN})
_SLIDES: Final = frozenset({PPTX, "application/vnd.ms-powerpoint"})
#: What may be inside a file of such a name. Names that aren't here say nothing.
_EXPECTED: Final = MappingProxyType(
    {
        "pdf": frozenset({PDF}),
        "docx": frozenset({DOCX}),
        "docm": frozenset({DOCX}),
        "dotx": frozenset({DOCX}),
        "doc": _WORD,
        "wps": _WORD,
        "xlsx": frozenset({XLSX}),
        "xlsm": frozenset({XLSX}),
        "xls": _SHEET,
        "et": _SHEET,
        "pptx": frozenset({PPTX}),
        "pptm": frozenset({PPTX}),
        "ppsx": frozenset({PPTX}),
        "ppt": _SLIDES,
        "dps": _SLIDES,
        "ofd": frozenset({"application/ofd"}),
        "odt": frozenset({ODT}),
        "ods": frozenset({ODS}),
        "odp": frozenset({ODP}),
        "rtf": frozenset({"text/rtf"}),
        "msg": frozenset({"application/vnd.ms-outlook"}),
    }
)
_PICTURES: Final = frozenset({"jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp"})
_TEXT_NAMES: Final = frozenset("txt log csv md json xml html htm eml".split())

_PROGRAM_NAMES: Final = frozenset(
    "exe dll com scr pif cpl msi msp bat cmd ps1 vbs vbe js jse wsf wsh hta lnk reg scf jar apk "
    "sh".split()
)
_PROGRAMS: Final = frozenset(
    {
        _PROGRAM,
        "application/x-executable",
        "application/x-mach-binary",
        "application/x-ms-shortcut",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/x-msi",
    }
)
_NO_NAME_CHARACTERS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)


def sniff(source: BinaryIO, size: int, name: str) -> str:
    """Return the media type of a file; leaves the stream at its start."""
    source.seek(0)
    head = source.read(_HEAD)
    found = _strong(head) or _packaged(source, head, size, name) or _by_magic(head, name)
    source.seek(0)
    return found


def refused(media_type: str, name: str) -> str | None:
    """Return the sentence why such a file is not taken, or None when it is."""
    extension = _extension(name)
    if media_type in _PROGRAMS or extension in _PROGRAM_NAMES:
        return "Programs and scripts are not taken."
    if not _fits(media_type, extension):
        return "The content of the file is not what its name says."
    return None


def _fits(media_type: str, extension: str) -> bool:
    if extension in _EXPECTED:
        return media_type in _EXPECTED[extension]
    if extension in _PICTURES:
        return media_type.startswith("image/")
    if extension in _TEXT_NAMES:
        return media_type.startswith("text/") or media_type in _TEXTS
    return True


def _strong(head: bytes) -> str | None:
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    # what holds a PDF, as a ZIP of them that are not packed, is none
    if b"%PDF-" in head[:_PDF_WITHIN] and not head.startswith((b"#!", *ZIP, OLE)):
        return PDF
    return None


def _packaged(source: BinaryIO, head: bytes, size: int, name: str) -> str | None:
    if head.startswith(ZIP):
        return _in_zip(head, zip_names(source, size))
    if head.startswith(OLE):
        return _in_ole(ole_names(source, size), name)
    return None


def _in_zip(head: bytes, names: frozenset[str]) -> str:
    if head[30:38] == b"mimetype":  # OpenDocument: stored first, so that it can be read here
        declared = re.match(rb"application/[a-z0-9.+-]{1,100}", head[38:150])
        if declared:
            return declared[0].decode()
    for sign, media_type in _ZIP_SIGNS:
        if sign in names or (sign[-1] == "/" and any(name.startswith(sign) for name in names)):
            return media_type
    return _ZIP


def _in_ole(names: frozenset[str], name: str) -> str:
    if "EncryptedPackage" in names:  # locked Office documents all look like this
        return _LOCKED_BY_NAME.get(_extension(name), "application/x-ole-storage")
    for sign, media_type in _OLE_SIGNS:
        if sign in names:
            return media_type
    return (
        "application/x-msi" if _extension(name) in ("msi", "msp") else "application/x-ole-storage"
    )


def _by_magic(head: bytes, name: str) -> str:
    found = _magic().from_buffer(head) if head else UNKNOWN
    if found in _UNPACKED:
        return found
    if _is_text(head):
        return _text(head, found, _extension(name))
    return UNKNOWN if found.startswith("text/") or found == "application/x-dosexec" else found


def _text(head: bytes, found: str, extension: str) -> str:
    """Return which kind of text this is; the name decides only where the content fits it."""
    start = _start(head)
    if _PAGE.match(start):
        return HTML
    if found == HTML and head.lstrip()[:1] != b"<":  # text that speaks of a tag somewhere
        found = PLAIN
    if found in _TEXTS:
        return _TEXTS[found]
    if extension == "xml" and start.lstrip().startswith("<"):
        return XML
    if extension == "eml" and _HEADER.match(head):
        return MAIL
    return _TEXT_BY_NAME.get(extension, PLAIN)


def _is_text(head: bytes) -> bool:
    """Tell text of any charset from other content: it has no controls, or a mark at the start."""
    if head.startswith(_MARKS):
        return True
    return len(_CONTROLS.findall(head)) * 100 <= len(head) or _is_wide(head)


def _start(head: bytes) -> str:
    """Return the beginning of a text, right in what is ASCII of it."""
    codec = "utf-8-sig"
    if head.startswith(_MARKS[1:]):
        codec = "utf-16"
    elif b"\0" in head[:2]:
        codec = "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    return head.decode(codec, "replace")


def _is_wide(head: bytes) -> bool:
    """Tell UTF-16 without a mark: nearly every unit is an ASCII or a Chinese character."""
    whole = head[: len(head) // 2 * 2]
    return any(
        len(_USUAL.findall(whole.decode(codec, "replace"))) * 2 >= len(whole) * _USUAL_SHARE
        for codec in ("utf-16-le", "utf-16-be")
    )


def _extension(name: str) -> str:
    """Return what the system that opens it would take for the extension."""
    _, dot, extension = _NO_NAME_CHARACTERS.sub("", name).rstrip(". ").rpartition(".")
    return extension.lower() if dot else ""


@cache
def _magic() -> magic.Magic:
    return magic.Magic(mime=True)
