"""A set as an engine of a few lines wants it: bank lines and open items from the two CSV files, amounts in hundredths."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple


class BankLine(NamedTuple):
    """A row of `lines.csv`, as far as the baselines read it. `amount` is in hundredths, receipts > 0."""

    id: str
    account: str
    day: date
    amount: int
    code: str
    reference: str
    name: str


class Item(NamedTuple):
    """A row of `book.csv`."""

    id: str
    account: str
    day: date
    amount: int
    reference: str
    name: str
    description: str
    kind: str


def read_lines(folder: Path) -> list[BankLine]:
    """All lines. `reference` is the payee's or, without one, our own id that the bank echoes, or the text."""
    return [
        BankLine(
            row["id"],
            row["account"],
            date.fromisoformat(row["date"]),
            _minor(row["amount"]),
            row["code"],
            row["reference"] or row["end_to_end"] or row["text"],
            row["name"],
        )
        for row in _rows(folder / "lines.csv")
    ]


def read_items(folder: Path) -> list[Item]:
    """All open items."""
    return [
        Item(
            row["id"],
            row["account"],
            date.fromisoformat(row["date"]),
            _minor(row["amount"]),
            row["reference"],
            row["counterparty"],
            row["description"],
            row["kind"],
        )
        for row in _rows(folder / "book.csv")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _minor(text: str) -> int:
    return int(Decimal(text) * 100)
