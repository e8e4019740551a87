"""Lists of files as people keep them: columns, kinds, grades and dates in their own words."""

import io
from datetime import date, datetime
from pathlib import Path

import pytest

from indexer import tables
from indexer.extract.sandbox import Sandbox
from service import manifests
from service.errors import Invalid, Unsupported
from service.manifests import Fault
from tests.indexer import docxs, sheets
from web import catalogue, labels

PO = Path("web/translations/zh_CN/LC_MESSAGES/messages.po")


def read(sandbox: Sandbox, content: bytes) -> manifests.Manifest:
    return tables.manifest(sandbox, io.BytesIO(content), len(content))


def test_every_kind_and_grade_is_understood_by_the_names_that_pages_show() -> None:
    chinese = {m.id: str(m.string) for m in catalogue.read(PO)}
    for code, name in labels.KIND.items():
        for said in (code, name, chinese[name]):
            assert manifests.kind_of(said) == code, said
    for code, name in labels.GRADE.items():
        for said in (code, name, chinese[name]):
            (line,) = manifests.from_csv(f"file,grade\na.txt,{said}".encode()).lines
            assert line.properties.grade == code, said


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05",
        "2026/1/5",
        "2026.1.5",
        "2026年1月5日",
        "2026 年 1 月 5 号",
        "２０２６－０１－０５",
        "20260105",
        "46027",
        "46027.5",
        "2026-01-05 00:00:00",
        "2026-01-05T08:30",
    ],
)
def test_a_date_is_understood_as_people_write_it(text: str) -> None:
    assert manifests.day(text) == date(2026, 1, 5)


@pytest.mark.parametrize(
    "text",
    ["5.1.26", "1月5日", "2026-13-05", "2026-02-30", "20261305", "12", "1", "", "去年", "9" * 40],
)
def test_a_date_that_could_mean_another_day_is_not_guessed(text: str) -> None:
    assert manifests.day(text) is None


def test_a_handover_list_is_read_with_its_title_its_odd_columns_and_its_wrong_lines() -> None:
    found = manifests.from_csv(
        "移交清单（第三批）,,,,\r\n"
        "序号,文件 名称,档号,文件类型（必填）,密级,签订日期,合同编号,备注\r\n"
        "1,合同/主合同.pdf,KH-2026-00001,合同,机密,2026/3/9,HT-2026-003,正本\r\n"
        "2,合同/附件.pdf,KH-2026-00001,不明,机密,2026/3/9,,\r\n"
        ",,,,,,,\r\n"
        "3,.\\合同\\主合同.pdf,KH-2026-00001,合同,机密,2026/3/9,,\r\n"
        "4,,KH-2026-00001,合同,机密,去年,,\r\n".encode("gb18030")
    )
    assert found.ignored == ("序号",)
    first = found.lines[0]
    assert (first.number, first.file, first.customer) == (3, "合同/主合同.pdf", "KH-2026-00001")
    said = first.properties
    assert (said.kind, said.grade, said.number, said.note) == (
        "contract",
        "secret",
        "HT-2026-003",
        "正本",
    )
    assert said.dated == date(2026, 3, 9)
    assert [(line.number, line.fault) for line in found.lines] == [
        (3, None),
        (4, Fault.KIND),
        (6, Fault.TWICE),
        (7, Fault.FILE),
    ]
    assert [str(manifests.refusal(line)).split("%")[0] for line in found.lines[1:]]


def test_a_name_stands_beside_its_folder() -> None:
    found = manifests.from_csv("目录,文件名\n合同/2026,主合同.pdf\n,单页.pdf\n合同,\n".encode())
    assert [line.file for line in found.lines] == ["合同/2026/主合同.pdf", "单页.pdf", ""]
    assert found.lines[2].fault is Fault.FILE


def test_lines_find_their_files_by_path_or_by_a_name_that_only_one_has() -> None:
    lines = manifests.from_csv("文件\n甲/一.txt\n二.txt\n三.txt\n无.txt\n".encode()).lines
    files = ["交接/甲/一.txt", "交接/乙/二.txt", "交接/甲/三.txt", "交接/乙/三.txt"]
    found = {line.file: file for line, file in manifests.matched(lines, files).items()}
    assert found == {"甲/一.txt": "交接/甲/一.txt", "二.txt": "交接/乙/二.txt"}


def test_a_workbook_gives_values_whatever_its_formats_show(sandbox: Sandbox) -> None:
    content = sheets.of_rows(
        ("移交清单",),
        (),
        ("文件名", "合同号", "日期", "题名"),
        ("主合同.pdf", 202601050001, datetime(2026, 1, 5, 8, 30), "主合同 & 附件"),  # noqa: DTZ001
        ("附件.pdf", "HT-7", 46027, "=1+1"),
    )
    found = read(sandbox, content)
    one, two = found.lines
    assert (one.number, one.file, one.properties.title) == (4, "主合同.pdf", "主合同 & 附件")
    assert (one.properties.number, one.properties.dated) == ("202601050001", date(2026, 1, 5))
    assert (two.number, two.properties.number, two.properties.dated) == (
        5,
        "HT-7",
        date(2026, 1, 5),
    )


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"PK\x03\x04 and then nothing", Unsupported),
        (docxs.by_library(), Unsupported),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000), Invalid),
        (bytes(100), Invalid),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(
    sandbox: Sandbox, content: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        read(sandbox, content)


def test_a_list_made_to_cost_time_ends_within_its_limits(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "MOST_LINES", 50)
    rows = [("文件",), *((f"{n}.txt",) for n in range(60))]
    with pytest.raises(Invalid, match="too long"):
        read(sandbox, sheets.of_rows(*rows))
    text = "\n".join(str(cell) for (cell,) in rows)
    with pytest.raises(Invalid, match="too long"):
        read(sandbox, text.encode())
