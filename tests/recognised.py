"""Scans of which a test says what is recognised on them: lines, each with how sure it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from PIL import Image

from indexer.extract import OCR, Task
from indexer.extract.result import Extracted, Failed, Reason
from indexer.extract.sandbox import Sandbox
from service.documents import DocumentView
from tests.indexer import scans
from tests.world import World

#: A line as it is recognised, and how sure that is.
Said = tuple[str, float]

WIDTH, HEIGHT, STEP = 310.0, 200.0, 20.0


class Told(Sandbox):
    """A sandbox that recognises what it was told, page by page; all else another one does."""

    def __init__(self, other: Sandbox, pages: Sequence[Sequence[Said]]) -> None:
        """Start no children: those of the other are asked."""
        self._other = other
        self._pages = pages

    def extract(
        self, media_type: str, source: BinaryIO, size: int, *, password: str | None = None
    ) -> Extracted | Failed:
        """Read a file."""
        return self._other.extract(media_type, source, size, password=password)

    def ask(
        self,
        task: Task,
        source: BinaryIO,
        size: int,
        arguments: Mapping[str, Any],
        take: Callable[[bytes], object],
    ) -> dict[str, Any] | Failed:
        """Recognise a page, or have something else done with a file."""
        if task is not OCR:
            return self._other.ask(task, source, size, arguments, take)
        told = self._pages[arguments["page"] - 1 :][:1]
        return answer(told[0]) if told else Failed(Reason.KILLED)


def answer(lines: Sequence[Said]) -> dict[str, Any]:
    """Return what recognition says of a page with these lines, one below the other."""
    found, at = list[list[Any]](), 0
    for number, (line, sure) in enumerate(lines):
        top, right = STEP * (number + 1), 20.0 + 10 * len(line)
        quad = [20.0, top, right, top, right, top + 12, 20.0, top + 12]
        found.append([at, at + len(line), sure, quad, []])
        at += len(line) + 1
    said = {"text": "\n".join(line for line, _ in lines), "lines": found, "rotation": 0}
    return said | {"width": WIDTH, "height": HEIGHT, "extractor": "told"}


def scan(
    world: World,
    customer: str,
    *pages: Sequence[Said],
    by: str = "service_officer",
    kind: str = "minutes",
    name: str = "扫描.tif",
) -> DocumentView:
    """Upload a scan on whose pages this is recognised, and do the work there is."""
    blank = [Image.new("L", (620, 400), 255) for _ in pages]
    content = scans.saved(blank[0], "TIFF", save_all=True, append_images=blank[1:])
    made = world.document(customer, content, by=by, kind=kind, file_name=name)
    World(world.archive, Told(world.sandbox, pages)).work()
    return made
