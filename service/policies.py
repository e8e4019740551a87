"""Which policy governs: packaged texts come in at first start, the newest set in force counts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, select
from sqlalchemy.orm import Session

from service.db import Database
from service.driver import Query
from service.ids import new_id
from service.models import PolicySet, PolicySetMember, PolicyVersion
from service.policy import KINDS, Policy, digest, parse, set_digest

_SET = cast("Table", PolicySet.__table__)
_IN_FORCE = _SET.c.effective_from <= bindparam("now")
#: The newest set in force; the first set of all is in force even if the clock was set back since.
_NEWEST = (
    select(_SET.c.id)
    .order_by(
        case((_IN_FORCE, 0), else_=1),
        case((_IN_FORCE, _SET.c.effective_from), else_=None).desc(),
        _SET.c.effective_from,
        _SET.c.id.desc(),
    )
    .limit(1)
)


class Policies:
    """The governing policy, parsed once per set and kept."""

    def __init__(self) -> None:
        """Start with nothing parsed."""
        self._known: dict[str, Policy] = {}

    def current(self, db: Session) -> Policy:
        """Return the policy in force in this snapshot; raises `LookupError` before the import."""
        asked = newest()
        row = db.connection().execute(asked.statement, asked.values).first()
        return self._parsed(_id(row), db)

    def bound(self, row: Sequence[Any] | None, database: Database) -> Policy:
        """Return the policy that `newest` found; raises `LookupError` if it found none."""
        set_id = _id(row)
        if set_id in self._known:
            return self._known[set_id]
        with database.read() as db:
            return self._parsed(set_id, db)

    def _parsed(self, set_id: str, db: Session) -> Policy:
        if set_id not in self._known:
            self._known[set_id] = parse(texts_of(db, set_id), set_id=set_id)
        return self._known[set_id]


def newest() -> Query:
    """Return what asks for the set in force now."""
    return Query(_NEWEST, {"now": datetime.now(UTC)})


def _id(row: Sequence[Any] | None) -> str:
    if row is None:
        message = "no policy set is in force"
        raise LookupError(message)
    return str(row[0])


def texts_of(db: Session, set_id: str) -> dict[str, str]:
    """Return the texts a set binds, by kind."""
    rows = db.execute(
        select(PolicySetMember.kind, PolicyVersion.text)
        .join(PolicyVersion, PolicyVersion.id == PolicySetMember.version)
        .where(PolicySetMember.set == set_id)
    )
    return dict(rows.tuples().all())


def bring_in(db: Session, texts: Mapping[str, str]) -> bool:
    """Import policy texts; return whether they govern now.

    On an archive without policy they take effect at once; later texts become proposals.
    """
    first = db.scalars(select(PolicySet.id).limit(1)).first() is None
    state = "effective" if first else "proposal"
    versions = {kind: _version(db, kind, texts[kind], state) for kind in KINDS}
    if not first:
        return False
    bound = PolicySet(id=new_id(), sha256=set_digest(texts), effective_from=datetime.now(UTC))
    db.add(bound)
    db.flush()
    db.add_all(
        PolicySetMember(set=bound.id, kind=kind, version=version)
        for kind, version in versions.items()
    )
    return True


def _version(db: Session, kind: str, text: str, state: str) -> str:
    known = db.scalars(
        select(PolicyVersion.id).where(
            PolicyVersion.kind == kind, PolicyVersion.sha256 == digest(text)
        )
    ).first()
    if known:
        return known
    version = PolicyVersion(
        id=new_id(),
        kind=kind,
        text=text,
        sha256=digest(text),
        state=state,
        created=datetime.now(UTC),
    )
    db.add(version)
    db.flush()
    return version.id
