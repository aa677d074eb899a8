"""Open items as columns: what the passes read. Built once at the edge; a million lines are a dozen arrays.

Amounts are signed int64 minor units (+ into the account), days are int32 days since 1970-01-01 (`NO_DAY` where a
source has none), texts are factorized so that every distinct text is normalized once. Only booked lines belong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recon_core.domain.statement import StatementLine

if TYPE_CHECKING:
    import pandas as pd

# Amounts and positions are int64, codes and days int32; NumPy mixes them, so one name serves both for the checker.
Ints = NDArray[np.integer[Any]]
Codes = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
# Estimates only: expected numbers of accidents. Money is never one of these.
Floats = NDArray[np.float64]

NO_DAY = -(2**31)
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

    def take(self, rows: Ints | Flags) -> Texts:
        """The same column for some rows; the values are shared."""
        return Texts(self.codes[rows], self.values)


def _all_missing(count: int) -> Texts:
    return Texts(np.full(count, -1, np.int32), ())


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
        ids = self.ids
        return Lines(
            ids=[ids[row] for row in rows.tolist()],
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
    """Open book transactions of the same accounts."""

    ids: Sequence[str]
    accounts: tuple[str, ...]
    account: Codes
    day: Codes
    amount: Ints
    currencies: tuple[str, ...]
    currency: Codes
    texts: Mapping[str, Texts]
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

    def take(self, rows: Ints) -> Book:
        """Some items in some order."""
        ids = self.ids
        return Book(
            ids=[ids[row] for row in rows.tolist()],
            accounts=self.accounts,
            account=self.account[rows],
            day=self.day[rows],
            amount=self.amount[rows],
            currencies=self.currencies,
            currency=self.currency[rows],
            texts={name: texts.take(rows) for name, texts in self.texts.items()},
        )


def canonical_order(accounts: Sequence[str], account: Codes, day: Codes, amount: Ints, ids: Sequence[str]) -> Ints:
    """Positions by account, day, amount and id: an order that does not depend on how the rows came."""
    rank = np.argsort(np.argsort(np.array(accounts or [""])))[account] if len(account) else account
    order = np.lexsort((amount, day, rank))
    same = (rank[order][1:] == rank[order][:-1]) & (day[order][1:] == day[order][:-1])
    same &= amount[order][1:] == amount[order][:-1]
    ends = np.flatnonzero(~np.r_[same, False]) + 1
    starts = np.r_[0, ends[:-1]]
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start > 1:
            order[start:end] = sorted(order[start:end].tolist(), key=lambda place: (ids[place], place))
    return order


def factorize(values: Iterable[str | None]) -> Texts:
    """Codes and distinct values of a text column; None and "" become −1."""
    seen: dict[str | None, int] = {}
    codes = np.fromiter((seen.setdefault(value, len(seen)) for value in values), np.int32)
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


def _named(texts: Texts) -> tuple[tuple[str, ...], Codes]:
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
    parents = [row for row, line in enumerate(lines) for _ in line.details]
    children = [child for line in lines for child in line.details]
    details = None
    if children:
        details = _columns(
            [""] * len(children), [accounts[row] for row in parents], children, parent=np.array(parents, np.int32)
        )
    return _columns(ids, accounts, lines, details=details)


def _columns(
    ids: Sequence[str],
    accounts: Sequence[str],
    lines: Sequence[StatementLine],
    *,
    details: Lines | None = None,
    parent: Codes | None = None,
) -> Lines:
    names, account = _named(factorize(accounts))
    currencies, currency = _named(factorize(line.currency for line in lines))
    texts: dict[str, Texts] = {}
    for name in LINE_TEXTS:
        values = [getattr(line, name) for line in lines]
        if name == "document_numbers":
            values = ["\n".join(value) for value in values]
        if any(values):
            texts[name] = factorize(values)
    count = len(lines)
    return Lines(
        ids=ids,
        accounts=names,
        account=account,
        booking_day=np.fromiter((day_number(line.booking_date or line.value_date) for line in lines), np.int32, count),
        value_day=np.fromiter((day_number(line.value_date or line.booking_date) for line in lines), np.int32, count),
        amount=np.fromiter((line.amount for line in lines), np.int64, count),
        currencies=currencies,
        currency=currency,
        texts=texts,
        reversal=np.fromiter((line.reversal for line in lines), np.bool_, count),
        batch_count=np.fromiter((line.batch_count or 0 for line in lines), np.int32, count),
        original_amount=np.fromiter((line.original_amount or 0 for line in lines), np.int64, count),
        details=details,
        parent=parent if parent is not None else np.empty(0, np.int32),
    )


def book_from_items(items: Iterable[BookItem]) -> Book:
    """Columns of book items; ids must be unique."""
    rows = list(items)
    fields: tuple[Sequence[object], ...] = tuple(zip(*rows, strict=True)) if rows else tuple(repeat((), 9))
    ids, account, days, amount, currency, *texts = fields
    names, accounts = _named(factorize(account))  # type: ignore[arg-type]
    currencies, currency_codes = _named(factorize(currency))  # type: ignore[arg-type]
    return Book(
        ids=ids,  # type: ignore[arg-type]
        accounts=names,
        account=accounts,
        day=np.fromiter(map(day_number, days), np.int32, len(rows)),  # type: ignore[arg-type]
        amount=np.array(amount, np.int64),
        currencies=currencies,
        currency=currency_codes,
        texts={name: factorize(values) for name, values in zip(BOOK_TEXTS, texts, strict=True)},  # type: ignore[arg-type]
    )


def _frame_texts(frame: pd.DataFrame, name: str) -> Texts:
    import pandas as pd

    codes, values = pd.factorize(frame[name])
    texts = ["" if pd.isna(value) else str(value) for value in values]
    column = Texts(codes.astype(np.int32), texts)
    if "" in texts:
        empty = texts.index("")
        shifted = np.where(codes == empty, -1, codes - (codes > empty))
        column = Texts(shifted.astype(np.int32), texts[:empty] + texts[empty + 1 :])
    return column


def _frame_days(frame: pd.DataFrame, name: str) -> Codes:
    import pandas as pd

    stamps = pd.to_datetime(frame[name]).to_numpy("datetime64[D]")
    days = stamps.astype(np.int64)
    return np.where(np.isnat(stamps), NO_DAY, days).astype(np.int32)


def lines_from_frame(frame: pd.DataFrame) -> Lines:
    """Columns of a frame with at least `id`, `account`, `booking_date`, `amount` (integer minor units), `currency`.

    Other columns are read where they exist: `value_date`, `reversal`, `batch_count`, `original_amount` and the texts
    of `LINE_TEXTS`. Details of batches have no place in a flat frame.
    """
    names, account = _named(_frame_texts(frame, "account"))
    currencies, currency = _named(_frame_texts(frame, "currency"))
    booking = _frame_days(frame, "booking_date")
    count = len(frame)

    def numbers(name: str, kind: type[np.generic]) -> NDArray[np.generic]:
        return frame[name].fillna(0).to_numpy().astype(kind) if name in frame else np.zeros(count, kind)

    return Lines(
        ids=frame["id"].tolist(),
        accounts=names,
        account=account,
        booking_day=booking,
        value_day=_frame_days(frame, "value_date") if "value_date" in frame else booking,
        amount=frame["amount"].to_numpy(np.int64),
        currencies=currencies,
        currency=currency,
        texts={name: _frame_texts(frame, name) for name in LINE_TEXTS if name in frame},
        reversal=numbers("reversal", np.bool_),  # type: ignore[arg-type]
        batch_count=numbers("batch_count", np.int32),  # type: ignore[arg-type]
        original_amount=numbers("original_amount", np.int64),  # type: ignore[arg-type]
    )


def book_from_frame(frame: pd.DataFrame) -> Book:
    """Columns of a frame with `id`, `account`, `date`, `amount` (integer minor units), `currency`, and `BOOK_TEXTS`."""
    names, account = _named(_frame_texts(frame, "account"))
    currencies, currency = _named(_frame_texts(frame, "currency"))
    return Book(
        ids=frame["id"].tolist(),
        accounts=names,
        account=account,
        day=_frame_days(frame, "date"),
        amount=frame["amount"].to_numpy(np.int64),
        currencies=currencies,
        currency=currency,
        texts={name: _frame_texts(frame, name) for name in BOOK_TEXTS if name in frame},
    )
