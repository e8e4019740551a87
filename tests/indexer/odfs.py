"""Makes OpenDocument files part by part, as LibreOffice writes them."""

import base64
import hashlib
import io
import zipfile
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from tests.indexer.docxs import declared

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMES = {"draw": "drawing", "svg": "svg-compatible"}
_PREFIXES = "office text table draw presentation style svg manifest".split()
_NAMESPACES = declared(
    {prefix: f"{_ODF}{_NAMES.get(prefix, prefix)}:1.0" for prefix in _PREFIXES}
    | {"dc": "http://purl.org/dc/elements/1.1/"}
)
TYPES = {
    kind: f"application/vnd.oasis.opendocument.{kind}"
    for kind in ("text", "spreadsheet", "presentation")
}


def p(*texts: str) -> str:
    return f"<text:p>{''.join(texts)}</text:p>"


def cell(text: str = "", *, alike: int = 1, inside: str = "") -> str:
    number = f' table:number-columns-repeated="{alike}"' if alike > 1 else ""
    return f"<table:table-cell{number}>{inside}{p(text) if text else ''}</table:table-cell>"


def row(*cells: str, alike: int = 1) -> str:
    number = f' table:number-rows-repeated="{alike}"' if alike > 1 else ""
    return f"<table:table-row{number}>{''.join(cells)}</table:table-row>"


def table(*rows: str, name: str = "表") -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


def annotation(text: str) -> str:
    return (
        "<office:annotation><dc:creator>林晓</dc:creator><dc:date>2025-03-09</dc:date>"
        f"{p(text)}</office:annotation>"
    )


def frame(text: str, kind: str = "outline") -> str:
    return (
        f'<draw:frame presentation:class="{kind}"><draw:text-box>{p(text)}</draw:text-box>'
        "</draw:frame>"
    )


def slide(*shapes: str, notes: str = "") -> str:
    aside = f"<presentation:notes>{notes}</presentation:notes>" if notes else ""
    return f'<draw:page draw:name="page1">{"".join(shapes)}{aside}</draw:page>'


def odf(kind: str, body: str, *, headers: str = "", prolog: str = "", manifest: str = "") -> bytes:
    """Return a file of this kind (`text`, `spreadsheet`, `presentation`)."""
    parts = {
        "content.xml": f"{prolog}<office:document-content {_NAMESPACES}><office:body>"
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {_NAMESPACES}><office:master-styles>"
        f"<style:master-page>{headers}</style:master-page></office:master-styles>"
        "</office:document-styles>",
        "META-INF/manifest.xml": f"<manifest:manifest {_NAMESPACES}>{manifest}</manifest:manifest>",
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", TYPES[kind], zipfile.ZIP_STORED)
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()


def locked(content: bytes, password: str, *, rounds: int = 1_000, checksum: bool = True) -> bytes:
    """Return a file locked part by part with AES, as LibreOffice does; `rounds` make its key."""
    kept, manifest = {}, ""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in ("content.xml", "styles.xml"):
            packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
            packed = packer.compress(package.read(name)) + packer.flush()
            start = hashlib.sha256(password.encode()).digest()
            key = hashlib.pbkdf2_hmac("sha1", start, name.encode(), min(rounds, 1_000), 32)
            fill = 16 - len(packed) % 16
            cipher = Cipher(AES(key), CBC(bytes(16))).encryptor()
            kept[name] = cipher.update(packed + bytes(fill - 1) + bytes([fill]))
            digest = hashlib.sha256(packed[:1024]).digest() if checksum else b""
            manifest += _entry(name, digest, rounds)
        kept["mimetype"] = package.read("mimetype")
        end = b"</manifest:manifest>"
        whole = package.read("META-INF/manifest.xml").replace(end, manifest.encode() + end)
        kept["META-INF/manifest.xml"] = whole
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for name, held in sorted(kept.items(), reverse=True):
            package.writestr(name, held)
    return target.getvalue()


def _entry(name: str, digest: bytes, rounds: int) -> str:
    one = "manifest:"
    return (
        f'<{one}file-entry {one}full-path="{name}"><{one}encryption-data '
        f'{one}checksum-type="{_ODF}manifest:1.0#sha256-1k" {one}checksum="{_code(digest)}">'
        f'<{one}algorithm {one}algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc" '
        f'{one}initialisation-vector="{_code(bytes(16))}"/><{one}start-key-generation '
        f'{one}start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256"/>'
        f'<{one}key-derivation {one}key-derivation-name="PBKDF2" {one}key-size="32" '
        f'{one}iteration-count="{rounds}" {one}salt="{_code(name.encode())}"/>'
        f"</{one}encryption-data></{one}file-entry>"
    )


def _code(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
