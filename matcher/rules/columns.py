"""Open items as columns: what the passes read. Built once at the edge; a million lines are a dozen arrays.

Amounts are signed int64 minor units (+ into the account), days are int32 days since 1970-01-01 (`NO_DAY` where a
source has none), texts are factorized so that every distinct text is normalized once. Only booked lines belong here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from recon_core.domain.statement import StatementLine

# Amounts and positions are int64, codes and days int32; NumPy mixes them, so one name serves both for the checker.
Ints = NDArray[np.integer[Any]]
Codes = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
# Estimates only: expected numbers of accidents. Money is never one of these.
Floats = NDArray[np.float64]

NO_DAY = -(2**31)
# So many times fewer are sorted, not counted.
_FEW = 16
EPOCH = date(1970, 1, 1).toordinal()

# Text fields of a bank line that rules may read: names of `StatementLine` and of the columns of a frame.
LINE_TEXTS = (
    "creditor_reference",
    "end_to_end_id",
    "instruction_id",
    "transaction_id",
    "mandate_id",
    "message_id",
    "payment_information_id",
    "document_numbers",
    "remittance",
    "counterparty_name",
    "ultimate_counterparty",
    "counterparty_account",
    "original_currency",
    "check_number",
    "return_reason",
    "additional_info",
    "code",
    "proprietary_code",
)
BOOK_TEXTS = ("reference", "counterparty", "description", "kind")


class Texts(NamedTuple):
    """One factorized text column: `codes[i]` indexes `values`, −1 where the field is missing or empty."""

    codes: Codes
    values: Sequence[str]

    def at(self, row: int) -> str:
        """The text of one row, "" where it is missing."""
        code = self.codes[row]
        return self.values[code] if code >= 0 else ""

    def used(self, rows: Ints) -> Ints:
        """The codes that some rows have, in order."""
        if len(rows) * _FEW < len(self.values):
            used = np.unique(self.codes[rows])
            return used[used >= 0].astype(np.int64)
        seen = np.zeros(len(self.values) + 1, np.bool_)
        seen[self.codes[rows]] = True
        return np.flatnonzero(seen[:-1])

    def take(self, rows: Ints | Flags) -> Texts:
        """The same column for some rows; the values are shared."""
        return Texts(self.codes[rows], self.values)


def _all_missing(count: int) -> Texts:
    return Texts(np.full(count, -1, np.int32), ())


def _taken(names: Sequence[str], rows: Ints) -> Sequence[str]:
    taken: list[str] = np.array(names, object)[rows].tolist()
    return taken


class BookItem(NamedTuple):
    """A book transaction as the engine needs it: signed minor units, receipts > 0."""

    id: str
    account: str
    date: date
    amount: int
    currency: str
    reference: str = ""
    counterparty: str = ""
    description: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Booked bank lines, or (with `parent`) the single transactions inside batch lines.

    `account` indexes `accounts`, `currency` indexes `currencies`. `batch_count` is the number of transactions that
    the bank states, 0 where it states none. `original_amount` is in minor units of the text `original_currency`,
    0 where there is none. `parent` is the row of the batch line in the table that holds these `details`.
    """

    ids: Sequence[str]
    accounts: tuple[str, ...]
    account: Codes
    booking_day: Codes
    value_day: Codes
    amount: Ints
    currencies: tuple[str, ...]
    currency: Codes
    texts: Mapping[str, Texts]
    reversal: Flags
    batch_count: Codes
    original_amount: Ints
    details: Lines | None = None
    parent: Codes = field(default_factory=lambda: np.empty(0, np.int32))
    missing: Texts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the column of a text that no line has."""
        object.__setattr__(self, "missing", _all_missing(len(self.amount)))

    def __len__(self) -> int:
        return len(self.amount)

    def text(self, name: str) -> Texts:
        """A text column; one that no line has is all missing."""
        found = self.texts.get(name)
        return found if found is not None else self.missing

    def take(self, rows: Ints) -> Lines:
        """Some lines in some order, with the details of those."""
        details = self.details
        if details is not None:
            place = np.full(len(self), -1, np.int64)
            place[rows] = np.arange(len(rows))
            kept = np.flatnonzero(place[details.parent] >= 0)
            kept = kept[np.argsort(place[details.parent[kept]], kind="stable")]
            details = replace(details.take(kept), parent=place[details.parent[kept]].astype(np.int32))
        return Lines(
            ids=_taken(self.ids, rows),
            accounts=self.accounts,
            account=self.account[rows],
            booking_day=self.booking_day[rows],
            value_day=self.value_day[rows],
            amount=self.amount[rows],
            currencies=self.currencies,
            currency=self.currency[rows],
            texts={name: texts.take(rows) for name, texts in self.texts.items()},
            reversal=self.reversal[rows],
            batch_count=self.batch_count[rows],
            original_amount=self.original_amount[rows],
            details=details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Open book transactions of the same accounts. `names` are what people call them, where that is not the id."""

    ids: Sequence[str]
    accounts: tuple[str, ...]
    account: Codes
    day: Codes
    amount: Ints
    currencies: tuple[str, ...]
    currency: Codes
    texts: Mapping[str, Texts]
    names: Sequence[str] = ()
    missing: Texts = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the column of a text that no item has."""
        object.__setattr__(self, "missing", _all_missing(len(self.amount)))

    def __len__(self) -> int:
        return len(self.amount)

    def text(self, name: str) -> Texts:
        """A text column; one that no item has is all missing."""
        found = self.texts.get(name)
        return found if found is not None else self.missing

    def name(self, row: int) -> str:
        """What people call the item of a row."""
        return (self.names or self.ids)[row]

    def take(self, rows: Ints) -> Book:
        """Some items in some order."""
        return Book(
            ids=_taken(self.ids, rows),
            accounts=self.accounts,
            account=self.account[rows],
            day=self.day[rows],
            amount=self.amount[rows],
            currencies=self.currencies,
            currency=self.currency[rows],
            texts={name: texts.take(rows) for name, texts in self.texts.items()},
            names=_taken(self.names, rows) if self.names else (),
        )


def factorize(values: Iterable[str | None]) -> Texts:
    """Codes and distinct values of a text column; None and "" become −1."""
    seen: defaultdict[str | None, int] = defaultdict()
    seen.default_factory = seen.__len__
    codes = np.fromiter(map(seen.__getitem__, values), np.int32)
    distinct = list(seen)
    missing = [code for code, value in enumerate(distinct) if not value]
    if missing:
        lookup = np.zeros(len(distinct), np.int32)
        lookup[missing] = 1
        shifted = np.arange(len(distinct), dtype=np.int32) - np.cumsum(lookup, dtype=np.int32)
        shifted[missing] = -1
        codes = shifted[codes]
    return Texts(codes, [value for value in distinct if value])


def day_number(day: date | None) -> int:
    """Days since 1970-01-01, `NO_DAY` for None."""
    return day.toordinal() - EPOCH if day is not None else NO_DAY


def named(texts: Texts) -> tuple[tuple[str, ...], Codes]:
    """The values of a column of names, and which each row has."""
    return tuple(texts.values), texts.codes


def lines_from_statement(items: Iterable[tuple[str, str, StatementLine]]) -> Lines:
    """Columns of (account, line id, line) triples; the caller gives booked lines only, and ids that are unique."""
    accounts: list[str] = []
    ids: list[str] = []
    lines: list[StatementLine] = []
    for account, identity, line in items:
        accounts.append(account)
        ids.append(identity)
        lines.append(line)
    return lines_from_columns(
        ids=ids,
        accounts=accounts,
        details={place: line.details for place, line in enumerate(lines) if line.details},
        **_fields(lines),
    )


class _Fields(TypedDict):
    """Columns that `lines_from_columns` takes of lines themselves."""

    booking_days: Sequence[date | None]
    value_days: Sequence[date | None]
    amounts: Sequence[int]
    currencies: Sequence[str]
    texts: dict[str, Sequence[str | None]]
    reversals: Sequence[bool]
    batch_counts: Sequence[int | None]
    original_amounts: Sequence[int | None]


def _fields(lines: Sequence[StatementLine]) -> _Fields:
    texts: dict[str, Sequence[str | None]] = {name: [getattr(line, name) for line in lines] for name in LINE_TEXTS}
    texts["document_numbers"] = ["\n".join(line.document_numbers) for line in lines]
    return _Fields(
        booking_days=[line.booking_date for line in lines],
        value_days=[line.value_date for line in lines],
        amounts=[line.amount for line in lines],
        currencies=[line.currency for line in lines],
        texts=texts,
        reversals=[line.reversal for line in lines],
        batch_counts=[line.batch_count for line in lines],
        original_amounts=[line.original_amount for line in lines],
    )


def lines_from_columns(  # noqa: PLR0913  the columns
    *,
    ids: Sequence[str],
    accounts: Sequence[str],
    booking_days: Sequence[date | None],
    value_days: Sequence[date | None],
    amounts: Sequence[int],
    currencies: Sequence[str],
    texts: Mapping[str, Sequence[str | None]],
    reversals: Sequence[bool],
    batch_counts: Sequence[int | None],
    original_amounts: Sequence[int | None],
    details: Mapping[int, Sequence[StatementLine]],
    parent: Codes | None = None,
) -> Lines:
    """Columns of plain ones. A missing day is the other one; document numbers are one text, a number a row; `details`
    are the single transactions of batch lines, by the position of the line, in the order of these.
    """
    names, account = named(factorize(accounts))
    units, unit = named(factorize(currencies))
    count = len(ids)
    children = [child for place in details for child in details[place]]
    below = None
    if children:
        parents = np.array([place for place in details for _ in details[place]], np.int32)
        owners = [accounts[place] for place in parents.tolist()]
        below = lines_from_columns(
            ids=[""] * len(children), accounts=owners, details={}, parent=parents, **_fields(children)
        )
    return Lines(
        ids=ids,
        accounts=names,
        account=account,
        booking_day=_days(booking_days, value_days),
        value_day=_days(value_days, booking_days),
        amount=np.fromiter(amounts, np.int64, count),
        currencies=units,
        currency=unit,
        texts={name: factorize(values) for name, values in texts.items() if any(values)},
        reversal=np.fromiter(reversals, np.bool_, count),
        batch_count=np.fromiter((number or 0 for number in batch_counts), np.int32, count),
        original_amount=np.fromiter((amount or 0 for amount in original_amounts), np.int64, count),
        details=below,
        parent=parent if parent is not None else np.empty(0, np.int32),
    )


def _days(first: Sequence[date | None], second: Sequence[date | None]) -> Codes:
    """Day numbers of a column of dates, of another one where a date is missing. A column has few different dates."""
    number = {day: day_number(day) for day in {*first, *second}}
    known = (one if one is not None else other for one, other in zip(first, second, strict=True))
    return np.fromiter(map(number.__getitem__, known), np.int32, len(first))


def book_from_items(items: Iterable[BookItem]) -> Book:
    """Columns of book items; ids must be unique."""
    rows = list(items)
    return book_from_columns(
        ids=[row.id for row in rows],
        accounts=[row.account for row in rows],
        days=[row.date for row in rows],
        amounts=[row.amount for row in rows],
        currencies=[row.currency for row in rows],
        texts={name: [getattr(row, name) for row in rows] for name in BOOK_TEXTS},
    )


def book_from_columns(
    *,
    ids: Sequence[str],
    accounts: Sequence[str],
    days: Sequence[date],
    amounts: Sequence[int],
    currencies: Sequence[str],
    texts: Mapping[str, Sequence[str | None]],
    called: Sequence[str] = (),
) -> Book:
    """Columns of plain ones; ids must be unique. `called` is what people call the transactions, where not by id."""
    names, account = named(factorize(accounts))
    units, unit = named(factorize(currencies))
    return Book(
        ids=ids,
        accounts=names,
        account=account,
        day=_days(days, days),
        amount=np.fromiter(amounts, np.int64, len(ids)),
        currencies=units,
        currency=unit,
        texts={name: factorize(values) for name, values in texts.items()},
        names=called,
    )
