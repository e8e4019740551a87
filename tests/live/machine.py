"""What the servers need from the machine: Debian packages, a cache folder, programs."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.live.process import ServerError


def say(text: str) -> None:
    print(f"live: {text}", file=sys.stderr, flush=True)


def cache() -> Path:
    """Name the folder where downloads and built programs stay for the next run."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("GUIDANG_CACHE") or Path(base) / "guidang")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetched(name: str, told: str, fetch: Callable[[Path], Path]) -> Path:
    """Return a file of the cache; `fetch` brings it into an empty folder when it is missing.

    Two runs never fetch at the same time, and what a run that was cut off left is not kept.
    """
    place, folder = cache() / name, cache() / f"{name}.part"
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            say(f"{told} (once)")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fetch(folder).replace(place)
            shutil.rmtree(folder)
    return place


def program(name: str, *packages: str, folders: tuple[str, ...] = ()) -> Path:
    """Find a program, in PATH or the folders (patterns); install its Debian package if missing."""
    found = _found(name, folders)
    if found is None:
        install(packages, why=name)
        found = _found(name, folders)
    if found is None:
        raise ServerError(f"{name} is missing although {' '.join(packages)} is installed")
    return found


def _found(name: str, folders: tuple[str, ...]) -> Path | None:
    for pattern in folders:
        matches = sorted(Path("/").glob(f"{pattern.lstrip('/')}/{name}"))
        if matches:
            return matches[-1]
    path = shutil.which(name)
    return Path(path) if path else None


def install(packages: tuple[str, ...], *, why: str) -> None:
    """Install Debian packages as root, or say which are missing."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ServerError(f"{why} is missing; on Debian: sudo apt-get install {' '.join(packages)}")
    say(f"installing {' '.join(packages)} for {why}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install_command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "-q"], install_command):
        run(command, env=quiet)


def run(command: list[str], **options: object) -> str:
    """Run a command to its end; fail with what it printed."""
    done = subprocess.run(  # type: ignore[call-overload]
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options
    )
    if done.returncode:
        printed = f"{done.stdout}\n{done.stderr}".strip()
        raise ServerError(f"{' '.join(map(str, command))} failed:\n{printed[-4000:]}")
    return str(done.stdout)


def java(*releases: int) -> Path:
    """Find a Java of one of the releases; install the first one that Debian has."""
    home = _java_home(releases)
    if home is None:
        install((_java_package(releases),), why="Java")
        home = _java_home(releases)
    if home is None:
        raise ServerError(f"Java {' or '.join(map(str, releases))} is missing")
    return home


def _java_home(releases: tuple[int, ...]) -> Path | None:
    for release in releases:
        for file in sorted(Path("/usr/lib/jvm").glob("*/release")):
            known = f'JAVA_VERSION="{release}.' in file.read_text()
            if known and (file.parent / "bin" / "java").exists():
                return file.parent
    return None


def _java_package(releases: tuple[int, ...]) -> str:
    """Name the package of the first release that this Debian has; each has only one or two."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "-q"])
        for release in releases:
            package = f"openjdk-{release}-jre-headless"
            if succeeds(["apt-cache", "show", package]):
                return package
    return f"openjdk-{releases[0]}-jre-headless"


def succeeds(command: list[str]) -> bool:
    """Run a command silently; tell whether it ended well."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment with some more in it."""
    return {**os.environ, **more}
