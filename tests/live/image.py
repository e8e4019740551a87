"""The image of the archive without docker: the Dockerfile's steps, carried out in a folder.

What needs a container of its own (packages of Debian, users) is left out; everything that lays
`/opt/guidang` is done as it stands there, from the same files.
"""

import fcntl
import fnmatch
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.compose import ROOT, Step, steps
from tests.live import machine
from tests.live.process import ServerError

BUILD, FINAL = "build", "guidang"
#: saves a minute; changes nothing in the image
NOT_HERE = {"PIP_NO_CACHE_DIR"}


def built(folder: Path) -> Path:
    """Return the folder that stands for the image's root; built by whoever asks first."""
    root = folder / "image"
    with (folder / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "whole").exists():
            shutil.rmtree(root, ignore_errors=True)
            _build(root)
            (root / "whole").touch()
    return root


def environment(root: Path) -> dict[str, str]:
    """Return the variables that the image sets, and a PATH that leads to the system beside it."""
    found = {"PATH": os.environ["PATH"]}
    for step in steps():
        if (step.stage, step.verb) == (FINAL, "ENV"):
            found |= _variables(step, root, found)
    return found


def for_others(path: Path) -> bool:
    """Say whether users who own nothing come as far as this file."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def _python() -> Path:
    """Find a Python that other users may run: a developer's own may lie in a closed folder."""
    ours = Path(sys._base_executable)  # type: ignore[attr-defined]
    for found in (ours, Path("/usr/local/bin/python3"), Path("/usr/bin/python3")):
        new = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))"
        if found.exists() and for_others(found) and machine.succeeds([str(found), "-c", new]):
            return found
    return ours


def _build(root: Path) -> None:
    work, given = root, dict(os.environ)
    given["PATH"] = f"{_python().parent}:{given['PATH']}"
    for step in steps():
        if step.stage != BUILD:
            continue
        if step.verb == "WORKDIR":
            work = _inside(root, step.text)
            work.mkdir(parents=True)
        elif step.verb == "ENV":
            new = _variables(step, root, given)
            given |= {name: value for name, value in new.items() if name not in NOT_HERE}
        elif step.verb == "COPY":
            _copy(step, work)
        elif step.verb == "RUN":
            _run(step.text.replace("/opt/", f"{root}/opt/"), work, given)
        elif step.verb != "FROM":
            raise ServerError(f"the Dockerfile's {step.verb} is not carried out here")


def _variables(step: Step, root: Path, known: dict[str, str]) -> dict[str, str]:
    pairs = dict(word.split("=", 1) for word in step.words)
    inside = {n: value.replace("/opt/", f"{root}/opt/") for n, value in pairs.items()}
    return {n: value.replace("$PATH", known["PATH"]) for n, value in inside.items()}


def _inside(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _copy(step: Step, work: Path) -> None:
    *sources, target = step.words
    for name in sources:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, work / target, ignore=_ignored)
        else:
            shutil.copy(source, work / target)


def _ignored(folder: str, names: list[str]) -> set[str]:
    """Name what .dockerignore holds back in a folder."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line[:1] not in ("#", "!", "*", "")]
    patterns += [line for line in lines if line.startswith("**")]
    here = Path(folder).relative_to(ROOT)
    return {
        name
        for name in names
        for pattern in patterns
        if fnmatch.fnmatch(f"./{here / name}", f"./{pattern}")
        or fnmatch.fnmatch(f"./{here / name}", pattern.replace("**/", "*/"))
    }


def _run(script: str, work: Path, given: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=work,
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
