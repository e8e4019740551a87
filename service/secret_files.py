"""Makes the secret files of an archive on servers: each readable by one user, none made twice.

docker-compose.yml gives each server and program the files of its own; `OWNERS` are the users
that they run as there.
"""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from service.keystore import create_root_key
from service.search.readers import INDEXER, WEB, realm_files
from service.settings import SettingsError


class Owner(IntEnum):
    """Who reads a file: the numbers of the users in the images."""

    GUIDANG = 10001
    MINIO = 10002
    POSTGRES = 999
    ELASTIC = 1000
    ANCHOR = 10003


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the databases are reached, as HOST:PORT."""

    postgres: str = "postgres:5432"
    mirror: str = "mirror:5432"


@dataclass(frozen=True, slots=True)
class Secret:
    """A file's text, and who may read it."""

    owner: Owner
    text: str


ROOT_KEY = "root_key"

#: What only the operator knows: the anchor's accounts elsewhere. Empty files until then.
TO_BE_FILLED = ("anchor_access_key", "anchor_secret_key", "anchor_smtp_login")


def write(folder: Path, servers: Servers, *, prefixes: Sequence[str] = ("guidang",)) -> list[Path]:
    """Make every secret file in an empty folder; return them.

    Run as root, each file is given to its reader; otherwise all stay with whoever runs this.
    Raises `SettingsError` when the folder holds anything: secrets in use are not replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        message = f"the folder {folder} is not empty: secrets that exist are not replaced"
        raise SettingsError(message)
    folder.chmod(0o700)
    made = {name: _file(folder / name, s) for name, s in texts(servers, prefixes).items()}
    # last: until it is there, nothing was ever encrypted, and the folder may be emptied again
    create_root_key(folder / ROOT_KEY)
    _give(folder / ROOT_KEY, Owner.GUIDANG)
    return [*made.values(), folder / ROOT_KEY]


def texts(servers: Servers, prefixes: Sequence[str]) -> Mapping[str, Secret]:
    """Return new secrets by the name of their file; the root key is made as a file only."""
    admin, mirror, owner, application, keys, web, indexer = (_password() for _ in range(7))
    anchor = _url("guidang_anchor", _password(), servers.postgres, "guidang")
    access, store = secrets.token_hex(10), _password()
    realm = realm_files(web, indexer, prefixes=prefixes)
    ours = {
        "cookie_key": secrets.token_urlsafe(48),
        "metrics_token": secrets.token_urlsafe(32),
        "database_admin": _url("postgres", admin, servers.postgres, "postgres"),
        "database_owner": _url("guidang_owner", owner, servers.postgres, "guidang"),
        "database": _url("guidang_app", application, servers.postgres, "guidang"),
        # set-up makes the anchor's role; the anchor itself reads a copy of its own
        "database_anchor": anchor,
        "keystore": _url("guidang_keys", keys, servers.postgres, "guidang_keys"),
        "keystore_mirror": _url("guidang_mirror", mirror, servers.mirror, "guidang_mirror"),
        "blobs_access_key": access,
        "blobs_secret_key": store,
        "search_web": f"{WEB}:{web}",
        "search_indexer": f"{INDEXER}:{indexer}",
    }
    theirs = {
        Owner.POSTGRES: {"postgres_password": admin, "mirror_password": mirror},
        Owner.MINIO: {"minio_user": access, "minio_password": store},
        Owner.ELASTIC: {
            "elastic_roles": realm["roles.yml"],
            "elastic_users": realm["users"],
            "elastic_users_roles": realm["users_roles"],
            # what curl is told about whom to sign in as; the health of the cluster is all it asks
            "elastic_health": f'user = "{WEB}:{web}"',
        },
    }
    theirs[Owner.ANCHOR] = {"anchor_database": anchor, **dict.fromkeys(TO_BE_FILLED, "")}
    files = {name: Secret(Owner.GUIDANG, text) for name, text in ours.items()}
    for reader, named in theirs.items():
        files |= {name: Secret(reader, text) for name, text in named.items()}
    return files


def _password() -> str:
    return secrets.token_urlsafe(24)


def _url(role: str, password: str, server: str, database: str) -> str:
    return f"postgresql+psycopg://{role}:{password}@{server}/{database}"


def _file(path: Path, secret: Secret) -> Path:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{secret.text.rstrip()}\n")
        file.flush()
        os.fsync(file.fileno())
    _give(path, secret.owner)
    return path


def _give(path: Path, owner: Owner) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner, -1)
