"""Images of pages: which there are, where they lie, and what of a page is needed to make one.

They are blobs of a version under its key, as the original is: role `page` and `thumb`, `n` the
page. What was tried and came to nothing is a `rendering` row, so that it is said and not tried
again for ever.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, delete, insert, or_, select
from sqlalchemy.orm import Session

from service import jobs, stored_files
from service.blobs.names import object_name
from service.blobs.port import BlobMissing, Blobs
from service.crypto import Corrupt, unseal_text
from service.errors import Unavailable
from service.ids import new_id
from service.keystore import Ring
from service.models import Blob, Job, Page, PageLayout, Rendering, Text, TextPart
from service.pictures import PICTURES
from service.rows import add_new
from service.segments import ALGORITHM
from service.streams import EncryptingWriter, blob_aad

#: Pages of a version that are made at once; the others are made when somebody wants to see them.
FIRST = 20

#: Of a locked one, made with its password, which is not kept: more are made when it is given again.
LOCKED = 100

PAGE, THUMB = "page", "thumb"

#: Why no image was made where the file's password gives one.
LOCKS = frozenset({"password", "wrong_password"})

PDF = "application/pdf"

OFD = "application/ofd"

#: Media types whose pages can be drawn; and of those, the ones with writing that has a place.
DRAWN = frozenset({PDF, OFD, *PICTURES})
LAYERED = frozenset({PDF, OFD})


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of a version's pages: how many there are, what was made, what failed."""

    pages: int | None
    images: frozenset[int]
    failed: dict[int, str]

    def error(self, no: int) -> str | None:
        """Return why there is no image of a page; None where there is one or may be one."""
        if no in self.images:
            return None
        return self.failed.get(no) or self.failed.get(0)


def made(db: Session, version_id: str) -> Made:
    """Return what was made of a version."""
    images = db.scalars(select(Blob.n).where(Blob.version == version_id, Blob.role == PAGE))
    rows = db.execute(
        select(Rendering.no, Rendering.pages, Rendering.error).where(
            Rendering.version == version_id
        )
    ).all()
    pages = next((row.pages for row in rows if row.no == 0), None)
    failed = {row.no: row.error for row in rows if row.error}
    return Made(pages, frozenset(images), failed)


def locked(db: Session, version_id: str) -> bool:
    """Say whether a page was wanted that only the file's password gives."""
    wanted = select(Rendering.no).where(
        Rendering.version == version_id, Rendering.error.in_(sorted(LOCKS))
    )
    return db.scalars(wanted.limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as it was read: its text's place, and how far its paper is turned."""

    text: str
    no: int
    start: int
    end: int
    rotation: int
    origin: str


def sheet(db: Session, version_id: str, no: int) -> Sheet | None:
    """Return a page of the text that a version shows; None where none was read."""
    newest = (
        select(Text.id, Text.chars)
        .where(Text.version == version_id, Text.aside.is_(None))
        .order_by(Text.revision.desc())
        .limit(1)
        .subquery()
    )
    rows = db.execute(
        select(Page.text, Page.no, Page.start, Page.rotation, Page.origin, newest.c.chars)
        .join(newest, newest.c.id == Page.text)
        .where(Page.no.in_((no, no + 1)))
        .order_by(Page.no)
    ).all()
    if not rows or rows[0].no != no:
        return None
    page = rows[0]
    end = rows[1].start - 1 if len(rows) > 1 else page.chars
    return Sheet(page.text, no, page.start, max(page.start, end), page.rotation, page.origin)


def text_of(db: Session, ring: Ring, version_id: str, page: Sheet) -> str:
    """Return the text of one page, opening no part that it does not stand in."""
    key = ring.version(version_id)
    parts = db.execute(
        select(TextPart.n, TextPart.start, TextPart.ct)
        .where(
            TextPart.text == page.text,
            TextPart.start < page.end,
            TextPart.start + TextPart.chars > page.start,
        )
        .order_by(TextPart.n)
    ).all()
    if not parts:
        return ""
    whole = "".join(unseal_text(key, part.ct, text_id=page.text, part=part.n) for part in parts)
    first = parts[0].start
    return whole[page.start - first : page.end - first]


def has_layout(db: Session, page: Sheet) -> bool:
    """Say whether it is known where the lines of a page stand."""
    wanted = select(PageLayout.no).where(PageLayout.text == page.text, PageLayout.no == page.no)
    return db.scalars(wanted).first() is not None


def store(
    blobs: Blobs, ring: Ring, version_id: str, no: int, images: Sequence[tuple[str, bytes]]
) -> list[dict[str, Any]]:
    """Seal and store images of a page, each with its role; returns their rows, not written yet."""
    key = ring.version(version_id)
    rows = []
    for role, content in images:
        blob_id, sealed = new_id(), io.BytesIO()
        writer = EncryptingWriter(sealed, key, blob_aad(blob_id, role))
        writer.write(content)
        writer.close()
        size = sealed.tell()
        sealed.seek(0)
        blobs.put(object_name(blob_id), sealed, size)
        row = {"id": blob_id, "version": version_id, "role": role, "n": no, "alg": ALGORITHM}
        rows.append({**row, "size": len(content), "stored_size": size, "state": "stored"})
    return rows


def put(db: Session, rows: Iterable[dict[str, Any]]) -> list[str]:
    """Write rows of stored images; returns the blobs that another worker's stand in place of."""
    wanted = list(rows)
    add_new(db, Blob, wanted)
    ids = [row["id"] for row in wanted]
    kept = set(db.scalars(select(Blob.id).where(Blob.id.in_(ids))))
    return [blob for blob in ids if blob not in kept]


def forget(db: Session, version_id: str, numbers: Iterable[int]) -> None:
    """Forget why there were no images of pages of which there are some by now."""
    ours = (Rendering.version == version_id) & Rendering.no.in_(set(numbers) - {0})
    db.execute(delete(Rendering).where(ours))


def tell(db: Session, version_id: str, no: int, *, pages: int | None, error: str | None) -> None:
    """Write what came of a version (`no` 0) or of one page, in place of what was known."""
    at = (Rendering.version == version_id) & (Rendering.no == no)
    db.execute(delete(Rendering).where(at))
    row = {"version": version_id, "no": no, "pages": pages, "error": error}
    add_new(db, Rendering, [row])


def _queue_once() -> Executable:
    columns = [_JOB.c[name] for name in _JOB_ROW]
    values = [bindparam(f"its_{column.name}", type_=column.type) for column in columns]
    queued = _JOB.alias()
    open_already = select(queued.c.id).where(
        queued.c.kind == _KIND,
        queued.c.subject == bindparam("its_subject", type_=_JOB.c.subject.type),
        queued.c.n == bindparam("its_n", type_=_JOB.c.n.type),
        or_(queued.c.state == "waiting", queued.c.state == "running"),
    )
    return insert(Job).from_select(columns, select(*values).where(~open_already.exists()))


_JOB = cast("Table", Job.__table__)
_KIND = "render_page"
_JOB_ROW = ("id", "kind", "subject", "n", "lane", "state", "due", "attempts", "cause", "created")

#: Queues making a page for somebody who waits, unless it is queued already; see `wanted`.
QUEUE_ONCE = _queue_once()


def wanted(version_id: str, no: int, *, cause: int | None) -> dict[str, Any]:
    """Return the values for `QUEUE_ONCE`."""
    row = jobs.row_of(jobs.New(_KIND, version_id, n=no), cause=cause)
    return {f"its_{name}": row[name] for name in _JOB_ROW}


def stored(db: Session, version_id: str, role: str, no: int) -> Blob | None:
    """Return where an image of a page lies; None where there is none yet."""
    wanted = select(Blob).where(Blob.version == version_id, Blob.role == role, Blob.n == no)
    return db.scalars(wanted).first()


def content(blobs: Blobs, ring: Ring, blob: Blob) -> bytes:
    """Return an image; raises `Unavailable` where it is away, missing or damaged."""
    reader = stored_files.opened(
        blobs, ring.version(blob.version), blob.id, blob.stored_size, role=blob.role
    )
    try:
        with reader:
            return reader.read()
    except BlobMissing as error:
        raise Unavailable("blobs", "The stored file is missing.") from error
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error
