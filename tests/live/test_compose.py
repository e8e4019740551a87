"""docker-compose.yml works: image, users, secrets and settings are what is written there.

The servers run already, started by the harness with the settings of that file, and healthy by
its own checks.
"""

import http.client
import json
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any, cast
from urllib.parse import urlencode

import psycopg
import pytest
from sqlalchemy import make_url

from tests.live import image
from tests.live.containers import Container
from tests.live.process import Server
from tests.live.site import Site

pytestmark = pytest.mark.live

Json = dict[str, Any]

WORDS = "谐波减速器保养纪要 KR210"


@pytest.fixture
def site() -> Site:
    return Site.current()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the containers' users reach, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="guidang-containers-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


class Asking:
    """The web as somebody outside its container reaches it."""

    def __init__(self, address: str, token: str = "") -> None:
        self._address, self._token = address, token

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        **headers: str,
    ) -> tuple[int, bytes]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        with closing(http.client.HTTPConnection(self._address, timeout=30)) as connection:
            connection.request(method, path, body, sent)
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    def json(self, method: str, path: str, **body: object) -> Json:
        status, answer = self(
            method, path, json.dumps(body).encode(), Content_Type="application/json"
        )
        assert status in (200, 201), answer.decode()
        return cast("Json", json.loads(answer))

    def upload(self, path: str, content: bytes, **fields: str) -> Json:
        edge = secrets.token_hex(8)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        body = "".join([*parts, head]).encode() + content + f"\r\n--{edge}--\r\n".encode()
        kind = f"multipart/form-data; boundary={edge}"
        status, answer = self("POST", path, body, Content_Type=kind)
        assert status == 201, answer.decode()
        return cast("Json", json.loads(answer))


def person(setup: Container, role: str, department: str) -> str:
    """Open an account as an operator does; return a token of it."""
    login = f"{role.replace('_', '-')}-{secrets.token_hex(4)}"
    words = ["--department", department, "--role", role, "--password-file", "-"]
    setup.run("user", "add", login, *words, typed="a long password of one's own\n")
    return setup.run("token", "add", login).strip()


def until_found(asks: Asking, words: str, worker: Server) -> list[Json]:
    """Search until the worker has put something there, newest first."""
    path = f"/api/v1/search?{urlencode({'q': words, 'sort': 'newest'})}"
    until = monotonic() + 60
    while True:
        status, answer = asks("GET", path)
        assert status == 200, answer.decode()
        if items := json.loads(answer)["items"]:
            return cast("list[Json]", items)
        assert monotonic() < until, worker.tail()


def test_a_document_goes_all_the_way_in_what_compose_starts(site: Site, folder: Path):
    setup, web, worker = (Container.of(site, n, folder / n) for n in ("setup", "web", "worker"))
    setup.run(*setup.service.command)
    token = person(setup, "archivist", "customer_service")
    officer = person(setup, "service_officer", "customer_service")
    with web.started(), worker.started() as running:
        address = site.address("web")
        asks, files = Asking(address, officer), Asking(address, token)
        customer = asks.json("POST", "/api/v1/customers", name="望潮零部件", category="intended")
        path = f"/api/v1/customers/{customer['id']}/documents"
        document = asks.upload(path, WORDS.encode(), kind="minutes")
        found = until_found(files, "减速器", running)
        assert found[0]["document"]["id"] == document["id"]
        content = f"/api/v1/documents/{document['id']}/content"
        assert files("GET", content) == (200, WORDS.encode())
        assert asks("GET", "/readyz")[0] == 200
    assert json.loads(setup.run("audit", "verify", "--json"))["code"] == 0
    drift = json.loads(setup.run("index", "status", "--json"))
    assert drift["drift"] == 0
    # a second set-up, as before a new version, changes nothing and says nothing
    assert setup.run(*setup.service.command) == ""


def test_the_web_refuses_a_forged_host_and_shows_its_pages(site: Site, folder: Path):
    Container.of(site, "setup", folder / "setup").run("setup")
    web = Container.of(site, "web", folder / "web")
    with web.started():
        asks = Asking(site.address("web"))
        assert asks("GET", "/sign-in", Host="evil.example")[0] == 400
        status, page = asks("GET", "/sign-in", Accept_Language="zh-CN")
        assert status == 200
        assert "登录" in page.decode()
        packaged = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg)[^"]*)"', page.decode())
        assert packaged
        assert {asks("GET", path)[0] for path in packaged} == {200}
        assert asks("GET", "/metrics", X_Forwarded_For="1.1.1.1")[0] == 404
        bearer = f"Bearer {site.secret('metrics_token')}"
        assert asks("GET", "/metrics", Authorization=bearer)[0] == 200


def test_behind_a_proxy_only_the_public_name_is_answered(site: Site, folder: Path):
    Container.of(site, "setup", folder / "setup").run("setup")
    told = {"GUIDANG_PUBLIC_URL": "https://archive.example", "GUIDANG_TRUSTED_PROXIES": "1"}
    # it is started only when its own health check is content with it
    with Container.of(site, "web", folder / "web", **told).started():
        asks = Asking(site.address("web"))
        assert asks("GET", "/sign-in")[0] == 400
        assert asks("GET", "/sign-in", Host="archive.example")[0] == 200
        assert asks("GET", "/sign-in", X_Forwarded_Host="archive.example")[0] == 200
        assert asks("GET", "/sign-in", X_Forwarded_Host="evil.example")[0] == 400


def test_the_secrets_that_the_servers_need_are_made_with_few_rights(site: Site, folder: Path):
    one = Container.of(site, "secrets", folder / "one")
    made = folder / "made"
    made.mkdir()
    one.run(*one.place.words(one.service.command, one.service, {"/secrets": made}))
    theirs = {path.name: path.stat() for path in made.iterdir()}
    ours = {path.name: path.stat() for path in site.place.secrets.iterdir()}
    assert {n: (s.st_uid, s.st_mode) for n, s in theirs.items()} == {
        n: (s.st_uid, s.st_mode) for n, s in ours.items()
    }


def test_the_image_holds_what_is_no_python_and_no_tools(site: Site):
    root = image.built(site.folder)
    (packages,) = (root / "opt" / "guidang" / "lib").glob("python*/site-packages")
    for name in (
        "service/policy/roles.toml",
        "service/demo/demo.toml",
        "service/migrations/script.py.mako",
        "mappings/common.json",
        "web/static/icons.svg",
        "web/templates/base.html",
        "web/translations/zh_CN/LC_MESSAGES/messages.mo",
    ):
        assert (packages / name).exists(), name
    for name in ("pytest", "tests", "setuptools", "pip", "playwright", "mypy"):
        assert not (packages / name).exists(), name


def test_the_databases_let_in_only_whose_they_are(site: Site):
    archive, keys = (make_url(site.secret(name)) for name in ("database", "keystore"))
    there = archive.set(drivername="postgresql", database=keys.database)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(there.render_as_string(hide_password=False))
