"""A page of an OFD is drawn as it is laid out, and its writing is found where it stands."""

import io
import random
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from indexer.extract import PAGE, ofd
from indexer.extract.ofd_path import path
from indexer.extract.result import Failed, Reason
from indexer.extract.sandbox import Sandbox
from service import layouts
from tests.indexer import ofds, scans

HERE = replace(PAGE, apart=False)
OFD = "application/ofd"
#: Of the image, for a millimetre.
DOTS = 110 / 25.4


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(1, readers={}, tasks=[HERE]) as sandbox:
        yield sandbox


def asked(sandbox, content, **arguments):
    sent = bytearray()
    said = {"type": OFD, "page": 1, "rotation": None, **arguments}
    return sandbox.ask(HERE, io.BytesIO(content), len(content), said, sent.extend), sent


def drawn(sandbox, content, page=1):
    answer, sent = asked(sandbox, content, want="image", page=page)
    assert not isinstance(answer, Failed), answer
    return Image.open(io.BytesIO(sent[: answer["bytes"][0]])).convert("L")


def dark(image, left, top, width, height):
    """Return whether something stands in a part of a page, in millimetres."""
    box = [round(DOTS * n) for n in (left, top, left + width, top + height)]
    return image.crop(box).getextrema()[0] < 128


def shape(data, attributes="", more=""):
    return (
        f'<ofd:PathObject ID="5" Boundary="100 50 80 40" {attributes}>{more}'
        f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def test_writing_is_drawn_where_it_stands_and_nowhere_else(sandbox):
    image = drawn(sandbox, ofds.ofd(ofds.line("库卡机器人", 10), ofds.line("第二页", 90)), page=1)
    assert (image.width, image.height) == (910, 607)
    assert dark(image, 10, 10, 20, 5)
    assert not dark(image, 0, 20, 210, 120)
    assert dark(drawn(sandbox, ofds.ofd(ofds.line("第二页", 90))), 10, 90, 12, 5)


def test_lines_and_shapes_of_tables_are_drawn(sandbox):
    image = drawn(sandbox, ofds.ofd(shape("M 0 0 L 80 0 L 80 40 L 0 40 C")))
    assert dark(image, 99, 60, 2, 2)
    assert dark(image, 179, 60, 2, 2)
    assert not dark(image, 110, 60, 50, 20)
    filled = shape("M 0 0 L 80 0 L 80 40 C", 'Fill="true" Stroke="false"')
    assert dark(drawn(sandbox, ofds.ofd(filled)), 160, 60, 5, 5)
    red = '<ofd:StrokeColor Value="255 255 255"/>'
    assert not dark(drawn(sandbox, ofds.ofd(shape("M 0 0 L 80 40", more=red))), 0, 0, 210, 140)


@pytest.mark.parametrize(
    ("data", "drawn"),
    [
        ("M 1 2 L 3 4 C", "1.0000 2.0000 m 3.0000 4.0000 l h"),
        (
            "S 0 0 M 0 0 Q 3 0 3 3",
            "0.0000 0.0000 m 0.0000 0.0000 m 2.0000 0.0000 3.0000 1.0000 3.0000 3.0000 c",
        ),
        ("M 0 0 A 1 1 0 0 1 9 9", "0.0000 0.0000 m 9.0000 9.0000 l"),
        ("L 1 1", ""),
        ("M 1", ""),
        ("M nan 1", ""),
        ("M 0 0 L 1e99 0", ""),
        ("M 0 0 L 1 1 Z ) Tj", ""),
        ("", ""),
    ],
)
def test_a_path_is_understood_or_left_out(data, drawn):
    assert path(data) == drawn


def test_a_picture_is_drawn_below_the_writing(sandbox):
    content = ofds.scanned(scans.saved(Image.new("RGB", (300, 200), "black")))
    assert not dark(drawn(sandbox, content), 100, 100, 50, 30)
    assert dark(drawn(sandbox, content, page=2), 100, 100, 50, 30)


def test_what_a_template_has_is_drawn_on_its_page(sandbox):
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ofds.ofd(ofds.line("发票", 10)))) as old:
        parts = {name: old.read(name).decode() for name in old.namelist()}
    document, page = "Doc_0/Document.xml", "Doc_0/Pages/Page_0/Content.xml"
    template = '<ofd:TemplatePage ID="2" BaseLoc="Tpls/T.xml"/></ofd:CommonData>'
    parts[document] = parts[document].replace("</ofd:CommonData>", template)
    parts["Doc_0/Tpls/T.xml"] = (
        parts[page]
        .replace("发票", "抬头")
        .replace(
            '<ofd:TextObject ID="7" Boundary="10 10',
            f'{shape("M 0 0 L 80 40")}<ofd:TextObject ID="8" Boundary="10 120',
        )
    )
    used = '<ofd:Template TemplateID="2"/><ofd:Content>'
    parts[page] = parts[page].replace("<ofd:Content>", used)
    with zipfile.ZipFile(target, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    image = drawn(sandbox, target.getvalue())
    assert dark(image, 10, 10, 8, 5)
    assert dark(image, 10, 120, 8, 5)
    assert dark(image, 135, 65, 10, 10)


def test_a_word_is_boxed_where_it_stands(sandbox):
    content = ofds.ofd(ofds.line("电子发票编号", 10) + ofds.line("甲方 KR210 减速机", 30))
    text = ofd.read(io.BytesIO(content)).pages[0].text
    answer, _ = asked(sandbox, content, want="lines", text=text)
    lines = layouts.checked(answer["lines"], len(text))
    at = text.index("减速机")
    ((where,),) = layouts.boxes_of(lines, [(at, at + 3)])
    left, top, bottom = (n / 72 * 25.4 for n in (where.quad[0], where.quad[1], where.quad[5]))
    assert 25 < left < 35
    assert 29 < top < 32
    assert 33 < bottom < 36


def test_a_page_that_is_not_there_and_what_is_none_are_told(sandbox):
    content = ofds.ofd(ofds.line("电子发票", 10))
    assert asked(sandbox, content, want="image", page=2) == ({"pages": 1}, b"")
    answer, _ = asked(sandbox, content[:200], want="image")
    assert answer.reason is Reason.DAMAGED
    answer, _ = asked(sandbox, ofds.ofd("", size="0 0 210 nan"), want="image")
    assert isinstance(answer, Failed) or answer["pages"] == 1
    answer, _ = asked(sandbox, ofds.ofd("", size="0 0 210 900000"), want="image")
    assert answer.reason is Reason.DAMAGED


@pytest.mark.parametrize("seed", range(12))
def test_a_rotten_file_is_drawn_or_ends_with_a_reason(sandbox, seed):
    chance = random.Random(seed)
    content = bytearray(ofds.scanned(scans.saved(scans.page())))
    for _ in range(30):
        content[chance.randrange(len(content))] = chance.randrange(256)
    for page in (1, 2):
        answer, sent = asked(sandbox, bytes(content), want="image", page=page)
        whole = not isinstance(answer, Failed) and sum(answer.get("bytes", [])) == len(sent)
        assert whole or isinstance(answer, Failed)


def test_wild_places_of_writing_draw_what_can_be_drawn(sandbox):
    wild = ofds.line("远", 1e9) + ofds.line("近", 10) + ofds.line(")Tj", 20)
    assert dark(drawn(sandbox, ofds.ofd(wild)), 10, 10, 5, 5)
