"""Reads a message of Outlook (MSG): headers and body; attachments come out file by file.

Outlook keeps an attached message unpacked inside of the other: it comes out written as an EML
with the same headers, body and attachments.
"""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from indexer.extract import msg_store, rtf, rtf_packed
from indexer.extract.mail_words import Words
from indexer.extract.msg_store import Storage
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = "guidang msg 1"
_CLASS, _SUBJECT, _SENDER, _SENDER_ADDRESS = 0x001A, 0x0037, 0x0C1A, 0x5D01
_ADDRESS, _TO, _CC, _BODY = 0x0C1F, 0x0E04, 0x0E03, 0x1000
_HTML, _RTF = 0x1013, 0x1009
_DATA, _LONG_NAME, _NAME, _TITLE = 0x3701, 0x3707, 0x3704, 0x3001
_SENT, _RECEIVED = 0x0039, 0x0E06
_ATTACHED: Final = "__attach_version1.0_#"
_MESSAGE: Final = "__substg1.0_3701000D"
_ATTACHMENTS: Final = 2_000
_DEEPEST: Final = 20
_LONGEST_NAME: Final = 200
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Letter:
    """What is read of a message."""

    headers: tuple[tuple[str, str], ...]
    body: str
    sealed: bool


def read(source: BinaryIO) -> Extracted:
    """Return headers and body as one page."""
    root = Storage(msg_store.opened(source))
    letter = _letter(root)
    transcript = Transcript()
    for name, value in letter.headers:
        transcript.write(f"{name}: {value}\n")
    transcript.write("\n" + letter.body.rstrip() + "\n")
    note = Note.ENCRYPTED if letter.sealed else next(iter(root.words.notes), None)
    transcript.end_page(note=note)
    return transcript.finish(_EXTRACTOR)


def members(
    source: BinaryIO,
    arguments: dict[str, Any],  # noqa: ARG001 - every task is called so
    send: Callable[[bytes], None],  # noqa: ARG001
) -> dict[str, Any]:
    """Answer what is attached: `{"members": [{"n", "name", "size", "refusal"}]}`."""
    root = Storage(msg_store.opened(source))
    listed = []
    for n, one in _attached(root):
        size = len(_content(one)) if not one.has(_MESSAGE) else 0
        listed.append({"n": n, "name": _name(one, n), "size": size, "refusal": None})
    return {"members": listed}


def member(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send one attached file out; takes `{"n", "most"?}`, answers `{"size"}`."""
    root = Storage(msg_store.opened(source))
    wanted = dict(_attached(root)).get(arguments["n"])
    if wanted is None:
        raise Unreadable(Reason.DAMAGED, "member")
    content = _as_mail(wanted.within(_MESSAGE), 0) if wanted.has(_MESSAGE) else _content(wanted)
    if len(content) > int(arguments.get("most") or len(content)):
        raise Unreadable(Reason.TOO_COMPLEX, "member size")
    send(content)
    return {"size": len(content)}


def _attached(storage: Storage) -> Iterator[tuple[int, Storage]]:
    found = storage.children(_ATTACHED)
    if len(found) > _ATTACHMENTS:
        raise Unreadable(Reason.TOO_COMPLEX, "attachments")
    if _is_sealed(storage):
        return  # what is attached there is the message under its key
    yield from enumerate(found)


def _content(attachment: Storage) -> bytes:
    return attachment.binary(_DATA)


def _name(attachment: Storage, n: int) -> str:
    page = Storage(attachment.ole, attachment.path[:-1]).codepage
    if attachment.has(_MESSAGE):
        subject = _one_line(attachment.within(_MESSAGE).text(_SUBJECT, page))
        subject = subject or _one_line(attachment.text(_TITLE, page)) or "message"
        return subject[: _LONGEST_NAME - 4] + ".eml"
    names = (_one_line(attachment.text(tag, page)) for tag in (_LONG_NAME, _NAME, _TITLE))
    return next(filter(None, names), f"attachment-{n}")[-_LONGEST_NAME:]


def _letter(storage: Storage) -> _Letter:
    page = storage.codepage
    sender = _one_line(storage.text(_SENDER, page))
    address = storage.text(_SENDER_ADDRESS, page) or storage.text(_ADDRESS, page)
    if "@" in address and address not in sender:
        sender = f"{sender} <{_one_line(address)}>".strip()
    named = {
        "From": sender,
        "To": _one_line(storage.text(_TO, page)),
        "Cc": _one_line(storage.text(_CC, page)),
        "Date": _sent(storage),
        "Subject": _one_line(storage.text(_SUBJECT, page)),
    }
    headers = tuple((name, value) for name, value in named.items() if value)
    sealed = _is_sealed(storage)
    body = "" if sealed else _body(storage, page)
    if not headers and not body:
        raise Unreadable(Reason.DAMAGED, "no message")
    return _Letter(headers, body, sealed)


def _body(storage: Storage, page: int) -> str:
    """Return the plain body, else that of the web page, else that of the RTF."""
    plain = storage.text(_BODY, page)
    if plain.strip():
        return plain.replace("\r\n", "\n")
    page_bytes = storage.binary(_HTML)
    if page_bytes:
        return storage.words.page(page_bytes)
    as_text = storage.text(_HTML, page)
    if as_text:
        return storage.words.page(as_text.encode())
    packed = storage.binary(_RTF)
    return rtf.read(io.BytesIO(rtf_packed.unpacked(packed))).text if packed else ""


def _is_sealed(storage: Storage) -> bool:
    """Tell whether a message is under a key; one that is only signed shows its words."""
    return storage.text(_CLASS).lower() in ("ipm.note.smime", "ipm.note.smime.encrypted")


def _sent(storage: Storage) -> str:
    """Return the day and time at which it was sent or came, in UTC."""
    for tag in (_SENT, _RECEIVED):
        ticks = storage.wide(tag)
        if ticks:
            try:
                moment = _EPOCH + timedelta(microseconds=ticks // 10)
            except OverflowError:
                continue
            return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    return ""


def _one_line(text: str) -> str:
    return " ".join(Words().header(text).split()) if text else ""


def _as_mail(storage: Storage, depth: int) -> bytes:
    """Return a message inside of this one as an EML, with what is attached to it."""
    if depth > _DEEPEST:
        raise Unreadable(Reason.TOO_COMPLEX, "depth")
    letter = _letter(storage)
    border = f"guidang-{depth}"
    lines = [f"{name}: {value}" for name, value in letter.headers]
    lines.append(f'Content-Type: multipart/mixed; boundary="{border}"')
    pieces = ["\r\n".join(lines).encode(), _part("text/plain; charset=utf-8", letter.body.encode())]
    for n, one in _attached(storage):
        inner = _as_mail(one.within(_MESSAGE), depth + 1) if one.has(_MESSAGE) else _content(one)
        name = quote(_name(one, n), safe="")
        pieces.append(_part(f"application/octet-stream; name*=utf-8''{name}", inner))
    return f"\r\n--{border}\r\n".encode().join(pieces) + f"\r\n--{border}--\r\n".encode()


def _part(kind: str, content: bytes) -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(content)
