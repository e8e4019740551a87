"""Pages of Word files and slides by LibreOffice itself, on the real servers: laid out, boxed."""

import io
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from PIL import Image
from pptx import Presentation
from sqlalchemy import select

from indexer.extract import page
from indexer.extract.result import Failed, Reason
from indexer.office.printing import Office, State
from service import page_images, renditions
from service.models import Blob
from tests.formats.content import paper
from tests.formats.programs import converted, flat_text
from tests.indexer import docxs

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def soffice(world):
    """Let the worker use the LibreOffice of this machine."""
    world.archive.settings = replace(
        world.archive.settings, soffice=os.environ["GUIDANG_TEST_SOFFICE"]
    )


def long_contract(clauses=120):
    document = Document()
    document.sections[0].header.paragraphs[0].text = "苏州焊接机器人有限公司 内部文件"
    document.add_heading("服务合同")
    for no in range(1, clauses + 1):
        document.add_paragraph(
            f"第{no}条 更换减速机{no}台，甲方应于验收合格后三十日内付款，"
            "逾期按日万分之五支付违约金，乙方应提供全新原厂配件并负责现场调试。"
        )
        document.add_paragraph(f"编号 KR{no:05}", style="List Number")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def deck():
    shown = Presentation()
    for text in ("减速机介绍", "第二张 保养周期", "第三张 减速机报价"):
        slide = shown.slides.add_slide(shown.slide_layouts[5])
        slide.shapes.title.text = text
    target = io.BytesIO()
    shown.save(target)
    return target.getvalue()


def added(world, content, file_name):
    made = world.document(
        world.customer(owner="sales").id, content, by="sales", file_name=file_name
    )
    world.work()
    return made.id


def made(world, document):
    version = world.shown(document, "sales").version.id
    with world.archive.db.read() as db:
        return page_images.made(db, version), version


def test_a_long_word_file_has_its_pages_and_nearly_every_hit_its_box(programs):
    world, sales = programs.world, programs["sales"]
    document = added(world, long_contract(), "合同.docx")
    known, version = made(world, document)
    assert known.pages
    assert known.pages >= 8
    assert known.images == frozenset(range(1, min(known.pages, 20) + 1))
    with world.archive.db.read() as db:
        roles = set(db.scalars(select(Blob.role).where(Blob.version == version)))
    assert roles == {"original", "page", "thumb", renditions.RENDER}
    path = f"/documents/{document}/pages"
    numbers, boxed, total = [], 0, 0
    for no in range(1, known.pages + 1):
        answer = sales.get(f"{path}/{no}/hits?q=减速机").json
        total = answer["total"]
        numbers += [hit["n"] for hit in answer["hits"]]
        boxed += sum(bool(hit["boxes"]) for hit in answer["hits"])
        for hit in answer["hits"]:
            for box in hit["boxes"]:
                left, top, right = box["quad"][0], box["quad"][1], box["quad"][2]
                assert 60 < left < right < answer["width"]
                assert 60 < top < answer["height"]
    assert (numbers, total) == (list(range(1, 121)), 120)
    assert boxed == 120
    image = sales.get(f"{path}/2")
    assert Image.open(io.BytesIO(image.data)).size[1] > 1000


def test_slides_are_laid_out_one_page_each(programs):
    world, sales = programs.world, programs["sales"]
    document = added(world, deck(), "介绍.pptx")
    assert made(world, document)[0].pages == 3
    answers = [
        sales.get(f"/documents/{document}/pages/{no}/hits?q=减速机").json for no in (1, 2, 3)
    ]
    assert [[bool(hit["boxes"]) for hit in one["hits"]] for one in answers] == [[True], [], [True]]


@pytest.mark.parametrize("ending", ["doc", "odt", "rtf"])
def test_what_other_programs_wrote_is_laid_out_too(programs, ending):
    world = programs.world
    printed = paper(1)
    (content,) = converted({"a.fodt": flat_text(printed, whole=True)}, ending).values()
    document = added(world, content, f"合同.{ending}")
    assert made(world, document)[0].images >= {1}
    asked = f"/documents/{document}/pages/1/hits?q={printed.title[:4]}"
    assert any(hit["boxes"] for hit in programs["sales"].get(asked).json["hits"])


def is_red(printed):
    """Say whether anything red stands on the first page of a PDF."""
    sent = bytearray()
    asked = {"want": "image", "type": "application/pdf", "page": 1, "rotation": None}
    page.done(io.BytesIO(printed), asked, sent.extend)
    shown = Image.open(io.BytesIO(bytes(sent))).convert("RGB").resize((80, 110)).tobytes()
    points = zip(shown[::3], shown[1::3], shown[2::3], strict=True)
    return any(r > 200 and g < 60 and b < 60 for r, g, b in points)


def test_a_file_of_the_archive_that_another_links_to_does_not_come_onto_its_page(world):
    office = Office(world.archive.settings)
    assert office.state is State.READY
    secret = Path(world.archive.settings.data, "secret.png")
    Image.new("RGB", (200, 200), "red").save(secret)
    linked = (
        '<?xml version="1.0"?><office:document '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>'
        '<text:p><draw:frame text:anchor-type="paragraph" svg:width="5cm" svg:height="5cm">'
        f'<draw:image xlink:href="{secret.as_uri()}" xlink:type="simple"/></draw:frame></text:p>'
        "</office:text></office:body></office:document>"
    ).encode()
    assert is_red(converted({"a.fodt": linked}, "pdf")["a"]), "the link is one that is followed"
    printed = office.printed(io.BytesIO(linked), len(linked), "odt", lambda: None)
    assert isinstance(printed, bytes)
    assert not is_red(printed)


def test_what_is_locked_or_broken_says_why_in_time(world):
    office = Office(world.archive.settings)
    for content in (b"PK\x03\x04" + bytes(500), bytes(10_000), docxs.by_library()[:900]):
        began = time.monotonic()
        found = office.printed(io.BytesIO(content), len(content), "docx", lambda: None)
        assert time.monotonic() - began < 60
        assert isinstance(found, bytes) or found == Failed(Reason.UNPRINTABLE)
