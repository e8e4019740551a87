"""Imports by programs: announced, sent one by one, reported; nothing twice, nothing to others."""

import csv
import io

import pytest

from service.models import Document

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
