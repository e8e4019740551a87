"""Where people reach the web: what every address begins with that is handed to somebody.

From the settings alone: a host that a browser names would be followed by whoever gets the link.
"""

from service.health import place
from service.settings import Settings


def of_web(settings: Settings) -> str:
    """Return the address of the first page, without a slash at its end.

    Raises `SettingsError` unless `listen` is ADDRESS:PORT.
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host, port = place(settings.listen)
    if settings.hosts:
        host = settings.hosts[0].lstrip(".")
    elif host in {"0.0.0.0", "::"}:  # noqa: S104 - where it listens
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def password_link(settings: Settings, token: str) -> str:
    """Return the address of a link to set a password."""
    return f"{of_web(settings)}/password?link={token}"
