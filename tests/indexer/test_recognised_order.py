"""In which order what is recognised on a page is written: rows of tables, columns of prose."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.extract.pdf import doubtful
from indexer.extract.sandbox import Sandbox
from tests.indexer import scans
from tests.indexer.test_recognition import read, texts, whole

TABLE = (
    ("Part", "Type", "Pieces"),
    ("Gearbox", "RV-42N", "12"),
    ("Motor", "HC-900", "34"),
    ("Controller", "KRC4", "56"),
)
LEFT = (
    "The supplier delivers the robot",
    "within sixty days after signing",
    "and installs it at the place of",
    "the customer without delay",
)
RIGHT = (
    "The customer pays one third on",
    "signing the contract and what is",
    "left within thirty days after",
    "acceptance of the whole line",
)
VERTICAL = (
    "甲方应于验收合格后三十日付款",
    "乙方须提供机器人与电动机各十台",
    "保修期为十二个月自验收日起算",
    "争议由双方协商解决",
)
TRADITIONAL = (
    "買賣雙方簽訂設備維護合約",
    "甲方應於驗收後三十日內付款",
    "乙方須提供機器人減速機與電動機",
    "保固期間為十二個月，自驗收日起算",
    "爭議由雙方協商解決，協商不成時訴請法院審理",
)


def drawn(*places: tuple[int, int, str], size: int = 24) -> Image.Image:
    """Return a page with words at these places."""
    image = Image.new("L", (1240, 620), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=size)
    for left, top, words in places:
        draw.text((left, top), words, font=font, fill=0)
    return image


def test_a_table_is_read_row_by_row_with_its_cells_apart(sandbox: Sandbox) -> None:
    cells = [
        (80 + 400 * column, 80 + 90 * row, words)
        for row, line in enumerate(TABLE)
        for column, words in enumerate(line)
    ]
    (text,) = texts(whole(sandbox, scans.saved(drawn(*cells, size=32))))
    assert [tuple(row.split("\t")) for row in text.split("\n")] == list(TABLE)


def test_columns_of_prose_are_read_one_after_the_other(sandbox: Sandbox) -> None:
    lines = [(60, 120 + 60 * n, line) for n, line in enumerate(LEFT)]
    lines += [(680, 120 + 60 * n, line) for n, line in enumerate(RIGHT)]
    heading = (420, 40, "Delivery and payment")
    (text,) = texts(whole(sandbox, scans.saved(drawn(heading, *lines, size=32))))
    assert text.split("\n") == [heading[2], *LEFT, *RIGHT]


@pytest.mark.parametrize("turned", [0, pytest.param(180, marks=pytest.mark.slow)])
def test_a_page_written_downwards_stands_and_is_read_from_right_to_left(
    sandbox: Sandbox, turned: int
) -> None:
    made = whole(sandbox, scans.saved(scans.vertical(VERTICAL, turned=turned)))
    (page,) = read(made).pages
    assert page.text.split("\n") == list(VERTICAL)
    assert page.rotation == turned
    assert page.height > page.width
    first, second = (made.lines[1][n].quad for n in (0, 1))
    # a line begins at its top, with the corner at the right of who reads it downwards
    assert first[1] < first[3]
    assert first[0] > first[6] > second[0]


def test_a_genuine_layer_all_in_traditional_writing_is_looked_at_and_kept(
    sandbox: Sandbox,
) -> None:
    assert doubtful("\n".join(TRADITIONAL))
    made = whole(sandbox, scans.pdf((None, TRADITIONAL), visible=True), "traditional.pdf")
    assert texts(made)[0].split("\n") == list(TRADITIONAL)
    assert (read(made).origin, made.lines, read(made).notes) == ("layer", {}, ())
