"""Exported lists on the servers: found in Elasticsearch, kept in the store, rows of PostgreSQL."""

import pypdfium2
import pytest

from service.errors import Conflict, Hidden
from tests.bundled import Bundle
from tests.exported import (
    asked,
    fetched,
    fetched_between,
    made,
    of_csv,
    of_workbook,
    seen,
    wanted,
)
from tests.indexer import pdfs
from tests.world import World

pytestmark = pytest.mark.live

CANARY = "谐波减速器异响"


def test_a_list_is_asked_for_made_and_fetched_by_its_maker_alone(world: World):
    before = {each.name for each in world.archive.blobs.list()}
    mine, theirs = (world.customer(owner=login).id for login in ("sales", "sales2"))
    paged = world.document(mine, pdfs.written(["页面"]), by="sales", file_name="页.pdf").id
    documents = [world.document(mine, f"{CANARY} {no}", by="sales").id for no in range(2)]
    hidden = world.document(theirs, CANARY, by="sales2").id
    world.work()
    export_id = asked(world, "sales", wanted(CANARY))
    world.work()
    data = fetched(world, export_id, "sales")
    assert {row["文件编号"] for row in of_csv(data)[0]} == set(documents)
    assert hidden.encode() not in data
    with pytest.raises(Hidden):
        fetched(world, export_id, "sales2")
    for _ in range(2, (most := seen(world, export_id, "sales").downloads)):
        fetched(world, export_id, "sales")
    with pytest.raises(Conflict):
        fetched_between(world, export_id, "sales")
    assert seen(world, export_id, "sales").fetched == most
    rows, _ = of_workbook(made(world, "sales", wanted(of=mine), written="xlsx"))
    assert [row["文件编号"] for row in rows] == [*documents[::-1], paged]
    files = Bundle.of(made(world, "sales", wanted(of=mine), written="zip")).files
    assert {f"{CANARY} {no}".encode() for no in range(2)} <= set(files.values())
    assert hidden.encode() not in b"".join(files.values())
    copies = Bundle.of(made(world, "sales", wanted(of=mine), written="copies"))
    entries = copies.json("manifest.json")["documents"]
    assert [(one["document"], one["copy_of"]) for one in entries] == [
        (documents[1], "text"),
        (documents[0], "text"),
        (paged, "pages"),
    ]
    for one in entries:
        (page,) = pypdfium2.PdfDocument(copies.files[one["file"]])
        assert [type(shown) for shown in page.get_objects()] == [pypdfium2.PdfImage]
    assert CANARY.encode() not in b"".join(copies.files.values())
    world.edit(documents[0], "archivist", grade="top")
    with pytest.raises(Conflict):
        fetched(world, export_id, "sales")
    assert len({each.name for each in world.archive.blobs.list()} - before) >= 2
    assert world.verify().code == 0
