"""Which policy governs: packaged texts come in at first start, the newest set in force counts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from service.ids import new_id
from service.models import PolicySet, PolicySetMember, PolicyVersion
from service.policy import KINDS, Policy, digest, parse, set_digest

_SET = cast("Table", PolicySet.__table__)
_NEWEST = (
    select(_SET.c.id)
    .where(_SET.c.effective_from <= bindparam("now"))
    .order_by(_SET.c.effective_from.desc(), _SET.c.id.desc())
    .limit(1)
)


class Policies:
    """The governing policy, parsed once per set and kept."""

    def __init__(self) -> None:
        """Start with nothing parsed."""
        self._known: dict[str, Policy] = {}

    def current(self, db: Session) -> Policy:
        """Return the policy in force in this snapshot; raises `LookupError` before the import."""
        set_id = db.connection().execute(_NEWEST, {"now": datetime.now(UTC)}).scalar()
        if set_id is None:
            message = "no policy set is in force"
            raise LookupError(message)
        if set_id not in self._known:
            self._known[set_id] = parse(texts_of(db, set_id), set_id=set_id)
        return self._known[set_id]


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
