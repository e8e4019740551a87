"""Programs that write files: LibreOffice, Chromium and ofdrw, where the machine has them."""

import html
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.formats.content import Paper
from tests.live.machine import fetched, run

_LONGEST: Final = 240
#: A library for OFD in Java (Apache-2.0), fetched once by Maven.
_OFDRW: Final = "ofdrw-layout-2.3.6"
_POM: Final = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>formats</groupId><artifactId>formats</artifactId><version>1</version><dependencies>
<dependency><groupId>org.ofdrw</groupId><artifactId>ofdrw-layout</artifactId><version>2.3.6</version>
</dependency></dependencies></project>"""
_COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_NAMESPACES: Final = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in {
        "office": "office",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "style": "style",
        "svg": "svg-compatible",
    }.items()
)


def office() -> str | None:
    """Return where LibreOffice is, if it is."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def browser() -> str | None:
    """Return where Chromium is, if it is."""
    return shutil.which("chromium")


def java() -> str | None:
    """Return where Java is, if it is there with the Maven that fetches libraries for it."""
    return shutil.which("java") if shutil.which("mvn") else None


def written_by_ofdrw(papers: Sequence[Paper]) -> list[bytes]:
    """Let ofdrw write the bodies of papers as OFD."""
    program = java()
    if program is None:
        raise RuntimeError("no Java")
    libraries = fetched(_OFDRW, "fetching ofdrw", _fetch_ofdrw)
    source = Path(__file__).with_name("WriteOfd.java")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(number)) for number in range(len(papers))]
        for file, paper in zip(files, papers, strict=True):
            file.write_text(paper.body, "utf-8")
        subprocess.run(
            [program, "-Djava.awt.headless=true", "-cp", f"{libraries}/*", source, *files],
            capture_output=True,
            timeout=_LONGEST,
            check=True,
        )
        return [file.with_name(f"{file.name}.ofd").read_bytes() for file in files]


def _fetch_ofdrw(folder: Path) -> Path:
    (folder / "pom.xml").write_text(_POM, "utf-8")
    run(["mvn", "-q", "-B", _COPY, "-DoutputDirectory=libraries"], cwd=folder)
    return folder / "libraries"


def converted(files: Mapping[str, bytes], ending: str, *, via: str = "") -> dict[str, bytes]:
    """Let LibreOffice write these files again as another kind; by name without ending.

    `ending` is what they become, with a filter where one is needed: `docx`, `txt:Text`. `via` is
    how they are opened where their own ending does not say it.
    """
    program = office()
    if program is None:
        raise RuntimeError("no LibreOffice")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, content in files.items():
            (place / name).write_bytes(content)
        done = subprocess.run(
            [
                program,
                f"-env:UserInstallation=file://{folder}/profile",
                "--headless",
                "--norestore",
                *([f"--infilter={via}"] if via else []),
                "--convert-to",
                ending,
                "--outdir",
                f"{folder}/out",
                *(str(place / name) for name in files),
            ],
            capture_output=True,
            timeout=_LONGEST,
            check=True,
            env={**os.environ, "HOME": folder},
        )
        made = {path.stem: path.read_bytes() for path in sorted((place / "out").glob("*"))}
    if len(made) != len(files):
        raise RuntimeError(f"LibreOffice made {sorted(made)}: {done.stderr.decode()[-500:]}")
    return made


def printed(papers: Sequence[Paper]) -> list[bytes]:
    """Let Chromium print papers as PDF."""
    program = browser()
    if program is None:
        raise RuntimeError("no Chromium")
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for number, paper in enumerate(papers):
            page, target = Path(folder, f"{number}.html"), Path(folder, f"{number}.pdf")
            page.write_text(web_page(paper), "utf-8")
            subprocess.run(
                [
                    program,
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--no-first-run",
                    "--disable-background-networking",
                    f"--user-data-dir={folder}/profile",
                    "--no-pdf-header-footer",
                    f"--print-to-pdf={target}",
                    page.as_uri(),
                ],
                capture_output=True,
                timeout=_LONGEST,
                check=True,
            )
            made.append(target.read_bytes())
    return made


def web_page(paper: Paper) -> str:
    """Return a paper as a page, for programs that print."""
    clauses = "".join(f"<p>{html.escape(clause)}</p>" for clause in paper.clauses)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in paper.table
    )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><style>body{font:11pt/1.7 '
        "'Noto Serif CJK SC'}td{border:1px solid;padding:2pt 8pt}</style>"
        f"<h2>{html.escape(paper.title)}</h2>{clauses}<table>{rows}</table></html>"
    )


def flat_text(paper: Paper, *, whole: bool, font: str = "Noto Serif CJK SC") -> bytes:
    """Return a paper as flat OpenDocument, for LibreOffice to write in other formats.

    `whole`: with a header, a footnote, a text box and a remark, else only its body.
    """
    first, *others = map(html.escape, paper.clauses)
    if whole:
        first += (
            '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation>'
            f"<text:note-body><text:p>{paper.footnote}</text:p></text:note-body></text:note>"
            f"<office:annotation><text:p>{paper.remark}</text:p></office:annotation>"
            '<draw:frame text:anchor-type="paragraph" svg:width="6cm" svg:height="1cm">'
            f"<draw:text-box><text:p>{paper.box}</text:p></draw:text-box></draw:frame>"
        )
    paragraphs = "".join(f"<text:p>{one}</text:p>" for one in (first, *others))
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in paper.table
    )
    columns = f'<table:table-column table:number-columns-repeated="{len(paper.table[0])}"/>'
    header = f"<style:header><text:p>{paper.header}</text:p></style:header>" if whole else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMESPACES} '
        'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
        'office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">'
        f'<office:font-face-decls><style:font-face style:name="F" svg:font-family="{font!r}"/>'
        "</office:font-face-decls><office:styles>"
        '<style:default-style style:family="paragraph"><style:text-properties '
        'style:font-name="F" style:font-name-asian="F" fo:font-size="11pt" '
        'style:font-size-asian="11pt" fo:language="zh" fo:country="CN"/></style:default-style>'
        "</office:styles><office:automatic-styles>"
        '<style:page-layout style:name="A4"><style:page-layout-properties '
        'fo:page-width="21cm" fo:page-height="29.7cm" fo:margin="2cm"/></style:page-layout>'
        "</office:automatic-styles><office:master-styles>"
        f'<style:master-page style:name="Standard" style:page-layout-name="A4">{header}'
        "</style:master-page></office:master-styles><office:body><office:text>"
        f'<text:h text:outline-level="1">{paper.title}</text:h>{paragraphs}'
        f'<table:table table:name="T">{columns}{rows}</table:table>'
        "</office:text></office:body></office:document>"
    ).encode()
