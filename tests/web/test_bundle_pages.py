"""The pages of compliance bundles: asked for after the password, made, fetched; hidden."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from service.models import AuditExport, SignIn
from tests.bundled import Bundle, verdicts
from tests.web.browsing import form, found

ASKED = {"case": "FW-HC-2026-Q4-03", "statement": "第四季度法务交叉核查，按抽样清单导出。"}
CANARY = "谐波减速器"


def furnish(world):
    customer = world.customer(owner="sales").id
    world.document(customer, "会议纪要", by="sales")
    world.work()
    world.search(CANARY, by="sales")


def ask(person, **more):
    """Ask for a bundle; return the address of its page."""
    answer = person.send("/log/bundles", **{**ASKED, **more})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def unpacked(answer):
    assert answer.status_code == 200, answer.text
    return Bundle.of(answer.data)


def test_an_auditor_asks_waits_and_fetches_a_bundle_that_holds(portal, tmp_path):
    auditor = portal["auditor"]
    page = auditor.html("/log/bundles/new?action=search.run")
    assert "导出合规包" in page
    assert found(r"<b>(\d+) 条", page) == "2"
    place = ask(auditor, action="search.run")
    page = auditor.html(place)
    assert "正在制作" in page
    assert "<progress" in page
    assert auditor.send(f"{place}/file").status_code == 409
    portal.world.work()
    page = auditor.html(place)
    assert "可以下载" in page
    answer = auditor.send(f"{place}/file")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    bundle = unpacked(answer)
    assert {body["action"] for body in bundle.shown()} == {"search.run"}
    assert CANARY.encode() not in b"".join(bundle.files.values())
    assert verdicts(bundle.put(tmp_path / "b.zip")) == ((0, None), (0, None))
    assert ASKED["case"] in auditor.html("/log/bundles")


def test_the_form_comes_from_the_log_with_its_conditions(portal):
    auditor = portal["auditor"]
    page = auditor.html("/log?decision=deny&dept=sales")
    address = found(r'href="(/log/bundles/new[^"]*)"', page)
    page = auditor.html(address)
    assert form(page, "/log/bundles")["decision"] == ["deny"]
    assert form(page, "/log/bundles")["dept"] == ["sales"]
    said = page.split("<main")[1]
    for word in ("拒绝", "销售"):
        assert word in said


def test_days_without_an_entry_are_said_before_anything_is_asked(portal):
    page = portal["auditor"].html("/log/bundles/new?from=2001-01-01&to=2001-01-02")
    assert "这些日期内没有日志条目" in page
    refused = portal["auditor"].send(
        "/log/bundles", **ASKED, **{"from": "2001-01-01", "to": "2001-01-02"}
    )
    assert refused.status_code == 422


def test_a_refused_form_keeps_what_was_typed(portal):
    auditor = portal["auditor"]
    for wrong in ({"case": ""}, {"statement": " "}, {"receiver": "x"}, {"certificate": "rubbish"}):
        answer = auditor.send("/log/bundles", **{**ASKED, **wrong})
        assert answer.status_code == 422, wrong
        kept = {**ASKED, **wrong}
        assert kept["case"] in answer.text
    assert "还没有" in auditor.html("/log/bundles")
    assert auditor.send("/log/bundles", **ASKED, surplus="1").status_code == 422


def test_sealed_content_is_opened_only_when_it_is_asked_for(portal):
    auditor = portal["auditor"]
    place = ask(auditor, details="yes", action="search.run")
    portal.world.work()
    bundle = unpacked(auditor.send(f"{place}/file"))
    assert CANARY in bundle.files["details.ndjson"].decode()


def test_the_password_is_asked_before_asking_and_before_fetching(portal):
    legal = portal["legal"]
    place = ask(legal)
    portal.world.work()
    with portal.world.archive.db.write() as db:
        db.execute(update(SignIn).values(confirmed=datetime(2020, 1, 1, tzinfo=UTC)))
    for path, fields in (
        ("/log/bundles", ASKED),
        (f"{place}/file", {}),
        (f"{place}/numbers", {"case": "FW", "numbers": "1"}),
    ):
        answer = legal.send(path, **fields)
        assert answer.status_code == 403
        assert 'action="/confirm"' in answer.text
        assert b"PK" not in answer.data[:4]


@pytest.mark.parametrize("error", ["too_large", "corrupt", "denied"])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_why_a_bundle_was_not_made_is_said_in_words(portal, error, language):
    auditor = portal["auditor"]
    auditor.send("/language", language=language)
    place = ask(auditor)
    with portal.world.archive.db.write() as db:
        db.execute(update(AuditExport).values(state="failed", error=error))
    said = found(r"<b>[^<]*</b> ([^<]+)</", auditor.html(place).split("<main")[1])
    assert said.strip()
    assert error not in said
    assert "文件" not in said
    assert bool(re.search("[一-鿿]", said)) == (language == "zh_CN")


def test_others_see_neither_page_nor_bundle(portal):
    place = ask(portal["auditor"])
    portal.world.work()
    for login in ("sales", "archivist", "management", "security_admin", "system_admin", "hr"):
        person = portal[login]
        assert "/log/bundles" not in person.html("/")
        for path in ("/log/bundles", "/log/bundles/new", place):
            answer = person.get(path)
            assert answer.status_code == 403, (login, path)
            assert ASKED["case"] not in answer.text
        for path in ("/log/bundles", f"{place}/file", f"{place}/numbers"):
            answer = person.send(path, **(ASKED if path == "/log/bundles" else {}))
            assert answer.status_code in (403, 422), (login, path)
            assert b"PK" not in answer.data[:4]


def test_another_auditor_sees_a_bundle_only_as_its_receiver(portal):
    auditor, legal = portal["auditor"], portal["legal"]
    mine = ask(auditor)
    theirs = ask(auditor, receiver=portal.world.id("legal"), case="FW-2")
    portal.world.work()
    absent = legal.get(f"/log/bundles/{'a' * 26}")
    hidden = legal.get(mine)
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert legal.send(f"{mine}/file").status_code == 404
    assert ASKED["case"] not in legal.html("/log/bundles")
    assert "FW-2" in legal.html("/log/bundles")
    assert unpacked(legal.send(f"{theirs}/file")).json("manifest.json")["request"]["case"] == "FW-2"


def test_named_numbers_are_handed_out_as_the_script_reads_them(portal, tmp_path):
    auditor = portal["auditor"]
    place = ask(auditor, action="search.run")
    portal.world.work()
    bundle = unpacked(auditor.send(f"{place}/file"))
    hidden = [line["seq"] for line in bundle.lines() if "leaf" in line][:2]
    answer = auditor.send(f"{place}/numbers", case="FW-9", numbers=f"{hidden[0]}，{hidden[1]}")
    assert [json.loads(line)["seq"] for line in answer.text.splitlines()] == hidden
    opened = tmp_path / "opened.ndjson"
    opened.write_bytes(answer.data)
    path = bundle.put(tmp_path / "b.zip")
    assert verdicts(path, "--opened", str(opened))[0] == (0, None)
    for wrong in ("", "x", "999999", "1-5"):
        refused = auditor.send(f"{place}/numbers", case="FW-9", numbers=wrong)
        assert refused.status_code == 422, wrong
        assert "body" not in refused.headers["Content-Type"]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_empty_list_says_where_to_begin(portal, language):
    auditor = portal["auditor"]
    auditor.send("/language", language=language)
    page = auditor.html("/log/bundles")
    assert ("还没有" in page) == (language == "zh_CN")
    assert 'href="/log"' in page


def test_a_bundle_is_fetched_as_often_as_the_policy_says(portal):
    auditor = portal["auditor"]
    place = ask(auditor)
    portal.world.work()
    for _ in range(2):
        assert zipfile.is_zipfile(io.BytesIO(auditor.send(f"{place}/file").data))
    assert auditor.send(f"{place}/file").status_code == 409
    assert "已不在" in auditor.html(place)
