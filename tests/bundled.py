"""Compliance bundles in tests: asking for one, its files, both verifiers, tampering with it."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from service.audit import checkpoints, notes
from service.audit.checkpoints import Checkpoint
from service.audit.entries import Subject
from service.bundles import checking, exports, handing, verify
from service.bundles.exports import New
from service.log_questions import Sought
from service.models import Instance
from service.permissions import Action
from tests.world import World

SCRIPT = Path(verify.__file__)


def asked(world: World, by: str = "auditor", wanted: Sought | None = None, **more: Any) -> str:
    """Ask for a bundle; return its id."""
    said = {"case": "FW-HC-2026-Q4-03", "statement": "第四季度核查"}
    new = New(wanted=wanted or Sought(), **{**said, **more})
    actor = world.actor(by)
    with world.archive.call(actor, Action.AUDIT_EXPORT, Subject("export"), writes=True) as call:
        return exports.request(call, new).id


def fetched(world: World, export_id: str, by: str = "auditor") -> bytes:
    """Fetch a bundle that is made."""
    actor, subject = world.actor(by), Subject("export", export_id)
    with world.archive.call(actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
        original = handing.fetch(call, export_id)
    return b"".join(original.chunks())


def made(world: World, by: str = "auditor", wanted: Sought | None = None, **more: Any) -> bytes:
    """Ask for a bundle, have it made, fetch it."""
    export_id = asked(world, by, wanted, **more)
    world.work()
    return fetched(world, export_id, by)


def signed(world: World, key: Ed25519PrivateKey) -> int:
    """Sign the log as it is now, as the anchor does; return its length."""
    report = world.verify()
    with world.archive.db.write() as db:
        origin = notes.origin_of(db)
        note = checkpoints.sign(Checkpoint(origin, report.events, bytes.fromhex(report.root)), key)
        notes.insert(db, report.events, note, datetime.now(UTC))
        public = key.public_key()
        name = notes.key_name(checkpoints.raw(public))
        if db.get(Instance, name) is None:
            db.add(Instance(name=name, value=checkpoints.pem(public)))
    return report.events


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle."""

    files: Mapping[str, bytes]

    @classmethod
    def of(cls, packed: bytes) -> "Bundle":
        """Unpack one."""
        with zipfile.ZipFile(io.BytesIO(packed)) as file:
            return cls({name: file.read(name) for name in file.namelist()})

    def json(self, name: str) -> Any:
        """Return the JSON in a file."""
        return json.loads(self.files[name])

    def lines(self, name: str = "events.ndjson") -> list[dict[str, Any]]:
        """Return the JSON of each line."""
        return [json.loads(line) for line in self.files[name].splitlines()]

    def shown(self) -> list[dict[str, Any]]:
        """Return the bodies that are shown."""
        return [json.loads(line["body"]) for line in self.lines() if "body" in line]

    def changed(self, name: str, change: Callable[[bytes], bytes], *, sums: bool) -> "Bundle":
        """Return it with a file changed; `sums`: by somebody who knows of SHA256SUMS."""
        files = {**self.files, name: change(self.files[name])}
        return Bundle(files).summed() if sums else Bundle(files)

    def summed(self) -> "Bundle":
        """Return it with the digests of its files as they are now."""
        lines = [
            f"{hashlib.sha256(data).hexdigest()}  {name}\n"
            for name, data in sorted(self.files.items())
            if name != "SHA256SUMS"
        ]
        return Bundle({**self.files, "SHA256SUMS": "".join(lines).encode()})

    def put(self, path: Path) -> Path:
        """Write it as a ZIP."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in self.files.items():
                file.writestr(name, data)
        return path


def verdicts(path: Path, *options: str) -> tuple[tuple[int, int | None], tuple[int, int | None]]:
    """Return code and first bad number as the script says them, and as the archive does."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(path), "--json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    said = json.loads(done.stdout) if done.stdout else {}
    report = checking.check(path)
    ours = (int(report.code), report.first_bad)
    return (done.returncode, said.get("first_bad")), ours


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return a certificate that a key signs for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "审计")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + timedelta(9999))
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
