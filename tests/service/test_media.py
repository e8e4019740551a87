"""What a file is told by its content, and what is not taken."""

import io
import zipfile

import pytest

from service import media

PE = b"MZ" + b"\0" * 58 + b"\x40\0\0\0" + b"PE\0\0\x4c\x01" + b"\0" * 200
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n"
CHINESE = "付款方式：验收合格后三十日内支付。\n"


def zipped(*names: str, stored: dict[str, bytes] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in (stored or {}).items():
            archive.writestr(name, content)
        for name in names:
            archive.writestr(name, "x" * 100, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def ole(*streams: str) -> bytes:
    """Build an OLE file of one table sector and as many directory sectors as needed."""
    entries = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + (len(name) * 2 + 2).to_bytes(2, "little")
        + bytes(62)
        for name in ("Root Entry", *streams)
    )
    count = -(-len(entries) // 512)
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[30:32] = (9).to_bytes(2, "little")
    head[48:52] = (1).to_bytes(4, "little")
    head[76:80] = (0).to_bytes(4, "little")
    chain = [0xFFFFFFFD, *range(2, count + 1), 0xFFFFFFFE]
    table = b"".join(n.to_bytes(4, "little") for n in chain).ljust(512, b"\xff")
    return bytes(head) + table + entries.ljust(count * 512, b"\0")


def sniffed(content: bytes, name: str = "file") -> str:
    return media.sniff(io.BytesIO(content), len(content), name)


def refusal(content: bytes, name: str) -> str | None:
    return media.refused(sniffed(content, name), name)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PDF, "合同.pdf", media.PDF),
        (b"\n\n" + PDF, "合同.pdf", media.PDF),
        (zipped("[Content_Types].xml", "word/document2.xml"), "a", media.DOCX),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a", media.XLSX),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a", media.PPTX),
        (zipped("OFD.xml", "Doc_0/Document.xml"), "a", "application/ofd"),
        (zipped("a.txt"), "a.zip", "application/zip"),
        (
            zipped(stored={"mimetype": b"application/vnd.oasis.opendocument.text"}),
            "a.odt",
            media.ODT,
        ),
        (zipped(stored={"mimetype": b"text/html"}), "a.html", "application/zip"),
        (ole("1Table", "Data", "CompObj", "WordDocument"), "a", "application/msword"),
        (ole("Workbook"), "a", "application/vnd.ms-excel"),
        (ole("PowerPoint Document"), "a", "application/vnd.ms-powerpoint"),
        (ole("__properties_version1.0"), "a", "application/vnd.ms-outlook"),
        (ole("EncryptionInfo", "EncryptedPackage"), "合同.docx", media.DOCX),
        (CHINESE.encode("gb18030"), "a.txt", media.PLAIN),
        (CHINESE.encode("big5", "ignore"), "a.txt", media.PLAIN),
        (CHINESE.encode("utf-16"), "a.txt", media.PLAIN),
        (CHINESE.encode("utf-16-le"), "a.txt", media.PLAIN),
        (CHINESE.encode("utf-16-be"), "a.txt", media.PLAIN),
        (b"name,model\nx,KR210\n", "a.csv", "text/csv"),
        (b"# title\n", "a.md", "text/markdown"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "a.html", media.HTML),
        (b"<!-- a --><?xml version='1.0'?> <!-- b -->\n<HTML lang=zh>", "a.txt", media.HTML),
        ("<html>采购</html>".encode("utf-16"), "a", media.HTML),
        (b"<div>x</div>", "a.htm", media.HTML),
        (b"use <html> here", "a.txt", media.PLAIN),
    ],
)
def test_the_content_says_what_a_file_is(content, name, expected):
    assert sniffed(content, name) == expected


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (PDF + zipped("a.exe"), "合同.pdf", media.PDF),
        (zipped("a.txt") + PDF, "a.zip", "application/zip"),
        (zipped("word/document.xml", stored={"a.pdf": PDF}), "合同.docx", media.DOCX),
        (PDF.replace(b"<<>>", b"<html><script>x</script></html>"), "合同.pdf", media.PDF),
    ],
    ids=["pdf and zip", "zip and pdf", "docx and pdf", "pdf and page"],
)
def test_a_file_that_is_two_at_once_is_taken_for_what_it_begins_as(content, name, expected):
    assert sniffed(content, name) == expected
    assert refusal(PE + content, name) is not None


def test_the_stream_is_left_at_its_start():
    source = io.BytesIO(zipped("word/document.xml"))
    media.sniff(source, len(source.getvalue()), "a.docx")
    assert source.tell() == 0


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PE, "报价单.pdf"),
        (PE, "setup.exe"),
        (PE, "no extension"),
        (b"\x7fELF\x02\x01\x01" + bytes(60), "tool"),
        (b"#!/bin/sh\nrm -rf /\n", "合同.pdf"),
        (b"#!/bin/sh\n%PDF-1.7\n", "合同.pdf"),
        (b"@echo off\n", "a.bat"),
        (b"echo\n", "a.ps1"),
        (PDF, "contract.pdf.exe"),
        (PDF, "contract.exe. "),
        (PDF, "contract\u202efdp.exe"),
        (zipped("META-INF/MANIFEST.MF", "A.class"), "a.zip"),
        (zipped("AndroidManifest.xml"), "a.apk"),
        (b"L\0\0\0\x01\x14\x02\0" + bytes(80), "合同.pdf"),
        (ole("x"), "setup.msi"),
    ],
)
def test_a_program_is_not_taken_whatever_its_name(content, name):
    assert refusal(content, name) is not None


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PDF, "合同.docx"),
        (PDF, "合同.txt"),
        (zipped("a.txt"), "合同.docx"),
        (zipped("[Content_Types].xml", "word/document.xml"), "合同.pdf"),
        (b"plain text", "合同.pdf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "合同.ofd"),
        (bytes(range(256)) * 4, "合同.docx"),
        (bytes(range(256)) * 4, "合同.txt"),
    ],
)
def test_a_name_that_contradicts_the_content_is_refused(content, name):
    assert refusal(content, name) == "The content of the file is not what its name says."


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PDF, "合同.pdf"),
        (PDF, "合同.PDF"),
        (PDF, "没有扩展名"),
        (CHINESE.encode("gb18030"), "合同.txt"),
        (CHINESE.encode("gb18030"), "焊接程序.src"),
        (b"#!/bin/sh\n", "notes.txt"),
        (b"{\\rtf1 abc}", "old.doc"),
        (ole("WordDocument"), "合同.wps"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20), "renamed.jpg"),
        (b"AC1032\0\0\0\0\0\0" + bytes(range(200)), "图纸.dwg"),
        (bytes(range(256)) * 4, "图纸.sldprt"),
    ],
)
def test_documents_drawings_and_unknown_binaries_are_taken(content, name):
    assert refusal(content, name) is None


def test_a_page_that_begins_with_comments_without_number_is_told_at_once():
    assert sniffed(b"<!--a-->" * 8_000 + b"<p>", "a.txt") == media.PLAIN


def test_chinese_text_that_begins_like_an_old_program_is_text():
    content = "付款方式：验收合格后三十日内支付。".encode("gb18030")
    assert content[0] == 0xB8
    assert sniffed(content, "a.txt") == media.PLAIN


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x05\x06",
        zipped("word/document.xml")[:-30],
        zipped("a")[:-22] + b"PK\x05\x06" + b"\xff" * 18,
        ole("Workbook")[:600],
        ole("Workbook")[:512],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
    ],
)
def test_a_damaged_container_is_some_type_and_no_error(content):
    assert "/" in sniffed(content)


def test_a_directory_that_runs_in_a_circle_ends():
    content = bytearray(ole("a", "b", "c", "d", "e"))
    content[512 + 8 : 512 + 12] = (1).to_bytes(4, "little")
    assert sniffed(bytes(content)) == "application/x-ole-storage"


def test_a_docx_cut_short_is_still_taken_for_one():
    whole = zipped("[Content_Types].xml", "word/document.xml")
    assert sniffed(whole[: whole.rfind(b"PK\x01\x02")], "合同.docx") == media.DOCX
