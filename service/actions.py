"""Everything that can be done, and which of the regulation's verbs each action counts as."""

from collections.abc import Mapping
from enum import StrEnum


class Verb(StrEnum):
    """The ten verbs of the regulation (article 2), and two for the archive's own running."""

    CREATE = "create"
    COLLECT = "collect"
    ARRANGE = "arrange"
    FILE = "file"
    KEEP = "keep"
    UPDATE = "update"
    READ = "read"
    USE = "use"
    SHARE = "share"
    DESTROY = "destroy"
    AUTH = "auth"
    ADMIN = "admin"


class Action(StrEnum):
    """Everything that can be done, by people and by the archive's own processes."""

    SIGN_IN = "session.sign_in"
    SIGN_OUT = "session.sign_out"
    STEP_UP = "session.step_up"
    REQUEST_CHECK = "request.check"
    SESSION_MANAGE_OWN = "session.manage_own"
    DEPUTY_NAME = "deputy.name"
    USER_MANAGE = "user.manage"
    HOME_READ = "home.read"
    CUSTOMER_CREATE = "customer.create"
    CUSTOMER_LIST = "customer.list"
    CUSTOMER_READ = "customer.read"
    CUSTOMER_EDIT = "customer.edit"
    CUSTOMER_FILE = "customer.file"
    CUSTOMER_MOVE_CATEGORY = "customer.move_category"
    DOCUMENT_ADD = "document.add"
    DOCUMENT_ADD_VERSION = "document.add_version"
    DOCUMENT_READ = "document.read"
    DOCUMENT_TEXT = "document.text"
    DOCUMENT_ORIGINAL = "document.original"
    DOCUMENT_EDIT = "document.edit"
    DOCUMENT_MOVE = "document.move"
    DOCUMENT_WITHDRAW = "document.withdraw"
    DOCUMENT_RESTORE = "document.restore"
    DOCUMENT_RETURN = "document.return"
    DOCUMENT_FILE = "document.file"
    DOCUMENT_RETRY = "document.retry"
    DOCUMENT_QUEUE = "document.queue"
    IMPORT_RUN = "import.run"
    SEARCH_RUN = "search.run"
    EXPORT_LIST = "export.list"
    EXPORT_DOCUMENTS = "export.documents"
    EXPORT_COPIES = "export.copies"
    EXPORT_FETCH = "export.fetch"
    AUDIT_READ = "audit.read"
    AUDIT_READ_OWN = "audit.read_own"
    AUDIT_OPEN = "audit.open"
    AUDIT_EXPORT = "audit.export"
    AUDIT_ERASE = "audit.erase"
    AUDIT_PURGE = "audit.purge"
    AUDIT_RESUME = "audit.resume"
    ANCHOR_REKEY = "anchor.rekey"
    STATUS_READ = "status.read"
    POLICY_IMPORT = "policy.import"
    DOCUMENT_EXTRACT = "document.extract"
    DOCUMENT_INDEX = "document.index"
    DOCUMENT_RENDER = "document.render"
    INDEX_REBUILD = "index.rebuild"

    @property
    def verb(self) -> Verb:
        """Return the one verb this action counts as in the log."""
        return _VERBS[self]


_VERBS: Mapping[Action, Verb] = {
    Action.SIGN_IN: Verb.AUTH,
    Action.SIGN_OUT: Verb.AUTH,
    Action.STEP_UP: Verb.AUTH,
    Action.REQUEST_CHECK: Verb.AUTH,
    Action.SESSION_MANAGE_OWN: Verb.AUTH,
    Action.DEPUTY_NAME: Verb.ADMIN,
    Action.USER_MANAGE: Verb.ADMIN,
    Action.HOME_READ: Verb.READ,
    Action.CUSTOMER_CREATE: Verb.CREATE,
    Action.CUSTOMER_LIST: Verb.READ,
    Action.CUSTOMER_READ: Verb.READ,
    Action.CUSTOMER_EDIT: Verb.UPDATE,
    Action.CUSTOMER_FILE: Verb.FILE,
    Action.CUSTOMER_MOVE_CATEGORY: Verb.ARRANGE,
    Action.DOCUMENT_ADD: Verb.COLLECT,
    Action.DOCUMENT_ADD_VERSION: Verb.COLLECT,
    Action.DOCUMENT_READ: Verb.READ,
    Action.DOCUMENT_TEXT: Verb.READ,
    Action.DOCUMENT_ORIGINAL: Verb.USE,
    Action.DOCUMENT_EDIT: Verb.UPDATE,
    Action.DOCUMENT_MOVE: Verb.ARRANGE,
    Action.DOCUMENT_WITHDRAW: Verb.ARRANGE,
    Action.DOCUMENT_RESTORE: Verb.ARRANGE,
    Action.DOCUMENT_RETURN: Verb.ARRANGE,
    Action.DOCUMENT_FILE: Verb.FILE,
    Action.DOCUMENT_RETRY: Verb.KEEP,
    Action.DOCUMENT_QUEUE: Verb.ARRANGE,
    Action.IMPORT_RUN: Verb.COLLECT,
    Action.SEARCH_RUN: Verb.READ,
    Action.EXPORT_LIST: Verb.USE,
    Action.EXPORT_DOCUMENTS: Verb.USE,
    Action.EXPORT_COPIES: Verb.USE,
    Action.EXPORT_FETCH: Verb.USE,
    Action.AUDIT_READ: Verb.ADMIN,
    Action.AUDIT_READ_OWN: Verb.READ,
    Action.AUDIT_OPEN: Verb.ADMIN,
    Action.AUDIT_EXPORT: Verb.ADMIN,
    Action.AUDIT_ERASE: Verb.DESTROY,
    Action.AUDIT_PURGE: Verb.DESTROY,
    Action.AUDIT_RESUME: Verb.ADMIN,
    Action.ANCHOR_REKEY: Verb.ADMIN,
    Action.STATUS_READ: Verb.ADMIN,
    Action.POLICY_IMPORT: Verb.ADMIN,
    Action.DOCUMENT_EXTRACT: Verb.ARRANGE,
    Action.DOCUMENT_INDEX: Verb.ARRANGE,
    Action.DOCUMENT_RENDER: Verb.ARRANGE,
    Action.INDEX_REBUILD: Verb.ADMIN,
}

#: Actions that change rows: one transaction, one event.
WRITES = frozenset(
    {
        Action.SESSION_MANAGE_OWN,
        Action.DEPUTY_NAME,
        Action.USER_MANAGE,
        Action.CUSTOMER_CREATE,
        Action.CUSTOMER_EDIT,
        Action.CUSTOMER_FILE,
        Action.CUSTOMER_MOVE_CATEGORY,
        Action.DOCUMENT_EDIT,
        Action.DOCUMENT_MOVE,
        Action.DOCUMENT_WITHDRAW,
        Action.DOCUMENT_RESTORE,
        Action.DOCUMENT_RETURN,
        Action.DOCUMENT_FILE,
        Action.DOCUMENT_RETRY,
    }
)

#: Writes that touch the blob store first: they commit an intent before.
STORES = frozenset({Action.DOCUMENT_ADD, Action.DOCUMENT_ADD_VERSION})
