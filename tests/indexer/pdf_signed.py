"""Makes PDF files that somebody signed, and such as were changed after that."""

import re
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from tests.indexer import pdfs

#: Bytes that the signature may have; in the file each is two digits.
_ROOM = 2_000


def signed() -> bytes:
    """Return a contract with a field that was filled in, signed over all of its bytes."""
    signature = (
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/Name(Lin Yue)"
        b"/M(D:20260302093000+08'00')/ByteRange[0 ?????????? ?????????? ??????????]"
        b"/Contents<%b>>>" % (b"0" * (2 * _ROOM))
    )
    content = pdfs.assembled(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]/SigFlags 3>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<<%b>>"
        b"/Annots[5 0 R 6 0 R]>>" % pdfs.HELV,
        _words("KR210 contract"),
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature)/F 132/Rect[0 0 0 0]/P 3 0 R/V 7 0 R>>",
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(party)/F 4/Rect[20 20 200 40]/P 3 0 R"
        b"/V(Huaxing Robotics)>>",
        signature,
    )
    start = content.index(b"/Contents<") + len(b"/Contents")
    end = start + 2 * _ROOM + 2
    marks = (b"%010d" % n for n in (start, end, len(content) - end))
    content = re.sub(rb"\?{10}", lambda _: next(marks), content)
    made = _signature(content[:start] + content[end:])
    return content[: start + 1] + made.hex().ljust(2 * _ROOM, "0").encode() + content[end - 1 :]


def changed_after(content: bytes) -> bytes:
    """Return a PDF with another page content written behind its end, as programs do it."""
    at, words = len(content), _words("KR210 contract with annex")
    body = b"4 0 obj\n%b\nendobj\n" % words
    (before,) = re.findall(rb"startxref\n(\d+)", content)
    table = b"xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 8/Root 1 0 R/Prev %b>>\n" % (at, before)
    return content + body + table + b"startxref\n%d\n%%%%EOF\n" % (at + len(body))


def _words(text: str) -> bytes:
    return pdfs.stream(b"BT /F 12 Tf 20 200 Td (%b) Tj ET" % text.encode())


def _signature(covered: bytes) -> bytes:
    """Return a signature of somebody who vouches for herself, apart from what it covers."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "林悦")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(covered)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.add_signer(certificate, key, SHA256()).sign(Encoding.DER, options)
