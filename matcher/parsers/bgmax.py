"""BgMax, the Swedish Bankgiro's file of incoming payments (Bankgiroinbetalningar, layout BGMAX version 01).

Fixed records of 80 characters, Latin letters of Windows-1252 or UTF-8, short records padded, tabs expanded:

    01      start: layout, version, time of writing, T for a test file
    05      opens a section: the receiver's bankgiro and plusgiro number, currency
    20, 21  a payment, a deduction (credit note): payer's bankgiro, reference, amount, kind of reference, channel, number
    22, 23  one more reference of the payment or deduction before it, with its part of the amount
    25      free text; 26 payer's name; 27 address and postal code; 28 town and country; 29 organisation number
    15      closes the section: the account, day, number, amount and currency of the deposit, number of payments
    70      end: counts of payments, deductions, extra references and deposits

A deposit is a bank line, its payments are the details, as in a camt.054: they tell what a credited sum on the statement
consists of and never add money. Sums and counts of the file are checked. Kind of reference (`extra`): 0 and 1 blank,
2 a right OCR number, 3 several references, 4 a reference that is not checked, 5 a wrong one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import BinaryIO, NamedTuple

from matcher.parsers.contract import Event, Head, LinesRead, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.records import FixedWidthReader, plain
from matcher.parsers.text import compact_date
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.money import to_text
from recon_core.domain.refused import BadDate, LimitExceeded, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementHeader, StatementKind, StatementLine

RECORD_CHARS = 80
PAYMENTS_IN_DEPOSIT_MAX = 200_000
_START = re.compile(rb"\s*01BGMAX ")
_REFERENCES = re.compile(r"[^\s,;]+")
_EXTRA_PARTS = {"27": (("address", 2, 37), ("postal code", 37, 46)), "28": (("town", 2, 37), ("country", 37, 74))}


class _BgMax:
    """The format in the registry."""

    name = "bgmax"

    def sniff(self, head: Head) -> int:
        """Sure of a start record."""
        return 100 if _START.match(plain(head.data)) else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `Unreadable` for a file that is cut off, `LimitExceeded` for a deposit too large."""
        return _Reader().read(stream, options, width=RECORD_CHARS)


class _Reference(NamedTuple):
    """One more reference and, where it is not zero, its part of the amount in minor units."""

    text: str
    minor: int


@dataclass(slots=True)
class _Payment:
    """A payment or deduction and the records that belong to it."""

    where: str
    record: str
    minor: int | None
    references: list[_Reference] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    extra: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Section:
    """What is between 05 and 15."""

    bankgiro: str
    plusgiro: str
    currency: str
    payments: list[_Payment] = field(default_factory=list)


class _Reader(FixedWidthReader):
    """The state between records."""

    def __init__(self) -> None:
        super().__init__()
        self._header = StatementHeader(format="bgmax", kind=StatementKind.NOTIFICATION)
        self._open: StatementHeader | None = None
        self._section: _Section | None = None
        self._count: Counter[str] = Counter()
        self._ended = False

    def take(self, number: int, record: str) -> None:
        """Read one record."""
        kind, where = record[:2], f"line {number}"
        if len(record.rstrip()) > RECORD_CHARS:
            self._notes.warning("record-too-long", where, f"a record of more than {RECORD_CHARS} characters.")
        if self._ended:
            self._notes.error("record-after-end", where, "a record after the end record is not read.")
        elif kind == "01":
            self._start(record, where)
        elif kind == "05":
            self._close_without_deposit(where)
            currency = record[22:25].strip() or "SEK"
            self._section = _Section(_number(record[2:12]), _number(record[12:22]), self._currency(currency, where))
        elif kind in ("20", "21"):
            self._payment(record, where)
        elif kind in ("22", "23", "25", "26", "27", "28", "29"):
            self._detail(kind, record, where)
        elif kind == "15":
            self._deposit(record, where)
        elif kind == "70":
            self._end(record, where)
        else:
            cure = "Ask for the file again."
            self._notes.error("record-unknown", where, f"a record of the unknown kind {kind!r} is not read.", cure)

    def _start(self, record: str, where: str) -> None:
        stamp = record[24:44].strip()
        self._header = self._header._replace(
            version=record[22:24].strip() or None, message_id=stamp or None, created_at=_moment(stamp)
        )
        if record[44] == "T":
            cure = "Only files with P in position 45 are real."
            self._notes.error("test-file", where, "this is a test file: no money was paid in.", cure)

    def _currency(self, code: str, where: str) -> str:
        if code in EXPONENTS:
            return code
        self._notes.error("unknown-currency", where, f"{code!r} is no ISO 4217 currency code.")
        return NO_CURRENCY

    def _payment(self, record: str, where: str) -> None:
        if self._section is None:
            self._notes.error(
                "section-missing", where, "a payment without an opening record 05.", "Ask for the file again."
            )
            self._section = _Section("", "", "SEK")
        minor = self._amount(record[37:55], where)
        if minor is not None and record[:2] == "21":
            minor = -minor
        self._section.payments.append(_Payment(where, record, minor))
        if len(self._section.payments) > PAYMENTS_IN_DEPOSIT_MAX:
            raise LimitExceeded(f"a deposit has more than {PAYMENTS_IN_DEPOSIT_MAX} payments.", where=where)
        self._count[record[:2]] += 1

    def _amount(self, digits: str, where: str) -> int | None:
        """Minor units of an amount in hundredths; a currency without decimals is unknown to Bankgirot."""
        if not re.fullmatch(r"[0-9]{18}", digits, re.ASCII) or len(digits.lstrip("0")) > 15:
            cure = "Ask for the file again."
            self._notes.error("bad-amount", where, f"{digits.strip()!r} is no amount of 18 digits.", cure)
            return None
        return int(digits)

    def _detail(self, kind: str, record: str, where: str) -> None:
        if self._section is None or not self._section.payments:
            self._notes.error("payment-missing", where, f"a record {kind} that belongs to no payment is not read.")
            return
        payment = self._section.payments[-1]
        if kind in ("22", "23"):
            self._count["22"] += 1
            payment.references.append(_Reference(record[12:37].strip(), self._amount(record[37:55], where) or 0))
        elif kind == "25":
            payment.texts.append(record[2:52].strip())
        elif kind == "26":
            payment.names += [name for name in (record[2:37].strip(), record[37:72].strip()) if name]
        elif kind == "29":
            payment.extra.append(("organisation number", _number(record[2:14])))
        else:
            texts = [(name, record[start:end].strip()) for name, start, end in _EXTRA_PARTS[kind]]
            payment.extra += [(name, " ".join(text.split())) for name, text in texts if text]

    def _deposit(self, record: str, where: str) -> None:
        """Record 15: the section becomes a bank line."""
        self._count["15"] += 1
        section = self._section or _Section("", "", "SEK")
        self._section = None
        currency = self._currency(record[68:71].strip() or section.currency, where)
        minor = self._amount(record[50:68], where)
        line = _line_of(section, where, minor, currency, self._day(record[37:45], where))._replace(
            entry_reference=record[45:50].strip() or None,
            proprietary_code=record[79].strip() or None,
            batch_count=int(record[71:79]) if record[71:79].strip().isdecimal() else None,
        )
        self._check_deposit(section, line, minor, where)
        self._tell(line, _number(record[2:37]) or None, currency)

    def _check_deposit(self, section: _Section, line: StatementLine, minor: int | None, where: str) -> None:
        parts = [payment.minor for payment in section.payments]
        total = sum(part for part in parts if part is not None)
        cure = "Ask for the file again; a payment is missing or changed."
        if minor is not None and (total != minor or None in parts):
            told = to_text(minor, line.currency), to_text(total, line.currency)
            self._notes.error(
                "batch-total-differs", where, f"the deposit is {told[0]}, its payments are {told[1]}.", cure
            )
        if line.batch_count is not None and line.batch_count != len(parts):
            message = f"the deposit counts {line.batch_count} payments, the file has {len(parts)}."
            self._notes.error("batch-count-differs", where, message, cure)

    def _day(self, digits: str, where: str) -> date | None:
        try:
            return compact_date(digits)
        except BadDate as error:
            self._notes.error(error.code, where, error.message, error.cure or "Ask for the file again.")
            return None

    def _close_without_deposit(self, where: str) -> None:
        """A section whose record 15 is missing: its payments are kept as one line of what they add up to."""
        section, self._section = self._section, None
        if section is None or not section.payments:
            return
        cure = "Ask for the file again."
        self._notes.error("deposit-missing", where, "payments without a deposit record 15 before this one.", cure)
        parts = [payment.minor for payment in section.payments]
        total = None if None in parts else sum(part or 0 for part in parts)
        self._tell(_line_of(section, where, total, section.currency, None), None, section.currency)

    def _tell(self, line: StatementLine, account: str | None, currency: str) -> None:
        """Put the line into the open statement, or open one for its account and currency."""
        if self._open is None or (self._open.account, self._open.currency) != (account, currency):
            self._end_statement()
            self._open = self._header._replace(
                account=account, account_scheme="BBAN" if account else None, currency=currency, line_count=0
            )
            self._out.append(StatementStarted(self._open))
        count = (self._open.line_count or 0) + 1
        days = [day for day in (line.booking_date, self._open.from_date, self._open.to_date) if day is not None]
        self._open = self._open._replace(
            line_count=count, from_date=min(days, default=None), to_date=max(days, default=None)
        )
        self._out.append(LinesRead([line._replace(line_index=count)]))

    def _end_statement(self) -> None:
        if self._open is not None:
            self._out += self._notes.totals()
            self._out.append(StatementEnded(self._open))
            self._open = None

    def _end(self, record: str, where: str) -> None:
        """Record 70: compare the counts."""
        self._close_without_deposit(where)
        self._ended = True
        names = (("20", "payments"), ("21", "deductions"), ("22", "extra references"), ("15", "deposits"))
        for place, (kind, what) in enumerate(names):
            stated = record[2 + 8 * place : 10 + 8 * place].strip()
            if stated and stated != str(self._count[kind]).rjust(8, "0"):
                message = f"the end record counts {stated.lstrip('0') or '0'} {what}, the file has {self._count[kind]}."
                self._notes.error("control-total-differs", where, message, "Ask for the file again.")

    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` without an end record."""
        if not self._ended:
            raise Unreadable("the file has no end record 70, so it is cut off.", cure="Fetch the file again.")
        if self._open is None:
            self._out.append(StatementStarted(self._header))
            self._open = self._header._replace(line_count=0)
        self._end_statement()


def _line_of(section: _Section, where: str, minor: int | None, currency: str, day: date | None) -> StatementLine:
    """The deposit with its payments; a single payment's fields are the line's own."""
    numbered = enumerate(section.payments, 1)
    details = tuple(_detail_of(payment, currency)._replace(line_index=n, booking_date=day) for n, payment in numbered)
    extra = [("bankgiro", section.bankgiro), ("plusgiro", section.plusgiro)]
    own = tuple(pair for pair in extra if pair[1]) + ((AMOUNT_UNKNOWN,) if minor is None else ())
    if len(details) == 1:
        (only,) = details
        rest = tuple(pair for pair in only.extra if pair != AMOUNT_UNKNOWN)
        return only._replace(amount=minor or 0, currency=currency, where=where, extra=own + rest)
    return StatementLine(0, day, None, minor or 0, currency, where=where, details=details, extra=own)


def _detail_of(payment: _Payment, currency: str) -> StatementLine:
    record = payment.record
    printed = _REFERENCES.findall(record[12:37])
    references = tuple(
        dict.fromkeys([*printed, *(reference.text for reference in payment.references if reference.text)])
    )
    extra = [("kind of reference", record[55]), ("channel", record[56])]
    extra += [(f"amount of {part.text}", to_text(part.minor, currency)) for part in payment.references if part.minor]
    if record[:2] == "21":
        extra.append(("deduction", record[70]))
    extra += payment.extra
    return StatementLine(
        line_index=0,
        booking_date=None,
        value_date=None,
        amount=payment.minor or 0,
        currency=currency,
        bank_reference=record[57:69].strip() or None,
        creditor_reference=references[0] if len(references) == 1 else None,
        document_numbers=references if len(references) > 1 else (),
        remittance="\n".join(filter(None, payment.texts)) or None,
        counterparty_name=payment.names[0] if payment.names else None,
        counterparty_account=_number(record[2:12]) or None,
        where=payment.where,
        extra=tuple(pair for pair in extra if pair[1].strip())
        + tuple(("name", name) for name in payment.names[1:])
        + ((AMOUNT_UNKNOWN,) if payment.minor is None else ()),
    )


def _number(text: str) -> str:
    """A number without the zeros that fill its field."""
    return text.strip().lstrip("0")


def _moment(stamp: str) -> datetime | None:
    """`YYYYMMDDhhmmss` and microseconds, as printed, or None."""
    if not re.fullmatch(r"[0-9]{14}[0-9]{0,6}", stamp, re.ASCII):
        return None
    try:
        # The Bankgiro prints Swedish time without a zone; it is kept as printed.
        return datetime.strptime(stamp[:14], "%Y%m%d%H%M%S").replace(microsecond=int(stamp[14:].ljust(6, "0")))  # noqa: DTZ007
    except ValueError:
        return None


FORMAT = _BgMax()
