"""Make the demo archive's files from tests/demo/sources, and check that their text reads back.

Run `python -m tests.demo.maker [--all | NAME …]` from the top folder; without arguments only
missing files are made. It needs Chromium, LibreOffice Writer and the fonts Noto CJK, Droid Sans
Fallback and Liberation. The same versions of these give the same bytes.
"""

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pypdfium2

from tests.demo import docx, pdf
from tests.demo.source import Source, read

SOURCES = Path(__file__).with_name("sources")
TARGET = Path(__file__).parents[2] / "service" / "demo" / "documents"
CODECS = {"utf-8-bom": "utf-8-sig", "utf-16": "utf-16", "gb18030": "gb18030", "utf-8": "utf-8"}


def sources() -> list[Path]:
    """Return every source file, in order."""
    return sorted(SOURCES.glob("*.md"))


def text(source: Source, target: Path) -> None:
    """Write plain text in the encoding the source asks for, with line ends of Windows."""
    codec = CODECS[source.maker.split()[1]]
    target.write_bytes(source.raw.replace("\n", "\r\n").encode(codec))


MAKERS: dict[str, tuple[str, Callable[[Source, Path], None]]] = {
    "chromium": (".pdf", pdf.chromium),
    "reportlab": (".pdf", pdf.reportlab),
    "libreoffice": (".docx", docx.libreoffice),
    "python-docx": (".docx", docx.python_docx),
    "text": (".txt", text),
}


def target_of(source: Source) -> Path:
    """Return where the made file of a source lies."""
    suffix = source.directives.get("suffix") or MAKERS[source.maker.split()[0]][0]
    return TARGET / (source.name + suffix)


def extracted(path: Path, source: Source) -> str:
    """Read the made file back by means that are not the archive's own."""
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            return "".join(page.get_textpage().get_text_range() for page in document)
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as package:
            parts = [n for n in package.namelist() if n.startswith("word/") and n.endswith("xml")]
            return "".join("".join(ET.fromstring(package.read(n)).itertext()) for n in parts)
    return path.read_bytes().decode(CODECS[source.maker.split()[1]])


def missing(source: Source, found: str) -> list[str]:
    """Return the pieces of a source that can't be read from the made file."""
    # pdfium reports a hyphen at the end of a line as U+FFFE
    plain = "".join(found.split()).replace("\ufffe", "-")
    return [words for words in source.words() if "".join(words.split()) not in plain]


def main(names: list[str]) -> int:
    """Make files and report their sizes; return 1 if any text was lost."""
    lost = 0
    for path in sources():
        source = read(path)
        target = target_of(source)
        if path.stem in names or "--all" in names or not (names or target.exists()):
            MAKERS[source.maker.split()[0]][1](source, target)
            gone = missing(source, extracted(target, source))
            lost += len(gone)
            print(f"{target.stat().st_size:>8,} {target.name}", *gone[:5])
    return int(lost > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
