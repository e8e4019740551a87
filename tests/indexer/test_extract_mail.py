"""Messages are read whatever they say of their charset, and give out what is attached."""

import base64
import io
import os

import pytest

from indexer.extract import CONTAINERS, mail
from indexer.extract.result import Extracted, Failed, Note, Reason
from service import media
from tests.indexer import mails
from tests.indexer.refusals import reason_of

WORDS = "库卡机器人维护合同的付款方式"


def read(content):
    return mail.read(io.BytesIO(content))


def body(content):
    return read(content).text.partition("\n\n")[2]


def listed(sandbox, content):
    task = CONTAINERS[media.MAIL].members
    answer = sandbox.ask(task, io.BytesIO(content), len(content), {}, lambda _: None)
    return answer if isinstance(answer, Failed) else answer["members"]


def taken(sandbox, content, n):
    sent: list[bytes] = []
    task = CONTAINERS[media.MAIL].member
    answer = sandbox.ask(task, io.BytesIO(content), len(content), {"n": n}, sent.append)
    return answer if isinstance(answer, Failed) else b"".join(sent)


def test_headers_and_the_plain_body_are_the_text():
    content = mails.mail(
        f"From: {mails.encoded('李雷', 'gb2312')} <li@example.com>",
        "To: han@example.com,\r\n\twang@example.com",
        "Cc: zhao@example.com",
        "Bcc: hidden@example.com",
        "Date: Mon, 2 Mar 2026 09:30:00 +0800",
        f"Subject: Re: {mails.encoded('维护合同', 'utf-8')} KR210",
        "Content-Type: text/plain; charset=utf-8",
        body="正文第一行\r\n第二行\r\n".encode(),
    )
    assert read(content).text == (
        "From: 李雷 <li@example.com>\nTo: han@example.com, wang@example.com\n"
        "Cc: zhao@example.com\nDate: Mon, 2 Mar 2026 09:30:00 +0800\n"
        "Subject: Re: 维护合同 KR210\n\n正文第一行\n第二行\n"
    )


@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("gbk", "gb2312"),
        ("gbk", "X-GBK"),
        ("gb18030", "gb2312"),
        ("gbk", "GB_2312-80"),
        ("gbk", "ms936"),
        ("gbk", "no-such-charset"),
        ("gbk", ""),
        ("gbk", "us-ascii"),
        ("gbk", "iso-8859-1"),
        ("utf-8", "gb2312"),
        ("utf-8", ""),
        ("utf-8", "us-ascii"),
        ("cp950", "big5"),
        ("hz", "hz-gb-2312"),
    ],
)
def test_a_body_is_read_whatever_charset_is_named(codec, named):
    words = "採購合約的付款方式與期限" if codec == "cp950" else f"{WORDS}的全部条款"
    header = f"Content-Type: text/plain; charset={named}" if named else "Content-Type: text/plain"
    assert body(mails.mail("Subject: x", header, body=words.encode(codec))) == f"{words}\n"


def test_gb2312_that_is_really_gb18030_is_read():
    words = "镕瑄㐀与朱镕基"
    content = mails.mail(
        "Subject: x", "Content-Type: text/plain; charset=gb2312", body=words.encode("gb18030")
    )
    assert body(content) == f"{words}\n"


def test_an_encoded_word_cut_inside_a_character_is_read():
    raw = WORDS.encode("gbk")
    words = [base64.b64encode(piece).decode() for piece in (raw[:9], raw[9:])]
    content = mails.mail("Subject: " + "\r\n ".join(f"=?gb2312?B?{word}?=" for word in words))
    assert read(content).text.startswith(f"Subject: {WORDS}\n")


def test_headers_with_bare_bytes_and_in_quoted_printable_are_read():
    content = (
        b"Subject: " + WORDS.encode("gbk") + b"\r\nTo: =?utf-8?Q?=E5=BA=93=E5=8D=A1_KUKA?=\r\n\r\n"
    )
    assert f"Subject: {WORDS}\n" in read(content).text
    assert "To: 库卡 KUKA\n" in read(content).text


def test_bytes_of_no_charset_are_left_out_and_that_is_said():
    found = read(mails.mail("Subject: x", body=b"KR210 \xff\xfe\xfd\xfc\x80 end"))
    assert "KR210" in found.text
    assert found.notes == (Note.BROKEN_CHARACTERS,)


def test_of_alternatives_the_plain_one_is_read_unless_it_says_nothing():
    plain = mails.mail("Content-Type: text/plain; charset=gbk", body="纯文本".encode("gbk"))
    page = mails.mail(
        "Content-Type: text/html; charset=gbk", body="<p>网页<b>正文</b></p>".encode("gbk")
    )
    empty = mails.mail("Content-Type: text/plain", body=b" \r\n")
    header, content = mails.multipart("alternative", plain, page)
    assert body(mails.mail("Subject: x", header, body=content)) == "纯文本\n"
    header, content = mails.multipart("alternative", empty, page)
    assert body(mails.mail("Subject: x", header, body=content)) == "网页正文\n"


def test_what_is_attached_is_named_listed_and_comes_out_whole(sandbox):
    scan = os.urandom(100_000)
    inner = mails.mail(f"Subject: {mails.encoded('内层邮件', 'gbk')}", body=b"inner")
    header, content = mails.multipart(
        "mixed",
        mails.mail("Content-Type: text/plain", body=b"see attached"),
        mails.attached(mails.encoded("采购合同.pdf", "gb2312"), scan),
        mails.mail(
            "Content-Type: application/pdf",
            "Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5%E4%BB%B7.pdf",
            body=b"%PDF",
        ),
        mails.mail("Content-Type: message/rfc822", body=inner),
        mails.mail("Content-Type: text/plain; name=notes.txt", body=b"notes"),
        mails.attached("内层.txt", b"bare"),
    )
    message = mails.mail("Subject: x", header, body=content)
    assert body(message) == "see attached\n"
    assert [(one["name"], one["refusal"]) for one in listed(sandbox, message)] == [
        ("采购合同.pdf", None),
        ("报价.pdf", None),
        ("内层邮件.eml", None),
        ("notes.txt", None),
        ("内层.txt", None),
    ]
    numbers = [one["n"] for one in listed(sandbox, message)]
    assert taken(sandbox, message, numbers[0]) == scan
    assert b"".join(taken(sandbox, message, numbers[2]).split(b"\r")) == b"".join(
        inner.split(b"\r")
    )
    assert taken(sandbox, message, 0) == Failed(Reason.DAMAGED, "member")


def test_a_message_that_is_nothing_but_a_file_gives_it_out(sandbox):
    scan = os.urandom(3_000)
    scanned = mails.mail(
        "Subject: scan",
        "Content-Type: application/pdf; name=scan.pdf",
        "Content-Transfer-Encoding: base64",
        body=base64.encodebytes(scan),
    )
    (one,) = listed(sandbox, scanned)
    assert (one["name"], one["size"]) == ("scan.pdf", 3_000)
    assert taken(sandbox, scanned, one["n"]) == scan
    assert read(scanned).text.strip() == "Subject: scan"
    inner = mails.mail("Subject: inner", body=b"x")
    forwarded = mails.mail("Subject: outer", "Content-Type: message/rfc822", body=inner)
    assert [one["name"] for one in listed(sandbox, forwarded)] == ["inner.eml"]
    for header in ("Content-Type: application/pkcs7-mime", "Content-Type: multipart/mixed"):
        assert listed(sandbox, mails.mail("Subject: x", header, body=b"x")) == []


def test_a_file_that_a_message_breaks_off_in_is_damaged_and_one_without_a_last_line_whole(sandbox):
    scan = os.urandom(3_001)
    header, content = mails.multipart(
        "mixed", mails.attached("a.txt", b"whole"), mails.attached("scan.pdf", scan)
    )
    message = mails.mail("Subject: x", header, body=content)
    cut, unclosed = message[:-801], message.removesuffix(b"--b--\r\n")
    assert [taken(sandbox, cut, n) for n in (0, 1)] == [b"whole", Failed(Reason.DAMAGED, "cut off")]
    assert [taken(sandbox, unclosed, n) for n in (0, 1)] == [b"whole", scan]


def test_signatures_and_small_pictures_that_the_body_shows_are_not_attachments(sandbox):
    def picture(size):
        return mails.mail(
            "Content-Type: image/png; name=image001.png",
            "Content-ID: <image001>",
            "Content-Transfer-Encoding: base64",
            body=base64.encodebytes(bytes(size)),
        )

    header, content = mails.multipart(
        "mixed",
        mails.mail("Content-Type: text/html", body=b"<img src=cid:image001>"),
        picture(2_000),
        picture(200_000),
        mails.attached("smime.p7s", b"x", kind="application/pkcs7-signature"),
    )
    assert [
        one["size"] for one in listed(sandbox, mails.mail("Subject: x", header, body=content))
    ] == [200_000]


def test_a_message_under_a_key_says_that_only_its_headers_were_read():
    content = mails.mail(
        "Subject: x",
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
        body=base64.encodebytes(os.urandom(500)),
    )
    found = read(content)
    assert (found.text.strip(), found.notes) == ("Subject: x", (Note.ENCRYPTED,))


def nested(depth):
    content = mails.mail("Content-Type: text/plain", body=b"x")
    for level in range(depth):
        header, inside = mails.multipart("mixed", content, boundary=f"b{level}")
        content = mails.mail(header, body=inside)
    return content


def test_great_depth_and_parts_without_number_are_refused_and_the_next_is_read(sandbox):
    for content in (nested(60), nested(3_000)):
        answer = sandbox.extract(media.MAIL, io.BytesIO(content), len(content))
        assert isinstance(answer, Failed)
        assert answer.reason is Reason.TOO_COMPLEX
    header, many = mails.multipart("mixed", *([b"\r\nx"] * 6_000))
    assert reason_of(mail.read, mails.mail(header, body=many)) is Reason.TOO_COMPLEX
    content = mails.mail("Subject: next")
    assert isinstance(sandbox.extract(media.MAIL, io.BytesIO(content), len(content)), Extracted)


def test_messages_in_messages_are_not_followed(sandbox):
    content = b"Subject: inner\r\n\r\nx"
    for _ in range(200):
        content = b"Subject: outer\r\nContent-Type: message/rfc822\r\n\r\n" + content
    answer = sandbox.extract(media.MAIL, io.BytesIO(content), len(content))
    assert isinstance(answer, (Extracted, Failed))


def test_what_is_no_message_is_refused():
    assert reason_of(mail.read, b"") is Reason.DAMAGED
    assert reason_of(mail.read, "不是邮件".encode()) is Reason.DAMAGED


def test_a_message_goes_through_the_sandbox_in_every_charset(sandbox):
    for codec in ("gbk", "cp950", "hz", "utf-8"):
        content = mails.mail(
            "Subject: x", f"Content-Type: text/html; charset={codec}", body="<p>合同".encode(codec)
        )
        found = sandbox.extract(media.MAIL, io.BytesIO(content), len(content))
        assert isinstance(found, Extracted)
        assert found == read(content)
