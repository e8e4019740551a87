"""The main job over HTTP: dropped on a customer's file, found by who may, and by nobody else."""

import hashlib

import pytest

CONTRACT = """工业机器人采购合同 HT-2026-0031
第一条 标的:KR210 型焊接机器人六台,谐波减速器随机备件两套。
第三条 质保期二十四个月,自终验收之日起算。""".encode()

READERS = ("sales", "sales_head", "service_officer", "service_manager", "archivist", "management")
OTHERS = ("sales2", "technical", "finance", "hr", "system_admin", "security_admin", "auditor")


@pytest.fixture
def contract(programs):
    """A contract that a salesperson dropped on an active customer's file, read by the worker."""
    customer = programs.world.customer(category="active", owner="sales").id
    answer = programs["sales"].upload(
        f"/customers/{customer}/documents",
        CONTRACT,
        file_name="采购合同.txt",
        kind="contract",
        number="HT-2026-0031",
        dated="2026-03-02",
    )
    assert answer.status_code == 201, answer.text
    programs.world.work()
    return answer.json


def test_an_upload_is_answered_with_what_was_stored(contract):
    assert contract.pop("id")
    assert contract == {
        "version": 1,
        "processing": "stored",
        "filing": "submitted",
        "sha256": hashlib.sha256(CONTRACT).hexdigest(),
        "size": len(CONTRACT),
        "media_type": "text/plain",
        "duplicates": [],
    }


def test_a_document_tells_what_the_contract_promises(programs, contract):
    shown = programs["archivist"].get(f"/documents/{contract['id']}").json
    assert shown["title"] == "采购合同"
    assert (shown["kind"], shown["module"], shown["grade"]) == ("contract", "contract", "secret")
    assert (shown["dated"], shown["number"]) == ("2026-03-02", "HT-2026-0031")
    assert (shown["processing"], shown["filing"], shown["error"]) == (
        "searchable",
        "submitted",
        None,
    )
    assert (shown["version"], shown["pages"]) == (1, 1)
    assert shown["text_characters"] == len(CONTRACT.decode())
    assert shown["customer"]["category"] == "active"
    assert [v["version"] for v in shown["versions"]] == [1]


def test_who_may_read_it_finds_it_and_nobody_else_does(programs, contract):
    for who in READERS:
        answer = programs[who].get("/search", query_string={"q": "谐波减速器"}).json
        assert [i["document"]["id"] for i in answer["items"]] == [contract["id"]], who
    for who in OTHERS:
        answer = programs[who].get("/search", query_string={"q": "谐波减速器"}).json
        assert (answer["total"], answer["items"], answer["next_cursor"]) == (0, [], None), who
        assert not any(answer["facets"].values()), who


def test_an_answer_has_pages_snippets_facets_and_the_number_in_the_log(programs, contract):
    answer = programs["sales"].get("/search", query_string={"q": "谐波减速器"}).json
    assert answer["total"] == 1
    (item,) = answer["items"]
    assert item["document"]["id"] == contract["id"]
    assert item["pages"] == [1]
    assert [s["text"] for s in item["snippets"][0] if s["hit"]] == ["谐波减速器"]
    assert answer["facets"]["category"] == [{"value": "active", "count": 1}]
    assert answer["facets"]["year"] == [{"value": "2026", "count": 1}]
    assert isinstance(answer["event"], int)


def test_the_text_comes_page_by_page(programs, contract):
    text = programs["legal"].get(f"/documents/{contract['id']}/text").json
    (page,) = text["pages"]
    assert (page["n"], page["label"], page["text"]) == (1, "", CONTRACT.decode())
    # how sure is said of what was recognised alone
    assert (page["origin"], page["confidence"]) == ("layer", None)


def test_an_archivist_files_it_and_its_uploader_cannot(programs, contract):
    path = f"/documents/{contract['id']}"
    etag = programs["archivist"].etag(path)
    assert programs["sales"].act(f"{path}/file", etag=etag).status_code == 403
    filed = programs["archivist"].act(f"{path}/file", etag=etag)
    assert (filed.status_code, filed.json["filing"]) == (200, "filed")
    again = programs["archivist"].act(f"{path}/file", etag=filed.headers["ETag"])
    assert again.status_code == 409


def test_a_returned_version_is_found_no_more_and_says_why(programs, contract):
    path = f"/documents/{contract['id']}"
    etag = programs["archivist"].etag(path)
    answer = programs["archivist"].act(f"{path}/return", {"reason": "缺盖章页"}, etag=etag)
    assert answer.json["filing"] == "returned"
    assert programs["sales"].get("/search?q=谐波减速器").json["total"] == 0
    assert programs["sales"].get(path).json["versions"][0]["reason"] == "缺盖章页"


def test_an_uploader_withdraws_before_filing(programs, contract):
    path = f"/documents/{contract['id']}"
    etag = programs["sales"].etag(path)
    answer = programs["sales"].act(f"{path}/withdraw", {"reason": "传错了"}, etag=etag)
    assert (answer.status_code, answer.json["filing"]) == (200, "withdrawn")


def test_a_newer_version_has_the_next_number(programs, contract):
    path = f"/documents/{contract['id']}"
    answer = programs["sales"].upload(f"{path}/versions", "第二版".encode())
    assert (answer.status_code, answer.json["version"]) == (201, 2)
    assert programs["sales"].get(path).json["version"] == 2
    assert programs["sales"].get(f"{path}?version=1").json["version"] == 1
    assert programs["sales"].get(f"{path}?version=3").status_code == 404


def test_the_same_content_is_told_to_who_may_read_the_other_one(programs, contract):
    customer = programs.world.customer("苏州同屿机电", category="active", owner="sales2").id
    upload = {"content": CONTRACT, "kind": "contract"}
    path = f"/customers/{customer}/documents"
    assert programs["sales2"].upload(path, **upload).json["duplicates"] == []
    twins = programs["archivist"].upload(path, **upload).json["duplicates"]
    assert contract["id"] in twins
    assert len(twins) == 2


def test_a_file_that_cannot_be_read_fails_with_a_reason_and_can_be_tried_again(programs):
    customer = programs.world.customer(owner="sales").id
    added = programs["sales"].upload(
        f"/customers/{customer}/documents",
        b"%PDF-1.7\nbroken",
        file_name="scan.pdf",
        kind="minutes",
    )
    programs.world.work()
    path = f"/documents/{added.json['id']}"
    shown = programs["sales"].get(path)
    assert shown.json["processing"] == "failed"
    assert shown.json["error"]
    content = programs["sales"].get(f"{path}/content")
    assert content.data == b"%PDF-1.7\nbroken"
    again = programs["sales"].act(f"{path}/retry", etag=shown.headers["ETag"])
    assert (again.status_code, again.json["processing"]) == (200, "stored")
    programs.world.work()
    assert programs["sales"].get(path).json["processing"] == "failed"


def test_what_did_not_fail_is_not_tried_again(programs, contract):
    path = f"/documents/{contract['id']}"
    assert programs["sales"].act(f"{path}/retry", etag='"1"').status_code == 409
