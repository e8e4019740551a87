"""What somebody owes of the own uploads: what was returned, and what could not be read."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from service import filing
from service.archive import Call
from service.codes import Filing
from service.filing import QueueRow
from service.models import Document, Version
from service.models.documents import OWED


def uploads(call: Call, limit: int = 20) -> tuple[QueueRow, ...]:
    """Return the newest of them, as long as no newer version takes their place.

    However much was uploaded since: the index of `OWED` holds only these.
    """
    newer = aliased(Version)
    replaced = select(newer.id).where(
        newer.document == Version.document,
        newer.no > Version.no,
        newer.filing != str(Filing.WITHDRAWN),
    )
    rows = call.db.execute(
        select(Version, Document)
        .join(Document, Document.id == Version.document)
        .where(
            OWED,
            Version.created_by == call.actor.id,
            Version.filing != str(Filing.WITHDRAWN),
            Version.parent_version.is_(None),
            ~replaced.exists(),
        )
        .order_by(Version.created.desc(), Version.id)
        .limit(limit)
    ).all()
    return filing.listed(call, [(v, d) for v, d in rows])
