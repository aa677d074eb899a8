"""A mail server on loopback: SMTP with STARTTLS or TLS, AUTH PLAIN, and refusals where a test wants them."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

# A certificate for 127.0.0.1 with its key, signed by itself, of no use elsewhere.
CERTIFICATE = Path(__file__).parent / "tls" / "loopback.pem"


@dataclass
class MailServer:
    """What came in, and how the server behaves. `tls`: "", "starttls" or "smtps"."""

    tls: str = ""
    login: tuple[str, str] | None = None
    refuse: Collection[str] = ()
    broken: bool = False
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        scheme = {"": "smtp", "starttls": "smtp+starttls", "smtps": "smtps"}[self.tls]
        user = f"{self.login[0]}:{self.login[1].replace('/', '%2F')}@" if self.login else ""
        return f"{scheme}://{user}127.0.0.1:{self.port}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from the greeting to its end."""
        session = _Session(self, reader, writer)
        await session.say("220 loopback ready")
        while (line := (await reader.readline()).decode().rstrip("\r\n")) and await session.answer(line):
            pass
        writer.close()


class _Session:
    def __init__(self, server: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.encrypted = server.tls == "smtps"
        self.known = server.login is None
        self.sender, self.to = "", list[str]()

    async def say(self, *lines: str) -> bool:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self.writer.drain()
        return True

    async def answer(self, line: str) -> bool:
        verb = line.split(" ", maxsplit=1)[0].upper()
        if verb == "EHLO":
            offer = "250-STARTTLS" if self.server.tls == "starttls" and not self.encrypted else "250-8BITMIME"
            return await self.say("250-loopback", offer, "250 AUTH PLAIN")
        if verb == "STARTTLS":
            await self.say("220 go ahead")
            await self.writer.start_tls(_context())
            self.encrypted = True
            return True
        if verb == "AUTH":
            _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
            self.known = (user, password) == self.server.login
            return await self.say("235 welcome" if self.known else "535 who are you")
        if verb in {"MAIL", "RCPT", "DATA"}:
            return await self._transaction(verb, line)
        return await self.say("221 bye") and False if verb == "QUIT" else await self.say("250 fine")

    async def _transaction(self, verb: str, line: str) -> bool:
        if not self.known:
            return await self.say("530 authentication required")
        address = line[line.find("<") + 1 : line.find(">")]
        if verb == "MAIL":
            self.sender, self.to = address, []
            return await self.say("250 fine")
        if verb == "RCPT":
            if address in self.server.refuse:
                return await self.say("550 no such mailbox")
            self.to.append(address)
            return await self.say("250 fine")
        await self.say("354 go on")
        content = b""
        while (row := await self.reader.readline()) != b".\r\n":
            content += row.removeprefix(b".") if row.startswith(b"..") else row
        if self.server.broken:
            return await self.say("451 the disk is full")
        self.server.mails.append(message_from_bytes(content, _class=EmailMessage, policy=policy.default))  # type: ignore[arg-type]
        self.server.envelopes.append((self.sender, self.to))
        self.server.encrypted.append(self.encrypted)
        return await self.say("250 kept")


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def mail_server(
    *, tls: str = "", login: tuple[str, str] | None = None, refuse: Collection[str] = (), broken: bool = False
) -> Iterator[MailServer]:
    """A server in a thread of its own, gone afterwards."""
    made = MailServer(tls=tls, login=login, refuse=refuse, broken=broken)
    loop = asyncio.new_event_loop()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(made.talk, "127.0.0.1", 0, ssl=_context() if tls == "smtps" else None)

    async def stop(server: asyncio.Server) -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    # The loop runs in its thread only: the tests' own thread may run the browser's.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
