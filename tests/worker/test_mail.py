"""The morning summary by mail, sent to a real server on loopback."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher import bootstrap
from matcher.cli.main import cli
from matcher.ops.night import Driven, drive
from matcher.pipeline.night.contract import Night
from recon_core.domain.refused import BadSetting, InputError
from tests.servers import free_port
from tests.worker.conftest import World
from tests.worker.mail_server import CERTIFICATE, MailServer, mail_server

READERS = ("anna@example.com", "treasury@example.com")


@pytest.fixture
def sqlite_night(tmp_path: Path) -> Iterator[Night]:
    with bootstrap.open_context(url=f"sqlite:///{tmp_path / 'recon.db'}") as context:
        yield bootstrap.make_night(context, bootstrap.NightSettings())


def settings_of(server: MailServer, **changes: object) -> bootstrap.NightSettings:
    usual = bootstrap.NightSettings(smtp_url=server.url, mail_from="recon@example.com", mail_to=READERS)
    return dataclasses.replace(usual, **changes)


def do_night(night: Night, world: World, inbox: Path, server: MailServer, **changes: object) -> Driven:
    return drive(night, world.plan(inbox), settings_of(server, **changes))


def test_the_summary_comes_as_text_and_html_with_the_outcome_in_its_subject(
    sqlite_night: Night, world: World, inbox: Path
) -> None:
    with mail_server() as server:
        driven = do_night(sqlite_night, world, inbox, server)

    assert driven.mail_failed == ""
    (mail,) = server.mails
    assert server.envelopes == [("recon@example.com", list(READERS))]
    assert mail["To"] == ", ".join(READERS)
    assert mail["Subject"].startswith("Recon: Run 1: 1 file(s) failed, ")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime <= driven.summary.at
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert "Failed files (1)" in part
        assert "letter.txt" in part
        assert "recon runs retry 1" in part
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "run-1.json"
    assert json.loads(attached.get_content())["failed_files"][0]["name"] == "letter.txt"


def test_nobody_is_told_twice_and_what_statements_say_is_not_mailed(
    sqlite_night: Night, world: World, inbox: Path, tmp_path: Path
) -> None:
    with mail_server() as server:
        do_night(sqlite_night, world, inbox, server)
        do_night(sqlite_night, world, tmp_path, server)

    assert [mail["Subject"].split(":")[1] for mail in server.mails] == [" Run 1", " Run 2"]
    with sqlite_night.context.database.read() as uow:
        said = {row.counterparty_name for row in uow.select("SELECT counterparty_name FROM statement_line")} - {
            None,
            "",
        }
    assert said
    for mail in server.mails:
        assert not [name for name in said if name in mail.as_string()]


@pytest.mark.parametrize("tls", ["starttls", "smtps"])
def test_the_password_goes_through_tls_with_a_certificate_that_is_checked(
    tls: str, sqlite_night: Night, world: World, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(tls=tls, login=("recon", "p/ss")) as server:
        unknown = do_night(sqlite_night, world, inbox, server)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        known = do_night(sqlite_night, world, inbox, server)

    assert "SSLCertVerificationError" in unknown.mail_failed
    assert known.mail_failed == ""
    assert server.encrypted == [True]


def test_a_wrong_password_is_said_and_the_next_mail_is_sent_all_the_same(
    sqlite_night: Night, world: World, inbox: Path, tmp_path: Path
) -> None:
    with mail_server(login=("recon", "right")) as server:
        right = server.url
        wrong = do_night(sqlite_night, world, inbox, server, smtp_url=right.replace("right", "wrong"))
        again = do_night(sqlite_night, world, tmp_path, server)

    assert "SMTPAuthenticationError 535" in wrong.mail_failed
    assert wrong.summary.run.finished
    assert again.mail_failed == ""
    assert len(server.mails) == 1


def test_a_refused_address_is_named_and_the_others_are_told(sqlite_night: Night, world: World, inbox: Path) -> None:
    with mail_server(refuse={READERS[0]}) as server:
        driven = do_night(sqlite_night, world, inbox, server)

    assert driven.mail_failed == f"The mail server refused {READERS[0]}."
    assert server.envelopes == [("recon@example.com", [READERS[1]])]


def test_a_night_that_can_not_be_done_is_mailed_too(sqlite_night: Night, world: World, tmp_path: Path) -> None:
    with mail_server() as server, pytest.raises(InputError):
        do_night(sqlite_night, world, tmp_path / "nowhere", server)

    (mail,) = server.mails
    assert mail["Subject"] == "Recon: the night could not be done"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "no such folder" in text.get_content()


@pytest.mark.parametrize("away", [True, False])
def test_a_night_that_could_not_be_mailed_is_done_says_so_and_does_not_end_well(
    away: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inbox").mkdir()
    monkeypatch.setenv("RECON_DATABASE_URL", f"sqlite:///{tmp_path / 'recon.db'}")
    monkeypatch.setenv("RECON_MAIL_TO", ",".join(READERS))
    with mail_server(broken=True) as server:
        monkeypatch.setenv("RECON_SMTP_URL", f"smtp://127.0.0.1:{free_port()}" if away else server.url)
        result = CliRunner().invoke(cli, ["nightly", str(tmp_path / "inbox")], standalone_mode=False)

    assert result.return_value == 1
    assert "Nothing needs a person." in result.stdout
    assert "The summary was not mailed. The mail server 127.0.0.1 did not take the mail: " in result.stderr
    assert server.mails == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"smtp_url": ""}, "There is no mail server"),
        ({"smtp_url": "http://mail"}, "This is no mail server"),
        ({"smtp_url": "smtp://user:secret@mail.example.com"}, "in clear"),
        ({"mail_to": ("nobody",)}, "'nobody' is no mail address"),
        ({"mail_to": ("a@example.com\nBcc: b@example.com",)}, "no mail address"),
        ({"mail_from": "Recon <recon@example.com>"}, "no mail address"),
    ],
)
def test_a_mailing_that_can_not_work_is_refused_before_the_night_begins(
    changes: dict[str, object], says: str, sqlite_night: Night, world: World, inbox: Path
) -> None:
    usual = {"smtp_url": "smtp://127.0.0.1:1", "mail_from": "recon@example.com", "mail_to": READERS}
    settings = bootstrap.NightSettings(**(usual | changes))

    with pytest.raises(BadSetting, match=says) as error:
        drive(sqlite_night, world.plan(inbox), settings)

    assert "secret" not in str(error.value)
    with sqlite_night.context.database.read() as uow:
        assert sqlite_night.store.latest_runs(uow, limit=1) == []
