"""Correcting recognised text over HTTP: found at once, with history; nothing else is touched."""

import re

import pytest
from sqlalchemy import func, select

from service import number_places, texts
from service.codes import Category
from service.models import Document, Suggestion, Text, TextPart
from service.permissions import Action
from tests.indexer import pdfs
from tests.logged import entries
from tests.recognised import scan
from tests.web.programs import based_on

FIRST = [("更换减迷机一台", 0.55), ("电话 13800138000", 0.95), ("乙方：苏州焊接", 0.97)]
SECOND = [("第二页 验收合格", 0.98)]
PHONE = "13912345678"
CORRECTED = f"更换减速机一台\n电话 {PHONE}\n乙方：苏州焊接\n补充：无"


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    made = {
        "scan": scan(world, customer, FIRST, SECOND, by="sales").id,
        "filed": scan(world, customer, FIRST, by="sales").id,
        "contract": scan(world, customer, FIRST, kind="contract").id,
        "typed": world.document(
            customer, pdfs.written(["减速机"]), by="sales", file_name="a.pdf"
        ).id,
    }
    world.work()
    world.file(made["filed"])
    world.work()
    return made


@pytest.fixture
def made(furnished):
    return furnished[1]


def page(document, no=1):
    return f"/documents/{document}/pages/{no}/text"


def corrected(programs, document, text=CORRECTED, *, by="sales", no=1):
    """Correct a page on the state that it is in."""
    answer = programs[by].patch(
        page(document, no), {"text": text}, etag=programs[by].etag(page(document, no))
    )
    assert answer.status_code == 200, answer.text
    programs.world.work()
    return answer


def test_the_corrected_word_is_found_and_the_wrong_one_no_longer(programs, made):
    world = programs.world
    before = world.found("减迷机", by="sales")
    assert made["scan"] in before
    before_original = world.original(made["scan"], "sales")
    answer = corrected(programs, made["scan"])
    assert answer.json["text"] == CORRECTED
    assert (answer.json["origin"], answer.json["revision"]) == ("corrected", 2)
    assert made["scan"] in world.found("减速机一台", by="sales")
    assert world.found("减迷机", by="sales") == before - {made["scan"]}
    assert made["scan"] in world.found("验收合格", by="sales")
    assert world.original(made["scan"], "sales") == before_original
    (item,) = (i for i in world.search("减速机", by="sales").items if i.id == made["scan"])
    assert "减速机" in "".join(s.text for snippet in item.snippets for s in snippet)
    assert world.verify().code == 0


def test_a_hit_on_a_corrected_page_is_boxed_where_the_wrong_word_stood(programs, made):
    sales, path = programs["sales"], f"/documents/{made['scan']}/pages/1/hits"
    wrong = sales.get(path, query_string={"q": "减迷机"}).json["hits"][0]["boxes"]
    other = sales.get(path, query_string={"q": "苏州"}).json["hits"][0]["boxes"]
    corrected(programs, made["scan"])
    (right,) = sales.get(path, query_string={"q": "减速机"}).json["hits"][0]["boxes"]
    assert right["quad"] == pytest.approx(wrong[0]["quad"], abs=0.1)
    assert right["confidence"] is None
    assert sales.get(path, query_string={"q": "苏州"}).json["hits"][0]["boxes"] == other
    assert sales.get(path, query_string={"q": "补充"}).json["hits"][0]["boxes"] == []


def test_personal_numbers_are_found_again_in_what_was_corrected(programs, made):
    world = programs.world
    corrected(programs, made["scan"])
    assert made["scan"] in world.found(PHONE, by="sales")
    assert made["scan"] not in world.found("13800138000", by="sales")
    with world.archive.db.read() as db:
        text = texts.newest_id(db, world.shown(made["scan"], "sales").version.id) or ""
        (place,) = number_places.of_text(db, text)
    (box,) = place.boxes or ()
    assert (place.page, box[1]) == (1, 40.0)


def test_the_history_says_who_and_what_and_an_earlier_revision_can_be_taken_again(programs, made):
    sales, path = programs["sales"], f"/documents/{made['scan']}/text/history"
    corrected(programs, made["scan"])
    corrected(programs, made["scan"], "第二页 验收不合格", no=2)
    found = sales.get(path)
    assert found.headers["ETag"] == '"1.3"'
    newest, middle, first = found.json["revisions"]
    assert (newest["revision"], newest["changed"], newest["based_on"]) == (3, "2", 2)
    assert (middle["by"]["name"], middle["changed"]) == ("SALES", "1")
    assert (first["origin"], first["by"], first["shown"]) == ("ocr", None, False)
    difference = sales.get(f"/documents/{made['scan']}/text/difference?revision=2").json
    assert (difference["against"], [p["n"] for p in difference["pages"]]) == (1, [1])
    assert difference["pages"][0]["changes"] == [
        {"before": "更换减迷机一台", "after": "更换减速机一台"},
        {"before": "电话 13800138000", "after": f"电话 {PHONE}"},
        {"before": None, "after": "补充：无"},
    ]
    back = sales.act(path, {"revision": 1}, etag='"1.3"')
    assert back.status_code == 200, back.text
    assert [r["revision"] for r in back.json["revisions"]] == [4, 3, 2, 1]
    assert (back.json["revisions"][0]["based_on"], back.json["revisions"][0]["changed"]) == (
        1,
        "1-2",
    )
    assert sales.get(page(made["scan"])).json["text"].startswith("更换减迷机一台")
    programs.world.work()
    assert made["scan"] in programs.world.found("减迷机", by="sales")
    again = sales.act(path, {"revision": 1}, etag='"1.4"')
    assert (again.status_code, again.json["fields"]) == (422, {"text": "unchanged"})
    assert sales.act(path, {"revision": 9}, etag='"1.4"').status_code == 404


def test_of_two_at_once_one_is_told_so(programs, made):
    tag = programs["sales"].etag(page(made["scan"]))
    assert tag == '"1.1"'
    corrected(programs, made["scan"], "甲的文字")
    late = programs["archivist"].patch(page(made["scan"]), {"text": "乙的文字"}, etag=tag)
    assert late.status_code == 412
    assert programs["sales"].get(page(made["scan"])).json["text"] == "甲的文字"
    assert programs["sales"].patch(page(made["scan"]), {"text": "x"}).status_code == 428


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "required"),
        (" \n\t\n", "required"),
        ("\x01\ufeff\u2028", "required"),
        ("长" * 50_001, "too_long"),
        ("\n".join(line for line, _ in FIRST) + "\r\n\r\n", "unchanged"),
    ],
    ids=["empty", "blank", "unprintable", "too long", "the same"],
)
def test_what_cannot_be_a_text_is_refused_in_words(programs, made, text, problem):
    answer = programs["sales"].patch(page(made["scan"]), {"text": text}, etag='"1.1"')
    assert (answer.status_code, answer.json["fields"]) == (422, {"text": problem})
    assert re.search(r"[一-龥]{4}", answer.json["detail"])
    assert programs["sales"].get(page(made["scan"])).json["revision"] == 1


def test_what_a_file_says_itself_is_not_corrected(programs, made):
    shown = programs["sales"].get(page(made["typed"])).json
    assert (shown["origin"], shown["correctable"]) == ("layer", False)
    answer = programs["sales"].patch(page(made["typed"]), {"text": "别的"}, etag='"1.1"')
    assert answer.status_code == 409
    assert programs["sales"].patch(page(made["typed"], 9), {"text": "x"}).status_code == 404


def test_after_filing_only_those_correct_who_may_still_edit(programs, made):
    refused = programs["sales"].patch(page(made["filed"]), {"text": CORRECTED}, etag='"1.1"')
    assert refused.status_code == 403
    assert "减速机" not in programs["sales"].get(page(made["filed"])).json["text"]
    with programs.world.archive.db.read() as db:
        before = db.scalars(select(Suggestion.ct)).all()
    corrected(programs, made["filed"], by="archivist")
    with programs.world.archive.db.read() as db:
        assert db.scalars(select(Suggestion.ct)).all() == before
        assert db.get_one(Document, made["filed"]).shown
    assert programs["sales"].get(f"/documents/{made['filed']}").json["filing"] == "filed"


def test_who_may_not_read_it_sees_and_changes_nothing(programs, made):
    hidden, technical = made["contract"], programs["technical"]
    absent = technical.get(f"/documents/{'a' * 26}")
    paths = [page(hidden), f"/documents/{hidden}/text/history"]
    for path in (*paths, f"/documents/{hidden}/text/difference?revision=1"):
        assert technical.get(path).data == absent.data
    assert technical.patch(paths[0], {"text": "x"}, etag='"1.1"').data == absent.data
    assert technical.act(paths[1], {"revision": 1}, etag='"1.1"').data == absent.data
    assert programs["archivist"].get(paths[0]).json["revision"] == 1


def test_who_may_change_what_is_said_of_it_but_not_read_it_corrects_nothing(programs, made):
    world, archivist = programs.world, programs["archivist"]
    customer = world.customer("宁波同屿机电有限公司", owner="sales2").id
    scanned = scan(world, customer, FIRST, kind="contract", by="sales2")
    document = scanned.id
    assert archivist.get(page(document)).status_code == 404
    refused = archivist.patch(page(document), {"text": CORRECTED}, etag='"1.1"')
    assert refused.status_code == 403
    assert "减迷机" not in refused.text
    back = archivist.act(f"/documents/{document}/text/history", {"revision": 1}, etag='"1.1"')
    assert back.status_code == 403
    with world.archive.db.read() as db:
        shown = texts.shown(db, scanned.version.id)
    assert shown is not None
    assert shown.revision == 1


def test_the_log_names_page_and_revision_and_keeps_the_words_sealed(programs, made):
    corrected(programs, made["scan"])
    entry = entries(programs.world, Action.DOCUMENT_EDIT)[-1]
    assert (entry["part"], entry["verb"]) == ({"page": 1}, "update")
    assert entry["object"]["id"] == made["scan"]
    assert entry["detail"]["revision"] == 2
    assert entry["detail"]["before"].startswith("更换减迷机一台\n电话 13800138000")
    assert entry["detail"]["after"].startswith("更换减速机一台")
    assert "减速机" not in str({k: v for k, v in entry.items() if k != "detail"})
    read = entries(programs.world, Action.DOCUMENT_TEXT)
    assert read[-1]["part"] == {"page": 1}


def test_nothing_of_a_correction_lies_open_in_the_database(programs, made):
    corrected(programs, made["scan"])
    with programs.world.archive.db.read() as db:
        last = db.scalars(select(Text).order_by(Text.created.desc()).limit(1)).one()
        parts = db.scalars(select(TextPart.ct).where(TextPart.text == last.id)).all()
        assert db.scalar(select(func.count()).select_from(Text).where(Text.created_by.is_not(None)))
    assert parts
    assert all("减速机".encode() not in part for part in parts)


def test_sent_twice_under_one_key_it_is_done_once(programs, made):
    headers = based_on('"1.1"') | {"Idempotency-Key": "once"}
    send = {"json": {"text": CORRECTED}, "headers": headers}
    first = programs["sales"].send("PATCH", page(made["scan"]), **send)
    second = programs["sales"].send("PATCH", page(made["scan"]), **send)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.data == second.data
    assert programs["sales"].get(page(made["scan"])).json["revision"] == 2
