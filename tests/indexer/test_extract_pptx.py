"""All the text of a PPTX slide by slide, and crafted ones refused within limits."""

import io

from indexer.extract import pptx
from indexer.extract.result import Extracted, Note, Reason
from service import media
from tests.indexer import attacks
from tests.indexer.docxs import packed, relations
from tests.indexer.pptxs import deck, figure, paragraph, part, shape, table, title
from tests.indexer.refusals import reason_of

CHART = (
    "<c:chart><c:title>" + paragraph("产线节拍") + "</c:title><c:ser>"
    "<c:tx><c:strRef><c:f>A!$B$1</c:f><c:strCache><c:pt><c:v>焊接</c:v></c:pt></c:strCache>"
    "</c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt><c:v>一季度</c:v></c:pt><c:pt>"
    "<c:v>二季度</c:v></c:pt></c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache>"
    "<c:formatCode>General</c:formatCode><c:pt><c:v>58.25</c:v></c:pt></c:numCache></c:numRef>"
    "</c:val></c:ser><c:ser><c:cat><c:strRef><c:strCache><c:pt><c:v>一季度</c:v></c:pt>"
    "</c:strCache></c:strRef></c:cat></c:ser></c:chart>"
)
NEW_CHART = (
    "<cx:chartData><cx:data><cx:strDim><cx:lvl><cx:pt>报价</cx:pt><cx:pt>签约</cx:pt></cx:lvl>"
    "</cx:strDim><cx:numDim><cx:lvl><cx:pt>7</cx:pt></cx:lvl></cx:numDim></cx:data>"
    "</cx:chartData><cx:chart><cx:tx><cx:txData><cx:v>销售漏斗</cx:v></cx:txData></cx:tx></cx:chart>"
)


def pages(content):
    return [(page.label, page.text) for page in pptx.read(io.BytesIO(content)).pages]


def text(*shapes, **beside):
    return pages(deck("".join(shapes), sides={1: beside}))[0][1]


def reason(content):
    return reason_of(pptx.read, content)


def test_slides_are_pages_under_number_and_title_in_the_order_they_are_shown():
    order = '<p:sldId id="9" r:id="r2"/><p:sldId id="8" r:id="r1"/><p:sldId id="7" r:id="r3"/>'
    content = deck(
        title("验收") + shape(paragraph("三十日内付款")),
        shape(paragraph("焊接"), kind="ctrTitle"),
        shape(paragraph("没有标题")),
        order=order,
    )
    assert pages(content) == [
        ("1 焊接", "焊接\n"),
        ("2 验收", "验收\n三十日内付款\n"),
        ("", "没有标题\n"),
    ]


def test_what_stands_on_masters_and_layouts_is_not_read():
    found = pptx.read(io.BytesIO(deck(title("方案"))))
    assert found.text == "方案\n"


def test_runs_of_a_paragraph_breaks_fields_and_formulas_are_read_in_order():
    found = text(
        shape(
            "<a:p><a:r><a:t>库卡</a:t></a:r><a:r><a:t>机器人</a:t></a:r><a:br/>"
            "<a:fld type='datetime'><a:t>2025年</a:t></a:fld><m:oMath><m:r><m:t>E=mc</m:t></m:r>"
            "</m:oMath></a:p>"
        )
    )
    assert found == "库卡机器人\n2025年E=mc\n"


def test_the_number_of_a_slide_is_no_text_of_it():
    found = text(title("方案"), shape("<a:p><a:fld><a:t>17</a:t></a:fld></a:p>", kind="sldNum"))
    assert found == "方案\n"


def test_tables_are_read_row_by_row_with_a_tab_between_cells():
    found = text(table(("设备", "数量"), ("KR210|备用", "两台"), ("", "一台")))
    assert found == "设备\t数量\nKR210 备用\t两台\n\t一台\n"


def test_shapes_in_groups_in_groups_are_read_where_they_stand():
    inner = f"<p:grpSp>{shape(paragraph('内'))}</p:grpSp>"
    outer = f"<p:grpSp>{shape(paragraph('外'))}{inner}{shape(paragraph('末'))}</p:grpSp>"
    assert text(shape(paragraph("前")), outer, shape(paragraph("后"))) == "前\n外\n内\n末\n后\n"


def test_of_alternatives_the_first_is_read():
    found = text(
        "<mc:AlternateContent><mc:Choice>"
        + shape(paragraph("新"))
        + "</mc:Choice><mc:Fallback>"
        + shape(paragraph("旧"))
        + "</mc:Fallback></mc:AlternateContent>"
    )
    assert found == "新\n"


def test_notes_and_comments_follow_the_slide_without_what_every_page_of_notes_has():
    found = text(
        title("方案"),
        notesSlide=shape(paragraph("先讲交期"), kind="body")
        + shape(paragraph("1"), kind="sldNum")
        + shape(paragraph("内部资料"), kind="ftr"),
        comments="<p:cm><p:text>价格待核</p:text></p:cm><p:cm><p:text>已核</p:text></p:cm>",
    )
    assert found == "方案\n先讲交期\n价格待核\n已核\n"


def test_comments_of_the_newer_kind_and_their_answers_are_read():
    threads = f"<x:txBody xmlns:x='urn:x'>{paragraph('交期可否提前')}</x:txBody>"
    replies = f"<x:reply xmlns:x='urn:x'>{paragraph('可提前两周')}</x:reply>"
    assert text(title("方案"), comments=replies + threads) == "方案\n可提前两周\n交期可否提前\n"


def test_the_words_of_charts_and_diagrams_stand_where_the_figures_stand():
    found = text(
        title("节拍"),
        figure('<c:chart r:id="r0"/>'),
        figure('<dgm:relIds r:dm="r1" r:lo="r9"/>'),
        figure('<cx:chart r:id="r2"/>'),
        shape(paragraph("结论")),
        chart=CHART,
        diagramData="<dgm:pt><dgm:t>" + paragraph("立项") + paragraph("验收") + "</dgm:t></dgm:pt>",
        chartEx=NEW_CHART,
    )
    assert found == (
        "节拍\n产线节拍\n焊接\n一季度\n二季度\n立项\n验收\n报价\n签约\n销售漏斗\n结论\n"
    )


def test_a_deck_of_pictures_is_said_to_have_no_text():
    assert pptx.read(io.BytesIO(deck("<p:pic/>"))).notes == (Note.NO_TEXT,)


def test_a_figure_named_again_and_again_and_one_that_names_its_slide_are_read_once():
    assert text(*[figure('<c:chart r:id="r0"/>')] * 3_000, chart=CHART).count("产线节拍") == 1
    parts = relations(officeDocument="p.xml"), relations(slide="s.xml"), relations(chart="s.xml")
    content = packed(
        {
            "_rels/.rels": parts[0],
            "p.xml": part('<p:sldId r:id="r0"/>', root="p:presentation"),
            "_rels/p.xml.rels": parts[1],
            "s.xml": part(title("圈") + figure('<c:chart r:id="r0"/>')),
            "_rels/s.xml.rels": parts[2],
        }
    )
    assert pages(content) == [("1 圈", "圈\n")]


def test_a_slide_that_is_listed_again_and_again_is_one_page():
    assert len(pages(deck(title("一"), order='<p:sldId r:id="r1"/>' * 50_000))) == 1


def test_entities_bombs_and_great_depth_are_refused():
    assert reason(deck(part("&e59;", prolog=attacks.entities()))) is Reason.DAMAGED
    assert reason(deck(" " * (64 << 20))) is Reason.TOO_COMPLEX
    assert reason(deck("<p:grpSp>" * 5_000 + "</p:grpSp>" * 5_000)) is Reason.TOO_COMPLEX
    assert reason(deck(*[""] * 5_001)) is Reason.TOO_COMPLEX


def test_locked_truncated_and_empty_decks_say_so():
    whole = deck(title("方案"))
    assert reason(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) is Reason.PASSWORD
    assert reason(whole[: len(whole) // 2]) is Reason.DAMAGED
    assert reason(packed({"ppt/presentation.xml": part("")})) is Reason.DAMAGED
    assert reason(deck()) is Reason.DAMAGED
    assert reason(deck("<p:sp>")) is Reason.DAMAGED


def test_a_deck_goes_through_the_sandbox_whatever_its_name(sandbox):
    content = deck(title("方案"))
    kind = media.sniff(io.BytesIO(content), len(content), "没有扩展名")
    found = sandbox.extract(kind, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found == pptx.read(io.BytesIO(content))
