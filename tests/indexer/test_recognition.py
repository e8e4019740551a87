"""What is recognised in images: read upright, put where it stands, or refused with a reason."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from indexer.extract import IMAGE, OCR, image, reader_for
from indexer.extract.result import Extracted, Failed, Note, Reason, Recognition, Unreadable
from indexer.extract.sandbox import Sandbox
from indexer.recognition import Recognised, recognise, seen
from service import layouts, media
from service.codes import Processing
from service.texts import newest_id
from tests.indexer import pdf_holders, pdfs, scans
from tests.indexer.refusals import reason_of
from tests.world import World


def whole(sandbox: Sandbox, content: bytes, name: str = "scan.png") -> Recognised:
    """Return what becomes of a file from the upload to its text."""
    source = io.BytesIO(content)
    media_type = media.sniff(source, len(content), name)
    found = sandbox.extract(media_type, source, len(content))
    if isinstance(found, Failed):
        return Recognised(found)
    return recognise(sandbox, media_type, source, len(content), found)


def read(made: Recognised) -> Extracted:
    assert isinstance(made.extracted, Extracted), made.extracted
    return made.extracted


def texts(made: Recognised) -> list[str]:
    return [page.text for page in read(made).pages]


SLOW = [pytest.param(turned, marks=pytest.mark.slow) for turned in (90, 180)]


@pytest.mark.parametrize("turned", [0, 270, *SLOW])
def test_a_page_is_read_upright_and_in_order_however_it_lies(sandbox, turned):
    made = whole(sandbox, scans.saved(scans.page(turned=turned)))
    (page,) = read(made).pages
    assert page.text.split("\n") == list(scans.CONTRACT)
    assert (page.rotation, read(made).origin, page.origin) == (turned, "ocr", "ocr")
    assert page.width > page.height


def test_each_line_knows_where_it_stands_and_how_sure_it_is(sandbox):
    made = whole(sandbox, scans.saved(scans.page(), dpi=(144, 144)))
    (page,) = read(made).pages
    for number, line in enumerate(made.lines[1]):
        assert page.text[line.start : line.end] == scans.CONTRACT[number]
        assert (line.confidence or 0) > 0.9
        assert line.quad[0] == pytest.approx(20, abs=6)
        assert line.quad[1] == pytest.approx(25 + 35 * number, abs=8)
        assert len(line.edges) == line.end - line.start


def test_a_tiff_of_several_pages_is_read_page_by_page(sandbox):
    pages = [scans.page([f"Sheet number {n}", "Inspection report"], mode="1") for n in (1, 2)]
    content = scans.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert [text.split("\n")[0] for text in texts(whole(sandbox, content, "fax.tif"))] == [
        "Sheet number 1",
        "Sheet number 2",
    ]


def test_a_photograph_of_a_contract_is_found_by_what_stands_on_it_with_its_place(
    world: World,
) -> None:
    customer = world.customer(owner="sales")
    made = world.document(customer.id, scans.saved(scans.page()), file_name="scan.png")
    drawing = b"<svg xmlns='http://www.w3.org/2000/svg'><text>vector words</text></svg>"
    other = world.document(customer.id, drawing, file_name="drawing.svg")
    world.work()
    assert world.found("gearbox", by="service_officer") == {made.id}
    assert world.found("gearbox", by="sales2") == world.found("vector", by="sales") == set()
    version = world.shown(made.id, "service_officer").version
    assert (version.processing, version.error) == (Processing.SEARCHABLE, None)
    assert world.shown(other.id, "sales").version.processing == Processing.PROPERTIES_ONLY
    with world.archive.ring() as ring, world.archive.db.read() as db:
        text = newest_id(db, version.id)
        assert text is not None
        lines = layouts.lines(db, ring, text, 1)
    assert lines is not None
    assert len(lines) == len(scans.CONTRACT)


@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "CMYK", "I;16"])
def test_images_of_every_depth_are_opened_with_dark_writing_on_light_paper(mode):
    grey = scans.page(mode="L")
    if mode == "I;16":
        made = Image.frombytes("I;16", grey.size, b"".join(bytes([0, v]) for v in grey.tobytes()))
    else:
        made = grey.convert(mode)
    kind = "TIFF" if mode in ("CMYK", "I;16") else "PNG"
    found = image.sheet(io.BytesIO(scans.saved(made, kind)), 1).image
    assert found.shape == (400, 620, 3)
    assert found.mean() > 200
    assert found.min() < 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_pictures_of_every_kind_are_opened_to_be_recognised(kind):
    content = scans.saved(scans.page(mode="L"), kind)
    name = f"scan.{kind.lower()}"
    told = media.sniff(io.BytesIO(content), len(content), name)
    assert (reader_for(told), media.refused(told, name)) == (IMAGE, None)
    (page,) = image.read(io.BytesIO(content)).pages
    assert (page.text, page.recognition) == ("", Recognition.READ)
    found = image.sheet(io.BytesIO(content), 1).image
    assert (found.shape, found.mean() > 200, found.min() < 60) == ((400, 620, 3), True, True)


def test_a_photograph_lies_as_the_camera_says():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = scans.saved(scans.page(turned=90), "JPEG", exif=exif)
    found = image.sheet(io.BytesIO(content), 1)
    assert found.image.shape[:2] == (400, 620)
    assert found.width > found.height


def test_an_image_of_too_many_pixels_is_refused_before_it_is_unpacked():
    content = scans.saved(Image.new("1", (9_000, 9_000), 1))
    assert reason_of(image.read, content) is Reason.TOO_COMPLEX


def test_a_photograph_that_breaks_off_is_damaged_and_nothing_is_made_of_it(sandbox):
    content = scans.saved(scans.page(), "JPEG")
    assert whole(sandbox, content[: len(content) // 2]).extracted == Failed(
        Reason.DAMAGED, "OSError"
    )


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_pictures_of_every_kind_that_break_off_are_damaged(kind):
    content = scans.saved(scans.page(mode="L"), kind)
    for share in (0.3, 0.6, 0.95):
        cut = io.BytesIO(content[: int(len(content) * share)])
        with pytest.raises(Unreadable) as refusal:
            image.sheet(cut, 1)
        assert refusal.value.reason is Reason.DAMAGED


def test_an_empty_sheet_has_no_text_and_is_no_error(sandbox):
    made = whole(sandbox, scans.saved(Image.new("L", (300, 200), 255)))
    assert texts(made) == [""]
    assert read(made).notes == (Note.NO_TEXT,)


def test_of_a_mixed_pdf_only_pages_without_text_are_recognised(sandbox):
    typed = ["Typed text that the page itself holds, and that nobody need guess at all"] * 3
    content = scans.pdf((scans.page(), []), (None, typed), visible=True)
    made = whole(sandbox, pdf_holders.attached_to(content, "a.txt", b"a"), "mixed.pdf")
    assert read(made).holds
    first, second = read(made).pages
    assert first.text.split("\n") == list(scans.CONTRACT)
    assert "nobody need guess" in second.text
    assert [first.origin, second.origin, read(made).origin] == ["ocr", "", "layer"]
    assert list(made.lines) == [1]


def test_a_layer_of_rare_characters_that_are_not_on_the_page_gives_way_to_what_is(sandbox):
    lies = ["觀龜鬱齡顏驗鑒讓贏續蘭懸競釋巖籲" * 3] * 3
    made = whole(sandbox, scans.pdf((scans.page(), lies)), "lies.pdf")
    assert texts(made)[0].split("\n") == list(scans.CONTRACT)
    assert "龜" not in "".join(texts(made))
    assert read(made).origin == "ocr"


def test_glyphs_whose_characters_nothing_names_give_way_to_what_is_on_the_page(sandbox):
    content = pdfs.glyphs([*range(40, 60)] * 10, scans.page())
    made = whole(sandbox, content, "no names.pdf")
    assert texts(made)[0].split("\n") == list(scans.CONTRACT)


def test_an_old_recognition_that_read_something_else_gives_way_to_what_is_on_the_page(sandbox):
    lies = ["ZOq5年 的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要"] * 3
    made = whole(sandbox, scans.pdf((scans.page(), lies)), "old.pdf")
    assert texts(made)[0].split("\n") == list(scans.CONTRACT)
    assert read(made).origin == "ocr"


def test_an_old_recognition_that_read_the_same_is_kept_and_costs_one_page(sandbox):
    sheets = [(scans.page(), scans.CONTRACT * 2)] * 3
    content = scans.pdf(*sheets)
    found = sandbox.extract("application/pdf", io.BytesIO(content), len(content))
    assert {page.recognition for page in found.pages} == {Recognition.COMPARE}
    made = whole(sandbox, content, "old.pdf")
    assert (read(made).origin, made.lines) == ("layer", {})


def test_visible_writing_over_a_picture_is_believed_as_it_is(sandbox):
    words = ["甲方应于验收合格后三十日内付清全部货款，逾期按日计息，直至付清之日为止。"] * 4
    content = scans.pdf((scans.page(), words), visible=True)
    found = sandbox.extract("application/pdf", io.BytesIO(content), len(content))
    assert found.pages[0].recognition is None


def test_a_genuine_layer_of_traditional_characters_is_kept(sandbox):
    layer = [*scans.CONTRACT, "買賣雙方簽訂設備維護", *scans.CONTRACT]
    made = whole(sandbox, scans.pdf((scans.page(), layer)), "genuine.pdf")
    assert "買賣雙方簽訂設備維護" in texts(made)[0]
    assert (read(made).origin, made.lines) == ("layer", {})


def test_a_page_that_kills_its_child_costs_only_that_page(sandbox):
    pages = [scans.page([f"Sheet number {n}"], mode="L") for n in (1, 2)]
    content = scans.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    source = io.BytesIO(content)
    found = sandbox.extract("image/tiff", source, len(content))

    class Hurried(Sandbox):
        """Has no time for the first page."""

        def __init__(self):
            """Start no children: those of the other are asked."""

        def ask(self, task, source, size, arguments, take):
            if arguments["page"] == 1:
                task = replace(task, limits=replace(OCR.limits, wall=0.01))
            return sandbox.ask(task, source, size, arguments, take)

    made = recognise(Hurried(), "image/tiff", source, len(content), found)
    assert texts(made) == ["", "Sheet number 2"]
    assert [page.note for page in read(made).pages] == [Note.DAMAGED_PAGE, None]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "\x00"},
        {"width": float("nan")},
        {"rotation": 45},
        {"lines": [[0, 99, 0.9, [0.0] * 8, []]]},
        {"lines": [[0, 2, float("inf"), [0.0] * 8, []]]},
    ],
)
def test_an_answer_of_another_shape_is_not_believed(change):
    answer = {"text": "abc", "lines": [], "width": 9, "height": 9, "rotation": 0, "extractor": "x"}
    assert seen(answer).text == "abc"
    with pytest.raises(ValueError, match=r"no|outside"):
        seen(answer | change)
