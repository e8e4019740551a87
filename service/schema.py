"""Bring the database's schema up to this program's, and refuse a newer one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

from service.errors import Unavailable
from service.settings import SettingsError

_FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


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


def upgrade(url: str, revision: str = "head") -> None:
    """Run the missing migrations in one transaction, by the owner of the tables."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Go back to an older revision; its data must fit."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, step: object) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            step(config)  # type: ignore[operator]
    except OperationalError as error:
        raise Unavailable("database") from error
    finally:
        engine.dispose()


def ensure(url: str, owner_url: str = "") -> None:
    """Upgrade an older database, leave an equal one alone, refuse one from a newer program."""
    at = current(owner_url or url)
    if at == head():
        return
    known = {s.revision for s in ScriptDirectory.from_config(_config()).walk_revisions()}
    if at is not None and at not in known:
        message = "the database was written by a newer version of guidang: update this one first"
        raise SettingsError(message)
    upgrade(owner_url or url)
    if owner_url:
        grant(owner_url, str(make_url(url).username))


#: The application may add to these and read them, nothing else; the head row moves.
_LOG_TABLES = ("audit_event", "audit_body", "audit_detail", "audit_touch", "audit_checkpoint")


def grant(owner_url: str, application: str) -> None:
    """Give the PostgreSQL role of web and worker what they need, and no more of the log."""
    engine = create_engine(owner_url)
    role = f'"{application}"'
    try:
        with engine.begin() as connection:
            for statement in (
                f"GRANT USAGE ON SCHEMA public TO {role}",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
                *(f"REVOKE UPDATE, DELETE ON {table} FROM {role}" for table in _LOG_TABLES),
                f"REVOKE INSERT, DELETE ON audit_head FROM {role}",
                f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
            ):
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
