"""How much text versions have, and how sure it is, without opening it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import confidence
from service.models import Page, Text


@dataclass(frozen=True, slots=True)
class Count:
    """Pages and characters of a version's text; `confidence` is None where none was guessed."""

    pages: int = 0
    characters: int = 0
    confidence: float | None = None


def of_versions(db: Session, versions: Collection[str]) -> dict[str, Count]:
    """Return what is known of the text that each version shows; nothing of those without."""
    texts = db.execute(
        select(Text.version, Text.id, Text.chars, Text.confidence)
        .where(Text.version.in_(versions), Text.aside.is_(None))
        .order_by(Text.revision)
    )
    shown = {row.version: row for row in texts}
    last = select(Page.text, func.max(Page.no)).group_by(Page.text)
    wanted = last.where(Page.text.in_([row.id for row in shown.values()]))
    pages = dict(db.execute(wanted).tuples().all()) if shown else {}
    return {
        version: Count(pages.get(row.id, 0), row.chars, row.confidence)
        for version, row in shown.items()
    }


def doubtful(db: Session, versions: Collection[str]) -> dict[str, float]:
    """Return version → how sure its text is, of those that are worth looking at again."""
    counts = of_versions(db, versions)
    return {
        version: count.confidence
        for version, count in counts.items()
        if count.confidence is not None and confidence.is_doubtful(count.confidence)
    }
