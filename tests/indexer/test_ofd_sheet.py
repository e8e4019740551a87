"""The page of an OFD that is an image is drawn from that image, for recognising it."""

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.extract import OCR, ofd_sheet
from indexer.extract.result import Reason, Unreadable
from tests.indexer import ofds


def picture(colour: str = "red") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (420, 280), colour).save(target, "PNG")
    return target.getvalue()


def test_the_largest_image_of_a_page_is_its_sheet_in_the_size_of_the_page():
    content = io.BytesIO(ofds.scanned(picture()))
    assert ofd_sheet.shows_image(content, 2)
    assert not ofd_sheet.shows_image(content, 1)
    sheet = ofd_sheet.sheet(content, 2)
    assert sheet.image.shape == (280, 420, 3)
    assert sheet.image[100, 100].tolist() == [0, 0, 255]  # blue, green, red
    assert (round(sheet.width), round(sheet.height)) == (595, 397)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_page_without_an_image_has_no_sheet(number):
    with pytest.raises(Unreadable) as refusal:
        ofd_sheet.sheet(io.BytesIO(ofds.scanned(picture())), number)
    assert refusal.value.reason is Reason.DAMAGED


def test_the_writing_on_a_page_that_is_an_image_is_recognised(sandbox):
    drawn = Image.new("L", (1_260, 840), 255)
    font = ImageFont.load_default(size=60)
    ImageDraw.Draw(drawn).text((120, 300), "KUKA KR210 INVOICE", font=font, fill=0)
    target = io.BytesIO()
    drawn.save(target, "PNG")
    content = ofds.scanned(target.getvalue())
    source, said = io.BytesIO(content), {"type": "application/ofd", "page": 2}
    answer = sandbox.ask(OCR, source, len(content), said, lambda _: None)
    assert isinstance(answer, dict)
    assert answer["text"].strip() == "KUKA KR210 INVOICE"
    assert round(answer["width"]) == 595


def test_an_image_that_is_none_is_refused():
    with pytest.raises(Unreadable):
        ofd_sheet.sheet(io.BytesIO(ofds.scanned(b"no image")), 2)
