"""Makes PPTX files part by part, as PowerPoint writes them."""

from tests.indexer.docxs import declared, packed, relations

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMESPACES = declared(
    {
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "cx": "http://schemas.microsoft.com/office/drawing/2014/chartex",
        "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "r": _OFFICE,
    }
)


def part(body: str, *, root: str = "p:sld", prolog: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<{root} {_NAMESPACES}>{body}</{root}>'


def paragraph(*texts: str) -> str:
    return "<a:p>" + "".join(f"<a:r><a:t>{text}</a:t></a:r>" for text in texts) + "</a:p>"


def shape(*paragraphs: str, kind: str = "") -> str:
    """Return a shape with these paragraphs; `kind` makes it a placeholder of that kind."""
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    return f"<p:sp>{place}<p:txBody>{''.join(paragraphs)}</p:txBody></p:sp>"


def title(text: str) -> str:
    return shape(paragraph(text), kind="title")


def table(*rows: tuple[str, ...]) -> str:
    """Return a frame with a table; each cell is one paragraph a line."""
    lines = "".join(
        "<a:tr>"
        + "".join(
            f"<a:tc><a:txBody>{''.join(map(paragraph, cell.split('|')))}</a:txBody></a:tc>"
            for cell in row
        )
        + "</a:tr>"
        for row in rows
    )
    return f"<p:graphicFrame><a:graphic><a:tbl>{lines}</a:tbl></a:graphic></p:graphicFrame>"


def figure(element: str) -> str:
    return f"<p:graphicFrame><a:graphic>{element}</a:graphic></p:graphicFrame>"


def deck(*slides: str, sides: dict[int, dict[str, str]] | None = None, order: str = "") -> bytes:
    """Return a deck of these slides.

    `sides` are parts beside a slide by its number and kind (`{1: {"notesSlide": …}}`); their
    relations are named `r0`, `r1` … `order` is the list of slides where it isn't that of the parts.
    """
    numbers = range(1, len(slides) + 1)
    listed = order or "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in numbers)
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations(officeDocument="ppt/presentation.xml"),
        "ppt/presentation.xml": part(f"<p:sldIdLst>{listed}</p:sldIdLst>", root="p:presentation"),
        "ppt/_rels/presentation.xml.rels": relations(
            slideMaster="master.xml", **{f"slide_{n}": f"slides/slide{n}.xml" for n in numbers}
        ),
        "ppt/master.xml": part(title("单击此处编辑母版标题"), root="p:sldMaster"),
        "ppt/layout.xml": part(title("版式上的字"), root="p:sldLayout"),
    }
    for number, slide in enumerate(slides, 1):
        beside = (sides or {}).get(number, {})
        targets = {kind: f"{kind}{number}.xml" for kind in beside}
        parts[f"ppt/slides/slide{number}.xml"] = slide if slide.startswith("<?xml") else part(slide)
        parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(
            **targets, slideLayout="../layout.xml"
        )
        for kind, content in beside.items():
            parts[f"ppt/slides/{targets[kind]}"] = part(content)
    return packed(parts)
