"""Reads a message (EML): its headers and its body; what is attached comes out file by file.

The body is the plain one, or what the window shows of the other. Attached messages, pictures
and files are not part of the text: they become documents of their own.
"""

import email
import email.errors
import email.generator
import email.parser
import email.policy
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any, BinaryIO, Final

from indexer.extract.mail_words import Words
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = "guidang mail 1"
_SHOWN: Final = ("From", "To", "Cc", "Date", "Subject")
_LARGEST: Final = 128 * 1024 * 1024
_DEEPEST: Final = 50
_PARTS: Final = 5_000
_LONGEST_NAME: Final = 200
#: Small pictures that the body shows, and no file: logos and lines below a name.
_ORNAMENT: Final = 32 * 1024
_SIGNATURES: Final = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_SEALED: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_ENDINGS: Final = {"text/html": ".html", "text/calendar": ".ics", "image/png": ".png"}
#: What is no digit of base64; of those there are four for three bytes.
_NO_DIGIT: Final = re.compile(r"[^A-Za-z0-9+/=]")
_QUARTET: Final = 4
_TROUBLE: Final = (ValueError, LookupError, TypeError, AttributeError)

email.message_from_bytes(b"A: b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nd\n--c--")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message that has no further pieces; `n` is its place among all."""

    n: int
    message: Message
    kind: str
    attached: bool
    alternative: bool


def read(source: BinaryIO) -> Extracted:
    """Return headers and body as one page."""
    message = _parsed(source)
    words = Words()
    transcript = Transcript()
    for name in _SHOWN:
        for raw in _headers(message, name):
            transcript.write(f"{name}: {words.header(raw)}\n")
    parts = list(_parts(message))
    transcript.write("\n")
    for body in _bodies(parts):
        transcript.write(_shown(body, words).rstrip() + "\n")
    sealed = _kind(message) in _SEALED or _kind(message) == "multipart/encrypted"
    note = Note.ENCRYPTED if sealed else next(iter(words.notes), None)
    transcript.end_page(note=note)
    return transcript.finish(_EXTRACTOR)


def members(
    source: BinaryIO,
    arguments: dict[str, Any],  # noqa: ARG001 - every task is called so
    send: Callable[[bytes], None],  # noqa: ARG001
) -> dict[str, Any]:
    """Answer what is attached: `{"members": [{"n", "name", "size", "refusal"}]}`."""
    words = Words()
    listed = []
    for part in _parts(_parsed(source)):
        if part.attached and part.kind not in _SIGNATURES:
            size = len(_content(part.message))
            if not _is_ornament(part, size):
                name = _name(part, words)
                listed.append({"n": part.n, "name": name, "size": size, "refusal": None})
    return {"members": listed}


def member(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send one attached file out; takes `{"n", "most"?}`, answers `{"size"}`."""
    message = _parsed(source)
    wanted = next((p for p in _parts(message) if p.n == arguments["n"]), None)
    if wanted is None or not wanted.attached:
        raise Unreadable(Reason.DAMAGED, "member")
    if _breaks_off(message, wanted.message):
        raise Unreadable(Reason.DAMAGED, "cut off")
    content = _content(wanted.message)
    if len(content) > int(arguments.get("most") or len(content)):
        raise Unreadable(Reason.TOO_COMPLEX, "member size")
    send(content)
    return {"size": len(content)}


def _parsed(source: BinaryIO) -> Message:
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(content)
    if not any(True for _ in message.raw_items()):
        raise Unreadable(Reason.DAMAGED, "no headers")
    return message


def _headers(message: Message, name: str) -> Iterator[str]:
    for found, raw in message.raw_items():
        if found.lower() == name.lower():
            yield str(raw)


def _parts(message: Message) -> Iterator[Part]:
    """Return the pieces in the order of the message, each with its place."""
    waiting: list[tuple[Message, int, bool]] = [(message, 0, False)]
    n = 0
    while waiting:
        one, depth, alternative = waiting.pop()
        if depth > _DEEPEST or n >= _PARTS:
            raise Unreadable(Reason.TOO_COMPLEX, "parts")
        kind = _kind(one)
        held = one.get_payload()
        if kind.startswith("multipart/") and isinstance(held, list):
            inside = alternative or kind == "multipart/alternative"
            pieces = [(piece, depth + 1, inside) for piece in held if isinstance(piece, Message)]
            waiting += reversed(pieces)
            continue
        yield Part(n, one, kind, _is_attached(one, kind, whole=not n), alternative)
        n += 1


def _kind(message: Message) -> str:
    try:
        return message.get_content_type()
    except _TROUBLE:
        return "application/octet-stream"


def _is_attached(message: Message, kind: str, *, whole: bool) -> bool:
    """Tell whether a part is a file: `whole`, it is all that a message has below its headers."""
    if kind in ("text/plain", "text/html"):
        named = any(_param(message, *where) for where in _NAMES)
        return not whole and (named or _disposition(message) == "attachment")
    return not (whole and (kind in _SEALED or kind.startswith("multipart/")))


def _disposition(message: Message) -> str:
    try:
        return str(message.get_content_disposition() or "")
    except _TROUBLE:
        return ""


def _is_ornament(part: Part, size: int) -> bool:
    shown = part.kind.startswith("image/") and "Content-ID" in part.message
    return shown and _disposition(part.message) != "attachment" and size < _ORNAMENT


def _bodies(parts: list[Part]) -> Iterator[Part]:
    """Return the parts that are the body: of alternatives the plain one, where it says anything."""
    own = [p for p in parts if not p.attached and p.kind in ("text/plain", "text/html")]
    plain = [p for p in own if p.alternative and p.kind == "text/plain"]
    said = any(_content(p.message).strip() for p in plain)
    for part in own:
        if not part.alternative or (part.kind == "text/plain") == said:
            yield part


def _shown(part: Part, words: Words) -> str:
    content, charset = _content(part.message), _charset(part.message)
    return (words.page if part.kind == "text/html" else words.text)(content, charset)


def _charset(message: Message) -> str:
    return _param(message, "content-type", "charset").strip("'\" ").lower()


def _content(message: Message) -> bytes:
    """Return what a part holds, its transfer encoding undone; an attached message as a file."""
    held = message.get_payload()
    if isinstance(held, list):
        target = io.BytesIO()
        generator = email.generator.BytesGenerator(target, mangle_from_=False, maxheaderlen=0)
        for one in held:
            if isinstance(one, Message):
                try:
                    generator.flatten(one)
                except _TROUBLE as error:
                    raise Unreadable(Reason.DAMAGED, "attached message") from error
        return target.getvalue()
    try:
        content = message.get_payload(decode=True)
    except _TROUBLE:
        content = None
    return content if isinstance(content, bytes) else str(held or "").encode("utf-8", "replace")


def _breaks_off(message: Message, part: Message) -> bool:
    """Tell whether a message ends in the middle of a part: the end of both is missing."""
    held = part.get_payload()
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding != "base64" or not isinstance(held, str):
        return False
    unclosed = any(
        isinstance(defect, email.errors.CloseBoundaryNotFoundDefect)
        for one in message.walk()
        for defect in one.defects
    )
    return unclosed and len(_NO_DIGIT.sub("", held)) % _QUARTET != 0


_NAMES: Final = (("content-disposition", "filename"), ("content-type", "name"))


def _param(message: Message, header: str, name: str) -> str:
    """Return a parameter of a header as it stands there, or as RFC 2231 wraps it."""
    shown = Message()
    for raw in _headers(message, header):
        shown[header] = Words().bare(raw)  # what is no ASCII would be lost otherwise
        break
    try:
        found = shown.get_param(name, "", header)
    except _TROUBLE:
        return ""
    if isinstance(found, tuple):
        charset, _, value = found
        return Words().text(str(value).encode("latin-1", "replace"), str(charset or ""))
    return str(found or "")


def _name(part: Part, words: Words) -> str:
    """Return the name of an attached file; a message is called by its subject."""
    for where in _NAMES:
        name = words.header(_param(part.message, *where))
        if name:
            return name[-_LONGEST_NAME:]
    held = part.message.get_payload()
    if isinstance(held, list) and held and isinstance(held[0], Message):
        subject = words.header(next(_headers(held[0], "Subject"), "")) or "message"
        return subject[: _LONGEST_NAME - 4] + ".eml"
    return f"attachment-{part.n}{_ENDINGS.get(part.kind, '')}"
