"""The anchor signs how long the log is, contradicts itself never, and takes its notes outside."""

import email
import email.policy
import hashlib
import json
import os
import socketserver
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service.anchor import Anchor
from service.anchored import Standing, Watched, admit, standing
from service.anchors.folder import Folder
from service.anchors.holding import KEY, STATE, Holding
from service.anchors.mail import Mail
from service.anchors.port import PlaceError
from service.audit import checkpoints, merkle, notes
from service.errors import Unavailable
from service.settings import SettingsError
from tests.appending import entry
from tests.world import World

ZONE = ZoneInfo("Asia/Shanghai")
#: Ten in the morning in Shanghai.
START = datetime(2026, 11, 24, 2, tzinfo=UTC)


@dataclass
class Shelf:
    """A place of this process's memory that can be out of order."""

    name: str = "bucket"
    outside: bool = True
    kept: dict[str, str] = field(default_factory=dict)
    broken: str = ""

    def put(self, name: str, text: str) -> None:
        if self.broken:
            raise PlaceError(self.broken)
        self.kept[name] = text

    def notes(self, newest: int) -> list[str]:
        if self.broken:
            raise PlaceError(self.broken)
        names = sorted((n for n in self.kept if n.endswith(".note")), reverse=True)
        return [self.kept[name] for name in names[:newest]]


def folder(world: World) -> Path:
    return world.archive.settings.anchor_path


def started(world: World, *places: Shelf) -> Anchor:
    return Anchor(world.archive.db, Holding(folder(world)), places, ZONE)


def append(world: World, count: int) -> None:
    with world.archive.ring() as ring, world.archive.db.write() as db:
        world.archive.append(db, [entry(f"n{n}") for n in range(count)], ring)


def sizes(world: World) -> list[int]:
    with world.archive.db.read() as db:
        return [checkpoints.parse(note).checkpoint.size for note in notes.notes(db)]


def told(world: World) -> Standing:
    with world.archive.db.read() as db:
        return standing(db)


@contextmanager
def attacked(world: World) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(world.archive.settings.data / "archive.db")) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.execute(f"DROP TRIGGER {name}")
        yield db


def cut(world: World, count: int) -> None:
    """Take the last entries away and make the head fit."""
    with attacked(world) as db:
        (last,) = db.execute("SELECT max(seq) - ? FROM audit_event", (count,)).fetchone()
        for table in ("touch", "detail", "body", "event"):
            db.execute(f"DELETE FROM audit_{table} WHERE seq > ?", (last,))
        frontier: list[bytes] = []
        for seq, leaf in db.execute("SELECT seq, leaf FROM audit_event ORDER BY seq"):
            frontier = merkle.extend(frontier, seq - 1, leaf)
        (chain,) = db.execute("SELECT chain FROM audit_event WHERE seq = ?", (last,)).fetchone()
        db.execute(
            "UPDATE audit_head SET seq = ?, chain = ?, frontier = ?",
            (last, chain, merkle.pack(frontier)),
        )


# -- when it signs ---------------------------------------------------------------------------


def test_a_note_is_signed_at_once_then_every_ten_minutes_or_thousand_entries(world: World) -> None:
    anchor, first = started(world), world.verify().events
    anchor.round(START)
    assert sizes(world) == [first]
    append(world, 3)
    anchor.round(START + timedelta(minutes=9))
    assert sizes(world) == [first]
    anchor.round(START + timedelta(minutes=10))
    assert sizes(world) == [first, first + 3]
    append(world, 1000)
    anchor.round(START + timedelta(minutes=11))
    assert sizes(world) == [first, first + 3, first + 1003]
    anchor.round(START + timedelta(hours=1))
    assert len(sizes(world)) == 3, "a log that has not grown needs no further note"


def test_at_midnight_a_note_is_signed_and_handed_out(world: World) -> None:
    shelf = Shelf()
    anchor = started(world, shelf)
    midnight = datetime(2026, 11, 24, 16, tzinfo=UTC)
    anchor.round(midnight - timedelta(minutes=2))
    before = dict(shelf.kept)
    append(world, 1)
    anchor.round(midnight - timedelta(minutes=1))
    assert shelf.kept == before
    anchor.round(midnight)
    last = sizes(world)[-1]
    assert last == world.verify().events
    assert set(shelf.kept) - set(before) == {f"{last:016d}.note"}


def test_its_notes_fit_the_log_and_are_signed_by_its_own_key(world: World) -> None:
    anchor = started(world)
    anchor.round(START)
    with world.archive.db.read() as db:
        (note,) = notes.notes(db)
        (stated,) = notes.keys(db)
        origin = notes.origin_of(db)
    key = Holding(folder(world)).read_key().public_key()
    assert checkpoints.raw(stated) == checkpoints.raw(key)
    report = world.verify()
    assert checkpoints.verify(note, [key]) == checkpoints.Checkpoint(
        origin, report.events, bytes.fromhex(report.root)
    )


# -- its key and state -----------------------------------------------------------------------


def test_its_key_is_made_once_readable_by_it_alone_and_in_no_database(world: World) -> None:
    started(world).round(START)
    path = folder(world) / KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    secret = path.read_bytes().split(b"\n")[1]
    key = Holding(folder(world)).read_key().private_bytes_raw()
    data = world.archive.settings.data
    for file in data.rglob("*"):
        if file.is_file() and file != path:
            assert secret not in file.read_bytes(), file
            assert key not in file.read_bytes(), file


def test_a_key_that_others_may_read_is_refused(world: World) -> None:
    started(world)
    (folder(world) / KEY).chmod(0o440)
    with pytest.raises(SettingsError, match="others may read"):
        started(world)


def test_a_lost_key_is_not_made_anew_once_a_note_was_signed(world: World) -> None:
    started(world).round(START)
    (folder(world) / KEY).unlink()
    with pytest.raises(SettingsError, match="missing"):
        started(world)


def test_two_anchors_do_not_share_a_folder(world: World) -> None:
    first, second = Holding(folder(world)), Holding(folder(world))
    with first.alone(), pytest.raises(SettingsError, match="another anchor"), second.alone():
        pass


def test_a_note_that_was_signed_before_a_crash_is_shown_after_it(world: World) -> None:
    started(world).round(START)
    with attacked(world) as db:
        db.execute("DELETE FROM audit_checkpoint")
    started(world).round(START + timedelta(minutes=1))
    assert sizes(world) == [world.verify().events]


# -- what it refuses -------------------------------------------------------------------------


def edit_and_follow(world: World, seq: int) -> None:
    with attacked(world) as db:
        (body,) = db.execute("SELECT body FROM audit_body WHERE seq = ?", (seq,)).fetchone()
        forged = json.dumps(
            json.loads(body) | {"ts": "2001-01-01T00:00:00.000Z"},
            sort_keys=True,
            separators=(",", ":"),
        ).encode()
        db.execute("UPDATE audit_body SET body = ? WHERE seq = ?", (forged, seq))
        db.execute("UPDATE audit_event SET ts = '2001-01-01T00:00:00.000Z' WHERE seq = ?", (seq,))
        chain, frontier = bytes(32), list[bytes]()
        for number, each in db.execute("SELECT seq, body FROM audit_body ORDER BY seq").fetchall():
            leaf = merkle.leaf_hash(bytes(each))
            chain = hashlib.sha256(chain + leaf).digest()
            frontier = merkle.extend(frontier, number - 1, leaf)
            db.execute(
                "UPDATE audit_event SET leaf = ?, chain = ? WHERE seq = ?", (leaf, chain, number)
            )
        db.execute("UPDATE audit_head SET chain = ?, frontier = ?", (chain, merkle.pack(frontier)))


@pytest.mark.parametrize("restarted", [True, False])
def test_it_signs_nothing_more_of_a_log_that_was_rewritten(
    world: World,
    restarted: bool,  # noqa: FBT001
) -> None:
    shelf = Shelf()
    anchor = started(world, shelf)
    anchor.round(START)
    signed, given = sizes(world), dict(shelf.kept)
    edit_and_follow(world, 3)
    append(world, 1500)
    anchor = started(world, shelf) if restarted else anchor
    anchor.round(START + timedelta(days=1))
    assert anchor.refused in {"rewritten", "chain"}
    assert (sizes(world), shelf.kept) == (signed, given)
    assert told(world).refused == anchor.refused
    with pytest.raises(Unavailable):
        admit(world.archive, world.actor("sales"), Watched(), START)
    admit(world.archive, world.actor("auditor"), Watched(), START)


@pytest.mark.parametrize("restarted", [True, False])
def test_its_own_note_is_enough_to_refuse_a_log_that_was_rewritten(
    world: World,
    restarted: bool,  # noqa: FBT001
) -> None:
    anchor = started(world)
    anchor.round(START)
    edit_and_follow(world, 3)
    anchor = started(world) if restarted else anchor
    anchor.round(START + timedelta(days=1))
    assert anchor.refused == "rewritten"


@pytest.mark.parametrize("restarted", [True, False])
def test_it_signs_nothing_of_a_log_that_was_cut(world: World, restarted: bool) -> None:  # noqa: FBT001
    append(world, 5)
    anchor = started(world)
    anchor.round(START)
    signed = sizes(world)
    cut(world, 3)
    anchor = started(world) if restarted else anchor
    anchor.round(START + timedelta(minutes=20))
    assert anchor.refused == "shorter"
    assert sizes(world) == signed


def test_a_lost_tail_that_nobody_signed_is_no_reason_to_refuse(world: World) -> None:
    anchor = started(world)
    anchor.round(START)
    append(world, 1001)
    anchor.round(START + timedelta(minutes=1))
    append(world, 5)
    cut(world, 5)
    append(world, 2)
    anchor.round(START + timedelta(minutes=20))
    assert anchor.refused == ""
    assert sizes(world)[-1] == world.verify().events


def test_what_a_place_holds_counts_though_the_whole_host_was_put_back(world: World) -> None:
    shelf = Shelf()
    anchor = started(world, shelf)
    anchor.round(START)
    state = (folder(world) / STATE).read_bytes()
    append(world, 5)
    anchor.round(START + timedelta(days=1))
    cut(world, 3)
    (folder(world) / STATE).write_bytes(state)
    anchor = started(world, shelf)
    anchor.round(START + timedelta(days=2))
    assert anchor.refused == "shorter"


def test_what_somebody_else_put_into_a_place_does_not_count(world: World) -> None:
    shelf = Shelf()
    anchor = started(world, shelf)
    anchor.round(START)
    shelf.kept["9999999999999999.note"] = "rubbish"
    (note,) = (text for name, text in shelf.kept.items() if text.startswith("guidang"))
    shelf.kept["9999999999999998.note"] = note.replace("\n", "9\n", 1)
    anchor = started(world, shelf)
    anchor.round(START + timedelta(minutes=1))
    assert anchor.refused == ""


# -- places ----------------------------------------------------------------------------------


def test_each_place_gets_the_note_of_the_day_with_the_key_and_is_asked_again(world: World) -> None:
    good, bad = Shelf(), Shelf("mail")
    bad.broken = "no"
    anchor = started(world, good, bad)
    anchor.round(START)
    assert sorted(name.partition("-")[0] for name in good.kept) == [
        f"{sizes(world)[0]:016d}.note",
        "pub",
    ]
    late = told(world).unreached(START)
    assert [(place.name, place.error) for place in late] == [("mail", "no")]
    bad.broken = ""
    anchor.round(START + timedelta(minutes=1))
    assert list(bad.kept) == [f"{sizes(world)[0]:016d}.note"]
    assert told(world).unreached(START + timedelta(minutes=1)) == ()
    assert told(world).outside


def test_without_an_outside_place_the_log_is_not_anchored(world: World, tmp_path: Path) -> None:
    kept = Folder(tmp_path / "usb")
    anchor = Anchor(world.archive.db, Holding(folder(world)), [kept], ZONE)
    anchor.round(START)
    assert not told(world).outside
    (note,) = kept.notes(5)
    key = Holding(folder(world)).read_key().public_key()
    assert checkpoints.verify(note, [key]).size == sizes(world)[0]
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o400 for p in (tmp_path / "usb").iterdir())


def test_when_no_place_took_a_note_for_three_days_only_keepers_go_on(world: World) -> None:
    shelf, longest = Shelf(), timedelta(hours=72)
    anchor = started(world, shelf)
    anchor.round(START)
    shelf.broken = "no"
    anchor.round(START + timedelta(hours=72))
    assert not told(world).closed(START + timedelta(hours=72), longest)
    assert told(world).unreached(START + timedelta(hours=27))
    assert told(world).closed(START + timedelta(hours=73), longest)
    shelf.broken = ""
    anchor.round(START + timedelta(hours=74))
    assert not told(world).closed(START + timedelta(hours=74), longest)


class Letters(socketserver.ThreadingTCPServer):
    """A mail server of a few lines: takes everything, keeps it."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.letters: list[bytes] = []
        self.heard: list[str] = []


class Session(socketserver.StreamRequestHandler):
    """One conversation."""

    server: Letters

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            word = line.split(None, 1)[0].upper()
            self.server.heard.append(line.decode().strip())
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(lines))
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def letters() -> Iterator[Letters]:
    with Letters() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def test_a_letter_has_the_note_in_its_text_and_as_a_file(world: World, letters: Letters) -> None:
    address = f"smtp://127.0.0.1:{letters.server_address[1]}"
    to = ("legal@example.cn", "board@example.cn")
    mail = Mail.of(address, to=to, sender="archive@example.cn", login="")
    anchor = Anchor(world.archive.db, Holding(folder(world)), [mail], ZONE)
    anchor.round(START)
    anchor.round(START + timedelta(minutes=11))
    (letter,) = letters.letters
    with world.archive.db.read() as db:
        note = notes.newest(db)
    message = email.message_from_bytes(letter, policy=email.policy.default)
    (attached,) = message.iter_attachments()
    assert attached.get_content() == note
    assert attached.get_filename() == f"{sizes(world)[0]:016d}.note"
    body = message.get_body()
    assert body is not None
    assert note.splitlines()[2] in body.get_content()
    for person in to:
        assert any(person in line for line in letters.heard if line.startswith("rcpt"))
    assert told(world).outside


def test_a_mail_server_that_is_away_is_told_and_tried_again(world: World) -> None:
    away = Mail.of("smtp://127.0.0.1:1", to=("a@example.cn",), sender="b@example.cn", login="")
    anchor = Anchor(world.archive.db, Holding(folder(world)), [away], ZONE)
    anchor.round(START)
    (place,) = told(world).places
    assert place.taken is None
    assert "mail server" in place.error


@pytest.mark.parametrize("address", ["127.0.0.1:25", "http://x:1", "smtp://", "smtp://h:99999"])
def test_a_mail_server_needs_an_address(address: str) -> None:
    with pytest.raises(SettingsError, match="GUIDANG_ANCHOR_SMTP"):
        Mail.of(address, to=("a@example.cn",), sender="b@example.cn", login="")


def test_the_folder_is_made_by_its_own_user_alone(world: World) -> None:
    started(world)
    assert stat.S_IMODE(folder(world).stat().st_mode) == 0o700
    assert folder(world).stat().st_uid == os.geteuid()
