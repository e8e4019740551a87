"""Makes PDF files that hold other files, honest and crafted, and signed ones."""

import io
import struct
import zlib
from collections.abc import Sequence

from pypdf import PdfWriter

from tests.indexer import pdfs

#: A file: its name as an object of a PDF, and the stream that is its bytes.
File = tuple[bytes, bytes]
WORDS = b"BT /F 12 Tf 20 200 Td (KR210 invoice) Tj ET"


def named(text: str, codec: str = "utf-16") -> bytes:
    """Return a name as a string of a PDF: UTF-16 with its mark, or the bytes of a charset."""
    mark = b"\xfe\xff" if codec == "utf-16" else b""
    raw = mark + text.encode("utf-16-be" if mark else codec)
    return b"<%b>" % raw.hex().encode()


def embedded(content: bytes, entries: bytes = b"") -> bytes:
    """Return a file's bytes as the stream of a PDF, packed."""
    packed = zlib.compress(content)
    return pdfs.stream(packed, b"/Type/EmbeddedFile/Filter/FlateDecode%b" % entries)


def file(name: str, content: bytes) -> File:
    return named(name), embedded(content)


def named_in_tree(files: Sequence[File]) -> bytes:
    """Return a PDF that holds files as most programs attach them."""
    return _holding(files, catalogue=b"/Names<</EmbeddedFiles<</Names[%b]>>>>" % _pairs(files))


def named_in_kids(files: Sequence[File]) -> bytes:
    """Return a PDF whose tree of names has a branch for its files, and one that is itself."""
    tree = 7 + 2 * len(files)
    return _holding(
        files,
        b"<</Kids[%d 0 R %d 0 R]>>" % (tree + 1, tree),
        b"<</Names[%b]/Limits[(a)(z)]>>" % _pairs(files),
        catalogue=b"/Names<</EmbeddedFiles %d 0 R>>" % tree,
    )


def hung_on_page(files: Sequence[File]) -> bytes:
    remarks = b"".join(
        b"<</Type/Annot/Subtype/FileAttachment/Rect[9 9 20 20]/FS %d 0 R>>" % n
        for n in _places(files)
    )
    return _holding(files, page=b"/Annots[%b]" % remarks)


def belonging_to_page(files: Sequence[File]) -> bytes:
    return _holding(files, page=b"/AF[%b]" % _list(files))


def belonging_to_all(files: Sequence[File]) -> bytes:
    """Return a PDF as PDF/A-3 and invoices are: named in the tree and associated."""
    pairs, all_of_them = _pairs(files), _list(files)
    return _holding(
        files, catalogue=b"/AF[%b]/Names<</EmbeddedFiles<</Names[%b]>>>>" % (all_of_them, pairs)
    )


def portfolio(files: Sequence[File]) -> bytes:
    """Return a collection whose page is a cover sheet."""
    return _holding(
        files,
        catalogue=b"/Collection<</View/D>>/Names<</EmbeddedFiles<</Names[%b]>>>>" % _pairs(files),
    )


def packed_away(files: Sequence[File], *, attached: bool = True) -> bytes:
    """Return a PDF as Office writes it: what names the files is packed, and so is the table.

    Where they are not attached they only belong to it.
    """
    entry = b"/Names<</EmbeddedFiles<</Names[%b]>>>>" if attached else b"/AF[%b]"
    entry %= _pairs(files) if attached else _list(files)
    names = _named(files)
    inside = [
        b"<</Type/Catalog/Pages 2 0 R%b>>" % entry,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<<%b>>>>"
        % pdfs.HELV,
        *names,
    ]
    numbers = [1, 2, 3, *_places(files)]
    starts = [sum(len(one) + 1 for one in inside[:n]) for n in range(len(inside))]
    head = b" ".join(b"%d %d" % pair for pair in zip(numbers, starts, strict=True)) + b" "
    pack = pdfs.deflated(head + b" ".join(inside))
    pack = pack.replace(b"<<", b"<</Type/ObjStm/N %d/First %d" % (len(inside), len(head)), 1)
    bodies = {4: pdfs.stream(WORDS), 5: pack}
    bodies |= {n + 1: content for n, (_, content) in zip(_places(files), files, strict=True)}
    out, rows = bytearray(b"%PDF-1.7\n"), {}
    for number, body in bodies.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    rows |= {number: (2, 5, at) for at, number in enumerate(numbers)}
    last = max(rows) + 1
    rows[last] = (1, len(out), 0)
    table = b"".join(struct.pack(">BIH", *rows.get(n, (0, 0, 0))) for n in range(last + 1))
    entries = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R" % (last + 1)
    said = b"%d 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n"
    return bytes(out) + said % (last, pdfs.stream(table, entries), len(out))


def locked(content: bytes, password: str, algorithm: str) -> bytes:
    target = io.BytesIO()
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(password, algorithm=algorithm)
    writer.write(target)
    return target.getvalue()


def attached_to(content: bytes, name: str, attached: bytes) -> bytes:
    """Return a PDF with a file attached by another program."""
    target = io.BytesIO()
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.add_attachment(name, attached)
    writer.write(target)
    return target.getvalue()


def bomb() -> bytes:
    """Return a stream that inflates to a gibibyte."""
    squeezer = zlib.compressobj(9)
    start = squeezer.compress(b"x") + squeezer.flush(zlib.Z_FULL_FLUSH)
    block = squeezer.compress(bytes(1 << 24)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return pdfs.stream(start + block * 64 + squeezer.flush(), b"/Filter/FlateDecode")


def _places(files: Sequence[File]) -> range:
    """Return the numbers of the objects that name files; their bytes follow each."""
    return range(7, 7 + 2 * len(files), 2)


def _list(files: Sequence[File]) -> bytes:
    return b" ".join(b"%d 0 R" % n for n in _places(files))


def _pairs(files: Sequence[File]) -> bytes:
    return b" ".join(b"(%d) %d 0 R" % (n, n) for n in _places(files))


def _named(files: Sequence[File]) -> list[bytes]:
    """Return the objects that name files."""
    return [
        b"<</Type/Filespec/F %b/UF %b/AFRelationship/Data/EF<</F %d 0 R>>>>" % (name, name, n + 1)
        for n, (name, _) in zip(_places(files), files, strict=True)
    ]


def _holding(
    files: Sequence[File], *others: bytes, catalogue: bytes = b"", page: bytes = b""
) -> bytes:
    """Return a page that says something, with files as objects from 7, and others after them."""
    objects = [
        part
        for said, (_, content) in zip(_named(files), files, strict=True)
        for part in (said, content)
    ]
    return pdfs.assembled(
        b"<</Type/Catalog/Pages 2 0 R%b>>" % catalogue,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<<%b>>%b>>"
        % (pdfs.HELV, page),
        pdfs.stream(WORDS),
        b"null",
        b"null",
        *objects,
        *others,
    )
