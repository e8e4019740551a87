"""What somebody with the database and all files in hands does to the log, and what gives it away.

They have everything but the anchor's key and the places outside. Each attack says which exit code
and which first bad number `guidang audit verify --anchors` ends with: docs/evidence.md.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from indexer.extract.sandbox import Sandbox
from service.__main__ import main
from service.anchor import Anchor
from service.anchors.folder import Folder
from service.anchors.holding import PUBLIC, Holding
from service.audit import checkpoints, entries, merkle, rekeying
from service.audit.checkpoints import Checkpoint
from service.audit.entries import Subject
from service.audit.log import START, chain_value
from service.permissions import Action
from tests.service.test_anchor import append
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
TABLES = ("touch", "detail", "body", "event")


@dataclass(frozen=True)
class Signed:
    """An archive whose log was signed twice, and went on; numbers worth attacking."""

    data: Path
    outside: Path
    #: yesterday's copy of the database
    older: Path
    outcome: int
    first: int
    second: int
    last: int


@pytest.fixture(scope="module")
def signed(peopled: Path, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Signed:
    place = tmp_path_factory.mktemp("signed")
    data, outside = place / "data", place / "outside"
    with World.copied(peopled, data, sandbox) as world:
        document = world.document(world.customer().id, "谐波减速器")
        world.work()
        officer = world.actor("service_officer")
        detail = {"q": "谐波"}
        with world.archive.call(officer, Action.SEARCH_RUN, Subject("search"), detail=detail) as c:
            c.touched(document.id, "listed")
        assert c.event is not None
        anchor = Anchor(world.archive.db, Holding(data / "anchor"), [Folder(outside)], ZONE)
        anchor.round(NOW)
        first = world.verify().events
        older = place / "older.db"
        world.archive.db.close()
        shutil.copy(data / "archive.db", older)
        append(world, 20)
        anchor.round(NOW + timedelta(days=1))
        second = world.verify().events
        append(world, 3)
        last = world.verify().events
    return Signed(data, outside, older, c.event + 1, first, second, last)


@dataclass(frozen=True)
class Scene:
    """A copy to attack; what lies outside stays as it was."""

    data: Path
    signed: Signed

    def run(self, *statements: str) -> None:
        with self.opened() as db:
            for statement in statements:
                db.execute(statement)

    def opened(self) -> "Connection":
        db = Connection(self.data / "archive.db")
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        return db

    def verdict(self, *options: str) -> tuple[int, int | None]:
        """Return exit code and first bad number of the command."""
        words = ["audit", "verify", "--json", "--anchors", str(self.signed.outside), *options]
        done = CliRunner().invoke(main, words, env={"GUIDANG_DATA": str(self.data)})
        assert done.stdout, done.stderr
        return done.exit_code, json.loads(done.stdout).get("first_bad")


class Connection(sqlite3.Connection):
    """Commits and closes at the end of its block."""

    def __exit__(self, *raised: object) -> Literal[False]:
        super().__exit__(*raised)  # type: ignore[arg-type]
        self.close()
        return False


@pytest.fixture
def scene(signed: Signed, tmp_path: Path) -> Scene:
    data = tmp_path / "data"
    shutil.copytree(signed.data, data)
    return Scene(data, signed)


def follow(db: sqlite3.Connection) -> None:
    """Recompute columns, leaves, chain and head from the bodies, as a patient forger would."""
    chain, frontier, seq = START, list[bytes](), 0
    for seq, body in db.execute("SELECT seq, body FROM audit_body ORDER BY seq").fetchall():
        leaf = merkle.leaf_hash(bytes(body))
        chain = chain_value(chain, leaf)
        frontier = merkle.extend(frontier, seq - 1, leaf)
        columns = entries.columns(json.loads(body)) | {"leaf": leaf, "chain": chain}
        names = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE audit_event SET {names} WHERE seq = ?", (*columns.values(), seq))
    head = (seq, chain, merkle.pack(frontier))
    db.execute("UPDATE audit_head SET seq = ?, chain = ?, frontier = ?", head)


def edit(db: sqlite3.Connection, seq: int) -> None:
    (body,) = db.execute("SELECT body FROM audit_body WHERE seq = ?", (seq,)).fetchone()
    forged = entries.canonical(json.loads(body) | {"ts": "2020-01-01T00:00:00.000Z"})
    db.execute("UPDATE audit_body SET body = ? WHERE seq = ?", (forged, seq))


def remove(db: sqlite3.Connection, where: str) -> None:
    for table in TABLES:
        db.execute(f"DELETE FROM audit_{table} WHERE {where}")


def renumber(db: sqlite3.Connection, gone: int) -> None:
    """Let every later entry move up by one, in its body too."""
    remove(db, f"seq = {gone}")
    later = db.execute("SELECT seq, body FROM audit_body WHERE seq > ? ORDER BY seq", (gone,))
    for seq, body in later.fetchall():
        moved = entries.canonical(json.loads(body) | {"seq": seq - 1})
        db.execute("UPDATE audit_body SET body = ? WHERE seq = ?", (moved, seq))
        for table in TABLES:
            db.execute(f"UPDATE audit_{table} SET seq = ? WHERE seq = ?", (seq - 1, seq))
    db.execute("DELETE FROM audit_detail")
    db.execute("DELETE FROM audit_touch")
    follow(db)


def body_edited(s: Scene) -> None:
    with s.opened() as db:
        edit(db, s.signed.outcome)


def leaf_edited(s: Scene) -> None:
    s.run(f"UPDATE audit_event SET leaf = zeroblob(32) WHERE seq = {s.signed.outcome}")


def column_edited(s: Scene) -> None:
    s.run(f"UPDATE audit_event SET actor = 'nobody' WHERE seq = {s.signed.outcome}")


def chain_edited(s: Scene) -> None:
    s.run(f"UPDATE audit_event SET chain = zeroblob(32) WHERE seq = {s.signed.outcome}")


def head_edited(s: Scene) -> None:
    s.run("UPDATE audit_head SET chain = zeroblob(32)")


def row_deleted(s: Scene) -> None:
    with s.opened() as db:
        remove(db, f"seq = {s.signed.outcome}")


def rows_swapped(s: Scene) -> None:
    a, b = s.signed.outcome, s.signed.outcome + 1
    with s.opened() as db:
        for table in ("event", "body"):
            for was, becomes in ((a, -1), (b, a), (-1, b)):
                db.execute(f"UPDATE audit_{table} SET seq = ? WHERE seq = ?", (becomes, was))


def details_swapped(s: Scene) -> None:
    with s.opened() as db:
        a, b = (n for (n,) in db.execute("SELECT seq FROM audit_detail ORDER BY seq LIMIT 2"))
        for was, becomes in ((a, -1), (b, a), (-1, b)):
            db.execute("UPDATE audit_detail SET seq = ? WHERE seq = ?", (becomes, was))


def touch_hidden(s: Scene) -> None:
    s.run(f"DELETE FROM audit_touch WHERE seq = {s.signed.outcome}")


def edited_and_rechained(s: Scene) -> None:
    with s.opened() as db:
        edit(db, s.signed.outcome)
        follow(db)


def edited_after_the_first_note(s: Scene) -> None:
    with s.opened() as db:
        edit(db, s.signed.first + 2)
        follow(db)


def renumbered(s: Scene) -> None:
    with s.opened() as db:
        renumber(db, s.signed.outcome)


def notes_deleted_and_rechained(s: Scene) -> None:
    edited_and_rechained(s)
    s.run("DELETE FROM audit_checkpoint")
    shutil.rmtree(s.data / "anchor")


def tail_cut(s: Scene) -> None:
    with s.opened() as db:
        remove(db, f"seq > {s.signed.first + 5}")


def tail_cut_with_its_head(s: Scene) -> None:
    with s.opened() as db:
        remove(db, f"seq > {s.signed.first + 5}")
        follow(db)


def everything_cut(s: Scene) -> None:
    with s.opened() as db:
        remove(db, "seq > 0")
        db.execute("UPDATE audit_head SET seq = 0, chain = ?, frontier = ''", (START,))


def older_copy(s: Scene) -> None:
    for path in s.data.glob("archive.db*"):
        path.unlink()
    shutil.copy(s.signed.older, s.data / "archive.db")


def older_copy_gone_on_with(s: Scene) -> None:
    older_copy(s)
    with s.opened() as db:
        db.execute("DELETE FROM audit_checkpoint")
        (body,) = db.execute("SELECT body FROM audit_body ORDER BY seq DESC LIMIT 1").fetchone()
        for seq in range(s.signed.first + 1, s.signed.last + 5):
            forged = json.loads(body) | {"seq": seq, "phase": "event"}
            forged.pop("detail", None)
            columns = ", ".join(entries.columns(forged))
            marks = ", ".join("?" * len(entries.columns(forged)))
            db.execute(
                f"INSERT INTO audit_event ({columns}, leaf, chain) VALUES ({marks}, x'', x'')",
                tuple(entries.columns(forged).values()),
            )
            db.execute("INSERT INTO audit_body VALUES (?, ?)", (seq, entries.canonical(forged)))
        follow(db)


def forged_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(32))


def key_replaced(s: Scene) -> None:
    """Rewrite, and sign it all with a key of one's own that the database then names."""
    edited_and_rechained(s)
    key = forged_key()
    with s.opened() as db:
        frontier: list[bytes] = []
        for seq, leaf in db.execute("SELECT seq, leaf FROM audit_event ORDER BY seq").fetchall():
            frontier = merkle.extend(frontier, seq - 1, bytes(leaf))
            if seq in (s.signed.first, s.signed.second):
                origin = checkpoints.parse(
                    db.execute("SELECT note FROM audit_checkpoint LIMIT 1").fetchone()[0]
                ).checkpoint.origin
                note = checkpoints.sign(Checkpoint(origin, seq, merkle.root(frontier)), key)
                db.execute("UPDATE audit_checkpoint SET note = ? WHERE tree_size = ?", (note, seq))
        public = checkpoints.pem(key.public_key())
        db.execute("UPDATE instance SET value = ? WHERE name LIKE 'anchor:%'", (public,))


def key_changed_by_nobody(s: Scene) -> None:
    """Claim that the old key signed the new one."""
    key_replaced(s)
    with s.opened() as db:
        (note,) = db.execute("SELECT note FROM audit_checkpoint LIMIT 1").fetchone()
        origin = checkpoints.parse(note).checkpoint.origin
        real = checkpoints.read_pem((s.signed.data / "anchor" / PUBLIC).read_text())
        change = rekeying.change(origin, forged_key(), forged_key().public_key())
        forged = rekeying.KeyChange(origin, checkpoints.raw(real), change.new, change.signature)
        name = f"rekey:{rekeying.fingerprint(change.new)}"
        db.execute("INSERT INTO instance VALUES (?, ?)", (name, forged.line()))


def note_edited(s: Scene) -> None:
    line = f"char(10) || '{s.signed.first}' || char(10)"
    s.run(f"UPDATE audit_checkpoint SET note = replace(note, {line}, char(10) || '7' || char(10))")


def note_is_rubbish(s: Scene) -> None:
    s.run("UPDATE audit_checkpoint SET note = 'rubbish'")


def clock_went_back(s: Scene) -> None:
    """Change nothing but the time of the last, unsigned entry: what nobody signed can be forged."""
    with s.opened() as db:
        edit(db, s.signed.last)
        follow(db)


Number = Callable[[Signed], int | None]
ATTACKS: tuple[tuple[Callable[[Scene], None], int, Number], ...] = (
    (body_edited, 10, lambda s: s.outcome),
    (leaf_edited, 10, lambda s: s.outcome),
    (column_edited, 10, lambda s: s.outcome),
    (chain_edited, 11, lambda s: s.outcome),
    (head_edited, 11, lambda s: s.last),
    (row_deleted, 12, lambda s: s.outcome),
    (rows_swapped, 10, lambda s: s.outcome),
    (details_swapped, 10, lambda _: 1),
    (touch_hidden, 10, lambda s: s.outcome),
    (edited_and_rechained, 13, lambda _: 1),
    (edited_after_the_first_note, 13, lambda s: s.first + 1),
    (renumbered, 13, lambda _: 1),
    (notes_deleted_and_rechained, 13, lambda _: 1),
    (tail_cut, 12, lambda s: s.first + 6),
    (tail_cut_with_its_head, 14, lambda s: s.first + 6),
    (everything_cut, 14, lambda _: 1),
    (older_copy, 14, lambda s: s.first + 1),
    (older_copy_gone_on_with, 13, lambda s: s.first + 1),
    (key_replaced, 15, lambda s: s.first),
    (key_changed_by_nobody, 15, lambda _: None),
    (note_edited, 15, lambda _: 7),
    (note_is_rubbish, 15, lambda _: None),
)


@pytest.mark.parametrize(
    ("attack", "code", "number"), ATTACKS, ids=lambda v: getattr(v, "__name__", "")
)
def test_an_attack_is_found_with_its_code_and_first_bad_number(
    scene: Scene, attack: Callable[[Scene], None], code: int, number: Number
) -> None:
    attack(scene)
    assert scene.verdict() == (code, number(scene.signed))


def test_the_table_of_attacks_in_the_documents_is_this_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| (\d\d) \|", text, re.MULTILINE)
    done = [(attack.__name__.replace("_", " "), str(code)) for attack, code, _ in ATTACKS]
    assert rows == done


def test_an_untouched_log_is_whole_and_signed_by_a_key_from_outside(scene: Scene) -> None:
    assert scene.verdict() == (0, None)


def test_what_nobody_has_signed_yet_can_be_forged(scene: Scene) -> None:
    """Stated plainly: between two notes the chain alone protects nothing."""
    clock_went_back(scene)
    assert scene.verdict() == (0, None)


def test_two_notes_of_the_anchors_own_key_that_contradict_each_other_are_a_fork(
    scene: Scene, tmp_path: Path
) -> None:
    key = Holding(scene.signed.data / "anchor").read_key()
    folder = tmp_path / "outside"
    shutil.copytree(scene.signed.outside, folder)
    origin = checkpoints.parse(next(folder.glob("*.note")).read_text("utf-8")).checkpoint.origin
    size = scene.signed.first + 3
    forged = checkpoints.sign(Checkpoint(origin, size, bytes(32)), key)
    (folder / f"{size:016d}.note").write_text(forged, encoding="utf-8")
    other = Scene(scene.data, Signed(**{**vars(scene.signed), "outside": folder}))
    assert other.verdict() == (16, scene.signed.first + 1)
    twin = checkpoints.sign(Checkpoint(origin, size, bytes(31) + b"x"), key)
    (folder / "twin.note").write_text(twin, encoding="utf-8")
    assert other.verdict()[0] == 16


def test_a_note_that_is_too_old_is_named_by_the_first_entry_nobody_vouches_for(
    scene: Scene,
) -> None:
    assert scene.verdict("--max-age", "9999d") == (0, None)
    assert scene.verdict("--max-age", "0s") == (17, scene.signed.second + 1)


def test_a_public_key_from_elsewhere_counts_alone(scene: Scene, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.pem", tmp_path / "other.pem"
    mine.write_text((scene.signed.data / "anchor" / PUBLIC).read_text())
    other.write_text(checkpoints.pem(forged_key().public_key()))
    assert scene.verdict("--pub", str(mine)) == (0, None)
    empty = tmp_path / "empty"
    empty.mkdir()
    lone = Scene(scene.data, Signed(**{**vars(scene.signed), "outside": empty}))
    assert lone.verdict("--pub", str(other)) == (15, scene.signed.first)


def test_from_a_number_on_earlier_bodies_are_not_looked_into(scene: Scene) -> None:
    body_edited(scene)
    assert scene.verdict("--from", str(scene.signed.outcome + 1)) == (0, None)
    assert scene.verdict("--from", str(scene.signed.outcome)) == (10, scene.signed.outcome)


@pytest.mark.parametrize("words", [("--max-age", "soon"), ("--from", "0"), ("--pub", "/nowhere")])
def test_wrong_usage_is_2(scene: Scene, words: tuple[str, str]) -> None:
    done = CliRunner().invoke(
        main, ["audit", "verify", *words], env={"GUIDANG_DATA": str(scene.data)}
    )
    assert done.exit_code == 2
