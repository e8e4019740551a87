"""Tables and constraints, no rules: DATA.md's shapes as SQLAlchemy classes, by noun."""

from service.models.columns import Base, Instant
from service.models.customers import (
    Counter,
    Customer,
    CustomerPerson,
    CustomerView,
    FieldCheck,
    FieldValue,
    Record,
)
from service.models.documents import (
    Blob,
    Document,
    Page,
    PageLayout,
    PersonalNumber,
    Rendering,
    Suggestion,
    Text,
    TextPart,
    Version,
)
from service.models.exports import ArchiveExport, AuditExport, MadeFile
from service.models.imports import ImportBatch, ImportItem
from service.models.log import (
    AuditBody,
    AuditCheckpoint,
    AuditDetail,
    AuditEvent,
    AuditHead,
    AuditTouch,
)
from service.models.operation import Figure, Probe
from service.models.people import (
    Attempt,
    Department,
    Idempotency,
    PasswordLink,
    Person,
    PersonRole,
    Reading,
    RecentSearch,
    SignIn,
    Token,
    Trial,
)
from service.models.policies import PolicySet, PolicySetMember, PolicyVersion
from service.models.preferences import Preference, SavedFilter, UnusualKnown
from service.models.rates import RequestCount
from service.models.work import Dirty, Instance, Job, Lease

__all__ = [
    "ArchiveExport",
    "Attempt",
    "AuditBody",
    "AuditCheckpoint",
    "AuditDetail",
    "AuditEvent",
    "AuditExport",
    "AuditHead",
    "AuditTouch",
    "Base",
    "Blob",
    "Counter",
    "Customer",
    "CustomerPerson",
    "CustomerView",
    "Department",
    "Dirty",
    "Document",
    "FieldCheck",
    "FieldValue",
    "Figure",
    "Idempotency",
    "ImportBatch",
    "ImportItem",
    "Instance",
    "Instant",
    "Job",
    "Lease",
    "MadeFile",
    "Page",
    "PageLayout",
    "PasswordLink",
    "Person",
    "PersonRole",
    "PersonalNumber",
    "PolicySet",
    "PolicySetMember",
    "PolicyVersion",
    "Preference",
    "Probe",
    "Reading",
    "RecentSearch",
    "Record",
    "Rendering",
    "RequestCount",
    "SavedFilter",
    "SignIn",
    "Suggestion",
    "Text",
    "TextPart",
    "Token",
    "Trial",
    "UnusualKnown",
    "Version",
]
