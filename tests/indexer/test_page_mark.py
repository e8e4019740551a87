"""Marks on images and sheets of text: whatever comes, each has one, and a text is there whole."""

import io
from typing import Any

import pytest
from PIL import Image

from indexer.extract import MARK
from indexer.extract.result import Failed, Reason
from indexer.extract.sandbox import Sandbox
from tests.indexer import scans

LINE = "王建国  销售部  2026-11-29 12:03  日志序号 48231"


def marked(sandbox: Sandbox, content: bytes, **more: Any) -> tuple[Image.Image, dict[str, Any]]:
    """Let the sandbox mark an image, or a sheet of text."""
    sent = bytearray()
    said = {"mark": LINE, **more}
    answer = sandbox.ask(MARK, io.BytesIO(content), len(content), said, sent.extend)
    assert not isinstance(answer, Failed)
    image = Image.open(io.BytesIO(bytes(sent)))
    assert image.size == (answer["width"], answer["height"])
    return image, answer


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (2600, 12), (12, 2600), (1900, 2600)])
@pytest.mark.parametrize(("mode", "paper"), [("L", 255), ("RGB", 0), ("RGB", 128)])
def test_a_mark_can_be_seen_whatever_the_size_and_the_colour(
    sandbox: Sandbox, size: tuple[int, int], mode: str, paper: int
) -> None:
    plain = Image.new("L", size, paper).convert(mode)
    image, _ = marked(sandbox, scans.saved(plain, "JPEG"))
    assert image.mode == mode
    assert min(image.size) >= 600
    lights = image.convert("L").tobytes()
    seen = sum(10 < abs(light - paper) < 45 for light in lights)
    assert seen > 300


def test_a_marked_picture_has_no_comment_of_the_one_it_was(sandbox: Sandbox) -> None:
    """Images of pages that were drawn before theirs was left out are marked, too."""
    target = io.BytesIO()
    Image.new("RGB", (900, 900), "white").save(target, "JPEG", comment=b"beside")
    image, _ = marked(sandbox, target.getvalue())
    assert "comment" not in image.info


def test_what_is_no_picture_is_not_marked(sandbox: Sandbox) -> None:
    for content in (b"", b"%PDF-1.7", scans.saved(Image.new("L", (9, 9)), "PNG")):
        sent = bytearray()
        answer = sandbox.ask(MARK, io.BytesIO(content), len(content), {"mark": LINE}, sent.extend)
        assert isinstance(answer, Failed)
        assert answer.reason is Reason.DAMAGED
        assert not sent


@pytest.mark.parametrize(
    "text",
    [
        "短",
        "\n\n\n",
        "字" * 5000,
        "word " * 3000,
        "x" * 9000,
        "名\t数\t\x00\x1b[0m\u202e价\n" * 200,
        "\u0301" * 3000,
    ],
)
def test_a_text_is_on_its_sheets_to_the_last_letter(sandbox: Sandbox, text: str) -> None:
    left, sheets = text, 0
    while left:
        image, answer = marked(sandbox, b"", text=left, head="长文  第一节")
        assert image.size == (910, 1287)
        assert 0 < answer["used"] <= len(left)
        left = left[answer["used"] :]
        sheets += 1
    assert sheets <= len(text) // 900 + 6
