"""Originals come back byte for byte, whole or in ranges, under their own name."""

import random

import pytest

CONTENT = random.Random(7).randbytes(200_000)  # three segments and a piece of the stored form


@pytest.fixture
def path(programs):
    """Where the content of a document is."""
    customer = programs.world.customer(owner="sales").id
    data = b"%PDF-1.7\n" + CONTENT
    document = programs.world.document(customer, data, file_name="报价 2026.pdf")
    return f"/documents/{document.id}/content"


WHOLE = b"%PDF-1.7\n" + CONTENT


def ranged(programs, path, value, **headers):
    return programs["sales"].get(path, headers={"Range": value, **headers})


def test_the_original_comes_back_byte_for_byte(programs, path):
    answer = programs["sales"].get(path)
    assert answer.status_code == 200
    assert answer.data == WHOLE
    assert answer.headers["Content-Length"] == str(len(WHOLE))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Content-Type"] == "application/pdf"


RANGES = [
    ("bytes=0-0", 0, 0),
    ("bytes=65530-131080", 65530, 131080),
    ("bytes=200000-", 200_000, len(WHOLE) - 1),
    ("bytes=-100", len(WHOLE) - 100, len(WHOLE) - 1),
    ("bytes=0-99999999", 0, len(WHOLE) - 1),
    ("bytes=-99999999", 0, len(WHOLE) - 1),
]


def test_a_range_is_that_part(programs, path):
    for value, first, last in RANGES:
        answer = ranged(programs, path, value)
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(WHOLE)}"
        assert answer.data == WHOLE[first : last + 1]
        assert answer.headers["Content-Length"] == str(last + 1 - first)


def test_a_range_outside_the_file_is_416_and_says_how_large_it_is(programs, path):
    for value in (f"bytes={len(WHOLE)}-", "bytes=-0"):
        answer = ranged(programs, path, value)
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{len(WHOLE)}"


def test_a_range_that_makes_no_sense_gives_the_whole(programs, path):
    for value in ("bytes=5-2", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6", "bytes=-"):
        answer = ranged(programs, path, value)
        assert (answer.status_code, answer.data) == (200, WHOLE), value


def test_a_range_of_other_content_gives_the_whole(programs, path):
    etag = programs["sales"].get(path).headers["ETag"]
    assert ranged(programs, path, "bytes=0-9", **{"If-Range": '"other"'}).status_code == 200
    same = ranged(programs, path, "bytes=0-9", **{"If-Range": etag})
    assert (same.status_code, same.data) == (206, WHOLE[:10])


def test_the_name_is_its_own_in_every_client(programs, path):
    disposition = programs["sales"].get(path).headers["Content-Disposition"]
    assert disposition.startswith("attachment; ")
    assert "filename*=UTF-8''%E6%8A%A5%E4%BB%B7%202026.pdf" in disposition
    assert disposition.isascii()


def test_nothing_of_it_runs_in_a_browser(programs, path):
    headers = programs["sales"].get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert "no-store" in headers["Cache-Control"]


def test_an_older_version_is_still_there(programs, path):
    document = path.removesuffix("/content")
    programs["service_officer"].upload(f"{document}/versions", b"second")
    assert programs["sales"].get(path).data == b"second"
    assert programs["sales"].get(f"{path}?version=1").data == WHOLE
    assert programs["sales"].get(f"{path}?version=3").status_code == 404


def test_the_log_has_the_download_and_its_delivery(programs, path):
    assert programs["sales"].get(path).data == WHOLE
    events = programs["auditor"].get("/audit/events?action=document.original").json["items"]
    assert [e["phase"] for e in events] == ["delivered", "outcome", "intent"]
    assert events[0]["bytes"] == len(WHOLE)
    assert {e["ref"] for e in events[:2]} == {events[2]["seq"]}


def test_further_ranges_refer_to_the_reading(programs, path):
    programs["sales"].get(path)
    assert ranged(programs, path, "bytes=0-9").data == WHOLE[:10]
    events = programs["auditor"].get("/audit/events?action=document.original").json["items"]
    assert (events[0]["phase"], events[0]["ref"]) == ("event", events[-1]["seq"])


def test_head_tells_the_size_and_sends_nothing(programs, path):
    answer = programs["sales"].send("HEAD", path)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(WHOLE))
