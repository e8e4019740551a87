"""XML is read as what people wrote in it, in any charset it names, and never expanded."""

import io

import pytest

from indexer.extract import xml
from indexer.extract.result import Reason
from service import media
from tests.indexer import attacks
from tests.indexer.refusals import reason_of


def text(content):
    return xml.read(io.BytesIO(content)).text


def test_text_of_elements_and_values_of_attributes_are_read_without_their_names():
    source = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<order no="HT-2026-0008" xmlns:a="urn:a">\n'
        "  <!-- unseen --><item model='KR210' a:n='2'>库卡&amp;KUKA<b>机器人</b>两台</item>\n"
        "  <note><![CDATA[含税 <13%>]]></note><empty/>\n</order>"
    )
    assert text(source.encode()) == ("HT-2026-0008\nKR210 2\n库卡&KUKA\n机器人\n两台\n含税 <13%>\n")


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("gbk", "GB2312"),
        ("gb18030", "GB18030"),
        ("cp950", "Big5"),
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("cp932", "Shift_JIS"),
    ],
)
def test_the_charset_it_names_is_believed(codec, name):
    words = "採購合約書" if codec in ("cp950", "cp932") else "采购合同维护"
    source = f'<?xml version="1.0" encoding="{name}"?><a>{words}</a>'
    assert text(source.encode(codec)) == f"{words}\n"


def test_a_charset_named_wrongly_is_found_out():
    source = '<?xml version="1.0" encoding="GB2312"?><a>采购合同与维护协议的全部条款</a>'
    assert text(source.encode()) == "采购合同与维护协议的全部条款\n"
    source = '<?xml version="1.0" encoding="UTF-8"?><a>采购合同与维护协议的全部条款</a>'
    assert text(source.encode("gbk")) == "采购合同与维护协议的全部条款\n"


@pytest.mark.parametrize(
    "source",
    ["<a>库卡<b></a>", "<a>库卡", "<x:a>库卡</x:a>", "<a>库卡</a><a/>", "<a>库卡&nbsp;</a>"],
)
def test_what_is_no_clean_xml_is_read_as_it_is_written(source):
    assert text(source.encode()) == source


def test_entities_are_never_expanded_or_loaded():
    source = attacks.entities() + "<x>&e59;&f;</x>"
    assert text(source.encode()) == source


def test_great_depth_is_refused():
    assert reason_of(xml.read, b"<a>" * 5_000 + b"</a>" * 5_000) is Reason.TOO_COMPLEX


def test_long_text_is_not_torn():
    words = "库卡机器人" * 20_000
    assert text(f"<a>{words}</a>".encode()) == f"{words}\n"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"<order>x</order>", "a.xml", media.XML),
        ("<订单>库卡</订单>".encode("utf-16"), "a.xml", media.XML),
        (b"no xml at all", "a.xml", media.PLAIN),
        (b"<order>x</order>", "a.log", media.PLAIN),
        (b"X-Mailer: x\r\nSubject: =?gb2312?B?usHA?=\r\n\r\nbody", "a.eml", media.MAIL),
        ("这不是邮件：\n".encode(), "a.eml", media.PLAIN),
    ],
)
def test_the_name_decides_only_where_the_content_fits_it(content, name, expected):
    assert media.sniff(io.BytesIO(content), len(content), name) == expected
    assert media.refused(expected, name) is None
