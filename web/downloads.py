"""Sending originals: one byte range, a correct file name, never shown inside the portal."""

import re
from urllib.parse import quote

from flask import Response, request

from service.originals import Original, Wanted

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%]')


def asked() -> Wanted | None:
    """Return the single byte range a request asks for; several, or none, mean the whole file."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or not any(match.groups()):
        return None
    first, last = (int(n) if n else None for n in match.groups())
    if first is not None and last is not None and last < first:
        return None
    return Wanted(first, last, request.headers.get("If-Range", '""').strip('"') or None)


def disposition(file_name: str) -> str:
    """Return the RFC 6266 header that saves a file under its own name."""
    plain = _UNSAFE.sub("_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def response(original: Original) -> Response:
    """Return an original as a download; nothing of it runs or shows in the browser."""
    answer = Response(
        original.chunks(), 206 if original.partial else 200, mimetype=original.media_type
    )
    answer.headers["Content-Type"] = original.media_type
    answer.headers["Content-Length"] = str(original.length)
    answer.headers["Content-Disposition"] = disposition(original.file_name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = f'"{original.sha256}"'
    if original.partial:
        last = original.start + original.length - 1
        answer.headers["Content-Range"] = f"bytes {original.start}-{last}/{original.size}"
    return answer
