"""The demo's files: made by several programs, small, and their text reads back whole."""

import re
from collections import Counter

import magic
import pytest
from stdnum import luhn
from stdnum.cn import ric, uscc

from service import personal_numbers
from service.demo import content
from service.demo.content import Document
from service.personal_numbers import Kind
from tests.demo import maker
from tests.demo.source import read

DEMO = content.read()
DOCUMENTS = pytest.mark.parametrize("document", DEMO.documents, ids=lambda d: d.file)
SOURCES = {maker.target_of(source).name: source for source in map(read, maker.sources())}
TEXTS = {d.file: maker.extracted(maker.TARGET / d.file, SOURCES[d.file]) for d in DEMO.documents}
SHORTEST = 200


def media_types() -> dict[str, str]:
    return {d.file: magic.from_buffer(d.original.read_bytes(), mime=True) for d in DEMO.documents}


@DOCUMENTS
def test_a_file_is_there_and_below_one_megabyte(document: Document):
    assert 0 < len(document.original.read_bytes()) < 1_000_000


def test_all_files_together_stay_below_three_megabytes_and_none_lies_about_unused():
    assert sum(len(d.original.read_bytes()) for d in DEMO.documents) < 3_000_000
    assert {path.name for path in maker.TARGET.iterdir()} == {d.file for d in DEMO.documents}


def test_names_end_as_the_content_says():
    for name, media_type in media_types().items():
        if name.endswith(".pdf"):
            assert media_type == "application/pdf"
        elif name.endswith(".docx"):
            assert media_type.endswith("wordprocessingml.document")
        else:
            assert media_type.startswith("text/")


def test_every_way_of_making_a_file_occurs_several_times_or_in_every_encoding():
    makers = Counter(SOURCES[d.file].maker.split()[0] for d in DEMO.documents)
    assert set(makers) == set(maker.MAKERS)
    assert min(makers.values()) >= 5
    assert {s.maker for s in SOURCES.values() if s.maker.startswith("text ")} == {
        f"text {name}" for name in maker.CODECS
    }
    assert {d.file.rpartition(".")[2] for d in DEMO.documents} == {
        *("pdf", "docx", "txt", "csv", "md")
    }


@DOCUMENTS
def test_every_word_of_the_source_reads_back(document: Document):
    assert maker.missing(SOURCES[document.file], TEXTS[document.file]) == []
    assert len("".join(TEXTS[document.file].split())) >= SHORTEST


@DOCUMENTS
def test_the_number_on_the_file_stands_in_its_text(document: Document):
    if document.number:
        assert document.number in TEXTS[document.file].replace("\ufffe", "-")


@DOCUMENTS
def test_every_contract_that_is_mentioned_is_a_contract_of_the_same_customer(document: Document):
    known = {d.number for d in DEMO.documents if d.customer == document.customer and d.number}
    mentioned = set(re.findall(r"YC-HT-\d{4}-\d{4}", TEXTS[document.file]))
    assert mentioned <= known


def test_personal_numbers_are_found_in_some_files_and_all_are_valid():
    found = {name: personal_numbers.find(text) for name, text in TEXTS.items()}
    kinds = Counter(number.kind for numbers in found.values() for number in numbers)
    assert set(kinds) == {Kind.RESIDENT_ID, Kind.MOBILE, Kind.CARD}
    assert kinds[Kind.MOBILE] >= 10
    for number in (number for numbers in found.values() for number in numbers):
        if number.kind is Kind.RESIDENT_ID:
            assert ric.calc_check_digit(number.normal) == number.normal[-1]
        if number.kind is Kind.CARD:
            assert luhn.is_valid(number.normal)


def test_what_looks_like_a_resident_id_or_a_company_code_has_a_valid_check_digit():
    ids, codes = set(), set()
    for text in TEXTS.values():
        ids |= set(re.findall(r"(?<![0-9A-Z])\d{17}[\dX](?![0-9A-Z])", text))
        codes |= set(re.findall(r"(?<![0-9A-Z])91\d{6}[0-9A-Z]{10}(?![0-9A-Z])", text))
    assert ids
    assert len(codes) >= 8
    assert all(ric.calc_check_digit(number) == number[-1] for number in ids)
    assert all(uscc.is_valid(code) for code in codes)


def test_the_same_personal_number_stands_in_several_files_of_one_customer():
    holders = {
        d.customer
        for d in DEMO.documents
        if any(n.kind is Kind.RESIDENT_ID for n in personal_numbers.find(TEXTS[d.file]))
    }
    assert holders == {"shao"}
