"""Answers with images of pages, for the API and the portal alike."""

from flask import Response, jsonify

#: Seconds after which it is worth asking again for what is being made.
AGAIN = 1


def picture(content: bytes | None) -> Response:
    """Return a page as JPEG, or say that it is being made."""
    if content is None:
        return waiting()
    answer = Response(content, mimetype="image/jpeg")
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def waiting() -> Response:
    """Say that it is being made, and when to ask again."""
    answer = jsonify(state="being_made")
    answer.status_code = 202
    answer.headers["Retry-After"] = str(AGAIN)
    return answer
