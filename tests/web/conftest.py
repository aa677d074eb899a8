"""The page on a real database, served on a free port, and the distribution's Chromium to look at it with."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from matcher.bootstrap import NightSettings, now, open_books
from matcher.pipeline.context import Context
from matcher.store.opinions import SqlOpinions
from matcher.web.app import make_app
from tests.pipeline.small import Booked, Line, Small

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TOKENS = {"anna": "the-token-of-anna", "bo": "the-token-of-bo"}
SIZE = {"width": 1360, "height": 900}
# A busy machine is slow, not wrong.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


def browser_binary() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(
            "There is no Chromium, and the tests of the page need one: apt-get install chromium (./dev test does so where"
            " it may), or put google-chrome on the PATH.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=browser_binary(), args=arguments)
        yield started
        started.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of an application that runs in a thread."""
    listener = create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


class Site:
    """The page, what it is served from, and browsers to open it with."""

    def __init__(self, address: str, app: Any, context: Context, browser: Browser) -> None:
        self.address = address
        self.app = app
        self.context = context
        self._browser = browser
        self._opened: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, path: str = "/", **options: Any) -> Page:
        """A browser of its own on a page. What its console complains of is kept, but for the status of a refusal."""
        context = self._browser.new_context(viewport=SIZE, locale=options.pop("locale", "en-GB"), **options)  # type: ignore[arg-type]
        self._opened.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
            ),
        )
        page.goto(self.address + path)
        return page

    def signed_in(self, name: str, path: str = "/") -> Page:
        page = self.open("/")
        page.get_by_label("Your token").fill(TOKENS[name])
        page.get_by_role("button", name="Sign in").click()
        page.goto(self.address + path)
        return page

    def close(self) -> None:
        for one in self._opened:
            one.close()


MakeSite = Callable[..., Site]


@pytest.fixture
def context(sqlite_url: str) -> Iterator[Context]:
    database = open_books(sqlite_url)
    yield Context(database=database, opinions=SqlOpinions(), now=now, user="anna")
    database.close()


@pytest.fixture
def make_site(context: Context, browser: Browser) -> Iterator[MakeSite]:
    """Serve the page; with `people` they sign in."""
    running: list[Any] = []

    def make(*, people: bool = False) -> Site:
        digests = {sha256(token.encode()).hexdigest(): name for name, token in TOKENS.items()} if people else {}
        app = make_app(context, NightSettings(), people=digests, hosts=["127.0.0.1"])
        serving = served(app)
        site = Site(serving.__enter__(), app, context, browser)
        running.append((serving, site))
        return site

    yield make
    for serving, site in running:
        site.close()
        serving.__exit__(None, None, None)
        assert site.complaints == []


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context)


def write_pairs(small: Small, count: int) -> list[int]:
    """Lines and transactions that belong together by amount and payer, matched; returns the ids of the lines."""
    small.book(*(Booked(f"K{n}", "02", f"{100 + n}.00", f"Kund {n} AB", f"R{n:06}") for n in range(count)))
    lines = small.bank(*(Line("03", f"{100 + n}.00", f"Kund {n} AB", f"R{n:06}") for n in range(count)))
    small.match()
    return lines


def wait_until(true: Callable[[], bool], *, seconds: int = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


FIXTURES = Path(__file__).parents[2] / "fixtures"
