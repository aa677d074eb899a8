"""`recon profile`: the layouts of banks' CSV exports, which are data that users write and check themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from matcher.parsers.csv.profile import Profile

_SAMPLE_BYTES = 1 << 20
_ATTENTION = 1
_SHOWN_MAX = 20


def use_profiles(context: click.Context, _parameter: click.Parameter, folder: str | None) -> None:
    """Callback of an option that names a folder of profiles: it holds until the command is done."""
    from matcher.parsers.csv.known import FOLDERS_VARIABLE

    if folder is None:
        return
    before = os.environ.get(FOLDERS_VARIABLE)
    os.environ[FOLDERS_VARIABLE] = folder if before is None else os.pathsep.join([folder, before])

    @context.call_on_close
    def restore() -> None:
        if before is None:
            del os.environ[FOLDERS_VARIABLE]
        else:
            os.environ[FOLDERS_VARIABLE] = before


_folder = click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="Folder with profiles of your own; also from the environment variable RECON_PROFILES.",
)


@click.group()
def profile() -> None:
    """The layouts of banks' CSV exports. A profile is a TOML file; `recon parse` finds the right one by the columns.

    \b
    Examples:
      recon profile list                             the layouts that are known
      recon profile new export.csv > my-bank.toml    a proposal for a layout that is not
      recon profile check my-bank.toml export.csv    what it reads, and whether the balances prove it
      RECON_PROFILES=profiles/ recon parse export.csv
    """


@profile.command("list")
@_folder
def list_profiles(folders: tuple[str, ...]) -> None:
    """Names and titles of all profiles, your own ones with their file.

    \b
    Examples:
      recon profile list
      recon profile list --folder profiles/
    """
    for found in _known(folders):
        own = f"  ({found.source})" if "/" in found.source else ""
        click.echo(f"{found.name:22} {found.title}{own}")


@profile.command("show")
@click.argument("name")
@_folder
def show(name: str, folders: tuple[str, ...]) -> None:
    """The text of a profile, to copy and change.

    \b
    Examples:
      recon profile show swedbank-se > profiles/my-bank.toml
    """
    from matcher.parsers.csv.known import text_of

    click.echo(text_of(_named(name, folders)), nl=False)


@profile.command("new")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default="my-bank", show_default=True, help="Small letters, digits and hyphens.")
def new(file: Path, name: str) -> None:
    """Propose a profile for the CSV in FILE, and say what it reads with it.

    Columns are told by their content, an amount by the balances that follow from it. Read the lines that begin with
    "# CHECK", put the text into a folder of your own, and name the folder in RECON_PROFILES.

    \b
    Examples:
      recon profile new export.csv --name my-bank > profiles/my-bank.toml
    """
    from matcher.parsers.csv.profile import parse_profile
    from matcher.parsers.csv.propose import propose

    with file.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    text = propose(sample, name=name)
    trial = _tried(parse_profile(text, source="proposal"), file)
    for line in trial.summary():
        click.echo(f"# {line}")
    click.echo(text, nl=False)


@profile.command("check")
@click.argument("which", metavar="PROFILE")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_folder
def check(which: str, file: Path | None, folders: tuple[str, ...]) -> int:
    """Check a profile (a TOML file, or the name of a known one), and what it reads of FILE.

    \b
    Exit status: 0 all is right, 1 something in FILE could not be read or proved, 2 the profile is wrong.

    \b
    Examples:
      recon profile check profiles/my-bank.toml
      recon profile check swedbank-se export.csv
    """
    from matcher.parsers.csv.known import load

    found = load(Path(which)) if which.endswith(".toml") else _named(which, folders)
    click.echo(f"{found.name}: the profile is valid.")
    if file is None:
        return 0
    trial = _tried(found, file)
    for line in (*trial.summary(), *trial.odd[:_SHOWN_MAX]):
        click.echo(line)
    return _ATTENTION if trial.odd or trial.proved is False else 0


def _known(folders: tuple[str, ...]) -> tuple[Profile, ...]:
    from matcher.parsers.csv.known import folders as from_environment
    from matcher.parsers.csv.known import profiles

    return profiles(folders or from_environment())


def _named(name: str, folders: tuple[str, ...]) -> Profile:
    known = _known(folders)
    for found in known:
        if found.name == name:
            return found
    raise click.UsageError(f"There is no profile {name!r}. Known are {', '.join(found.name for found in known)}.")


class _Trial:
    """What a profile reads of a file."""

    def __init__(self) -> None:
        self.lines = self.statements = 0
        self.odd: list[str] = []
        self.proved: bool | None = None
        self.named: list[str] = []

    def summary(self) -> list[str]:
        """In words."""
        proof = {True: "the balances prove every row", False: "the balances do NOT prove the rows", None: "no balances"}
        of = ", ".join(self.named) or "no account"
        read = f"Read: {self.lines} lines in {self.statements} statement(s) of {of}"
        return [f"{read}; {proof[self.proved]}; {len(self.odd)} finding(s)."]


def _tried(found: Profile, file: Path) -> _Trial:
    """Read the whole file with the profile."""
    from matcher.parsers.contract import LinesRead, ReadOptions, StatementEnded
    from matcher.parsers.csv.reader import read_with
    from recon_core.domain.diagnostic import Diagnostic, Severity

    trial = _Trial()
    total = 0
    with file.open("rb") as stream:
        for event in read_with(found, stream.read(_SAMPLE_BYTES), stream, ReadOptions()):
            if isinstance(event, LinesRead):
                trial.lines += len(event.lines)
                total += sum(line.amount for line in event.lines if line.status == "booked")
            elif isinstance(event, Diagnostic):
                if event.severity != Severity.INFO and event.code not in ("account-missing", "currency-missing"):
                    trial.odd.append(f"{event.severity}: {event.where}: {event.message} {event.cure}".rstrip())
            elif isinstance(event, StatementEnded):
                header = event.header
                trial.statements += 1
                trial.named.append(f"{header.account or 'an unnamed account'} in {header.currency}")
                if header.opening_balance is not None and header.closing_balance is not None:
                    holds = header.opening_balance + total == header.closing_balance
                    trial.proved = holds and trial.proved is not False
                total = 0
    return trial
