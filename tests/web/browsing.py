"""Somebody at a browser: signs in, reads pages, sends their forms with the token in them."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.web.serving import app_of
from tests.world import World, password

_TOKEN = r'name="csrf_token" value="([^"]+)"'


def found(pattern: str, page: str) -> str:
    """Return what a pattern's group matches in a page: it must be there."""
    match = re.search(pattern, page)
    assert match, pattern
    return unescape(match[1])


class _Form(HTMLParser):
    """Collects what a browser would send of the form with an action."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action, self.inside, self.name = action, False, ""
        self.fields: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name, value = values.get("name") or "", values.get("value") or ""
        if tag == "form":
            posted = values.get("method") == "post"
            self.inside = posted and values.get("action") == self.action
        elif tag in ("select", "textarea"):
            self.name = name
            self._add(name, tag == "textarea", "")
        elif tag == "option":
            self._add(self.name, "selected" in values, value)
        elif tag == "input" and values.get("type") not in ("checkbox", "radio", "file"):
            self._add(name, name != "", value)
        elif tag == "input":
            self._add(name, "checked" in values, values.get("value", "on") or "")

    def _add(self, name: str, said: bool, value: str) -> None:  # noqa: FBT001
        if self.inside and said:
            self.fields.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.inside and self.name and (self.get_starttag_text() or "").startswith("<textarea"):
            self.fields[self.name][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"
        self.name = "" if tag in ("select", "textarea") else self.name


def form(page: str, action: str) -> dict[str, list[str]]:
    """Return what an untouched form of a page holds, but for the token, which `send` adds."""
    reader = _Form(action)
    reader.feed(page)
    assert reader.fields, action
    return {name: said for name, said in reader.fields.items() if name != "csrf_token"}


def bare(answer: TestResponse) -> tuple[int, list[tuple[str, str]], str]:
    """Return an answer without the form tokens, which differ from second to second."""
    headers = sorted((k, v) for k, v in answer.headers if k not in ("Set-Cookie", "Date"))
    return answer.status_code, headers, re.sub(r'value="[^"]{60,}"', "", answer.text)


@dataclass(slots=True)
class Person:
    """A browser with its own cookies, and the token of the forms it has open."""

    client: FlaskClient
    _token: tuple[str, str] = ("", "")

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, buffered=True, **more)

    def html(self, path: str) -> str:
        """Return a page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status)
        return answer.text

    def token(self) -> str:
        """Return the token that this browser's forms carry: those of one sign-in have the same."""
        secret = self._secret()
        if not secret or secret != self._token[0]:
            page = self.get("/sign-in")
            # who is signed in gets no form to do so; a page that is not there has their menu
            text = page.text if page.status_code == 200 else self.get("/nowhere").text
            self._token = (self._secret(), found(_TOKEN, text))
        return self._token[1]

    def _secret(self) -> str:
        """Return what the cookie holds that its forms' tokens are made of; empty without one."""
        with self.client.session_transaction() as held:
            return str(held.get("csrf_token", ""))

    def send(self, path: str, **fields: Any) -> TestResponse:
        """Send a form of a page."""
        data = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=data, buffered=True)

    def upload(
        self,
        path: str,
        *files: tuple[bytes, str],
        part: bool = False,
        beside: Mapping[str, tuple[bytes, str]] | None = None,
        **fields: str,
    ) -> TestResponse:
        """Send files by form; `part`: as the page's script does, which wants a table row.

        `beside` are the files of its other fields.
        """
        fields = {"csrf_token": self.token(), **fields}
        streams = [FileStorage(io.BytesIO(content), name) for content, name in files]
        others = {
            name: FileStorage(io.BytesIO(one), as_) for name, (one, as_) in (beside or {}).items()
        }
        # encoded here: the client would put a large form into a temporary file of its own
        boundary, body = encode_multipart({**fields, **others, "file": streams})
        return self.client.post(
            path,
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"X-Part": "row"} if part else {},
            buffered=True,
        )


@dataclass(slots=True)
class Portal:
    """The pages of one archive."""

    world: World
    app: Any

    @classmethod
    def of(cls, world: World) -> "Portal":
        """Make the web application of an archive."""
        return cls(world, app_of(world.archive))

    def stranger(self) -> Person:
        """Return a browser that nobody signed in with."""
        return Person(self.app.test_client())

    def __getitem__(self, login: str) -> Person:
        """Return somebody at a browser of their own, signed in."""
        person = self.stranger()
        answer = person.send("/sign-in", login=login, password=password(login))
        assert answer.status_code == 302, answer.text
        return person
