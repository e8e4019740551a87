"""The HTTP API: the same use cases as the pages, for programs."""

from web.api import (
    audit,
    corrections,
    customers,
    deputies,
    documents,
    exporting,
    exports,
    filing,
    import_sources,
    imports,
    me,
    openapi,
    search,
    suggestions,
    users,
)
from web.api.blueprint import api

__all__ = [
    "api",
    "audit",
    "corrections",
    "customers",
    "deputies",
    "documents",
    "exporting",
    "exports",
    "filing",
    "import_sources",
    "imports",
    "me",
    "openapi",
    "search",
    "suggestions",
    "users",
]
