"""Every statement file under `fixtures/statements/` gives exactly the rows of the `.expected.jsonl` beside it.

A new file is a new test: `pytest tests/parsers/test_golden.py --write-golden` writes expected files that are missing,
never one that exists. Rows are those of `recon parse` without their source and without what is missing or false.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.cli.parse_rows import diagnostic_rows, error_row, line_row, statement_row
from matcher.parsers.source import FailedFile
from matcher.parsers.statements import parse_batch

FOLDER = Path(__file__).parents[2] / "fixtures" / "statements"
# These belong to the main job; its own tests say what comes out.
NOT_HERE = ("demo", "worked-example")
EXPECTED = ".expected.jsonl"
FILES = sorted(
    path
    for path in FOLDER.rglob("*")
    if path.is_file()
    and path.relative_to(FOLDER).parts[0] not in NOT_HERE
    and not path.name.endswith((EXPECTED, ".md"))
)


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def rows(path: Path) -> list[dict[str, object]]:
    """The rows of a file, so that its expected file reads like a list of facts."""
    found: list[dict[str, object]] = []
    for one in parse_batch([path], name=path.name):
        if isinstance(one, FailedFile):
            found.append(error_row(one))
            continue
        found += [statement_row(one), *(line_row(line) for line in one.lines), *diagnostic_rows(one)]
    plain: list[dict[str, object]] = json.loads(json.dumps(found))
    return [
        {
            name: value
            for name, value in row.items()
            if name != "source" and not (value is None or value is False or value == [])
        }
        for row in plain
    ]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_statement_file_gives_its_expected_rows(path: Path, request: pytest.FixtureRequest) -> None:
    read = rows(path)
    expected = path.with_name(path.name + EXPECTED)
    if not expected.exists() and request.config.getoption("--write-golden"):
        expected.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in read), encoding="utf-8")

    assert expected.exists(), f"{name_of(path)} has no expected file; --write-golden writes it"
    assert read == [json.loads(row) for row in expected.read_text(encoding="utf-8").splitlines()]


def test_no_expected_file_is_left_without_its_statement() -> None:
    expected = set(FOLDER.rglob(f"*{EXPECTED}"))

    assert expected == {path.with_name(path.name + EXPECTED) for path in FILES}
