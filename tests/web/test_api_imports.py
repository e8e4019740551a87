"""Imports by programs: announced, sent one by one, reported; nothing twice, nothing to others."""

import csv
import io
import json
from dataclasses import replace

import pytest

from service.models import Document
from tests.indexer import zips

FILES = {"合同/主合同.txt": "减速机采购", "纪要.txt": "更换后恢复"}


@pytest.fixture
def customer(programs):
    return programs.world.customer(owner="sales").id


def announced(program, customer, said=None):
    said = said or [{"file": name, "size": len(text.encode())} for name, text in FILES.items()]
    body = {"customer": customer, "kind": "minutes", "files": said}
    answer = program.post("/imports", body)
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def documents(programs):
    with programs.world.archive.db.read() as db:
        return db.query(Document).count()


def test_a_program_announces_sends_and_reads_the_report(programs, customer):
    program = programs["sales"]
    batch = announced(program, customer)
    for n, text in enumerate(FILES.values(), 1):
        sent = program.upload(f"/imports/{batch}/items/{n}", text.encode())
        assert (sent.status_code, sent.json["state"]) == (200, "received"), sent.text
    programs.world.work()
    shown = program.get(f"/imports/{batch}").json
    assert (shown["state"], shown["total"], shown["next_cursor"]) == ("done", 2, None)
    assert [one["processing"] for one in shown["items"]] == ["searchable", "searchable"]
    assert shown["sums"]["agrees"] is True
    report = program.get(f"/imports/{batch}/report").json
    assert [one["file"] for one in report["items"]] == list(FILES)
    assert all(len(one["sha256"]) == 64 for one in report["items"])
    statement = program.get(f"/imports/{batch}/report.csv")
    assert statement.mimetype == "text/csv"
    lines = list(csv.reader(io.StringIO(statement.data.decode("utf-8-sig"))))
    assert [line[1] for line in lines[1:3]] == list(FILES)
    page = program.get(f"/imports/{batch}?limit=1").json
    rest = program.get(f"/imports/{batch}?limit=1&cursor={page['next_cursor']}").json
    assert [page["items"][0]["n"], rest["items"][0]["n"]] == [1, 2]
    assert [one["id"] for one in program.get("/imports").json["items"]] == [batch]


def test_a_file_sent_again_says_what_became_of_it(programs, customer):
    program = programs["sales"]
    batch = announced(program, customer)
    place = f"/imports/{batch}/items/1"
    keyed = {"Idempotency-Key": "one"}
    first = program.upload(place, "减速机采购".encode(), headers=keyed)
    again = program.upload(place, "减速机采购".encode(), headers=keyed)
    third = program.upload(place, "减速机采购".encode())
    assert first.json == again.json == third.json
    other = program.upload(place, "别的内容".encode(), headers=keyed)
    assert (other.status_code, other.json["fields"]) == (422, {"Idempotency-Key": "used"})
    assert documents(programs) == 1


def test_what_differs_from_its_announcement_fails(programs, customer):
    program = programs["sales"]
    said = [{"file": "甲.txt", "size": 6, "sha256": "0" * 64}, {"file": "乙.txt", "size": 7}]
    batch = announced(program, customer, said)
    for n, error in ((1, "other_digest"), (2, "other_size")):
        sent = program.upload(f"/imports/{batch}/items/{n}", "内容".encode())
        assert (sent.json["state"], sent.json["error"]) == ("failed", error)
    assert documents(programs) == 0
    tag = program.get(f"/imports/{batch}").headers["ETag"]
    retried = program.act(f"/imports/{batch}/retry", etag=tag)
    assert retried.json["sums"]["left"]["files"] == 2


def test_what_came_and_could_not_be_read_is_read_again(programs, customer):
    program = programs["sales"]
    content = b"%PDF-1.7 torn"
    batch = announced(program, customer, [{"file": "甲.pdf", "size": len(content)}])
    program.upload(f"/imports/{batch}/items/1", content)
    programs.world.work()
    shown = program.get(f"/imports/{batch}")
    assert shown.json["sums"]["unreadable"] == 1
    retried = program.act(f"/imports/{batch}/retry", etag=shown.headers["ETag"])
    assert retried.status_code == 200
    sums = program.get(f"/imports/{batch}").json["sums"]
    assert (sums["unreadable"], sums["reading"]) == (0, 1)


def test_a_stopped_import_takes_nothing_until_it_goes_on(programs, customer):
    program = programs["sales"]
    batch = announced(program, customer)
    place = f"/imports/{batch}"
    stopped = program.act(f"{place}/stop", etag=program.get(place).headers["ETag"])
    assert stopped.json["state"] == "stopped"
    refused = program.upload(f"{place}/items/1", "减速机采购".encode())
    assert refused.status_code == 409
    assert program.act(f"{place}/resume", etag='"1"').status_code == 412
    resumed = program.act(f"{place}/resume", etag=stopped.headers["ETag"])
    assert resumed.json["state"] == "open"
    taken = program.upload(f"{place}/items/1", "减速机采购".encode())
    assert taken.json["state"] == "received"


@pytest.mark.parametrize(
    ("login", "more", "status"),
    [
        ("sales2", {}, 404),
        ("finance", {}, 403),
        ("sales", {"kind": "invoice"}, 403),
        ("sales", {"kind": "unknown"}, 422),
        ("sales", {"files": []}, 422),
        ("sales", {"customer": "a" * 26}, 404),
    ],
)
def test_what_may_not_be_imported_is_refused_as_a_whole(programs, customer, login, more, status):
    said = [{"file": "甲.txt", "size": 1}]
    body = {"customer": customer, "kind": "minutes", "files": said, **more}
    assert programs[login].post("/imports", body).status_code == status
    assert programs[login].get("/imports").json["total"] == 0


def looked_at(programs, program, answer):
    """Let the worker look at an import; return where it is, and what was found."""
    assert answer.status_code == 202, answer.text
    assert (answer.json["state"], answer.json["finished"]) == ("preparing", None)
    place = answer.headers["Location"].removeprefix("/api/v1")
    assert program.get(f"{place}/preview").json["ready"] is False
    programs.world.work()
    return place, program.get(f"{place}/preview").json


def begun(program, place, **said):
    return program.act(f"{place}/begin", said, etag=program.etag(place))


def test_a_zip_is_looked_into_begun_and_brought_by_the_worker(programs, customer):
    program = programs["sales"]
    listed = "文件,类型\n甲.txt,会议纪要\n丙.txt,会议纪要\n".encode()
    content = zips.packed(("清单.csv", listed), ("甲.txt", b"first"), ("乙.txt", b"second"))
    said = {"customer": customer, "kind": "minutes"}
    answer = program.upload("/imports/zip", content, file_name="交接.zip", **said)
    place, found = looked_at(programs, program, answer)
    assert (found["manifest"], found["lines"], found["matched"]) == ("清单.csv", 2, 1)
    assert found["wrong"] == [{"line": 3, "file": "丙.txt", "code": "line.missing"}]
    assert (found["trouble"], documents(programs)) == (None, 0)
    refused = begun(program, place)
    assert (refused.status_code, refused.json["fields"]) == (422, {"leave_out": "required"})
    assert begun(program, place, leave_out=True).json["state"] == "running"
    programs.world.work()
    shown = program.get(place).json
    assert (shown["state"], shown["sums"]["searchable"], shown["sums"]["agrees"]) == (
        "done",
        2,
        True,
    )
    assert program.get(f"{place}/preview").status_code == 404


def test_a_list_may_come_beside_a_zip(programs, customer):
    program = programs["sales"]
    content = zips.packed(("甲.txt", b"first"), ("乙.txt", b"second"))
    listed = "文件,类型,题名\n甲.txt,会议纪要,主轴异响\n".encode()
    said = {"customer": customer}

    def sent(key, *lists):
        data = {**said, "file": (io.BytesIO(content), "交接.zip")}
        data["list"] = [(io.BytesIO(one), "移交.csv") for one in lists]
        return program.send("POST", "/imports/zip", data=data, headers={"Idempotency-Key": key})

    twice = sent("twice", listed, listed)
    assert (twice.status_code, twice.json["fields"]) == (422, {"list": "repeated"})
    answer = sent("one", listed)
    assert sent("one", listed).json["id"] == answer.json["id"]
    assert sent("one", listed + b"\n").json["fields"] == {"Idempotency-Key": "used"}
    place, found = looked_at(programs, program, answer)
    assert (found["manifest"], found["lines"], found["matched"]) == ("移交.csv", 1, 1)
    assert begun(program, place, leave_out=True).json["state"] == "running"
    programs.world.work()
    sums = program.get(place).json["sums"]
    assert (sums["searchable"], sums["skipped"]["files"]) == (1, 1)
    assert [
        one["title"] for one in program.get(f"/customers/{customer}/documents").json["items"]
    ] == ["主轴异响"]


def test_a_list_may_come_beside_a_folder_of_the_server(programs, customer, tmp_path):
    world, path = programs.world, "/imports/folder/listed"
    listed = "文件,类型,题名\n甲.txt,会议纪要,主轴异响\n".encode()
    said = {"folder": "", "customer": customer}
    assert programs["archivist"].upload(path, listed, **said).status_code == 404
    (tmp_path / "交接").mkdir()
    (tmp_path / "交接" / "甲.txt").write_text("焊接节拍", "utf-8")
    world.archive.settings = replace(world.archive.settings, import_root=tmp_path / "交接")
    for login in ("sales", "auditor"):
        assert programs[login].upload(path, listed, **said).status_code == 403
    program = programs["archivist"]
    assert program.upload(path, listed, **{**said, "folder": "../x"}).status_code == 404
    assert [*world.archive.blobs.list()] == []
    answer = program.upload(path, listed, file_name="移交.csv", **said)
    place, found = looked_at(programs, program, answer)
    assert (found["manifest"], found["matched"]) == ("移交.csv", 1)
    for login in ("sales", "service_manager"):
        assert programs[login].get(f"{place}/preview").status_code == 404
    assert begun(program, place).json["state"] == "running"
    world.work()
    assert program.get(place).json["sums"]["searchable"] == 1


def test_a_list_is_compared_with_names_and_the_files_are_sent_after_that(programs, customer):
    program = programs["sales"]
    names = [{"file": "移交/甲.txt", "size": 5}, {"file": "移交/乙.txt", "size": 6}]
    listed = "文件,类型,题名\n甲.txt,会议纪要,主轴异响\n".encode()
    fields = {"customer": customer, "files": json.dumps(names)}
    answer = program.upload("/imports/listed", listed, file_name="清单.csv", **fields)
    place, found = looked_at(programs, program, answer)
    assert (found["lines"], found["matched"], found["customers"]) == (1, 1, 1)
    assert program.upload(f"{place}/items/1", b"first").status_code == 409
    assert begun(program, place, leave_out=True).json["state"] == "open"
    assert program.upload(f"{place}/items/1", b"first").json["state"] == "received"
    shown = program.get(place).json
    assert (shown["source"], shown["state"], shown["sums"]["skipped"]["files"]) == (
        "api",
        "done",
        1,
    )
    for wrong in ("", "no", "{}", "[]", '[{"file": "a"}]', '[{"file": "a", "size": true}]'):
        fields = {"customer": customer, "files": wrong}
        refused = program.upload("/imports/listed", listed, file_name="清单.csv", **fields)
        assert (refused.status_code, [*refused.json["fields"]]) == (422, ["files"]), wrong


def test_a_folder_of_the_server_is_imported_by_those_who_look_after_the_archive(
    programs, customer, tmp_path
):
    world = programs.world
    said = {"folder": "", "customer": customer, "kind": "minutes"}
    assert programs["archivist"].post("/imports/folder", said).status_code == 404
    (tmp_path / "交接").mkdir()
    (tmp_path / "交接" / "甲.txt").write_text("焊接节拍", "utf-8")
    world.archive.settings = replace(world.archive.settings, import_root=tmp_path / "交接")
    assert programs["sales"].post("/imports/folder", said).status_code == 403
    listed = programs["archivist"].post("/imports/folder", {"folder": ""}).json
    assert listed["customer"] is None
    assert programs["archivist"].get(f"/imports/{listed['id']}").json["customer"] is None
    program = programs["archivist"]
    assert program.post("/imports/folder", {**said, "folder": "../x"}).status_code == 404
    place, _ = looked_at(programs, program, program.post("/imports/folder", said))
    assert programs["sales"].get(f"{place}/preview").status_code == 404
    assert programs["service_manager"].get(f"{place}/preview").status_code == 404
    assert begun(program, place).json["state"] == "running"
    world.work()
    assert program.get(place).json["sums"]["searchable"] == 1


def test_an_import_that_has_not_begun_is_given_up(programs, customer):
    program = programs["sales"]
    said = {"customer": customer, "kind": "minutes"}
    answer = program.upload("/imports/zip", b"PK\x03\x04" + bytes(300), file_name="a.zip", **said)
    place, found = looked_at(programs, program, answer)
    assert found["trouble"] == "This ZIP is damaged or cannot be read."
    assert begun(program, place).status_code == 409
    given_up = program.act(f"{place}/discard", etag=program.etag(place))
    assert (given_up.status_code, given_up.json["state"]) == (200, "done")
    programs.world.work()
    assert list(programs.world.archive.blobs.list()) == []


def test_who_may_not_import_is_refused_before_anything_is_taken(programs, customer):
    said = {"customer": customer, "kind": "minutes"}
    content = zips.packed(("甲.txt", b"a"))
    for login, status in (("auditor", 403), ("finance", 403)):
        answer = programs[login].upload("/imports/zip", content, **said)
        assert answer.status_code == status, login
    absent = {**said, "customer": "a" * 26}
    assert programs["sales"].upload("/imports/zip", content, **absent).status_code == 404
    bogus = programs["sales"].upload("/imports/zip", content, **{**said, "kind": "bogus"})
    assert (bogus.status_code, bogus.json["fields"]) == (422, {"kind": "unknown"})
    assert list(programs.world.archive.blobs.list()) == []
