"""Scans on the real servers: recognised, found, boxed, corrected; of two people one is told so."""

from functools import partial

import pytest

from tests.indexer import scans
from tests.live.together import together
from tests.service.test_rereading_corrected import *  # noqa: F403 - the same, on other servers

pytestmark = pytest.mark.live


def test_a_scan_is_recognised_found_boxed_and_corrected(programs):
    world, sales = programs.world, programs["sales"]
    customer = world.customer(owner="sales").id
    content = scans.saved(scans.page(turned=90), dpi=(144, 144))
    document = world.document(customer, content, by="sales", file_name="scan.png").id
    world.work()
    assert world.found("gearbox", by="sales") == {document}
    assert world.found("gearbox", by="sales2") == set()
    path = f"/documents/{document}/pages/1"
    hits = sales.get(f"{path}/hits?q=gearbox").json
    ((box,),) = [hit["boxes"] for hit in hits["hits"]]
    left, top, right = box["quad"][0], box["quad"][1], box["quad"][2]
    assert 100 < left < right < hits["width"] < 311
    assert top == pytest.approx(60, abs=8)
    assert box["confidence"] > 0.9
    assert sales.get(path).headers["Content-Type"] == "image/jpeg"
    assert sales.get(f"/documents/{document}").json["confidence"] > 0.9
    text = sales.get(f"{path}/text").json["text"].replace("gearbox", "harmonic drive")
    answer = sales.patch(f"{path}/text", {"text": text}, etag='"1.1"')
    assert answer.status_code == 200, answer.text
    world.work()
    assert world.found("gearbox", by="sales") == set()
    assert world.found("harmonic drive", by="sales") == {document}
    ((moved,),) = [hit["boxes"] for hit in sales.get(f"{path}/hits?q=harmonic").json["hits"]]
    assert moved["quad"][1] == pytest.approx(top, abs=1)
    assert world.verify().code == 0


def test_of_corrections_at_once_one_is_written_and_the_others_are_told(programs):
    world = programs.world
    customer = world.customer(owner="sales").id
    document = scans_of(world, customer)
    path = f"/documents/{document}/pages/1/text"
    people = [programs[login] for login in ("sales", "archivist", "service_manager", "sales")]

    def correct(number: int) -> object:
        text = {"text": f"corrected by number {number}"}
        return people[number].patch(path, text, etag='"1.1"').status_code

    acts = [partial(correct, number) for number in range(len(people))]
    assert sorted(map(str, together(acts))) == ["200", "412", "412", "412"]
    assert programs["sales"].get(path).json["revision"] == 2


def scans_of(world, customer):
    """Bring in a scan and have it read."""
    content = scans.saved(scans.page(["Service contract"]))
    document = world.document(customer, content, by="sales", file_name="scan.png").id
    world.work()
    return document
