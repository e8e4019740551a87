r"""Reads the text of an RTF as one page: any codepage, `\u`, tables, notes, comments, headers.

The file is read as a stream of tokens; pictures, embedded objects and `\bin` are passed over.
"""

import re
from copy import copy
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.rtf_words import (
    ASIDE,
    CHARSETS,
    CODEPAGES,
    ENDS,
    HEADERS,
    MARKS,
    OLD_CODEPAGES,
    SILENT,
    STARRED,
    SYMBOLS,
)
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = "guidang rtf 1"
_CHUNK: Final = 256 * 1024
#: No token but a run of text is longer, and that may be cut anywhere.
_LONGEST: Final = 64
_TOKEN: Final = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])"
    rb"|([^\\{}\r\n\0]+)|[\r\n\0]+|\\",
    re.DOTALL,
)
_DEEPEST: Final = 2_000
_MOST_FONTS: Final = 65_536
_MOST_SKIPPED: Final = 100
_TOGETHER: Final = 500
_HALF: Final = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class _Flow:
    """A run of paragraphs: the text itself, or what stands aside."""

    pieces: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    in_table: bool = False

    def text(self) -> str:
        r"""Return what was written; two `\u` may have made one character."""
        text = "".join(self.pieces + self.aside)
        if _HALF.search(text):
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        return text


@dataclass(slots=True)
class _Group:
    """What holds until the group ends."""

    flow: _Flow
    place: str = ""
    silent: bool = False
    fonts: bool = False
    upr: bool = False
    hidden: bool = False
    deleted: bool = False
    font: int = -1
    skipped: int = 1


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page: where pages break is known only to Word."""
    transcript = Transcript()
    reader = _Reader(transcript)
    whole = reader.read(source)
    broken = Note.BROKEN_CHARACTERS if reader.broken else None
    transcript.end_page(note=broken if whole else Note.DAMAGED_PAGE)
    return transcript.finish(_EXTRACTOR)


class _Reader:
    """Follows the groups of one file."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._main = _Flow()
        self._group = _Group(self._main)
        self._outer: list[_Group] = []
        self._headers: dict[str, None] = {}
        self._codec, self._font_codecs = "cp1252", dict[int, str]()
        self._listed = self._default_font = -1
        self._bytes, self._bytes_codec = bytearray(), ""
        #: characters still to be passed over after `\u`, and bytes after `\bin`
        self._after, self._binary = 0, 0
        self._starred = False
        self.broken = False

    def read(self, source: BinaryIO) -> bool:
        """Write all text; return whether the file ended where it says."""
        source.seek(0)
        rest = source.read(_CHUNK)
        if not rest.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{\\rtf"):
            raise Unreadable(Reason.DAMAGED, "no rtf")
        rest = rest[rest.index(b"{") :]
        whole = None
        while whole is None:
            more = source.read(_CHUNK)
            rest, whole = self._tokens(rest + more, last=not more)
        self._flush_bytes()
        while self._outer:
            self._end_group()
        self._write()
        self._transcript.write("".join(self._headers))
        return whole

    def _tokens(self, content: bytes, *, last: bool) -> tuple[bytes, bool | None]:
        """Follow the tokens that are whole; return the rest, and once it ended, how."""
        at, end = 0, len(content) if last else len(content) - _LONGEST
        while at < end:
            if self._binary:
                passed = min(self._binary, len(content) - at)
                self._binary -= passed
                at += passed
                continue
            token = _TOKEN.match(content, at)
            if token is None:
                raise Unreadable(Reason.DAMAGED, "rtf")
            at = token.end()
            self._token(token)
            if not self._outer and token[5]:
                return b"", True
        return content[at:], False if last else None

    def _token(self, token: re.Match[bytes]) -> None:
        word, number, byte, symbol, brace, text = token.groups()
        if text:
            self._plain(text)
        elif word:
            self._word(word.decode("ascii"), None if number is None else int(number))
        elif brace == b"{":
            self._start_group()
        elif brace:
            self._end_group()
        elif byte:
            self._plain(bytes((int(byte, 16),)))
        elif symbol == b"*":
            self._starred = True
        elif symbol in (b"\n", b"\r"):
            self._end_paragraph()
        elif symbol in SYMBOLS:
            self._sign(SYMBOLS[symbol])

    def _plain(self, text: bytes) -> None:
        if self._after:
            passed = min(self._after, len(text))
            self._after -= passed
            text = text[passed:]
        group = self._group
        if not text or group.silent or group.hidden or group.deleted:
            return
        codec = self._font_codecs.get(group.font, self._codec)
        if codec != self._bytes_codec:
            self._flush_bytes()
            self._bytes_codec = codec
        self._bytes += text

    def _sign(self, text: str) -> None:
        """Write characters that no codepage is needed for."""
        if self._after:
            self._after -= 1
            return
        group = self._group
        if not (group.silent or group.hidden or group.deleted):
            self._flush_bytes()
            group.flow.pieces.append(text)

    def _flush_bytes(self) -> None:
        """Write pending bytes: a character may begin in one token and end in another."""
        if not self._bytes:
            return
        text = self._bytes.decode(self._bytes_codec, "replace")
        self._bytes.clear()
        self.broken = self.broken or "\ufffd" in text
        self._group.flow.pieces.append(text)

    def _start_group(self) -> None:
        if len(self._outer) >= _DEEPEST:
            raise Unreadable(Reason.TOO_COMPLEX, "rtf depth")
        self._outer.append(self._group)
        self._group = copy(self._group)
        self._group.place = ""
        self._after, self._starred = 0, False

    def _end_group(self) -> None:
        if not self._outer:
            raise Unreadable(Reason.DAMAGED, "rtf groups")
        self._after, self._starred = 0, False
        ended, outer = self._group, self._outer.pop()
        if ended.flow is not outer.flow:
            self._flush_bytes()
            text = ended.flow.text().strip("\n")
            if ended.place in HEADERS:
                self._headers.update({f"{text}\n": None} if text.strip() else {})
            else:
                outer.flow.aside.append(f"{text}\n")
        self._group = outer

    def _word(self, word: str, number: int | None) -> None:
        if word == "bin":
            self._binary = max(0, number or 0)
            return
        starred, self._starred = self._starred, False
        if word == "u" and number is not None:
            self._unicode(number)
        elif self._after:
            self._after -= 1
        elif word == "fonttbl":
            self._group.silent = self._group.fonts = True
        elif word == "ud" and self._group.upr:
            self._group.silent = False
        elif word in SILENT or (starred and word not in STARRED):
            self._group.upr = word == "upr" and not self._group.silent
            self._group.silent = True
        elif word in ASIDE or word in HEADERS:
            self._stand_aside(word)
        else:
            self._shown(word, number)

    def _shown(self, word: str, number: int | None) -> None:
        """Take what stands in the text itself."""
        if word in ENDS:
            self._end_paragraph()
        elif word in MARKS:
            self._sign(MARKS[word])
        elif word in ("cell", "row"):
            self._end_cell(word)
        elif word in ("f", "fcharset", "cpg", "deff", "ansicpg"):
            self._font(word, number)
        elif word in OLD_CODEPAGES:
            self._codec = OLD_CODEPAGES[word]
        else:
            self._property(word, number)

    def _font(self, word: str, number: int | None) -> None:
        """Take what tells the codepage of the following, or of a font that is listed."""
        group = self._group
        if word == "f" and number is not None:
            group.font = self._listed = number
        elif word == "deff":
            self._default_font = group.font = -1 if number is None else number
        elif word == "ansicpg":
            self._codec = CODEPAGES.get(number or 0, "cp1252")
        elif group.fonts:
            codec = (CHARSETS if word == "fcharset" else CODEPAGES).get(number or 0)
            if codec and len(self._font_codecs) < _MOST_FONTS:
                self._font_codecs[self._listed] = codec

    def _property(self, word: str, number: int | None) -> None:
        """Take what changes how the following is read."""
        group = self._group
        if word == "uc":
            group.skipped = max(0, min(number or 0, _MOST_SKIPPED))
        elif word == "plain":
            group.hidden = group.deleted = False
            group.font = self._default_font
        elif word == "v":
            group.hidden = number != 0
        elif word == "deleted":
            group.deleted = number != 0
        elif word in ("pard", "intbl"):
            group.flow.in_table = word == "intbl"

    def _unicode(self, number: int) -> None:
        r"""Write the UTF-16 unit of `\u`; what follows says the same to older readers."""
        self._after = 0
        self._sign(chr(number & 0xFFFF))
        self._after = self._group.skipped

    def _stand_aside(self, word: str) -> None:
        if self._group.silent:
            return
        self._flush_bytes()
        self._group.flow, self._group.place = _Flow(), word

    def _end_cell(self, word: str) -> None:
        group = self._group
        if group.silent:
            return
        self._flush_bytes()
        pieces = group.flow.pieces
        if word == "cell":
            pieces.extend(" ".join(lines.split("\n")).strip() for lines in group.flow.aside)
            group.flow.aside.clear()
        while pieces and pieces[-1] == " ":
            pieces.pop()
        if word == "cell":
            pieces.append("\t")
            return
        if pieces and pieces[-1] == "\t":
            pieces.pop()
        pieces.append("\n")
        self._write_if_much()

    def _end_paragraph(self) -> None:
        if self._group.silent:
            return
        self._flush_bytes()
        flow = self._group.flow
        if flow.in_table:
            flow.pieces.append(" ")
            return
        flow.pieces.append("\n")
        flow.pieces.extend(flow.aside)
        flow.aside.clear()
        self._write_if_much()

    def _write_if_much(self) -> None:
        if self._group.flow is self._main and len(self._main.pieces) >= _TOGETHER:
            self._write()

    def _write(self) -> None:
        text = self._main.text()
        self._transcript.write(text)
        self._main.pieces.clear()
        self._main.aside.clear()
