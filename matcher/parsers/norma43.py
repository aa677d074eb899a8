"""Norma 43 (Cuaderno 43 of the Spanish AEB/CSB), the account statement of Spanish banks.

Fixed records of 80 characters, short ones padded; amounts have 14 digits, two of them decimals, 1 is debit and 2 credit:

    11      an account: bank, office, number; period, opening balance, currency (ISO 4217 number), short name
    22      a movement: office, booking and value day, common and own concept, amount, document, two references
    23      up to five more texts of the movement, twice 38 characters
    24      the movement's amount in its original currency
    33      end of the account: count and sum of debits and credits, closing balance
    88      end of the file: number of records; programs differ in what they count, so a difference is only a warning

The account is given as IBAN: the check digits that the file leaves out follow from bank, office and number. The common
concept (01 to 17, 98, 99) and the bank's own one are the line's proprietary code, "12/408".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from matcher.parsers.contract import (
    ControlTotals,
    Event,
    Head,
    ReadOptions,
    StatementEnded,
    StatementStarted,
)
from matcher.parsers.identifiers import iban
from matcher.parsers.records import GET_AGAIN, FixedWidthReader, plain
from matcher.parsers.text import short_date
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, BadDate, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementHeader, StatementKind, StatementLine

RECORD_CHARS = 80
_START = re.compile(rb"\s*11[0-9]{8}[0-9 ]{10}[0-9]{12}[12][0-9]{14}[0-9]{3}[1-3 ]")
# ISO 4217 numbers of the currencies in which Spanish banks keep accounts.
_NUMBERS = (
    "978 EUR 840 USD 826 GBP 756 CHF 392 JPY 752 SEK 578 NOK 208 DKK 124 CAD 036 AUD 554 NZD 985 PLN 203 CZK 348 HUF "
    "946 RON 975 BGN 949 TRY 643 RUB 504 MAD 484 MXN 986 BRL 032 ARS 152 CLP 170 COP 604 PEN 858 UYU 156 CNY 344 HKD "
    "702 SGD 710 ZAR 356 INR 376 ILS 784 AED 682 SAR 414 KWD 352 ISK 724 ESP 250 FRF 276 DEM 380 ITL 620 PTE"
)
_CURRENCIES = dict(zip(_NUMBERS.split()[::2], _NUMBERS.split()[1::2], strict=True))


class _Norma43:
    """The format in the registry."""

    name = "norma43"

    def sniff(self, head: Head) -> int:
        """Sure of a record 11 with digits where there are digits."""
        return 95 if _START.match(plain(head.data)) else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `Unreadable` for a file that ends within an account."""
        return _Reader().read(stream, options, width=RECORD_CHARS)


class _Reader(FixedWidthReader):
    """The state between records: the open account, and its last movement, which may go on."""

    def __init__(self) -> None:
        super().__init__()
        self._open: StatementHeader | None = None
        self._movement: StatementLine | None = None
        self._texts: list[str] = []
        self._records = self._accounts = self._count = 0
        self._ended = False

    def take(self, number: int, record: str) -> None:
        """Read one record."""
        kind, where = record[:2], f"line {number}"
        self._records += kind != "88"
        if self._ended:
            self._notes.error("record-after-end", where, "a record after the end record is not read.", GET_AGAIN)
        elif kind == "11":
            self._start(record, where)
        elif kind == "88":
            self._end_file(record, where)
        elif self._open is None:
            self._notes.error("record-outside", where, f"a record {kind!r} outside an account is not read.", GET_AGAIN)
        elif kind == "22":
            self._finish_movement()
            self._movement = self._line(record, where, self._open)
        elif kind in ("23", "24"):
            self._more(kind, record, where)
        elif kind == "33":
            self._end(record, where)
        else:
            self._notes.error("record-unknown", where, f"a record of the unknown kind {kind!r} is not read.", GET_AGAIN)

    def _start(self, record: str, where: str) -> None:
        self._end_without_record(where)
        bank, office, number = record[2:6], record[6:10], record[10:20]
        currency = _CURRENCIES.get(record[47:50])
        if currency is None:
            self._notes.error("unknown-currency", where, f"{record[47:50]!r} is no known ISO 4217 number.", GET_AGAIN)
        header = StatementHeader(
            format="norma43",
            kind=StatementKind.STATEMENT,
            account=_iban(bank, office, number) or f"{bank}{office}{number}".strip(),
            account_scheme="IBAN" if _iban(bank, office, number) else None,
            from_date=self._day(record[20:26], where),
            to_date=self._day(record[26:32], where),
            currency=currency or NO_CURRENCY,
            extra=tuple(
                pair
                for pair in (("bank", bank), ("office", office), ("account", number), ("name", record[51:77].strip()))
                if pair[1].strip()
            ),
        )
        opening = self._amount(record[32], record[33:47], header, where)
        self._open = header._replace(opening_balance=opening, opening_date=header.from_date)
        self._accounts += 1
        self._count = 0
        self._out.append(StatementStarted(self._open))

    def _day(self, digits: str, where: str) -> date | None:
        if not digits.strip("0 "):
            return None
        try:
            return short_date(digits)
        except BadDate as error:
            self._notes.error(error.code, where, error.message, error.cure or GET_AGAIN)
            return None

    def _amount(self, side: str, digits: str, header: StatementHeader, where: str) -> int | None:
        """Signed minor units; None and a note where side or digits are none."""
        currency = header.currency or NO_CURRENCY
        if side not in ("1", "2") or not re.fullmatch(r"[0-9]{14}", digits, re.ASCII):
            message = f"{side + digits!r} is no side (1, 2) and amount of 14 digits."
            self._notes.error("bad-amount", where, message, GET_AGAIN)
            return None
        try:
            minor = to_minor(f"{digits[:-2]}.{digits[-2:]}", currency)
        except BadAmount as error:
            self._notes.error(error.code, where, error.message, error.cure)
            return None
        return -minor if side == "1" else minor

    def _closing(self, record: str, header: StatementHeader, where: str) -> int | None:
        """The closing balance; some programs print 0 as its side and mean credit, which the lines prove."""
        side = record[58]
        if side == "0":
            message = "the closing balance is neither debit nor credit; it is read as credit."
            self._notes.warning("balance-side-missing", where, message, "The lines prove it or not.")
            side = "2"
        return self._amount(side, record[59:73], header, where)

    def _line(self, record: str, where: str, header: StatementHeader) -> StatementLine:
        minor = self._amount(record[27], record[28:42], header, where)
        self._count += 1
        document, first, second = (_filled(record[start:end]) for start, end in ((42, 52), (52, 64), (64, 80)))
        office = _filled(record[6:10])
        return StatementLine(
            line_index=self._count,
            booking_date=self._day(record[10:16], where),
            value_date=self._day(record[16:22], where),
            amount=minor or 0,
            currency=header.currency or NO_CURRENCY,
            proprietary_code=f"{record[22:24].strip()}/{record[24:27].strip()}".strip("/") or None,
            creditor_reference=first,
            transaction_id=second,
            document_numbers=(document,) if document else (),
            where=where,
            extra=((("office", office),) if office else ()) + ((AMOUNT_UNKNOWN,) if minor is None else ()),
        )

    def _more(self, kind: str, record: str, where: str) -> None:
        movement = self._movement
        if movement is None or self._open is None:
            self._notes.error(
                "movement-missing", where, f"a record {kind} that belongs to no movement is not read.", GET_AGAIN
            )
        elif kind == "23":
            first, second = record[4:42], record[42:80]
            # A word may run on from the first text into the second.
            between = "" if first.rstrip() == first and second[:1].strip() else " "
            text = f"{first.strip()}{between}{second.strip()}".strip()
            if text:
                self._texts.append(text)
        else:
            currency = _CURRENCIES.get(record[4:7])
            if currency is not None and record[7:21].strip("0 "):
                side = "1" if movement.amount < 0 else "2"
                original = self._amount(side, record[7:21], self._open._replace(currency=currency), where)
                self._movement = movement._replace(original_amount=original, original_currency=currency)

    def _finish_movement(self) -> None:
        if self._movement is not None:
            self._lines.append(self._movement._replace(remittance="\n".join(self._texts) or None))
            self._movement, self._texts = None, []

    def _end(self, record: str, where: str) -> None:
        """Record 33: totals and closing balance."""
        assert self._open is not None
        header = self._open
        self._finish_movement()
        self._tell_lines()
        debits = self._amount("2", record[25:39], header, where)
        credits_ = self._amount("2", record[44:58], header, where)
        self._out.append(
            ControlTotals(
                debit_count=_count(record[20:25]),
                debit_sum=debits,
                credit_count=_count(record[39:44]),
                credit_sum=credits_,
                where=where,
            )
        )
        if record[2:20] != "".join(dict(header.extra).get(name, "") for name in ("bank", "office", "account")):
            self._notes.error(
                "account-differs", where, "the end record is of another account than the movements.", GET_AGAIN
            )
        closing = self._closing(record, header, where)
        self._close(header._replace(closing_balance=closing, closing_date=header.to_date))

    def _close(self, header: StatementHeader) -> None:
        self._out += self._notes.totals()
        self._out.append(StatementEnded(header._replace(line_count=self._count)))
        self._open = None

    def _end_without_record(self, where: str) -> None:
        """An account whose record 33 is missing: it has no closing balance."""
        if self._open is None:
            return
        self._finish_movement()
        self._tell_lines()
        self._notes.error(
            "end-record-missing", where, "the account before this record has no end record 33.", GET_AGAIN
        )
        self._close(self._open)

    def _end_file(self, record: str, where: str) -> None:
        self._end_without_record(where)
        self._ended = True
        stated = _count(record[20:26])
        if stated is not None and stated != self._records:
            message = f"the end record counts {stated} records, the file has {self._records}."
            self._notes.warning("control-total-differs", where, message, "The totals of each account are what counts.")

    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` within an account or where there was none."""
        if self._open is not None or self._accounts == 0:
            raise Unreadable("the file ends within an account, so it is cut off.", cure="Fetch the file again.")
        if not self._ended:
            self._notes.error("end-record-missing", "end of file", "the file has no end record 88.", GET_AGAIN)


def _filled(text: str) -> str | None:
    """A field's text, or None where it is empty or only zeros."""
    return text.strip() if text.strip("0 ") else None


def _count(digits: str) -> int | None:
    return int(digits) if re.fullmatch(r"[0-9]+", digits, re.ASCII) else None


def _iban(bank: str, office: str, number: str) -> str | None:
    """The IBAN of a Spanish account, or None if a part is no number.

    Two check digits of weights 1, 2, 4, 8, 5, 10, 9, 7, 3, 6 modulo 11 stand between office and number (CCC), two more
    of ISO 13616 after the country.
    """
    if not re.fullmatch(r"[0-9]{18}", bank + office + number, re.ASCII):
        return None

    def check(digits: str) -> str:
        rest = (
            11
            - sum(int(digit) * weight for digit, weight in zip(digits, (1, 2, 4, 8, 5, 10, 9, 7, 3, 6), strict=True))
            % 11
        )
        return {10: "1", 11: "0"}.get(rest, str(rest))

    return iban("ES", f"{bank}{office}{check(f'00{bank}{office}')}{check(number)}{number}")


FORMAT = _Norma43()
