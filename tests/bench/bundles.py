"""A compliance bundle of 100,000 entries: how long it is made, and checked on a bare Python."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from indexer import bundling
from indexer.extract.sandbox import Sandbox
from service import appending, jobs
from service.audit.entries import Entry, PolicyRef, Result, Subject
from service.bundles import checking
from service.codes import Decision, Department, Phase, Role
from service.permissions import Action, Actor
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure
from tests.bench.stack import Stacks
from tests.bundled import SCRIPT, asked, fetched, signed
from tests.world import World

_ENTRIES, _FEWEST, _BATCH = 100_000, 1_000, 1_000
_MADE, _CHECKED = 30.0, 60.0


def bundle(stacks: Stacks) -> list[Figure]:
    """Make a bundle of everything with its details, then check it in three ways."""
    count = max(_FEWEST, round(_ENTRIES * stacks.scale))
    with stacks.scratch(Corpus(0)) as stack, Sandbox(children=1) as sandbox:
        world = World(stack.archive, sandbox)
        world.person("bundle.auditor", frozenset({Role.AUDITOR}), Department.MANAGEMENT)
        _write(world, count)
        signed(world, Ed25519PrivateKey.generate())
        export_id = asked(world, by="bundle.auditor", details=True)
        started = perf_counter()
        bundling.run(stack.archive, jobs.holder(), lambda: None)
        made = perf_counter() - started
        packed = fetched(world, export_id, by="bundle.auditor")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(packed)
        started = perf_counter()
        report = checking.check(path)
        ours = perf_counter() - started
        bare = _bare(path)
    if report.code or report.shown < count:
        raise RuntimeError(f"the bundle does not hold: {report}")
    size = f"{report.shown:,} entries with {report.details:,} details, {len(packed):,} bytes"
    return [
        Figure("bundle made", made, _MADE, size, unit="s"),
        Figure("bundle checked on a bare Python", bare, _CHECKED, _said(), unit="s"),
        Figure("bundle checked by the archive", ours, None, "", unit="s"),
    ]


def _write(world: World, count: int) -> None:
    """Write entries as searching does, in pairs, many to a commit."""
    with world.archive.db.read() as db:
        policy = world.archive.policies.current(db)
    ref = PolicyRef(policy.id, policy.sha256)
    actor = Actor("person", world.id("bundle.auditor"), department=Department.MANAGEMENT)
    with world.archive.ring() as ring:
        world.archive.ready(ring)
        for _ in range(count // _BATCH):
            with world.archive.db.write() as db:
                appending.append(db, list(_pairs(actor, ref)), ring)


def _pairs(actor: Actor, policy: PolicyRef) -> Iterator[Entry]:
    subject = Subject("search")
    for number in range(_BATCH // 2):
        detail = {"q": f"机器人 {number} 焊接", "ip": "192.0.2.7", "agent": "Mozilla/5.0"}
        yield Entry(Phase.INTENT, Action.SEARCH_RUN, actor, policy, subject, detail=detail)
        yield Entry(
            Phase.OUTCOME,
            Action.SEARCH_RUN,
            actor,
            policy,
            subject,
            ref=1,
            decision=Decision.ALLOW,
            rule="search.run:auditor",
            result=Result(count=20),
            touches=(("a" * 26, "listed"),),
        )


def _bare(path: Path) -> float:
    """Check it in an empty environment, without any package beside the standard library."""
    openssl = Path(shutil.which("openssl") or "/usr/bin/openssl").parent
    started = perf_counter()
    subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path)],
        env={"PATH": str(openssl)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return perf_counter() - started


def _said() -> str:
    return f"Python {sys.version.split()[0]}, signatures by openssl"
