"""The accounts and roles of the search server, made from the categories.

Each category has a role that may read its index; each set of categories has a reader with just
those roles; the web's account may do nothing but run searches as one of the readers.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import Any

from service.codes import Category

Json = dict[str, Any]

WEB = "guidang_web"
INDEXER = "guidang_indexer"
_READERS = "guidang-reader-"

_ITERATIONS = 10_000


def reader_name(categories: Collection[Category]) -> str:
    """Return the reader of exactly these categories; there is none of no category."""
    if not categories:
        raise ValueError("no categories")
    return _READERS + "-".join(c for c in Category if c in categories)


def realm_files(
    web_password: str, indexer_password: str, *, prefixes: Sequence[str] = ("guidang",)
) -> dict[str, str]:
    """Return the files of the server's file realm by name: roles.yml, users, users_roles.

    They go into the server's configuration folder and are read again within seconds. Readers
    have passwords that nobody knows: one signs in as the web's account and runs as them.
    Passwords are kept as PBKDF2, which the realm takes whatever its own setting is.
    """
    accounts = _accounts(web_password, indexer_password)
    users = [f"{name}:{_hashed(password)}" for name, (password, _) in accounts.items()]
    holders = [
        f"{role}:{','.join(n for n, (_, held) in accounts.items() if role in held)}"
        for role in _roles(prefixes)
    ]
    # YAML reads JSON: each role is one line of it.
    roles = [f"{name}: {json.dumps(role)}" for name, role in _roles(prefixes).items()]
    files = {"roles.yml": roles, "users": users, "users_roles": holders}
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


def native_calls(
    web_password: str, indexer_password: str, *, prefixes: Sequence[str] = ("guidang",)
) -> Iterator[tuple[str, str, Json]]:
    """Return method, path and body of the calls that make the same in the native realm."""
    for name, role in _roles(prefixes).items():
        yield "PUT", f"/_security/role/{name}", role
    for name, (password, roles) in _accounts(web_password, indexer_password).items():
        yield "PUT", f"/_security/user/{name}", {"password": password, "roles": roles}


def reader_sets() -> list[tuple[Category, ...]]:
    """Return every set of categories that somebody might read."""
    sizes = range(1, len(Category) + 1)
    return [chosen for size in sizes for chosen in combinations(Category, size)]


def _roles(prefixes: Sequence[str]) -> dict[str, Json]:
    roles = {_read_role(category): _reading(category, prefixes) for category in Category}
    everything = [f"{prefix}-*" for prefix in prefixes]
    return roles | {
        WEB: {"cluster": ["monitor"], "run_as": [f"{_READERS}*"]},
        INDEXER: {
            "cluster": ["monitor"],
            "indices": [{"names": everything, "privileges": ["all"]}],
        },
    }


def _reading(category: Category, prefixes: Sequence[str]) -> Json:
    # The names of alias and generations; what they were built with is read with the mapping.
    names = [name for p in prefixes for name in (f"{p}-{category}", f"{p}-{category}-*")]
    privileges = ["read", "view_index_metadata"]
    return {"cluster": [], "indices": [{"names": names, "privileges": privileges}]}


def _read_role(category: Category) -> str:
    return f"guidang_read_{category}"


def _accounts(web_password: str, indexer_password: str) -> dict[str, tuple[str, list[str]]]:
    readers = {
        reader_name(chosen): (secrets.token_urlsafe(32), [_read_role(c) for c in chosen])
        for chosen in reader_sets()
    }
    return {WEB: (web_password, [WEB]), INDEXER: (indexer_password, [INDEXER])} | readers


def _hashed(password: str) -> str:
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, dklen=32)
    salted, hashed = base64.b64encode(salt).decode(), base64.b64encode(digest).decode()
    return f"{{PBKDF2}}{_ITERATIONS}${salted}${hashed}"
