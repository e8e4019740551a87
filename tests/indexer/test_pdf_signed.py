"""A signed PDF is read, drawn and kept as any other, and as it is now if it was changed since."""

import io
import re
from contextlib import closing

import pypdfium2
import pypdfium2.raw as pdfium
from cryptography.hazmat.primitives.serialization import pkcs7

from indexer.extract import pdf
from service import page_images
from service.codes import Processing
from tests.indexer import pdf_signed
from tests.indexer.test_children import OFFICER
from tests.indexer.test_pdf_children import brought
from tests.world import World


def test_a_signed_contract_is_read_with_its_form_drawn_and_kept_byte_for_byte(world: World) -> None:
    content = pdf_signed.signed()
    assert signatures(content) == 1
    view = brought(world, content, name="合同.pdf")
    assert (view.version.processing, view.version.error) == (Processing.SEARCHABLE, None)
    assert view.family.unpacked is None
    assert world.found("KR210 contract", by=OFFICER) == {view.id}
    assert world.found("Huaxing Robotics", by=OFFICER) == {view.id}
    assert world.original(view.id, OFFICER) == content
    with world.archive.db.read() as db:
        assert page_images.made(db, view.version.id) == page_images.Made(1, frozenset({1}), {})


def test_what_was_changed_after_a_signature_is_read_as_it_is_now(world: World) -> None:
    content = pdf_signed.changed_after(pdf_signed.signed())
    assert signatures(content) == 1
    found = pdf.read(io.BytesIO(content))
    assert found.text.split("\n") == ["KR210 contract with annex", "Huaxing Robotics"]
    assert found.notes == ()
    view = brought(world, content, name="合同.pdf")
    assert world.found("annex", by=OFFICER) == {view.id}
    assert world.original(view.id, OFFICER) == content


def signatures(content: bytes) -> int:
    """Return how many signatures are in a PDF, each by one person, over all but itself."""
    (said,) = re.findall(rb"/ByteRange\[([\d ]+)\]", content)
    _, first, second, rest = map(int, said.split())
    signature = bytes.fromhex(content[first + 1 : second - 1].decode())
    assert b"%%EOF" in content[second : second + rest]
    signature = signature[: 4 + int.from_bytes(signature[2:4])]  # what follows fills the room
    assert len(pkcs7.load_der_pkcs7_certificates(signature)) == 1
    with closing(pypdfium2.PdfDocument(content)) as document:
        return int(pdfium.FPDF_GetSignatureCount(document))
