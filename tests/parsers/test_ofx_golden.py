"""The statement files of OFX, BgMax, Norma 43 and the CSV profiles, one lesson each, against what is in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from matcher.cli.parse_rows import diagnostic_rows, line_row, statement_row
from matcher.parsers.statements import parse

FOLDER = Path(__file__).parents[2] / "fixtures" / "statements"
FORMATS = ("ofx", "bgmax", "norma43", "csv")
FILES = sorted(path for form in FORMATS for path in (FOLDER / form).iterdir() if path.suffix != ".jsonl")


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def rows(path: Path) -> list[dict[str, object]]:
    """The rows of `recon parse` without what is missing, so that a file reads like a list of facts."""
    found: list[dict[str, object]] = []
    for statement in parse(path, name=path.name):
        found.append(statement_row(statement))
        found += [line_row(line) for line in statement.lines]
        found += diagnostic_rows(statement)
    plain: list[dict[str, object]] = json.loads(json.dumps(found))
    return [
        {
            key: value
            for key, value in row.items()
            if key != "source" and value is not None and value is not False and value != []
        }
        for row in plain
    ]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_fixture_is_read_as_expected(path: Path) -> None:
    expected = path.with_name(path.name + ".expected.jsonl")

    assert rows(path) == [json.loads(row) for row in expected.read_text(encoding="utf-8").splitlines()]


def test_every_fixture_has_an_expected_file_and_the_other_way_round() -> None:
    expected = {
        name_of(path).removesuffix(".expected.jsonl")
        for form in FORMATS
        for path in (FOLDER / form).glob("*.expected.jsonl")
    }

    assert expected == {name_of(path) for path in FILES}
