"""Word files and slides as pages, where a program lays them out; else as text, as ever."""

import os
import re
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select, update

from indexer import renditions as laying_out
from indexer import spreading
from service import upkeep
from service.codes import Category
from service.models import AuditEvent, Blob, Job, Rendering
from tests.indexer import docxs, pdfs, pptxs
from tests.indexer.offices import PRINTS, program

#: The program adds a header of its own and numbers; the remark and the note are not printed.
CLAUSES = [f"第{no}条内容：更换减速机{no}台，费用由甲方承担" for no in range(1, 7)]
NOTE = "只在文中的备注：减速机另行报价，以双方书面确认为准"
HEADER = "苏州焊接机器人有限公司 服务合同 更换减速机与日常保养 二〇二六年版 内部文件请勿外传"
PRINTED = [
    "\n".join([HEADER, *(f"{no}. {CLAUSES[no]}" for no in (0, 1))]),
    "\n".join([HEADER, *(f"{no}. {CLAUSES[no]}" for no in (2, 3))]),
    "图",
    "\n".join([HEADER, *(f"{no}. {CLAUSES[no]}" for no in (4, 5))]),
]


@contextmanager
def office(world, body=PRINTS, pages=PRINTED):
    """Give the archive a program that prints these pages, whatever it is given."""
    before = world.archive.settings
    with program(body, {"printed.pdf": pdfs.written(pages)}) as path:
        world.archive.settings = replace(before, soffice=path)
        yield
    world.archive.settings = before


def contract():
    paragraphs = [*CLAUSES[:3], NOTE, *CLAUSES[3:]]
    return written(*paragraphs)


def written(*paragraphs):
    return docxs.by_hand("".join(docxs.paragraph(docxs.run(text)) for text in paragraphs))


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales").id

    def added(content, file_name, kind="repair"):
        made = world.document(customer, content, kind=kind, by="sales", file_name=file_name)
        return made.id

    with office(world):
        found = {"word": added(contract(), "合同.docx")}
        found["hidden"] = world.document(
            customer, contract(), kind="contract", file_name="别的.docx"
        ).id
        world.work()
    with office(world, pages=["减速机", "第二张 减速机"]):
        slides = [pptxs.shape(pptxs.paragraph(text)) for text in ("减速机", "第二张 减速机")]
        found["slides"] = added(pptxs.deck(*slides), "介绍.pptx")
        world.work()
    with office(world, body="exit 1"):
        found["failed"] = added(written("打不开的减速机"), "坏.docx")
        world.work()
    found["text"] = added(written("没有版面的减速机"), "文.docx")
    world.work()
    return found


@pytest.fixture
def paths(furnished):
    return {name: f"/documents/{one}" for name, one in furnished[1].items()}


def rows(world, statement):
    with world.archive.db.read() as db:
        return db.execute(statement).all()


def articles(page):
    """Return the pages that a page of a document shows: number, whether as image, its text."""
    whole = r'<article class="sheet([^"]*)" id="page-(\d+)">(.*?)</article>'
    found = re.findall(whole, page, re.DOTALL)
    words = [re.sub(r"<[^>]+>", "", part.split('class="text"')[-1]) for _, _, part in found]
    return [
        (int(no), "image" in how, text) for (how, no, _), text in zip(found, words, strict=True)
    ]


def test_a_word_file_is_shown_by_the_pages_of_its_rendition_with_its_whole_text(portal, paths):
    shown = articles(portal["sales"].html(paths["word"]))
    assert [(no, image) for no, image, _ in shown] == [(n, True) for n in (1, 2, 3, 4)]
    for clause, page in zip(CLAUSES, (1, 1, 2, 2, 4, 4), strict=True):
        assert [no for no, _, text in shown if clause in text] == [page]
    assert [no for no, _, text in shown if NOTE in text] == [2]
    assert not any("二〇二六年版" in text for _, _, text in shown)


def test_hits_stand_on_their_pages_and_what_was_not_printed_is_marked_in_the_text(portal, paths):
    page = portal["sales"].html(f"{paths['word']}?q=减速机")
    boxes = re.findall(r'<a id="hit-(\d)" class="box" [^>]*第 (\d) 页：减速机"', page)
    assert boxes == [("1", "1"), ("2", "1"), ("3", "2"), ("5", "2"), ("6", "4"), ("7", "4")]
    assert '<mark id="hit-4">减速机</mark>' in page
    assert '<mark id="text-5">减速机</mark>' in page
    assert re.findall(r"本页有 (\d) 处命中未印在版面上，请看文字层", page) == ["1"]


def test_hits_on_the_further_pages_of_a_long_file_are_boxed_in_further_goes(portal, monkeypatch):
    world, person = portal.world, portal["sales"]
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    monkeypatch.setattr(spreading, "AT_ONCE", 1)
    texts = ["减速机", "第二张 减速机"]
    slides = pptxs.deck(*(pptxs.shape(pptxs.paragraph(text)) for text in texts))

    def added(content, name, pages):
        with office(world, pages=pages):
            made = world.document(customer, content, kind="repair", by="sales", file_name=name)
            world.work()
        return f"/documents/{made.id}?q=减速机"

    word, shown = added(contract(), "合同.docx", PRINTED), added(slides, "介绍.pptx", texts)

    def boxed():
        hits = r'<a id="hit-(\d)" class="box" [^>]*第 (\d) 页：减速机"'
        return [[int(page) for _, page in re.findall(hits, person.html(p))] for p in (word, shown)]

    assert boxed() == [[1, 1, 2, 2, 4, 4], [1, 2]]
    pages = articles(person.html(word))
    for clause, page in zip(CLAUSES, (1, 1, 2, 2, 4, 4), strict=True):
        assert [no for no, _, text in pages if clause in text] == [page]
    further = Job.kind == "spread"
    goes = rows(world, select(Job.n).where(further, Job.state == "done").order_by(Job.n))
    assert goes == [(2,), (2,), (3,), (4,)]
    # a worker that died may have done them already
    with world.archive.db.write() as db:
        db.execute(update(Job).where(further).values(state="waiting"))
    world.work()
    assert rows(world, select(Job.n).where(further, Job.state != "done")) == []
    assert boxed() == [[1, 1, 2, 2, 4, 4], [1, 2]]


def test_programs_get_its_pages_and_hits_too(programs, furnished):
    path = f"/documents/{furnished[1]['word']}"
    sales = programs["sales"]
    assert sales.get(f"{path}/thumbnail").headers["Content-Type"] == "image/jpeg"
    assert sales.get(f"{path}/pages/4").headers["Content-Type"] == "image/jpeg"
    assert sales.get(f"{path}/pages/5").status_code == 404
    hits = sales.get(f"{path}/pages/2/hits", query_string={"q": "减速机"}).json
    assert (round(hits["width"]), hits["total"]) == (595, 7)
    assert [(hit["n"], bool(hit["boxes"])) for hit in hits["hits"]] == [
        (3, True),
        (4, False),
        (5, True),
    ]
    assert sales.get(f"{path}/pages/3/hits", query_string={"q": "减速机"}).json["hits"] == []


def test_slides_keep_the_pages_that_their_text_has(portal, paths):
    page = portal["sales"].html(f"{paths['slides']}?q=减速机")
    assert [(no, image) for no, image, _ in articles(page)] == [(1, True), (2, True)]
    assert re.findall(r'<a id="hit-(\d)" class="box" [^>]*第 (\d) 页', page) == [
        ("1", "1"),
        ("2", "2"),
    ]


def test_a_file_that_cannot_be_laid_out_is_read_as_text_and_says_why(portal, paths, furnished):
    page = portal["sales"].html(f"{paths['failed']}?q=减速机")
    assert "本文件没有可看的页面" in page
    assert "LibreOffice 无法为该文件排版" in page
    assert '<mark id="hit-1">减速机</mark>' in page
    assert "<img" not in page
    assert portal["sales"].get(f"{paths['failed']}/pages/1").status_code == 404


def test_without_the_program_a_word_file_is_read_as_text(portal, paths, programs, furnished):
    page = portal["sales"].html(f"{paths['text']}?q=减速机")
    assert '<mark id="hit-1">减速机</mark>' in page
    assert "<img" not in page
    assert "没有可看的页面" not in page
    world, text = portal.world, furnished[1]["text"]
    for part in ("thumbnail", "pages/1", "pages/1/hits?q=减速机"):
        assert programs["sales"].get(f"/documents/{text}/{part}").status_code == 404
    version = world.shown(text, "sales").version.id
    assert rows(world, select(Job.id).where(Job.subject == version, Job.kind == "render")) == []
    assert rows(world, select(Rendering.no).where(Rendering.version == version)) == []


def test_pages_are_drawn_from_the_stored_rendition_even_where_no_program_is(portal, paths):
    world, person = portal.world, portal["sales"]
    made = "word"
    with world.archive.db.write() as db:
        for blob in db.scalars(select(Blob).where(Blob.role == "page", Blob.n == 4)):
            db.delete(blob)
    address = f"{paths[made]}/pages/4?version=1"
    assert person.get(address).status_code == 202
    world.work()
    assert person.get(address).headers["Content-Type"] == "image/jpeg"


def test_what_was_read_before_there_was_a_program_is_laid_out_when_there_is(portal, paths):
    world = portal.world
    with office(world, pages=["没有版面的减速机"]):
        assert laying_out.queue_missing(world.archive) == 1
        assert laying_out.queue_missing(world.archive) == 0
        world.work()
    page = portal["sales"].html(f"{paths['text']}?q=减速机")
    assert [(no, image) for no, image, _ in articles(page)] == [(1, True)]
    assert 'class="box"' in page


@contextmanager
def going(world):
    """Let a worker go round beside the test, with all its loops."""
    with world.worker() as worker:
        thread = threading.Thread(target=worker.go_round)
        thread.start()
        try:
            yield
        finally:
            worker.stop()
            thread.join()


def until(found, seconds=30.0):
    """Ask until there is an answer."""
    latest = monotonic() + seconds
    while not (answer := found()):
        assert monotonic() < latest, "it never came"
        threading.Event().wait(0.02)
    return answer


def test_pages_of_others_are_drawn_while_the_program_hangs(portal):
    world, person = portal.world, portal["sales"]
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    with office(world, body=f'read -r word < "$home/gate"\n{PRINTS}'), ExitStack() as after:
        gate = Path(world.archive.settings.soffice).with_name("gate")
        os.mkfifo(gate)
        gate.chmod(0o644)
        held = os.open(gate, os.O_RDWR)
        after.callback(os.close, held)
        after.enter_context(going(world))
        # what was read before there was a program has its turn, too
        after.callback(os.write, held, b"go\n" * 9)
        word = world.document(customer, contract(), by="sales", file_name="合同.docx").id
        hangs = select(Job.id).where(Job.kind == "lay_out", Job.state == "running")
        until(lambda: rows(world, hangs))
        pdf = world.document(customer, pdfs.written(["减速机"]), by="sales", file_name="单.pdf").id
        until(lambda: person.get(f"/documents/{pdf}/pages/1?version=1").status_code == 200)
        assert rows(world, hangs)
        assert "<img" not in person.html(f"/documents/{word}")
        os.write(held, b"go\n" * 9)
        until(lambda: "<img" in person.html(f"/documents/{word}"))
    assert world.verify().code == 0


def test_the_rendition_is_sealed_and_making_it_is_in_the_log(world, furnished):
    version = world.shown(furnished[1]["word"], "sales").version.id
    (found,) = rows(
        world, select(Blob.id, Blob.n).where(Blob.version == version, Blob.role == "render")
    )
    assert found.n == 0
    assert not any(
        "%PDF" in repr(world.archive.blobs.open(stored.name, 0, 5).read())
        for stored in world.archive.blobs.list()
    )
    failed = rows(
        world,
        select(AuditEvent.decision).where(
            AuditEvent.action == "document.render",
            AuditEvent.phase == "outcome",
            AuditEvent.decision == "fail",
        ),
    )
    assert len(failed) == 1


def test_pages_of_a_hidden_word_file_are_like_those_of_an_absent_one(portal, paths):
    person = portal["technical"]
    for path in ("", "/pages/1", "/pages/1/thumbnail", "/pages/1/hits?q=减速机"):
        assert person.get(f"{paths['hidden']}{path}").status_code == 404, path


def test_the_status_page_says_whether_files_are_laid_out(portal):
    unused = "未使用：Word 文件和幻灯片以文字显示"
    shown = {
        "ready": {"可为 Word 文件和幻灯片排版"},
        "absent": {"未安装：Word 文件和幻灯片以文字显示"},
        "off": {unused},
        "unwalled": {unused, "LibreOffice 已安装但未使用"},
    }
    for state, words in shown.items():
        upkeep.go_round(portal.world.archive, "worker", {"office": state})
        page = portal["system_admin"].html("/status")
        assert {said for said in set().union(*shown.values()) if said in page} == words


def test_a_worker_tells_whether_it_lays_out_files(world):
    with world.worker() as worker:
        assert worker.told()["office"] == "off"
    with office(world), world.worker() as worker:
        assert worker.told()["office"] == "ready"
