"""The application: which page is at which address, and what an error looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from matcher import bootstrap
from matcher.ops import logs
from matcher.pipeline.context import Context
from matcher.pipeline.night.contract import Night
from matcher.web import accounts, api, attached, document, document_deeds, lines, review, runs, signing
from matcher.web.desk import Desk, Web
from matcher.web.guard import Guard
from matcher.web.sessions import Sessions
from recon_core import __version__
from recon_core.domain.refusals import Blocked, Busy, Conflict, Unknown
from recon_core.domain.refused import ReconError

if TYPE_CHECKING:
    from matcher.bootstrap import NightSettings


def make_app(context: Context, settings: NightSettings, *, people: Mapping[str, str], hosts: Sequence[str]) -> FastAPI:
    """The page on a context. `people` are names by the digests of their tokens; without any everybody is the context's
    user. `hosts` are the names that it is served under.
    """
    sessions = Sessions(user=context.user, users=people, now=context.now)
    app = FastAPI(
        title="Recon",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        middleware=[Middleware(Guard, sessions=sessions, hosts=hosts)],
    )
    app.state.web = Web(
        context=context, night=_night(context, settings), sessions=sessions, language=bootstrap.usual_language()
    )
    for part in (accounts, api, attached, document, document_deeds, lines, review, runs, signing):
        app.include_router(part.ROUTER)
    app.mount("/static", StaticFiles(directory=Path(str(files("matcher.web") / "static"))), name="static")
    app.add_exception_handler(ReconError, _refused)
    app.add_exception_handler(HTTPException, _missing)
    app.add_exception_handler(RequestValidationError, _missing)
    return app


def _night(context: Context, settings: NightSettings) -> Night:
    """The nightly work, made once: workers are told of what is tried again where there are any."""
    broker = None
    if settings.broker_url:
        from matcher.ops.broker import Broker
        from matcher.ops.broker import make_app as make_queue

        broker = Broker(make_queue(settings))
    return bootstrap.make_night(context, settings, broker=broker, note=logs.note)


def _status(error: ReconError) -> int:
    if isinstance(error, Unknown):
        return 404
    if isinstance(error, Conflict):
        return 409
    return 503 if isinstance(error, Busy) else 422


async def _refused(request: Request, error: Exception) -> Response:
    """What was refused, why, and what cures it; the way back is the one that the form names."""
    assert isinstance(error, ReconError)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"code": error.code, "message": error.message, "cure": error.cure}, _status(error))
    form = await request.form() if request.method == "POST" else None
    desk = Desk(request.app.state.web, request, request.state.session, form)
    reasons = error.blockers if isinstance(error, Blocked) else ()
    return desk.page(
        "refused.html",
        status=_status(error),
        code=error.code,
        message=desk.words.say(error.message),
        cure="" if reasons else desk.words.say(error.cure),
        reasons=[{"what": desk.words.say(one.message), "cure": desk.words.say(one.cure)} for one in reasons],
        back=desk.back("/").headers["location"],
    )


async def _missing(request: Request, error: Exception) -> Response:
    """An address without a page, or a request that none understands."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    if request.state.session is None or request.url.path.startswith(("/api/", "/static/")):
        return JSONResponse({"code": str(status), "message": "There is no such page.", "cure": ""}, status)
    desk = Desk(request.app.state.web, request, request.state.session, None)
    english = "There is no such page." if status == 404 else "The request can't be used."
    return desk.page(
        "refused.html", status=status, code=str(status), message=desk.words(english), cure="", reasons=[], back="/"
    )
