"""Read a demo document's source: a few Markdown-like blocks, or plain text as it stands.

A source begins with directives (`!maker chromium`, `!header …`, `!footer …`, `!comment …`),
then come blocks: `# title`, `## heading`, `@ centred line`, `| table | row |`, `- item`,
`[[page]]`, a drawing (`<svg` to the next blank line), footnotes (`[^1]` and `[^1]: …`),
and paragraphs of one line each.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

NOTE = re.compile(r"\[\^(\d+)\]")


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a document; `rows` only for tables."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A document before it is made: who makes it, what stands around it and in it."""

    name: str
    maker: str
    raw: str
    directives: dict[str, str] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return the first title, for the properties of the made file."""
        return next((b.text for b in self.blocks if b.kind == "title"), self.name)

    def words(self) -> list[str]:
        """Return every piece of text a reader of the made file must find."""
        if not self.blocks:
            return self.raw.split()
        found = []
        for block in self.blocks:
            if block.kind != "drawing":
                found += [NOTE.sub("", cell) for row in block.rows for cell in row]
                found.append(NOTE.sub("", block.text))
        return [text for text in [*found, *self.notes.values()] if text]


def read(path: Path) -> Source:
    """Read one source file."""
    lines = path.read_text("utf-8").split("\n")
    directives: dict[str, str] = {}
    while lines and lines[0].startswith("!"):
        name, _, value = lines.pop(0)[1:].partition(" ")
        directives[name] = value
    maker = directives["maker"]
    raw = "\n".join(lines).strip("\n") + "\n"
    if maker.startswith("text"):
        return Source(path.stem, maker, raw, directives)
    blocks, notes = _blocks(lines)
    return Source(path.stem, maker, raw, directives, tuple(blocks), notes)


def _blocks(lines: list[str]) -> tuple[list[Block], dict[str, str]]:
    blocks: list[Block] = []
    notes: dict[str, str] = {}
    rest = deque(lines)
    while rest:
        line = rest.popleft()
        if note := re.match(r"\[\^(\d+)\]: (.+)", line):
            notes[note[1]] = note[2]
        elif line.startswith("<svg"):
            drawing = [line, *_taken(rest, lambda following: bool(following.strip()))]
            blocks.append(Block("drawing", "\n".join(drawing)))
        elif line.startswith("|"):
            rows = [line, *_taken(rest, lambda following: following.startswith("|"))]
            blocks.append(Block("table", rows=tuple(_cells(row) for row in rows)))
        elif line.strip():
            blocks.append(_line(line))
    return blocks, notes


def _taken(rest: deque[str], wanted: Callable[[str], bool]) -> list[str]:
    taken = []
    while rest and wanted(rest[0]):
        taken.append(rest.popleft())
    return taken


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def _line(line: str) -> Block:
    if line == "[[page]]":
        return Block("page")
    for mark, kind in (("## ", "heading"), ("# ", "title"), ("@ ", "centred"), ("- ", "item")):
        if line.startswith(mark):
            return Block(kind, line[len(mark) :])
    return Block("paragraph", line)
