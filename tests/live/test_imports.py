"""Imports with PostgreSQL, MinIO and Elasticsearch behind: two senders, a web that is killed."""

import http.client
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from service import tokens
from service.audit.entries import Subject
from service.permissions import Action, service_actor
from tests.live.process import LOOPBACK, Server, answers, free_port
from tests.live.test_importing import environment
from tests.service.test_imports import (
    documents,
    made,
    state,
    sums_of,
    test_a_file_left_out_is_skipped_and_what_it_became_is_withdrawn,  # noqa: F401 - on servers
    test_a_file_sent_twice_at_once_becomes_one_document,  # noqa: F401
    test_every_file_becomes_a_document_and_the_sums_agree,  # noqa: F401
    test_the_same_content_under_the_same_name_is_stored_once,  # noqa: F401
    test_who_lost_the_right_brings_nothing_more,  # noqa: F401
    test_who_oversees_sees_no_batch_with_a_file_they_may_not_see,  # noqa: F401
)
from tests.world import World

pytestmark = pytest.mark.live

FILES = {f"{n % 3}/纪要{n}.txt": f"第{n}次 谐波减速器异响" for n in range(60)}


@contextmanager
def web(world: World, folder: Path) -> Iterator[tuple[Server, str]]:
    """Start a web of this archive in a process of its own."""
    listen = f"{LOOPBACK}:{free_port()}"
    server = Server(
        name="guidang web",
        command=[sys.executable, "-m", "service", "web"],
        log=folder / "web.log",
        healthy=answers(f"http://{listen}/healthz"),
        environment=environment(world.archive.settings)
        | {"GUIDANG_LISTEN": listen, "GUIDANG_HOSTS": LOOPBACK},
        inherits=False,
    )
    with server.running():
        yield server, listen


def token(world: World) -> str:
    """Return a token of who made the batch."""
    owner, cli = world.id("service_officer"), service_actor("cli")
    with world.archive.call(cli, Action.SESSION_MANAGE_OWN, Subject("token")) as call:
        return tokens.add(call, "test", owner=owner)


def send_all(listen: str, batch: str, secret: str) -> None:
    """Send every file once, in order; what the server cannot answer is not sent again."""
    for n, text in enumerate(FILES.values(), 1):
        body = (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n'
            + text.encode()
            + b"\r\n--b--\r\n"
        )
        headers = {
            "Authorization": f"Bearer {secret}",
            "Content-Type": "multipart/form-data; boundary=b",
        }
        with (
            suppress(OSError, http.client.HTTPException),
            closing(http.client.HTTPConnection(listen, timeout=30)) as connection,
        ):
            connection.request("POST", f"/api/v1/imports/{batch}/items/{n}", body, headers)
            with connection.getresponse() as answer:
                answer.read()


def test_two_senders_and_a_web_that_is_killed_lose_and_double_nothing(
    world: World, tmp_path: Path
) -> None:
    batch, secret = made(world, FILES), token(world)
    with web(world, tmp_path) as (server, listen), ThreadPoolExecutor(2) as pool:
        sending = [pool.submit(send_all, listen, batch, secret) for _ in range(2)]
        deadline = time.monotonic() + 60
        while documents(world) < 5 and time.monotonic() < deadline:
            pass
        assert server.process
        os.killpg(server.process.pid, signal.SIGKILL)
        for one in sending:
            one.result()
    found = sums_of(world, batch)
    assert found.agrees
    assert found.received.files == documents(world)
    assert 5 <= found.received.files < len(FILES)
    with web(world, tmp_path) as (_, listen), ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: send_all(listen, batch, secret), range(2)))
    found = sums_of(world, batch)
    assert found.agrees
    assert (found.received.files, found.left.files) == (len(FILES), 0)
    assert state(world, batch) == "done"
    assert documents(world) == len(FILES)
    world.work()
    assert world.search("谐波减速器", by="service_officer").total == len(FILES)
    assert world.search("谐波减速器", by="sales2").total == 0
    assert world.verify().code == 0
