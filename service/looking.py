"""Which entries say that a page was looked at, though they are named by what it is there for.

Imports, exports and bundles are asked for by an entry of their own, with the change. Where the
same action was begun and ended, as reading is, somebody opened its page.
"""

from sqlalchemy import ColumnElement, and_, or_

from service.codes import Phase
from service.models import AuditEvent
from service.permissions import Action

_WRITTEN = frozenset(
    {Action.IMPORT_RUN, Action.EXPORT_LIST, Action.EXPORT_DOCUMENTS, Action.AUDIT_EXPORT}
)
_READ = (Phase.INTENT, Phase.OUTCOME)


def only(action: str, phase: str, kind: str, thing: str | None) -> bool:
    """Say whether an entry is of a person (by `kind`) who only looked; `thing` is its object's id.

    Handing out is reading, too: what names the very file that was made is no mere look.
    """
    if kind != "person" or phase not in _READ:
        return False
    if action == Action.IMPORT_RUN:
        return True
    return not thing and (action in _WRITTEN or action == Action.EXPORT_FETCH)


def condition() -> ColumnElement[bool]:
    """Return the same as a condition on entries, where nothing but columns is at hand."""
    # a service has no department
    person_reads = and_(AuditEvent.dept.is_not(None), AuditEvent.phase.in_(_READ))
    pages = AuditEvent.action.in_((*_WRITTEN, Action.EXPORT_FETCH))
    of_all = and_(pages, AuditEvent.object.is_(None))
    return and_(person_reads, or_(AuditEvent.action == Action.IMPORT_RUN, of_all))
