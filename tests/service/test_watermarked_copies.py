"""Sets of watermarked copies: what each page says, what is never in one, who gets only them."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image
from sqlalchemy import select, update

from indexer import exporting
from indexer.extract import page_mark
from indexer.extract.sandbox import Sandbox
from service import pages
from service.accounts import PersonChange
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.codes import Department, Role
from service.errors import Conflict, Denied, Hidden
from service.models import ArchiveExport, AuditEvent, AuditTouch, Blob, Job, Version
from service.permissions import Action
from service.properties import Properties
from tests.bundled import Bundle
from tests.exported import asked, fetched, made, seen, wanted
from tests.indexer import pdfs, sheets
from tests.world import World, embedded, policy_with

CANARY = "谐波减速器异响"
MOBILE = "13800138000"
SECRET = "谁也不知道的口令"

#: What is in every set.
_BESIDE = ("manifest.json", "manifest.csv", "events.ndjson", "SHA256SUMS")

#: A page that is white above and black below.
HALVES = pdfs.one_page(pdfs.stream(b"0 g 0 0 400 200 re f"))


def furnish(world: World) -> dict[str, str]:
    """Documents of one client, with pages, without, locked and taken back; one of another's."""
    mine = world.customer(owner="sales").id
    theirs = world.customer("苏州同屿机电有限公司", owner="sales2").id

    def add(content: str | bytes, name: str, title: str = "", to: str = mine) -> str:
        by = "sales" if to == mine else "sales2"
        said = Properties(title=title)
        return world.document(to, content, by=by, file_name=name, properties=said).id

    found = {
        "halves": add(HALVES, "半页.pdf", f"联系 {MOBILE}"),
        "two": add(pdfs.written([f"{CANARY} 第一页", f"{CANARY} 第二页"]), "两页.pdf", "两页"),
        "words": add(f"{CANARY}\n" * 60, "长文.txt", "长文"),
        "table": add(sheets.of_rows((CANARY, 12)), "表.xlsx", "表"),
        "locked": add(pdfs.written(["锁住的页"], password=SECRET), "锁.pdf", "锁"),
        "gone": add(f"{CANARY} 撤回", "撤.txt", "撤回的"),
        "hidden": add(f"{CANARY} 别人的", "别.txt", "别人的", theirs),
    }
    world.work()
    world.withdraw(found["gone"], "sales")
    return {"mine": mine, **found}


@pytest.fixture
def ids(furnished: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return furnished[1]


def copies_of(world: World, ids: dict[str, str], by: str = "sales") -> tuple[str, Bundle]:
    """Ask for copies of everything about the client, have them made, fetch them."""
    export_id = asked(world, by, wanted(of=ids["mine"]), written="copies")
    world.work()
    return export_id, Bundle.of(fetched(world, export_id, by))


def entries_of(found: Bundle) -> dict[str, dict[str, Any]]:
    return {one["document"]: one for one in found.json("manifest.json")["documents"]}


def images_of(content: bytes) -> list[bytes]:
    """Return the image that each page of a PDF is; it must be nothing else."""
    images = []
    with closing(pypdfium2.PdfDocument(content)) as document:
        for page in document:
            (only,) = list(page.get_objects())
            assert isinstance(only, pypdfium2.PdfImage)
            assert page.get_textpage().get_text_bounded() == ""
            assert pdfium.FPDFPage_GetAnnotCount(page) == 0
            data = io.BytesIO()
            only.extract(data, fb_format="jpeg")
            images.append(data.getvalue())
    return images


def line_of(world: World, export_id: str) -> str:
    """Return what must stand on every page, but for the time."""
    with world.archive.db.read() as db:
        number = db.get_one(ArchiveExport, export_id).cause
    assert number
    return f"日志序号 {number}"


def test_every_page_of_a_copy_says_who_took_it_away_when_and_by_which_entry(
    world: World, ids: dict[str, str]
) -> None:
    export_id, found = copies_of(world, ids)
    one = entries_of(found)[ids["halves"]]
    copy = found.files[one["file"]]
    (image,) = images_of(copy)
    with closing(pypdfium2.PdfDocument(copy)) as document:
        about = document.get_metadata_dict()
    assert about["Author"] == "SALES"
    assert about["Title"] == f"联系 138****{MOBILE[-4:]}"
    number = line_of(world, export_id)
    assert about["Keywords"] == number.split()[-1]
    for said in ("SALES", "销售部", datetime.now(UTC).strftime("%Y-"), number):
        assert said in about["Subject"]
    subject = Subject("document", ids["halves"])
    with world.archive.call(world.actor("sales"), Action.DOCUMENT_READ, subject) as call:
        plain = pages.image(call, ids["halves"], 1)
    assert plain
    sent: list[bytes] = []
    for line in (about["Subject"], about["Subject"].replace("SALES", "SALE5")):
        page_mark.done(io.BytesIO(plain), {"mark": line}, sent.append)
    assert image == sent[0]
    assert image != sent[1]


def test_the_mark_is_everywhere_in_the_pixels_on_white_and_on_black(
    world: World, ids: dict[str, str]
) -> None:
    found = copies_of(world, ids)[1]
    (image,) = images_of(found.files[entries_of(found)[ids["halves"]]["file"]])
    grey = Image.open(io.BytesIO(image)).convert("L")
    width, height = grey.size
    for column in range(4):
        for row in (0, 1, 4, 5):
            box = (width * column // 4, height * row // 6)
            part = grey.crop((*box, box[0] + width // 4, box[1] + height // 6))
            paper = 255 if row < 3 else 0
            off = [abs(light - paper) for light in part.tobytes()]
            assert 0.002 < sum(by > 15 for by in off) / len(off) < 0.1, (column, row)
            assert max(off) < 70


def test_a_set_of_copies_holds_no_original_and_says_of_what_each_file_is(
    world: World, ids: dict[str, str]
) -> None:
    export_id, found = copies_of(world, ids)
    entries = entries_of(found)
    assert found.json("manifest.json")["format"] == "guidang.copies.v1"
    names = {document: name for name, document in ids.items()}
    assert {names[n]: (one["copy_of"], one["pages"]) for n, one in entries.items()} == {
        "halves": ("pages", 1),
        "two": ("pages", 2),
        "words": ("text", 2),
        "table": ("text", 1),
        "locked": (None, None),
        "gone": (None, None),
    }
    assert {n: entries[ids[n]]["left_out"] for n in ("locked", "gone")} == {
        "locked": "no_pages",
        "gone": "withdrawn",
    }
    originals = set()
    with world.archive.db.read() as db:
        for document in db.scalars(select(Version.document)).all():
            originals.add(hashlib.sha256(world.original(document, "archivist")).hexdigest())
    for one in entries.values():
        if not one["file"]:
            continue
        content = found.files[one["file"]]
        assert one["file"].endswith(".pdf")
        assert one["media_type"] == "application/pdf"
        assert len(content) == one["size"]
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert len(images_of(content)) == one["pages"]
        assert one["original_sha256"] in originals
    sums = dict(line.split("  ")[::-1] for line in found.files["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in found.files.items()
        if name != "SHA256SUMS"
    }
    assert originals.isdisjoint(sums.values())
    everything = b"".join(found.files.values())
    for never in (MOBILE, CANARY, SECRET, ids["hidden"]):
        assert never.encode() not in everything
    with world.archive.db.read() as db:
        touched = db.execute(
            select(AuditTouch.document, AuditTouch.how)
            .join(AuditEvent, AuditEvent.seq == AuditTouch.seq)
            .where(AuditEvent.object == export_id)
        )
        inside = {(ids[one], "downloaded") for one in ("halves", "two", "words", "table")}
        assert set(touched.tuples()) == inside | {
            (ids["locked"], "listed"),
            (ids["gone"], "listed"),
        }
        asked_for = select(AuditEvent.action).where(AuditEvent.object == export_id)
        assert set(db.scalars(asked_for)) == {"export.copies", "export.fetch"}
    assert world.verify().code == 0


def test_a_drawing_that_was_lost_is_made_again_and_a_lost_document_is_named(
    world: World, ids: dict[str, str]
) -> None:
    with world.archive.db.read() as db:
        for name, roles in (("halves", ["page"]), ("two", ["page", "original"])):
            version = select(Version.id).where(Version.document == ids[name])
            lost = select(Blob.id).where(Blob.version.in_(version), Blob.role.in_(roles))
            for blob in db.scalars(lost):
                world.archive.blobs.delete(object_name(blob))
    entries = entries_of(copies_of(world, ids)[1])
    assert entries[ids["halves"]]["copy_of"] == "pages"
    assert (entries[ids["two"]]["file"], entries[ids["two"]]["left_out"]) == (None, "missing")


def test_what_left_its_makers_sight_is_in_no_copy_and_closes_what_was_made(
    world: World, ids: dict[str, str]
) -> None:
    early, late = (
        asked(world, "sales", wanted(of=ids["mine"]), written="copies") for _ in range(2)
    )
    with world.worker() as worker:
        assert worker.bundle_waiting() == 1
    world.edit(ids["two"], "archivist", grade="top")
    world.work()
    with pytest.raises(Conflict):
        fetched(world, early, "sales")
    found = Bundle.of(fetched(world, late, "sales"))
    assert ids["two"] not in entries_of(found)
    assert "两页" not in "".join(found.files)
    with pytest.raises(Hidden):
        fetched(world, late, "archivist")


def test_a_worker_that_dies_between_two_pages_is_made_up_for(
    world: World, ids: dict[str, str]
) -> None:
    before = {each.name for each in world.archive.blobs.list()}
    export_id = asked(world, "sales", wanted(of=ids["mine"]), written="copies")
    beats: list[int] = []

    def beat() -> None:
        beats.append(1)
        if len(beats) == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exporting.run(world.archive, world.sandbox, "dies", beat)
    with world.archive.db.write() as db:
        past = datetime.now(UTC) - timedelta(seconds=1)
        db.execute(update(Job).where(Job.subject == export_id).values(held_until=past))
    world.work()
    assert len(entries_of(Bundle.of(fetched(world, export_id, "sales")))) == 6
    assert len({each.name for each in world.archive.blobs.list()} - before) == 1


# -- where the policy withholds originals, and allows few pages ----------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[World]:
    """An archive where salespeople and service officers get no originals, and sets are short."""
    folder = tmp_path_factory.mktemp("strict")
    roles = "withheld = ["
    policy = policy_with(
        folder / "policy", "roles.toml", roles, f'{roles}"sales","service_officer"'
    )
    pages_of = "document_pages = 500\nset_pages = 2000"
    policy_with(policy, "limits.toml", pages_of, "document_pages = 2\nset_pages = 3")
    settings = replace(embedded(folder / "data"), policy_dir=policy)
    with World.opened(settings, sandbox) as opened:
        opened.people()
        roles_of = frozenset({Role.SERVICE_MANAGER})
        opened.person("clerk", roles_of, Department.CUSTOMER_SERVICE)
        opened.person("both", roles_of | {Role.SERVICE_OFFICER}, Department.CUSTOMER_SERVICE)
        yield opened


def document_in(world: World, text: str) -> str:
    customer = world.customer(owner="sales").id
    document = world.document(customer, text, by="sales").id
    world.work()
    return document


def test_whose_role_gets_no_originals_gets_copies_and_is_told_so(strict: World) -> None:
    word = "只可副本"
    document = document_in(strict, word)
    subject = Subject("document", document)
    with pytest.raises(Denied) as refusal:
        strict.original(document, "sales")
    assert refusal.value.rule == "document.original:withheld"
    with pytest.raises(Denied) as refusal:
        asked(strict, "sales", wanted(word), written="zip")
    assert refusal.value.rule == "export.documents:withheld"
    with strict.archive.db.read() as db:
        mine = ArchiveExport.created_by == strict.id("sales")
        assert db.scalars(select(ArchiveExport.id).where(mine)).all() == []
    assert strict.original(document, "both") == word.encode()
    shown = strict.shown(document, "sales").allowed
    assert (Action.DOCUMENT_ORIGINAL in shown, Action.DOCUMENT_TEXT in shown) == (False, True)
    found = Bundle.of(made(strict, "sales", wanted(word), written="copies"))
    one = entries_of(found)[document]
    assert len(images_of(found.files[one["file"]])) == 1
    assert set(found.files) == {one["file"], *_BESIDE}
    with (
        pytest.raises(Hidden),
        strict.archive.call(strict.actor("sales2"), Action.DOCUMENT_TEXT, subject) as call,
    ):
        pages.image(call, document, 1)


def test_who_may_no_longer_have_originals_gets_none_that_were_asked_for(strict: World) -> None:
    word = "换岗之前"
    document_in(strict, word)
    early, late = (asked(strict, "clerk", wanted(word), written="zip") for _ in range(2))
    with strict.worker() as worker:
        assert worker.bundle_waiting() == 1
    strict.change("clerk", PersonChange(roles=frozenset({Role.SERVICE_OFFICER})))
    strict.work()
    with pytest.raises(Conflict):
        fetched(strict, early, "clerk")
    last = seen(strict, late, "clerk")
    assert (last.state, last.error) == ("failed", "denied")
    found = Bundle.of(made(strict, "clerk", wanted(word), written="copies"))
    assert len(found.json("manifest.json")["documents"]) == 1


def test_what_has_more_pages_than_the_policy_allows_is_named_without_a_file(strict: World) -> None:
    word = "页数有限"
    customer = strict.customer(owner="sales").id
    for count in (1, 2, 2, 3):
        strict.document(
            customer, pdfs.written([word] * count), by="sales", file_name=f"{count}.pdf"
        )
    long = strict.document(customer, f"{word}\n" * 200, by="sales").id
    strict.work()
    found = Bundle.of(made(strict, "sales", wanted(of=customer), written="copies"))
    listed = found.json("manifest.json")["documents"]
    assert {one["document"]: one["left_out"] for one in listed}[long] == "too_many_pages"
    assert sorted((one["left_out"] or "", one["pages"] or 0) for one in listed) == [
        ("", 1),
        ("", 2),
        ("set_full", 0),
        ("too_many_pages", 0),
        ("too_many_pages", 0),
    ]
