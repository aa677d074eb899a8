"""`recon run`, `recon demo` and `recon status` as a user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from matcher.cli.main import COMMANDS, cli
from tests.e2e.conftest import FIXTURES, Recon

DEMO = FIXTURES / "demo"
INBOX = FIXTURES / "statements" / "demo"
ARGUMENTS = ("--book", DEMO / "book.csv", "--accounts", DEMO / "accounts.toml")


def test_a_run_says_what_came_in_where_the_accounts_stand_and_what_needs_a_person(recon: Recon) -> None:
    done = recon("run", INBOX, *ARGUMENTS, status=1)

    assert "8 statement file(s) read, 0 known already, 1 set aside" in done.stdout
    assert "set aside: 1930-06-cut-off.camt053.xml" in done.stdout
    assert "Fetch the file again." in done.stdout
    assert "Released: 1950, reconciliation" in done.stdout
    assert "1930 needs a person: decide 1 proposed line(s)" in done.stdout


def test_the_second_run_says_that_nothing_changed(recon: Recon) -> None:
    recon("run", INBOX, *ARGUMENTS, status=1)

    done = recon("run", INBOX, *ARGUMENTS, status=1)

    assert "0 statement file(s) read, 8 known already, 1 set aside" in done.stdout
    assert "Nothing changed" in done.stdout


def test_a_run_as_json_and_the_status_agree(recon: Recon) -> None:
    run = json.loads(recon("run", INBOX, *ARGUMENTS, "--json", status=1).stdout)

    status = [json.loads(line) for line in recon("status", "--json").stdout.splitlines()]

    assert [one["code"] for one in status] == ["1930", "1940", "1950"]
    for account, shown in zip(run["accounts"], status, strict=True):
        del account["read"]
        assert account == shown


def test_a_run_without_bad_files_ends_with_success(recon: Recon, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shutil.copy(INBOX / "1950-01-euro-account.ofx", inbox)

    recon("run", inbox, "--accounts", DEMO / "accounts.toml")


def test_a_missing_folder_is_one_line_with_a_cure_and_status_2(recon: Recon) -> None:
    done = recon("run", "no-such-folder", status=2)

    assert done.stderr == "recon: no-such-folder: There is no such file or folder. Check the path.\n"


def test_the_demo_needs_no_argument_and_says_what_to_look_at_next(recon: Recon, tmp_path: Path) -> None:
    done = recon("demo")

    assert "What to look at next" in done.stdout
    assert (tmp_path / "recon-demo.db").exists()
    assert "Nothing changed" in recon("demo").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name: str) -> None:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    for command in _with_subcommands(found, name):
        text = CliRunner().invoke(command, ["--help"], prog_name=f"recon {command.name}").output

        assert "Examples:" in text, f"recon {command.name} --help shows no example"


def _with_subcommands(command: click.Command, name: str) -> list[click.Command]:
    if not isinstance(command, click.Group):
        return [command]
    context = click.Context(command, info_name=name)
    children = [command.get_command(context, child) for child in command.list_commands(context)]
    return [one for child in children if child is not None for one in _with_subcommands(child, str(child.name))]
