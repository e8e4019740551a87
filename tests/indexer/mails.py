"""Makes messages line by line, as programs of many kinds send them."""

import base64


def mail(*headers: str, body: bytes = b"") -> bytes:
    """Return a message of these header lines, each written as it is, and a body."""
    return b"".join(_bytes(line) + b"\r\n" for line in headers) + b"\r\n" + body


def encoded(text: str, codec: str, name: str | None = None) -> str:
    """Return an encoded word of a header."""
    return f"=?{name or codec}?B?{base64.b64encode(text.encode(codec)).decode()}?="


def multipart(kind: str, *parts: bytes, boundary: str = "b") -> tuple[str, bytes]:
    """Return the header and the body of a message of several parts."""
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    header = f'Content-Type: multipart/{kind}; boundary="{boundary}"'
    return header, body + b"--" + boundary.encode() + b"--\r\n"


def attached(name: str, content: bytes, *, kind: str = "application/octet-stream") -> bytes:
    """Return a part that is a file; `name` is written as it is."""
    return mail(
        f"Content-Type: {kind}",
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
        body=base64.encodebytes(content),
    )


def _bytes(line: str) -> bytes:
    return line.encode("latin-1", "replace") if line.isascii() else line.encode()
