"""The archive's own readers find every word of every demo document."""

import io

import pytest

from indexer.extract import docx, pdf, plain
from service.demo import content
from service.demo.content import Document
from tests.demo import maker
from tests.demo.source import read

SOURCES = {maker.target_of(source).name: source for source in map(read, maker.sources())}
READERS = {"pdf": pdf.read, "docx": docx.read}


@pytest.mark.parametrize("document", content.read().documents, ids=lambda d: d.file)
def test_no_word_is_lost_between_the_source_and_the_reader(document: Document):
    reader = READERS.get(document.file.rpartition(".")[2], plain.read)
    extracted = reader(io.BytesIO(document.original.read_bytes()))
    assert maker.missing(SOURCES[document.file], extracted.text) == []
