"""Text to tokens, the same for both engines, for what is indexed and for what is typed.

`han1-split-v1`: NFKC → lower case → traditional to simplified, character by character → one
token for each Han character, each run of letters, each run of digits; runs are cut into pieces
of 64. Changing any of it makes a new analyser name, and every index must be rebuilt.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import opencc

from service import personal_numbers

#: A token of its own that no query can ask for.
BREAK = personal_numbers.BREAK

#: Letters or digits in one token at most.
PIECE = 64

#: At most so many codes of one document are indexed.
MAX_CODES = 2_000

#: Han characters, as the inside of a character class.
HAN = "々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

#: Letters that are not Han, as a character class.
LETTER = rf"[^\W\d_{HAN}]"

#: What may stand between the parts of one code: KR-210, HT_2021/003, 3.05.
SEPARATOR = r"[-_./\\\u2010-\u2015\u2212]"

_RANGES = (
    (0x3005, 0x3008),
    (0x3400, 0x4DC0),
    (0x4E00, 0xA000),
    (0xF900, 0xFB00),
    (0x20000, 0x40000),
)
#: Where characters stand that NFKC writes otherwise; those elsewhere take longer, that is all.
_COMPATIBLE = (
    (0xA0, 0x3400),
    (0xA000, 0xAC00),
    (0xF900, 0x10000),
    (0x1D400, 0x1D800),
    (0x1F100, 0x1F300),
    (0x2F800, 0x2FA20),
)
_TOKEN = re.compile(rf"[{HAN}{BREAK}]|{LETTER}{{1,{PIECE}}}|\d{{1,{PIECE}}}")
_BORDER = re.compile(rf"[{HAN}\s]")
_CODE = re.compile(rf"(?:{LETTER}|\d)+(?:{SEPARATOR}(?:{LETTER}|\d)+)*")
_WORDS = re.compile(rf"([{HAN}{BREAK}]+)|({_CODE.pattern})")
_LAST_WORD = re.compile(rf"{_CODE.pattern}(?={SEPARATOR}*$)")
_SEPARATORS = re.compile(SEPARATOR)
_HAS_LETTER = re.compile(LETTER)
_HAS_DIGIT = re.compile(r"\d")
_CHUNK = 1 << 14


@cache
def fold_table() -> dict[int, str]:
    """Return which Han character is written as which other one: opencc's t2s, one by one."""
    characters = [chr(c) for start, stop in _RANGES for c in range(start, stop)]
    # A line break after each keeps opencc from seeing words.
    folded = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {
        ord(character): other
        for character, other in zip(characters, folded, strict=True)
        if character != other
    }


@cache
def analyzer() -> str:
    """Return the analyser's full name; an index built under another one must be rebuilt."""
    rows = "".join(f"{chr(c)}{other}\n" for c, other in sorted(fold_table().items()))
    return f"han1-split-v1:{hashlib.sha256(rows.encode()).hexdigest()}"


@cache
def _written() -> dict[int, str]:
    """Return what single characters become by NFKC and the fold table, without upper or lower.

    Decomposed, a text is what its characters are decomposed to: where what this table makes of
    it is in NFKC, nothing needs to be composed or put in order, and the slow way is not needed.
    """
    table = dict(fold_table())
    for start, stop in _COMPATIBLE:
        for character in map(chr, range(start, stop)):
            written = unicodedata.normalize("NFKC", character)
            if written != character:
                table[ord(character)] = written.translate(fold_table())
    return table


def normal(text: str) -> str:
    """Return the text as it is compared: NFKC, lower case, simplified."""
    quick = text.translate(_written())
    if unicodedata.is_normalized("NFKC", quick):
        return _lower(quick)
    return _lower(unicodedata.normalize("NFKC", text)).translate(fold_table())


def _lower(text: str) -> str:
    # Python lowers a capital sigma by its neighbours; here each character stands alone.
    return text.replace("Σ", "σ").lower()


def tokens(text: str) -> list[str]:
    """Return the tokens of a text."""
    return _TOKEN.findall(normal(text))


def tokenized(text: str) -> str:
    """Return the tokens joined by blanks: what both engines index."""
    return indexed(text)[0]


def codes(text: str) -> tuple[str, ...]:
    """Return the words with letters and digits, separators removed, upper case, each once."""
    return indexed(text)[1]


def indexed(text: str) -> tuple[str, tuple[str, ...]]:
    """Return what `tokenized` and `codes` do; a long text is gone through once."""
    joined: list[str] = []
    found: dict[str, None] = {}
    for chunk in _chunks(text):
        for han, word in _WORDS.findall(normal(chunk)):
            if han:
                # every character is a token
                joined.append(" ".join(han))
            elif len(word) <= PIECE and (word.isalpha() or word.isdecimal()):
                joined.append(word)
            else:
                joined += _TOKEN.findall(word)
                bare = _SEPARATORS.sub("", word).upper()
                if len(bare) <= PIECE and _mixed(word) and len(found) < MAX_CODES:
                    found[bare] = None
    return " ".join(joined), tuple(found)


def code(word: str) -> str | None:
    """Return a typed word as a code, or None if it is not exactly one."""
    match = _CODE.fullmatch(normal(word))
    return next(iter(codes(word)), None) if match else None


def last_word(text: str) -> tuple[str, str]:
    """Cut off the word of letters, digits and separators that a text ends with, if any."""
    bare = normal(text).rstrip()
    # Looking back no further keeps a hostile word of 10,000 letters cheap.
    match = _LAST_WORD.search(bare, max(0, len(bare) - 4 * PIECE))
    return (bare[: match.start()], match[0]) if match else (bare, "")


def _mixed(word: str) -> bool:
    return bool(_HAS_LETTER.search(word) and _HAS_DIGIT.search(word))


def _chunks(text: str) -> Iterator[str]:
    """Cut where a token begins; small pieces stay in the processor's cache.

    Nothing joins backwards over such a place: white space and Han stand alone in NFKC.
    """
    start = 0
    while len(text) - start > _CHUNK:
        border = _BORDER.search(text, start + _CHUNK)
        if border is None:
            break
        yield text[start : border.start()]
        start = border.start()
    yield text[start:]
