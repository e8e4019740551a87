"""Messages of Outlook are read in Unicode and in every code page, and give out what is attached."""

import io
import os
import struct

import pytest

from indexer.extract import CONTAINERS, msg, rtf_packed
from indexer.extract.result import Extracted, Failed, Note, Reason, Unreadable
from service import media
from tests.indexer import oles
from tests.indexer.refusals import reason_of

MSG = "application/vnd.ms-outlook"
SUBJECT, SENDER, TO, BODY, CLASS = 0x0037, 0x0C1A, 0x0E04, 0x1000, 0x001A
HTML, RTF, CODEPAGE, SENT = 0x1013, 0x1009, 0x3FFD, 0x0039


def made(texts, **more):
    return oles.ole(oles.message(texts, **more))


def read(content):
    return msg.read(io.BytesIO(content))


def ask(sandbox, content, *, n=None):
    container = CONTAINERS[MSG]
    sent: list[bytes] = []
    task = container.members if n is None else container.member
    arguments = {} if n is None else {"n": n}
    answer = sandbox.ask(task, io.BytesIO(content), len(content), arguments, sent.append)
    if isinstance(answer, Failed):
        return answer
    return answer["members"] if n is None else b"".join(sent)


def test_a_message_in_unicode_is_read_with_its_headers(sandbox):
    content = made(
        {
            SENDER: "李雷",
            0x5D01: "li@example.com",
            TO: "韩梅梅; 王",
            SUBJECT: "维护合同",
            BODY: "正文第一行\r\n第二行",
        },
        numbers={SENT: 134_168_688_000_000_000},
    )
    found = sandbox.extract(MSG, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found.text == (
        "From: 李雷 <li@example.com>\nTo: 韩梅梅; 王\nDate: 2026-03-01 20:00:00 UTC\n"
        "Subject: 维护合同\n\n正文第一行\n第二行\n"
    )


@pytest.mark.parametrize(
    ("codec", "page", "words"),
    [
        ("gbk", 936, "库卡机器人维护合同"),
        ("cp950", 950, "採購合約與報價"),
        ("cp932", 932, "日本語の見積書"),
        ("cp949", 949, "한국어 견적서"),
        ("cp1251", 1251, "Договор"),
        ("utf-8", 65001, "库卡机器人"),
        ("gb18030", 20936, "镕瑄㐀与库卡机器人"),
        ("gbk", 0, "库卡机器人维护合同的全部条款与付款方式"),
    ],
)
def test_a_message_in_a_code_page_is_read(codec, page, words):
    numbers = {CODEPAGE: page} if page else {}
    content = made({SUBJECT: words.encode(codec), BODY: words.encode(codec)}, numbers=numbers)
    assert read(content).text == f"Subject: {words}\n\n{words}\n"


def test_of_several_bodies_the_plain_one_is_read_then_the_page_then_the_rtf():
    page = oles.binary(HTML)
    html = "<html><meta charset=gb2312><p>网页正文</p>".encode("gbk")
    packed = rtf_kept(rb"{\rtf1\ansi\ansicpg936\'ba\'cf\'cd\'ac\par}")
    whole = {SUBJECT: "x", page: html, oles.binary(RTF): packed}
    assert read(made({**whole, BODY: "纯文本"})).text.endswith("\n\n纯文本\n")
    assert read(made(whole)).text.endswith("\n\n网页正文\n")
    del whole[page]
    assert read(made(whole)).text.endswith("\n\n合同\n")


def rtf_kept(content):
    return struct.pack("<LL4sL", len(content) + 12, len(content), b"MELA", 0) + content


def test_rtf_is_unpacked_as_the_specification_shows():
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c"
        "090020627705b06c647d0a800fa0"
    )
    assert rtf_packed.unpacked(packed) == rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"
    with pytest.raises(Unreadable):
        rtf_packed.unpacked(b"LZFu")


def test_what_is_attached_comes_out_with_messages_as_mail(sandbox):
    scan = os.urandom(50_000)
    inner = oles.message(
        {SUBJECT: "内层", BODY: "内层正文"},
        attached=(oles.attachment("深.txt", b"deep"),),
        inner=True,
    )
    content = made(
        {SUBJECT: "x", BODY: "y"},
        attached=(oles.attachment("采购合同.pdf", scan), oles.attached_message(inner)),
    )
    assert [one["name"] for one in ask(sandbox, content)] == ["采购合同.pdf", "内层.eml"]
    assert ask(sandbox, content, n=0) == scan
    mail = ask(sandbox, content, n=1)
    kind = media.sniff(io.BytesIO(mail), len(mail), "内层.eml")
    found = sandbox.extract(kind, io.BytesIO(mail), len(mail))
    assert isinstance(found, Extracted)
    assert found.text == "Subject: 内层\n\n内层正文\n"
    answer = sandbox.ask(CONTAINERS[kind].members, io.BytesIO(mail), len(mail), {}, print)
    assert [one["name"] for one in answer["members"]] == ["深.txt"]
    assert ask(sandbox, content, n=7) == Failed(Reason.DAMAGED, "member")


def test_a_message_under_a_key_says_that_only_its_headers_were_read(sandbox):
    content = made(
        {SUBJECT: "x", CLASS: "IPM.Note.SMIME", BODY: "garbage"},
        attached=(oles.attachment("smime.p7m", os.urandom(100)),),
    )
    found = read(content)
    assert (found.text.strip(), found.notes) == ("Subject: x", (Note.ENCRYPTED,))
    assert ask(sandbox, content) == []


@pytest.mark.parametrize("length", [0, 100, 600, 1_200, 2_000])
def test_a_truncated_message_is_refused_or_read_and_the_next_is_read(sandbox, length):
    content = made({SUBJECT: "x", BODY: "y" * 5_000})
    answer = sandbox.extract(MSG, io.BytesIO(content[:length]), length)
    assert isinstance(answer, Extracted) or answer.reason is Reason.DAMAGED
    assert isinstance(sandbox.extract(MSG, io.BytesIO(content), len(content)), Extracted)


def test_an_ole_file_of_another_kind_is_refused():
    assert reason_of(msg.read, oles.ole({"Data": b"x"})) is Reason.DAMAGED
