"""Sets of documents as ZIP: originals byte for byte, what is named without, whose entries."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from indexer.extract.sandbox import Sandbox
from service.accounts import PersonChange
from service.blobs.names import object_name
from service.codes import Department, Role
from service.errors import Conflict, Denied, Hidden
from service.exporting import sets
from service.models import AuditEvent, AuditTouch, Blob, Version
from service.properties import Properties
from tests.bundled import Bundle
from tests.exported import asked, fetched, made, seen, wanted
from tests.world import World, embedded, policy_with

CANARY = "谐波减速器异响"
MOBILE = "13800138000"


def furnish(world: World) -> dict[str, str]:
    """Three documents of one client, one of another's; people look at them."""
    mine = world.customer(owner="sales").id
    theirs = world.customer("苏州同屿机电有限公司", owner="sales2").id
    said = Properties(title=f"=联系/{MOBILE}", dated=date(2026, 3, 1))
    first = world.document(mine, f"{CANARY} 一", by="sales", properties=said).id
    second = world.document(mine, f"{CANARY} 二", by="sales").id
    gone = world.document(mine, f"{CANARY} 三", by="sales").id
    hidden = world.document(theirs, f"{CANARY} 四", by="sales2").id
    world.work()
    world.withdraw(gone, "sales")
    for login in ("sales", "archivist"):
        world.shown(first, login)
    world.shown(hidden, "archivist")
    return {"mine": mine, "first": first, "second": second, "gone": gone, "hidden": hidden}


@pytest.fixture
def ids(furnished: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return furnished[1]


def of_client(world: World, ids: dict[str, str], by: str = "sales") -> tuple[str, Bundle]:
    """Ask for everything about a client, have it packed, fetch it."""
    export_id = asked(world, by, wanted(of=ids["mine"]), written="zip")
    world.work()
    return export_id, Bundle.of(fetched(world, export_id, by))


def test_a_set_has_the_originals_with_their_digests_and_names_what_has_none(
    world: World, ids: dict[str, str]
) -> None:
    export_id, found = of_client(world, ids)
    manifest = found.json("manifest.json")
    entries = {one["document"]: one for one in manifest["documents"]}
    assert set(entries) == {ids["first"], ids["second"], ids["gone"]}
    for name, content in (("first", f"{CANARY} 一"), ("second", f"{CANARY} 二")):
        one = entries[ids[name]]
        assert found.files[one["file"]] == content.encode()
        assert one["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert (entries[ids["gone"]]["file"], entries[ids["gone"]]["left_out"]) == (None, "withdrawn")
    assert f"{CANARY} 三".encode() not in b"".join(found.files.values())
    sums = dict(line.split("  ")[::-1] for line in found.files["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in found.files.items()
        if name != "SHA256SUMS"
    }
    rows = list(csv.reader(io.StringIO(found.files["manifest.csv"].decode("utf-8-sig"))))
    assert len(rows) == 4
    assert not any(cell.startswith("=") for row in rows for cell in row)
    assert manifest["about"]["导出人"] == "SALES"
    text = b"".join(found.files.values()).decode() + "".join(found.files)
    for never in (MOBILE, ids["hidden"], f"{CANARY} 四"):
        assert never not in text
    with world.archive.db.read() as db:
        touched = db.execute(
            select(AuditTouch.document, AuditTouch.how)
            .join(AuditEvent, AuditEvent.seq == AuditTouch.seq)
            .where(AuditEvent.object == export_id)
        )
        assert set(touched.tuples()) == {
            (ids["first"], "downloaded"),
            (ids["second"], "downloaded"),
            (ids["gone"], "listed"),
        }
    assert world.verify().code == 0


def test_entries_of_the_log_are_ones_own_or_all_to_who_reads_the_log(
    world: World, ids: dict[str, str]
) -> None:
    lines = of_client(world, ids)[1].lines()
    assert {line["actor"] for line in lines} == {world.id("sales")}
    named = {one["document"] for line in lines for one in line["documents"]}
    assert named == {ids["first"], ids["second"], ids["gone"]}
    world.move(ids["mine"], "active")
    lines = of_client(world, ids, "legal")[1].lines()
    assert {world.id("sales"), world.id("archivist")} <= {line.get("actor") for line in lines}
    assert ids["hidden"] not in json.dumps(lines)


def test_who_may_no_longer_read_the_log_gets_no_set_that_has_entries_of_others(
    world: World, ids: dict[str, str]
) -> None:
    both = frozenset({Role.LEGAL, Role.SERVICE_MANAGER})
    world.person("counsel", both, Department.LEGAL)
    several = [
        asked(world, "counsel", wanted(of=ids["mine"]), written=one) for one in ("zip", "xlsx")
    ]
    world.work()
    lines = Bundle.of(fetched(world, several[0], "counsel")).lines()
    assert len({line.get("actor") for line in lines}) > 1
    world.change("counsel", PersonChange(roles=frozenset({Role.SERVICE_MANAGER})))
    with pytest.raises(Conflict):
        fetched(world, several[0], "counsel")
    assert fetched(world, several[1], "counsel")
    _, own = of_client(world, ids, "counsel")
    assert {line["actor"] for line in own.lines()} == {world.id("counsel")}


def test_what_left_its_makers_sight_is_not_in_it_and_closes_it(
    world: World, ids: dict[str, str]
) -> None:
    early = asked(world, "sales", wanted(of=ids["mine"]), written="zip")
    world.work()
    late = asked(world, "sales", wanted(of=ids["mine"]), written="zip")
    world.edit(ids["first"], "archivist", grade="top")
    world.work()
    with pytest.raises(Conflict):
        fetched(world, early, "sales")
    found = Bundle.of(fetched(world, late, "sales"))
    assert ids["first"] not in "".join(data.decode() for data in found.files.values())
    assert f"{CANARY} 一".encode() not in b"".join(found.files.values())
    assert seen(world, late, "sales").left_out == 1
    with pytest.raises(Hidden):
        fetched(world, late, "archivist")


def test_a_file_that_is_missing_is_named_and_a_changed_one_is_not_given_out(
    world: World, ids: dict[str, str]
) -> None:
    with world.archive.db.read() as db:
        of_first = select(Version.id).where(Version.document == ids["first"])
        blob = db.scalars(select(Blob.id).where(Blob.version.in_(of_first))).first()
    assert blob
    kept = world.archive.blobs.open(object_name(blob)).read()
    world.archive.blobs.delete(object_name(blob))
    entries = of_client(world, ids)[1].json("manifest.json")["documents"]
    assert {one["document"]: one["left_out"] for one in entries}[ids["first"]] == "missing"
    changed = kept[:-1] + bytes([kept[-1] ^ 1])
    world.archive.blobs.put(object_name(blob), io.BytesIO(changed), len(changed))
    export_id = asked(world, "sales", wanted(of=ids["mine"]), written="zip")
    world.work()
    assert (seen(world, export_id, "sales").state, seen(world, export_id, "sales").error) == (
        "failed",
        "corrupt",
    )


@pytest.mark.parametrize(
    ("title", "ending", "name"),
    [
        ("纪要", ".pdf", "文件/0007-纪要.pdf"),
        ("纪要.pdf", ".pdf", "文件/0007-纪要.pdf"),
        ("../..\\a:b\u202e", "", "文件/0007-_.._a_b_"),
        ("", ".txt", "文件/0007-.txt"),
        ("长" * 300, ".docx", f"文件/0007-{'长' * 60}.docx"),
        ("CON", ".txt", "文件/0007-CON.txt"),
    ],
)
def test_a_file_in_a_set_has_a_name_that_every_system_takes(
    title: str, ending: str, name: str
) -> None:
    assert sets.file_name(7, title, ending) == name


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[World]:
    """An archive where most take one document at once."""
    folder = tmp_path_factory.mktemp("narrow")
    texts = policy_with(
        folder / "policy",
        "limits.toml",
        "\ndocuments = 20\narchivist_documents",
        "\ndocuments = 1\narchivist_documents",
    )
    settings = replace(embedded(folder / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as opened:
        opened.people()
        customer = opened.customer(owner="sales").id
        for number in range(2):
            opened.document(customer, f"{CANARY} {number}", by="sales")
        opened.work()
        yield opened


def test_more_documents_than_the_policy_allows_are_refused_with_the_limit(narrow: World) -> None:
    with pytest.raises(Denied) as refusal:
        asked(narrow, "sales", wanted(CANARY), written="zip")
    stated = {name: refusal.value.params[name] for name in ("most", "count", "widest")}
    assert stated == {"most": 1, "count": 2, "widest": 500}
    assert refusal.value.rule == "export.documents:limit"
    found = Bundle.of(made(narrow, "archivist", wanted(CANARY), written="zip"))
    assert len(found.json("manifest.json")["documents"]) == 2
