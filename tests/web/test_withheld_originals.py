"""Where the policy withholds originals: doors to them are gone, doors to copies are there."""

from dataclasses import replace

import pytest

from tests.bundled import Bundle
from tests.web.browsing import Portal
from tests.web.programs import Programs
from tests.world import World, embedded, policy_with

CANARY = "谐波减速器异响"


@pytest.fixture(scope="module")
def strict(tmp_path_factory, sandbox):
    """An archive where salespeople get no originals, with a document of one of them."""
    folder = tmp_path_factory.mktemp("strict")
    before = "withheld = ["
    texts = policy_with(folder / "policy", "roles.toml", before, f'{before}"sales"')
    settings = replace(embedded(folder / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as opened:
        opened.people()
        customer = opened.customer(owner="sales").id
        document = opened.document(customer, CANARY, by="sales").id
        opened.work()
        yield opened, customer, document


def test_pages_offer_copies_and_no_original(strict):
    world, customer, document = strict
    portal = Portal.of(world)
    own = f"/documents/{document}/content"
    for login, has in (("sales", False), ("service_officer", True)):
        person = portal[login]
        page = person.html(f"/documents/{document}")
        assert CANARY in page
        assert (own in page, "不可取原件" in page) == (has, not has)
        assert person.get(f"{own}?version=1").status_code == (200 if has else 403)
        form = person.html(f"/exports/new?of={customer}")
        assert ('value="zip"' in form, 'value="copies"' in form) == (has, True)
    answer = portal["sales"].send("/exports", format="zip", of=customer)
    assert answer.status_code == 403
    assert "不可取原件" in answer.text
    place = portal["sales"].send("/exports", format="copies", of=customer).headers["Location"]
    world.work()
    files = Bundle.of(portal["sales"].send(f"{place}/file").data).files
    assert CANARY.encode() not in b"".join(files.values())


def reach(program):
    """Return the actions that somebody has anywhere."""
    return program.get("/me").json["scopes"]


def test_programs_are_told_the_same(strict):
    world, customer, document = strict
    programs = Programs.of(world)
    sales = programs["sales"]
    refused = sales.get(f"/documents/{document}/content")
    assert refused.status_code == 403
    assert CANARY not in refused.text
    assert sales.post("/exports", {"of": customer, "format": "zip"}).status_code == 403
    assert sales.post("/exports", {"of": customer, "format": "copies"}).status_code == 202
    scopes = reach(sales)
    assert "document.text" in scopes
    assert "export.copies" in scopes
    assert not {"document.original", "export.documents"} & set(scopes)
    assert programs["sales2"].get(f"/documents/{document}/content").status_code == 404
    assert "document.original" in reach(programs["service_officer"])
