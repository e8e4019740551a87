"""axe-core for the accessibility tests: npm fetches it once into the cache; it is never shipped."""

import base64
import hashlib
import tarfile
from pathlib import Path

from tests.live import machine
from tests.live.process import ServerError

VERSION = "4.14.1"
#: SHA-512 of the package, as the registry and npm write it
INTEGRITY = (
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NP"
    "jCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)
PROGRAM = "package/axe.min.js"


def script() -> str:
    """Return the program's text; raise `ServerError` when it cannot be had or is another one."""
    with tarfile.open(_package()) as package:
        member = package.extractfile(PROGRAM)
        if member is None:
            raise ServerError(f"axe-core {VERSION} has no {PROGRAM}")
        return member.read().decode("utf-8")


def _package() -> Path:
    """Fetch the package unless the cache has it; its bytes are checked each time."""
    name = f"axe-core-{VERSION}.tgz"

    def fetch(folder: Path) -> Path:
        npm = machine.program("npm", "npm")
        pack = ["pack", f"axe-core@{VERSION}", "--pack-destination", str(folder), "--silent"]
        machine.run([str(npm), *pack])
        return _checked(folder / name)

    return _checked(machine.fetched(name, f"fetching axe-core {VERSION}", fetch))


def _checked(file: Path) -> Path:
    digest = base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode("ascii")
    if f"sha512-{digest}" != INTEGRITY:
        raise ServerError(f"{file} is not axe-core {VERSION}: its checksum differs")
    return file
