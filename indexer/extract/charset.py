"""Finds the charset of text that doesn't say it, and refuses to guess when it isn't sure.

"UTF-8, else GB18030" turns Big5 into other Chinese without an error. Here every candidate is
judged by what it makes of the bytes: the right one gives common characters, a wrong one rare
ones. A detector made by others is the second opinion.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

import chardet
from opencc import OpenCC

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What the detector says, by family; anything else it says counts as no opinion.
_DETECTED: Final = {
    "gb18030": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5",
    "big5-hkscs": "big5",
    "cp950": "big5",
    "cp932": "cp932",
    "shift_jis": "cp932",
    "cp949": "cp949",
    "euc-kr": "cp949",
    "euc-jp": "euc_jp",
    "windows-1252": "cp1252",
    "iso-8859-1": "cp1252",
    "iso-8859-15": "cp1252",
}
_OTHERS: Final = frozenset({"cp932", "cp949", "euc_jp"})
_CODECS: Final = {"gb18030": ("gb18030",), "big5": ("cp950", "big5hkscs")}
#: A wrong reading of a few characters may reach .75 by chance, a right one hardly falls below.
_SURE: Final = 0.75
#: How far ahead a reading needs no second opinion, and over how few characters each counts.
_LEAD: Final = 0.5
_LEAST_ALONE: Final = 2
_LEAST_AGREED: Final = 4
_CONFIDENT: Final = 0.3
_ALONE: Final = 0.7
_WIDE: Final = 0.9
#: First bytes of the characters that GB 2312 calls common.
_LEVEL_ONE: Final = range(0xB0, 0xD8)
SAMPLE: Final = 64 * 1024
_HIGH = re.compile(rb"[\x80-\xff]+")
_USUAL: Final = frozenset("\t\n\r" + "".join(map(chr, range(0x20, 0x7F))))
_PUNCTUATION: Final = frozenset("，。、；：！？（）《》〈〉「」『』【】“”‘’—…·～￥℃％　×÷±°Φφ")

for _codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp950"):
    codecs.lookup(_codec)  # in the sandbox nothing can be loaded later
for _codec in ("big5hkscs", *_DETECTED.values()):
    codecs.lookup(_codec)


def _common() -> frozenset[str]:
    """Return what GB 2312 lists as common, with the traditional forms, and punctuation."""
    pairs = [bytes((lead, trail)) for lead in range(0xA1, 0xFE) for trail in range(0x40, 0xFF)]
    listed = "".join(p.decode("gb2312", "ignore") for p in pairs if p[0] in _LEVEL_ONE)
    traditional = "\n".join("".join(pair.decode("big5", "ignore") for pair in pairs))
    simplified = OpenCC("t2s").convert(traditional).split("\n")
    forms = zip(traditional.split("\n"), simplified, strict=True)
    return frozenset(listed) | {old for old, new in forms if new in listed} | _PUNCTUATION


_COMMON: Final = _common()
chardet.detect("合同".encode("gb18030") * 9)  # loads its model now


def by_mark(head: bytes) -> str | None:
    """Return the codec that a byte order mark at the start of the text names."""
    return next((codec for mark, codec in _BOMS if head.startswith(mark)), None)


def by_units(content: bytes) -> str | None:
    """Return the codec of UTF-16 without a mark: nearly every unit is a usual character."""
    sample = content[: min(SAMPLE, len(content) // 2 * 2)]
    for codec in ("utf-16-le", "utf-16-be"):
        text = sample.decode(codec, "replace")
        usual = sum(char in _USUAL or char in _COMMON for char in text)
        if text and usual >= _WIDE * len(text):
            return codec
    return None


def by_characters(sample: bytes) -> str | None:
    """Return the codec of lines that aren't ASCII and aren't Unicode, or None when unsure."""
    said, confidence = _second_opinion(sample)
    if said == "cp1252" and _letters_stand_alone(sample):
        return said
    other, best = sorted(_read_as(family, sample) for family in _CODECS)
    if best.share >= _SURE:
        ahead = best.share - other.share >= _LEAD and best.count >= _LEAST_ALONE
        agreed = said == best.family and best.count >= _LEAST_AGREED
        return best.codec if ahead or agreed else None
    if said in _OTHERS and confidence >= _CONFIDENT:
        return said
    return None


@dataclass(frozen=True, slots=True, order=True)
class _Reading:
    """What a family of charsets makes of a sample: the share of common characters, of how many."""

    share: float
    count: int
    family: str
    codec: str


def _read_as(family: str, sample: bytes) -> _Reading:
    return max(_reading(family, codec, sample) for codec in _CODECS[family])


def _reading(family: str, codec: str, sample: bytes) -> _Reading:
    high = [char for char in sample.decode(codec, "replace") if char > "\x7f"]
    common = sum(char in _COMMON for char in high)
    return _Reading(common / max(1, len(high)), len(high), family, codec)


def _second_opinion(sample: bytes) -> tuple[str, float]:
    found = chardet.detect(sample)
    return _DETECTED.get(str(found["encoding"]).lower(), ""), float(found["confidence"] or 0)


def _letters_stand_alone(sample: bytes) -> bool:
    """Tell whether bytes over 127 are letters between ASCII letters, as in Western text."""
    runs = _HIGH.findall(sample)
    alone: int = sum(len(run) == 1 for run in runs)
    letters: int = sum(run.decode("cp1252", "replace").isalpha() for run in runs)
    return min(alone, letters) >= _ALONE * len(runs)
