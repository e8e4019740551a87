"""What somebody asks of a list stands in the log, sealed, with everything that narrowed it."""

import pytest

from service.permissions import Action
from tests.logged import entries, intents

ASKED = [
    ("sales", "/search", Action.SEARCH_RUN, {"q": "减速器", "customer": "a" * 26, "year": "2026"}),
    ("sales", "/search", Action.SEARCH_RUN, {"category": ["active", "intended"]}),
    ("sales", "/customers", Action.CUSTOMER_LIST, {"q": "望潮", "owner": "a" * 26}),
    ("sales", "/upload", Action.DOCUMENT_QUEUE, {"q": "望潮"}),
    ("auditor", "/log", Action.AUDIT_READ, {"actor": "sales", "action": "search.run"}),
]


@pytest.mark.parametrize(("login", "path", "action", "asked"), ASKED)
def test_what_is_asked_of_a_list_is_in_the_log_before_it_is_answered(
    portal, login, path, action, asked
):
    assert portal[login].get(path, query_string=asked).status_code == 200
    detail = intents(portal.world, action)[-1]["detail"]
    assert {name: detail.get(name) for name in asked} == asked


def test_words_that_find_where_a_document_may_go_are_in_the_log(portal):
    customer = portal.world.customer("甲机械有限公司", owner="sales").id
    document = portal.world.document(customer, "来函", kind="letter", by="archivist").id
    portal["archivist"].html(f"/documents/{document}/move?q=望潮")
    assert intents(portal.world, Action.DOCUMENT_MOVE)[-1]["detail"]["q"] == "望潮"


def test_who_looks_at_the_uploads_of_a_client_is_in_the_log_with_that_client(portal):
    world = portal.world
    mine, hidden = (world.customer(owner=who).id for who in ("sales", "sales2"))
    person = portal["sales"]
    person.html(f"/upload?customer={mine}")
    assert person.get(f"/upload?customer={hidden}").status_code == 404
    for customer, decision in ((mine, "allow"), (hidden, "deny")):
        entry = entries(world, Action.DOCUMENT_QUEUE, decision=decision)[-1]
        assert entry["object"] == {"type": "customer", "id": customer}
        assert entry["customer"] == customer
