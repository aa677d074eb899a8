"""What every page is given: who asks, in which language, the database in their name, and the way back to the browser."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import PurePath
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Path, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse

from matcher.pipeline.context import Context
from matcher.pipeline.night.contract import Night
from matcher.web.context import visible
from matcher.web.sessions import Notice, Session, Sessions
from matcher.web.words import Words, chosen_language
from recon_core.domain.refusals import PolicyForbids

if TYPE_CHECKING:
    from recon_core.store.unit_of_work import SqlUnitOfWork

LANGUAGE_COOKIE = "recon-language"
FIELDS_MAX = 2_000
_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the page is made with."""

    context: Context
    night: Night
    sessions: Sessions
    language: str = "en"
    # Runs that a press of "retry" is working on in this process.
    working: set[int] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)


class Forged(PolicyForbids):
    """A form that did not come from a page of this session."""

    code = "forged"


def _finalize(value: object) -> object:
    return visible(value) if type(value) is str else value


@cache
def templates() -> Environment:
    """The templates. Everything is escaped; a name that is missing is a fault."""
    made = Environment(
        loader=PackageLoader("matcher.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["query"] = lambda values: urlencode({name: one for name, one in values.items() if one})
    return made


class Who(NamedTuple):
    """`by` and `at` of a deed."""

    by: str
    at: datetime


class Desk:
    """One request."""

    def __init__(self, web: Web, request: Request, session: Session, form: FormData | None) -> None:
        self.web = web
        self.request = request
        self.session = session
        self.form = form if form is not None else FormData()
        self.words = Words(language_of(request, web))
        self.context = replace(web.context, user=session.user)

    @property
    def night(self) -> Night:
        """The nightly work in the name of who asks."""
        return replace(self.web.night, context=self.context)

    @property
    def who(self) -> Who:
        """Who does it, and when."""
        return Who(self.session.user, self.context.now())

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """The database for a page that shows."""
        with self.context.database.read() as uow:
            yield uow

    @contextmanager
    def change(self) -> Iterator[SqlUnitOfWork]:
        """The database for a deed; it is kept if no error ends it."""
        with self.context.database.begin() as uow:
            yield uow
            uow.commit()

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page. What was done before is said on it once."""
        notices, self.session.notices = self.session.notices, []
        shell = {
            "t": self.words,
            "language": self.words.language,
            "user": self.session.user,
            "signed_in": bool(self.web.sessions.users),
            "forgery": self.session.forgery,
            "notices": notices,
            "here": self.here,
            "path": self.request.url.path,
        }
        return HTMLResponse(templates().get_template(template).render(**shell, **values), status_code=status)

    def text(self, name: str) -> str:
        """A field of the form or of the address, "" if it is not there."""
        value = self.form.get(name)
        if value is None:
            value = self.request.query_params.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def number(self, name: str, usual: int = 0) -> int:
        """A whole number of the form or of the address."""
        return whole(self.text(name), usual)

    def numbers(self, name: str) -> list[int]:
        """All numbers of that name in the form."""
        return [whole(value) for value in self.form.getlist(name) if isinstance(value, str) and whole(value)]

    def file(self, name: str) -> tuple[str, bytes]:
        """Name and bytes of a file of the form, "" and nothing if none was chosen."""
        value = self.form.get(name)
        if not isinstance(value, UploadFile) or not value.filename:
            return "", b""
        return PurePath(value.filename.replace("\\", "/")).name, value.file.read()

    @property
    def here(self) -> str:
        """This page's own address, to come back to."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def back(self, usual: str) -> RedirectResponse:
        """To the page that the form names, else to the usual one: never to another host."""
        return RedirectResponse(own_address(self.text("back")) or usual, status_code=303)

    def say(self, text: str, *, kind: str = "done", undo: int | None = None) -> None:
        """Say what a deed came to on the next page."""
        self.session.notices.append(Notice(kind, text, undo))


def whole(text: str, usual: int = 0) -> int:
    """A number of digits only, or the usual one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else usual


def own_address(address: str) -> str:
    """The address if it is one of this page, else "": a form must not send people elsewhere."""
    parts = urlsplit(address)
    fine = not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith("//")
    return address if fine and "\\" not in address else ""


def language_of(request: Request, web: Web) -> str:
    """The language to answer a request in."""
    return chosen_language(
        kept=request.cookies.get(LANGUAGE_COOKIE, ""),
        asked=request.headers.get("accept-language", ""),
        usual=web.language,
    )


def own_site(request: Request) -> bool:
    """Whether no page of another site sent a form, as far as the browser says."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    host = request.headers.get("host", "")
    return site in {"same-origin", "none"} and (not origin or urlsplit(origin).netloc == host)


def from_here(request: Request, form: FormData, session: Session) -> bool:
    """Whether a form was sent by a page of this session: it carries the session's token, and no other site sent it."""
    token = form.get("forgery")
    return (
        own_site(request)
        and isinstance(token, str)
        and bool(session.forgery)
        and secrets.compare_digest(token.encode(), session.forgery.encode())
    )


async def at_desk(request: Request) -> AsyncIterator[Desk]:
    """The request with its session; a form is read and must be one of ours. Raises `Forged`."""
    web, session = request.app.state.web, request.state.session
    if request.method != "POST":
        yield Desk(web, request, session, None)
        return
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as form:
        if not from_here(request, form, session):
            raise Forged(
                "This form is too old or did not come from this page.", cure="Open the page again and repeat it."
            )
        yield Desk(web, request, session, form)


AtDesk = Annotated[Desk, Depends(at_desk)]
# The number of a row in an address.
RowId = Annotated[int, Path(ge=1, lt=2**62)]
