"""Files locked by a password in every way that is known open with it, and with no other."""

import gzip
import io
from pathlib import Path

import pytest
import xlwt

from indexer.extract import CONTAINERS
from indexer.extract.result import Extracted, Failed, Reason
from tests.indexer import locks, zips
from tests.indexer.odfs import TYPES, locked, odf, p

FILES = Path(__file__).parent / "files"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
ODT, ZIP = TYPES["text"], "application/zip"


def workbook() -> bytes:
    book, target = xlwt.Workbook(), io.BytesIO()
    for name in ("设备清单", "价格"):
        book.add_sheet(name).write(1, 2, "谐波减速器")
    book.save(target)
    return target.getvalue()


def deck() -> bytes:
    return gzip.decompress((FILES / "plan.ppt.gz").read_bytes())


def stored(name: str) -> bytes:
    return (FILES / name).read_bytes()


WAYS = [
    pytest.param(DOC, stored("locked.doc"), "维护合同", id="doc of LibreOffice"),
    pytest.param(XLS, stored("locked.xls"), "谐波减速器", id="xls of LibreOffice"),
    pytest.param(XLS, locks.xls_by_xor(workbook(), "secret"), "谐波减速器", id="xls by xor"),
    pytest.param(
        XLS, locks.xls_by_cryptoapi(workbook(), "secret"), "谐波减速器", id="xls by cryptoapi"
    ),
    pytest.param(PPT, locks.ppt(deck(), "secret"), "预付百分之三十", id="ppt"),
    pytest.param(ODT, stored("locked.odt"), "维护合同", id="odt of LibreOffice"),
    pytest.param(ODT, stored("locked-2007.odt"), "维护合同", id="odt by blowfish"),
    pytest.param(ZIP, stored("locked-aes.zip"), "合同.txt", id="zip of 7-Zip"),
]


def read(sandbox, media_type, content, password=None):
    return sandbox.extract(media_type, io.BytesIO(content), len(content), password=password)


@pytest.mark.parametrize(("media_type", "content", "word"), WAYS)
def test_it_opens_with_its_password_alone(sandbox, media_type, content, word):
    for wrong in (None, "Secret", "密码" * 20):
        found = read(sandbox, media_type, content, wrong)
        assert isinstance(found, Failed)
        assert found.reason is Reason.PASSWORD
    opened = read(sandbox, media_type, content, "secret")
    assert isinstance(opened, Extracted)
    assert word in opened.text


@pytest.mark.parametrize("lock", [locks.xls_by_xor, locks.xls_by_cryptoapi])
def test_what_excel_opens_without_asking_is_read_without_asking(sandbox, lock):
    found = read(sandbox, XLS, lock(workbook(), "VelvetSweatshop"))
    assert isinstance(found, Extracted)
    assert [(page.label, page.text) for page in found.pages] == [
        ("设备清单", "\t\t谐波减速器\n"),
        ("价格", "\t\t谐波减速器\n"),
    ]


def test_files_of_7_zip_come_out_whole(sandbox):
    content = stored("locked-aes.zip")
    taken: list[bytes] = []
    said = {"n": 0, "password": "secret"}
    sandbox.ask(CONTAINERS[ZIP].member, io.BytesIO(content), len(content), said, taken.append)
    assert b"".join(taken).decode() == "谐波减速器验收合格。\n"


def test_a_file_that_was_changed_under_its_lock_is_not_given_out(sandbox):
    content = bytearray(zips.locked_by_aes(b"secret", ("a.txt", b"a" * 300_000)))
    content[90] ^= 1
    said = {"n": 0, "password": "secret"}
    answer = sandbox.ask(CONTAINERS[ZIP].member, io.BytesIO(content), len(content), said, [].append)
    assert isinstance(answer, Failed)


def test_a_bomb_under_a_lock_is_refused_while_it_inflates(sandbox):
    content = zips.locked_by_aes(b"secret", ("bomb.txt", bytes(100_000_000)), ("a.txt", b"x"))
    said = {"n": 0, "password": "secret"}
    sent: list[int] = []
    answer = sandbox.ask(
        CONTAINERS[ZIP].member,
        io.BytesIO(content),
        len(content),
        said,
        lambda piece: sent.append(len(piece)),
    )
    assert answer == Failed(Reason.TOO_COMPLEX, "inflation ratio")
    assert sum(sent) < 50_000_000
    bomb = locked(odf("text", p("合同" + " " * 30_000_000)), "secret")
    assert read(sandbox, ODT, bomb, "secret") == Failed(Reason.TOO_COMPLEX, "inflation ratio")


def test_a_lock_that_takes_for_ever_to_try_is_not_tried(sandbox):
    made = odf("text", p("合同"))
    assert read(sandbox, ODT, locked(made, "secret"), "secret").text == "合同\n"
    slow = locked(made, "secret", rounds=900_000_000)
    assert read(sandbox, ODT, slow, "secret") == Failed(Reason.TOO_COMPLEX, "iterations")


def test_without_a_checksum_a_wrong_password_is_known_by_what_comes_out(sandbox):
    content = locked(odf("text", p("合同")), "secret", checksum=False)
    assert read(sandbox, ODT, content, "secret").text == "合同\n"
    assert read(sandbox, ODT, content, "wrong").reason is Reason.PASSWORD


@pytest.mark.parametrize(("media_type", "content"), [case.values[:2] for case in WAYS])
def test_damage_under_a_lock_ends_with_a_reason(sandbox, media_type, content):
    for keep in (3, 2):
        cut = content[: len(content) * keep // 4]
        assert isinstance(read(sandbox, media_type, cut, "secret"), Failed)


def test_a_lock_that_is_not_known_is_not_asked_a_password_for(sandbox):
    whole = zips.packed(("mimetype", ODT.encode()), ("encrypted-package", b"x" * 99))
    assert read(sandbox, ODT, whole).reason is Reason.UNSUPPORTED
