"""The anchor on servers: a role that writes no entry, and a bucket that gives no note back."""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from minio import Minio
from minio.commonconfig import GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention
from sqlalchemy import make_url

from service.anchors.bucket import Bucket
from service.anchors.port import PlaceError
from tests.live.containers import Container
from tests.live.site import Site

pytestmark = pytest.mark.live

NOTE = "0000000000000007.note"


@pytest.fixture
def store() -> tuple[str, str, str]:
    address, access, secret = os.environ["GUIDANG_TEST_S3"].split(",")
    return address, access, secret


@pytest.fixture
def client(store: tuple[str, str, str]) -> Minio:
    address, access, secret = store
    return Minio(endpoint=address, access_key=access, secret_key=secret, secure=False)


def place(store: tuple[str, str, str], bucket: str) -> Bucket:
    address, access, secret = store
    setting = f"s3://{bucket}?endpoint=http://{address}"
    return Bucket.of(setting, access_key=access, secret_key=secret, days=1)


def test_a_note_in_a_locked_bucket_stays_whatever_the_credentials(
    store: tuple[str, str, str], client: Minio
) -> None:
    bucket = f"anchor-{secrets.token_hex(4)}"
    client.make_bucket(bucket_name=bucket, object_lock=True)
    kept = place(store, bucket)
    kept.put(NOTE, "the note\n")
    kept.put(NOTE, "the note\n")
    kept.put("0000000000000003.note", "an older one\n")
    kept.put("pub-1.pem", "a key\n")
    assert kept.notes(5) == ["the note\n", "an older one\n"]
    versions = [
        o.version_id
        for o in client.list_objects(bucket_name=bucket, prefix=NOTE, include_version=True)
    ]
    assert len(versions) == 1, "the same note again makes no second version"
    with pytest.raises(S3Error, match=r"(?i)lock|protected"):
        client.remove_object(bucket_name=bucket, object_name=NOTE, version_id=versions[0])
    shorter = Retention(GOVERNANCE, kept_until(client, bucket))
    with pytest.raises(S3Error):
        client.set_object_retention(
            bucket_name=bucket, object_name=NOTE, config=shorter, version_id=versions[0]
        )


def kept_until(client: Minio, bucket: str) -> datetime:
    found = client.get_object_retention(bucket_name=bucket, object_name=NOTE)
    assert found is not None
    assert found.mode == "COMPLIANCE"
    return found.retain_until_date


def test_a_bucket_without_lock_an_absent_one_and_wrong_credentials_take_no_note(
    store: tuple[str, str, str], client: Minio
) -> None:
    bucket = f"plain-{secrets.token_hex(4)}"
    client.make_bucket(bucket_name=bucket)
    for refusing in (
        place(store, bucket),
        place(store, "absent-" + secrets.token_hex(4)),
        place((store[0], "nobody", "nothing-at-all"), bucket),
        place(("127.0.0.1:1", *store[1:]), bucket),
    ):
        with pytest.raises(PlaceError):
            refusing.put(NOTE, "the note\n")
    assert list(client.list_objects(bucket_name=bucket)) == []


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the containers' users reach, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="guidang-containers-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_the_anchor_of_compose_signs_and_can_change_no_entry(folder: Path) -> None:
    site = Site.current()
    setup, anchor = (Container.of(site, name, folder / name) for name in ("setup", "anchor"))
    setup.run(*setup.service.command)
    login = f"archivist-{secrets.token_hex(4)}"
    words = "--department customer_service --role archivist --password-file -".split()
    setup.run("user", "add", login, *words, typed="a long password of one's own\n")
    with anchor.started() as running:
        until = monotonic() + 60
        while not (said := verified(setup))["notes"]:
            assert monotonic() < until, running.tail()
    assert said["code"] == 0
    assert anchor.run("anchor", "pub").startswith("-----BEGIN PUBLIC KEY-----")
    mode = (anchor.data / "key.pem").stat().st_mode & 0o777
    assert mode == 0o400
    url = make_url(site.secret("anchor_database"))
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM audit_event").fetchone()
        for statement in (
            "UPDATE audit_event SET actor = 'x'",
            "DELETE FROM audit_body",
            "TRUNCATE audit_event CASCADE",
            "INSERT INTO audit_body SELECT seq + 1000, body FROM audit_body",
            "UPDATE audit_head SET seq = 0",
            "UPDATE audit_checkpoint SET note = 'x'",
            "DELETE FROM audit_checkpoint",
            "UPDATE instance SET value = 'x'",
            "SELECT * FROM person",
            "SELECT * FROM version",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def verified(setup: Container) -> dict[str, object]:
    answer: dict[str, object] = json.loads(setup.run("audit", "verify", "--json"))
    return answer
