"""What is made to harm is not taken in, neither alone nor inside of something else."""

import io
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from service import viruses
from service.codes import Processing
from service.errors import Conflict, Unavailable, Unsupported
from service.models import Job
from service.permissions import Action
from service.viruses import TEST_NAME
from tests.indexer import zips
from tests.logged import entries
from tests.scanner import WORD, scanner
from tests.world import World

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.mark.parametrize("content", [EICAR, EICAR + b"\r\n", EICAR + b" " * 60])
@pytest.mark.parametrize("name", ["eicar.com.txt", "合同.txt", "virus"])
def test_the_test_file_of_scanners_is_refused_by_name(
    world: World, content: bytes, name: str
) -> None:
    customer = world.customer().id
    with pytest.raises(Unsupported) as refusal:
        world.document(customer, content, file_name=name)
    assert str(refusal.value) == f"The file is not taken: it holds a virus ({TEST_NAME})."
    (refused,) = entries(world, Action.DOCUMENT_ADD, decision="fail")
    assert refused["rule"] == "upload:virus"


def test_a_text_that_speaks_of_the_test_file_is_taken(world: World) -> None:
    customer = world.customer().id
    world.document(customer, b"about: " + EICAR, file_name="a.txt")
    world.document(customer, EICAR + b" and more words after it", file_name="b.txt")


def test_a_virus_in_a_zip_is_left_out_and_the_rest_is_taken(world: World) -> None:
    content = zips.packed(("eicar.txt", EICAR), ("good.txt", b"good"))
    made = world.document(world.customer().id, content, file_name="a.zip")
    world.work()
    family = world.shown(made.id, "service_officer").family
    assert [child.title for child in family.children] == ["good"]
    assert family.unpacked
    assert [(one.name, one.reason) for one in family.unpacked.left] == [("eicar.txt", "virus")]


@pytest.fixture
def scanned(world: World) -> Iterator[World]:
    """The archive with a virus scanner."""
    with scanner() as address:
        world.archive.settings = replace(world.archive.settings, clamd=address)
        yield world


def test_what_the_scanner_names_is_refused_and_the_rest_is_taken(scanned: World) -> None:
    customer = scanned.customer().id
    with pytest.raises(Unsupported) as refusal:
        scanned.document(customer, b"a" * 600_000 + WORD, file_name="a.txt")
    assert "Test.Virus" in str(refusal.value)
    (refused,) = entries(scanned, Action.DOCUMENT_ADD, decision="fail")
    assert refused["rule"] == "upload:virus"
    content = zips.packed(("bad.txt", WORD), ("good.txt", b"clean words"))
    made = scanned.document(customer, content, file_name="a.zip")
    scanned.work()
    family = scanned.shown(made.id, "service_officer").family
    assert [child.title for child in family.children] == ["good"]
    assert family.unpacked
    assert [(one.name, one.reason) for one in family.unpacked.left] == [("bad.txt", "virus")]


def away(world: World) -> None:
    """Let a scanner be set that does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    world.archive.settings = replace(world.archive.settings, clamd=f"127.0.0.1:{port}")


def due(world: World) -> None:
    """Let the jobs that pause be due."""
    with world.archive.db.write() as db:
        db.execute(update(Job).where(Job.state == "waiting").values(due=datetime.now(UTC)))


def test_without_its_scanner_an_upload_waits_unread_and_is_handed_to_nobody(
    world: World,
) -> None:
    away(world)
    customer = world.customer().id
    made = world.document(customer, "谐波减速器", file_name="a.txt")
    bad = world.document(customer, b"plain " + WORD, file_name="b.txt")
    assert made.version.processing is Processing.QUARANTINED
    world.work()
    assert world.shown(made.id, "archivist").version.processing is Processing.QUARANTINED
    assert world.found("谐波减速器", by="archivist") == set()
    with pytest.raises(Conflict):
        world.original(made.id, "archivist")
    with scanner() as address:
        world.archive.settings = replace(world.archive.settings, clamd=address)
        due(world)
        world.work()
        due(world)
        world.work()
    assert world.found("谐波减速器", by="archivist") == {made.id}
    assert world.original(made.id, "archivist") == "谐波减速器".encode()
    kept = world.shown(bad.id, "archivist").version
    assert (kept.processing, kept.error) == (Processing.QUARANTINED, "virus")
    with pytest.raises(Conflict):
        world.original(bad.id, "archivist")


def test_the_scanner_that_does_not_answer_is_told_apart(world: World) -> None:
    with scanner() as address:
        assert viruses.answers(address)
    assert not viruses.answers(address)
    with pytest.raises(Unavailable):
        viruses.scan(address, io.BytesIO(b"x"))
