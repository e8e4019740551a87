"""Documents, their versions, where the bytes lie, and the text that was read from them."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from service.models.columns import Base, Id, IdKey


class Document(Base):
    """A document of a customer. Category and module are not here: they follow."""

    __tablename__ = "document"
    id: Mapped[IdKey]
    serial: Mapped[int] = mapped_column(BigInteger, unique=True)
    customer: Mapped[Id] = mapped_column(ForeignKey("customer.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    grade: Mapped[str] = mapped_column(String(16))
    record: Mapped[Id | None] = mapped_column(ForeignKey("record.id"))
    dated: Mapped[date | None]
    number_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    title_ct: Mapped[bytes] = mapped_column(LargeBinary)
    note_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    created: Mapped[datetime]
    created_by: Mapped[Id] = mapped_column(index=True)
    rev: Mapped[int] = mapped_column(default=1)
    #: the version shown and indexed (DATA.md): kept here so that lists need no window query
    shown: Mapped[Id | None]


#: what an uploader owes a look: as the index and the question about it both say it
OWED = text("(filing = 'returned' OR processing = 'failed')")


class Version(Base):
    """One content of a document, with its own filing and processing states."""

    __tablename__ = "version"
    id: Mapped[IdKey]
    document: Mapped[Id] = mapped_column(ForeignKey("document.id"))
    no: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(127))
    file_name_ct: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256_ct: Mapped[bytes] = mapped_column(LargeBinary)
    content_token: Mapped[str] = mapped_column(String(80), index=True)
    filing: Mapped[str] = mapped_column(String(16))
    processing: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(String(40))
    parent_version: Mapped[Id | None] = mapped_column(ForeignKey("version.id"))
    ordinal: Mapped[int | None]
    created: Mapped[datetime]
    created_by: Mapped[Id]
    filed: Mapped[datetime | None]
    filed_by: Mapped[Id | None]
    #: when the index first held what was read; until then people see it as being read
    indexed: Mapped[datetime | None]
    #: characters the reader found beyond the limit and left out
    left_out: Mapped[int] = mapped_column(BigInteger, default=0)
    #: why it was returned or withdrawn, sealed like the note
    reason_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: who withdrew it and what it was before, until that is undone
    withdrawn_by: Mapped[Id | None]
    withdrawn_from: Mapped[str | None] = mapped_column(String(16))
    #: why it had been returned before, sealed as the reason it was and may be again
    returned_for_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: what became of the files in a ZIP or a message, sealed like the note
    unpacked_ct: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_version_parent", "parent_version", "ordinal", unique=True),
        Index("ix_version_document_no", "document", "no", unique=True),
        Index("ix_version_created_by", "created_by", "created"),
        Index(
            "ix_version_owed",
            "created_by",
            "created",
            sqlite_where=OWED,
            postgresql_where=OWED,
        ),
    )


class Blob(Base):
    """An object in the blob store; its name is derived from the id alone."""

    __tablename__ = "blob"
    id: Mapped[IdKey]
    version: Mapped[Id] = mapped_column(ForeignKey("version.id"))
    role: Mapped[str] = mapped_column(String(16))
    n: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(BigInteger)
    stored_size: Mapped[int] = mapped_column(BigInteger)
    alg: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16), default="stored")
    __table_args__ = (Index("ix_blob_version_role", "version", "role", "n", unique=True),)


class Text(Base):
    """One reading of a version's text; a correction is a new revision."""

    __tablename__ = "text"
    id: Mapped[IdKey]
    version: Mapped[Id] = mapped_column(ForeignKey("version.id"))
    revision: Mapped[int]
    origin: Mapped[str] = mapped_column(String(16))
    extractor: Mapped[str] = mapped_column(String(80))
    chars: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime]
    #: how sure what was recognised is, by the length of its lines; None where nothing was
    confidence: Mapped[float | None]
    #: of a correction: who made it, from which revision, and which pages differ ("3,7-9")
    created_by: Mapped[Id | None]
    based_on: Mapped[int | None]
    changed: Mapped[str | None] = mapped_column(LongText)
    #: read again after somebody had corrected an earlier reading: offered, but not shown
    aside: Mapped[bool | None]
    __table_args__ = (Index("ix_text_version_revision", "version", "revision", unique=True),)


class TextPart(Base):
    """About 64 k characters of a text, compressed and sealed; parts end at page borders."""

    __tablename__ = "text_part"
    text: Mapped[Id] = mapped_column(ForeignKey("text.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger)
    chars: Mapped[int]
    ct: Mapped[bytes] = mapped_column(LargeBinary)


class Page(Base):
    """Where a page begins in the text (code points), and how large it is (points)."""

    __tablename__ = "page"
    text: Mapped[Id] = mapped_column(ForeignKey("text.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(100), default="")
    width: Mapped[float | None]
    height: Mapped[float | None]
    rotation: Mapped[int] = mapped_column(default=0)
    origin: Mapped[str] = mapped_column(String(16))
    #: how sure what was recognised on it is, and how many of its lines are doubtful
    confidence: Mapped[float | None]
    doubtful: Mapped[int | None]


class PageLayout(Base):
    """Where the lines of a page's text stand on the page, sealed (`service.layouts`)."""

    __tablename__ = "page_layout"
    text: Mapped[Id] = mapped_column(ForeignKey("text.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    ct: Mapped[bytes] = mapped_column(LargeBinary)


class Rendering(Base):
    """What came of making images of a version: of the whole (`no` 0), or of a page that failed."""

    __tablename__ = "rendering"
    version: Mapped[Id] = mapped_column(ForeignKey("version.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    #: pages the file has, for the whole; None where nothing can be made of it
    pages: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(40))


class Suggestion(Base):
    """What is suggested of a version, sealed; `settled` names what people took or dismissed."""

    __tablename__ = "suggestion"
    version: Mapped[Id] = mapped_column(ForeignKey("version.id"), primary_key=True)
    ct: Mapped[bytes] = mapped_column(LargeBinary)
    settled: Mapped[str] = mapped_column(String(200), default="")
    created: Mapped[datetime]


class PersonalNumber(Base):
    """Where a personal number stands: code points of the text, page, and boxes on that page.

    The number itself is not here, only its blind token. `boxes` is a list of quadrilaterals in
    JSON (`service.layouts`), None until it is known where the page's lines stand.
    """

    __tablename__ = "personal_number"
    text: Mapped[Id] = mapped_column(ForeignKey("text.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    token: Mapped[str] = mapped_column(String(80), index=True)
    page: Mapped[int]
    start: Mapped[int] = mapped_column(BigInteger)
    end: Mapped[int] = mapped_column(BigInteger)
    boxes: Mapped[str | None] = mapped_column(LongText)
