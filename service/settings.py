"""Every setting, read once from the environment, a TOML file or secret files."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting that cannot work; the message says which and why."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs from one installation to another. Names are `GUIDANG_` and the field's."""

    data: Path = field(
        default=Path("data"), metadata={"help": "folder of everything the archive keeps locally"}
    )
    listen: str = field(default="127.0.0.1:8000", metadata={"help": "address and port of the web"})
    public_url: str = field(
        default="", metadata={"help": "how browsers reach it; https turns on secure cookies, HSTS"}
    )
    trusted_proxies: int = field(
        default=0, metadata={"help": "number of proxies whose X-Forwarded headers are believed"}
    )
    hosts: tuple[str, ...] = field(
        default=(),
        metadata={"help": "host names that are answered; empty: loopback and public_url"},
    )
    database: str = field(
        default="", metadata={"help": "SQLAlchemy URL; empty: SQLite in the data folder"}
    )
    database_owner: str = field(
        default="", metadata={"help": "PostgreSQL URL of the owner role, for migrations"}
    )
    database_admin: str = field(
        default="",
        metadata={"help": "PostgreSQL URL of the administrator, for `guidang setup` alone"},
    )
    keystore: str = field(
        default="", metadata={"help": "SQLAlchemy URL of the key database; empty: SQLite in data"}
    )
    keystore_mirror: str = field(
        default="", metadata={"help": "URL of the second copy of the keys; empty: SQLite in data"}
    )
    root_key_file: Path | None = field(
        default=None, metadata={"help": "file with the root key (mode 0400); empty: in data"}
    )
    secret_key_file: Path | None = field(
        default=None, metadata={"help": "file with the cookie signing key; empty: in data"}
    )
    policy_dir: Path | None = field(
        default=None, metadata={"help": "folder with policy texts that replace the packaged ones"}
    )
    demo: bool = field(default=True, metadata={"help": "0: an empty data folder stays empty"})
    blobs: str = field(
        default="", metadata={"help": "folder:PATH or s3://BUCKET?endpoint=URL; empty: in data"}
    )
    blobs_access_key: str = field(default="", metadata={"help": "S3 access key", "secret": True})
    blobs_secret_key: str = field(default="", metadata={"help": "S3 secret key", "secret": True})
    search: str = field(
        default="", metadata={"help": "embedded:PATH or the URL of Elasticsearch; empty: in data"}
    )
    search_prefix: str = field(
        default="guidang", metadata={"help": "first part of the index names on Elasticsearch"}
    )
    search_web: str = field(
        default="", metadata={"help": "user:password of the web (run-as only)", "secret": True}
    )
    search_indexer: str = field(
        default="",
        metadata={"help": "user:password that may write the index; workers only", "secret": True},
    )
    search_ca: Path | None = field(
        default=None, metadata={"help": "CA certificate that Elasticsearch's must be signed by"}
    )
    upload_limit: int = field(
        default=500 * 1024 * 1024, metadata={"help": "largest file taken, in bytes"}
    )
    import_root: Path | None = field(
        default=None,
        metadata={"help": "folder of this server whose files may be imported; empty: none"},
    )
    clamd: str = field(
        default="",
        metadata={"help": "HOST:PORT of a clamd that every upload is shown to; empty: none"},
    )
    soffice: str = field(
        default="",
        metadata={
            "help": "LibreOffice's soffice, which lays out pages of Word files and slides; "
            "empty: the one on PATH, if any; none: not used"
        },
    )
    anchor_dir: Path | None = field(
        default=None, metadata={"help": "folder of the anchor's key and state; empty: in data"}
    )
    anchor_database: str = field(
        default="", metadata={"help": "PostgreSQL URL of the anchor's own role; empty: database"}
    )
    anchor_bucket: str = field(
        default="",
        metadata={"help": "s3://BUCKET?endpoint=URL with object lock that takes signed notes"},
    )
    anchor_access_key: str = field(
        default="", metadata={"help": "S3 access key of that bucket", "secret": True}
    )
    anchor_secret_key: str = field(
        default="", metadata={"help": "S3 secret key of that bucket", "secret": True}
    )
    anchor_lock_days: int = field(
        default=1096, metadata={"help": "days for which a note in the bucket is locked"}
    )
    anchor_mail: tuple[str, ...] = field(
        default=(), metadata={"help": "mail addresses that get the note of each day"}
    )
    anchor_mail_from: str = field(default="", metadata={"help": "sender of those letters"})
    anchor_smtp: str = field(
        default="smtp://127.0.0.1:25",
        metadata={"help": "smtp://HOST:PORT (STARTTLS where offered) or smtps://HOST:PORT"},
    )
    anchor_smtp_login: str = field(
        default="", metadata={"help": "user:password at that server", "secret": True}
    )
    anchor_folder: Path | None = field(
        default=None, metadata={"help": "folder, on another disk or machine, that takes notes"}
    )
    threads: int = field(default=48, metadata={"help": "web threads per process"})
    web_processes: int = field(default=1, metadata={"help": "web processes"})
    workers: int = field(default=0, metadata={"help": "sandbox processes; 0: one per core"})
    timezone: str = field(
        default="Asia/Shanghai", metadata={"help": "whose calendar days count as days"}
    )
    metrics_token: str = field(
        default="", metadata={"help": "bearer token for /metrics from elsewhere", "secret": True}
    )

    @property
    def database_url(self) -> str:
        """Return the system-of-record database."""
        return self.database or f"sqlite:///{self.data.resolve() / 'archive.db'}"

    @property
    def keystore_url(self) -> str:
        """Return the key database."""
        return self.keystore or f"sqlite:///{self.data.resolve() / 'keystore.db'}"

    @property
    def mirror_url(self) -> str:
        """Return the second copy of the key database."""
        return self.keystore_mirror or f"sqlite:///{self.data.resolve() / 'mirror' / 'keystore.db'}"

    @property
    def root_key_path(self) -> Path:
        """Return where the root key lies."""
        return self.root_key_file or self.data / "keys" / "root.key"

    @property
    def secret_key_path(self) -> Path:
        """Return where the cookie signing key lies."""
        return self.secret_key_file or self.data / "keys" / "cookie.key"

    @property
    def anchor_path(self) -> Path:
        """Return where the anchor keeps its key and its last note."""
        return self.anchor_dir or self.data / "anchor"

    @property
    def blobs_url(self) -> str:
        """Return where originals are stored."""
        return self.blobs or f"folder:{self.data.resolve() / 'blobs'}"

    @property
    def search_url(self) -> str:
        """Return where the index is."""
        return self.search or f"embedded:{self.data.resolve() / 'index'}"

    @property
    def secure(self) -> bool:
        """Say whether browsers reach the web by https."""
        return self.public_url.startswith("https://")

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return the host names that are answered; there is at least one."""
        public = urlsplit(self.public_url).hostname
        named = (*self.hosts, *([public] if public else []))
        return named or ("127.0.0.1", "localhost", "[::1]")

    def check(self) -> None:
        """Raise `SettingsError` for combinations that lose data or open doors."""
        embedded = self.search_url.startswith("embedded:")
        if self.search_url.startswith(("http://", "https://")) == embedded:
            message = "GUIDANG_SEARCH must be embedded:PATH or http(s)://…"
            raise SettingsError(message)
        if self.database_url.startswith("sqlite") and not embedded:
            message = "Elasticsearch needs PostgreSQL: set GUIDANG_DATABASE"
            raise SettingsError(message)
        if not self.blobs_url.startswith(("folder:", "s3://")):
            message = "GUIDANG_BLOBS must be folder:PATH or s3://BUCKET?endpoint=URL"
            raise SettingsError(message)
        if self.clamd and not self.clamd.rpartition(":")[2].isdecimal():
            message = "GUIDANG_CLAMD must be HOST:PORT"
            raise SettingsError(message)
        self._check_keys()

    def _check_keys(self) -> None:
        """Refuse keys, or their only second copy, in a file of whichever host comes by."""
        servers = not self.database_url.startswith("sqlite") and self.blobs_url.startswith("s3://")
        if servers and not self.keystore:
            message = "an archive on servers needs its keys on one too: set GUIDANG_KEYSTORE"
            raise SettingsError(message)
        if not self.keystore_url.startswith("sqlite") and not self.keystore_mirror:
            message = "a keystore on a server needs a second copy: set GUIDANG_KEYSTORE_MIRROR"
            raise SettingsError(message)


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; `GUIDANG_X_FILE` gives the content of a file for any X.

    `GUIDANG_CONFIG` may name a TOML file with the same names in lower case; the environment
    wins. Raises `SettingsError` for an unknown name or a value of the wrong kind.
    """
    env = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    if config := env.get("GUIDANG_CONFIG"):
        values.update(tomllib.loads(Path(config).read_text(encoding="utf-8")))
    known = {f.name for f in fields(Settings)}
    if unknown := set(values) - known:
        message = f"{env['GUIDANG_CONFIG']}: unknown setting {min(unknown)!r}"
        raise SettingsError(message)
    for f in fields(Settings):
        name = f"GUIDANG_{f.name.upper()}"
        if name in env:
            values[f.name] = env[name]
        elif not f.name.endswith("_file") and f"{name}_FILE" in env:
            values[f.name] = Path(env[f"{name}_FILE"]).read_text(encoding="utf-8").strip()
    return Settings(**{name: _typed(name, value) for name, value in values.items()})  # type: ignore[arg-type]


_TYPES = {f.name: str(f.type) for f in fields(Settings)}


def _typed(name: str, value: object) -> object:
    kind = _TYPES[name]
    try:
        if "tuple" in kind:
            return (
                _words(value)
                if isinstance(value, str)
                else tuple(map(str, cast("list[str]", value)))
            )
        if "Path" in kind:
            return Path(str(value)) if str(value) else None
        if "bool" in kind:
            return str(value).lower() not in ("0", "false", "no", "")
        if "int" in kind:
            return int(str(value))
    except (TypeError, ValueError):
        message = f"GUIDANG_{name.upper()}: {value!r} is not a whole number"
        raise SettingsError(message) from None
    return str(value)
