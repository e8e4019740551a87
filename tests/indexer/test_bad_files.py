"""Bad files end in a state whose reason people understand, are kept, and are not called found."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from indexer.extract.sandbox import Sandbox
from service.codes import Processing
from tests.indexer import attacks, docxs, mails, oles, pdfs, scans, sheets, zips
from tests.web.browsing import Portal
from tests.world import World

OFFICER = "service_officer"
#: What every one of these files would be found by, if anything of it were read.
WORD = "谐波减速器"


def files() -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """Return by name a file, and the sentences of which one says what became of it."""
    whole = pdfs.written([f"{WORD}的维护\n" * 30] * 20)
    damaged, much, ended = "文件损坏", "过于复杂", "为安全起见"
    return {
        "截断.pdf": (whole[:9_000], (damaged,)),
        "截断.docx": (docxs.by_library()[:-900], (damaged,)),
        "截断.zip": (zips.packed((f"{WORD}.txt", b"x" * 900))[:-9], (damaged,)),
        "加密.pdf": (pdfs.written([WORD], password="secret"), ("文件设有打开口令",)),
        "膨胀.pdf": (pdfs.flate_bomb(), (much, ended)),
        "转圈.pdf": (pdfs.page_loop(), (damaged, much, ended)),
        "巨图.png": (scans.saved(Image.new("1", (9_000, 9_000), 1)), (much,)),
        "膨胀.docx": (docxs.by_hand(docxs.paragraph(WORD) + " " * (64 << 20)), (much,)),
        "膨胀.xlsx": (sheets.by_hand(" " * (64 << 20)), (much,)),
        "重叠.zip": (zips.overlapping(), (much,)),
        "实体.docx": (attacks.document("&e59;", prolog=attacks.entities()), (damaged,)),
        "深层.html": (b"<html><body>" + b"<div>" * 200_000 + WORD.encode(), (much,)),
        "无字.pdf": (pdfs.one_page(pdfs.stream(b"")), ("文件中没有找到文字",)),
    }


@pytest.fixture
def hurried(peopled: Path, tmp_path: Path, hasty: Sandbox) -> Iterator[World]:
    """An archive whose readers get one second of the processor."""
    with World.copied(peopled, tmp_path / "data", hasty) as opened:
        yield opened


def test_every_bad_file_says_why_it_is_not_read_and_the_good_one_is_found(hurried: World) -> None:
    customer, before = hurried.customer().id, os.getpid()
    bad = files()
    made = {
        name: hurried.document(customer, content, file_name=name).id
        for name, (content, _) in bad.items()
    }
    good = hurried.document(customer, f"{WORD}完好", file_name="完好.txt").id
    hurried.work()
    assert hurried.found(WORD, by=OFFICER) == {good}
    person = Portal.of(hurried)[OFFICER]
    for name, (content, sentences) in bad.items():
        version = hurried.shown(made[name], OFFICER).version
        assert version.processing in (Processing.FAILED, Processing.PROPERTIES_ONLY), name
        page = person.html(f"/documents/{made[name]}")
        assert any(sentence in page for sentence in sentences), (name, version.error)
        assert hurried.original(made[name], OFFICER) == content, name
    assert os.getpid() == before


def test_messages_that_hold_themselves_or_others_without_end_are_taken_to_a_depth(
    world: World,
) -> None:
    header = "Content-Type: message/rfc822"
    letter = mails.mail("Subject: inner", body=b"x")
    for _ in range(200):
        letter = mails.mail("Subject: outer", header, body=letter)
    own = bytearray(
        oles.ole(
            oles.message(
                {0x0037: "外", 0x1000: "正文"},
                attached=(oles.attached_message(oles.message({0x0037: "内"}, inner=True)),),
            )
        )
    )
    inner, outer = (
        own.index(name.encode("utf-16-le")) + 76 for name in ("__substg1.0_3701000D", "Root Entry")
    )
    own[inner : inner + 4] = own[outer : outer + 4]  # what is attached is the message itself
    customer = world.customer().id
    made = [
        world.document(customer, content, file_name=name).id
        for name, content in (("层层.eml", letter), ("自身.msg", bytes(own)))
    ]
    world.work()
    found = []
    for document in made:
        view, depth = world.shown(document, OFFICER), 0
        assert view.version.processing is Processing.SEARCHABLE
        while view.family.children:
            (child,) = view.family.children
            view, depth = world.shown(child.id, OFFICER), depth + 1
        assert view.family.unpacked
        (only,) = view.family.unpacked.left
        found.append((depth, only.reason))
    assert found == [(3, "too_deep"), (0, "damaged")]
