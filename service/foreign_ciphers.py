"""Opens what other programs locked, with their ciphers. Nothing of ours is sealed by these."""

from collections.abc import Callable

from cryptography.hazmat.decrepit.ciphers.algorithms import Blowfish
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB


def open_aes_cbc(key: bytes, vector: bytes, content: bytes) -> bytes:
    """Open whole blocks of 16 bytes. Raises `ValueError` for what has no such form."""
    opener = Cipher(AES(key), CBC(vector)).decryptor()
    return opener.update(content) + opener.finalize()


def open_blowfish(key: bytes, vector: bytes, content: bytes) -> bytes:
    """Open what Blowfish locked byte by byte (CFB). Raises `ValueError` as `open_aes_cbc`."""
    opener = Cipher(Blowfish(key), CFB(vector)).decryptor()
    return opener.update(content) + opener.finalize()


def aes_blocks(key: bytes) -> Callable[[bytes], bytes]:
    """Return what turns blocks of 16 bytes into those that AES makes of them, each by itself.

    Of blocks that are numbers it makes what a stream is masked with, however they are counted.
    """
    return Cipher(AES(key), ECB()).encryptor().update  # noqa: S305 - no two numbers are alike
