"""Files come out of a ZIP whole, under names as their people wrote them, within limits."""

import io
import os

import pytest

from indexer.extract import CONTAINERS
from indexer.extract.result import Extracted, Failed, Reason
from tests.indexer import zips

ZIP = "application/zip"


def listed(sandbox, content, **arguments):
    """Return what the list of a ZIP says: its members, or why there is none."""
    task = CONTAINERS[ZIP].members
    sent: list[bytes] = []
    answer = sandbox.ask(task, io.BytesIO(content), len(content), arguments, sent.append)
    assert not sent
    return answer if isinstance(answer, Failed) else answer["members"]


def names(sandbox, content):
    return [one["name"] for one in listed(sandbox, content)]


def taken(sandbox, content, n, **arguments):
    """Return the bytes of one member, or why there are none."""
    sent: list[bytes] = []
    answer = sandbox.ask(
        CONTAINERS[ZIP].member,
        io.BytesIO(content),
        len(content),
        {"n": n, **arguments},
        sent.append,
    )
    if isinstance(answer, Failed):
        return answer
    assert answer == {"size": sum(map(len, sent))}
    return b"".join(sent)


def test_members_are_listed_in_order_and_come_out_whole(sandbox):
    large = os.urandom(2_500_000)
    content = zips.packed(("合同/a.pdf", b"one"), ("合同/", b""), ("b.bin", large), ("empty", b""))
    assert listed(sandbox, content) == [
        {"n": 0, "name": "合同/a.pdf", "size": 3, "refusal": None},
        {"n": 2, "name": "b.bin", "size": 2_500_000, "refusal": None},
        {"n": 3, "name": "empty", "size": 0, "refusal": None},
    ]
    assert taken(sandbox, content, 0) == b"one"
    assert taken(sandbox, content, 2) == large
    assert taken(sandbox, content, 3) == b""
    assert taken(sandbox, content, 1) == Failed(Reason.DAMAGED, "member")


def test_a_zip_is_found_by_the_names_in_it(sandbox):
    content = zips.packed(("合同/KUKA 报价.docx", b"x"), ("图纸.dwg", b"y"))
    found = sandbox.extract(ZIP, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found.text == "合同/KUKA 报价.docx\n图纸.dwg\n"


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("gb18030", "库卡机器人维护合同.pdf"),
        ("big5", "採購合約與報價單.pdf"),
        ("utf-8", "库卡合同.pdf"),
        ("ascii", "plain.pdf"),
    ],
)
def test_names_without_a_word_of_their_charset_are_read(sandbox, codec, name):
    assert names(sandbox, zips.named(name.encode(codec), b"x")) == [name]


def test_what_systems_leave_beside_files_is_passed_over(sandbox):
    litter = [("__MACOSX/._a.txt", b"x"), ("a/.DS_Store", b"x"), ("Thumbs.db", b"x")]
    assert names(sandbox, zips.packed(("a/a.txt", b"x"), *litter)) == ["a/a.txt"]


@pytest.mark.parametrize("name", ["../../etc/a", "/etc/passwd", "C:\\evil.txt", "a/../../b", ".."])
def test_a_name_that_leads_elsewhere_is_refused_and_the_rest_is_taken(sandbox, name):
    content = zips.packed((name, b"evil"), ("good.txt", b"good"))
    found = listed(sandbox, content)
    assert [one["refusal"] for one in found] == ["name", None]
    assert taken(sandbox, content, 0) == Failed(Reason.DAMAGED, "member")
    assert taken(sandbox, content, 1) == b"good"


def test_controls_and_directions_in_a_name_are_not_shown(sandbox):
    assert names(sandbox, zips.packed(("a\u202egpj.\x07exe", b"x"))) == ["agpj.exe"]


def test_a_bomb_is_refused_while_it_inflates(sandbox):
    bomb = zips.packed(("bomb.txt", bytes(200_000_000)), ("a.txt", b"x"), level=9)
    assert taken(sandbox, bomb, 0) == Failed(Reason.TOO_COMPLEX, "inflation ratio")
    assert taken(sandbox, bomb, 1) == b"x"


def test_a_member_larger_than_wanted_is_refused(sandbox):
    content = zips.packed(("a.txt", b"x" * 1_000))
    assert taken(sandbox, content, 0, most=1_000) == b"x" * 1_000
    assert taken(sandbox, content, 0, most=999) == Failed(Reason.TOO_COMPLEX, "member size")


def test_entries_that_overlap_or_are_too_many_are_refused(sandbox):
    assert listed(sandbox, zips.overlapping()) == Failed(Reason.TOO_COMPLEX, "overlapping entries")
    many = zips.packed(*((f"{n}", b"") for n in range(10_001)))
    assert listed(sandbox, many) == Failed(Reason.TOO_COMPLEX, "entries")


def test_a_damaged_member_is_refused_and_a_truncated_zip_too(sandbox):
    content = bytearray(zips.packed(("a.txt", os.urandom(1_000)), ("b.txt", b"good")))
    content[200] ^= 0xFF
    assert taken(sandbox, bytes(content), 0) == Failed(Reason.DAMAGED, "member")
    assert taken(sandbox, bytes(content), 1) == b"good"
    assert listed(sandbox, bytes(content[:500])) == Failed(Reason.DAMAGED, "zip")


def test_a_locked_zip_says_so_and_opens_with_its_password_alone(sandbox):
    content = zips.locked(b"secret", ("合同.txt", "正文".encode()), ("b.txt", b"two"))
    assert [one["refusal"] for one in listed(sandbox, content)] == ["password"] * 2
    assert taken(sandbox, content, 0) == Failed(Reason.PASSWORD, "member")
    opened = listed(sandbox, content, password="secret")
    assert [(one["name"], one["refusal"]) for one in opened] == [
        ("合同.txt", None),
        ("b.txt", None),
    ]
    assert taken(sandbox, content, 0, password="secret") == "正文".encode()
    for wrong in ("Secret", "密码", "x"):
        assert listed(sandbox, content, password=wrong) == Failed(Reason.PASSWORD, "wrong")
        assert sandbox.extract(ZIP, io.BytesIO(content), len(content)).reason is Reason.PASSWORD


def test_a_packing_that_is_not_known_is_refused(sandbox):
    content = zips.packed(("a.txt", b"x" * 100)).replace(b"\x08\x00", b"\x63\x00")
    assert [one["refusal"] for one in listed(sandbox, content)] == ["packing"]
