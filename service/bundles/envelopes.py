"""Encrypting a bundle to an auditor: CMS, which `openssl cms -decrypt` opens.

A certificate with an RSA key is what auditors' offices have or make with one command; the message
is AES-256 under a key that only theirs unwraps (docs/decisions/0029).
"""

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from service.errors import Invalid

#: Bits of a key that is long enough, characters of a certificate that is no certificate any more.
_SHORTEST, LONGEST = 2048, 20_000

#: Bytes that are encrypted in one piece, in memory.
MOST = 512 * 1024 * 1024


def certificate(text: str) -> x509.Certificate:
    """Read a certificate (PEM); raises `Invalid` for what nothing can be encrypted to."""
    try:
        read = x509.load_pem_x509_certificate(text.strip().encode())
        key = read.public_key()
    except (ValueError, TypeError) as error:
        raise Invalid(
            "This is not a certificate (PEM).", fields={"certificate": "format"}
        ) from error
    if not isinstance(key, RSAPublicKey) or key.key_size < _SHORTEST:
        raise Invalid(
            "The certificate needs an RSA key of %(bits)s bits or more.",
            fields={"certificate": "unsupported"},
            bits=_SHORTEST,
        )
    return read


def fingerprint(read: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate, as openssl shows it but for the colons."""
    return hashlib.sha256(read.public_bytes(Encoding.DER)).hexdigest()


def sealed(data: bytes, to: x509.Certificate) -> bytes:
    """Return `data` as a CMS message (DER) that only the certificate's key opens."""
    builder = PKCS7EnvelopeBuilder().set_data(data).add_recipient(to)
    builder = builder.set_content_encryption_algorithm(AES256)
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])
