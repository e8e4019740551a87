"""The keystore: the right root key or nothing, two copies or none, one key for one subject."""

import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from service.crypto import Corrupt
from service.errors import Unavailable
from service.ids import new_id
from service.keystore import (
    KeyExists,
    KeyMissing,
    Keystore,
    Mirror,
    NewerKeystore,
    OtherKeystore,
    RootKey,
    WrongRootKey,
    create_root_key,
    read_root_key,
)
from service.keystore.rows import KeyRow, Kind

ROOT = RootKey(bytes(range(32)))


def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def primary(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keystore.db"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "mirror" / "keystore.db"


@pytest.fixture
def keystore(primary: Path, mirror: Path):
    opened = Keystore.open(url(primary), ROOT, mirror_url=url(mirror))
    yield opened
    opened.close()


def run(path: Path, *statements: str) -> None:
    """Change a database behind the keystore's back, as an attacker or an accident would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for each in statements:
            connection.execute(each).fetchall()


def test_keys_come_back_in_another_call_and_after_a_restart(primary, mirror, keystore):
    customer, version, document = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        made = ring.create_customer(customer), ring.create_version(version, customer, document)
        others = ring.blind("tel"), ring.content(), ring.audit_month("2026-11")
    assert len({*made, *others}) == 5
    again = Keystore.open(url(primary), ROOT, mirror_url=url(mirror))
    with closing(again), again.ring() as ring:
        assert (ring.customer(customer), ring.version(version)) == made
        assert (ring.blind("tel"), ring.content(), ring.audit_month("2026-11")) == others


def test_an_upload_keeps_the_key_its_spool_is_encrypted_with(keystore):
    customer, version, spool_key = new_id(), new_id(), bytes(reversed(range(32)))
    with keystore.ring() as ring:
        ring.create_customer(customer)
        ring.create_version(version, customer, new_id(), key=spool_key)
    with keystore.ring() as ring:
        assert ring.version(version) == spool_key


def test_no_key_lies_open_in_any_file_of_the_keystore(primary, mirror, keystore):
    customer, version = new_id(), new_id()
    with keystore.ring() as ring:
        secrets = [
            ROOT.key,
            ring.create_customer(customer),
            ring.create_version(version, customer, new_id()),
            ring.blind("rid"),
        ]
    files = [path for folder in (primary, mirror) for path in folder.parent.iterdir()]
    assert len(files) >= 2
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets)


def test_a_key_that_was_never_made_is_missing(keystore):
    with keystore.ring() as ring:
        with pytest.raises(KeyMissing):
            ring.customer(new_id())
        with pytest.raises(KeyMissing):
            ring.version(new_id())
        with pytest.raises(KeyMissing):
            ring.create_version(new_id(), new_id(), new_id())


def test_a_version_is_unreadable_once_its_customers_key_is_erased(primary, keystore):
    customer, version = new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
        ring.create_version(version, customer, new_id())
    run(primary, "DELETE FROM key WHERE kind = 'customer'")
    with keystore.ring() as ring, pytest.raises(KeyMissing):
        ring.version(version)


def test_a_subject_gets_one_key_only(keystore):
    customer, version, document = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        key = ring.create_customer(customer)
        ring.create_version(version, customer, document)
        with pytest.raises(KeyExists):
            ring.create_customer(customer)
        with pytest.raises(KeyExists):
            ring.create_version(version, customer, document)
        assert ring.customer(customer) == key
    assert keystore.state().mirror is Mirror.AGREES


def test_two_processes_that_need_a_first_key_at_once_get_the_same(primary, mirror, keystore):
    with closing(Keystore.open(url(primary), ROOT, mirror_url=url(mirror))) as other:
        start = threading.Barrier(8)

        def first_use(store: Keystore) -> tuple[bytes, bytes, bytes]:
            start.wait()
            with store.ring() as ring:
                return ring.blind("tel"), ring.content(), ring.audit_month("2026-12")

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(first_use, [keystore, other] * 4))) == 1


def test_many_threads_share_one_keystore(keystore):
    def work(_number: int) -> bool:
        customer, version = new_id(), new_id()
        with keystore.ring() as ring:
            ring.create_customer(customer)
            key = ring.create_version(version, customer, new_id())
        with keystore.ring() as ring:
            return bool(ring.version(version) == key)

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(work, range(64)))
    state = keystore.state()
    assert (state.keys, state.mirror) == (129, Mirror.AGREES)


def test_a_page_of_titles_costs_two_queries(keystore):
    customers, versions = [new_id() for _ in range(100)], [new_id() for _ in range(100)]
    with keystore.ring() as ring:
        for customer, version in zip(customers, versions, strict=True):
            ring.create_customer(customer)
            ring.create_version(version, customer, new_id())
    gone = new_id()
    asked: list[str] = []
    event.listen(
        keystore._primary._engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_: asked.append(statement),
    )
    with keystore.ring() as ring:
        ring.prefetch(customers=[*customers, gone], versions=[*versions, gone])
        for customer, version in zip(customers, versions, strict=True):
            assert len(ring.field(customer, "document")) == len(ring.version(version))
        with pytest.raises(KeyMissing):
            ring.customer(gone)
    assert len([each for each in asked if each.startswith("SELECT")]) == 2


def test_versions_bring_their_customers_keys_along(keystore):
    customer, version = new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
        key = ring.create_version(version, customer, new_id())
    with keystore.ring() as ring:
        ring.prefetch(versions=[version])
        assert ring.version(version) == key


def test_a_moved_document_keeps_its_key_under_the_new_customer(primary, keystore):
    old, new, version, document = (new_id() for _ in range(4))
    with keystore.ring() as ring:
        ring.create_customer(old)
        ring.create_customer(new)
        key = ring.create_version(version, old, document)
        ring.rewrap_version(version, new)
        assert ring.version(version) == key
    assert keystore.state().mirror is Mirror.AGREES
    run(primary, f"DELETE FROM key WHERE subject = '{old}'")
    with keystore.ring() as ring:
        assert ring.version(version, document) == key


def test_a_wrapped_key_opens_only_as_what_it_was_wrapped_as(primary, keystore):
    customer, one, other = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
        ring.create_version(one, customer, new_id())
        ring.create_version(other, customer, new_id())
    run(
        primary,
        f"UPDATE key SET wrapped = (SELECT wrapped FROM key WHERE subject = '{one}')"
        f" WHERE subject = '{other}'",
    )
    with keystore.ring() as ring:
        assert ring.version(one)
        with pytest.raises(Corrupt):
            ring.version(other)


@pytest.mark.parametrize("column", ["id", "subject", "document"])
def test_a_version_key_cannot_be_given_to_another_record(primary, keystore, column):
    customer, version, elsewhere = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
        ring.create_version(version, customer, new_id())
    run(
        primary,
        f"UPDATE key SET {column} = '{elsewhere}' WHERE subject = '{version}'",
    )
    with keystore.ring() as ring, pytest.raises(Corrupt):
        ring.version(elsewhere if column == "subject" else version)


def test_a_version_asked_for_under_another_document_does_not_open(keystore):
    customer, version, document = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
        ring.create_version(version, customer, document)
        with pytest.raises(Corrupt):
            ring.version(version, new_id())


def test_the_binding_of_a_wrapped_key_is_fixed():
    row = KeyRow(Kind.VERSION, "v1", 1, document="d1", parent="p1", id="k1")
    assert row.binding == (
        b'{"document":"d1","key":"k1","kind":"version","p":"guidang.wrap.v1","subject":"v1"}'
    )
    row = KeyRow(Kind.CUSTOMER, "c1", 1, id="k1")
    assert row.binding == b'{"key":"k1","kind":"customer","p":"guidang.wrap.v1","subject":"c1"}'


def test_the_wrong_root_key_opens_nothing(primary, mirror, keystore):
    with pytest.raises(WrongRootKey, match="not the one"):
        Keystore.open(url(primary), RootKey(bytes(32)), mirror_url=url(mirror))
    with pytest.raises(WrongRootKey, match="epoch 2"):
        Keystore.open(url(primary), RootKey(ROOT.key, 2), mirror_url=url(mirror))


def test_keys_without_proof_of_their_root_key_are_not_opened(primary, keystore):
    with keystore.ring() as ring:
        ring.content()
    run(primary, "DELETE FROM key WHERE kind = 'root_check'")
    with pytest.raises(WrongRootKey):
        Keystore.open(url(primary), ROOT)


def test_a_keystore_of_a_newer_program_is_left_alone(primary, keystore):
    run(primary, "UPDATE meta SET schema = 99")
    with pytest.raises(NewerKeystore):
        Keystore.open(url(primary), ROOT)


def test_without_the_mirror_no_key_is_made(mirror, keystore):
    customer, other = new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
    run(mirror, "ALTER TABLE key RENAME TO hidden")
    with keystore.ring() as ring:
        with pytest.raises(Unavailable) as refusal:
            ring.create_customer(other)
        assert refusal.value.part == "keystore"
        assert ring.customer(customer), "reading needs only the primary"
        with pytest.raises(KeyMissing):
            ring.customer(other)
    assert keystore.state().mirror is Mirror.AWAY
    run(mirror, "ALTER TABLE hidden RENAME TO key")
    with keystore.ring() as ring:
        ring.create_customer(other)
    assert keystore.state().mirror is Mirror.AGREES


def test_without_the_mirror_no_key_is_rewrapped(mirror, keystore):
    old, new, version = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(old)
        ring.create_customer(new)
        key = ring.create_version(version, old, new_id())
    run(mirror, "ALTER TABLE key RENAME TO hidden")
    with keystore.ring() as ring, pytest.raises(Unavailable):
        ring.rewrap_version(version, new)
    run(mirror, "ALTER TABLE hidden RENAME TO key")
    with keystore.ring() as ring:
        assert ring.version(version) == key
    assert keystore.state().mirror is Mirror.AGREES


def leave_behind(mirror: Path, customer: str) -> KeyRow:
    """Put into the mirror what a crash between the two commits leaves."""
    row = KeyRow(Kind.CUSTOMER, customer, 1).wrap(bytes(32), ROOT.key)
    with closing(sqlite3.connect(mirror)) as connection, connection:
        connection.execute(
            "INSERT INTO key (id, kind, subject, epoch, alg, wrapped, created)"
            " VALUES (?, 'customer', ?, 1, ?, ?, '2026-11-24T00:00:00.000Z')",
            (row.id, customer, row.alg, row.wrapped),
        )
    return row


def test_what_a_crash_left_in_the_mirror_gives_way_to_the_real_key(mirror, keystore):
    customer = new_id()
    leave_behind(mirror, customer)
    assert keystore.state().mirror is Mirror.DIFFERS
    with keystore.ring() as ring:
        ring.create_customer(customer)
    assert keystore.state().mirror is Mirror.AGREES


def test_a_failed_write_is_taken_back_from_the_mirror(mirror, keystore):
    keystore._settle(leave_behind(mirror, new_id()))
    assert keystore.state().mirror is Mirror.AGREES


def test_a_lost_mirror_is_filled_at_the_next_start(primary, mirror, keystore):
    customer = new_id()
    with keystore.ring() as ring:
        key = ring.create_customer(customer)
    keystore.close()
    for path in mirror.parent.iterdir():
        path.unlink()
    with closing(Keystore.open(url(primary), ROOT, mirror_url=url(mirror))) as again:
        assert again.state().mirror is Mirror.AGREES
    with closing(Keystore.open(url(mirror), ROOT)) as from_mirror:
        with from_mirror.ring() as ring:
            assert ring.customer(customer) == key
        assert from_mirror.instance == keystore.instance


def test_a_new_keystore_does_not_take_over_the_mirror_of_a_lost_one(primary, mirror, keystore):
    keystore.close()
    for path in primary.parent.iterdir():
        path.unlink()
    with pytest.raises(OtherKeystore, match="restore"):
        Keystore.open(url(primary), ROOT, mirror_url=url(mirror))


def test_a_keystore_is_no_mirror_of_itself(primary):
    with pytest.raises(OtherKeystore):
        Keystore.open(url(primary), ROOT, mirror_url=url(primary))


def test_a_keystore_without_mirror_says_so(primary):
    with closing(Keystore.open(url(primary), ROOT)) as alone:
        state = alone.state()
    assert (state.mirror, state.keys, state.destructions) == (Mirror.NONE, 1, 0)
    assert state.newest is not None


def test_a_file_that_is_no_database_is_unavailable(primary, keystore):
    keystore.close()
    primary.write_bytes(b"no database" * 1000)
    with pytest.raises(Unavailable):
        Keystore.open(url(primary), ROOT)
    with pytest.raises(Unavailable):
        keystore.check()


def test_an_erased_key_leaves_no_trace_in_the_file(primary, keystore):
    customer = new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
    wrapped = keystore.find(Kind.CUSTOMER, [customer])[0].wrapped
    with keystore._primary.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM key WHERE subject = '{customer}'")
    run(primary, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert not any(wrapped in path.read_bytes() for path in primary.parent.iterdir())


def test_a_root_key_file_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "root.key"
    root = create_root_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert read_root_key(path) == root
    assert root.key.hex() not in repr(root)
    with pytest.raises(FileExistsError):
        create_root_key(path)
    assert read_root_key(path) == root
    assert [each.name for each in path.parent.iterdir()] == ["root.key"]


@pytest.mark.parametrize(
    "content", ["", "guidang.root.v1 1 abc", "x" * 64, "guidang.root.v2 1 " + "0" * 64, "密钥"]
)
def test_a_file_that_holds_no_root_key_is_refused(tmp_path, content):
    path = tmp_path / "root.key"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o400)
    with pytest.raises(WrongRootKey, match=r"root\.key"):
        read_root_key(path)


def test_a_root_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "root.key"
    create_root_key(path)
    path.chmod(0o440)
    with pytest.raises(WrongRootKey, match="chmod"):
        read_root_key(path)
    with pytest.raises(WrongRootKey, match="cannot be read"):
        read_root_key(tmp_path / "absent.key")


def test_a_months_detail_key_is_found_by_its_row_until_it_is_erased(primary, keystore):
    customer = new_id()
    with keystore.ring() as ring:
        key, row = ring.audit_month("2026-11"), ring.audit_month_id("2026-11")
        ring.create_customer(customer)
    assert keystore.detail_key(row) == key
    assert keystore.detail_key(keystore.find(Kind.CUSTOMER, [customer])[0].id) is None
    run(primary, f"DELETE FROM key WHERE id = '{row}'")
    assert keystore.detail_key(row) is None
