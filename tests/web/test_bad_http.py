"""Bad HTTP sent to the web as an installation runs it: each has a clear answer, none is a 500."""

import json
import select
import threading
from contextlib import ExitStack

import pytest

from tests.web.programs import Programs
from tests.web.raw import Web, form, part, received

pytestmark = pytest.mark.slow

MB = 1024 * 1024
FORM = "Content-Type: multipart/form-data; boundary=x"

#: a small installation: eight threads, files of 30 MB
SMALL = {"threads": 8, "upload_limit": 30 * MB}


def furnish(world):
    customer = world.customer(owner="sales").id
    world.document(customer, "减速机异响 KR210", by="sales")
    world.work()
    return Programs.of(world)["sales"].token, customer


@pytest.fixture(scope="module")
def archive(furnished):
    data, (token, customer) = furnished
    return data, token, customer


@pytest.fixture(scope="module")
def web(archive):
    data, token, _ = archive
    with Web.running(data, **SMALL) as running:
        running.token = token
        yield running


@pytest.fixture
def documents(archive):
    return f"/customers/{archive[2]}/documents"


def search(web):
    """Search while others are at it."""
    answer = web.get("/search?q=KR210")
    assert (answer.status, answer.json["total"]) == (200, 1)


def waits(connection):
    """Say whether no answer began on a connection, but for the rest of one that began before."""
    if not select.select([connection], [], [], 0)[0]:
        return True
    came = connection.recv(1 << 16)
    return came != b"" and b"HTTP/1.1" not in came


def refused(answer, *statuses):
    assert answer.status in statuses, (answer.status, answer.body[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == answer.status
    return answer.json


def nothing_kept(web, documents, archive):
    assert web.get(documents).json["total"] == 1
    assert not list((archive[0] / "spool").glob("*"))


# -- bodies --------------------------------------------------------------------------------------


def test_five_thousand_parts_are_refused(web, documents, archive):
    started, before = web.computed(), web.memory()
    for parts in (
        [part(f"f{n}", b"x") for n in range(5000)],
        [part("file", b"x", file_name=f"{n}.txt") for n in range(5000)],
        [part("note", b"x" * MB)] * 20,
    ):
        body = form(*parts)
        head = web.head("POST", documents, FORM, f"Content-Length: {len(body)}")
        refused(web.send(head + body), 413)
    assert web.computed() - started < 10
    assert web.memory() - before < 60 * MB
    nothing_kept(web, documents, archive)


def test_a_body_without_end_is_cut_off_at_the_limit(web, documents, archive):
    before, sent = web.memory(), 0
    chunk = b"100000\r\n" + bytes(MB) + b"\r\n"
    with web.connect() as connection:
        connection.sendall(web.head("POST", documents, FORM, "Transfer-Encoding: chunked"))
        first = part("kind", b"minutes") + part("file", b"", file_name="a.txt")[:-2]
        connection.sendall(b"%x\r\n%s\r\n" % (len(first), first))
        try:
            while sent < 300:
                connection.sendall(chunk)
                sent += 1
        except (BrokenPipeError, ConnectionResetError):
            pass
        refused(received(connection), 413)
    assert sent < 300
    assert web.memory() - before < 60 * MB
    nothing_kept(web, documents, archive)


def test_a_json_body_without_end_is_cut_off_too(web):
    before = web.memory()
    with web.connect() as connection:
        head = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        connection.sendall(web.head("POST", "/customers", *head))
        try:
            for _ in range(300):
                connection.sendall(b"100000\r\n" + b" " * MB + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        refused(received(connection), 413)
    assert web.memory() - before < 60 * MB


def until(connection, words):
    """Read on until something was said."""
    came = b""
    while words not in came:
        piece = connection.recv(1 << 16)
        assert piece, came
        came += piece


# -- slow ones -----------------------------------------------------------------------------------


def test_half_a_request_holds_no_thread(web):
    with ExitStack() as opened:
        connections = [opened.enter_context(web.connect()) for _ in range(50)]
        for n, connection in enumerate(connections):
            head = web.head("POST", "/customers", "Content-Length: 500")
            connection.sendall([b"", b"G", head[:40], head, head + b"{"][n % 5])
        search(web)
        assert all(waits(connection) for connection in connections)


def test_half_a_request_behind_a_whole_one_holds_no_thread(web):
    whole = web.head("GET", "/me").replace(b"Connection: close", b"X: y")
    with ExitStack() as opened:
        connections = [opened.enter_context(web.connect()) for _ in range(20)]
        for connection in connections:
            connection.sendall(whole + whole[:-20])
        for connection in connections:
            until(connection, b'"sales"')
        search(web)
        assert all(waits(connection) for connection in connections)
        connections[0].sendall(whole[-20:])
        until(connections[0], b" 200 OK")


def test_who_does_not_finish_in_time_is_told(web):
    with web.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        answer = received(connection)
    assert (answer.status, answer.headers["connection"]) == (408, "close")


def test_slow_uploads_arrive_and_do_not_stand_in_the_way_of_a_search(archive, documents):
    data, token, _ = archive
    file = part("kind", b"minutes") + part("file", b"y" * 2 * MB, file_name="slow.txt")
    body = form(file)
    answers: list[int] = []

    def upload():
        with web.connect() as connection:
            connection.sendall(web.head("POST", documents, FORM, f"Content-Length: {len(body)}"))
            connection.sendall(body[:MB])
            begun.wait(60)
            searched.wait(60)
            connection.sendall(body[MB:])
            answers.append(received(connection).status)

    begun, searched = threading.Barrier(21), threading.Event()
    with Web.running(data, threads=48, upload_limit=30 * MB) as web:
        web.token = token
        uploads = [threading.Thread(target=upload) for _ in range(20)]
        for one in uploads:
            one.start()
        begun.wait(60)
        for _ in range(5):
            search(web)
        assert not answers
        searched.set()
        for one in uploads:
            one.join()
    assert answers == [201] * 20


# -- heads ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost, evil"])
def test_a_host_that_is_not_ours_is_400(web, host):
    answer = web.send(web.head("GET", "/me", host=host))
    assert refused(answer, 400)["title"] == "Bad Request"
    assert b"evil" not in answer.body


FORGED = (
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.example",
    "Forwarded: for=203.0.113.9;host=evil.example",
)


def test_what_a_proxy_would_say_is_believed_of_no_other(web, archive):
    page = b"GET /customers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    forged = page + "\r\n".join([*FORGED, "", ""]).encode()
    answer, plain = web.send(forged), web.send(page + b"\r\n")
    assert answer.status == plain.status == 302
    assert answer.headers["location"] == plain.headers["location"]
    assert "strict-transport-security" not in answer.headers
    with Web.running(
        archive[0], trusted_proxies=1, hosts="evil.example 127.0.0.1", **SMALL
    ) as behind:
        assert behind.send(forged).status == 302
        assert behind.send(page + b"\r\n").status == 400


HEADS = {
    "a header with a line break": (b"X: a\rb", {400}),
    "a header with NUL": (b"X: a\x00b", {400}),
    "a header without name": (b": x", {400}),
    "a folded header": (b"X: a\r\n b", {400}),
    "two lengths": (b"Content-Length: 1\r\nContent-Length: 2", {400}),
    "a length that is none": (b"Content-Length: -1", {400}),
    "length and chunks": (b"Content-Length: 5\r\nTransfer-Encoding: chunked", {400}),
    "an unknown coding": (b"Transfer-Encoding: xchunked", {501, 400}),
    "a long header": (b"X: " + b"x" * 9000, {431}),
    "many headers": (b"\r\n".join(b"X%d: x" % n for n in range(100)), {431}),
    "an expectation": (b"Expect: miracles", {417}),
}


@pytest.mark.parametrize("name", HEADS)
def test_heads_that_are_none(web, name):
    line, statuses = HEADS[name]
    request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n\r\n"
    assert web.send(request).status in statuses


@pytest.mark.parametrize(
    ("line", "statuses"),
    [
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1", {414}),
        (b"GET /healthz HTTP/9.9", {400}),
        (b"G\x00T /healthz HTTP/1.1", {400}),
        (b"nonsense", {400}),
        (b"GET /healthz\r\nSet-Cookie: x=1 HTTP/1.1", {400}),
        (b"TRACE /healthz HTTP/1.1", {401}),
        (b"GET http://evil.example/healthz HTTP/1.1", {200, 400}),
    ],
)
def test_request_lines_that_are_none(web, line, statuses):
    answer = web.send(line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.status in statuses
    assert "set-cookie" not in answer.headers


TARGETS = [
    ("/customers/%FF%FE", {404}),
    ("/customers/%00", {404}),
    ("/customers/..%2f..%2fetc%2fpasswd", {404}),
    ("/customers/%0d%0aSet-Cookie:%20x=1", {404}),
    ("/customers/" + "a" * 5000, {404}),
    ("/search?q=%FF%FE", {200}),
    ("/search?q=%00", {200}),
    ("/search?%FF=1", {422}),
    ("/search?q=1&q=2", {422}),
    ("/search?limit=" + "9" * 5000, {422}),
    ("/search?cursor=%FF%00", {422}),
    ("/search?q=%0d%0aSet-Cookie:%20x=1", {200}),
    ("/search?" + "&".join(f"a{n}=1" for n in range(3000)), {422}),
    ("/customers?owner=%00", {422}),
    ("/documents/x/content?version=%FF", {404}),
]


@pytest.mark.parametrize(("target", "statuses"), TARGETS)
def test_addresses_that_say_nothing_good(web, target, statuses):
    answer = web.get(target)
    assert answer.status in statuses, answer.body[:300]
    assert "set-cookie" not in answer.headers


def customer(name):
    return json.dumps({"name": name, "category": "intended"}, ensure_ascii=False).encode()


BODIES = {
    "deep": b"[" * 500_000,
    "deep in a member": b'{"fields":' * 50_000,
    "a huge number": b'{"name": ' + b"9" * 10_000 + b"}",
    "a number beyond": b'{"name": "x", "category": "intended", "owner": 1e999}',
    "not UTF-8": customer("x").replace(b"x", b"\xff\xfe"),
    "UTF-16": customer("x").decode().encode("utf-16"),
    "NUL": customer("a\x00b"),
    "half a pair": b'{"name": "\\ud800", "category": "intended"}',
    "a name twice": b'{"name": "a", "name": "b", "category": "intended"}',
    "a member twice, deep": b'{"name": "a", "category": "intended", '
    b'"fields": {"company.industry": {"value": "a", "value": "b"}}}',
    "nothing": b"",
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_none(web, name):
    before = web.get("/customers").json["total"]
    refused(web.post("/customers", BODIES[name]), 422)
    assert web.get("/customers").json["total"] == before
