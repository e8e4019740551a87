"""Changes say which state they are based on, and can be sent again without being done twice."""

import pytest

from service import accounts, signins
from service.accounts import PersonChange
from service.audit.entries import Subject
from service.codes import Role
from service.permissions import Action, service_actor
from service.signins import today
from tests.world import password


@pytest.fixture
def customer(programs):
    return programs.world.customer(owner="sales").id


def industry(value="汽车零部件"):
    return {"fields": {"company.industry": {"value": value, "source": {"channel": "电话"}}}}


def test_a_change_without_if_match_is_428(programs, customer):
    answer = programs["sales"].patch(f"/customers/{customer}", industry())
    assert (answer.status_code, answer.json["type"]) == (428, "unconditional")


def test_a_change_of_an_older_state_is_412_and_changes_nothing(programs, customer):
    path = f"/customers/{customer}"
    etag = programs["sales"].etag(path)
    assert programs["sales"].patch(path, industry(), etag=etag).status_code == 200
    late = programs["service_officer"].patch(path, industry("造船"), etag=etag)
    assert late.status_code == 412
    value = programs["sales"].get(path).json["fields"]["company.industry"]
    assert value["value"] == "汽车零部件"
    assert value["source"]["channel"] == "电话"


@pytest.mark.parametrize("etag", ['W/"1"', '"0"', "nonsense", '"1x"', ""])
def test_only_the_strong_tag_of_the_present_state_matches(programs, customer, etag):
    answer = programs["sales"].patch(f"/customers/{customer}", industry(), etag=etag)
    assert answer.status_code == 412


def test_any_of_several_tags_and_the_star_match(programs, customer):
    path = f"/customers/{customer}"
    assert programs["sales"].patch(path, industry(), etag='"7", "1"').status_code == 200
    assert programs["sales"].patch(path, industry("造船"), etag="*").status_code == 200


def test_the_etag_of_an_answer_serves_the_next_change(programs, customer):
    path = f"/customers/{customer}"
    sales = programs["sales"]
    first = sales.patch(path, industry(), etag=sales.etag(path))
    assert first.headers["ETag"] == sales.etag(path)
    second = sales.patch(path, industry("造船"), etag=first.headers["ETag"])
    assert second.status_code == 200


def test_every_change_of_state_of_a_document_needs_its_state(programs, customer):
    document = programs.world.document(customer, "纪要", by="service_officer").id
    path = f"/documents/{document}"
    archivist = programs["archivist"]
    for verb, body in (
        ("file", None),
        ("return", {"reason": "缺页"}),
        ("withdraw", {"reason": "传错了"}),
        ("move", {"customer": "a" * 26, "reason": "归错了"}),
        ("restore", None),
        ("retry", None),
    ):
        assert archivist.act(f"{path}/{verb}", body).status_code == 428, verb
        assert archivist.act(f"{path}/{verb}", body, etag='"9"').status_code == 412, verb
    assert archivist.patch(path, {"title": "会议纪要"}).status_code == 428
    assert archivist.get(path).json["filing"] == "submitted"


def test_two_people_move_the_same_customer_and_the_second_is_told(programs, customer):
    path = f"/customers/{customer}"
    etag = programs["archivist"].etag(path)
    move = {"to": "active", "reason": "签约", "coop_type": "project"}
    first = programs["archivist"].act(f"{path}/category", move, etag=etag)
    assert (first.status_code, first.json["category"]) == (200, "active")
    second = programs["service_manager"].act(f"{path}/category", move, etag=etag)
    assert second.status_code in (409, 412)


def test_a_draft_is_filed_once_and_never_by_its_creator(programs, customer):
    path = f"/customers/{customer}"
    etag = programs["archivist"].etag(path)
    filed = programs["archivist"].act(f"{path}/file", etag=etag)
    assert filed.json["status"] == "filed"
    assert filed.json["number"].startswith("KH-")
    again = programs["archivist2"].act(f"{path}/file", etag=filed.headers["ETag"])
    assert again.status_code == 409


def sent(program, key, name="苏州同屿机电有限公司"):
    return program.post(
        "/customers", {"name": name, "category": "intended"}, headers={"Idempotency-Key": key}
    )


def test_the_same_key_gives_the_same_answer_and_does_it_once(programs):
    first, second = sent(programs["sales"], "a"), sent(programs["sales"], "a")
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Location"] == first.headers["Location"]
    assert programs["sales"].get("/customers").json["total"] == 1


def test_the_same_key_with_another_body_is_422(programs):
    sent(programs["sales"], "a")
    answer = sent(programs["sales"], "a", name="另一家公司")
    assert (answer.status_code, answer.json["fields"]) == (422, {"Idempotency-Key": "used"})
    assert programs["sales"].get("/customers").json["total"] == 1


def test_keys_belong_to_a_person_and_a_route(programs, customer):
    sent(programs["sales"], "a")
    assert sent(programs["sales2"], "a").json["owner"]["id"] == programs.world.id("sales2")
    upload = programs["sales"].upload(
        f"/customers/{customer}/documents", b"x", kind="minutes", headers={"Idempotency-Key": "a"}
    )
    assert upload.status_code == 201


def test_a_refused_write_may_be_tried_again_under_its_key(programs):
    bad = programs["sales"].post(
        "/customers", {"name": "公司", "category": "ended"}, headers={"Idempotency-Key": "a"}
    )
    assert bad.status_code == 403
    assert sent(programs["sales"], "a").status_code == 201


def test_an_upload_sent_twice_is_one_document(programs, customer):
    path = f"/customers/{customer}/documents"
    sales = programs["sales"]
    send = {"kind": "minutes", "headers": {"Idempotency-Key": "up"}}
    first, second = sales.upload(path, b"same", **send), sales.upload(path, b"same", **send)
    assert (first.status_code, second.data) == (201, first.data)
    assert sales.upload(path, b"other", **send).status_code == 422
    assert sales.get(path).json["total"] == 1


def test_a_change_sent_again_is_answered_before_its_state_is_compared(programs, customer):
    path = f"/customers/{customer}"
    headers = {"Idempotency-Key": "p", "If-Match": '"1"'}
    first = programs["sales"].send("PATCH", path, json=industry(), headers=headers)
    second = programs["sales"].send("PATCH", path, json=industry(), headers=headers)
    assert (second.status_code, second.data) == (200, first.data)


def test_an_answer_is_not_repeated_to_who_may_not_know_the_customer_any_more(programs):
    sales = programs["sales"]
    path = f"/customers/{sent(sales, 'a').json['id']}"
    etag = programs["archivist"].etag(path)
    theirs = {"owner": programs.world.id("sales2")}
    assert programs["archivist"].patch(path, theirs, etag=etag).status_code == 200
    assert sales.get(path).status_code == 404
    again = sent(sales, "a")
    absent = sales.get("/customers/" + "a" * 26)
    assert (again.status_code, again.data) == (404, absent.data)
    assert dict(again.headers) == dict(absent.headers)


@pytest.mark.parametrize("role", [Role.MANAGEMENT, Role.FINANCE])
def test_an_answer_is_not_repeated_to_who_may_not_do_this_any_more(programs, role):
    path = f"/customers/{sent(programs['sales'], 'a').json['id']}"
    headers = {"Idempotency-Key": "p", "If-Match": '"1"'}
    assert (
        programs["sales"].send("PATCH", path, json=industry(), headers=headers).status_code == 200
    )
    person = programs.world.id("sales")
    with programs.world.archive.call(
        service_actor("cli"), Action.USER_MANAGE, Subject("person", person), writes=True
    ) as call:
        accounts.change(call, person, PersonChange(roles=frozenset({role})))
    assert programs["sales"].get(path).status_code == 200
    for again in (
        sent(programs["sales"], "a"),
        programs["sales"].send("PATCH", path, json=industry(), headers=headers),
    ):
        assert again.status_code == 403
        assert "同屿" not in again.text


def withdrawn(program, document, key="w"):
    return program.send(
        "POST",
        f"/documents/{document}/withdraw",
        json={"reason": "传错了"},
        headers={"Idempotency-Key": key, "If-Match": "*"},
    )


def test_who_uploaded_a_document_is_given_the_answer_again(programs, customer):
    sales = programs["sales"]
    document = programs.world.document(customer, "纪要", by="sales").id
    first = withdrawn(sales, document)
    assert (first.status_code, first.json["filing"]) == (200, "withdrawn")
    again = withdrawn(sales, document)
    assert (again.status_code, again.data) == (200, first.data)
    headers = {"Idempotency-Key": "r", "If-Match": "*"}
    path = f"/documents/{document}/restore"
    back = sales.send("POST", path, headers=headers)
    assert back.status_code == 200
    assert sales.send("POST", path, headers=headers).data == back.data


def test_who_uploaded_a_version_of_anothers_document_is_given_it_too(programs, customer):
    document = programs.world.document(customer, "纪要").id
    programs.world.version(document, "新纪要", by="sales")
    first = withdrawn(programs["sales"], document)
    assert (first.status_code, first.json["filing"]) == (200, "withdrawn")
    assert withdrawn(programs["sales"], document).data == first.data
    assert withdrawn(programs["sales2"], document).status_code == 404


def taken_away(program, path, key="d", **more):
    return program.send("DELETE", path, headers={"Idempotency-Key": key}, **more)


def test_what_was_taken_away_under_a_key_is_answered_again(programs):
    sales = programs["sales"]
    made = sales.post("/tokens", {"name": "导入"}).json["id"]
    path = f"/tokens/{made}"
    first, again = taken_away(sales, path), taken_away(sales, path)
    assert (first.status_code, first.data) == (again.status_code, again.data) == (204, b"")
    assert dict(first.headers).keys() == dict(again.headers).keys()
    assert taken_away(sales, path, key="e").status_code == 404
    assert sales.send("DELETE", path).status_code == 404


def test_the_same_key_with_another_body_takes_nothing_away(programs):
    sales = programs["sales"]
    archive = programs.world.archive
    assert taken_away(sales, "/sessions").status_code == 204
    signins.sign_in(archive, "sales", password("sales"), address="", agent="Firefox")
    other = taken_away(sales, "/sessions", json={})
    assert (other.status_code, other.json["fields"]) == (422, {"Idempotency-Key": "used"})
    assert taken_away(sales, "/sessions").status_code == 204
    assert sales.get("/sessions").json["total"] == 1
    assert taken_away(sales, "/sessions", key="e").status_code == 204
    assert sales.get("/sessions").json["total"] == 0


def test_a_key_of_another_length_does_not_tell_what_is_there(programs):
    theirs = programs["sales2"].get("/tokens").json["items"][0]["id"]
    for key in ("d", "k" * 201):
        hidden = taken_away(programs["sales"], f"/tokens/{theirs}", key=key)
        absent = taken_away(programs["sales"], f"/tokens/{'a' * 26}", key=key)
        assert (hidden.status_code, hidden.data) == (404, absent.data)


def test_what_one_took_away_is_answered_again_to_nobody_else(programs):
    made = programs["sales"].post("/tokens", {"name": "导入"}).json["id"]
    assert taken_away(programs["sales"], f"/tokens/{made}").status_code == 204
    assert taken_away(programs["sales2"], f"/tokens/{made}").status_code == 404


def test_a_deputy_is_ended_once_under_a_key(programs):
    sales, other = programs["sales"], programs.world.id("sales2")
    day = today(programs.world.archive)
    asked = {"deputy": other, "from": f"{day}", "to": f"{day}"}
    assert sales.post("/deputies", asked).status_code == 201
    first, again = (taken_away(sales, f"/deputies/{other}") for _ in range(2))
    assert (first.status_code, again.status_code) == (204, 204)
    assert taken_away(sales, f"/deputies/{other}", key="e").status_code == 404


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_has_a_sensible_length(programs, key):
    answer = sent(programs["sales"], key)
    assert (answer.status_code, answer.json["fields"]) == (422, {"Idempotency-Key": "length"})


def test_what_a_key_remembers_is_not_readable_in_the_database(programs):
    sent(programs["sales"], "客户 13800138000")
    raw = b"".join(p.read_bytes() for p in programs.world.archive.settings.data.glob("archive.db*"))
    assert b"13800138000" not in raw
