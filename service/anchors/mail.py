"""Notes by mail: whoever has the letter has the note, and needs nothing else of ours."""

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Self
from urllib.parse import urlsplit

from service.anchors.port import PlaceError
from service.settings import SettingsError

#: Seconds that a mail server may take for one answer.
_WAIT = 20.0

_TEXT = """\
客户档案库日志锚点。请保留本邮件，不要修改附件：日志是否被改动，以它为准。
This is a signed statement of the archive's log. Keep this letter; whether the log was changed is \
judged by it.

{text}
校验 / to check it:  guidang audit verify --anchors FOLDER
"""


class Mail:
    """Sends notes to people, each time a letter."""

    name = "mail"
    outside = True

    def __init__(
        self,
        host: str,
        port: int,
        *,
        tls: bool,
        to: Sequence[str],
        sender: str,
        login: str,
    ) -> None:
        """Use `of`."""
        self._host, self._port, self._tls = host, port, tls
        self._to, self._sender, self._login = tuple(to), sender, login

    @classmethod
    def of(cls, setting: str, *, to: Sequence[str], sender: str, login: str) -> Self:
        """Read `smtp://HOST:PORT` (STARTTLS where the server has it) or `smtps://HOST:PORT`.

        `login` is `user:password`. Raises `SettingsError`.
        """
        url = urlsplit(setting)
        try:
            port = url.port or (465 if url.scheme == "smtps" else 25)
        except ValueError:
            port = 0
        if url.scheme not in {"smtp", "smtps"} or not url.hostname or not port:
            message = "GUIDANG_ANCHOR_SMTP must be smtp://HOST:PORT or smtps://HOST:PORT"
            raise SettingsError(message)
        if not sender:
            message = "notes by mail need GUIDANG_ANCHOR_MAIL_FROM"
            raise SettingsError(message)
        tls = url.scheme == "smtps"
        return cls(url.hostname, port, tls=tls, to=to, sender=sender, login=login)

    def put(self, name: str, text: str) -> None:
        """Send a letter with the note in its text and as a file."""
        letter = EmailMessage()
        letter["Subject"] = f"日志锚点 log anchor {name}"
        letter["From"] = self._sender
        letter["To"] = ", ".join(self._to)
        letter["Date"] = formatdate(localtime=False)
        letter["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2] or "localhost")
        letter.set_content(_TEXT.format(text=text))
        letter.add_attachment(
            text.encode(),
            maintype="text",
            subtype="plain",
            filename=name,
            params={"charset": "utf-8"},
        )
        try:
            self._send(letter)
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            message = f"the mail server does not take the note: {type(error).__name__}"
            raise PlaceError(message) from error

    def _send(self, letter: EmailMessage) -> None:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=_WAIT, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_WAIT)
        with server:
            server.ehlo()
            if not self._tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            if self._login:
                user, _, password = self._login.partition(":")
                server.login(user, password)
            server.send_message(letter, self._sender, list(self._to))

    def notes(self, newest: int) -> list[str]:  # noqa: ARG002 - the port's signature
        """Return nothing: what was sent is with those who got it."""
        return []
