"""One small file of every kind that is read, for tests that harm them."""

import gzip
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from PIL import Image

from service import media
from tests.indexer import docxs, mails, odfs, ofds, oles, pdfs, pptxs, sheets, zips

_FILES = Path(__file__).parent / "files"


def _pdf() -> bytes:
    return pdfs.form()


def _ppt() -> bytes:
    return gzip.decompress((_FILES / "plan.ppt.gz").read_bytes())


def _image(kind: str) -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((64, 64)).convert("RGB").save(target, kind)
    return target.getvalue()


def _mail() -> bytes:
    header, body = mails.multipart(
        "mixed",
        mails.mail("Content-Type: text/plain; charset=gbk", body="请见附件".encode("gbk")),
        mails.attached(mails.encoded("合同.txt", "gb2312"), "正文".encode()),
    )
    return mails.mail(f"Subject: {mails.encoded('维护合同', 'gbk')}", header, body=body)


def _msg() -> bytes:
    texts: dict[int, str | bytes] = {0x0037: "维护合同", 0x1000: "正文".encode("gbk")}
    attached = (oles.attachment("合同.txt", b"x" * 5_000),)
    return oles.ole(oles.message(texts, numbers={0x3FFD: 936}, attached=attached))


#: By media type, in the order of the table of readers.
SAMPLES: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        media.PDF: _pdf,
        media.DOCX: docxs.by_library,
        media.PPTX: lambda: pptxs.deck(pptxs.title("方案"), pptxs.table(("设备", "数量"))),
        media.XLSX: sheets.by_library,
        "application/vnd.ms-excel": sheets.old_by_library,
        "application/msword": (_FILES / "contract.doc").read_bytes,
        "application/vnd.ms-powerpoint": _ppt,
        media.ODT: lambda: odfs.odf("text", odfs.p("正文")),
        media.HTML: "<html><table><tr><td>设备<td>数量</table><p>正文".encode,
        "text/rtf": lambda: rb"{\rtf1\ansi\ansicpg936{\fonttbl{\f0 A;}}\f0\'ba\'cf\u21512?\par}",
        media.XML: lambda: '<?xml version="1.0" encoding="GB2312"?><a b="c">库卡</a>'.encode("gbk"),
        media.PLAIN: lambda: "甲方应于验收合格后三十日内付款。\n".encode("gb18030") * 20,
        "application/zip": lambda: zips.packed(("合同/a.txt", b"x" * 400), ("b.txt", b"y")),
        media.MAIL: _mail,
        "application/vnd.ms-outlook": _msg,
        "application/ofd": lambda: ofds.ofd(ofds.line("电子发票", 10), ofds.line("第二页", 20)),
        "image/jpeg": lambda: _image("JPEG"),
        "image/png": lambda: _image("PNG"),
        "image/tiff": lambda: _image("TIFF"),
    }
)
