"""Complete: every command is run, and leaves its entries; those that leave none are a closed list.

The routes are walked by tests/web/test_every_way_is_logged.py.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from service import upkeep
from service.__main__ import main
from service.actions import Action
from service.anchor import Anchor
from service.anchors.holding import Holding
from service.audit import checkpoints, notes
from service.audit.checkpoints import Checkpoint
from service.models import AuditEvent
from service.silent import SILENT
from tests.service.test_anchor import START, ZONE
from tests.service.test_erasing import MONTH, age, furnish
from tests.world import World, password

__all__ = ["furnish"]

DOCS = Path(__file__).parents[2] / "docs" / "log.md"

#: Commands that start something, or make what an archive is made of: they are not run here.
STARTING = {"run", "web", "worker", "anchor run", "secrets init", "setup", "health"}


def signed(people: int) -> dict[Action, int]:
    """Return what is left by those who give their password to a command."""
    return {Action.SIGN_IN: people, Action.SIGN_OUT: people}


#: What each command leaves: entries by action. A look has two, its intent and its outcome.
LEAVES: dict[str, dict[Action, int]] = {
    "user add": {Action.USER_MANAGE: 1},
    "user link": {Action.USER_MANAGE: 1},
    "user list": {Action.USER_MANAGE: 2},
    "token add": {Action.SESSION_MANAGE_OWN: 1},
    "search": {Action.SEARCH_RUN: 2},
    # what the folder holds is compared with the archive first
    "import": {Action.IMPORT_RUN: 3, Action.DOCUMENT_ADD: 4},
    "index rebuild": {Action.INDEX_REBUILD: 2},
    "audit erase-details": {**signed(2), Action.AUDIT_ERASE: 2},
    "audit purge": {**signed(2), Action.AUDIT_PURGE: 2},
    "audit export": {**signed(1), Action.AUDIT_EXPORT: 1},
    "audit fetch": {**signed(1), Action.AUDIT_EXPORT: 3},
    "audit open": {**signed(1), Action.AUDIT_EXPORT: 2},
    "anchor rekey": {Action.ANCHOR_REKEY: 1},
    "audit resume": {Action.AUDIT_RESUME: 1},
}


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """Yield the names of all commands."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


@dataclass
class Terminal:
    """Runs commands on a world's data, and keeps what each left in the log."""

    world: World
    left: dict[str, dict[str, int]] = field(default_factory=dict)

    def run(self, command: str, *words: object, typed: str = "", code: int = 0) -> str:
        """Run one that must end so; return what it printed."""
        before = self.length()
        environment: dict[str, str | None] = {
            k: None for k in os.environ if k.startswith("GUIDANG_")
        }
        environment["GUIDANG_DATA"] = str(self.world.archive.settings.data)
        given = [*command.split(), *map(str, words)]
        done = CliRunner().invoke(main, given, env=environment, input=typed)
        assert done.exit_code == code, (command, done.output, done.exception)
        # what the archive logs of the anchor, it does when a process of its own looks next
        upkeep.go_round(self.world.archive, "web")
        assert command not in self.left
        self.left[command] = self.entries(before)
        return done.stdout

    def length(self) -> int:
        return max(self.entries_by_number(), default=0)

    def entries(self, after: int) -> dict[str, int]:
        found = self.entries_by_number()
        return dict(Counter(action for seq, action in found.items() if seq > after))

    def entries_by_number(self) -> dict[int, str]:
        with self.world.archive.db.read() as db:
            return dict(db.execute(select(AuditEvent.seq, AuditEvent.action)).tuples().all())


def test_every_command_leaves_its_entries_and_the_silent_ones_none(
    world: World, tmp_path: Path
) -> None:
    terminal = Terminal(world)
    run = terminal.run
    both = ("--management", "management", "--legal", "legal", "--reason", "到期")
    typed = f"{password('management')}\n{password('legal')}\n"
    age(world, 5, 2000)
    run("audit purge", *both, typed=typed)
    run("audit erase-details", "--month", MONTH, *both, typed=typed)

    run("user add", "new.one", "--department", "sales", "--role", "sales")
    run("user link", "sales")
    run("user list")
    run("token add", "sales")
    folder = tmp_path / "交接"
    folder.mkdir()
    for name in ("甲.txt", "乙.txt"):
        (folder / name).write_text(f"谐波减速器 {name}", "utf-8")
    run("import", folder, "--customer", world.customer().id, "--kind", "minutes")
    world.work()
    run("search", "减速器", "--as", "service_officer")
    run("index rebuild")
    run("index status")

    secret = tmp_path / "password"
    secret.write_text(password("auditor"))
    asks = ("--as", "auditor", "--password-file", secret)
    made = run("audit export", "--case", "FW-1", "--statement", "核查", *asks).strip()
    world.work()
    run("audit fetch", made, "--out", tmp_path / "b.zip", *asks)
    run("audit open", made, 6, "--case", "FW-2", *asks)

    anchor = world.archive.settings.data / "anchor"
    Anchor(world.archive.db, Holding(anchor), [], ZONE).round(START)
    run("anchor pub")
    run("audit verify")
    run("audit prove", 6)
    run("audit orphans")
    run("anchor rekey")
    run("settings")
    run("elastic security", "--out", tmp_path / "elastic")
    run("demo", code=1)

    lost = tmp_path / "lost.note"
    lost.write_text(longer_note(world), "utf-8")
    run("audit resume", "--reason", "磁盘损坏", "--note", lost)
    run("anchor resume", code=1)

    silent: dict[str, dict[Action, int]] = {name: {} for name in set(SILENT) - STARTING}
    assert terminal.left == {**silent, **LEAVES}


def longer_note(world: World) -> str:
    """Return a note of this log when it was longer than it is."""
    with world.archive.db.read() as db:
        origin = notes.origin_of(db)
    return checkpoints.sign(Checkpoint(origin, 10_000, bytes(32)), Ed25519PrivateKey.generate())


def test_the_silent_commands_exist_and_are_the_documented_ones() -> None:
    assert set(commands(main)) == {*LEAVES, *SILENT}
    assert not set(LEAVES) & set(SILENT)
    told = re.findall(
        r"^\| `guidang ([a-z -]+)` \| (.+?) \|$", DOCS.read_text("utf-8"), re.MULTILINE
    )
    assert dict(told) == dict(SILENT)
