"""Compliance bundles on the servers, and checked where there is only `python3` and `openssl`."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service import proving
from service.log_questions import Sought
from tests.bundled import Bundle, certificate, made, signed, verdicts
from tests.world import World

pytestmark = pytest.mark.live

#: The system's own Python, without what else may be installed for it.
PYTHON = ("python3", "-S")


def bare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with nothing of ours around it."""
    return subprocess.run(
        ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bundle_is_checked_in_an_empty_folder(world: World, tmp_path: Path):
    world.search("谐波减速器", by="sales")
    key = Ed25519PrivateKey.generate()
    signed(world, key)
    world.search("第二次", by="sales")
    signed(world, key)
    with world.archive.db.read() as db:
        proving.check(proving.prove(db, 2), [key.public_key()])
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "bundle.zip").write_bytes(
        made(world, wanted=Sought(action="search.run"), details=True)
    )
    assert bare(empty, *PYTHON, "-c", "import cryptography").returncode != 0
    assert bare(empty, *PYTHON, "-m", "zipfile", "-e", "bundle.zip", "b").returncode == 0
    said = bare(empty / "b", *PYTHON, "verify.py")
    assert (said.returncode, said.stderr) == (0, "")
    assert "结论：通过" in said.stdout
    assert "Verdict: holds." in said.stdout
    assert "检查点 / checkpoint: " in said.stdout
    sums = bare(empty / "b", "sha256sum", "--check", "--quiet", "SHA256SUMS")
    assert (sums.returncode, sums.stdout) == (0, "")
    note = empty / "b" / "checkpoint.note"
    lines = note.read_text().split("\n")
    note.write_text("\n".join([lines[0], str(int(lines[1]) - 1), *lines[2:]]))
    said = bare(empty / "b", *PYTHON, "verify.py")
    assert said.returncode == 15
    assert "结论：不通过（15）" in said.stdout


def test_openssl_alone_opens_a_bundle_encrypted_to_a_certificate(world: World, tmp_path: Path):
    key = rsa.generate_private_key(65537, 3072)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "bundle.cms").write_bytes(made(world, certificate=certificate(key)))
    words = ("cms", "-decrypt", "-binary", "-inform", "DER", "-in", "bundle.cms")
    assert bare(tmp_path, "openssl", *words, "-inkey", "key.pem", "-out", "b.zip").returncode == 0
    assert zipfile.is_zipfile(tmp_path / "b.zip")
    assert verdicts(tmp_path / "b.zip") == ((0, None), (0, None))
    shutil.copy(tmp_path / "b.zip", tmp_path / "again.zip")
    assert "events.ndjson" in Bundle.of((tmp_path / "again.zip").read_bytes()).files
