"""Finds the charset of text that names one: by mark, then as declared where that fits."""

import codecs
import re
from typing import BinaryIO, Final

from indexer.extract import charset, plain
from indexer.extract.result import Reason, Unreadable

_HEAD: Final = 16 * 1024
_DECLARED: Final = re.compile(
    rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?\s*([a-z0-9_.:-]{1,40})"
    rb"|\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([a-z0-9_.:-]{1,40})",
    re.IGNORECASE,
)
#: What texts name, and what programs take it for; the first that fits all of the text is right.
#: Latin alphabets fit every text, so they are believed only where nothing else is sure.
_NAMED: Final = {
    **dict.fromkeys(
        (
            "gb2312",
            "gbk",
            "gb18030",
            "x-gbk",
            "x-gb18030",
            "gb_2312-80",
            "cp936",
            "ms936",
            "936",
            "euc-cn",
        ),
        ("gb18030",),
    ),
    **dict.fromkeys(("big5", "big5-hkscs", "x-x-big5", "cp950"), ("cp950", "big5hkscs")),
    **dict.fromkeys(("utf-8", "utf8", "utf-16", "utf-16le", "unicode"), ("utf-8",)),
    **dict.fromkeys(("shift_jis", "shift-jis", "x-sjis", "windows-31j", "cp932"), ("cp932",)),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949", "cp949"), ("cp949",)),
    **dict.fromkeys(("euc-jp", "euc_jp"), ("euc_jp",)),
    **dict.fromkeys(("iso-2022-jp", "iso2022_jp"), ("iso2022_jp",)),
    **dict.fromkeys(("hz-gb-2312", "hz"), ("hz",)),
}
for _codec in ("iso2022_jp", "hz"):
    codecs.lookup(_codec)  # in the sandbox nothing can be loaded later
_LATIN: Final = frozenset({"iso-8859-1", "latin1", "windows-1252", "cp1252", "us-ascii", "ascii"})


def codecs_named(name: str) -> tuple[str, ...]:
    """Return what a name of a charset may mean, likeliest first; nothing for one not known."""
    return _NAMED.get(name.strip().lower(), ())


def is_latin(name: str) -> bool:
    """Tell whether a name is that of an alphabet which fits every text."""
    return name.strip().lower() in _LATIN


def codec_of(source: BinaryIO, name: str = "") -> str:
    """Return the codec: by mark, then as declared where that fits, then by what it is like.

    `name` is what was said of the charset elsewhere, before what the text itself says.
    """
    source.seek(0)
    head = source.read(_HEAD)
    found = _DECLARED.search(head)
    name = name or ((found[1] or found[2]).decode("ascii").lower() if found else "")
    if not charset.by_mark(head) and not plain.fits(source, "utf-8", least=plain.ENOUGH):
        for codec in codecs_named(name):
            if plain.fits(source, codec):
                return codec
    try:
        return plain.codec_of(source)
    except Unreadable as error:
        if is_latin(name) and error.reason is Reason.UNKNOWN_CHARSET:
            return "cp1252"
        raise
