"""What the log says of an action: bodies, and details as who holds the keys opens them."""

import json
from typing import Any

from sqlalchemy import ColumnElement, select

from service.audit.log import detail_aad
from service.codes import Phase
from service.crypto import unseal
from service.models import AuditBody, AuditDetail, AuditEvent
from service.permissions import Action
from tests.world import World


def entries(world: World, action: Action, *, decision: str = "allow") -> list[dict[str, Any]]:
    """Return the entries of an action that ended so, oldest first; `detail` is opened."""
    return _found(world, action, AuditEvent.decision == decision)


def intents(world: World, action: Action) -> list[dict[str, Any]]:
    """Return what was to be read by an action, oldest first; `detail` is opened."""
    return _found(world, action, AuditEvent.phase == str(Phase.INTENT))


def _found(world: World, action: Action, which: ColumnElement[bool]) -> list[dict[str, Any]]:
    with world.archive.db.read() as db:
        rows = db.execute(
            select(AuditBody.body, AuditDetail)
            .join(AuditEvent, AuditEvent.seq == AuditBody.seq)
            .outerjoin(AuditDetail, AuditDetail.seq == AuditBody.seq)
            .where(AuditEvent.action == str(action), which)
            .order_by(AuditBody.seq)
        ).all()
    return [_opened(world, json.loads(body), detail) for body, detail in rows]


def _opened(world: World, body: dict[str, Any], detail: AuditDetail | None) -> dict[str, Any]:
    if detail is None or detail.ct is None:
        return body | {"detail": {}}
    key = world.archive.keystore.detail_key(detail.key)
    assert key is not None
    return body | {"detail": json.loads(unseal(key, detail.ct, detail_aad(detail.seq)))}
