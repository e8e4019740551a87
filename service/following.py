"""What is done to a version is done to what came with it: the same right, the same transaction."""

from dataclasses import replace

from service import belonging
from service.archive import Call
from service.documents import Held, bump, lock, readable, reshow
from service.models import Version


def those_of(call: Call, held: Held, version: Version) -> list[Version]:
    """Return what came with a version, locked, after the check that this may be done to all."""
    found = belonging.descendants(call.db, [version.id])
    documents = belonging.documents_of(call.db, found)
    for document in documents:
        lock(call.db, document)
    by_id = {document.id: document for document in documents}
    for child in found:
        document = by_id[child.document]
        in_scope = readable(call, document, held.seen)
        call.require(replace(held, document=document, in_scope=in_scope).target(child))
    return found


def written(call: Call, held: Held, version: Version, *, hides: bool) -> None:
    """Settle what documents show after a version, and what came with it, stand elsewhere.

    `hides`: it may be found no more, so that searches must not wait for the index.
    """
    call.db.flush()
    followers = belonging.descendants(call.db, [version.id])
    changed = [held.document, *belonging.documents_of(call.db, followers)]
    reshow(call.db, changed)
    for document in changed:
        bump(call.db, document)
        if hides:
            call.mark_dirty("document", document.id)
        call.enqueue("index", document.id)
