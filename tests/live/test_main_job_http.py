"""The main job over HTTP, with the real servers behind it."""

import pytest

from service.codes import Category
from tests.live.control import gone
from tests.web.browsing import found
from tests.web.test_api_main_job import *  # noqa: F403 - the same sentences, on other servers

pytestmark = pytest.mark.live


def test_a_browser_drops_a_file_and_another_finds_it(portal):
    customer = portal.world.customer(category=Category.ACTIVE, owner="sales")
    sales, archivist, stranger = portal["sales"], portal["archivist"], portal["sales2"]
    path = f"/customers/{customer.id}/documents"
    assert sales.upload(path, ("减速机异响".encode(), "维修.txt"), kind="repair").status_code == 302
    portal.world.work()
    results = archivist.html("/search?q=减速机")
    assert results.count("<article") == 1
    document = found(r'href="/documents/(\w+)', results)
    assert stranger.html("/search?q=减速机").count("<article") == 0
    assert stranger.get(f"/documents/{document}").status_code == 404
    assert "<mark>减速机</mark>" in results
    content = archivist.get(f"/documents/{document}/content")
    assert content.data.decode() == "减速机异响"


@pytest.mark.outage
@pytest.mark.parametrize("server", ["elastic", "minio", "postgres"])
def test_a_page_says_which_part_is_away_and_works_again_afterwards(portal, server):
    customer = portal.world.customer(category=Category.ACTIVE)
    paper = portal.world.document(customer.id, "减速机异响", kind="repair").id
    portal.world.work()
    archivist = portal["archivist"]
    path = {
        "elastic": "/search?q=减速机",
        "minio": f"/documents/{paper}/content",
        "postgres": "/customers",
    }[server]
    with gone(server):
        answer = archivist.get(path)
        assert answer.status_code == 503
        assert "zh-CN" in answer.text
        assert "Traceback" not in answer.text
    assert archivist.get(path).status_code == 200
