"""One large file through the API, beside the store's own client doing the same."""

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

from minio import Minio

from service.settings import Settings
from tests.bench import samples
from tests.bench.client import Client
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure
from tests.bench.loading import OFFICER
from tests.bench.memory import Watch
from tests.bench.stack import EMBEDDED, Stack, Stacks

_MB = 1 << 20
_SIZE = 200
_ROUNDS = 3
_UPLOAD, _DOWNLOAD = 0.35, 0.5
_MEMORY = 100.0

#: Puts a file somewhere, or gets it back into one.
Copy = Callable[[Path], None]


def large(stacks: Stacks) -> list[Figure]:
    """Upload and download one file some times, by turns with the store's client."""
    size = max(2, round(_SIZE * stacks.scale))
    with (
        tempfile.TemporaryDirectory(prefix="guidang-large-") as folder,
        stacks.scratch(Corpus(0)) as stack,
        stack.part("web") as web,
    ):
        trip = _Trip(stack, Path(folder))
        trip.go(1)  # what is loaded at the first request is not the file's
        trip.forget()
        with Watch(web.pid) as memory:
            for _ in range(_ROUNDS):
                trip.go(size)
    grown = max(0.0, memory.peak - memory.before)
    return [*trip.figures(size), Figure("memory the web grew by", grown, _MEMORY, unit="MB")]


class _Trip:
    """Ways of one file there and back, with the times they took in seconds."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._client = Client(stack.port, stack.token(OFFICER))
        (self._customer, *_) = samples.customers(stack.archive)
        self._folder = folder
        self._plain = stack.name == EMBEDDED
        self._put, self._get = _copies(folder) if self._plain else _sdk(stack.archive.settings)
        self.forget()

    def forget(self) -> None:
        """Forget the times."""
        self.up: list[float] = []
        self.down: list[float] = []
        self.put: list[float] = []
        self.get: list[float] = []

    def go(self, size: int) -> None:
        """Send a new file of `size` MB both ways and fetch it again."""
        file, back = self._folder / "file.pdf", self._folder / "back.pdf"
        _write(file, size)
        took, made = self._client.add_file(self._customer, samples.KIND, file)
        self.up.append(took)
        self.put.append(_timed(self._put, file))
        self.down.append(self._client.save(made["id"], back))
        if back.stat().st_size != file.stat().st_size:
            raise RuntimeError("the file came back in another size")
        self.get.append(_timed(self._get, back))

    def figures(self, size: int) -> list[Figure]:
        """Return speed and share of both ways."""
        ways = (
            (f"{size} MB upload", self.up, self.put, _UPLOAD),
            (f"{size} MB download", self.down, self.get, _DOWNLOAD),
        )
        found = []
        for what, own, other, reach in ways:
            beside = "a plain copy of the file" if self._plain else "the minio SDK"
            speed, direct = size / median(own), size / median(other)
            wanted = None if self._plain else reach
            note = f"{direct:.0f} MB/s"
            found += [
                Figure(what, speed, unit="MB/s"),
                Figure(
                    f"{what}, {beside} being 1",
                    speed / direct,
                    wanted,
                    note,
                    unit="×",
                    least=True,
                ),
            ]
        return found


def _timed(copy: Copy, file: Path) -> float:
    started = perf_counter()
    copy(file)
    return perf_counter() - started


def _write(file: Path, size: int) -> None:
    """Write what passes for a PDF and does not compress."""
    with file.open("wb") as target:
        target.write(b"%PDF-1.7\n")
        for _ in range(size):
            target.write(os.urandom(_MB))


def _copies(folder: Path) -> tuple[Copy, Copy]:
    """Return copying a file, and writing it to the disk, as the store in a folder does."""
    kept = folder / "kept"

    def put(file: Path) -> None:
        _copy(file, kept)
        with kept.open("rb") as copied:
            os.fsync(copied.fileno())

    return put, lambda file: _copy(kept, file)


def _copy(source: Path, target: Path) -> None:
    """Copy through memory: a file system that only shares blocks would be no comparison."""
    with source.open("rb") as read, target.open("wb") as written:
        while piece := read.read(_MB):
            written.write(piece)


def _sdk(settings: Settings) -> tuple[Copy, Copy]:
    """Return how the store's own client puts and gets a file in the archive's bucket."""
    url = urlsplit(settings.blobs)
    endpoint = urlsplit(parse_qs(url.query)["endpoint"][0])
    client = Minio(
        endpoint=endpoint.netloc,
        access_key=settings.blobs_access_key,
        secret_key=settings.blobs_secret_key,
        secure=endpoint.scheme == "https",
        region="us-east-1",
    )
    bucket, name = url.netloc, f"bench/{secrets.token_hex(8)}"

    def put(file: Path) -> None:
        client.fput_object(bucket_name=bucket, object_name=name, file_path=str(file))

    def get(file: Path) -> None:
        client.fget_object(bucket_name=bucket, object_name=name, file_path=str(file))

    return put, get
