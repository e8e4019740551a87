"""Ask the servers themselves, past the archive: what would somebody see who reached them?"""

import base64
import json
import os
import urllib.error
import urllib.request
from typing import Any

import psycopg

WEB = "GUIDANG_TEST_ES_WEB"
INDEXER = "GUIDANG_TEST_ES_INDEXER"


def postgres(url: str) -> psycopg.Connection:
    """Connect by an address as SQLAlchemy has it; every statement is its own transaction."""
    return psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)


def elastic(
    method: str,
    path: str,
    body: object = None,
    *,
    account: str = INDEXER,
    reader: str | None = None,
) -> tuple[int, Any]:
    """Send one request and return status and answer, whatever they are."""
    token = base64.b64encode(os.environ[account].encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
    if reader:
        headers["es-security-runas-user"] = reader
    request = urllib.request.Request(  # noqa: S310  # our own http
        f"{os.environ['GUIDANG_TEST_ES_URL']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # as above
            return int(answer.status), json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def indexed(prefix: str, category: str) -> set[str]:
    """Return the documents in the index of one category, as the indexer's account sees them."""
    status, answer = elastic("POST", f"{prefix}-{category}/_search", {"size": 1000})
    assert status == 200, answer
    return {hit["_id"] for hit in answer["hits"]["hits"]}
