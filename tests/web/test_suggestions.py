"""What a file says of itself is shown to who may change its properties, and taken by a tick."""

from datetime import date

from sqlalchemy import select

from service import number_places
from service.codes import Category
from service.models import Suggestion, Text
from service.personal_numbers import Kind
from service.properties import Properties
from tests.recognised import scan
from tests.web.browsing import form

TEXT = """设备维修记录
编号：WX-2026-0417
登记日期：2026-05-12
故障现象：R03 机器人 J4 轴减速机异响。
维修人员：马骁 电话 13879720083
付款金额：1,250.00 元"""


def furnish(world):
    made = world.document(
        world.customer(owner="sales").id,
        TEXT,
        kind="other",
        by="sales",
        file_name="IMG_20260512.txt",
        properties=Properties(title="设备维修记录"),
    )
    world.work()
    return made.id


def page_of(portal, document, by="sales"):
    return portal[by].html(f"/documents/{document}")


def asked(programs, document, by="sales"):
    answer = programs[by].get(f"/documents/{document}/suggestions")
    return {one["key"]: one for one in answer.json["items"]}


def test_what_is_certain_is_ticked_and_nothing_is_changed_by_itself(portal):
    document = furnish(portal.world)
    page = page_of(portal, document)
    assert form(page, f"/documents/{document}/suggestions")["take"] == ["kind", "dated", "number"]
    assert "把握 92%" in page
    assert "“设备维修记录”" in page
    assert "¥1,250.00" in page
    view = portal.world.shown(document, "sales")
    assert (view.kind, view.number, view.dated) == ("other", "", None)


def test_taking_over_changes_what_was_ticked_and_settles_it(portal):
    document = furnish(portal.world)
    page = page_of(portal, document)
    seen = form(page, f"/documents/{document}/suggestions")["seen"][0]
    portal["sales"].send(f"/documents/{document}/suggestions", seen=seen, take=["kind", "number"])
    view = portal.world.shown(document, "sales")
    assert (view.kind, view.number, view.dated) == ("repair", "WX-2026-0417", None)
    left = form(page_of(portal, document), f"/documents/{document}/suggestions")
    assert left["take"] == ["dated"]
    portal["sales"].send(f"/documents/{document}/suggestions/dismiss", seen=view.rev)
    assert "p-suggested" not in page_of(portal, document)
    assert portal.world.shown(document, "sales").dated is None


def test_who_may_not_change_the_properties_sees_no_suggestion(portal):
    document = furnish(portal.world)
    for by in ("management", "legal"):
        page = portal[by].get(f"/documents/{document}")
        assert "p-suggested" not in page.text
        assert portal[by].send(f"/documents/{document}/suggestions", take="kind").status_code in (
            403,
            404,
        )
    assert portal.world.shown(document, "sales").kind == "other"


def test_the_list_of_uploads_says_when_a_file_looks_like_another_kind(portal):
    document = furnish(portal.world)
    page = portal["sales"].html("/upload")
    assert "更像：维修记录" in page
    assert f"/documents/{document}#p-suggested" in page
    view = portal.world.shown(document, "sales")
    portal["sales"].send(f"/documents/{document}/suggestions", seen=view.rev, take=["kind"])
    assert f"/documents/{document}#p-suggested" not in portal["sales"].html("/upload")


def test_what_is_filed_was_checked_and_nothing_is_suggested_of_it(portal):
    document = furnish(portal.world)
    assert "p-suggested" in page_of(portal, document, "archivist")
    portal.world.file(document)
    assert "p-suggested" not in page_of(portal, document, "archivist")
    taken = portal["archivist"].send(f"/documents/{document}/suggestions", take="kind")
    assert taken.status_code == 422
    assert portal.world.shown(document, "archivist").kind == "other"


def test_who_no_longer_may_read_their_upload_learns_no_kind_from_its_text(portal):
    document = furnish(portal.world)
    portal.world.edit(document, "archivist", grade="top")
    page = portal["sales"].html("/upload")
    assert "IMG_20260512.txt" in page
    assert f"/documents/{document}#p-suggested" not in page


def test_programs_list_and_take_what_is_suggested(programs):
    document = furnish(programs.world)
    found = asked(programs, document)
    assert found["kind"] == {
        "key": "kind",
        "value": "repair",
        "confidence": found["kind"]["confidence"],
        "certain": True,
        "reason": found["kind"]["reason"],
        "page": 1,
    }
    path = f"/documents/{document}/suggestions"
    etag = programs["sales"].etag(f"/documents/{document}")
    assert programs["sales"].act(path, {"take": ["dated"]}).status_code == 428
    assert programs["sales"].act(path, {"take": ["dated"]}, etag='"99"').status_code == 412
    answer = programs["sales"].act(path, {"take": ["dated"]}, etag=etag)
    assert (answer.status_code, answer.json["dated"]) == (200, "2026-05-12")
    again = programs["sales"].act(path, {"take": ["dated"]}, etag=answer.headers["ETag"])
    assert (again.status_code, again.json["fields"]) == (422, {"take": "required"})
    assert "dated" not in asked(programs, document)
    answer = programs["sales"].act(path, {"take": []}, etag=answer.headers["ETag"])
    assert answer.status_code == 200
    assert asked(programs, document) == {}


def test_what_is_suggested_of_a_hidden_document_is_absent_like_the_document(programs):
    document = furnish(programs.world)
    absent = programs["sales2"].get("/documents/aaaaaaaaaaaaaaaaaaaaaaaaaa/suggestions")
    hidden = programs["sales2"].get(f"/documents/{document}/suggestions")
    assert (hidden.status_code, hidden.data) == (404, absent.data)
    taken = programs["sales2"].act(f"/documents/{document}/suggestions", {"take": ["kind"]})
    assert (taken.status_code, taken.data) == (404, absent.data)


def test_suggestions_lie_sealed_in_the_database(world):
    document = furnish(world)
    version = world.shown(document, "sales").version.id
    with world.archive.db.read() as db:
        row = db.get(Suggestion, version)
        assert row is not None
        assert "维修".encode() not in row.ct
        assert b"WX-2026" not in row.ct


def test_personal_numbers_are_stored_with_their_page_and_without_themselves(world):
    version = world.shown(furnish(world), "sales").version.id
    with world.archive.db.read() as db:
        text = db.scalars(select(Text.id).where(Text.version == version)).one()
        (place,) = number_places.of_text(db, text)
    assert (place.kind, place.page) == (str(Kind.MOBILE), 1)
    assert TEXT[place.start : place.end] == "13879720083"
    assert place.token.startswith("tel:")
    assert "13879720083" not in place.token


def test_suggestions_follow_the_corrected_text_and_what_was_settled_stays_so(portal, programs):
    world = portal.world
    lines = [("设备维修记录", 0.98), ("编号：WX-2026-0411", 0.6), ("登记日期：2026-05-12", 0.97)]
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    document = scan(world, customer, lines, by="sales").id
    world.work()
    person, path = portal["sales"], f"/documents/{document}/suggestions"
    assert asked(programs, document)["number"]["value"] == "WX-2026-0411"
    assert "kind" in asked(programs, document)
    seen = world.shown(document, "sales").rev
    person.send(path, seen=seen, take=["dated"])
    seen = world.shown(document, "sales").rev
    place = f"/documents/{document}/pages/1/correct?version=1"
    fields = form(person.html(place), place)
    fields["text"] = ["设备维修记录\n编号：WX-2026-0417\n登记日期：2026-05-13"]
    person.send(place, **{name: said[0] for name, said in fields.items()})
    now = asked(programs, document)
    assert now["number"]["value"] == "WX-2026-0417"
    assert "dated" not in now
    # what somebody saw before is not taken for what is suggested now
    person.send(path, seen=seen, take=["number"])
    assert world.shown(document, "sales").number != "WX-2026-0417"
    person.send(path, seen=world.shown(document, "sales").rev, take=["number"])
    view = world.shown(document, "sales")
    assert (view.number, view.dated) == ("WX-2026-0417", date(2026, 5, 12))
