"""Stands before every request: the host it was sent to, its size, its session; and puts the headers on the answer.

Nothing of a request is logged but method, path, status and user: a search may hold a payer's name.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse

from matcher.web.sessions import Sessions

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("matcher.web")
BODY_BYTES_MAX = 2_000_000
UPLOAD_BYTES_MAX = 25_000_000
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_OPEN = ("/static/", "/sign-in")


def cookie_name(*, secure: bool) -> str:
    """The name of the session's cookie; over TLS one that no other host can set."""
    return "__Host-recon" if secure else "recon"


def set_cookie(headers: MutableHeaders, key: str, *, secure: bool, gone: bool = False) -> None:
    """Give the browser its session, or take it away."""
    age = "; Max-Age=0" if gone else ""
    only = "; Secure" if secure else ""
    headers.append("Set-Cookie", f"{cookie_name(secure=secure)}={key}; Path=/; HttpOnly; SameSite=Strict{only}{age}")


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _host_name(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


class Guard:
    """The outermost layer of the page."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions, hosts: Sequence[str]) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = frozenset(map(str.lower, hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        status = 0
        fresh = ""
        secure = scope["scheme"] == "https"

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                made = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    made[name] = value
                if not scope["path"].startswith("/static/"):
                    made["Cache-Control"] = "no-store"
                if secure:
                    made["Strict-Transport-Security"] = "max-age=31536000"
                if fresh:
                    set_cookie(made, fresh, secure=secure)
            await send(message)

        refused = self._refused(headers, UPLOAD_BYTES_MAX if scope["path"].endswith("/attach") else BODY_BYTES_MAX)
        session = None
        if refused is None:
            session = self._sessions.find(_cookie(headers, cookie_name(secure=secure)))
            path = scope["path"]
            if session is None and path.startswith("/api/"):
                session = self._sessions.passing(headers.get("authorization", ""))
                refused = PlainTextResponse("Send a token.", 401) if session is None else None
            elif session is None and not self._sessions.users and not path.startswith(_OPEN):
                fresh, session = self._sessions.begin(self._sessions.user)
            elif session is None and not path.startswith(_OPEN):
                refused = RedirectResponse("/sign-in", status_code=303)
        scope.setdefault("state", {})["session"] = session
        user = session.user if session is not None else "-"
        try:
            await (refused or self._app)(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  the edge of the page
            name = uuid4().hex[:8]
            # The message of an error may quote what a bank line says; where it happened does not.
            frames = "".join(traceback.format_tb(error.__traceback__))
            LOG.error("fault %s: %s at\n%s", name, type(error).__name__, frames)  # noqa: TRY400  without its message
            if not status:
                sorry = PlainTextResponse(f"Something is wrong on our side. It is in the log as {name}.", 500)
                await sorry(scope, receive, answer)
        if not scope["path"].startswith("/static/"):
            LOG.info("%s %s %d by %s", scope["method"], ascii(scope["path"]), status, user)

    def _refused(self, headers: Headers, bytes_max: int) -> Any:
        if _host_name(headers.get("host", "")) not in self._hosts:
            return PlainTextResponse("This name is not served here. See recon web --help: --name.", 421)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > bytes_max or "transfer-encoding" in headers:
            return PlainTextResponse("The request is too large.", 413)
        return None
