"""What the server in front of the application lets through."""

from urllib.parse import quote

import pytest
from gunicorn.http.errors import LimitRequestLine
from gunicorn.http.parser import RequestParser

from web.serving import REQUEST_LINE, Server


def received(world, target):
    """Return a request as the server reads it from the wire."""
    config = Server(world.archive.settings).cfg
    wire = [f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()]
    return next(RequestParser(config, wire, ("127.0.0.1", 1)))


def test_a_query_of_ten_thousand_characters_arrives(world):
    query = quote("库" * 10_000)
    assert received(world, f"/api/v1/search?q={query}").query == f"q={query}"


def test_a_request_line_without_end_does_not(world):
    with pytest.raises(LimitRequestLine):
        received(world, "/" + "x" * REQUEST_LINE)
