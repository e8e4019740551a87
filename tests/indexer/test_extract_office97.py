"""Files of Word and PowerPoint 97, and of WPS and DPS, which are such files, are read."""

import gzip
import io
from pathlib import Path

import pytest

from indexer.extract import office97
from indexer.extract.result import Extracted, Reason
from service import media
from tests.indexer.refusals import reason_of

FILES = Path(__file__).parent / "files"
DOC = (FILES / "contract.doc").read_bytes()
PPT = gzip.decompress((FILES / "plan.ppt.gz").read_bytes())
#: Where Word's own stream begins in the file, and the flag in it that says that it is locked.
_FIB = DOC.index(b"\xec\xa5\xc1\x00") if b"\xec\xa5\xc1\x00" in DOC else DOC.index(b"\xec\xa5")


def test_a_doc_is_read_with_notes_comments_boxes_headers_and_tables_row_by_row():
    found = office97.read_doc(io.BytesIO(DOC))
    assert found.text == (
        "库卡焊接机器人维护合同\n"
        "甲方应于验收合格后三十日内付款。KUKA KR210 R2700-2，金额￥128,000.00元。\n"
        "𠮷田商店（扩展区汉字）与Größe\n"
        "设备\t数量\n"
        "机器人\t两台\n"
        "文本框：备用一台\n"
        "见附件链接结束。\n"
        "脚注：含税百分之十三\n"
        "批注：请核对\n"
        "页眉：华星科技\n"
    )


def test_each_slide_of_a_ppt_is_a_page_without_what_stands_on_masters_and_in_notes():
    found = office97.read_ppt(io.BytesIO(PPT))
    assert [page.text for page in found.pages] == [
        "机器人产线方案\n第一条 KUKA KR210 两台\n第二条 焊接工作站 IRB6700\n",
        "付款方式\n预付百分之三十 Größe 𠮷\n设备\n单价\n",
    ]


def test_a_locked_doc_says_so():
    locked = bytearray(DOC)
    locked[_FIB + 11] |= 0x01
    assert reason_of(office97.read_doc, bytes(locked)) is Reason.PASSWORD


@pytest.mark.parametrize("length", [0, 600, 3_000, 8_000])
@pytest.mark.parametrize("read", [office97.read_doc, office97.read_ppt])
def test_a_truncated_file_is_refused(read, length):
    content = DOC if read is office97.read_doc else PPT
    assert reason_of(read, content[:length]) is Reason.DAMAGED


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (DOC, "合同.doc"),
        (DOC, "合同.wps"),
        (DOC, "合同"),
        (PPT, "方案.ppt"),
        (PPT, "方案.dps"),
    ],
)
def test_files_of_kingsoft_go_through_the_sandbox_by_their_content(sandbox, content, name):
    kind = media.sniff(io.BytesIO(content), len(content), name)
    assert media.refused(kind, name) is None
    found = sandbox.extract(kind, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert "KUKA KR210" in found.text
