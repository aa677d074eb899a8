"""Signing in and out, and the choice of the language."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from matcher.web.desk import LANGUAGE_COOKIE, AtDesk, Web, language_of, own_site, templates
from matcher.web.guard import cookie_name, set_cookie
from matcher.web.words import LANGUAGES, Words

ROUTER = APIRouter(include_in_schema=False)
_YEAR_SECONDS = 31_536_000


def _page(request: Request, web: Web, *, wrong: bool) -> Response:
    language = language_of(request, web)
    text = templates().get_template("sign_in.html").render(t=Words(language), language=language, wrong=wrong)
    return HTMLResponse(text, status_code=401 if wrong else 200)


@ROUTER.get("/sign-in")
def ask(request: Request) -> Response:
    """Ask for the token."""
    return _page(request, request.app.state.web, wrong=False)


@ROUTER.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session for whoever has the token. Another site must not: its owner would let others act in his name."""
    web: Web = request.app.state.web
    form: FormData = await request.form(max_files=0, max_fields=10)
    begun = web.sessions.sign_in(str(form.get("token", ""))) if own_site(request) else None
    if begun is None:
        return _page(request, web, wrong=True)
    answer = RedirectResponse("/", status_code=303)
    set_cookie(answer.headers, begun[0], secure=request.url.scheme == "https")
    return answer


@ROUTER.post("/sign-out")
def sign_out(desk: AtDesk) -> Response:
    """End the session."""
    secure = desk.request.url.scheme == "https"
    desk.web.sessions.end(desk.request.cookies.get(cookie_name(secure=secure), ""))
    answer = RedirectResponse("/", status_code=303)
    set_cookie(answer.headers, "", secure=secure, gone=True)
    return answer


@ROUTER.post("/language")
def language(desk: AtDesk) -> Response:
    """Keep the choice of the language in the browser."""
    answer = desk.back("/")
    chosen = desk.text("language")
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR_SECONDS, samesite="strict", httponly=True)
    return answer
