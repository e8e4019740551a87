"""Texts, sheets and slides of OpenDocument, and crafted ones refused within limits."""

import io

import pytest

from indexer.extract import opendocument
from indexer.extract.result import Extracted, Note, Reason
from service import media
from tests.indexer import attacks
from tests.indexer.docxs import packed
from tests.indexer.odfs import TYPES, annotation, cell, frame, odf, p, row, slide, table
from tests.indexer.refusals import reason_of


def pages(content):
    return [(page.label, page.text) for page in opendocument.read(io.BytesIO(content)).pages]


def text(*body, **parts):
    (found,) = pages(odf("text", "".join(body), **parts))
    return found[1]


def reason(content):
    return reason_of(opendocument.read, content)


def test_paragraphs_headings_lists_and_tables_are_read_in_order():
    assert text(
        "<text:h>采购合同</text:h>\n",
        p(
            "甲方<text:span>应付款</text:span><text:tab/>三",
            "<text:s text:c='2'/>十<text:line-break/>日",
        ),
        f"<text:list><text:list-item>{p('一')}</text:list-item></text:list>",
        table(row(cell("设备"), cell("数量")), row(cell("KR210", inside=p("备用")), cell())),
        p("末"),
    ) == ("采购合同\n甲方应付款\t三  十\n日\n一\n设备\t数量\n备用 KR210\t\n末\n")


def test_notes_comments_and_boxes_follow_the_paragraph_they_hang_on():
    note = "<text:note><text:note-citation>1</text:note-citation><text:note-body>"
    assert text(
        p(
            "合同",
            f"{note}{p('脚注')}</text:note-body></text:note>",
            annotation("价格待核"),
            "<draw:frame><draw:text-box>" + p("框") + "</draw:text-box><svg:desc>图一</svg:desc>",
            "</draw:frame>总价",
        )
    ) == ("合同总价\n脚注\n价格待核\n框\n")


def test_headers_and_footers_come_last_and_once_each():
    header = f"<style:header>{p('华星科技')}</style:header><style:footer>{p('机密')}</style:footer>"
    assert text(p("正文"), headers=header * 2) == "正文\n华星科技\n机密\n"


def test_what_a_tracked_change_took_away_and_readings_are_not_read():
    reading = "<text:ruby-text>kuka</text:ruby-text>"
    ruby = f"<text:ruby><text:ruby-base>库卡</text:ruby-base>{reading}</text:ruby>"
    gone = (
        f"<text:tracked-changes><text:deletion>{p('旧价')}</text:deletion></text:tracked-changes>"
    )
    assert text(gone, p("采购", ruby, "机器人")) == "采购库卡机器人\n"


def test_a_table_in_a_cell_keeps_every_word():
    inner = table(row(cell("内"), cell("里")))
    assert text(table(row(cell("外", inside=inner), cell("旁")))) == "内\t里 外\t旁\n"


def test_sheets_are_pages_under_their_names_with_values_as_shown():
    first = table(
        row(cell("单价"), cell(alike=2), cell("¥1,234.50")),
        row(cell(), alike=1_048_000),
        row(cell("15.3%", inside=annotation("含税")), cell("0", alike=3)),
        row(cell("同"), alike=2),
        name="报价",
    )
    assert pages(odf("spreadsheet", first + table(row(cell("底价")), name="内部"))) == [
        ("报价", "单价\t\t\t¥1,234.50\n15.3%\t0\t0\t0\n同\n同\n含税\n"),
        ("内部", "底价\n"),
    ]


def test_a_sheet_that_says_it_is_endless_costs_what_it_holds():
    endless = row(cell("满", alike=16_384), alike=1_048_576)
    ((_, found),) = pages(odf("spreadsheet", table(endless)))
    assert 0 < found.count("满") <= 2_500
    lying = row(cell("满", alike=10**30), cell("尾"))
    assert pages(odf("spreadsheet", table(lying)))[0][1] == "满\t尾\n"
    many = table(row(cell("满", alike=50), alike=50) * 2_500)
    assert reason(odf("spreadsheet", many)) is Reason.TOO_COMPLEX


def test_slides_are_pages_under_number_and_title_with_their_notes():
    first = slide(
        frame("焊接方案", "title"),
        f"<draw:g><draw:custom-shape>{p('外')}<draw:g/></draw:custom-shape></draw:g>",
        f"<draw:frame>{table(row(cell('KR210'), cell('两台')))}</draw:frame>",
        frame("17", "page-number"),
        notes=frame("先讲交期", "notes") + frame("17", "page-number"),
    )
    master = f"<draw:frame>{p('母版')}</draw:frame>"
    assert pages(odf("presentation", first + slide(frame("没有标题")), headers=master)) == [
        ("1 焊接方案", "焊接方案\n外\nKR210\t两台\n先讲交期\n"),
        ("", "没有标题\n"),
    ]


def test_a_text_of_pictures_says_that_it_has_none():
    found = opendocument.read(io.BytesIO(odf("text", p("<draw:frame><draw:image/></draw:frame>"))))
    assert found.notes == (Note.NO_TEXT,)


def test_entities_bombs_depth_and_too_many_slides_are_refused():
    assert reason(odf("text", p("&e59;"), prolog=attacks.entities())) is Reason.DAMAGED
    assert reason(odf("text", " " * (64 << 20))) is Reason.TOO_COMPLEX
    assert reason(odf("text", "<text:p>" * 5_000 + "</text:p>" * 5_000)) is Reason.TOO_COMPLEX
    assert reason(odf("presentation", slide() * 5_001)) is Reason.TOO_COMPLEX


def test_locked_truncated_and_empty_files_say_so():
    whole = odf("text", p("正文"))
    locked = odf("text", p("正文"), manifest="<manifest:encryption-data/>")
    assert reason(locked) is Reason.PASSWORD
    assert reason(whole[: len(whole) // 2]) is Reason.DAMAGED
    assert reason(packed({"mimetype": TYPES["text"]})) is Reason.DAMAGED
    assert reason(odf("text", "<text:p>")) is Reason.DAMAGED


@pytest.mark.parametrize("kind", TYPES)
def test_each_kind_goes_through_the_sandbox_whatever_its_name(sandbox, kind):
    content = odf(kind, table(row(cell("正文"))))
    found_kind = media.sniff(io.BytesIO(content), len(content), "没有扩展名")
    assert found_kind == TYPES[kind]
    found = sandbox.extract(found_kind, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found == opendocument.read(io.BytesIO(content))
    assert found.text == "正文\n"
