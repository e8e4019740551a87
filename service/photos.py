"""Several photos become one document: a PDF that holds the JPEGs byte for byte, a page each.

Nothing of a picture is decoded here: of each file the head is looked at, within bounds, for its
size and for how the camera was held; turning is a word in the PDF. Other kinds of pictures are
refused: to convert them would change what somebody photographed, and takes decoding.
"""

from collections.abc import Sequence
from typing import BinaryIO, Final, cast

from service.errors import Invalid, TooLarge, Unsupported
from service.intake import Upload
from service.jpegs import Photo, head
from service.picture_pdf import PAGE, PicturePdf, a4
from service.spool import Spool

#: How many photos one document may have.
MOST: Final = 100


def bound(uploads: Sequence[Upload], into: Spool) -> None:
    """Write the PDF of photos in this order. The same photos always give the same bytes.

    Raises `Invalid` for none or too many, `Unsupported` for a file that is no JPEG, `TooLarge`
    when they are too large together.
    """
    if not uploads:
        raise Invalid("Choose a photo.", fields={"photo": "required"})
    if len(uploads) > MOST:
        raise Invalid(
            "A document has at most %(most)s photos.", fields={"photo": "too_many"}, most=MOST
        )
    photos = [_photo(one) for one in uploads]
    if sum(one.spool.plain_size for one in uploads) > into.limit:
        raise TooLarge(
            "The file is larger than %(limit)s MB.",
            fields={"photo": "too_large"},
            limit=into.limit // (1024 * 1024),
        )
    _write(into, photos, [cast("BinaryIO", one.spool) for one in uploads])


def _write(into: Spool, photos: Sequence[Photo], sources: Sequence[BinaryIO]) -> None:
    pdf = PicturePdf(into)
    firsts = [3 + PAGE * n for n in range(len(photos))]
    pdf.order(firsts)
    for first, photo, source in zip(firsts, photos, sources, strict=True):
        pdf.page(first, photo, source, a4(photo))
    pdf.close()


def _photo(upload: Upload) -> Photo:
    upload.spool.seal()
    upload.spool.seek(0)
    name = upload.file_name
    if upload.spool.plain_size == 0:
        raise Invalid("The photo %(name)s is empty.", fields={"photo": "empty"}, name=name)
    try:
        return head(cast("BinaryIO", upload.spool))
    except ValueError as error:
        raise Unsupported(
            "Only photos in JPEG are joined to a document, and %(name)s is none that can be read. "
            "Upload it as a file of its own.",
            fields={"photo": "unsupported"},
            name=name,
        ) from error
