"""What keeps strangers out: the host, the form's token, signing in, headers, and nothing of a statement in the log."""

from __future__ import annotations

import http.client
import json
import logging
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner

from matcher.bootstrap import NightSettings, now, open_books
from matcher.pipeline import deciding
from matcher.pipeline.context import Context
from matcher.store.opinions import SqlOpinions
from matcher.web.app import make_app
from matcher.web.command import web
from matcher.web.desk import own_address
from matcher.web.sessions import read_users
from recon_core.domain.refused import BadSetting
from recon_core.services import reconcile
from tests.pipeline.small import Line, Small
from tests.web.conftest import TOKENS, MakeSite, Site, served, wait_until, write_pairs

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Client:
    """Requests as no browser sends them."""

    def __init__(self, address: str) -> None:
        self._place = address.removeprefix("http://")
        self.cookie = ""

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        sent = {"Cookie": self.cookie, **(FORM if fields is not None else {}), **headers}
        connection = http.client.HTTPConnection(self._place, timeout=10)
        connection.request(method, path, body=urlencode(fields) if fields is not None else None, headers=sent)
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        connection.close()
        if answer.getheader("Set-Cookie"):
            self.cookie = str(answer.getheader("Set-Cookie")).partition(";")[0]
        return answer

    def token(self) -> str:
        text = self.ask("GET", "/").text  # type: ignore[attr-defined]
        return str(text.partition('name="forgery" value="')[2].partition('"')[0])


@pytest.fixture
def client(site: Site) -> Client:
    return Client(site.address)


def test_a_name_that_is_not_served_is_refused(client: Client) -> None:
    assert client.ask("GET", "/", Host="evil.example").status == 421
    assert client.ask("GET", "/", Host="127.0.0.1.evil.example:80").status == 421


def test_a_deed_needs_the_token_of_its_session_and_its_own_site(client: Client, small: Small) -> None:
    (line,) = write_pairs(small, 1)
    token = client.token()
    deed = {"line": str(line), "reason": "no"}

    assert client.ask("POST", "/lines/ignore", deed).status == 422
    assert client.ask("POST", "/lines/ignore", deed | {"forgery": "x" * 32}).status == 422
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.ask("POST", "/lines/ignore", deed | {"forgery": token}, **headers).status == 422
    assert client.ask("GET", f"/lines/ignore?line={line}&reason=no").status in {404, 405, 422}
    assert small.line(line).state == "proposed"
    assert client.ask("POST", "/lines/ignore", deed | {"forgery": token}).status == 303
    assert small.line(line).state == "ignored"


def test_every_answer_carries_the_headers(client: Client) -> None:
    answer = client.ask("GET", "/")
    assert client.ask("GET", "/static/page.css").getheader("Content-Security-Policy") is not None

    assert "default-src 'none'" in str(answer.getheader("Content-Security-Policy"))
    assert "unsafe" not in str(answer.getheader("Content-Security-Policy"))
    assert "frame-ancestors 'none'" in str(answer.getheader("Content-Security-Policy"))
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Cache-Control") == "no-store"
    assert answer.getheader("Server") is None or "uvicorn" in str(answer.getheader("Server"))


def test_who_has_no_token_sees_nothing_and_can_do_nothing(make_site: MakeSite, small: Small) -> None:
    (line,) = write_pairs(small, 1)
    client = Client(make_site(people=True).address)

    for path in ("/", "/accounts/1930", f"/lines/{line}", "/runs", "/history"):
        answer = client.ask("GET", path)
        assert (answer.status, answer.getheader("Location")) == (303, "/sign-in")
    assert client.ask("POST", "/lines/accept", {"line": str(line)}).status == 303
    assert client.ask("POST", "/sign-in", {"token": "wrong"}).status == 401
    assert small.line(line).state == "proposed"

    assert client.ask("POST", "/sign-in", {"token": TOKENS["bo"]}).status == 303
    assert client.ask("GET", "/accounts/1930").status == 200
    token = client.token()
    assert client.ask("POST", "/lines/accept", {"line": str(line), "forgery": token}).status == 303
    assert small.world.rows("SELECT decided_by FROM decision")[0].decided_by == "bo"
    held = client.cookie
    client.ask("POST", "/sign-out", {"forgery": token})
    client.cookie = held
    assert client.ask("GET", "/").status == 303


def test_the_log_says_who_asked_and_nothing_of_what_was_searched(
    client: Client, small: Small, caplog: pytest.LogCaptureFixture
) -> None:
    write_pairs(small, 1)

    with caplog.at_level(logging.INFO, logger="matcher.web"):
        client.ask("GET", "/accounts/1930?text=Svensson")
        wait_until(lambda: "GET '/accounts/1930' 200 by anna" in caplog.text)

    assert "Svensson" not in caplog.text


def test_a_fault_of_ours_shows_a_number_and_logs_no_message(
    site: Site, client: Client, small: Small, caplog: pytest.LogCaptureFixture
) -> None:
    (line,) = write_pairs(small, 1)

    @site.app.get("/broken")
    def broken() -> None:
        raise RuntimeError(str(small.line(line).remittance))

    answer = client.ask("GET", "/broken")

    assert answer.status == 500
    assert "R000000" not in answer.text + caplog.text  # type: ignore[attr-defined]
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize("address", ["//evil.example", "http://evil.example/", "javascript:1", "/\\evil.example", ""])
def test_a_form_never_leads_to_another_host(address: str) -> None:
    assert own_address(address) == ""
    assert own_address("/accounts/1930?page=2") == "/accounts/1930?page=2"


def test_what_does_not_exist_is_said_to_be_missing(client: Client) -> None:
    for path in ("/accounts/none", "/lines/999", "/lines/x", "/runs/999", "/nowhere", "/reconciliations/9"):
        assert client.ask("GET", path).status == 404
    assert client.ask("GET", "/static/../app.py").status == 404


@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_page_answers_on_postgresql_too(postgres_url: str, language: str) -> None:
    database = open_books(postgres_url)
    books = Context(database=database, opinions=SqlOpinions(), now=now, user="anna")
    small = Small(books)
    lines = write_pairs(small, 3)
    small.bank(Line("04", "-45.00", "Banken", "avgift"))
    deciding.accept(books, line_ids=lines[:1])
    small.match()
    small.world.do(reconcile.open_document, account_id=small.account, reconciliation_date=date(2026, 3, 31))
    document = small.world.rows("SELECT id FROM reconciliation")[0].id
    with served(make_app(books, NightSettings(), people={}, hosts=["127.0.0.1"])) as address:
        client = Client(address)
        for path in (
            "/", "/?show=all&text=1930", "/accounts/1930", "/accounts/1930?text=kund&from=1&to=200&score=5&order=score",
            f"/lines/{lines[0]}", f"/lines/{lines[1]}?find=k", f"/lines/{lines[1]}/why", "/accounts/1930/bulk",
            "/accounts/1930/decisions?undone=yes", "/accounts/1930/document", f"/reconciliations/{document}?show=uncleared",
            "/history", "/runs", "/api/accounts", "/api/accounts/1930/lines",
        ):  # fmt: skip
            assert client.ask("GET", path, **{"Accept-Language": language}).status == 200, path
        after = client.ask("GET", f"/accounts/1930/next?after={lines[1]}").getheader("Location")
        assert after == f"/lines/{lines[2]}"
    database.close()


@pytest.mark.parametrize(
    "path", ["/accounts/%00", "/accounts/1930?text=%00", "/history?account=%00", "/api/accounts/%00/lines"]
)
def test_a_zero_in_an_address_is_refused_and_no_fault_of_ours(postgres_url: str, path: str) -> None:
    database = open_books(postgres_url)
    books = Context(database=database, opinions=SqlOpinions(), now=now, user="anna")
    Small(books)
    with served(make_app(books, NightSettings(), people={}, hosts=["127.0.0.1"])) as address:
        assert Client(address).ask("GET", path).status in {200, 404, 422}
    database.close()


@pytest.mark.parametrize("name", ["policy:release", ""])
def test_nobody_signs_in_under_the_name_of_a_policy_or_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / "users.toml"
    path.write_text(f'[users]\n"{name}" = "{"0" * 64}"\n')

    with pytest.raises(BadSetting, match="name"):
        read_users(path)


def test_another_site_can_not_sign_a_browser_in_as_somebody_else(make_site: MakeSite) -> None:
    client = Client(make_site(people=True).address)

    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.ask("POST", "/sign-in", {"token": TOKENS["bo"]}, **headers)
        assert (answer.status, answer.getheader("Set-Cookie")) == (401, None)
    assert client.ask("POST", "/sign-in", {"token": TOKENS["bo"]}, **{"Sec-Fetch-Site": "same-origin"}).status == 303


def test_others_can_reach_it_only_with_people_and_a_certificate() -> None:
    done = CliRunner().invoke(web, ["--host", "0.0.0.0"])

    assert isinstance(done.exception, BadSetting)
    token = CliRunner().invoke(web, ["--new-token", "anna"]).output
    assert 'anna = "' in token


def test_programs_read_the_same_as_json_with_a_token_and_change_nothing(make_site: MakeSite, small: Small) -> None:
    write_pairs(small, 3)
    client = Client(make_site(people=True).address)
    bearer = {"Authorization": f"Bearer {TOKENS['bo']}"}

    assert client.ask("GET", "/api/accounts").status == 401
    assert client.ask("GET", "/api/accounts", Authorization="Bearer wrong").status == 401
    accounts = json.loads(client.ask("GET", "/api/accounts", **bearer).text)  # type: ignore[attr-defined]
    assert (accounts[0]["code"], accounts[0]["proposed"]) == ("1930", 3)
    part = json.loads(client.ask("GET", "/api/accounts/1930/lines?limit=1&offset=1", **bearer).text)  # type: ignore[attr-defined]
    assert (part["total"], part["lines"][0]["amount"], part["lines"][0]["choices"]) == (3, "101.00", [["K1"]])
    assert json.loads(client.ask("GET", "/api/runs", **bearer).text) == []  # type: ignore[attr-defined]
    schema = json.loads(client.ask("GET", "/api/openapi.json", **bearer).text)  # type: ignore[attr-defined]
    assert {method for path in schema["paths"].values() for method in path} == {"get"}
    assert client.ask("GET", "/accounts/1930", **bearer).status == 303
    assert client.ask("GET", "/api/accounts/none/lines", **bearer).status == 404
