"""Bring the database's schema up to this program's, and refuse a newer one."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.db import WriteLock, lock_file
from service.errors import Unavailable
from service.settings import SettingsError

_FOLDER = Path(__file__).parent / "migrations"

#: Any number that nothing else in the database uses as the name of a lock.
_LOCK = 7281902414


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


@cache
def head() -> str:
    """Return the schema revision this program was written for."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        message = "no migrations are packaged"
        raise LookupError(message)
    return revision


def current(url: str) -> str | None:
    """Return the revision a database stands at; None for an empty one."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        raise Unavailable("database") from error
    finally:
        engine.dispose()


def revision(db: Session) -> str | None:
    """Return the revision that the database of a session stands at."""
    return MigrationContext.configure(db.connection()).get_current_revision()


def upgrade(url: str, revision: str = "head", *, application: str = "") -> None:
    """Run the missing migrations in one transaction, by the owner of the tables.

    `application` names the PostgreSQL role of web and worker, which gets its rights with them.
    """

    def step(config: Config) -> None:
        command.upgrade(config, revision)
        if application:
            _grant(config.attributes["connection"], application)

    _run(url, step)


def downgrade(url: str, revision: str) -> None:
    """Go back to an older revision; its data must fit."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, step: Callable[[Config], None]) -> None:
    engine = create_engine(url)
    try:
        with _turn(engine), engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            if engine.dialect.name != "sqlite":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            step(config)
    except OperationalError as error:
        raise Unavailable("database") from error
    finally:
        engine.dispose()


def _turn(engine: Engine) -> AbstractContextManager[None]:
    """Let one process at a time migrate: web and worker may start side by side.

    The second then finds nothing left to do. PostgreSQL has a lock for this, SQLite a file.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return WriteLock(lock_file(Path(engine.url.database or ""))).held(wait=60)


def ensure(url: str, owner_url: str = "") -> None:
    """Upgrade an older database, leave an equal one alone, refuse one from a newer program."""
    at = current(owner_url or url)
    if at == head():
        return
    known = {s.revision for s in ScriptDirectory.from_config(_config()).walk_revisions()}
    if at is not None and at not in known:
        message = "the database was written by a newer version of guidang: update this one first"
        raise SettingsError(message)
    application = str(make_url(url).username) if owner_url else ""
    upgrade(owner_url or url, application=application)


def let_anchor(url: str, anchor: str) -> None:
    """Give the PostgreSQL role of the anchor what it needs: it reads the log, adds notes.

    `url` is the owner's; `anchor` the URL of the role. May be run again.
    """
    role = f'"{make_url(anchor).username}"'
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in (
                f"GRANT USAGE ON SCHEMA public TO {role}",
                *(f"GRANT SELECT ON {t} TO {role}" for t in (*_LOG_TABLES, "audit_head")),
                f"GRANT INSERT ON audit_checkpoint TO {role}",
                f"GRANT SELECT, INSERT ON instance TO {role}",
                f"GRANT SELECT, INSERT, UPDATE ON probe TO {role}",
            ):
                connection.exec_driver_sql(statement)
    except OperationalError as error:
        raise Unavailable("database") from error
    finally:
        engine.dispose()


#: The application may add to these and read them, nothing else; the head row moves.
_LOG_TABLES = ("audit_event", "audit_body", "audit_detail", "audit_touch", "audit_checkpoint")


def _grant(connection: Connection, application: str) -> None:
    """Give the PostgreSQL role of web and worker what they need, and no more of the log."""
    role = f'"{application}"'
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        *(f"REVOKE UPDATE, DELETE ON {table} FROM {role}" for table in _LOG_TABLES),
        f"REVOKE INSERT, DELETE ON audit_head FROM {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    ):
        connection.exec_driver_sql(statement)
