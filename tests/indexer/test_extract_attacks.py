"""Files made to cost more than they may: each ends with a reason, and the next file is read."""

import io
import os

import pytest

from indexer.extract import READERS
from indexer.extract.result import Extracted, Failed, Reason
from service import media
from tests.indexer import attacks, docxs, odfs, pptxs, sheets

OLD = "application/vnd.ms-excel"
CELLS = "<row>" + "<c/>" * 500_000 + "</row>"


def outcome(sandbox, media_type, content):
    return sandbox.extract(media_type, io.BytesIO(content), len(content))


def assert_the_next_is_read(sandbox):
    content = docxs.by_hand(docxs.paragraph(docxs.run("下一份")))
    found = outcome(sandbox, media.DOCX, content)
    assert isinstance(found, Extracted)
    assert found.text == "下一份\n"


ATTACKS = {
    "entities that double": lambda: attacks.document("&e59;", prolog=attacks.entities()),
    "an entity of another host": lambda: attacks.document("", prolog=attacks.outer_entity()),
    "a packing that Office lacks": attacks.odd_packing,
    "names as long as books": lambda: attacks.document(attacks.long_names()),
    "names as long as books in a sheet": lambda: attacks.workbook(attacks.long_names()),
    "great depth in a sheet": lambda: attacks.workbook("<a>" * 2_500 + "</a>" * 2_500),
    "words without number": lambda: attacks.workbook(strings="<si/>" * 2_000_001),
    "styles without number": lambda: attacks.workbook(styles="<xf/>" * 65_537),
    "sheets without number": lambda: attacks.workbook(names='<sheet r:id="r0"/>' * 2_000),
    "a table of words that lies": attacks.much_promised,
}
DAMAGED = {
    "entities that double",
    "an entity of another host",
    "a table of words that lies",
    "a packing that Office lacks",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_what_costs_too_much_is_refused_with_a_reason(sandbox, name):
    before = os.getpid()
    content = ATTACKS[name]()
    answer = outcome(sandbox, media.sniff(io.BytesIO(content), len(content), name), content)
    assert isinstance(answer, Failed)
    assert answer.reason is (Reason.DAMAGED if name in DAMAGED else Reason.TOO_COMPLEX)
    assert_the_next_is_read(sandbox)
    assert os.getpid() == before


@pytest.mark.parametrize("tag", ['<w:p x="{}"/>', "<!--{}-->"])
def test_a_tag_or_comment_without_end_is_refused_long_before_its_time_is_up(sandbox, tag):
    content = attacks.document(tag.format("长" * 3_000_000))
    assert outcome(sandbox, media.DOCX, content) == Failed(Reason.TOO_COMPLEX, "xml length")
    assert_the_next_is_read(sandbox)


def test_long_tags_and_long_paragraphs_of_honest_documents_are_read(sandbox):
    content = attacks.document(
        f'<w:p x="{"A" * 2_000_000}">' + docxs.run("库" * 4_000_000) + "</w:p>"
    )
    answer = outcome(sandbox, media.DOCX, content)
    assert isinstance(answer, Extracted)
    assert answer.text == "库" * 4_000_000 + "\n"


@pytest.mark.slow
def test_cells_without_number_end_with_the_time_they_may_take(hasty):
    answer = outcome(hasty, media.XLSX, attacks.workbook(CELLS * 4))
    assert answer == Failed(Reason.TOO_COMPLEX, "cpu")
    assert_the_next_is_read(hasty)


def test_one_sheet_that_is_named_again_and_again_ends_with_the_time_it_may_take(hasty):
    names = '<sheet name="b" r:id="r0"/>' * 1_000
    answer = outcome(hasty, media.XLSX, attacks.workbook("<row><c/></row>" * 5_000, names=names))
    assert answer == Failed(Reason.TOO_COMPLEX, "cpu")
    assert_the_next_is_read(hasty)


def test_tables_in_tables_are_read_or_refused_for_what_they_cost(sandbox):
    answer = outcome(sandbox, media.DOCX, attacks.document(attacks.tables(500)))
    assert isinstance(answer, Extracted)
    assert answer.text.strip() == "长" * 50_000
    answer = outcome(sandbox, media.DOCX, attacks.document(attacks.tables(700)))
    assert answer == Failed(Reason.TOO_COMPLEX, "xml depth")
    assert_the_next_is_read(sandbox)


def test_a_chart_that_is_named_again_and_again_is_read_once(sandbox):
    answer = outcome(sandbox, media.XLSX, attacks.much_charted(5_000))
    assert isinstance(answer, Extracted)
    assert answer.text == "图\n"


@pytest.mark.parametrize("media_type", sorted(READERS))
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 4_096,
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_096),
        b"%PDF-1.7\n%%EOF",
        "不是这一种文件。\n".encode() * 40,
        docxs.by_hand(docxs.paragraph(docxs.run("正文"))),
        sheets.by_hand(sheets.row(sheets.cell("1"))),
        sheets.old_by_library(),
        pptxs.deck(pptxs.title("方案")),
        "<html><p>正文".encode(),
        odfs.odf("text", odfs.p("正文")),
    ],
    ids="nothing zeros zip-head zip-end ole-head pdf-head text docx xlsx xls pptx html odt".split(),
)
def test_a_file_given_to_the_wrong_reader_ends_with_a_reason(sandbox, media_type, content):
    answer = outcome(sandbox, media_type, content)
    assert isinstance(answer, Extracted) or answer.reason is not Reason.KILLED, answer
    if isinstance(answer, Failed):
        assert answer.reason in (
            Reason.DAMAGED,
            Reason.PASSWORD,
            Reason.UNSUPPORTED,
            Reason.UNKNOWN_CHARSET,
        )
