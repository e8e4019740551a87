"""Take each guard out in turn: the suite must notice. `python -m tests.mutants [--random N]`.

A guard is a piece of code whose removal would let somebody see or change what they must not.
Each entry says what is replaced by what, and which tests must fail then.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent

#: What a copy of the checkout leaves out.
LEFT_OUT = (
    ".git",
    ".venv",
    "data",
    "screens",
    "bench-results",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One guard taken out: `old` becomes `new` in `file`; `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "database re-check",
        "service/finding.py",
        "if h.uid in rows and recheck.confirms(rows[h.uid], h, scopes)",
        "if h.uid in rows",
        ("tests/service/test_stale_index.py",),
    ),
    Mutant(
        "dirty marks",
        "service/finding.py",
        "dirty_documents=dirty_documents, dirty_customers=dirty_customers)",
        "dirty_documents=frozenset(), dirty_customers=frozenset())",
        ("tests/service/test_stale_index.py",),
    ),
    Mutant(
        "intent before anything is touched",
        "service/archive.py",
        "self._intends = action in STORES or (not changing and reading is None)",
        "self._intends = False",
        ("tests/service/test_call_intent.py", "tests/service/test_call.py"),
    ),
    Mutant(
        "run-as header",
        "service/search/elastic.py",
        '"es-security-runas-user"',
        '"x-nobody"',
        ("tests/service/test_elastic_requests.py",),
    ),
    Mutant(
        "wrapped keys are bound to their place",
        "service/keystore/rows.py",
        'return _CANONICAL.encode({**names, "p": "guidang.wrap.v1"}).encode()',
        'return b"guidang.wrap.v1"',
        ("tests/service/test_keystore.py",),
    ),
    Mutant(
        "CSRF token",
        "web/guard.py",
        "    csrf = Csrf(app)\n",
        '    app.config["WTF_CSRF_ENABLED"] = False\n    csrf = Csrf(app)\n',
        ("tests/web/test_doors.py",),
    ),
    Mutant(
        "changes asked for by other sites",
        "web/guard.py",
        "if other or fetched not in",
        "if False and fetched not in",
        ("tests/web/test_doors.py",),
    ),
    Mutant(
        "every page closed unless listed",
        "web/guard.py",
        "    else:\n        _admit_person()",
        "    elif session.token():\n        _admit_person()",
        ("tests/web/test_doors.py",),
    ),
    Mutant(
        "host names",
        "web/guard.py",
        'app.config["TRUSTED_HOSTS"] = list(archive.settings.host_names)',
        'app.config["TRUSTED_HOSTS"] = None',
        ("tests/web",),
    ),
    Mutant(
        "password asked again",
        "web/guard.py",
        "signins.require_fresh(g.archive, g.actor)",
        "pass",
        ("tests/web/test_step_up.py", "tests/web/test_signin.py"),
    ),
    Mutant(
        "idle sign-ins end",
        "service/signins.py",
        "or now - row.last_seen > timedelta(minutes=limits.idle_minutes)",
        "or False",
        ("tests/service/test_signins.py",),
    ),
    Mutant(
        "tokens end",
        "service/signins.py",
        "if row is None or row.revoked or row.expires < now:",
        "if row is None or row.revoked:",
        ("tests/service/test_signins.py", "tests/web/test_api_account.py"),
    ),
    Mutant(
        "lock-out",
        "service/attempts.py",
        "if failures + (db.scalar(recent) or 0) >= most:",
        "if failures >= most:",
        ("tests/service/test_signins.py",),
    ),
    Mutant(
        "last segment of a file",
        "service/segments.py",
        'number.to_bytes(4, "big") + bytes([last])',
        'number.to_bytes(4, "big") + bytes([False])',
        ("tests/service/test_streams.py",),
    ),
    Mutant(
        "own customers when reading",
        "service/permissions.py",
        "                own = effect is Effect.OWN\n",
        "                own = False\n",
        ("tests/test_rights.py", "tests/service/test_main_job.py"),
    ),
    Mutant(
        "own customers when acting",
        "service/permissions.py",
        "if rule.effect is Effect.OWN and not actor.team & target.people:",
        "if False:",
        ("tests/test_rights.py", "tests/service/test_main_job.py"),
    ),
    Mutant(
        "clearance when reading",
        "service/permissions.py",
        "grades = policy.read.clearance.get(role, frozenset())",
        "grades = frozenset(Grade)",
        ("tests/test_rights.py", "tests/service/test_main_job.py"),
    ),
    Mutant(
        "each role decides by itself",
        "service/permissions.py",
        "grades = policy.read.clearance.get(role, frozenset())",
        "grades = frozenset().union(*(policy.read.clearance.get(r, ()) for r in actor.roles))",
        ("tests/test_rights.py", "tests/service/test_main_job.py"),
    ),
    Mutant(
        "grade floor",
        "service/properties.py",
        "if order.index(grade) < order.index(current) and not call.actor.roles & LOWERERS:",
        "if False:",
        ("tests/service/test_properties.py",),
    ),
    Mutant(
        "personal numbers out of the index",
        "service/personal_numbers.py",
        "pieces += (text[end : number.start], BREAK)",
        "pieces += (text[end : number.end], BREAK)",
        ("tests/service/test_main_job.py", "tests/web/test_hidden_numbers.py"),
    ),
    Mutant(
        "sealed kinds out of the index",
        "indexer/projection.py",
        "if document.grade != Grade.TOP and module is not Module.PERSONAL:",
        "if True:",
        ("tests/indexer/test_projection.py",),
    ),
    Mutant(
        "hidden looks like absent",
        "web/errors.py",
        "    Hidden: 404,",
        "    Hidden: 403,",
        ("tests/web/test_api_hidden.py", "tests/web/test_hidden_pages.py"),
    ),
    Mutant(
        "nothing is given before its outcome is in the log",
        "service/archive.py",
        "append_alone(self.archive.backlog, entry, self.ring, self._kept, self._claims)",
        "1",
        ("tests/service/test_call.py",),
    ),
    Mutant(
        "nobody is told a number that was not committed",
        "service/backlog.py",
        "waiting.alone, waiting.error = apart, None if apart else _away(error)",
        "waiting.alone, waiting.error = apart, None",
        ("tests/service/test_backlog.py",),
    ),
    Mutant(
        "a file is fetched as often as it may be, also by who asks at once",
        "service/made_files.py",
        'files.c.fetched < bindparam("most")',
        'bindparam("most") > 0',
        ("tests/service/test_exporting.py",),
    ),
    Mutant(
        "originals are withheld from roles that get none",
        "service/originals.py",
        "if not has_original(call, held):",
        "if has_original(call, held) is None:",
        ("tests/web/test_withheld_originals.py",),
    ),
    Mutant(
        "a set of originals is refused to roles that get none",
        "service/exporting/requests.py",
        "if what is What.DOCUMENTS:\n        _check_originals",
        "if what is None:\n        _check_originals",
        ("tests/service/test_watermarked_copies.py",),
    ),
    Mutant(
        "originals are asked for again at the fetch",
        "service/exporting/handing.py",
        "what is What.DOCUMENTS",
        "what is None",
        ("tests/service/test_watermarked_copies.py",),
    ),
    Mutant(
        "every page of a copy is marked",
        "indexer/copying.py",
        "yield self.hands.marked(image, mark=self.mark.line)[0]",
        "yield image",
        ("tests/service/test_watermarked_copies.py",),
    ),
    Mutant(
        "an older revision never replaces a newer one",
        "service/search/embedded.py",
        "if known is not None and known > document.rev:",
        "if False:",
        ("tests/contract/test_search_port.py",),
    ),
    Mutant(
        "one writer of the index",
        "service/jobs.py",
        "mine = or_(Lease.holder == holder, Lease.until < now)",
        "mine = Lease.name == name",
        ("tests/indexer/test_worker.py", "tests/service/test_opening.py"),
    ),
    Mutant(
        "a key for one request only",
        "service/idempotency.py",
        "if not hmac.compare_digest(row.request_hash, _digest(secret, request)):",
        "if False:",
        ("tests/web/test_api_conditions.py", "tests/web/test_api_main_job.py"),
    ),
    Mutant(
        "changes name the state they are based on",
        "web/api/asking.py",
        "if not request.if_match.contains(str(rev)):",
        "if False:",
        ("tests/web/test_api_conditions.py",),
    ),
    Mutant(
        "longest body",
        "web/api/asking.py",
        "request.max_content_length = limit + BODY",
        "request.max_content_length = 10**15",
        ("tests/web/test_api_bad_input.py", "tests/web/test_api_server.py"),
    ),
    Mutant(
        "snippets mask personal numbers",
        "service/search/highlight.py",
        "spans = [(n.start, n.end, masking.number(n), marker.asked_for(n)) for n in near]",
        "spans = [(n.start, n.end, text[n.start:n.end], marker.asked_for(n)) for n in near]",
        ("tests/service/test_highlight.py",),
    ),
    Mutant(
        "a signed note that the log does not fit",
        "service/audit/evidence.py",
        "others = [c for c in signed if walk.roots.get(c.size) != c.root]",
        "others = [c for c in signed if c.size < 0]",
        ("tests/service/test_attacks.py",),
    ),
    Mutant(
        "bodies are purged by two",
        "service/audit/verify.py",
        "inside = [s for s in named if _by_two(s, named)]",
        "inside = named",
        ("tests/service/test_erasing.py",),
    ),
    Mutant(
        "bodies stay for 184 days",
        "service/erasing.py",
        "    if older < FLOOR:\n",
        "    if older < timedelta(0):\n",
        ("tests/service/test_erasing.py",),
    ),
    Mutant(
        "an older copy is not gone on with",
        "service/opening.py",
        "            restored.refuse(session, settings)\n",
        "            pass\n",
        ("tests/service/test_resuming.py",),
    ),
    Mutant(
        "the anchor compares with what it signed",
        "service/anchor.py",
        "            notes = [self._state.note] if self._state.note else []\n",
        "            notes: list[str] = []\n",
        ("tests/service/test_anchor.py",),
    ),
    Mutant(
        "work ends when no place takes notes",
        "service/anchored.py",
        "if found.closed(now, timedelta(hours=hours)):",
        "if False:",
        ("tests/web/test_anchored.py",),
    ),
    Mutant(
        "LibreOffice reads only its own",
        "indexer/office/confined.py",
        "    fenced = landlock.allow_only(read, [folder, *map(Path, _DEVICES)], [_TEMPORARY])\n",
        "    fenced = bool(read)\n",
        ("tests/indexer/test_office.py",),
    ),
    Mutant(
        "nothing that LibreOffice started outlives it",
        "indexer/office/confined.py",
        "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        _end_all()\n",
        "        pass\n",
        ("tests/indexer/test_office.py",),
    ),
    Mutant(
        "a link in the place of a printed file is not followed",
        "indexer/office/folders.py",
        "no_link = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC",
        "no_link = os.O_RDONLY | os.O_CLOEXEC",
        ("tests/indexer/test_office.py",),
    ),
)


def survives(mutant: Mutant) -> bool:
    """Take one guard out in a copy of the checkout; say whether the tests still pass."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place) / "checkout"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        path = copy / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            message = f"{mutant.name}: {mutant.file} holds its guard {text.count(mutant.old)} times"
            raise LookupError(message)
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        run = subprocess.run([*command, *mutant.tests], cwd=copy, capture_output=True, check=False)
    # 1: tests failed. Anything else (no tests found, a broken import) is no proof.
    if run.returncode not in (0, 1):
        raise LookupError(f"{mutant.name}: {run.stdout.decode()[-2000:]}")
    return run.returncode == 0


@click.command()
@click.option("--random", "some", type=int, help="Only so many, chosen at random.")
@click.option("--only", default="", help="Only those whose name holds this.")
def main(some: int | None, only: str) -> None:
    """Run the mutants; exit 1 if one survives."""
    chosen = [mutant for mutant in MUTANTS if only in mutant.name]
    if some is not None and some < len(chosen):
        chosen = random.sample(chosen, some)
    alive = []
    for mutant in chosen:
        lived = survives(mutant)
        click.echo(f"{'SURVIVED' if lived else 'killed  '}  {mutant.name}")
        if lived:
            alive.append(mutant.name)
    click.echo(f"{len(chosen) - len(alive)} of {len(chosen)} guards are watched by tests")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
