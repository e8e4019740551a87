"""What a child says of a file is taken only in exactly the shape that it has."""

import json
import struct
import tracemalloc

import pytest

from indexer.extract.result import Extracted, Failed, Note, Page, Reason
from indexer.extract.wire import FRAME_LIMIT, MOST_PAGES, Broken, pack_result, unpack_result

READ = Extracted(
    (
        Page(1, "库卡机器人 𠮷\n", "封面", 595.3, 841.9, 90, Note.SUSPECT_LAYER),
        Page(2, ""),
        Page(3, 'a "b" \\ c', "iii"),
    ),
    "reader 1",
    notes=(Note.SUSPECT_LAYER, Note.TRUNCATED),
    truncated=7,
)
HEAD = {"extractor": "r", "origin": "layer", "notes": [], "truncated": 0}


def said(head, pages=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("!I", len(text)) + text + pages


def page(text=b"x", *, size=1, label=0, width=1.0, note=0):
    return struct.pack("!IHddHB", size, label, width, 1.0, 0, note) + text


@pytest.mark.parametrize(
    "result", [READ, Extracted((), "r"), Failed(Reason.PASSWORD, "上锁"), Failed(Reason.DAMAGED)]
)
def test_a_result_comes_over_as_it_was(result):
    assert unpack_result(pack_result(result)) == result


def test_half_a_character_does_not_stop_a_result():
    found = unpack_result(pack_result(Extracted((Page(1, "a\ud842"),), "r")))
    assert isinstance(found, Extracted)
    assert found.text == "a?"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\0\0",
        said(b"\xff"),
        said(7),
        said([]),
        said({}),
        said(b"[" * 15_000),
        said({"reason": "hacked", "detail": ""}),
        said({"reason": "damaged", "detail": 1}),
        said(HEAD | {"extractor": "\ud842"}),
        said(HEAD | {"notes": ["fine"]}),
        said(HEAD | {"truncated": -1}),
        said(HEAD | {"truncated": True}),
        said(b" " * 20_000 + json.dumps(HEAD).encode()),
        said(HEAD)[:-1],
        said(HEAD, b"x"),
        said(HEAD, page(size=2)),
        said(HEAD, page(size=0xFFFFFFFF)),
        said(HEAD, page(label=1)),
        said(HEAD, page(b"\xff")),
        said(HEAD, page(width=float("nan"))),
        said(HEAD, page(width=float("inf"))),
        said(HEAD, page(note=99)),
        said(HEAD, page() * (MOST_PAGES + 1)),
    ],
)
def test_what_has_another_shape_is_refused(payload):
    with pytest.raises(Broken):
        unpack_result(payload)


@pytest.mark.parametrize("pattern", [b"[],", b"{},", b"[[", b'"",', bytes(27)])
def test_no_result_costs_the_supervisor_many_times_its_size(pattern):
    payload = pattern * (FRAME_LIMIT // 16 // len(pattern))
    tracemalloc.start()
    try:
        for crafted in (said(b"[" + payload + b"0]"), said(HEAD, payload), payload):
            with pytest.raises(Broken):
                unpack_result(crafted)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(payload)
    finally:
        tracemalloc.stop()
