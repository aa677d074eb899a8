"""Mail by SMTP: the morning summary to the people who are told of it."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from recon_core.domain.refused import BadSetting, ReconError

_SECONDS = 30
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailFailed(ReconError):
    """The mail server could not be reached or did not take the mail."""

    code = "mail-failed"


class MailServer(NamedTuple):
    """A mail server. `scheme` is smtp (plain, for a relay on the same machine), smtp+starttls or smtps."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


def mail_server(url: str) -> MailServer:
    """The server of an address such as smtp+starttls://user:password@mail.example.com:587. Raises `BadSetting`."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS or not parts.hostname or port == -1:
        raise BadSetting(
            "This is no mail server.",
            where="RECON_SMTP_URL",
            cure="Write smtp://, smtp+starttls:// or smtps:// with user:password@host:port.",
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)


def send(
    server: MailServer, *, sender: str, to: Sequence[str], subject: str, text: str, attachment: tuple[str, str]
) -> None:
    """Send a text with a JSON attachment (name, content). Raises `MailFailed`."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = subject
    message.set_content(text)
    name, content = attachment
    message.add_attachment(content.encode(), maintype="application", subtype="json", filename=name)
    try:
        with _connect(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise MailFailed(
            f"The mail server {server.host} did not take the mail: {type(error).__name__}.",
            cure="Check RECON_SMTP_URL and the server.",
        ) from error


def _connect(server: MailServer) -> smtplib.SMTP:
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
    if server.scheme == "smtp+starttls":
        connection.starttls(context=ssl.create_default_context())
    return connection
