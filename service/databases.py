"""Makes the roles and databases of an archive on PostgreSQL, by the server's administrator.

Passwords are hashed here: a server that logs its statements does not log them.
"""

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from service.errors import Unavailable
from service.settings import Settings, SettingsError


def prepare(settings: Settings) -> None:
    """Make what is missing on the administrator's server, and set the passwords of the settings.

    A keystore or mirror on another server is left to that server's administrator.
    Raises `Unavailable("database")`, and `SettingsError` for an address without a password.
    """
    admin = make_url(settings.database_admin)
    archive, application = make_url(settings.database_owner), make_url(settings.database_url)
    keys = [make_url(url) for url in (settings.keystore_url, settings.mirror_url)]
    anchor = [make_url(settings.anchor_database)] if settings.anchor_database else []
    kept = [archive, *(url for url in keys if _server(url) == _server(admin))]
    try:
        with psycopg.connect(_plain(admin), autocommit=True) as connection:
            # of two set-ups at once the second waits: a role is not altered by both
            connection.execute("SELECT pg_advisory_lock(hashtext('guidang setup'))")
            for url in (*kept, application, *anchor):
                _role(connection, url)
            for url in kept:
                _database(connection, url)
            for url in (application, *anchor):
                _let_in(connection, archive, url)
    except psycopg.OperationalError as error:
        raise Unavailable("database") from error


def _server(url: URL) -> tuple[str | None, int | None]:
    return url.host, url.port


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _role(connection: psycopg.Connection, url: URL) -> None:
    name, password = url.username, url.password
    if not name or not password:
        message = f"{url.render_as_string()} names no role with a password"
        raise SettingsError(message)
    hashed = connection.pgconn.encrypt_password(
        password.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    statement = "ALTER ROLE {} LOGIN PASSWORD {}" if known else "CREATE ROLE {} LOGIN PASSWORD {}"
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(hashed)))


def _database(connection: psycopg.Connection, url: URL) -> None:
    """Make a database whose owner alone may connect."""
    name, owner = sql.Identifier(url.database or ""), sql.Identifier(url.username or "")
    known = "SELECT 1 FROM pg_database WHERE datname = %s"
    if not connection.execute(known, [url.database]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def _let_in(connection: psycopg.Connection, archive: URL, application: URL) -> None:
    statement = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
    names = sql.Identifier(archive.database or ""), sql.Identifier(application.username or "")
    connection.execute(statement.format(*names))
