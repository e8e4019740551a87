"""Files that a PDF holds come out whole, wherever they hang and under the names people gave."""

import io
import os
import random
import zlib
from functools import partial

import pytest

from indexer.extract import CONTAINERS
from indexer.extract.result import Extracted, Failed, Reason
from service.media import PDF
from tests.indexer import pdf_holders, pdfs
from tests.indexer.test_mutated_files import harmed, unpack

HOLDERS = [
    pdf_holders.named_in_tree,
    pdf_holders.named_in_kids,
    pdf_holders.hung_on_page,
    pdf_holders.belonging_to_page,
    pdf_holders.belonging_to_all,
    pdf_holders.portfolio,
    pdf_holders.packed_away,
    partial(pdf_holders.packed_away, attached=False),
]
INVOICE = '<?xml version="1.0"?><发票><号>2026-17</号></发票>'.encode()


def listed(sandbox, content, **arguments):
    """Return what the list of a PDF says: its files, or why there is none."""
    answer = sandbox.ask(
        CONTAINERS[PDF].members, io.BytesIO(content), len(content), arguments, [].append
    )
    return answer if isinstance(answer, Failed) else answer["members"]


def names(sandbox, content):
    return [one["name"] for one in listed(sandbox, content)]


def taken(sandbox, content, **arguments):
    """Return the bytes of every file, or why there are none."""
    found = []
    for one in listed(sandbox, content, **arguments):
        sent: list[bytes] = []
        said = {"n": one["n"], **arguments}
        answer = sandbox.ask(
            CONTAINERS[PDF].member, io.BytesIO(content), len(content), said, sent.append
        )
        found.append(answer if isinstance(answer, Failed) else b"".join(sent))
    return found


def read(sandbox, content, **secret):
    return sandbox.extract(PDF, io.BytesIO(content), len(content), **secret)


@pytest.mark.parametrize("holder", HOLDERS)
def test_files_come_out_whole_wherever_they_hang(sandbox, holder):
    scan = os.urandom(900_000)
    content = holder([pdf_holders.file("发票.xml", INVOICE), pdf_holders.file("scan.bin", scan)])
    found = read(sandbox, content)
    assert isinstance(found, Extracted)
    assert (found.text, found.holds) == ("KR210 invoice", True)
    assert names(sandbox, content) == ["发票.xml", "scan.bin"]
    assert taken(sandbox, content) == [INVOICE, scan]


def test_of_a_pdf_that_holds_no_file_nobody_asks(sandbox):
    subset = pdfs.one_page(
        pdfs.stream(pdf_holders.WORDS),
        resources=b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/AFCDEF+Helvetica>>>>",
    )
    for content in (pdfs.written(["合同"]), pdfs.form(), subset):
        assert not read(sandbox, content).holds
        assert listed(sandbox, content) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (pdf_holders.named("维护合同（第二版）.docx"), "维护合同（第二版）.docx"),
        (pdf_holders.named("𠮷田.pdf"), "𠮷田.pdf"),
        (pdf_holders.named("\ufeff报价.pdf", "utf-8"), "报价.pdf"),
        (pdf_holders.named("库卡机器人采购合同.pdf", "gbk"), "库卡机器人采购合同.pdf"),
        (b"(R\\351sum\\351 Angebot.pdf)", "Résumé Angebot.pdf"),
        (pdf_holders.named("../../etc/合同.txt"), "合同.txt"),
        (b"(C:\\\\tmp\\\\x.txt)", "x.txt"),
        (pdf_holders.named("a\x00\x1b\u202etxt.exe"), "atxt.exe"),
        (pdf_holders.named("x" * 5_000 + ".pdf"), "x" * 496 + ".pdf"),
        (b"()", "7"),
        (b"/Name", "7"),
        (b"<FEFFD8>", "\ufffd"),
    ],
)
def test_a_file_is_called_as_people_wrote_it_and_leads_nowhere(sandbox, name, shown):
    content = pdf_holders.named_in_tree([(name, pdf_holders.embedded(b"x"))])
    assert names(sandbox, content) == [shown]


def test_a_file_without_a_name_is_numbered_and_two_of_one_name_both_come(sandbox):
    files = [(b"()", pdf_holders.embedded(b"1"))] + [pdf_holders.file("a.txt", b"23")] * 2
    content = pdf_holders.hung_on_page(files)
    assert names(sandbox, content) == ["attachment-1", "a.txt", "a.txt"]
    assert taken(sandbox, content) == [b"1", b"23", b"23"]


def test_a_file_that_is_named_twice_comes_once_and_one_that_only_points_elsewhere_not(sandbox):
    twice = pdf_holders.belonging_to_all([pdf_holders.file("a.txt", b"a")])
    assert names(sandbox, twice) == ["a.txt"]
    pointing = pdf_holders.named_in_tree([pdf_holders.file("a.txt", b"a")])
    pointing = pointing.replace(b"/EF<<", b"/XX<<")
    assert listed(sandbox, pointing) == []


def test_what_is_damaged_empty_or_made_to_grow_costs_itself_and_no_other(sandbox):
    packed = zlib.compress(INVOICE * 500)
    rotten = packed[:40] + b"\xff\xff\xff" + packed[43:]
    flate = b"/Filter/FlateDecode"
    content = pdf_holders.named_in_tree(
        [
            (b"(cut)", pdfs.stream(packed[:60], flate)),
            (b"(rotten)", pdfs.stream(rotten, flate)),
            (b"(none)", pdfs.stream(b"", flate)),
            (b"(empty)", pdfs.stream(b"")),
            (b"(missing)", b"null"),
            (b"(unknown packing)", pdfs.stream(b"x", b"/Filter/Other")),
            (b"(bomb)", pdf_holders.bomb()),
            (b"(whole)", pdf_holders.embedded(INVOICE)),
            (
                b"(all but the sum)",
                pdfs.stream(zlib.compress(b"abc")[:-4], b"/Params<</Size 3>>" + flate),
            ),
        ]
    )
    damaged = Failed(Reason.DAMAGED, "member")
    assert taken(sandbox, content) == [
        damaged,
        damaged,
        damaged,
        b"",
        damaged,
        damaged,
        Failed(Reason.TOO_COMPLEX, "inflation ratio"),
        INVOICE,
        b"abc",
    ]


def test_no_more_comes_out_than_may(sandbox):
    content = pdf_holders.named_in_tree([pdf_holders.file("a.bin", os.urandom(5_000))])
    assert taken(sandbox, content, most=5_000) != [Failed(Reason.TOO_COMPLEX, "member size")]
    assert taken(sandbox, content, most=4_999) == [Failed(Reason.TOO_COMPLEX, "member size")]


@pytest.mark.parametrize(
    ("content", "entries"),
    [
        (INVOICE, b""),
        (INVOICE.hex().encode() + b">", b"/Filter[/ASCIIHexDecode]"),
        (zlib.compress(INVOICE).hex().encode() + b">", b"/Filter[/ASCIIHexDecode/FlateDecode]"),
        (bytes([len(INVOICE) - 1]) + INVOICE + b"\x80", b"/Filter/RunLengthDecode"),
        (
            zlib.compress(b"\x00" + INVOICE),
            b"/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns %d>>" % len(INVOICE),
        ),
    ],
    ids=["bare", "hex", "hex of flate", "runs", "predicted"],
)
def test_a_file_is_unpacked_however_it_was_packed(sandbox, content, entries):
    held = pdf_holders.named_in_tree([(b"(a)", pdfs.stream(content, entries))])
    assert taken(sandbox, held) == [INVOICE]


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
def test_files_in_a_locked_pdf_come_out_with_its_password(sandbox, algorithm):
    content = pdf_holders.locked(
        pdf_holders.belonging_to_all([pdf_holders.file("发票.xml", INVOICE)]), "secret", algorithm
    )
    assert read(sandbox, content, password="secret").holds
    assert listed(sandbox, content) == Failed(Reason.PASSWORD, "pdf")
    assert listed(sandbox, content, password="Secret") == Failed(Reason.PASSWORD, "pdf")
    assert names_with(sandbox, content, "secret") == ["发票.xml"]
    assert taken(sandbox, content, password="secret") == [INVOICE]


def names_with(sandbox, content, password):
    return [one["name"] for one in listed(sandbox, content, password=password)]


def test_loops_and_lists_without_end_are_refused_and_the_next_is_read(sandbox):
    many = pdf_holders.named_in_tree([(b"(a)", b"null")] * 10_001)
    assert listed(sandbox, many) == Failed(Reason.TOO_COMPLEX, "files")
    assert listed(sandbox, pdfs.page_loop()) == []
    for content in (b"", b"%PDF-1.7", b"MZ" + bytes(500)):
        assert listed(sandbox, content).reason is Reason.DAMAGED
    content = pdf_holders.named_in_tree([pdf_holders.file("a.txt", b"a")])
    assert taken(sandbox, content) == [b"a"]


def test_harmed_files_end_in_a_state_and_the_next_is_read(sandbox):
    files = [pdf_holders.file("发票.xml", INVOICE), pdf_holders.file("b.txt", b"b" * 9_000)]
    content = pdf_holders.belonging_to_all(files)
    chance = random.Random(9)
    for _ in range(60):
        unpack(sandbox, PDF, harmed(content, chance))
    assert taken(sandbox, content)[0] == INVOICE
