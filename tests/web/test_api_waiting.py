"""One person's uploads wait in a queue of bounded length, and stand in nobody else's way."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.extract.sandbox import Sandbox
from service import schema
from service.codes import Role
from tests.indexer import zips
from tests.web.programs import Programs
from tests.world import DEPARTMENTS, World, embedded, policy_with

PACKAGED = Path(schema.__file__).parent / "policy" / "limits.toml"


@pytest.fixture
def programs(tmp_path: Path, sandbox: Sandbox) -> Iterator[Programs]:
    """An archive whose policy lets two documents of a person wait."""
    before, after = "waiting_per_person = 2000", "waiting_per_person = 2"
    texts = policy_with(tmp_path / "policy", "limits.toml", before, after)
    settings = replace(embedded(tmp_path / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as world:
        for role in (Role.SALES, Role.SERVICE_OFFICER):
            world.person(str(role), frozenset({role}), DEPARTMENTS[role])
        yield Programs.of(world)


def test_who_has_too_many_unread_documents_waits_and_others_do_not(programs):
    customer = programs.world.customer(owner="sales").id
    path = f"/customers/{customer}/documents"
    first, _ = (programs["sales"].upload(path, b"%d" % n, kind="minutes") for n in range(2))
    versions = f"/documents/{first.json['id']}/versions"
    for where, fields in ((path, {"kind": "minutes"}), (versions, {})):
        refused = programs["sales"].upload(where, b"one more", **fields)
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "60"
        assert "2" in refused.json["detail"]
    assert programs["service_officer"].upload(path, b"mine", kind="minutes").status_code == 201
    programs.world.work()
    assert programs["sales"].upload(path, b"one more", kind="minutes").status_code == 201
    assert programs["sales"].get(path).json["total"] == 4


def test_the_files_of_a_zip_that_wait_keep_nobody_from_uploading(programs):
    customer = programs.world.customer(owner="sales").id
    path = f"/customers/{customer}/documents"
    content = zips.packed(*((f"{n}.txt", b"%d" % n) for n in range(4)))
    made = programs["sales"].upload(path, content, kind="minutes", file_name="a.zip")
    worker = programs.world.worker()
    worker.extract_waiting()
    worker.unpack_waiting()
    children = programs["sales"].get(f"/documents/{made.json['id']}").json["children"]
    assert [one["processing"] for one in children] == ["stored"] * 4
    assert programs["sales"].upload(path, b"one more", kind="minutes").status_code == 201
