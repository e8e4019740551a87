"""Photos from a phone: several become one document, byte for byte, turned as the camera says."""

import io
import re
import struct

import pypdfium2
import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from service import jpegs
from service.codes import Category
from service.models import Document
from service.permissions import Action
from tests.scenario import decisions

CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))


@pytest.fixture
def client_file(portal):
    return portal.world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, owner="sales")


def upright(width=160, height=80):
    """Return a picture whose corners have four colours, as somebody saw it."""
    picture = Image.new("RGB", (width, height), "white")
    half = (width // 2, height // 2)
    for n, colour in enumerate(CORNERS):
        left, top = (n % 2) * half[0], (n // 2) * half[1]
        picture.paste(colour, (left, top, left + half[0], top + half[1]))
    return picture


#: how a camera held so stores what it saw: what undoes its orientation
STORED = {
    1: (),
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_90,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_270,),
}


def jpeg(turn=1, mode="RGB", **more):
    picture = upright()
    for way in STORED[turn]:
        picture = picture.transpose(way)
    exif = Image.Exif()
    exif[0x0112] = turn
    target = io.BytesIO()
    picture.convert(mode).save(target, "JPEG", quality=95, exif=exif, **more)
    return target.getvalue()


def send(person, customer, *photos, kind="repair", **fields):
    fields = {"csrf_token": person.token(), "kind": kind, **fields}
    streams = [FileStorage(io.BytesIO(content), f"IMG_{n}.jpg") for n, content in enumerate(photos)]
    boundary, body = encode_multipart({**fields, "photo": streams})
    return person.client.post(
        f"/customers/{customer.id}/photos",
        data=body,
        content_type=f"multipart/form-data; boundary={boundary}",
        buffered=True,
    )


def made(world, by="sales"):
    with world.archive.db.read() as db:
        (document,) = [row.id for row in db.query(Document)]
    return world.original(document, by)


def seen(page):
    """Return width, height and the colours of the corners of a page as it is drawn."""
    picture = page.render(scale=1).to_pil().convert("RGB")
    wide, high = picture.size
    places = [(x, y) for y in (high // 4, 3 * high // 4) for x in (wide // 4, 3 * wide // 4)]
    near = [
        min(
            CORNERS,
            key=lambda c: sum(abs(a - b) for a, b in zip(c, picture.getpixel(at), strict=True)),
        )
        for at in places
    ]
    return wide > high, tuple(near)


def test_photos_become_the_pages_of_one_document_in_their_order_upright_and_unchanged(
    portal, client_file
):
    taken = [jpeg(turn) for turn in STORED]
    person = portal["sales"]
    answer = send(person, client_file, *taken, title="验收签字")
    assert answer.status_code == 302, answer.text
    content = made(portal.world)
    places = [content.index(photo) for photo in taken]
    assert places == sorted(places)
    book = pypdfium2.PdfDocument(content)
    assert len(book) == len(taken)
    for n, turn in enumerate(STORED):
        assert seen(book[n]) == (True, CORNERS), turn


def test_photos_are_found_by_the_title_of_their_document(portal, client_file):
    person = portal["sales"]
    assert send(person, client_file, jpeg(), title="验收签字").status_code == 302
    portal.world.work()
    assert "验收签字" in person.html("/search?q=验收签字")
    assert portal.world.verify().code == 0


def test_the_same_photos_give_the_same_bytes_and_a_phone_has_a_place_for_them(portal, client_file):
    person = portal["sales"]
    for _ in range(2):
        assert send(person, client_file, jpeg(), jpeg(6)).status_code == 302
    page = person.html(f"/upload?customer={client_file.id}")
    assert "内容相同" in page
    assert re.search(r"照片 \d{4}-\d\d-\d\d \d{4}\.pdf", page)
    assert '/photos"' in page[page.index('class="foot"') :]
    page = person.html(f"/photos?customer={client_file.id}")
    assert 'capture="environment"' in page
    assert re.search(r'<input[^>]*name="photo"[^>]*accept="[^"]*image/\*"[^>]*multiple', page)
    assert client_file.name in person.html("/photos")
    assert "/photos" not in portal["auditor"].html("/")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_grey_coloured_and_progressive_photos_are_taken(portal, client_file, mode):
    progressive = mode == "RGB"
    photo = jpeg(1, mode, progressive=progressive)
    assert send(portal["sales"], client_file, photo).status_code == 302
    page = pypdfium2.PdfDocument(made(portal.world))[0]
    if mode == "L":
        assert page.render(scale=1).to_pil().convert("L").getpixel((30, 30)) < 120
    else:
        assert seen(page) == (True, CORNERS)


def crafted(body, kind=0xE1):
    """Return a JPEG whose first segment is somebody's own."""
    segment = struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body
    return b"\xff\xd8" + segment + jpeg()[2:]


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        b"Exif\0\0XX",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0",
    ],
)
def test_odd_words_about_turning_leave_a_photo_as_it_is(portal, client_file, exif):
    photo = crafted(exif)
    assert send(portal["sales"], client_file, photo).status_code == 302
    assert photo in made(portal.world)


def png():
    target = io.BytesIO()
    upright().save(target, "PNG")
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        png(),
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        jpeg()[:200],
        b"\xff\xd8" + b"\xff" * 5_000_000,
        b"\xff\xd8" + struct.pack(">BBH", 0xFF, 0xE1, 1),
        b"\xff\xd8" + (struct.pack(">BBH", 0xFF, 0xE2, 60_000) + bytes(59_998)) * 80,
        jpeg().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc3\0\x11\x08"),
        b"%PDF-1.7",
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence_and_nothing_is_stored(
    portal, client_file, content
):
    person = portal["sales"]
    answer = send(person, client_file, jpeg(), content)
    assert answer.status_code in (415, 422)
    assert "IMG_1.jpg" in answer.text
    assert "JPEG" in answer.text or "空" in answer.text
    assert list(portal.world.archive.blobs.list()) == []
    assert send(person, client_file).status_code == 422


class Counted(io.BytesIO):
    """Counts how often it was read from."""

    reads = 0

    def read(self, size=-1):
        self.reads += 1
        return super().read(size)


def test_some_filling_before_a_picture_is_passed_over_and_much_of_it_soon_refused(
    portal, client_file
):
    photo = b"\xff\xd8" + b"\xff" * 1_000 + jpeg()[2:]
    assert send(portal["sales"], client_file, photo).status_code == 302
    endless = Counted(b"\xff\xd8" + b"\xff" * 4_000_000)
    with pytest.raises(ValueError, match="no picture"):
        jpegs.head(endless)
    assert endless.reads < 20_000


def test_photos_obey_the_rights_of_any_upload(portal, client_file):
    told = []
    hidden = portal.world.customer("杭州见山机械有限公司", Category.INTENDED, owner="sales2")
    for customer in (hidden.id, "a" * 26):
        place = f"/photos?customer={customer}"
        answer = portal["sales"].get(place)
        assert answer.status_code == 404
        told.append(re.sub(r'value="[^"]{60,}"', "", answer.text))
    assert told[0] == told[1]
    assert send(portal["sales"], hidden, jpeg()).status_code == 404
    refused = [decisions(portal.world, Action.DOCUMENT_ADD).count(("outcome", "deny"))]
    for photo in (b"no photo", jpeg()):  # nobody looks at what is wrong with it before
        assert send(portal["sales"], hidden, photo).status_code == 404
        assert send(portal["auditor"], client_file, photo).status_code in (403, 404)
        refused.append(decisions(portal.world, Action.DOCUMENT_ADD).count(("outcome", "deny")))
    assert refused[2] - refused[1] == refused[1] - refused[0] == 2
    assert send(portal["sales"], client_file, jpeg(), kind="invoice").status_code == 403
    assert list(portal.world.archive.blobs.list()) == []


def test_programs_send_photos_as_parts_and_get_one_document(programs):
    world = programs.world
    customer = world.customer(owner="sales").id

    def sent(*photos, login="sales", **said):
        parts = [("photo", (io.BytesIO(one), f"{n}.jpg")) for n, one in enumerate(photos)]
        data = MultiDict([*parts, *said.items()])
        place, kind = f"/customers/{customer}/photos", "multipart/form-data"
        return programs[login].send("POST", place, data=data, content_type=kind)

    first = sent(jpeg(), jpeg(6), kind="minutes", title="现场照片")
    assert first.status_code == 201, first.text
    assert first.json["media_type"] == "application/pdf"
    assert len(pypdfium2.PdfDocument(world.original(first.json["id"], "sales"))) == 2
    assert world.shown(first.json["id"], "sales").title == "现场照片"
    assert sent(b"none", kind="minutes").status_code == 415
    assert sent(kind="minutes").json["fields"] == {"photo": "required"}
    assert sent(jpeg(), kind="minutes", login="sales2").status_code == 404
    assert len(list(world.archive.blobs.list())) == 1
