"""Whether a person may know a thing, asked before anything is said about their request.

What is absent and what is hidden look alike, whatever else may be wrong with a request: so
this comes first. Each function returns the revision of what it found, for If-Match.
"""

from service import customers, documents
from service.archive import Call
from service.errors import Denied, NotFound
from service.models import Person
from service.permissions import BY_READ_RIGHT, Action, Target, may

_OF_DOCUMENTS = frozenset(a for a in Action if a.startswith("document."))


def customer(call: Call, customer_id: str) -> int:
    """Return a customer's revision; raises `NotFound` or `Hidden`."""
    with call.look() as db:
        return customers.visible(call, db, customer_id).row.rev


def document(call: Call, document_id: str, *, version: int | None = None) -> int:
    """Return a document's revision; raises `NotFound` or `Hidden`, also for a version."""
    by = None if call.action in BY_READ_RIGHT else call.action
    with call.look() as db:
        held = documents.hold(call, db, document_id, by=by)
        documents.version_of(db, held, version)
        return held.document.rev


def person(call: Call, person_id: str) -> int:
    """Return the revision of an account, for those who look after accounts."""
    call.require(Target())
    with call.look() as db:
        found = db.get(Person, person_id)
        if found is None:
            raise NotFound
        return found.rev


def still(call: Call, made: str) -> None:
    """Check that what a write made may be known, and the write done, as rights are today.

    The thing that is written to was looked at before; the state it has now does not matter: it
    changed by that very write. Raises `Hidden`, `NotFound` or `Denied`.
    """
    if call.action is Action.CUSTOMER_CREATE:
        customer(call, made)
    uploader = call.action in _OF_DOCUMENTS and _uploaded(call, made)
    if not may(call.policy, call.actor, call.action, uploader=uploader):
        raise Denied("Your role does not allow this.", rule=f"{call.action}:none")


def _uploaded(call: Call, document_id: str) -> bool:
    """Say whether a version of a document is this person's; raises `NotFound` or `Hidden`."""
    with call.look() as db:
        held = documents.hold(call, db, document_id, by=call.action)
        versions = documents.versions_of(db, document_id)
    return call.actor.id in {held.document.created_by, *(v.created_by for v in versions)}
