"""Makes OFD files part by part, as invoice programs write them."""

import io
import zipfile

from tests.indexer.docxs import packed

_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def ofd(*pages: str, prolog: str = "", size: str = "0 0 210 140", extra: str = "") -> bytes:
    """Return an OFD of these pages' content, each page 210 × 140 mm unless said otherwise."""
    numbers = range(len(pages))
    listed = "".join(
        f'<ofd:Page ID="{n + 1}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in numbers
    )
    parts = {
        "OFD.xml": f"{prolog}<ofd:OFD {_NS}><ofd:DocBody><ofd:DocInfo/>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {_NS}><ofd:CommonData><ofd:PageArea>"
        f"<ofd:PhysicalBox>{size}</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>",
    }
    for n, content in enumerate(pages):
        parts[f"Doc_0/Pages/Page_{n}/Content.xml"] = (
            f'<ofd:Page {_NS}><ofd:Content><ofd:Layer ID="9">{content}</ofd:Layer>'
            f"</ofd:Content></ofd:Page>"
        )
    if extra:
        parts["Doc_0/PublicRes.xml"] = extra
    return packed(parts, zipfile.ZIP_DEFLATED)


def line(text: str, y: float, x: float = 10) -> str:
    """Return a line of text at a place on the page, in millimetres."""
    return (
        f'<ofd:TextObject ID="7" Boundary="{x} {y} 100 6" Size="4">'
        f'<ofd:TextCode X="0" Y="4">{text}</ofd:TextCode></ofd:TextObject>'
    )


def scanned(image: bytes, *, name: str = "image_1.png") -> bytes:
    """Return an OFD whose second page is an image and nothing else."""
    shown = '<ofd:ImageObject ID="8" Boundary="0 0 210 140" ResourceID="3"/>'
    stamp = '<ofd:ImageObject ID="9" Boundary="0 0 20 20" ResourceID="4"/>'
    resources = (
        f'<ofd:Res {_NS} BaseLoc="Res"><ofd:MultiMedias><ofd:MultiMedia ID="3" Type="Image">'
        f"<ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>"
    )
    made = ofd(line("第一页有字", 10), stamp + shown, extra=resources)
    target = io.BytesIO(made)
    with zipfile.ZipFile(target, "a") as package:
        package.writestr(f"Doc_0/Res/{name}", image)
    return target.getvalue()
