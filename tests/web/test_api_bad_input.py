"""Bad input gets a clear answer, and nothing is lost or left behind."""

import io
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.web.programs import Programs

HAN = "档" * 300


@pytest.fixture
def customer(programs):
    return programs.world.customer(owner="sales").id


@pytest.fixture
def documents(customer):
    return f"/customers/{customer}/documents"


def refused(answer, expected, /, **fields):
    assert answer.status_code == expected, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == expected
    for name, code in fields.items():
        assert answer.json["fields"][name] == code
    return answer.json


def nothing_kept(programs, documents):
    assert programs["sales"].get(documents).json["total"] == 0
    archive = programs.world.archive
    assert list(archive.blobs.list()) == []
    spool = archive.settings.data / "spool"
    assert not spool.exists() or not list(spool.iterdir())


def test_an_empty_file_is_refused(programs, documents):
    refused(programs["sales"].upload(documents, b"", kind="minutes"), 422, file="empty")
    nothing_kept(programs, documents)


def test_a_program_is_refused_whatever_it_is_called(programs, documents):
    elf = b"\x7fELF\x02\x01\x01" + bytes(200)
    answer = programs["sales"].upload(documents, elf, file_name="报价.pdf", kind="minutes")
    refused(answer, 415, file="unsupported")
    nothing_kept(programs, documents)


def test_the_content_decides_what_a_file_is_not_its_ending(programs, documents):
    pdf = b"%PDF-1.7\n1 0 obj\n"
    added = programs["sales"].upload(documents, pdf, file_name="纪要", kind="minutes")
    assert (added.status_code, added.json["media_type"]) == (201, "application/pdf")
    wrong = programs["sales"].upload(documents, pdf, file_name="纪要.docx", kind="minutes")
    refused(wrong, 415, file="unsupported")


def test_what_is_over_the_limit_is_413_before_anything_is_stored(world):
    settings = replace(world.archive.settings, upload_limit=1000)
    world.archive.settings = settings
    programs = Programs.of(world)
    documents = f"/customers/{world.customer(owner='sales').id}/documents"
    assert programs["sales"].upload(documents, b"x" * 1000, kind="minutes").status_code == 201
    before = list(world.archive.blobs.list())
    over = programs["sales"].upload(documents, b"x" * 1001, kind="minutes")
    refused(over, 413)
    far_over = announced(programs["sales"], documents, 3_000_000)
    assert refused(far_over, 413, file="too_large")["event"]
    assert list(world.archive.blobs.list()) == before
    assert programs["sales"].get(documents).get_json()["total"] == 1


def announced(program, path, size, stream=None):
    """Send an upload that says how large it is, and less than that."""
    return program.send(
        "POST",
        path,
        input_stream=stream or io.BytesIO(b"--x\r\n"),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(size)},
    )


class Sealed(io.BytesIO):
    """A body that nobody may read before rights are checked."""

    def read(self, *_):
        message = "the body was read"
        raise OSError(message)

    readinto = readline = read


def test_rights_are_checked_before_a_body_is_read(programs):
    ended = programs.world.customer(category="ended", owner="sales").id
    path = f"/customers/{ended}/documents"
    assert announced(programs["technical"], path, 10**6, Sealed()).status_code == 404
    refused(announced(programs["legal"], path, 10**6, Sealed()), 403)


def test_large_bodies_leave_half_of_the_threads_to_others(programs, documents):
    bodies = programs.client.application.extensions["large-bodies"]
    with ExitStack() as arriving:
        for _ in range(programs.world.archive.settings.threads // 2):
            arriving.enter_context(bodies.one())
        crowded = announced(programs["sales"], documents, 2_000_000)
        assert refused(crowded, 503)["part"] == "uploads"
        assert crowded.headers["Retry-After"]
        assert programs["sales"].upload(documents, b"x", kind="minutes").status_code == 201
    refused(announced(programs["sales"], documents, 2_000_000), 422)


NAMES = {
    "../../etc/passwd.txt": "passwd.txt",
    "..\\..\\windows\\a.txt": "a.txt",
    "a\r\nSet-Cookie: x=1.txt": "aSet-Cookie: x=1.txt",
    "a\x00b.txt": "ab.txt",
    "invoice\u202excod.txt": "invoicexcod.txt",
    "invoice\u061cxcod.txt": "invoicexcod.txt",
    '引号"分号;.txt': '引号"分号;.txt',
    "CON": "CON",
    f"{HAN}.txt": f"{HAN}.txt"[-255:],
}


def named(programs, documents, name):
    """Upload under a name that is sent as it is, in the encoded form of RFC 8187 if need be."""
    encoded = "".join(f"%{b:02X}" for b in name.encode())
    head = f"form-data; name=\"file\"; filename*=UTF-8''{encoded}"
    body = (
        f"--x\r\nContent-Disposition: {head}\r\n\r\n纪要\r\n"
        '--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nminutes\r\n--x--\r\n'
    )
    return programs["sales"].send(
        "POST", documents, data=body.encode(), content_type="multipart/form-data; boundary=x"
    )


def test_hostile_file_names_are_data_and_headers_stay_whole(programs, documents):
    for name, kept in NAMES.items():
        added = named(programs, documents, name)
        assert added.status_code == 201, (name, added.text)
        path = f"/documents/{added.json['id']}"
        assert programs["sales"].get(path).json["file_name"] == kept
        content = programs["sales"].get(f"{path}/content")
        disposition = content.headers["Content-Disposition"]
        assert disposition.isascii()
        assert disposition.isprintable()
        assert "Set-Cookie" not in content.headers
    data = programs.world.archive.settings.data
    assert not list(data.parent.rglob("passwd*"))


def test_long_and_strange_titles_are_answered(programs, documents):
    upload = programs["sales"].upload
    kept = upload(documents, b"x", kind="minutes", title=HAN)
    assert programs["sales"].get(f"/documents/{kept.json['id']}").json["title"] == HAN
    refused(upload(documents, b"x", kind="minutes", title=HAN + "案"), 422, title="too_long")
    refused(upload(documents, b"x", kind="minutes", title="a\x00b"), 422)
    marks = upload(documents, b"x", kind="minutes", title="a\u202eb\r\nc")
    assert programs["sales"].get(f"/documents/{marks.json['id']}").json["title"] == "abc"


FIELDS = [
    ({}, {"kind": "required"}),
    ({"kind": "novel"}, {"kind": "unknown"}),
    ({"kind": "minutes", "grade": "cosmic"}, {"grade": "unknown"}),
    ({"kind": "minutes", "dated": "2026-02-30"}, {"dated": "format"}),
    ({"kind": "minutes", "customer": "x"}, {"customer": "unknown"}),
    ({"kind": "minutes", "filing": "filed"}, {"filing": "unknown"}),
]


def test_fields_of_an_upload_are_checked(programs, documents):
    for fields, wrong in FIELDS:
        refused(programs["sales"].upload(documents, b"x", **fields), 422, **wrong)
    nothing_kept(programs, documents)


def test_an_upload_is_one_file_in_a_form(programs, documents):
    send = programs["sales"].send
    refused(send("POST", documents, json={"kind": "minutes"}), 415)
    refused(send("POST", documents, data={"kind": "minutes", "x": (io.BytesIO(b""), "")}), 422)
    two = {"kind": "minutes", "file": [(io.BytesIO(b"a"), "a"), (io.BytesIO(b"b"), "b")]}
    refused(send("POST", documents, data=two), 422, file="required")
    stray = {"kind": "minutes", "file": (io.BytesIO(b"a"), "a"), "more": (io.BytesIO(b"b"), "b")}
    refused(send("POST", documents, data=stray), 422, more="unknown")
    nothing_kept(programs, documents)


def test_an_upload_that_breaks_off_is_not_kept(programs, documents):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nminutes\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf of'
    )
    sent = {"data": body, "content_type": "multipart/form-data; boundary=x"}
    refused(programs["sales"].send("POST", documents, **sent), 422)
    short = announced(programs["sales"], documents, len(body) + 100, io.BytesIO(body))
    refused(short, 422)
    nothing_kept(programs, documents)


QUERIES = [
    "库" * 10_000,
    '" OR - * "" ( ) AND NOT : ~ ^ / \\',
    '"""',
    "a\x00b",
    "-" * 500,
    "* ? [a-z] .* $(id) ; DROP TABLE",
    "“没有收尾的引号",
    "OR OR OR",
    "😀 \ufffd \u202e",
]


def test_every_query_has_an_answer(programs):
    for q in QUERIES:
        for path in ("/search", "/customers"):
            answer = programs["sales"].get(path, query_string={"q": q})
            assert answer.status_code == 200, (q[:50], answer.text)


WRONG = [
    ({"nonsense": "1"}, {"nonsense": "unknown"}),
    ({"category": "vip"}, {"category.0": "unknown"}),
    ({"limit": "101"}, {"limit": "range"}),
    ({"limit": "0"}, {"limit": "range"}),
    ({"limit": "many"}, {"limit": "format"}),
    ({"from": "yesterday"}, {"from": "format"}),
    ({"year": "99999"}, {"year.0": "range"}),
    ({"sort": "price"}, {"sort": "unknown"}),
    ({"cursor": "made up"}, {"cursor": "invalid"}),
    ({"cursor": "eyJvIjotMX0"}, {"cursor": "invalid"}),
    ({"q": ["a", "b"]}, {"q": "repeated"}),
]


def test_search_parameters_are_checked(programs):
    for query, wrong in WRONG:
        problem = refused(programs["sales"].get("/search", query_string=query), 422)
        assert problem["fields"] == wrong


BODIES = [
    (b"", "application/json", 422),
    (b"{", "application/json", 422),
    (b"[]", "application/json", 422),
    (b"null", "application/json", 422),
    (b'{"name": NaN}', "application/json", 422),
    (b"[" * 100_000, "application/json", 422),
    (b'{"name": "x", "category": "intended"}', "text/plain", 415),
    (b'{"name": 7, "category": "intended"}', "application/json", 422),
    (b'{"name": "\\ud800", "category": "intended"}', "application/json", 422),
    (b'{"\\ud800": 1, "name": "x", "category": "intended"}', "application/json", 422),
    (b'{"name": "a\\u0000b", "category": "intended"}', "application/json", 422),
    (b'{"name": "", "category": "intended"}', "application/json", 422),
    (b'{"name": "a", "name": "b", "category": "intended"}', "application/json", 422),
    ('{"name": "x", "category": "intended"}'.encode("utf-16"), "application/json", 422),
    (b'{"name": "x", "category": "intended", "status": "filed"}', "application/json", 422),
    (b'{"name": "x", "category": "intended", "owner": "nobody"}', "application/json", 422),
    (
        b'{"name": "x", "category": "intended", "fields": {"no.such": {"value": "1"}}}',
        "application/json",
        422,
    ),
    (
        b'{"name": "x", "category": "intended", "fields": {"company.scale": {"value": "1"}}}',
        "application/json",
        422,
    ),
    (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413),
]


def test_bodies_are_checked(programs):
    for body, media_type, status in BODIES:
        answer = programs["sales"].send("POST", "/customers", data=body, content_type=media_type)
        refused(answer, status)
    assert programs["sales"].get("/customers").json["total"] == 0


def test_extra_members_are_refused_on_every_write(programs, customer):
    document = programs.world.document(customer, "纪要", by="sales").id
    writes = [
        ("PATCH", f"/customers/{customer}", {}),
        ("POST", f"/customers/{customer}/file", {}),
        ("POST", f"/customers/{customer}/category", {"to": "active", "reason": "签约"}),
        ("PATCH", f"/documents/{document}", {}),
        ("POST", f"/documents/{document}/file", {}),
        ("POST", f"/documents/{document}/return", {"reason": "x"}),
        ("POST", f"/documents/{document}/withdraw", {"reason": "x"}),
        ("POST", f"/documents/{document}/move", {"customer": customer, "reason": "x"}),
    ]
    for extra in ("number_", "owner_id", "status", "filing", "uploader"):
        for method, path, body in writes:
            answer = programs["archivist"].send(
                method, path, json={**body, extra: "x"}, headers={"If-Match": "*"}
            )
            refused(answer, 422, **{extra: "unknown"})


def test_properties_are_changed_and_emptied(programs, customer):
    added = programs["sales"].upload(
        f"/customers/{customer}/documents", b"x", kind="minutes", number="7", dated="2026-01-02"
    )
    path = f"/documents/{added.json['id']}"
    changed = (
        programs["sales"]
        .patch(
            path,
            {"title": "会议纪要", "grade": "secret", "number": None, "dated": None},
            etag='"1"',
        )
        .json
    )
    assert (changed["title"], changed["grade"]) == ("会议纪要", "secret")
    assert (changed["number"], changed["dated"]) == ("", None)
    lower = programs["sales"].patch(path, {"grade": "general"}, etag='"2"')
    refused(lower, 403)
    refused(programs["sales"].patch(path, {"title": ""}, etag='"2"'), 422, title="required")
