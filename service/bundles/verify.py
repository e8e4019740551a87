"""校验合规包 / Check a compliance bundle: nothing is needed but this file, Python and openssl.

    python3 verify.py [BUNDLE] [--pub KEY.pem] [--opened FILE] [--draw K] [--json]

BUNDLE   the ZIP, or the folder it was unpacked into (default: where this file lies)
--pub    the public key that signs checkpoints, got by another way than this bundle
--opened what the archive answered when it was asked to open numbers of the bundle
--draw   name K hidden numbers at random, for asking the archive to open them

What is computed, and from what (RFC 6962 names in brackets):

1. Every line of events.ndjson has the next number. A line holds the body of an entry, or only its
   leaf hash where the entry does not fit the filter. leaf = SHA-256(0x00 || body)  [2.1]
2. proof.json has the hashes of all that lies before and after the range. With the leaves they
   give the root of the whole log: an entry that was left out, changed or moved gives another.
3. checkpoint.note is that root as the anchor signed it (Ed25519, a signed note of C2SP), or an
   earlier one; consistency.json shows that it and previous.note are beginnings of the same log
   [2.1.2].
4. details.ndjson: SHA-256("guidang.detail.v1" || salt || detail) is what the body commits to.
5. SHA256SUMS has the digests of all other files; the reports are covered by this alone.

Exit codes, the same as of `guidang audit verify`: 0 all of it holds · 10 an entry, a detail or a
file was changed · 12 a number is missing or out of order · 13 the root is another · 14 the log is
shorter than the checkpoint · 15 a bad signature or key · 16 two checkpoints contradict each
other · 2 the bundle cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

UNREADABLE, CHANGED, MISSING, REWRITTEN, SHORTER, SIGNATURE, FORK = 2, 10, 12, 13, 14, 15, 16

#: What stands before the 32 bytes of a key of Ed25519 in a file.
KEY_FILE = bytes.fromhex("302a300506032b6570032100")

#: What a bundle without a signed checkpoint does not prove, and what no bundle proves.
UNSIGNED = (
    "没有已签名的检查点：只能证明本包内部一致；日志在打包之前是否被整体改写，本包不能证明。",
    "No signed checkpoint: whether the log was rewritten before it was packed is not proven.",
)
LATER = (
    "第 {} 号之后的条目尚未被检查点签名，仅由档案系统自己陈述。",
    "Entries after number {} are not signed by a checkpoint yet; only the archive states them.",
)
OWN_KEY = (
    "公钥随本包而来：请用另一途径得到的公钥（--pub）核对，或核对下列指纹。",
    "The public key came with the bundle: compare its fingerprint, or use --pub.",
)
HIDDEN = (
    "{} 条不符合筛选条件，只给出叶哈希；其中是否藏有应当给出的条目，请抽取序号（--draw）要求打开。",
    "{} entries are leaf hashes: ask for some at random (--draw), one may belong among the shown.",
)
TOUCHED = (
    "按“出现过的文件”筛选：条目正文不含此信息，未给出的条目无法据此核对。",
    "Filtered by a document that was shown: bodies do not say so, hidden ones cannot be compared.",
)


class Bad(Exception):
    """The first thing that is not as it should be: code, number, and why in two languages."""

    def __init__(self, code: int, seq: int | None, chinese: str, english: str) -> None:
        """Keep them."""
        super().__init__(english)
        self.code, self.seq, self.chinese, self.english = code, seq, chinese, english


def changed(seq: int | None, chinese: str, english: str) -> Bad:
    """Return what to raise for something that was changed."""
    return Bad(CHANGED, seq, chinese, english)


#: How reading fails where bytes are not those that were written.
DAMAGED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)


@contextmanager
def judged(code: int, chinese: str, english: str) -> Iterator[None]:
    """Say with this code that what is read here is damaged."""
    try:
        yield
    except DAMAGED as error:
        raise Bad(code, None, chinese, f"{english} ({type(error).__name__})") from error


# -- the files ---------------------------------------------------------------------------------


class Files:
    """The files of a bundle, in a ZIP or in a folder."""

    def __init__(self, path: Path) -> None:
        """Open it."""
        self.folder = path if path.is_dir() else None
        self.zip = None if path.is_dir() else zipfile.ZipFile(path)
        if self.zip and len(set(self.zip.namelist())) < len(self.zip.namelist()):
            raise changed(None, "压缩包中有重名文件", "the ZIP has two files of one name")

    def open(self, name: str) -> BinaryIO:
        """Open one to read."""
        if not self.has(name):
            raise changed(None, f"缺少文件 {name}", f"the file {name} is missing")
        if self.zip:
            return cast("BinaryIO", self.zip.open(name))
        return (cast("Path", self.folder) / name).open("rb")

    def has(self, name: str) -> bool:
        """Say whether it is there."""
        if self.zip:
            return name in self.zip.namelist()
        return (cast("Path", self.folder) / name).is_file()

    def text(self, name: str) -> str:
        """Return what it says."""
        with self.open(name) as file:
            return file.read().decode()

    def json(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON in it."""
        return json.loads(self.text(name))

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Give the JSON of each line."""
        with self.open(name) as file:
            for line in file:
                yield json.loads(line)

    def keys(self) -> list[bytes]:
        """Return the public keys that came with the bundle."""
        if self.zip:
            names = [n for n in self.zip.namelist() if n.startswith("pub/") and n.endswith(".pem")]
        else:
            names = [f"pub/{p.name}" for p in (cast("Path", self.folder) / "pub").glob("*.pem")]
        return [public_key(self.text(name)) for name in sorted(names)]


# -- the tree (RFC 6962) -----------------------------------------------------------------------


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + body).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two that stand side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def grow(frontier: list[bytes], size: int, new: bytes) -> None:
    """Put one more behind `size` others; a frontier holds the roots of its full subtrees."""
    while size & 1:
        new = node(frontier.pop(), new)
        size >>= 1
    frontier.append(new)


def root(frontier: Sequence[bytes]) -> bytes:
    """Return the root over a frontier."""
    if not frontier:
        return hashlib.sha256(b"").digest()
    found = frontier[-1]
    for left in reversed(frontier[:-1]):
        found = node(left, found)
    return found


def blocks(start: int, stop: int) -> list[tuple[int, int]]:
    """Return place and width of the largest full subtrees between two places."""
    found = []
    while start < stop:
        wide = 1 << ((stop - start).bit_length() - 1)
        wide = min(wide, start & -start) if start else wide
        found.append((start, wide))
        start += wide
    return found


def extends(old: int, old_root: bytes, size: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Say whether a log of `size` begins with that of `old`: RFC 9162, 2.1.4.2."""
    if old == size or not 0 < old < size:
        return old == size and old_root == new_root and not proof
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    if not path:
        return False
    before = now = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, now = node(other, before), node(other, now)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            now = node(now, other)
        number, last = number >> 1, last >> 1
    return last == 0 and (before, now) == (old_root, new_root)


# -- the entries -------------------------------------------------------------------------------


def member(body: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return a member of a body by its path, as `actor.id` or `categories.0`."""
    for name in path.split("."):
        if isinstance(body, list):
            body = body[int(name)] if int(name) < len(body) else None
        else:
            body = body.get(name) if isinstance(body, dict) else None
    return body


def fits(body: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Say whether a body fits the filter of the manifest, as far as bodies can tell."""
    ts = body.get("ts", "")
    if ts < wanted.get("from", "") or ts >= wanted.get("before", "~"):
        return False
    return all(member(body, path) in values for path, values in wanted["members"].items())


def entry(line: dict[str, Any], wanted: dict[str, Any]) -> tuple[bytes, dict[str, Any] | None]:
    """Return leaf and members of a line; the members are None where only the leaf is given."""
    seq = line["seq"]
    if set(line) == {"seq", "leaf"}:
        leaf = bytes.fromhex(line["leaf"])
        if len(leaf) == 32:  # noqa: PLR2004 - SHA-256
            return leaf, None
    if set(line) != {"seq", "body"}:
        raise changed(seq, "此行不是条目", "the line is no entry")
    body = line["body"]
    try:
        members = json.loads(body)
        plain = json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except ValueError:
        members, plain = {}, ""
    if plain != body or not isinstance(members, dict) or members.get("seq") != seq:
        raise changed(seq, "条目正文被改动", "the body was changed")
    if not fits(members, wanted):
        raise changed(seq, "条目不符合筛选条件", "the entry does not fit the filter")
    return leaf_hash(body.encode()), members


class Walk:
    """What was seen of the entries."""

    def __init__(self, files: Files, manifest: dict[str, Any], kept: Sequence[int] = ()) -> None:
        """Go through them once; of those in `kept` the leaves are kept."""
        self.first, self.last = manifest["range"]["first"], manifest["range"]["last"]
        self.shown: dict[int, str | None] = {}
        self.hidden: list[int] = []
        self.leaves: dict[int, bytes] = {}
        proof = files.json("proof.json")
        frontier = [bytes.fromhex(one) for one in proof["before"]]
        if len(frontier) != bin(self.first - 1).count("1"):  # noqa: FURB161 - Python 3.9
            raise Bad(REWRITTEN, self.first, "证明不完整", "the proof has the wrong length")
        size = self.first - 1
        for line in files.lines("events.ndjson"):
            if line["seq"] != size + 1:
                raise Bad(MISSING, size + 1, "缺号或次序不对", "a number is missing or displaced")
            leaf, members = entry(line, manifest["filter"])
            if members is None:
                self.hidden.append(size + 1)
            else:
                self.shown[size + 1] = members.get("detail")
            if size + 1 in kept:
                self.leaves[size + 1] = leaf
            grow(frontier, size, leaf)
            size += 1
        if size != self.last:
            raise Bad(MISSING, size + 1, "缺号", "the range ends too early or too late")
        self.size, self.root = self._rest(frontier, proof["after"], manifest["tree"])

    def _rest(
        self, frontier: list[bytes], after: list[str], tree: dict[str, Any]
    ) -> tuple[int, bytes]:
        around = blocks(self.last, tree["size"])
        if len(around) != len(after) or tree["size"] < self.last:
            raise Bad(REWRITTEN, self.first, "证明不完整", "the proof has the wrong length")
        for (at, wide), one in zip(around, after):  # noqa: B905 - as long as each other
            grow(frontier, at // wide, bytes.fromhex(one))
        if root(frontier).hex() != tree["root"]:
            raise Bad(REWRITTEN, self.first, "根哈希不符", "the root is not the one stated")
        return tree["size"], root(frontier)


# -- signatures --------------------------------------------------------------------------------


def public_key(pem: str) -> bytes:
    """Return the 32 bytes of a public key of Ed25519 from its file."""
    lines = [line for line in pem.strip().splitlines() if not line.startswith("-----")]
    der = base64.b64decode("".join(lines))
    if len(der) != 44 or not der.startswith(KEY_FILE):  # noqa: PLR2004 - the form of the file
        raise Bad(SIGNATURE, None, "不是 Ed25519 公钥", "not a public key of Ed25519")
    return der[12:]


def signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Say whether a key signed a text: by the library if it is there, else by openssl."""
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - may be absent
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PublicKey,
        )
    except ImportError:
        return _openssl(key, text, signature)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _openssl(key: bytes, text: bytes, signature: bytes) -> bool:
    program = shutil.which("openssl")
    if program is None:
        raise Bad(UNREADABLE, None, "没有 openssl，无法验签", "no openssl to check signatures with")
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        body = base64.b64encode(KEY_FILE + key).decode()
        (where / "key").write_text(
            f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
        )
        (where / "text").write_bytes(text)
        (where / "signature").write_bytes(signature)
        options = ["-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "text"]
        done = subprocess.run(  # noqa: S603 - a program of the system, with our own files
            [program, "pkeyutl", *options, "-sigfile", "signature"],
            cwd=where,
            capture_output=True,
            check=False,
        )
    said = done.stdout + done.stderr
    if done.returncode and b"Verification Failure" not in said:
        raise Bad(UNREADABLE, None, "此 openssl 不能验 Ed25519", "this openssl knows no Ed25519")
    return done.returncode == 0


def followed(trusted: list[bytes], origin: str, changes: list[str]) -> list[bytes]:
    """Return the trusted keys and those that one of them signed for; and so on."""
    known = list(trusted)
    for _ in changes:
        for line in changes:
            old, new, signature = (base64.b64decode(part) for part in line.split(" "))
            named = [base64.b64encode(key).decode() for key in (old, new)]
            text = "{}/key\n{}\n{}\n".format(origin, *named)
            if old in known and new not in known and signed(old, text.encode(), signature):
                known.append(new)
    return known


def checked_note(note: str, origin: str, keys: list[bytes]) -> tuple[int, bytes]:
    """Return size and root that a note states, if one of the keys signed it."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if len(lines) != 3 or lines[0] != origin:  # noqa: PLR2004 - origin, size, root
        raise Bad(SIGNATURE, None, "检查点不属于此日志", "the checkpoint is not one of this log")
    stated = (text + "\n").encode()
    size, head = int(lines[1]), base64.b64decode(lines[2], validate=True)
    for line in signatures.splitlines():
        dash, name, value = line.split(" ")
        given = base64.b64decode(value, validate=True)
        for key in keys:
            mark = hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
            if dash == "\u2014" and name == origin and given[:4] == mark:
                if signed(key, stated, given[4:]):
                    return size, head
                raise Bad(SIGNATURE, size, "检查点签名不对", "the checkpoint's signature is bad")
    raise Bad(SIGNATURE, size, "检查点不是已知公钥所签", "no known key signed the checkpoint")


def checkpoints(
    files: Files, manifest: dict[str, Any], walk: Walk, pub: str | None
) -> tuple[int | None, list[bytes]]:
    """Return how long the log was at the newest signed note, and the keys that count."""
    origin = manifest["origin"]
    if not files.has("checkpoint.note"):
        if manifest["signed"]["size"] is not None:
            raise Bad(SIGNATURE, None, "缺少检查点", "the checkpoint is missing")
        return None, []
    changes = files.text("pub/changes").splitlines() if files.has("pub/changes") else []
    trusted = [public_key(Path(pub).read_text())] if pub else files.keys()
    keys = followed(trusted, origin, changes)
    size, head = checked_note(files.text("checkpoint.note"), origin, keys)
    proofs = {(p["old"], p["new"]): p["proof"] for p in files.json("consistency.json")}
    if size > walk.size:
        raise Bad(
            SHORTER, walk.size + 1, "日志比检查点短", "the log is shorter than the checkpoint"
        )
    if not _begins(proofs, (size, head), (walk.size, walk.root)):
        raise Bad(REWRITTEN, walk.first, "日志与检查点不符", "the log is not the one signed")
    if files.has("previous.note"):
        before = checked_note(files.text("previous.note"), origin, keys)
        if not _begins(proofs, before, (size, head)):
            raise Bad(FORK, before[0] + 1, "两个检查点互相矛盾", "two checkpoints contradict")
    return size, keys


def _begins(
    proofs: dict[tuple[int, int], list[str]], old: tuple[int, bytes], new: tuple[int, bytes]
) -> bool:
    proof = [bytes.fromhex(one) for one in proofs.get((old[0], new[0]), [])]
    return extends(old[0], old[1], new[0], new[1], proof)


# -- details, digests, opened numbers ----------------------------------------------------------


def details(files: Files, manifest: dict[str, Any], walk: Walk) -> int:
    """Compare opened details with what the bodies commit to; return how many there are."""
    count, seen = 0, 0
    if not files.has("details.ndjson"):
        if manifest["details"]:
            raise changed(None, "缺少已打开的内容", "the opened details are missing")
        return 0
    for line in files.lines("details.ndjson"):
        seq = line["seq"]
        made = hashlib.sha256(b"guidang.detail.v1" + bytes.fromhex(line["salt"]))
        made.update(line["detail"].encode())
        if seq <= seen or made.hexdigest() != walk.shown.get(seq):
            raise changed(seq, "打开的内容不是原来的", "the detail is not the one committed to")
        seen, count = seq, count + 1
    if count != (manifest["details"] or {}).get("opened"):
        raise changed(None, "打开的内容缺失", "some opened details are missing")
    return count


def digests(files: Files) -> None:
    """Compare every file with its digest."""
    listed = {}
    for line in files.text("SHA256SUMS").splitlines():
        digest, name = line.split("  ", 1)
        listed[name] = digest
    for name, digest in listed.items():
        if not files.has(name):
            raise changed(None, f"缺少文件 {name}", f"the file {name} is missing")
        made = hashlib.sha256()
        with files.open(name) as file:
            while data := file.read(1 << 20):
                made.update(data)
        if made.hexdigest() != digest:
            raise changed(None, f"文件 {name} 被改动", f"the file {name} was changed")
    if files.zip and set(files.zip.namelist()) != {*listed, "SHA256SUMS"}:
        raise changed(None, "压缩包中有多余文件", "the ZIP has files that nobody lists")


def opened_numbers(path: str) -> dict[int, str | None]:
    """Return what the archive answered: bodies by number, None where one was purged."""
    with Path(path).open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return {line["seq"]: line.get("body") for line in lines}


def opened_fit(opened: dict[int, str | None], walk: Walk, wanted: dict[str, Any]) -> int:
    """Compare opened bodies with their leaves, and with the filter that hid them."""
    for seq, body in sorted(opened.items()):
        if seq not in walk.leaves or body is None:
            continue
        if leaf_hash(body.encode()) != walk.leaves[seq]:
            raise changed(seq, "打开的条目不是包中那一条", "the opened entry is another one")
        hidden = seq not in walk.shown
        if hidden and not wanted["touched"] and fits(json.loads(body), wanted):
            raise changed(seq, "此条符合筛选却未给出", "the entry fits the filter and was hidden")
    return sum(seq in walk.leaves and body is not None for seq, body in opened.items())


# -- the whole ---------------------------------------------------------------------------------


def check(asked: argparse.Namespace) -> dict[str, Any]:
    """Check a bundle; return what was found. Raises `Bad`."""
    files = Files(Path(asked.bundle))
    manifest = files.json("manifest.json")
    opened = opened_numbers(asked.opened) if asked.opened else {}
    with judged(CHANGED, "条目或证明已损坏", "entries or proof are damaged"):
        walk = Walk(files, manifest, tuple(opened))
    with judged(SIGNATURE, "检查点或公钥已损坏", "a checkpoint or a key is damaged"):
        size, keys = checkpoints(files, manifest, walk, asked.pub)
    with judged(CHANGED, "打开的内容已损坏", "details are damaged"):
        detailed = details(files, manifest, walk)
    with judged(CHANGED, "摘要清单或文件已损坏", "digests or files are damaged"):
        digests(files)
    found = {
        "code": 0,
        "first": walk.first,
        "last": walk.last,
        "shown": len(walk.shown),
        "hidden": len(walk.hidden),
        "root": walk.root.hex(),
        "size": walk.size,
        "signed": size,
        "details": detailed,
        "opened": opened_fit(opened, walk, manifest["filter"]),
        "keys": [hashlib.sha256(key).hexdigest()[:32] for key in keys],
    }
    found["not_proven"] = not_proven(found, manifest["filter"], own_key=not asked.pub)
    if asked.draw:
        found["draw"] = sorted(
            random.SystemRandom().sample(walk.hidden, min(asked.draw, len(walk.hidden)))
        )
    return found


def not_proven(
    found: dict[str, Any], wanted: dict[str, Any], *, own_key: bool
) -> list[tuple[str, str]]:
    """Return in both languages what a bundle does not prove."""
    said = []
    if found["signed"] is None:
        said.append(UNSIGNED)
    elif own_key:
        said.append(OWN_KEY)
    if found["signed"] is not None and found["signed"] < found["last"]:
        said.append(LATER)
    if found["hidden"]:
        said.append(HIDDEN)
    if wanted["touched"]:
        said.append(TOUCHED)
    values = {LATER: found["signed"], HIDDEN: found["hidden"]}
    return [(zh.format(values.get((zh, en))), en.format(values.get((zh, en)))) for zh, en in said]


def tell(found: dict[str, Any]) -> None:
    """Say it to people, in Chinese and English."""
    first, last = found["first"], found["last"]
    print(f"结论：通过。第 {first}–{last} 号连续完整，未见改动。")
    print(f"Verdict: holds. Numbers {first} to {last} are all there, in order and unchanged.")
    print(
        f"给出 {found['shown']} 条，仅叶哈希 {found['hidden']} 条，打开内容 {found['details']} 条。"
    )
    print(f"{found['shown']} shown, {found['hidden']} as leaf hashes, {found['details']} details.")
    print(f"根 / root of {found['size']}: {found['root']}")
    if found["signed"] is not None:
        print(f"检查点 / checkpoint: {found['signed']}")
        print(f"公钥指纹 / key: {', '.join(found['keys'])}")
    if found["opened"]:
        print(f"抽查打开 {found['opened']} 条，均与叶哈希相符。")
        print(f"{found['opened']} opened numbers fit their leaves.")
    for chinese, english in found["not_proven"]:
        print(f"未证明：{chinese}\nNot proven: {english}")
    if "draw" in found:
        print("抽取 / drawn: " + ",".join(map(str, found["draw"])))


def main(arguments: list[str]) -> int:
    """Check what was named; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--pub")
    parser.add_argument("--opened")
    parser.add_argument("--draw", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        found = check(asked)
    except Bad as bad:
        if asked.json:
            said = {"code": bad.code, "first_bad": bad.seq, "reason": bad.english}
            print(json.dumps({k: v for k, v in said.items() if v is not None}))
        else:
            where = "" if bad.seq is None else f"第 {bad.seq} 号："
            at = "" if bad.seq is None else f"number {bad.seq}: "
            print(f"结论：不通过（{bad.code}）。{where}{bad.chinese}。")
            print(f"Verdict: DOES NOT HOLD ({bad.code}). {at}{bad.english}.")
        return bad.code
    except (OSError, *DAMAGED) as error:
        print(f"无法读取 / cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return UNREADABLE
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        tell(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
