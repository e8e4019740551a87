"""Notes: three lines and a signature that anybody can check, and no other form is one."""

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.audit import checkpoints
from service.audit.checkpoints import Checkpoint, NoteError, SignatureError

INSTANCE = "abcdefghijklmnopqrstuvwxy4"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
POINT = Checkpoint(checkpoints.origin(INSTANCE), 1234, bytes(range(100, 132)))
NOTE = checkpoints.sign(POINT, KEY)


def test_a_note_says_whose_log_how_long_and_its_root() -> None:
    root = base64.b64encode(POINT.root).decode()
    assert NOTE.startswith(f"guidang/{INSTANCE}/audit\n1234\n{root}\n\n— guidang/{INSTANCE}/audit ")
    assert NOTE.endswith("\n")
    assert checkpoints.verify(NOTE, [OTHER.public_key(), KEY.public_key()]) == POINT


def test_a_note_is_the_same_every_time() -> None:
    assert checkpoints.sign(POINT, KEY) == NOTE


def test_an_empty_log_has_a_note_too() -> None:
    empty = Checkpoint(POINT.origin, 0, bytes(32))
    assert checkpoints.verify(checkpoints.sign(empty, KEY), [KEY.public_key()]) == empty


def test_signatures_of_witnesses_stand_beside_ours() -> None:
    witnessed = NOTE + checkpoints.signature_line("witness.example.cn", POINT.text, OTHER)
    assert checkpoints.verify(witnessed, [KEY.public_key()]) == POINT
    with pytest.raises(SignatureError):
        checkpoints.verify(witnessed, [OTHER.public_key()])


def test_another_key_signed_nothing() -> None:
    with pytest.raises(SignatureError):
        checkpoints.verify(NOTE, [OTHER.public_key()])
    with pytest.raises(SignatureError):
        checkpoints.verify(NOTE, [])


@pytest.mark.parametrize(
    ("was", "becomes"), [("1234", "1235"), ("\nZ", "\nY"), ("guidang/a", "guidang/b")]
)
def test_a_changed_text_is_signed_by_nobody(was: str, becomes: str) -> None:
    assert was in NOTE
    with pytest.raises(SignatureError):
        checkpoints.verify(NOTE.replace(was, becomes, 1), [KEY.public_key()])


def test_each_bit_of_a_signature_counts() -> None:
    head, _, last = NOTE.rstrip("\n").rpartition(" ")
    stated = base64.b64decode(last)
    for bit in range(len(stated) * 8):
        turned = bytearray(stated)
        turned[bit // 8] ^= 1 << bit % 8
        forged = f"{head} {base64.b64encode(turned).decode()}\n"
        with pytest.raises(SignatureError):
            checkpoints.verify(forged, [KEY.public_key()])


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "\n\n",
        NOTE.replace("1234", "01234"),
        NOTE.replace("1234", "+1234"),
        NOTE.replace("1234", "１２３４"),
        NOTE.replace("1234", " 1234"),
        NOTE.replace("1234", "12345678901234567"),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("/audit\n1234", "/audit\n\n1234", 1),
        NOTE.replace("/audit\n", "/audit x\n", 1),
        NOTE.replace("\n\n", "\nmore\n\n", 1),
        NOTE.replace("\n\n", "\n", 1),
        NOTE.replace("—", "-"),
        NOTE[:-1],
        NOTE + "\n",
        NOTE + "x\n",
        NOTE.replace("=\n", "\n"),
        NOTE.replace("=\n\n", "==\n\n"),
        NOTE + NOTE.splitlines()[-1] * 200 + "\n",
    ],
)
def test_what_has_another_form_is_no_note(forged: str) -> None:
    with pytest.raises(NoteError):
        checkpoints.verify(forged, [KEY.public_key()])


def test_base64_with_bits_to_spare_is_no_root() -> None:
    """Two texts must not stand for the same root."""
    root = base64.b64encode(POINT.root).decode()
    loose = root[:-2] + chr(ord(root[-2]) + 1) + "="
    assert base64.b64decode(loose) == POINT.root
    with pytest.raises(NoteError):
        checkpoints.parse(NOTE.replace(root, loose))


def test_openssl_alone_checks_a_note(tmp_path: Path) -> None:
    (tmp_path / "text").write_text(POINT.text, encoding="utf-8")
    stated = base64.b64decode(NOTE.split()[-1])
    (tmp_path / "signed").write_bytes(stated[4:])
    public = checkpoints.pem(KEY.public_key())
    (tmp_path / "pub.pem").write_text(public, encoding="ascii")
    command = "openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -in text -sigfile signed"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert checkpoints.raw(checkpoints.read_pem(public)) == checkpoints.raw(KEY.public_key())
