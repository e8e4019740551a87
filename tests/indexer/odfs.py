"""Makes OpenDocument files part by part, as LibreOffice writes them."""

import io
import zipfile

from tests.indexer.docxs import declared

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMES = {"draw": "drawing", "svg": "svg-compatible"}
_PREFIXES = "office text table draw presentation style svg manifest".split()
_NAMESPACES = declared(
    {prefix: f"{_ODF}{_NAMES.get(prefix, prefix)}:1.0" for prefix in _PREFIXES}
    | {"dc": "http://purl.org/dc/elements/1.1/"}
)
TYPES = {
    kind: f"application/vnd.oasis.opendocument.{kind}"
    for kind in ("text", "spreadsheet", "presentation")
}


def p(*texts: str) -> str:
    return f"<text:p>{''.join(texts)}</text:p>"


def cell(text: str = "", *, alike: int = 1, inside: str = "") -> str:
    number = f' table:number-columns-repeated="{alike}"' if alike > 1 else ""
    return f"<table:table-cell{number}>{inside}{p(text) if text else ''}</table:table-cell>"


def row(*cells: str, alike: int = 1) -> str:
    number = f' table:number-rows-repeated="{alike}"' if alike > 1 else ""
    return f"<table:table-row{number}>{''.join(cells)}</table:table-row>"


def table(*rows: str, name: str = "表") -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


def annotation(text: str) -> str:
    return (
        "<office:annotation><dc:creator>林晓</dc:creator><dc:date>2025-03-09</dc:date>"
        f"{p(text)}</office:annotation>"
    )


def frame(text: str, kind: str = "outline") -> str:
    return (
        f'<draw:frame presentation:class="{kind}"><draw:text-box>{p(text)}</draw:text-box>'
        "</draw:frame>"
    )


def slide(*shapes: str, notes: str = "") -> str:
    aside = f"<presentation:notes>{notes}</presentation:notes>" if notes else ""
    return f'<draw:page draw:name="page1">{"".join(shapes)}{aside}</draw:page>'


def odf(kind: str, body: str, *, headers: str = "", prolog: str = "", manifest: str = "") -> bytes:
    """Return a file of this kind (`text`, `spreadsheet`, `presentation`)."""
    parts = {
        "content.xml": f"{prolog}<office:document-content {_NAMESPACES}><office:body>"
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {_NAMESPACES}><office:master-styles>"
        f"<style:master-page>{headers}</style:master-page></office:master-styles>"
        "</office:document-styles>",
        "META-INF/manifest.xml": f"<manifest:manifest {_NAMESPACES}>{manifest}</manifest:manifest>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", TYPES[kind], zipfile.ZIP_STORED)
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()
