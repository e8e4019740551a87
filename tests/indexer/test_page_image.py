"""A page becomes an image to look at, and what is hostile becomes a reason."""

import io
import struct
import zlib
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from indexer.extract import PAGE, page_image, pdf
from indexer.extract.result import Failed, Reason, Unreadable
from indexer.extract.sandbox import Sandbox
from tests.indexer import pdfs

WHITE = 250
HERE = replace(PAGE, apart=False)
PAPER, PICTURE = "application/pdf", "image/png"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(1, readers={}, tasks=[HERE]) as sandbox:
        yield sandbox


def drawn(sandbox, media_type, content, page=1, rotation=None):
    """Return what a task answers, with the images it sends out."""
    sent = bytearray()
    arguments = {"want": "image", "type": media_type, "page": page, "rotation": rotation}
    answer = sandbox.ask(HERE, io.BytesIO(content), len(content), arguments, sent.extend)
    if isinstance(answer, Failed) or "bytes" not in answer:
        return answer, None, None
    size = answer["bytes"][0]
    whole, small = (Image.open(io.BytesIO(part)) for part in (sent[:size], sent[size:]))
    assert whole.size == (answer["width"], answer["height"])
    return answer, whole, small


def picture(kind="PNG", size=(300, 200), mode="RGB", more=(), **options):
    """Return a picture file, white with a black corner at its top left."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((0, 0, 40, 40), fill="black")
    target = io.BytesIO()
    image.convert(mode).save(target, kind, append_images=list(more), **options)
    return target.getvalue()


def corner(image):
    """Return in which corner the black is."""
    grey = image.convert("L")
    x, y = grey.width - 3, grey.height - 3
    places = {"tl": (2, 2), "tr": (x, 2), "br": (x, y), "bl": (2, y)}
    return [name for name, place in places.items() if grey.getpixel(place) < 100]


def dark(image):
    return sum(image.convert("L").histogram()[:128])


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_what_is_written_in_a_picture_beside_its_pixels_stays_out(sandbox, kind):
    content = picture(kind, comment=b"beside")
    assert b"beside" in content
    _, whole, small = drawn(sandbox, f"image/{kind.lower()}", content)
    assert "comment" not in whole.info
    assert "comment" not in small.info


def test_a_page_of_a_pdf_is_drawn_with_a_small_one(sandbox):
    content = pdfs.written(["库卡焊接机器人", "第二页"])
    answer, whole, small = drawn(sandbox, PAPER, content, page=2)
    assert answer["pages"] == 2
    assert whole.size == (910, 1287)
    assert small.size == (207, 292)
    assert dark(whole) > 50


def test_letters_of_a_font_that_is_not_embedded_are_letters_and_no_boxes(sandbox):
    _, one, _ = drawn(sandbox, PAPER, pdfs.written(["一" * 20]))
    _, many, _ = drawn(sandbox, PAPER, pdfs.written(["鑫" * 20]))
    assert 0 < dark(one) * 2 < dark(many)


def test_reading_after_drawing_is_as_before():
    content = pdfs.written(["状"])
    before = pdf.read(io.BytesIO(content))
    page_image.of_pdf(io.BytesIO(content), {"page": 1}, lambda _: None)
    assert pdf.read(io.BytesIO(content)) == before


def test_values_of_a_form_are_drawn(sandbox):
    _, whole, _ = drawn(sandbox, PAPER, pdfs.form())
    assert dark(whole) > 500


def test_a_page_lies_as_the_file_says_and_as_it_is_told(sandbox):
    content = pdfs.placed([(10, 820, "■■■■■■■■■")])
    assert drawn(sandbox, PAPER, content)[1].size == (910, 1287)
    assert drawn(sandbox, PAPER, content, rotation=90)[1].size == (1287, 910)
    turned = pdfs.written(["x"], rotation=90)
    assert drawn(sandbox, PAPER, turned)[1].size == (910, 1287)
    assert drawn(sandbox, PAPER, turned, rotation=90)[1].size == (910, 1287)
    assert drawn(sandbox, PAPER, turned, rotation=180)[1].size == (1287, 910)


def test_a_page_that_is_not_there_is_told_by_the_count(sandbox):
    for media_type, content in ((PAPER, pdfs.written(["x"])), (PICTURE, picture())):
        for page in (0, 2, 10**9):
            assert drawn(sandbox, media_type, content, page=page)[0] == {"pages": 1}


@pytest.mark.parametrize("box", [b"0 0 14400 14400", b"0 0 14400 20", b"0 0 1 14400"])
def test_a_page_of_any_size_becomes_an_image_of_a_usual_size(sandbox, box):
    content = pdfs.one_page(pdfs.stream(b"0 0 m"), page=b"/MediaBox[%b]" % box)
    _, whole, small = drawn(sandbox, PAPER, content)
    assert max(whole.size) <= 2600
    assert whole.width * whole.height <= 5_010_000
    assert max(small.size) <= 400


def test_a_locked_and_a_damaged_pdf_say_so(sandbox):
    whole = pdfs.written(["x"] * 3)
    assert drawn(sandbox, PAPER, pdfs.written(["x"], password="s"))[0].reason is Reason.PASSWORD
    assert drawn(sandbox, PAPER, whole[:500])[0].reason is Reason.DAMAGED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_pictures_of_every_kind_are_shown(sandbox, kind, mode):
    if (kind, mode) in (("JPEG", "P"), ("WEBP", "P")):
        mode = "RGB"
    answer, whole, small = drawn(sandbox, PICTURE, picture(kind, mode=mode))
    assert answer["pages"] == 1
    assert whole.size == (300, 200)
    assert small.width < whole.width
    assert corner(whole) == ["tl"]
    assert whole.convert("L").getpixel((200, 150)) >= WHITE


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "1"), ("TIFF", "CMYK")])
def test_pictures_of_odd_colours_are_shown(sandbox, kind, mode):
    _, whole, _ = drawn(sandbox, PICTURE, picture(kind, mode=mode))
    assert corner(whole) == ["tl"]


def test_sixteen_bits_of_grey_are_told_apart(sandbox):
    target = io.BytesIO()
    Image.new("I;16", (60, 60), 0x8000).save(target, "PNG")
    _, whole, _ = drawn(sandbox, PICTURE, target.getvalue())
    assert abs(whole.convert("L").getpixel((30, 30)) - 128) < 4


def test_what_lets_something_through_is_on_white(sandbox):
    target = io.BytesIO()
    Image.new("RGBA", (60, 60), (0, 0, 0, 0)).save(target, "PNG")
    _, whole, _ = drawn(sandbox, PICTURE, target.getvalue())
    assert whole.convert("L").getpixel((30, 30)) >= WHITE


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP", "PNG"])
def test_a_photo_is_turned_as_the_camera_noted(sandbox, kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    _, whole, _ = drawn(sandbox, PICTURE, picture(kind, exif=exif))
    assert whole.size == (200, 300)
    assert corner(whole) == ["tr"]


def test_a_large_photo_is_turned_too_and_made_smaller(sandbox):
    exif = Image.Exif()
    exif[0x0112] = 3
    photo = picture("JPEG", size=(4000, 3000), exif=exif)
    _, whole, small = drawn(sandbox, PICTURE, photo)
    assert max(whole.size) <= 2600
    assert corner(whole) == ["br"]
    assert max(small.size) <= 400


@pytest.mark.parametrize(("rotation", "where"), [(90, "tr"), (180, "br"), (270, "bl")])
def test_a_picture_is_turned_as_it_is_told(sandbox, rotation, where):
    _, whole, _ = drawn(sandbox, PICTURE, picture(), rotation=rotation)
    assert corner(whole) == [where]


def test_every_page_of_a_tiff_is_shown(sandbox):
    second = Image.new("L", (100, 50), 0)
    content = picture("TIFF", save_all=True, more=[second])
    answer, whole, _ = drawn(sandbox, PICTURE, content, page=2)
    assert answer["pages"] == 2
    assert whole.size == (100, 50)
    assert dark(whole) == 5000


def test_a_tiff_whose_pages_go_round_ends(sandbox):
    content = bytearray(picture("TIFF"))
    (first,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * count, first)
    assert drawn(sandbox, PICTURE, bytes(content))[0]["pages"] == 1


def bomb():
    """Return a small PNG that says it has a billion points."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">2I5B", 40_000, 30_000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(9))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_picture_of_too_many_points_is_too_much(sandbox):
    assert drawn(sandbox, PICTURE, bomb())[0].reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"MZ" + bytes(500), picture()[:-200]])
def test_what_is_no_picture_is_damaged(content):
    with pytest.raises(Unreadable) as refusal:
        page_image.of_picture(io.BytesIO(content), {"page": 1}, lambda _: None)
    assert refusal.value.reason is Reason.DAMAGED


def test_rotten_pictures_are_shown_or_end_with_a_reason(sandbox):
    for kind in ("JPEG", "PNG", "TIFF", "WEBP", "BMP"):
        whole = picture(kind)
        for seed in range(8):
            answer, _, _ = drawn(sandbox, PICTURE, pdfs.rotten(whole, seed))
            assert isinstance(answer, dict) or answer.reason in (
                Reason.DAMAGED,
                Reason.TOO_COMPLEX,
            )
