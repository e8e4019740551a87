"""A program that talks to the archive over HTTP, with somebody's token."""

import io
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service import tokens
from service.audit.entries import Subject
from service.permissions import Action, service_actor
from tests.web.serving import app_of
from tests.world import World


@dataclass(slots=True)
class Program:
    """A client that sends one person's token, and what it does most."""

    client: FlaskClient
    token: str

    def send(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        """Send a request to the API; `path` is below /api/v1."""
        wanted = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=wanted, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        """Read."""
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        """Write."""
        return self.send("POST", path, json=body, **more)

    def patch(self, path: str, body: Any, *, etag: str | None = None) -> TestResponse:
        """Change a record, based on the state `etag`."""
        return self.send("PATCH", path, json=body, headers=based_on(etag))

    def act(self, path: str, body: Any = None, *, etag: str | None = None) -> TestResponse:
        """Change a record's state, based on the state `etag`."""
        return self.send("POST", path, json=body, headers=based_on(etag))

    def upload(
        self,
        path: str,
        content: bytes,
        *,
        file_name: str = "纪要.txt",
        headers: dict[str, str] | None = None,
        **fields: str,
    ) -> TestResponse:
        """Upload a file with its fields."""
        data = {**fields, "file": (io.BytesIO(content), file_name)}
        return self.send("POST", path, data=data, headers=headers)

    def etag(self, path: str) -> str:
        """Return the state a record is in."""
        return self.get(path).headers["ETag"]


def based_on(etag: str | None) -> dict[str, str]:
    """Return the header that says which state a change is based on."""
    return {} if etag is None else {"If-Match": etag}


@dataclass(slots=True)
class Programs:
    """The API of one archive, for everybody in it."""

    world: World
    client: FlaskClient
    known: dict[str, Program]

    @classmethod
    def of(cls, world: World) -> "Programs":
        """Make the web application of an archive."""
        return cls(world, app_of(world.archive).test_client(use_cookies=False), {})

    def __getitem__(self, login: str) -> Program:
        """Return somebody's program; its token is made the first time."""
        if login not in self.known:
            owner, subject = self.world.id(login), Subject("token")
            cli = service_actor("cli")
            with self.world.archive.call(cli, Action.SESSION_MANAGE_OWN, subject) as call:
                token = tokens.add(call, "test", owner=owner)
            self.known[login] = Program(self.client, token)
        return self.known[login]
