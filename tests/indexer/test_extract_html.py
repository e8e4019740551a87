"""Web pages read as they are shown, in any charset, and crafted ones refused within limits."""

import io

import pytest

from indexer.extract import html
from indexer.extract.result import Extracted, Failed, Note, Reason
from service import media
from tests.indexer.refusals import reason_of

CONTRACT = "采购合同：甲方应于验收合格后三十日内支付全部货款，逾期按日计违约金。"


def text(source, codec="utf-8"):
    return html.read(io.BytesIO(source.encode(codec))).text


def reason(content):
    return reason_of(html.read, content)


def page(body, *, head=""):
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def test_the_title_comes_first_and_each_block_is_a_line():
    source = page(
        "<h1>报价</h1>\n<p>库卡<b>机器人</b>两台\n含税</p><div>交期<br>八周</div>尾",
        head="<title>报价\n单</title>",
    )
    assert text(source) == "报价 单\n报价\n库卡机器人两台含税\n交期\n八周\n尾\n"


def test_scripts_styles_and_what_is_hidden_are_not_read():
    source = page(
        "<script>var a='<p>脚本</p>';</script><style>p{color:red}</style>"
        "<noscript>请启用</noscript>"
        "<template>模板</template><p hidden>藏一<p>甲<div style='color:red; Display : NONE'>藏二"
        "<div>藏三</div></div><span style='visibility:hidden'>藏四</span>"
        "<input type=hidden value=藏五><input type=password value=藏六><input value=乙>"
        "<!-- 藏七 -->",
        head="<style>藏八</style><script>藏九</script><meta name=description content=藏十>",
    )
    assert text(source) == "甲\n乙\n"


def test_tables_are_read_row_by_row_also_without_end_tags_and_with_paragraphs_in_cells():
    assert text(
        "<table><caption>清单</caption><tr><th>设备<th>数量<tr><td><p>KR210</p><p>备用</p><td>两台"
        "</table>后"
    ) == ("清单\n设备\t数量\nKR210 备用\t两台\n后\n")


def test_a_table_in_a_cell_keeps_its_rows_and_the_cell_beside_it_follows():
    inner = "<table><tr><td>甲<td>乙</tr><tr><td>丙<td>丁</table>"
    assert text(f"<table><tr><td>外{inner}<td>旁</tr></table>") == "外\n甲\t乙\n丙\t丁\n旁\n"


def test_an_end_that_belongs_to_nothing_in_its_cell_ends_nothing():
    assert text("<div><table><tr><td>甲</div></p><td>乙</table>丙</div>丁") == "甲\t乙\n丙\n丁\n"


def test_spaces_are_drawn_together_but_not_in_what_is_set_as_written():
    assert text("<p>  KR   210\n\tR2700 </p><pre>a  b\n  c</pre>") == "KR 210 R2700\na  b\n  c\n"


def test_entities_of_all_kinds_are_characters():
    assert text("<p>&yen;1&nbsp;234 &lt;b&gt; &#24211;&#x5361; &amp;amp; &unknown;") == (
        "¥1\xa0234 <b> 库卡 &amp; &unknown;\n"
    )


def test_a_page_without_head_and_body_and_with_an_open_head_is_read():
    assert text("只有文字") == "只有文字\n"
    assert text("<head><title>题</title><meta charset=utf-8><p>正文") == "题\n正文\n"
    assert text("<script src='a.js'/><p>正文") == "正文\n"


def test_what_word_writes_for_itself_is_passed_over():
    source = "<!--[if gte mso 9]><xml>藏</xml><![endif]--><p><![if !supportLists]>1、<![endif]>甲方"
    assert text(source + "<![CDATA[藏]]><o:p></o:p></p><?xml:namespace x ?>") == "1、甲方\n"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ('<meta charset="gb2312">', "gb18030"),
        ("<meta http-equiv=Content-Type content='text/html; charset=GBK'>", "gbk"),
        ("<meta charset=big5>", "cp950"),
        ("<meta charset=utf-8>", "utf-8"),
        ("<meta charset=gb2312>", "utf-8"),
        ("<meta charset=iso-8859-1>", "gb18030"),
        ("<meta charset=nonsense>", "gb18030"),
        ("", "gb18030"),
        ("", "utf-8-sig"),
        ("<meta charset=gbk>", "utf-16"),
        ("", "utf-16-le"),
        ("", "utf-16-be"),
    ],
)
def test_the_charset_is_found_by_mark_declaration_or_content(declared, codec):
    words = "採購合約：甲方應於驗收合格後三十日內支付全部貨款。" if codec == "cp950" else CONTRACT
    content = page(f"<p>{words}", head=declared).encode(codec)
    assert html.read(io.BytesIO(content)).text == words + "\n"
    assert media.sniff(io.BytesIO(content), len(content), "没有扩展名") == "text/html"


def test_letters_of_the_west_are_read_as_declared():
    content = page("<p>Gr\xf6\xdfe", head="<meta charset=iso-8859-1>").encode("latin-1")
    assert html.read(io.BytesIO(content)).text == "Größe\n"


def test_a_few_words_of_a_declared_charset_are_read_though_nobody_could_guess_it():
    content = page("<p>联通", head="<meta charset=gbk>").encode("gbk")
    assert html.read(io.BytesIO(content)).text == "联通\n"


def test_a_page_that_shows_nothing_says_so():
    assert html.read(io.BytesIO(page("<img src=a.png>").encode())).notes == (Note.NO_TEXT,)


def test_bytes_that_are_no_text_are_refused():
    assert reason(b"<html>" + bytes(range(20)) * 400) is Reason.UNSUPPORTED
    assert reason(b"\xff\xfe" + b"\x01\x00" * 400) is Reason.UNSUPPORTED


def test_great_depth_is_refused_and_not_taken_for_an_empty_page():
    assert reason(b"<div>" * 200_000 + b"x") is Reason.TOO_COMPLEX
    assert reason(b"<table><tr><td>" * 5_000 + b"x") is Reason.TOO_COMPLEX


def test_a_page_of_many_rows_and_open_paragraphs_keeps_their_order():
    rows = "".join(f"<tr><td>第{n}行<td><p>{n}<p>" for n in range(5_000))
    assert text(f"<table>{rows}</table>").splitlines() == [f"第{n}行\t{n}" for n in range(5_000)]


def slowly(*pieces):
    return [pytest.param(piece, marks=pytest.mark.slow) for piece in pieces]


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", *slowly("<![", "</", "&", "<p hidden><b><i></p>", "<?")]
)
def test_pages_made_to_cost_time_end_with_a_reason_and_the_next_is_read(hasty, piece):
    content = (piece * (400_000 // len(piece))).encode()
    found = hasty.extract("text/html", io.BytesIO(content), len(content))
    assert isinstance(found, Extracted) or found == Failed(Reason.TOO_COMPLEX, "cpu")
    after = page("<p>下一份").encode()
    found = hasty.extract("text/html", io.BytesIO(after), len(after))
    assert isinstance(found, Extracted)
    assert found.text == "下一份\n"


def test_all_charsets_are_known_in_the_sandbox_too(sandbox):
    for name, codec in {"gbk": "gbk", "big5": "cp950", "euc-kr": "cp949"}.items():
        words = "一二三"
        content = page(f"<p>{words}", head=f"<meta charset={name}>").encode(codec)
        found = sandbox.extract("text/html", io.BytesIO(content), len(content))
        assert isinstance(found, Extracted)
        assert found.text == words + "\n"
