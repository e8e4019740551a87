"""The archive's own verifier of bundles: made of the parts that write and verify the log.

`verify.py`, which every bundle carries, says the same with none of these parts; tests show both
the same good and tampered bundles. Codes are those of `guidang audit verify`.
"""

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.audit import checkpoints, entries, merkle, reading, rekeying
from service.audit.checkpoints import Checkpoint, NoteError, SignatureError
from service.audit.verdicts import Bad, Code
from service.bundles import filters
from service.errors import Invalid

#: How reading fails where bytes are not those that were written.
_DAMAGED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What was found: the range, how much of it was shown, what is signed."""

    code: Code
    first: int = 0
    last: int = 0
    shown: int = 0
    hidden: int = 0
    details: int = 0
    size: int = 0
    root: str = ""
    signed: int | None = None
    first_bad: int | None = None
    reason: str = ""


@dataclass(slots=True)
class _Walk:
    """What was seen of the entries."""

    first: int
    last: int
    frontier: list[bytes]
    #: what the body of a shown entry commits to
    commitments: dict[int, str | None] = field(default_factory=dict)
    hidden: int = 0
    root: bytes = b""


def check(path: Path, trusted: Sequence[Ed25519PublicKey] = ()) -> BundleReport:
    """Check the ZIP or folder at `path`, with keys got elsewhere or those that came with it.

    Raises `Invalid` for what is no bundle at all, and `OSError`.
    """
    try:
        files = _Files(path)
    except zipfile.BadZipFile as error:
        raise Invalid("This is no compliance bundle.", fields={"file": "format"}) from error
    try:
        return _checked(files, trusted)
    except Bad as bad:
        return BundleReport(bad.code, first_bad=bad.seq, reason=str(bad))


def _checked(files: "_Files", trusted: Sequence[Ed25519PublicKey]) -> BundleReport:
    try:
        files.unique()
        manifest = json.loads(files.read("manifest.json"))
        first, last, size = (
            manifest["range"]["first"],
            manifest["range"]["last"],
            manifest["tree"]["size"],
        )
    except _DAMAGED as error:
        raise Invalid("This is no compliance bundle.", fields={"file": "format"}) from error
    with _judged(Code.BODY, "entries or proof are damaged"):
        walk = _walked(files, manifest, first, last, size)
    with _judged(Code.SIGNATURE, "a checkpoint or a key is damaged"):
        signed = _signed(files, manifest, walk, size, trusted)
    with _judged(Code.BODY, "details are damaged"):
        details = _details(files, manifest, walk)
    with _judged(Code.BODY, "digests or files are damaged"):
        _digests(files)
    shown = len(walk.commitments)
    return BundleReport(
        Code.OK, first, last, shown, walk.hidden, details, size, walk.root.hex(), signed
    )


@contextmanager
def _judged(code: Code, reason: str) -> Iterator[None]:
    try:
        yield
    except Bad:
        raise
    except _DAMAGED as error:
        raise Bad(code, None, f"{reason} ({type(error).__name__})") from error


class _Files:
    """The files of a bundle, in a ZIP or in a folder."""

    def __init__(self, path: Path) -> None:
        self._zip = None if path.is_dir() else zipfile.ZipFile(path)
        self._folder = path

    def unique(self) -> None:
        """Refuse a ZIP in which two files have one name: readers do not agree which counts."""
        if self._zip is not None and len(set(self.names())) < len(self.names()):
            raise Bad(Code.BODY, None, "the ZIP has two files of one name")

    def names(self) -> list[str]:
        """Return the names of all files."""
        if self._zip is not None:
            return self._zip.namelist()
        found = (p for p in self._folder.rglob("*") if p.is_file())
        return [p.relative_to(self._folder).as_posix() for p in found]

    def open(self, name: str) -> IO[bytes]:
        """Open one; raises `Bad` where it is missing."""
        if name not in self.names():
            raise Bad(Code.BODY, None, f"the file {name} is missing")
        return self._zip.open(name) if self._zip else (self._folder / name).open("rb")

    def read(self, name: str) -> str:
        """Return what one says."""
        with self.open(name) as file:
            return file.read().decode()

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Give the JSON of each line."""
        with self.open(name) as file:
            for line in file:
                yield json.loads(line)

    @property
    def zipped(self) -> bool:
        """Say whether there is nothing but what is in the ZIP."""
        return self._zip is not None


def _walked(files: _Files, manifest: Mapping[str, Any], first: int, last: int, size: int) -> _Walk:
    proof = json.loads(files.read("proof.json"))
    before, after = ([bytes.fromhex(h) for h in proof[name]] for name in ("before", "after"))
    if len(before) != (first - 1).bit_count():
        raise Bad(Code.REWRITTEN, first, "the proof has the wrong length")
    walk = _Walk(first, last, list(before))
    within, seq = [], first - 1
    for line in files.lines("events.ndjson"):
        if line["seq"] != seq + 1:
            raise Bad(Code.GAP, seq + 1, "a number is missing or displaced")
        seq += 1
        within.append(_leaf(line, seq, manifest["filter"], walk))
    if seq != last:
        raise Bad(Code.GAP, seq + 1, "the range ends too early or too late")
    try:
        walk.root = merkle.range_root(first - 1, size, before, within, after)
    except ValueError as error:
        raise Bad(Code.REWRITTEN, first, "the proof has the wrong length") from error
    if walk.root.hex() != manifest["tree"]["root"]:
        raise Bad(Code.REWRITTEN, first, "the root is not the one stated")
    return walk


def _leaf(line: Mapping[str, Any], seq: int, wanted: Mapping[str, Any], walk: _Walk) -> bytes:
    if set(line) == {"seq", "leaf"}:
        walk.hidden += 1
        leaf = bytes.fromhex(line["leaf"])
        if len(leaf) == len(merkle.EMPTY_ROOT):
            return leaf
    if set(line) != {"seq", "body"}:
        raise Bad(Code.BODY, seq, "the line is no entry")
    body = line["body"].encode()
    try:
        members = reading.read(body)
    except (ValueError, RecursionError) as error:
        raise Bad(Code.BODY, seq, "the body was changed") from error
    if members.get("seq") != seq:
        raise Bad(Code.BODY, seq, "the body was changed")
    if not filters.fits(members, wanted):
        raise Bad(Code.BODY, seq, "the entry does not fit the filter")
    walk.commitments[seq] = members.get("detail")
    return merkle.leaf_hash(body)


def _signed(
    files: _Files,
    manifest: Mapping[str, Any],
    walk: _Walk,
    size: int,
    trusted: Sequence[Ed25519PublicKey],
) -> int | None:
    names = files.names()
    if "checkpoint.note" not in names:
        if manifest["signed"]["size"] is not None:
            raise Bad(Code.SIGNATURE, None, "the checkpoint is missing")
        return None
    keys = _keys(files, manifest["origin"], trusted)
    newest = _note(files.read("checkpoint.note"), manifest["origin"], keys)
    steps = {
        (step["old"], step["new"]): [bytes.fromhex(h) for h in step["proof"]]
        for step in json.loads(files.read("consistency.json"))
    }
    if newest.size > size:
        raise Bad(Code.SHORTER, size + 1, "the log is shorter than the checkpoint")
    now = Checkpoint(newest.origin, size, walk.root)
    if not _begins(newest, now, steps):
        raise Bad(Code.REWRITTEN, walk.first, "the log is not the one signed")
    if "previous.note" in names:
        before = _note(files.read("previous.note"), manifest["origin"], keys)
        if not _begins(before, newest, steps):
            raise Bad(Code.FORK, before.size + 1, "two checkpoints contradict")
    return newest.size


def _keys(
    files: _Files, origin: str, trusted: Sequence[Ed25519PublicKey]
) -> tuple[Ed25519PublicKey, ...]:
    names = sorted(n for n in files.names() if n.startswith("pub/") and n.endswith(".pem"))
    own = [checkpoints.read_pem(files.read(name)) for name in names] if not trusted else []
    lines = files.read("pub/changes").splitlines() if "pub/changes" in files.names() else []
    changes = [rekeying.read(origin, line) for line in lines]
    return rekeying.followed(trusted or own, changes)


def _note(text: str, origin: str, keys: Sequence[Ed25519PublicKey]) -> Checkpoint:
    try:
        checkpoint = checkpoints.verify(text, keys)
    except NoteError as error:
        raise Bad(Code.SIGNATURE, None, f"a checkpoint cannot be read: {error}") from error
    except SignatureError as error:
        size = checkpoints.parse(text).checkpoint.size
        raise Bad(Code.SIGNATURE, size, f"a checkpoint is {error}") from error
    if checkpoint.origin != origin:
        raise Bad(Code.SIGNATURE, None, "the checkpoint is not one of this log")
    return checkpoint


def _begins(
    old: Checkpoint, new: Checkpoint, steps: Mapping[tuple[int, int], Sequence[bytes]]
) -> bool:
    proof = steps.get((old.size, new.size), ())
    return old.size > 0 and merkle.extends(old.size, old.root, new.size, new.root, proof)


def _details(files: _Files, manifest: Mapping[str, Any], walk: _Walk) -> int:
    stated = manifest["details"]
    if "details.ndjson" not in files.names():
        if stated:
            raise Bad(Code.BODY, None, "the opened details are missing")
        return 0
    count = seen = 0
    for line in files.lines("details.ndjson"):
        seq, plain = line["seq"], line["detail"].encode()
        committed = entries.commitment(bytes.fromhex(line["salt"]), plain)
        if seq <= seen or committed != walk.commitments.get(seq):
            raise Bad(Code.BODY, seq, "the detail is not the one committed to")
        seen, count = seq, count + 1
    if count != (stated or {}).get("opened"):
        raise Bad(Code.BODY, None, "some opened details are missing")
    return count


def _digests(files: _Files) -> None:
    listed = {}
    for line in files.read("SHA256SUMS").splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    for name, digest in listed.items():
        with files.open(name) as file:
            made = hashlib.sha256()
            while data := file.read(_CHUNK):
                made.update(data)
        if made.hexdigest() != digest:
            raise Bad(Code.BODY, None, f"the file {name} was changed")
    if files.zipped and set(files.names()) != {*listed, "SHA256SUMS"}:
        raise Bad(Code.BODY, None, "the ZIP has files that nobody lists")
