"""What a ZIP or a message holds, on its page, in the lists and in the API."""

from service.properties import Properties
from tests.indexer import zips
from tests.web.browsing import found


def brought(world):
    customer = world.customer(owner="sales").id
    made = world.document(
        customer,
        zips.packed(("维修/一号.txt", "减速机".encode()), ("x.exe", b"MZ"), ("../逃.txt", b"x")),
        by="sales",
        file_name="资料.zip",
        properties=Properties(kind="repair"),
    )
    world.work()
    return made


def test_the_page_names_what_came_with_it_and_what_was_left_and_why(portal):
    document = brought(portal.world)
    page = portal["archivist"].html(f"/documents/{document.id}")
    assert "共 3 个文件，收入 1 个，其余未收：" in page
    assert "不接收程序与脚本。" in page
    assert "文件名指向压缩包之外。" in page
    child = found(r'href="/documents/([a-z2-7]{26})[^"]*" lang="zh">一号<', page)
    page = portal["archivist"].html(f"/documents/{child}")
    assert "随附于" in page
    assert f'href="/documents/{document.id}" lang="zh">资料<' in page
    assert "#file" not in page


def test_lists_show_the_parent_once_with_a_count(portal):
    brought(portal.world)
    page = portal["sales"].html("/upload")
    assert "1 个附件" in page
    assert "一号.txt" not in page
    assert "资料.zip" in page


def test_programs_are_told_of_parent_and_children(programs):
    document = brought(programs.world)
    shown = programs["archivist"].get(f"/documents/{document.id}").json
    (child,) = shown["children"]
    assert (child["title"], child["filing"]) == ("一号", "submitted")
    assert shown["parent"] is None
    assert shown["unpacked"]["taken"] == 1
    assert [one["name"] for one in shown["unpacked"]["left"]] == ["x.exe", "../逃.txt"]
    below = programs["archivist"].get(f"/documents/{child['id']}").json
    assert below["parent"]["id"] == document.id
    assert (below["children"], below["unpacked"]) == ([], None)
    etag = programs["archivist"].get(f"/documents/{child['id']}").headers["ETag"]
    path = f"/documents/{child['id']}/file"
    answer = programs["archivist"].post(path, headers={"If-Match": etag})
    assert answer.status_code == 409
