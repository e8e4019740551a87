"""The statements that append."""

from typing import cast

from sqlalchemy import Table, bindparam, insert, literal_column, select, update

from service.driver import Query
from service.models import AuditBody, AuditDetail, AuditEvent, AuditHead, AuditTouch

_HEAD = cast("Table", AuditHead.__table__)

_ONLY = _HEAD.c.id == literal_column("1")

LOCK_HEAD = Query(
    select(_HEAD.c.seq, _HEAD.c.chain, _HEAD.c.frontier).where(_ONLY).with_for_update(), {}
)
MOVE_HEAD = (
    update(_HEAD)
    .where(_ONLY)
    .values(
        seq=bindparam("new_seq"), chain=bindparam("new_chain"), frontier=bindparam("new_frontier")
    )
)
EVENT, BODY, DETAIL, TOUCH = (
    insert(cast("Table", model.__table__))
    for model in (AuditEvent, AuditBody, AuditDetail, AuditTouch)
)
