"""All the text of a DOCX, each thing once, and crafted ones refused within limits."""

import io
import struct
import zipfile

import pytest

from indexer.extract import docx
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from service import media
from tests.indexer.docxs import by_hand, by_library, packed, paragraph, part, relations, run
from tests.indexer.refusals import reason_of

BOX = "<w:txbxContent>{}</w:txbxContent>"


def text(content):
    return docx.read(io.BytesIO(content)).text


def body(*paragraphs):
    return text(by_hand("".join(paragraphs)))


def reason(content):
    return reason_of(docx.read, content)


def test_paragraphs_tables_and_headers_made_by_a_program_are_read():
    assert text(by_library()) == (
        "采购合同\n甲方应于验收合格后三十日内付款。\n"
        "设备清单\n机器人\tKR210\t\n\t\t两台 备用一台\n"
        "华星科技\n"
    )


def test_a_text_box_is_read_once_after_the_paragraph_it_hangs_on():
    box = BOX.format(paragraph(run("框内文字")) + paragraph(run("第二行")))
    drawing = (
        f'<mc:AlternateContent><mc:Choice Requires="wps"><wps:txbx>{box}</wps:txbx></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
        "</mc:AlternateContent>"
    )
    found = body(paragraph(run("前半"), f"<w:r>{drawing}</w:r>", run("后半")), paragraph(run("末")))
    assert found == "前半后半\n框内文字\n第二行\n末\n"


def test_a_fallback_without_alternative_is_read():
    box = BOX.format(paragraph(run("旧式文本框")))
    assert "旧式文本框" in body(
        paragraph(f"<mc:AlternateContent><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>")
    )


def test_a_text_box_in_a_table_cell_stays_in_its_cell():
    box = f"<w:r>{BOX.format(paragraph(run('框')))}</w:r>"
    row = "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in (run("甲") + box, run("乙")))
    assert body(f"<w:tbl><w:tr>{row}</w:tr></w:tbl>") == "甲 框\t乙\n"


def test_a_table_in_a_cell_keeps_every_word():
    inner = f"<w:tbl><w:tr><w:tc>{paragraph(run('内'))}</w:tc></w:tr></w:tbl>"
    outer = f"<w:tc>{paragraph(run('外'))}{inner}{paragraph()}</w:tc><w:tc>{paragraph()}</w:tc>"
    assert body(f"<w:tbl><w:tr>{outer}</w:tr></w:tbl>") == "外 内\t\n"


def test_tracked_changes_read_as_if_accepted():
    found = body(
        paragraph(
            run("合同总价"),
            f'<w:ins w:id="1">{run("壹佰万元")}</w:ins>',
            '<w:del w:id="2"><w:r><w:delText>捌拾万元</w:delText></w:r></w:del>',
            f'<w:moveFrom w:id="3">{run("旧处")}</w:moveFrom>',
            f'<w:moveTo w:id="4">{run("新处")}</w:moveTo>',
        )
    )
    assert found == "合同总价壹佰万元新处\n"


def test_content_controls_links_fields_and_formulas_are_read_without_their_codes():
    found = body(
        "<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>"
        + paragraph(run("控件内容"))
        + "</w:sdtContent></w:sdt>",
        paragraph(
            f"<w:hyperlink>{run('链接')}</w:hyperlink>",
            "<w:r><w:instrText>PAGE</w:instrText></w:r>",
            f"<w:fldSimple w:instr='DATE'>{run('2025年')}</w:fldSimple>",
            "<m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath>",
        ),
    )
    assert found == "控件内容\n链接2025年E=mc\n"


def test_tabs_breaks_hyphens_and_symbols_are_kept_and_tab_stops_are_not():
    found = body(
        paragraph(
            '<w:pPr><w:tabs><w:tab w:val="left" w:pos="9"/></w:tabs></w:pPr>',
            run("甲"),
            "<w:r><w:tab/></w:r>",
            run("乙"),
            "<w:r><w:br/></w:r>",
            run("KR"),
            "<w:r><w:noBreakHyphen/></w:r>",
            run("210"),
            '<w:r><w:sym w:font="Arial" w:char="00B1"/></w:r>',
            '<w:r><w:sym w:font="Arial" w:char="nonsense"/></w:r>',
        )
    )
    assert found == "甲\t乙\nKR-210±\n"


def test_readings_above_characters_do_not_tear_words_apart():
    ruby = f"<w:ruby><w:rt>{run('kuka')}</w:rt><w:rubyBase>{run('库卡')}</w:rubyBase></w:ruby>"
    assert body(paragraph(run("采购"), f"<w:r>{ruby}</w:r>", run("机器人"))) == "采购库卡机器人\n"


def test_notes_comments_headers_footers_and_watermarks_are_read_once_each():
    mark = '<w:r><w:pict><v:shape><v:textpath string="机密"/></v:shape></w:pict></w:r>'
    found = text(
        by_hand(
            paragraph(run("正文")),
            footnotes=f"<w:footnote>{paragraph(run('脚注'))}</w:footnote>",
            endnotes=f"<w:endnote>{paragraph(run('尾注'))}</w:endnote>",
            comments=f"<w:comment>{paragraph(run('批注'))}</w:comment>",
            header=paragraph(run("页眉"), mark),
            header_2=paragraph(run("页眉"), mark),
            footer=paragraph(run("页脚")),
            diagramData="<a:p><a:r><a:t>图示</a:t></a:r></a:p>",
        )
    )
    assert found == "正文\n脚注\n尾注\n批注\n图示\n页眉机密\n\n页脚\n"


def test_a_document_of_thousands_of_paragraphs_keeps_their_order():
    lines = [f"第{number}条" for number in range(3_000)]
    assert body(*(paragraph(run(line)) for line in lines)) == "\n".join(lines) + "\n"


def test_characters_beyond_the_basic_plane_and_references_are_whole():
    assert body(paragraph(run("𠮷&#x20BB7;&amp;"))) == "𠮷𠮷&\n"


def test_a_document_of_pictures_is_said_to_have_no_text():
    found = docx.read(io.BytesIO(by_hand(paragraph("<w:r><w:drawing/></w:r>"))))
    assert found.notes == (Note.NO_TEXT,)


def test_an_entity_bomb_is_refused_before_it_expands():
    prolog = '<!DOCTYPE x [<!ENTITY a "库"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "/etc/passwd">]>'
    assert reason(by_hand(paragraph(run("&b;&c;")), prolog=prolog)) is Reason.DAMAGED


def test_a_zip_bomb_is_refused_while_it_inflates():
    bomb = part("document", "<w:body>" + " " * (64 << 20) + "</w:body>")
    content = packed(
        {"_rels/.rels": relations(officeDocument="d.xml"), "d.xml": bomb},
    )
    assert len(content) < 100_000
    assert reason(content) is Reason.TOO_COMPLEX


def test_a_bomb_that_lies_about_its_size_is_refused_too():
    content = bytearray(
        packed({"_rels/.rels": relations(officeDocument="d.xml"), "d.xml": " " * (64 << 20)})
    )
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<L", 100)
    with pytest.raises(Unreadable):
        docx.read(io.BytesIO(bytes(content)))


def test_great_depth_too_many_parts_and_overlaps_are_refused():
    assert reason(by_hand("<w:p>" * 5_000 + "</w:p>" * 5_000)) is Reason.TOO_COMPLEX
    assert reason(packed({f"{n}": "" for n in range(10_001)})) is Reason.TOO_COMPLEX
    content = bytearray(packed({"a": "x" * 100, "b": "x" * 100}, zipfile.ZIP_STORED))
    second = content.rfind(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<L", 10)
    assert reason(bytes(content)) is Reason.TOO_COMPLEX


def test_locked_documents_say_so():
    assert reason(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) is Reason.PASSWORD
    content = bytearray(by_library())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    assert reason(bytes(content)) is Reason.PASSWORD


def test_truncated_and_rotten_documents_are_damaged():
    whole = by_library()
    assert reason(whole[: len(whole) // 2]) is Reason.DAMAGED
    assert reason(b"PK\x03\x04" + bytes(100)) is Reason.DAMAGED
    assert reason(packed({"a": "b"})) is Reason.DAMAGED
    assert reason(by_hand("<w:p><w:r>")) is Reason.DAMAGED
    rotten = bytearray(whole)
    at = rotten.find(b"word/document.xml") + 200
    rotten[at : at + 20] = bytes(20)
    assert reason(bytes(rotten)) is Reason.DAMAGED


def test_a_relation_that_leads_outside_is_not_followed():
    content = packed({"_rels/.rels": relations(officeDocument="../../../../etc/passwd")})
    assert reason(content) is Reason.DAMAGED


def test_a_document_goes_through_the_sandbox(sandbox):
    content = by_library()
    found = sandbox.extract(media.DOCX, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found == docx.read(io.BytesIO(content))
    assert [page.no for page in found.pages] == [1]
