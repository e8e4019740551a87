"""Whatever a reader does, one file fails and the others go on."""

import io
import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.extract import READERS as EVERY_READER
from indexer.extract import TASKS as EVERY_TASK
from indexer.extract.isolation import OPEN_FILES, OTHER_UID
from indexer.extract.result import Extracted, Failed, Reason
from indexer.extract.sandbox import FILES_PER_CHILD, Sandbox
from tests.indexer.hostile import COPY, DECLINE, DROP, RAMBLE, READERS, TASKS


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(2, readers=READERS, tasks=TASKS) as sandbox:
        yield sandbox


def outcome(sandbox, kind, content=b"x"):
    return sandbox.extract(f"test/{kind}", io.BytesIO(content), len(content))


def text(sandbox, kind, content=b"x"):
    answer = outcome(sandbox, kind, content)
    assert isinstance(answer, Extracted), answer
    return answer.text


def children_of(zygote):
    """Return the sandboxed processes, as the system lists them."""
    return [int(pid) for pid in Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()]


def children(sandbox):
    return children_of(sandbox._nursery._process.pid)


class Killing(io.BytesIO):
    """A file at whose reading every child dies, at most `times`."""

    def __init__(self, content, sandbox, times):
        super().__init__(content)
        self.sandbox, self.times = sandbox, times

    def read(self, size=-1, /):
        if self.times:
            self.times -= 1
            for pid in children(self.sandbox):
                os.kill(pid, signal.SIGKILL)
        return super().read(size)


def test_a_file_goes_in_and_its_text_comes_out(sandbox):
    assert text(sandbox, "echo", "库卡机器人 𠮷".encode()) == "库卡机器人 𠮷"


def test_a_small_file_goes_over_whole_with_the_question_for_its_text(sandbox):
    class Counting(io.BytesIO):
        reads = 0

        def read(self, size=-1, /):
            self.reads += 1
            return super().read(size)

    content = "小文件".encode() * 5_000
    source = Counting(content)
    assert sandbox.extract("test/echo", source, len(content)).text == content.decode()
    assert source.reads == 1
    assert text(sandbox, "echo", b"") == ""
    edge = b"e" * (256 * 1024)
    assert text(sandbox, "echo", edge) == edge.decode()
    assert text(sandbox, "echo", edge + b"f") == edge.decode() + "f"


def test_a_large_file_is_read_only_where_the_reader_looks(sandbox):
    class Counting(io.BytesIO):
        count = 0

        def read(self, size=-1, /):
            self.count += size
            return super().read(size)

    content = bytes(20_000_000) + b"the end of"
    source = Counting(content)
    answer = sandbox.extract("test/ends", source, len(content))
    assert answer.text == "the end of"
    assert source.count < 1_000_000


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("refuse", Reason.PASSWORD),
        ("panic", Reason.KILLED),
        ("crash", Reason.KILLED),
        ("hang", Reason.TIMEOUT),
        ("spin", Reason.TOO_COMPLEX),
        ("hoard", Reason.TOO_COMPLEX),
        ("babble", Reason.KILLED),
        ("overstep", Reason.KILLED),
        ("flood", Reason.KILLED),
    ],
)
def test_a_misbehaving_reader_costs_its_file_and_no_other(sandbox, kind, reason):
    before = os.getpid()
    assert outcome(sandbox, kind).reason is reason
    assert text(sandbox, "echo", b"next") == "next"
    assert os.getpid() == before


def asked(sandbox, task, content=b"x", **arguments):
    """Return what a task answered, and what it sent out."""
    sent: list[bytes] = []
    answer = sandbox.ask(task, io.BytesIO(content), len(content), arguments, sent.append)
    return answer, b"".join(sent)


def test_a_task_gets_arguments_sends_bytes_out_and_answers(sandbox):
    content = os.urandom(1_500_000)
    assert asked(sandbox, COPY, content, times=2) == ({"times": 2}, content * 2)
    assert asked(sandbox, COPY, content, times=0) == ({"times": 0}, b"")
    assert asked(sandbox, DECLINE) == (Failed(Reason.PASSWORD, "locked"), b"")


def test_a_task_that_sends_or_answers_too_much_is_ended(sandbox):
    answer, sent = asked(sandbox, COPY, bytes(1 << 20), times=5)
    assert answer.reason is Reason.KILLED
    assert len(sent) == 4 << 20
    assert asked(sandbox, RAMBLE)[0].reason is Reason.KILLED
    assert text(sandbox, "echo", b"next") == "next"


def test_a_task_is_tried_again_only_while_nothing_of_it_was_taken(sandbox):
    answer, sent = asked(sandbox, DROP)
    assert (answer.reason, sent) == (Reason.KILLED, b"half")
    source = Killing(b"survives", sandbox, times=1)
    taken: list[bytes] = []
    assert sandbox.ask(COPY, source, 8, {"times": 1}, taken.append) == {"times": 1}
    assert taken == [b"survives"]


def test_a_type_without_reader_is_unsupported(sandbox):
    assert outcome(sandbox, "none").reason is Reason.UNSUPPORTED


def test_a_child_killed_once_costs_nothing(sandbox):
    source = Killing(b"survives", sandbox, times=1)
    assert sandbox.extract("test/echo", source, 8).text == "survives"


def test_a_child_killed_twice_fails_the_file_and_the_rest_goes_on(sandbox):
    source = Killing(b"dies", sandbox, times=2)
    assert sandbox.extract("test/echo", source, 4) == Failed(Reason.KILLED, "SIGKILL")
    assert text(sandbox, "echo", b"next") == "next"


def test_the_loss_of_the_zygote_is_made_good(sandbox):
    os.kill(sandbox._nursery._process.pid, signal.SIGKILL)
    assert [text(sandbox, "echo", b"next") for _ in range(4)] == ["next"] * 4


def test_an_error_of_the_source_passes_through_and_spoils_nothing(sandbox):
    class Gone(io.BytesIO):
        def read(self, size=-1, /):  # noqa: ARG002 - the signature of a stream
            raise ConnectionError("the store is away")

    with pytest.raises(ConnectionError):
        sandbox.extract("test/echo", Gone(), 10)
    with pytest.raises(EOFError):
        sandbox.extract("test/echo", io.BytesIO(b"short"), 10)
    assert text(sandbox, "echo", b"next") == "next"


def test_a_child_is_replaced_after_its_share_of_files():
    with Sandbox(1, readers=READERS) as sandbox:
        pids = [text(sandbox, "whoami") for _ in range(FILES_PER_CHILD + 1)]
    assert len(set(pids[:FILES_PER_CHILD])) == 1
    assert pids[-1] != pids[0]


def test_several_threads_read_at_once(sandbox):
    with ThreadPoolExecutor(6) as pool:
        contents = [f"文件 {n} ".encode() * 5_000 for n in range(60)]
        found = list(pool.map(lambda content: text(sandbox, "echo", content), contents))
    assert [answer.encode() for answer in found] == contents


def test_a_reader_may_start_threads_where_processes_are_told_from_them(sandbox):
    if sandbox.isolation().calls:
        assert text(sandbox, "threads") == "said by a thread"
    else:
        assert outcome(sandbox, "threads").reason is Reason.KILLED


def test_a_reader_reaches_nothing_outside(sandbox):
    walls = sandbox.isolation()
    possible = set(text(sandbox, "trespass").split())
    assert "write" not in possible
    assert "root" not in possible or os.getuid() == 0
    assert not walls.calls or not possible
    assert not walls.network or "network" not in possible
    assert not walls.files or "files" not in possible


def test_limits_hold_while_a_file_is_read_and_cannot_be_raised(sandbox):
    found = dict(line.split() for line in text(sandbox, "limits").split("\n"))
    cpu = int(found.pop("CPU"))
    assert found == {"AS": str(1 << 30), "FSIZE": "0", "CORE": "0", "NOFILE": str(OPEN_FILES)}
    assert 20 <= cpu <= 22
    assert int(text(sandbox, "hold")) < OPEN_FILES
    assert 100 < int(text(sandbox, "grow")) < 700


def test_a_reader_is_another_user_when_the_worker_is_root(sandbox):
    uid = int(text(sandbox, "whoami").split()[1])
    assert uid == (OTHER_UID if os.geteuid() == 0 else os.geteuid())
    assert sandbox.isolation().user == (os.geteuid() == 0)


def test_every_reader_and_task_has_limits_of_its_own_below_those_of_the_machine():
    used = [one.limits for one in EVERY_READER.values()] + [one.limits for one in EVERY_TASK]
    for limits in used:
        assert 256 << 20 <= limits.memory <= 2 << 30, limits
        assert 0 < limits.cpu <= 300, limits
        assert limits.cpu < limits.wall <= 600, limits
        assert 0 < limits.output <= 4 << 30, limits


def test_children_end_with_the_sandbox():
    with Sandbox(2, readers=READERS) as sandbox:
        pids = children(sandbox)
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_closed_sandbox_starts_nothing():
    with Sandbox(1, readers=READERS) as sandbox:
        pass
    with pytest.raises(RuntimeError):
        outcome(sandbox, "echo")


def test_the_zygote_knows_no_secret_of_the_worker(monkeypatch):
    monkeypatch.setenv("GUIDANG_DATABASE", "secret")
    with Sandbox(1, readers=READERS) as sandbox:
        process = sandbox._nursery._process.pid
        assert b"GUIDANG" not in Path(f"/proc/{process}/environ").read_bytes()


def test_children_end_when_the_worker_is_killed():
    program = (
        "import sys, signal\n"
        "from indexer.extract.sandbox import Sandbox\n"
        "from tests.indexer.hostile import READERS\n"
        "sandbox = Sandbox(1, readers=READERS)\n"
        "print(sandbox._nursery._process.pid, flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ) as worker:
        assert worker.stdout is not None
        zygote = int(worker.stdout.readline())
        processes = [os.pidfd_open(pid) for pid in (zygote, *children_of(zygote))]
        worker.kill()
        for process in processes:
            assert select.select([process], [], [], 20)[0]
            os.close(process)
