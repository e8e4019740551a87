"""Reads a web page as text: what it shows, in the order of its source. Nothing is ever loaded.

Rules in style sheets are not worked out: what only they hide is read as well.
"""

import re
from typing import BinaryIO, Final

from indexer.extract import charset, plain
from indexer.extract.html_walker import PageWalker
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.transcript import Transcript

_HEAD: Final = 16 * 1024
_DECLARED: Final = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([a-z0-9_.:-]{1,40})"
    rb"|\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([a-z0-9_.:-]{1,40})",
    re.IGNORECASE,
)
#: What pages name, and what browsers take it for; the first that fits all of the page is right.
#: Latin alphabets fit every page, so they are believed only where nothing else is sure.
_NAMED: Final = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030", "x-gbk", "gb_2312-80", "cp936"), ("gb18030",)),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cp950"), ("cp950", "big5hkscs")),
    **dict.fromkeys(("utf-8", "utf8", "utf-16", "utf-16le", "unicode"), ("utf-8",)),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "windows-31j"), ("cp932",)),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949"), ("cp949",)),
    "euc-jp": ("euc_jp",),
}
_LATIN: Final = frozenset({"iso-8859-1", "latin1", "windows-1252", "us-ascii", "ascii"})


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page: the title, then what the window shows."""
    codec = _codec(source)
    transcript = Transcript()
    walker = PageWalker(transcript.write)
    try:
        note = plain.decode(source, codec, walker.feed)
        walker.close()
    except AssertionError as error:  # what the parser calls impossible
        raise Unreadable(Reason.DAMAGED, "html") from error
    transcript.end_page(note=note)
    return transcript.finish(f"guidang html 1 {codec}")


def _codec(source: BinaryIO) -> str:
    """Return the codec: by mark, then as declared where that fits, then by what it is like."""
    source.seek(0)
    head = source.read(_HEAD)
    found = _DECLARED.search(head)
    name = (found[1] or found[2]).decode("ascii").lower() if found else ""
    if not charset.by_mark(head) and not plain.fits(source, "utf-8", least=plain.ENOUGH):
        for codec in _NAMED.get(name, ()):
            if plain.fits(source, codec):
                return codec
    try:
        return plain.codec_of(source)
    except Unreadable as error:
        if name in _LATIN and error.reason is Reason.UNKNOWN_CHARSET:
            return "cp1252"
        raise
