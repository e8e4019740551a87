"""How text is kept: clean, page by page, up to a limit that is said."""

import pytest

from indexer.extract.result import Note
from indexer.extract.transcript import Transcript, cleaned


def test_text_over_the_limit_is_counted_and_the_pages_stay():
    transcript = Transcript(limit=10)
    for text in ("0123456", "89abcdef", "xyz"):
        transcript.write(text)
        transcript.end_page()
    found = transcript.finish("test")
    assert [page.text for page in found.pages] == ["0123456", "89", ""]
    assert (found.truncated, found.notes) == (9, (Note.TRUNCATED,))
    assert len(found.text.rstrip()) == 10


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\r\nb\rc\x0cd\u2028e", "a\nb\nc\nd\ne"),
        ("a\r\nb\r\nc", "a\nb\nc"),
        ("a\r\r\nb\r\n", "a\n\nb\n"),
        ("a\x00b\x07c\x7fd\x9f", "abcd"),
        ("\ufeff合\ud842同\uffff", "合同"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_nothing_unprintable_is_kept(raw, clean):
    assert cleaned(raw) == clean


def test_pages_that_hold_only_blanks_are_no_text():
    transcript = Transcript()
    transcript.write(" \n\t")
    transcript.end_page()
    assert transcript.finish("test").notes == (Note.NO_TEXT,)
