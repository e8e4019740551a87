"""Lets LibreOffice print a file as PDF: the supervisor, which parses nothing.

One file at a time for each worker, each with a profile and a folder of its own, a deadline, and
limits on memory, processor time and what may be written. When it ends, all that it has started
has ended too.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final

from indexer.extract.nursery import environment
from indexer.extract.result import Failed, Reason
from indexer.office import folders, profile
from service.settings import Settings

_MIB: Final = 1024 * 1024

#: What is printed: by which filter, and the ending that says what the file is.
_WRITER: Final = "writer_pdf_Export"
_SLIDES: Final = "impress_pdf_Export"
FILTERS: Final = {
    **dict.fromkeys(("docx", "doc", "odt", "ott", "rtf"), _WRITER),
    **dict.fromkeys(("pptx", "ppt", "odp", "otp"), _SLIDES),
}

#: Seconds between two looks at what it does, and for those that are told to stop.
_LOOK: Final = 0.1
_GRACE: Final = 5.0
_HEAD: Final = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: seconds of patience and processor, bytes of memory and of files.

    `taken` is how large the file itself may be, `printed` the PDF, `written` all that is written
    meanwhile, in at most `files` files.
    """

    wall: float = 60.0
    cpu: int = 60
    memory: int = 4096 * _MIB
    taken: int = 200 * _MIB
    printed: int = 64 * _MIB
    written: int = 768 * _MIB
    files: int = 5_000


class State(StrEnum):
    """Whether files can be printed on this host, as the status page is told."""

    READY = "ready"
    ABSENT = "absent"
    OFF = "off"
    #: nothing would keep it from reading this archive's keys
    UNWALLED = "unwalled"


class Office:
    """LibreOffice on this host, if it is there and may be used."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        """Look for the program, and for the walls it can be put behind; clear up after a crash."""
        self._limits = limits or Limits()
        self._spool = settings.data / "spool"
        self._one = threading.Lock()
        self._program = _program(settings.soffice)
        self.walls: Mapping[str, bool] = {}
        folders.clear(self._spool)
        if settings.soffice == "none":
            self.state = State.OFF
        elif self._program is None:
            self.state = State.ABSENT
        else:
            self.walls = self._probed()
            self.state = State.READY if self.walls.get("files") else State.UNWALLED

    @property
    def ready(self) -> bool:
        """Say whether files can be printed."""
        return self.state is State.READY

    def printed(
        self, source: BinaryIO, size: int, ending: str, beat: Callable[[], None]
    ) -> bytes | Failed:
        """Return a file of `size` bytes as PDF, or why there is none.

        `ending` is a key of `FILTERS`. `beat` is called as long as it takes.
        """
        if size > self._limits.taken:
            return Failed(Reason.TOO_COMPLEX, "size")
        with self._one, folders.private(self._spool) as (folder, held):
            with (folder / f"file.{ending}").open("wb") as file:
                shutil.copyfileobj(source, file)
            job = self._prepared(folder, ending)
            failed = self._run(job, folder, beat)
            content = folders.taken(held, "out", "file.pdf", most=self._limits.printed)
        if failed:
            return failed
        if content is None or not content.startswith(_HEAD):
            return Failed(Reason.UNPRINTABLE)
        return content

    def _prepared(self, folder: Path, ending: str) -> dict[str, object]:
        """Fill a private folder, and return what is to be run in it."""
        profile.write(folder / "profile")
        for name in ("out", "tmp"):
            (folder / name).mkdir(mode=0o700)
        folders.hand_over(folder)
        command = [
            str(self._program),
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *"--headless --norestore --nolockcheck --nologo --nodefault".split(),
            "--convert-to",
            f"pdf:{FILTERS[ending]}",
            "--outdir",
            str(folder / "out"),
            str(folder / f"file.{ending}"),
        ]
        return self._job(folder, command)

    def _job(self, folder: Path, command: list[str]) -> dict[str, object]:
        place = str(folder)
        said = {"HOME": place, "TMPDIR": str(folder / "tmp"), "PATH": "/usr/bin:/bin"}
        said |= {"LANG": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp", "SAL_DISABLE_OPENCL": "1"}
        # which form a character has where the file does not say it
        said |= {"FC_LANG": "zh-cn"}
        limits = self._limits
        return {
            "parent": os.getpid(),
            "folder": place,
            "command": command,
            "environment": said,
            "programs": [str(one) for one in _homes(self._program)],
            "memory": limits.memory,
            "cpu": limits.cpu,
            "output": limits.written,
        }

    def _run(self, job: dict[str, object], folder: Path, beat: Callable[[], None]) -> Failed | None:
        deadline = time.monotonic() + self._limits.wall
        process = _started(job, folder, subprocess.DEVNULL)
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    ended = process.wait(_LOOK)
                    return Failed(Reason.UNPRINTABLE) if ended else None
                beat()
                written = folders.weight(folder, most_files=self._limits.files)
                if written is None or written > self._limits.written:
                    return Failed(Reason.TOO_COMPLEX, "output")
                if time.monotonic() > deadline:
                    return Failed(Reason.TIMEOUT, "wall")
        finally:
            _stopped(process)

    def _probed(self) -> dict[str, bool]:
        """Let a process give everything up, run nothing, and tell how far it came."""
        with suppress(OSError), folders.private(self._spool) as (folder, _):
            (folder / "tmp").mkdir()
            folders.hand_over(folder)
            process = _started(self._job(folder, []), folder, subprocess.PIPE)
            try:
                said, _ = process.communicate(timeout=self._limits.wall)
                return dict(json.loads(said or b"{}"))
            except (subprocess.TimeoutExpired, ValueError):
                return {}
            finally:
                _stopped(process)
        return {}


def _program(said: str) -> Path | None:
    """Return the program a setting names, or the one there is; None without any."""
    if said == "none":
        return None
    found = shutil.which(said) if said else shutil.which("soffice") or shutil.which("libreoffice")
    return Path(found).absolute() if found else None


def _homes(program: Path | None) -> list[Path]:
    """Return the folders a program needs: its own, and where it really lies."""
    if program is None:
        return []
    real = program.resolve()
    return [program, real.parent.parent if real.parent.name == "program" else real]


def _started(job: dict[str, object], folder: Path, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", "indexer.office.confined", json.dumps(job)],
        env=environment(),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _stopped(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started: it does so when told, else it is killed."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
