"""A locked file is read once with the password somebody gives, which is then gone."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from sqlalchemy import select

from service import jobs, layouts, page_images
from service.audit.entries import Subject
from service.codes import Processing
from service.documents import DocumentView
from service.errors import Conflict
from service.filing import retry
from service.models import Job
from service.permissions import Action
from tests.indexer import docxs, pdfs, zips
from tests.indexer.test_worker import encrypted_pdf
from tests.world import World

OFFICER = "service_officer"
FILES = Path(__file__).parent / "files"


def locked_docx() -> bytes:
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(docxs.by_library())).encrypt("secret", target)
    return target.getvalue()


def tried(world: World, document: str, password: str) -> DocumentView:
    subject = Subject("document", document)
    with world.archive.call(world.actor(OFFICER), Action.DOCUMENT_RETRY, subject) as call:
        retry(call, document, password=password)
    world.work()
    return world.shown(document, OFFICER)


def secrets_kept(world: World) -> list[bytes]:
    with world.archive.db.read() as db:
        return [sealed for sealed in db.scalars(select(Job.secret_ct)) if sealed]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("锁.pdf", encrypted_pdf(), "sealed"),
        ("锁.docx", locked_docx(), "设备清单"),
        ("锁.zip", zips.locked(b"secret", ("合同.txt", "谐波减速器".encode())), "合同"),
        ("锁.doc", (FILES / "locked.doc").read_bytes(), "维护合同"),
        ("锁.et", (FILES / "locked.xls").read_bytes(), "谐波减速器"),
        ("锁.odt", (FILES / "locked.odt").read_bytes(), "维护合同"),
    ],
)
def test_the_right_password_opens_it_and_a_wrong_one_says_so(
    world: World, name: str, content: bytes, word: str
) -> None:
    made = world.document(world.customer().id, content, file_name=name)
    world.work()
    assert world.shown(made.id, OFFICER).version.error == "password"
    wrong = tried(world, made.id, "Secret")
    assert (wrong.version.processing, wrong.version.error) == (
        Processing.FAILED,
        "wrong_password",
    )
    assert secrets_kept(world) == []
    right = tried(world, made.id, "secret")
    assert (right.version.processing, right.version.error) == (Processing.SEARCHABLE, None)
    assert made.id in world.found(word, by=OFFICER)
    assert secrets_kept(world) == []


@pytest.mark.parametrize("lock", [zips.locked, zips.locked_by_aes])
def test_files_in_a_locked_zip_are_taken_with_its_password(
    world: World, lock: Callable[..., bytes]
) -> None:
    content = lock(b"secret", ("合同.txt", "谐波减速器".encode()))
    made = world.document(world.customer().id, content, file_name="锁.zip")
    world.work()
    (child,) = tried(world, made.id, "secret").family.children
    assert world.found("谐波减速器", by=OFFICER) == {child.id}
    assert world.original(child.id, OFFICER) == "谐波减速器".encode()


def pages(world: World, version: str) -> tuple[list[int], dict[int, str]]:
    """Return of which pages there are images, and why of others there are none."""
    with world.archive.db.read() as db:
        known = page_images.made(db, version)
    return sorted(known.images), known.failed


def test_pages_are_drawn_with_the_password_and_further_ones_when_it_is_given_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_images, "LOCKED", 2)
    content = pdfs.written([f"第{n}页 谐波减速器" for n in range(1, 6)], password="secret")
    made = world.document(world.customer().id, content, file_name="锁.pdf")
    version = made.version.id
    world.work()
    tried(world, made.id, "secret")
    assert pages(world, version) == ([1, 2], {})
    assert secrets_kept(world) == []
    with world.archive.db.read() as db, world.archive.ring() as ring:
        page = page_images.sheet(db, version, 2)
        assert page
        assert layouts.lines(db, ring, page.text, 2)
    assert tried_again(world, made.id) == "This version did not fail."
    with world.archive.db.write() as db:
        jobs.add(db, [jobs.New("render_page", version, n=4)], cause=1)
    world.work()
    assert pages(world, version) == ([1, 2], {4: "password"})
    assert Action.DOCUMENT_RETRY in world.shown(made.id, OFFICER).allowed
    assert tried_again(world, made.id) == "This version did not fail."
    tried(world, made.id, "Secret")
    assert pages(world, version) == ([1, 2], {3: "wrong_password", 4: "password"})
    tried(world, made.id, "secret")
    assert pages(world, version) == ([1, 2, 3, 4], {})
    assert world.shown(made.id, OFFICER).version.processing is Processing.SEARCHABLE
    assert secrets_kept(world) == []


def tried_again(world: World, document: str) -> str:
    """Return the sentence with which another try without a password is refused."""
    with pytest.raises(Conflict) as refusal:
        tried(world, document, "")
    return refusal.value.sentence


def test_the_password_waits_sealed_and_stands_in_no_log(world: World) -> None:
    made = world.document(world.customer().id, encrypted_pdf(), file_name="锁.pdf")
    world.work()
    subject = Subject("document", made.id)
    with world.archive.call(world.actor(OFFICER), Action.DOCUMENT_RETRY, subject) as call:
        retry(call, made.id, password="Grüße-密码-8472")
    (sealed,) = secrets_kept(world)
    assert "密码-8472".encode() not in sealed
    world.work()
    assert secrets_kept(world) == []
    for path in world.archive.settings.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert "密码-8472".encode() not in content
