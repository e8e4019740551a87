"""Makes ZIP files, among them such as people's programs do not make."""

import hashlib
import hmac
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

_TABLE = [0] * 256
for _n in range(256):
    _c = _n
    for _ in range(8):
        _c = (_c >> 1) ^ 0xEDB88320 if _c & 1 else _c >> 1
    _TABLE[_n] = _c


def packed(*files: tuple[str, bytes], level: int = 6) -> bytes:
    """Return a ZIP of these files, in this order; a name may come twice."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as package:
        for name, content in files:
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def named(raw: bytes, content: bytes) -> bytes:
    """Return a ZIP whose only name is these bytes, with no word of their charset."""
    stand_in = "n" * len(raw)
    return packed((stand_in, content)).replace(stand_in.encode(), raw)


def renamed(archive: bytes, old: str, new: str) -> bytes:
    """Return a ZIP with a name put in another's place, of the same length."""
    assert len(old) == len(new)
    return archive.replace(old.encode(), new.encode())


def overlapping(count: int = 50) -> bytes:
    """Return a ZIP all of whose entries are one and the same file, which is there once."""
    one = packed(("a.txt", b"x" * 100_000))
    at = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    directory = one[at:end] * count
    record = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    return one[:at] + directory + record


def locked(password: bytes, *files: tuple[str, bytes]) -> bytes:
    """Return a ZIP whose files are locked as all packers can, by the old cipher of PKZIP."""
    body, directory = b"", b""
    for name, content in files:
        crc = zlib.crc32(content)
        sealed = _sealed(password, bytes(11) + bytes([crc >> 24]) + content)
        raw = name.encode()
        head = struct.pack(
            "<5H3L2H", 20, 0x801, 0, 0, 0x21, crc, len(sealed), len(content), len(raw), 0
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + head
        directory += struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\x03\x04" + head + raw + sealed
    count = len(files)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def _sealed(password: bytes, content: Iterable[int]) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def turn(byte: int) -> None:
        keys[0] = _crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    for byte in password:
        turn(byte)
    sealed = bytearray()
    for byte in content:
        mask = (keys[2] & 0xFFFF) | 2
        sealed.append(byte ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
        turn(byte)
    return bytes(sealed)


def _crc(crc: int, byte: int) -> int:
    return (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]


def locked_by_aes(password: bytes, *files: tuple[str, bytes]) -> bytes:
    """Return a ZIP whose files are locked as WinZip and 7-Zip do, by AES with 256 bits."""
    body, directory = b"", b""
    for number, (name, content) in enumerate(files):
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(content) + packer.flush()
        salt = bytes([number]) * 16
        keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1_000, 66)
        blocks = -(-len(packed) // 16)
        numbers = b"".join(n.to_bytes(16, "little") for n in range(1, blocks + 1))
        cipher = Cipher(AES(keys[:32]), ECB()).encryptor()  # noqa: S305 - blocks are numbered
        mask = cipher.update(numbers)[: len(packed)]
        hidden = (int.from_bytes(packed) ^ int.from_bytes(mask)).to_bytes(len(packed))
        code = hmac.digest(keys[32:64], hidden, "sha1")[:10]
        sealed = salt + keys[64:] + hidden + code
        raw, extra = name.encode(), struct.pack("<3H2sBH", 0x9901, 7, 2, b"AE", 3, 8)
        head = struct.pack(
            "<5H3L2H", 51, 0x801, 99, 0, 0x21, 0, len(sealed), len(content), len(raw), len(extra)
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 51) + head
        directory += struct.pack("<3H2L", 0, 0, 0, 0, len(body)) + raw + extra
        body += b"PK\x03\x04" + head + raw + extra + sealed
    count = len(files)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end
