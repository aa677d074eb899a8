"""Mail by SMTP: the morning summary to the people who are told of it."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from recon_core.domain.refused import BadSetting, ReconError

_SECONDS = 30
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_HERE = {"localhost", "127.0.0.1", "::1"}


class MailFailed(ReconError):
    """The mail server could not be reached or did not take the mail."""

    code = "mail-failed"


class MailServer(NamedTuple):
    """A mail server. `scheme` is smtp (plain, for a relay), smtp+starttls or smtps."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


class Mail(NamedTuple):
    """A mail of text, the same as HTML, and a JSON attachment (name, content)."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    attachment: tuple[str, str]


def mail_server(url: str) -> MailServer:
    """The server of an address such as smtp+starttls://user:password@mail.example.com:587. Raises `BadSetting`, also
    for a password that would go through a network in clear.
    """
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
    if user and parts.scheme == "smtp" and parts.hostname not in _HERE:
        raise BadSetting(
            "The password would be sent in clear.", where="RECON_SMTP_URL", cure="Write smtp+starttls:// or smtps://."
        )
    return MailServer(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)


def addresses(texts: Sequence[str], *, where: str) -> tuple[str, ...]:
    """The same addresses, if a mail can be sent to each. Raises `BadSetting`."""
    for text in texts:
        name, _, domain = text.rpartition("@")
        if not name or not domain or not text.isprintable() or set(text) & set(' ,;<>"'):
            raise BadSetting(f"{text!r} is no mail address.", where=where, cure="Write name@example.com.")
    return tuple(texts)


def send(server: MailServer, mail: Mail, *, at: datetime) -> tuple[str, ...]:
    """Send a mail; returns the addresses that the server refused where it took others. Raises `MailFailed`."""
    message = _message(mail, at=at)
    try:
        with _connect(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            return tuple(connection.send_message(message))
    except (OSError, smtplib.SMTPException) as error:
        raise MailFailed(
            f"The mail server {server.host} did not take the mail: {_why(error)}.",
            cure="Check RECON_SMTP_URL and the server.",
        ) from error


def _message(mail: Mail, *, at: datetime) -> EmailMessage:
    message = EmailMessage()
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    name, content = mail.attachment
    message.add_attachment(content.encode(), maintype="application", subtype="json", filename=name)
    return message


def _why(error: OSError | smtplib.SMTPException) -> str:
    """The kind of the error and the server's code; its text may repeat what was sent."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else ""
    return f"{type(error).__name__} {code}".strip()


def _connect(server: MailServer) -> smtplib.SMTP:
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
    if server.scheme == "smtp+starttls":
        connection.starttls(context=ssl.create_default_context())
    return connection
