"""Every example of every `--help` is run in the demo's database: it is understood, and ends as a command should."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from matcher.cli.main import COMMANDS, cli, main

FIXTURES = Path(__file__).parents[2] / "fixtures"
STATEMENTS = FIXTURES / "statements"
DEMO = FIXTURES / "demo"
PROFILES = Path(__file__).parents[2] / "matcher" / "parsers" / "csv" / "profiles"
# Servers and what needs one: only their arguments are read.
NOT_RUN = {"web", "worker", "health", "nightly"}
DONE, ATTENTION, INPUT, REFUSED = 0, 1, 2, 3


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, with the words that call them."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, f"{name} {child}".strip())


def examples() -> list[str]:
    """All examples, without the words beside them."""
    found: dict[str, None] = {}
    for _, command in commands(cli, ""):
        for line in (command.help or "").partition("Examples:")[2].splitlines():
            example = re.split(r"\s{2,}", line.strip())[0]
            if "recon" in example.split():
                found[example] = None
    return list(found)


def words(example: str) -> tuple[dict[str, str], list[str]]:
    """Settings before, and arguments after, the `recon` of an example; what is piped or redirected stays out."""
    reader = shlex.shlex(example, posix=True, punctuation_chars="|>")
    reader.whitespace_split = True
    told = list(reader)
    start = told.index("recon")
    end = next((place for place in range(start, len(told)) if told[place] in {"|", ">"}), len(told))
    variables = dict(word.split("=", 1) for word in told[:start] if "=" in word)
    return variables, [name for word in told[start + 1 : end] for name in _expanded(word)]


def _expanded(word: str) -> list[str]:
    return sorted(map(str, Path().glob(word))) if "*." in word else [word]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that examples name, and the demo's database."""
    folder = tmp_path_factory.mktemp("examples")
    january = STATEMENTS / "demo" / "1930-01-references.camt053.xml"
    shutil.copytree(STATEMENTS / "demo", folder / "inbox")
    shutil.copy(DEMO / "accounts.toml", folder)
    for name in ("january.xml", "statement.xml"):
        shutil.copy(january, folder / name)
    for name, pattern in (("a.sta", "*.mt940"), ("jan.sta", "*.mt940"), ("b.ofx", "*.ofx")):
        shutil.copy(min((STATEMENTS / "demo").glob(pattern)), folder / name)
    head, *rows = (DEMO / "book.csv").read_text(encoding="utf-8").splitlines()
    for name, taken in (("book.csv", rows), ("customers.csv", rows[:5]), ("suppliers.csv", rows[5:])):
        (folder / name).write_text("\n".join((head, *taken)) + "\n", encoding="utf-8")
    for name in ("rules.toml", "new.toml", "users.toml"):
        (folder / name).write_text("", encoding="utf-8")
    (folder / "1930.truth.json").write_text('{"lines": {}}', encoding="utf-8")
    (folder / "profiles").mkdir()
    for name in ("my-bank.toml", "profiles/my-bank.toml"):
        shutil.copy(PROFILES / "nordea-se.toml", folder / name)
    shutil.copy(STATEMENTS / "csv" / "nordea-se.csv", folder / "export.csv")
    return folder


@pytest.fixture(scope="module")
def demo(folder: Path) -> Path:
    """The demo's database."""
    database = folder / "demo.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["recon", "demo", "--database", str(database)])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == DONE
    return database


@pytest.mark.parametrize("example", examples())
def test_an_example_works(
    example: str,
    folder: Path,
    demo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    place = tmp_path / "here"
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns("*.db*"))
    shutil.copy(demo, place)
    monkeypatch.chdir(place)
    monkeypatch.setenv("RECON_DATABASE_URL", "sqlite:///demo.db")
    variables, arguments = words(example)
    for name, value in variables.items():
        if name != "RECON_DATABASE_URL":
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["recon", *arguments])
    typed = Path("statement.xml").read_bytes() if "-" in arguments else b"y\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed)))
    if arguments[0] in NOT_RUN:
        understand(arguments)
        return
    with pytest.raises(SystemExit) as ended:
        main()

    said = capfd.readouterr().err
    assert "Usage:" not in said, said
    assert ended.value.code in {DONE, ATTENTION, INPUT, REFUSED}, said


def understand(arguments: list[str]) -> None:
    """Read the arguments of a command without running it; a wrong one raises."""
    command = cli.get_command(click.Context(cli), arguments[0])
    assert command is not None
    command.make_context(arguments[0], arguments[1:])


def test_every_command_has_an_example() -> None:
    assert not [name for name, command in commands(cli, "recon") if "Examples:" not in (command.help or "")]
    assert len(COMMANDS) < len(examples())
