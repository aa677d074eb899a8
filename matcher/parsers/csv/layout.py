"""A profile laid over the columns of one file: the cells of a row become a bank line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from matcher.parsers.csv.profile import FIELDS, TEXT_FIELDS, Column, Profile, Words, key
from matcher.parsers.csv.table import Row
from matcher.parsers.csv.values import BLANKS, AmountStyle, calendar_day, is_day
from matcher.parsers.notes import Notes
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.refused import BadAmount, BadDate, UnknownCurrency
from recon_core.domain.statement import AMOUNT_UNKNOWN, LineStatus, StatementLine

_TEXTS = sorted(TEXT_FIELDS)


class Layout:
    """The columns of one file. `line_of` reads a row; account and currency of a row are `account_of` and the line's."""

    def __init__(self, profile: Profile, header: list[str], known_currency: str | None) -> None:
        self.profile = profile
        self.width = len(header)
        self._names = [cell.replace("\ufeff", "").strip() for cell in header]
        self._places: dict[str, int] = {}
        for place, name in enumerate(self._names):
            if name:
                self._places.setdefault(key(name), place)
        self._fields = {
            field: (column.how, self._indexes(column)) for field, column in profile.columns.items() if field in FIELDS
        }
        self._texts = [(field, *self._fields[field]) for field in _TEXTS if field in self._fields]
        numbers = [
            self._fields[field][1] for field in ("amount", "debit", "credit", "balance") if field in self._fields
        ]
        self._numbers = [place for places in numbers for place in places]
        self._account = [self._places[name] for name in profile.account.columns if name in self._places]
        self._sign = self._places.get(profile.sign.column) if profile.sign else None
        self._status = self._places.get(profile.status.column) if profile.status else None
        self._currency = profile.account.currency or known_currency or NO_CURRENCY
        used = {place for _, places in self._fields.values() for place in places} | set(self._account)
        used |= {place for place in (self._sign, self._status) if place is not None}
        self._rest = [(place, name) for place, name in enumerate(self._names) if name and place not in used]

    def _indexes(self, column: Column) -> tuple[int, ...]:
        """Places of the names that the file has; of alternatives the first, of a pair both or none."""
        found = tuple(self._places[name] for name in column.names if name in self._places)
        if column.how == "any":
            return found[:1]
        if column.how == "sign" and len(found) != 2:
            return ()
        return found

    def missing(self) -> list[str]:
        """Fields without which nothing can be read and that the file has no column for."""
        wanted = ["booking_date", *(("amount",) if "amount" in self._fields else ("debit", "credit"))]
        return [field for field in wanted if not self._fields[field][1]]

    def settle_marks(self, sample: Sequence[Row]) -> bool:
        """Take the other decimal mark where the first rows leave no doubt that the file has not the profile's one.

        Returns whether it was taken.
        """
        own = self.profile.amounts
        other = AmountStyle("," if own.decimal == "." else ".", (*BLANKS, own.decimal), own.marks)
        printed = [row.cells[place] for row in sample for place in self._numbers if place < len(row.cells)]
        marked = [cell for cell in printed if "," in cell or "." in cell]
        decisive = r"[0-9]{1,2}(?![0-9.,])"
        for style in (own, other):
            proved = any(re.search(re.escape(style.decimal) + decisive, cell) for cell in marked)
            if proved and all(map(style.reads, marked)):
                self.profile = replace(self.profile, amounts=replace(style, proved=True))
                return style is other
            if style is own and all(map(own.reads, marked)):
                break
        return False

    def _cell(self, cells: list[str], field: str) -> str:
        places = self._fields.get(field, ("", ()))[1]
        return next((cells[place] for place in places if place < len(cells) and cells[place]), "")

    def account_of(self, cells: list[str]) -> str:
        """The account of a row, without blanks and hyphens; empty where the row does not say."""
        joined = "".join(cells[place] for place in self._account if place < len(cells))
        return compact_account(joined)

    def is_broken(self, row: Row) -> bool:
        """Whether cells may stand in the wrong columns, so that nothing of the row is taken from them."""
        return row.damaged or any(row.cells[self.width :])

    def line_of(self, row: Row, *, notes: Notes) -> tuple[StatementLine, int | None] | None:
        """The line of a row and the balance after it in minor units; None for a row that is no line."""
        where = f"line {row.line}"
        cells = row.cells
        if not any(cells):
            return None
        if self.is_broken(row):
            fault = "its quotes are broken" if row.damaged else f"it has {len(cells)} cells, the header {self.width}"
            notes.error(
                "row-damaged", where, f"the row is not read because {fault}.", "Correct the row, or export anew."
            )
            return _unread(where, cells, self._currency), None
        printed_date = self._cell(cells, "booking_date")
        waiting = key(printed_date) in self.profile.pending_dates
        if lacking := self._lacks(cells, printed_date):
            notes.warning(
                "row-ignored", where, f"a row without {lacking} is no line: {' '.join(filter(None, cells))[:120]!r}."
            )
            return None
        currency = self._cell(cells, "currency").upper() or self._currency
        extra = [(name, cells[place]) for place, name in self._rest if place < len(cells) and cells[place]]
        minor, charges = self._amount(cells, currency, where, extra, notes)
        texts = {field: self._text(cells, how, places, minor) for field, how, places in self._texts}
        original = self._optional(
            cells, "original_amount", (texts.get("original_currency") or "").upper(), where, notes
        )
        line = StatementLine(
            line_index=0,
            booking_date=None if waiting else self._day(cells, "booking_date", where, notes),
            value_date=self._day(cells, "value_date", where, notes),
            amount=minor,
            currency=currency if currency in EXPONENTS else NO_CURRENCY,
            status=LineStatus.PENDING if waiting else self._status_of(cells),
            original_amount=None if original is None else abs(original) * (-1 if minor < 0 else 1),
            charges=charges,
            where=where,
            extra=tuple(extra),
            **texts,  # type: ignore[arg-type]
        )
        return line, self._optional(cells, "balance", currency, where, notes)

    def _lacks(self, cells: list[str], printed_date: str) -> str:
        """What a line has and the row has not: it has a total, a balance or a remark, above or below the lines."""
        if not printed_date:
            return "a date"
        if any(self._cell(cells, field) for field in ("amount", "debit", "credit")):
            return ""
        dated = key(printed_date) in self.profile.pending_dates or is_day(printed_date, self.profile.dates)
        return "" if dated and not self._cell(cells, "balance") else "an amount"

    def _text(self, cells: list[str], how: str, places: tuple[int, ...], minor: int) -> str | None:
        values = [cells[place] for place in places if place < len(cells)]
        if how == "sign":
            values = values[:1] if minor < 0 else values[1:]
        elif how != "join":
            return next(filter(None, values), None)
        return "\n".join(dict.fromkeys(filter(None, values))) or None

    def _day(self, cells: list[str], field: str, where: str, notes: Notes) -> date | None:
        printed = self._cell(cells, field)
        if not printed:
            return None
        try:
            return calendar_day(printed, self.profile.dates)
        except BadDate as error:
            cure = error.cure or "Check `dates` of the profile, or date the line by hand."
            notes.error(error.code, f"{where}, {self._column(field)}", error.message, cure)
            return None

    def _column(self, field: str) -> str:
        places = self._fields.get(field, ("", ()))[1]
        return self._names[places[0]] if places else field

    def _amount(
        self, cells: list[str], currency: str, where: str, extra: list[tuple[str, str]], notes: Notes
    ) -> tuple[int, int | None]:
        """Signed minor units, fee included, and the fee; 0 and a pair in `extra` where they can't be told."""
        try:
            minor = self._printed_amount(cells, currency)
            fee_printed = self._cell(cells, "fee")
            fee = self.profile.amounts.minor(fee_printed, currency) if fee_printed else 0
        except (BadAmount, UnknownCurrency) as error:
            notes.error(error.code, f"{where}, {self._column('amount')}", error.message, error.cure)
            extra += [AMOUNT_UNKNOWN, (self._column("amount"), self._cell(cells, "amount"))]
            return 0, None
        return minor - fee, fee or None

    def _printed_amount(self, cells: list[str], currency: str) -> int:
        if "amount" not in self._fields:
            return self._one_of_two(cells, currency)
        return self._signed(self.profile.amounts.minor(self._cell(cells, "amount"), currency), cells)

    def _signed(self, minor: int, cells: list[str]) -> int:
        if self.profile.invert:
            return -minor
        words = self.profile.sign
        if words is None:
            return minor
        said = key(cells[self._sign]) if self._sign is not None and self._sign < len(cells) else ""
        if said in words.first:
            return -abs(minor)
        if said in words.second:
            return abs(minor)
        raise BadAmount(f"{said[:40]!r} says neither debit nor credit.", cure="Add the word to [sign] of the profile.")

    def _one_of_two(self, cells: list[str], currency: str) -> int:
        printed = self._cell(cells, "debit"), self._cell(cells, "credit")
        debit, credit = (abs(self.profile.amounts.minor(text, currency)) if text else 0 for text in printed)
        if not any(printed) or (debit and credit):
            raise BadAmount("the row has an amount in neither or both of its two columns.")
        return credit - debit

    def _optional(self, cells: list[str], field: str, currency: str, where: str, notes: Notes) -> int | None:
        """Minor units of an amount that may be missing."""
        printed = self._cell(cells, field)
        if not printed or currency not in EXPONENTS:
            return None
        try:
            return self.profile.amounts.minor(printed, currency)
        except BadAmount as error:
            notes.warning(error.code, f"{where}, {self._column(field)}", error.message, error.cure)
            return None

    def _status_of(self, cells: list[str]) -> str:
        words: Words | None = self.profile.status
        if words is None or self._status is None or self._status >= len(cells):
            return LineStatus.BOOKED
        said = key(cells[self._status])
        return (
            LineStatus.PENDING
            if said in words.first
            else LineStatus.INFO
            if said in words.second
            else LineStatus.BOOKED
        )


def compact_account(text: str) -> str:
    """An account number without the blanks, hyphens and apostrophes that only keep it readable."""
    return "".join(text.replace("-", "").replace("'", "").split())


def _unread(where: str, cells: list[str], currency: str) -> StatementLine:
    extra = (AMOUNT_UNKNOWN, ("row", " ".join(filter(None, cells))[:2000]))
    return StatementLine(0, None, None, 0, currency, where=where, extra=extra)
