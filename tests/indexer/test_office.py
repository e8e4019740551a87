"""LibreOffice is another's program: whatever it does, it reaches nothing and leaves nothing."""

import fcntl
import io
import json
import os
import select
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.extract.nursery import environment
from indexer.extract.result import Failed, Reason
from indexer.office import folders
from indexer.office.printing import Limits, Office, State
from service.settings import Settings
from tests.indexer.offices import PRINTS, program

PDF = b"%PDF-1.7 printed"
QUICK = Limits(wall=20.0)
#: Nobody else sleeps so long, no other process of these tests either.
SLEEP = f"86413.{os.getpid():08}"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Settings of an archive whose private folders lie in its spool, to be looked at."""
    monkeypatch.setattr(folders, "_ROOM", 1 << 62)
    return Settings(data=tmp_path / "data")


@contextmanager
def office(settings, body, limits=QUICK):
    with program(body, {"printed.pdf": PDF}) as path:
        yield Office(replace(settings, soffice=path), limits)


def printed(settings, body, limits=QUICK, content=b"x"):
    """Return what a program gives for a file; afterwards nothing of it is left."""
    with office(settings, body, limits) as one:
        found = one.printed(io.BytesIO(content), len(content), "docx", lambda: None)
    assert list((settings.data / "spool").iterdir()) == []
    assert sleeping() == []
    return found


def sleeping():
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if SLEEP in process.read_bytes().decode("utf-8", "replace").split("\0"):
                found.append(process.parent.name)
        except OSError:
            continue
    return found


def test_what_it_prints_is_taken(settings):
    assert printed(settings, PRINTS) == PDF
    assert printed(settings, '(printf %%PDF-; cat "$file") > "$out/file.pdf"', content=b"in") == (
        b"%PDF-in"
    )


def test_it_is_used_only_where_it_is_and_may_be(settings):
    for said, state in (("none", State.OFF), ("/nowhere/soffice", State.ABSENT)):
        one = Office(replace(settings, soffice=said))
        assert (one.state, one.ready) == (state, False)
    with office(settings, PRINTS) as one:
        assert (one.state, one.ready) == (State.READY, True)


@pytest.mark.parametrize(
    "body",
    [
        "exit 1",
        "exit 0",
        "kill -9 $$",
        'echo garbage > "$out/file.pdf"',
        'ln -s "$home/printed.pdf" "$out/file.pdf"',
        'ln -s /etc/passwd "$out/file.pdf"',
        'mkfifo "$out/file.pdf"',
        'mkdir "$out/file.pdf"',
        'rmdir "$out"; ln -s "$home" "$out"; ln -s printed.pdf "$home/file.pdf"',
        f'{PRINTS} ln "$out/file.pdf" "$out/other"',
    ],
)
def test_what_is_no_pdf_of_its_own_is_not_taken(settings, body):
    assert printed(settings, body) == Failed(Reason.UNPRINTABLE)


def test_what_takes_too_long_ends_with_all_that_it_started(settings):
    body = f"sleep {SLEEP} & setsid sleep {SLEEP} & trap '' TERM; wait; sleep {SLEEP}"
    limits = replace(QUICK, wall=1.0)
    assert printed(settings, body, limits) == Failed(Reason.TIMEOUT, "wall")


def test_what_it_leaves_running_ends_with_it(settings):
    body = f"(setsid sleep {SLEEP} &) ; {PRINTS}"
    assert printed(settings, body) == PDF


def test_nothing_goes_on_when_its_worker_is_killed(settings):
    start = "import io, sys; from pathlib import Path; from indexer.office.printing import Office; "
    start += "from service.settings import Settings; "
    start += "office = Office(Settings(data=Path(sys.argv[1]), soffice=sys.argv[2])); "
    start += "office.printed(io.BytesIO(b'x'), 1, 'docx', lambda: print('at work', flush=True))"
    with program(f"(setsid sleep {SLEEP} &) ; sleep {SLEEP}") as path:
        command = [sys.executable, "-c", start, str(settings.data), path]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE) as worker:
            assert worker.stdout
            assert worker.stdout.readline() == b"at work\n"
            (confined,) = children_of(worker.pid)
            watched = os.pidfd_open(confined)
            worker.kill()
            assert select.select([watched], [], [], 30)[0]
            os.close(watched)
        assert sleeping() == []
    # in the other process, folders lie in memory; what a worker that starts removes there
    Office(replace(settings, soffice="none"))


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_what_gets_away_is_caught_where_processes_have_no_space_of_their_own(tmp_path):
    # a flag that no kernel knows, as on systems that do not permit it
    start = "import json, sys; from indexer.office import confined; confined._CLONE_NEWPID = 1; "
    start += "confined._CLONE_NEWNS = 1; sys.exit(confined.main(json.loads(sys.argv[1])))"
    with folders.private(tmp_path) as (folder, _):
        (folder / "tmp").mkdir()
        folders.hand_over(folder)
        shell = f"(setsid sleep {SLEEP} &) ; (sleep {SLEEP} &); exit 7"
        job = {
            "parent": os.getpid(),
            "folder": str(folder),
            "command": ["/bin/sh", "-c", shell],
            "environment": {"PATH": "/usr/bin:/bin"},
            "programs": [],
            "memory": 1 << 30,
            "cpu": 10,
            "output": 1 << 20,
        }
        command = [sys.executable, "-c", start, json.dumps(job)]
        assert subprocess.run(command, env=environment(), check=False, timeout=60).returncode == 7
    assert sleeping() == []


def test_what_writes_without_end_is_stopped(settings):
    limits = replace(QUICK, written=4 << 20, printed=1 << 20, files=100)
    whole = f'cat /dev/zero > "$out/file.pdf"; sleep {SLEEP}'
    many = f'while head -c 500000 /dev/zero > "$out/$((n += 1))"; do :; done; sleep {SLEEP}'
    small = f'while mkdir "$out/$((n += 1))"; do :; done; sleep {SLEEP}'
    for body in (whole, many, small):
        found = printed(settings, body, limits)
        assert found in (Failed(Reason.TOO_COMPLEX, "output"), Failed(Reason.UNPRINTABLE)), body
    large = '(printf %%PDF-; head -c 2000000 /dev/zero) > "$out/file.pdf"'
    assert printed(settings, large, limits) == Failed(Reason.UNPRINTABLE)


def test_a_file_that_is_too_large_is_not_even_begun(settings):
    limits = replace(QUICK, taken=3)
    assert printed(settings, PRINTS, limits, b"four") == Failed(Reason.TOO_COMPLEX, "size")


def test_folders_that_hinder_are_removed_all_the_same(settings):
    deep = 'cd "$out"; mkdir a; cd a; mkdir b; chmod 0 b; chmod 0 .; exit 0'
    assert printed(settings, deep) == Failed(Reason.UNPRINTABLE)
    fifty = "/".join("d" * 50)
    many = (
        f'cd "$out"; n=0; while [ $n -lt 30 ]; do mkdir -p {fifty}; cd {fifty}; n=$((n + 1)); done'
    )
    assert isinstance(printed(settings, many), Failed)


def test_it_reads_nothing_of_the_archive_and_sees_no_secret(settings, monkeypatch):
    secret = settings.data / "keys" / "root.key"
    secret.parent.mkdir(parents=True)
    secret.write_bytes(b"the root key")
    monkeypatch.setenv("GUIDANG_BLOBS_SECRET_KEY", "the root key")
    body = f'(printf %%PDF-; cat {secret}; env; cat /proc/*/environ) > "$out/file.pdf" 2>&1; exit 0'
    found = printed(settings, body)
    assert isinstance(found, bytes)
    assert b"PATH=" in found
    assert b"the root key" not in found


def test_it_does_not_even_read_what_everybody_may(settings):
    with program("") as other:
        Path(other).write_text("written for all", encoding="utf-8")
        body = f'(printf %%PDF-; cat {other}; ls /etc/apt /home /root) > "$out/file.pdf"; exit 0'
        assert printed(settings, body) == b"%PDF-"


def test_it_reaches_no_network(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        body = f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}' && {PRINTS}"
        assert printed(settings, body) == Failed(Reason.UNPRINTABLE)
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_what_a_crash_left_is_gone_when_a_worker_starts_and_nothing_else(settings):
    spool = settings.data / "spool"
    left, used, other = (spool / name for name in ("guidang-office-1", "guidang-office-2", "x"))
    for folder in (left, used, other):
        folder.mkdir(parents=True)
        (folder / "file.docx").write_bytes(b"x")
    held = os.open(used, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    Office(replace(settings, soffice="none"))
    assert sorted(spool.iterdir()) == [used, other]
    os.close(held)
    Office(replace(settings, soffice="none"))
    assert list(spool.iterdir()) == [other]
