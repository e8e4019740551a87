"""A correction stays what shows, whatever another reading of the file comes to."""

import pytest

from service import jobs, texts
from service.codes import Category, Processing
from service.models import Version
from tests.recognised import WIDTH, Said, Told, scan
from tests.web.programs import Programs
from tests.world import World

FIRST = [("更换减迷机一台", 0.55)]
CORRECTED = "更换减速机一台"


@pytest.fixture
def corrected(programs: Programs) -> str:
    """A scan of which somebody corrected the only page."""
    world = programs.world
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    document = scan(world, customer, FIRST, by="sales").id
    path = f"/documents/{document}/pages/1/text"
    assert programs["sales"].patch(path, {"text": CORRECTED}, etag='"1.1"').status_code == 200
    world.work()
    return document


def reread(world: World, document: str, sandbox: Told) -> None:
    """Let the file be read once more, as a later version of the reader would."""
    version = world.shown(document, "sales").version.id
    with world.archive.db.write() as db:
        jobs.add(db, [jobs.New("extract", version)], cause=1)
    World(world.archive, sandbox).work()
    world.work()


def test_a_newer_reading_is_offered_and_does_not_bury_it(programs, corrected):
    world, sales = programs.world, programs["sales"]
    better = Told(world.sandbox, [[("更换减速机两台", 0.99)]])
    reread(world, corrected, better)
    path = f"/documents/{corrected}/text"
    assert sales.get(path).json["pages"][0]["text"] == CORRECTED
    assert world.found("减速机一台", by="sales") == {corrected}
    assert world.found("两台", by="sales") == set()
    newest, shown, _ = sales.get(f"{path}/history").json["revisions"]
    assert (newest["aside"], newest["shown"], newest["origin"]) == (True, False, "ocr")
    assert (shown["revision"], shown["shown"]) == (2, True)
    assert sales.get(f"/documents/{corrected}").json["confidence"] is None
    taken = sales.act(f"{path}/history", {"revision": 3}, etag='"1.2"')
    assert taken.status_code == 200, taken.text
    world.work()
    assert world.found("两台", by="sales") == {corrected}
    assert sales.get(f"/documents/{corrected}").json["confidence"] == 0.99


def test_a_reading_that_fails_or_finds_nothing_does_not_bury_it_either(programs, corrected):
    world = programs.world
    blank, silent = list[list[Said]]([[]]), list[list[Said]]()
    for pages in (blank, silent):  # nothing on the page; nothing at all
        reread(world, corrected, Told(world.sandbox, pages))
        with world.archive.db.read() as db:
            version = db.get_one(Version, world.shown(corrected, "sales").version.id)
            assert (version.processing, version.error) == (Processing.SEARCHABLE, None)
        assert world.found("减速机", by="sales") == {corrected}


def test_boxes_and_pages_stay_those_of_the_correction(programs, corrected):
    world = programs.world
    reread(world, corrected, Told(world.sandbox, [[("别的", 0.9), ("减速机", 0.9)]]))
    hits = programs["sales"].get(f"/documents/{corrected}/pages/1/hits?q=减速机").json
    assert (hits["total"], hits["width"]) == (1, WIDTH)
    assert hits["hits"][0]["boxes"][0]["quad"][1] == 20.0
    with world.archive.db.read() as db:
        version = world.shown(corrected, "sales").version
        shown = texts.shown(db, version.id)
    assert shown is not None
    assert shown.revision == 2
    assert (version.pages, version.text_characters) == (1, len(CORRECTED))
