"""A locked file asks for its password on its page, and programs may send it."""

from tests.indexer.test_worker import encrypted_pdf


def locked(world):
    made = world.document(
        world.customer(owner="sales").id, encrypted_pdf(), by="sales", file_name="锁.pdf"
    )
    world.work()
    return f"/documents/{made.id}"


def test_the_page_asks_for_the_password_and_says_when_it_is_wrong(portal):
    path, sales = locked(portal.world), portal["sales"]
    page = sales.html(path)
    assert "文件的打开口令" in page
    sales.send(f"{path}/retry?version=1", password="wrong")
    portal.world.work()
    assert "这个口令打不开文件。" in sales.html(path)
    sales.send(f"{path}/retry?version=1", password="secret")
    portal.world.work()
    page = sales.html(path)
    assert "sealed" in page
    assert "文件的打开口令" not in page


def test_the_list_of_uploads_leads_to_where_the_password_is_asked_for(portal):
    path, sales = locked(portal.world), portal["sales"]
    page = sales.html("/upload")
    assert f'href="{path}#f-password"' in page
    assert f"{path}/retry" not in page


def test_a_program_sends_the_password_or_nothing(programs):
    path, sales = locked(programs.world), programs["sales"]
    assert sales.act(f"{path}/retry", etag=sales.etag(path)).status_code == 200
    programs.world.work()
    assert sales.get(path).json["error"] == "password"
    body = {"password": "secret"}
    answer = sales.act(f"{path}/retry", body, etag=sales.etag(path))
    assert answer.status_code == 200
    assert "secret" not in answer.text
    programs.world.work()
    assert sales.get(path).json["processing"] == "searchable"
