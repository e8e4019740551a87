"""The closed vocabularies of the archive: codes that stand in rows, URLs, the log and the API.

Document kinds are not here: they are policy data (`service/policy/kinds.toml`).
"""

from enum import StrEnum


class Category(StrEnum):
    """客户类型: 潜在, 意向, 合作, 终止合作."""

    POTENTIAL = "potential"
    INTENDED = "intended"
    ACTIVE = "active"
    ENDED = "ended"


class CooperationType(StrEnum):
    """合作客户: 长期合作, 短期项目."""

    LONG_TERM = "long_term"
    PROJECT = "project"


class Status(StrEnum):
    """Where a customer file stands in its life."""

    DRAFT = "draft"
    FILED = "filed"
    DORMANT = "dormant"
    RESTRICTED = "restricted"
    APPRAISAL = "appraisal"
    TO_DESTROY = "to_destroy"
    DESTROYED = "destroyed"


#: Customer files in these states are left out of every search and list.
HIDDEN_STATUSES = frozenset({Status.RESTRICTED, Status.TO_DESTROY, Status.DESTROYED})


class Module(StrEnum):
    """档案模块."""

    COMPANY = "company"
    CONTACTS = "contacts"
    PERSONAL = "personal"
    DEMAND = "demand"
    CONTRACT = "contract"
    PROJECT = "project"
    SERVICE = "service"
    FINANCE = "finance"


class Grade(StrEnum):
    """内部密级, lowest first: 一般, 秘密, 机密, 绝密. Not state secrets."""

    GENERAL = "general"
    CONFIDENTIAL = "confidential"
    SECRET = "secret"
    TOP = "top"


def grades_up_to(highest: Grade) -> frozenset[Grade]:
    """Return every grade that a clearance up to `highest` covers."""
    order = tuple(Grade)
    return frozenset(order[: order.index(highest) + 1])


class Filing(StrEnum):
    """归档状态 of a version."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    FILED = "filed"
    WITHDRAWN = "withdrawn"


class Processing(StrEnum):
    """处理状态 of a version."""

    QUARANTINED = "quarantined"
    STORED = "stored"
    EXTRACTING = "extracting"
    SEARCHABLE = "searchable"
    PROPERTIES_ONLY = "properties_only"
    FAILED = "failed"


class Role(StrEnum):
    """岗位."""

    MANAGEMENT = "management"
    SERVICE_OFFICER = "service_officer"
    SERVICE_MANAGER = "service_manager"
    ARCHIVIST = "archivist"
    SALES = "sales"
    TECHNICAL = "technical"
    FINANCE = "finance"
    HR = "hr"
    LEGAL = "legal"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDITOR = "auditor"


#: Seats that exclude each other and every content role.
PRIVILEGED = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR})


class Department(StrEnum):
    """部门. The seats system_admin, security_admin and auditor sit in management."""

    MANAGEMENT = "management"
    CUSTOMER_SERVICE = "customer_service"
    SALES = "sales"
    TECHNICAL = "technical"
    FINANCE = "finance"
    HR = "hr"
    LEGAL = "legal"


class Sort(StrEnum):
    """Order of search results; ties always by date, newest first."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"


class Phase(StrEnum):
    """What kind of entry an event is in the log."""

    INTENT = "intent"
    OUTCOME = "outcome"
    DELIVERED = "delivered"
    EVENT = "event"


class Decision(StrEnum):
    """How a call ended, as the log says it."""

    ALLOW = "allow"
    DENY = "deny"
    FAIL = "fail"
