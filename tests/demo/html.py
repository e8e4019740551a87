"""Turn a source into HTML, once for printing in Chromium and once for LibreOffice Writer."""

from html import escape

from tests.demo.source import NOTE, Block, Source

TAGS = {"title": "h1", "heading": "h2", "centred": "p class=c", "item": "p class=i"}

# One weight of one family, and TrueType: Chromium embeds the Noto fonts (CFF) as Type 3,
# five times the size. Both kinds occur in real files, so `!font` may ask for Noto.
FONT = '"Liberation Sans", "Droid Sans Fallback"'
PRINT = """
@page { size: A4; margin: 22mm 20mm;
  @top-center { content: "%(header)s"; font: 8pt %(font)s; }
  @bottom-left { content: "%(footer)s"; font: 8pt %(font)s; }
  @bottom-right { content: "第 " counter(page) " 页　共 " counter(pages) " 页";
    font: 8pt %(font)s; } }
* { font-weight: 400; font-family: %(font)s; }
body { font-size: 10.5pt; line-height: 1.75; text-align: justify; }
h1 { font-size: 18pt; text-align: center; letter-spacing: 1pt; margin: 0 0 8pt; }
h2 { font-size: 12pt; margin: 12pt 0 4pt; break-after: avoid; }
p { margin: 0 0 4pt; text-indent: 2em; } p.c { text-align: center; text-indent: 0; }
p.i { text-indent: -1em; padding-left: 3em; }
table { border-collapse: collapse; width: 100%%; margin: 6pt 0; font-size: 9.5pt; }
td { border: .5pt solid #333; padding: 2pt 5pt; text-align: left; } tr { break-inside: avoid; }
tr.h td { background: #eee; } .page { break-before: page; } svg { width: 100%%; }
"""


def printed(source: Source) -> str:
    """Return a page for Chromium, with running header, footer and page numbers."""
    around = {key: source.directives.get(key, "") for key in ("header", "footer")}
    around["font"] = source.directives.get("font", FONT)
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(source.title)}'
        f"</title><style>{PRINT % around}</style>{_body(source)}</html>"
    )


def office(source: Source) -> str:
    """Return a page in the dialect LibreOffice reads headers, footers and footnotes from."""
    header, footer = (escape(source.directives.get(key, "")) for key in ("header", "footer"))
    notes = "".join(
        f'<div id="sdfootnote{n}"><p><a class="sdfootnotesym" href="#sdfootnote{n}anc">{n}</a>'
        f"{escape(text)}</p></div>"
        for n, text in source.notes.items()
    )
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>'
        f"{escape(source.title)}</title></head><body>"
        f'<div title="header"><p>{header}</p></div>'
        f"{_body(source)}{notes}"
        f'<div title="footer"><p>{footer}</p></div></body></html>'
    )


def _body(source: Source) -> str:
    return "\n".join(_block(block) for block in source.blocks)


def _block(block: Block) -> str:
    if block.kind == "drawing":
        return block.text
    if block.kind == "page":
        return '<div class="page" style="page-break-before: always"></div>'
    if block.kind == "table":
        return _table(block)
    tag = TAGS.get(block.kind, "p")
    text = ("· " if block.kind == "item" else "") + _text(block.text)
    return f"<{tag}>{text}</{tag.split()[0]}>"


def _table(block: Block) -> str:
    rows = [
        f"<tr{' class=h' if n == 0 else ''}>"
        + "".join(f"<td>{_text(cell)}</td>" for cell in row)
        + "</tr>"
        for n, row in enumerate(block.rows)
    ]
    return f'<table border="1" cellspacing="0" width="100%">{"".join(rows)}</table>'


def _text(text: str) -> str:
    return NOTE.sub(
        r'<a class="sdfootnoteanc" name="sdfootnote\1anc" href="#sdfootnote\1sym">'
        r"<sup>\1</sup></a>",
        escape(text),
    )
