"""OFD invoices are read page by page, and crafted ones refused."""

import io

import pytest

from indexer.extract import ofd
from indexer.extract.result import Extracted, Note, Reason, Recognition
from service import media
from tests.indexer import attacks, ofds, zips
from tests.indexer.refusals import reason_of


def read(content):
    return ofd.read(io.BytesIO(content))


def test_each_page_is_read_in_reading_order_with_its_size_in_points():
    first = ofds.line("价税合计 ￥128000.00", 60) + ofds.line("电子发票", 10)
    found = read(ofds.ofd(first, ofds.line("第二页：库卡 KR210", 10)))
    assert [page.text.split() for page in found.pages] == [
        ["电子发票", "价税合计", "￥128000.00"],
        ["第二页：库卡", "KR210"],
    ]
    page = found.pages[0]
    assert (round(page.width), round(page.height)) == (595, 397)


def test_a_page_of_images_alone_is_to_be_recognised():
    image = '<ofd:ImageObject ID="8" Boundary="0 0 210 140" ResourceID="3"/>'
    found = read(ofds.ofd(image, ofds.line("字", 10), ""))
    assert [page.recognition for page in found.pages] == [Recognition.READ, None, None]
    assert read(ofds.ofd(image)).notes == (Note.NO_TEXT,)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.DAMAGED),
        (zips.packed(("a.txt", b"x")), Reason.DAMAGED),
        (zips.packed(("OFD.xml", b"<OFD/>")), Reason.DAMAGED),
        (ofds.ofd(ofds.line("x", 1))[:600], Reason.DAMAGED),
        (ofds.ofd("", prolog=attacks.entities()), Reason.TOO_COMPLEX),
        (ofds.ofd("", prolog=attacks.outer_entity()), Reason.TOO_COMPLEX),
        (ofds.ofd("<a>" + " " * 120_000_000 + "</a>"), Reason.TOO_COMPLEX),
        (zips.overlapping(), Reason.TOO_COMPLEX),
    ],
)
def test_what_is_damaged_or_crafted_is_refused(content, reason):
    assert reason_of(ofd.read, content) is reason


def test_a_file_goes_through_the_sandbox(sandbox):
    content = ofds.ofd(ofds.line("电子发票（增值税专用发票）", 10))
    kind = media.sniff(io.BytesIO(content), len(content), "发票.ofd")
    found = sandbox.extract(kind, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found == read(content)
