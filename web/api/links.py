"""Links of the description: where an answer names a record, what can be asked of that record."""

from collections.abc import Iterator, Mapping
from typing import Any

#: what an answer shows → where in it a record's id is, and the parameter it fills
_NAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "CustomerShown": (("/id", "customer_id"),),
    "CustomerList": (("/items/0/id", "customer_id"),),
    "DocumentAdded": (("/id", "document_id"),),
    "DocumentShown": (("/id", "document_id"), ("/customer/id", "customer_id")),
    "DocumentList": (("/items/0/id", "document_id"),),
    "AnswerShown": (("/items/0/document/id", "document_id"),),
    "UserShown": (("/id", "person_id"),),
    "UserList": (("/items/0/id", "person_id"),),
    "DeputyShown": (("/id", "deputy_id"),),
    "DeputyList": (("/items/0/id", "deputy_id"),),
    "SignInList": (("/items/0/id", "session_id"),),
    "EventList": (("/items/0/seq", "seq"),),
    "EntryShown": (("/seq", "seq"),),
    "SealedFound": (("/items/0/seq", "seq"),),
    "OwnList": (("/items/0/seq", "seq"),),
    "ExportShown": (("/id", "export_id"),),
    "ArchiveExportShown": (("/id", "made_id"),),
    "ImportShown": (("/id", "batch_id"),),
    "ImportList": (("/items/0/id", "batch_id"),),
    "TokenMade": (("/id", "token_id"),),
    "TokenList": (("/items/0/id", "token_id"),),
}

#: An operation with where it is: path, method, and what is said of it.
Place = tuple[str, str, dict[str, Any]]


def add(spec: dict[str, Any]) -> None:
    """Add to each successful answer of the description what can be asked next."""
    places = [(path, verb, op) for path, ops in spec["paths"].items() for verb, op in ops.items()]
    kept = spec["components"].setdefault("links", {})
    for _, _, operation in places:
        for status, answer in operation["responses"].items():
            if not status.startswith("2"):
                continue
            for name, link in _links(answer, places):
                kept[name] = link
                linked = {"$ref": f"#/components/links/{name}"}
                answer.setdefault("links", {})[link["operationId"]] = linked


def _links(answer: dict[str, Any], places: list[Place]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and link for everything that takes an id which this answer names."""
    shown = _shown(answer)
    for pointer, parameter in _NAMED.get(shown, ()):
        # only the record that was asked for itself has its state in the header
        own = pointer == "/id" and "ETag" in answer.get("headers", {})
        for path, _, operation in places:
            if f"{{{parameter}}}" not in path:
                continue
            conditional = any(p["name"] == "If-Match" for p in operation["parameters"])
            if conditional and not own:
                continue
            given = {f"path.{parameter}": f"$response.body#{pointer}"}
            if conditional:
                given["header.If-Match"] = "$response.header.ETag"
            name = f"{shown}.{operation['operationId']}"
            yield name, {"operationId": operation["operationId"], "parameters": given}


def _shown(answer: dict[str, Any]) -> str:
    """Return the name of what an answer shows, or nothing."""
    content = answer.get("content", {}).get("application/json", {})
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]
