"""CFONB 120, the account statement of French banks (Comité français d'organisation et de normalisation bancaires).

Fixed records of 120 characters; the last digit of an amount carries its sign (`{` and A to I are plus 0 to 9, `}` and J
to R minus), its decimals stand beside the currency:

    01      the account on a day: bank, branch, currency, number, old balance
    04      a movement: internal and interbank code, booking and value day, reason of a rejection, label, number of the
            entry, amount, reference
    05      more about the movement before it, by a qualifier: LIB text, NPY and NBE the other party, NPO and NBU the
            ultimate one, LCC, LC2 and LCS remittance, RCN the customer's reference, REF the bank's, RUM the mandate, MMO
            the original amount, FEE charges, IBE and IPY identifiers
    07      the account on the day after its last movement: new balance

The account is given as IBAN: the keys that the file leaves out follow from bank, branch and number. The codes are the
line's proprietary code, "B1/6772".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from matcher.parsers.contract import Event, Head, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.identifiers import iban
from matcher.parsers.records import GET_AGAIN, FixedWidthReader, plain
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY, exponent
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementHeader, StatementKind, StatementLine

RECORD_CHARS = 120
_START = re.compile(rb"\s*01[0-9A-Z]{5}[ 0]{4}[0-9A-Z]{5}[A-Z ]{3}[0-9 ].[0-9A-Z ]{11}..[0-9]{6}")
_AMOUNT = re.compile(r"([0-9]{13})([{}A-R])", re.ASCII)
_ORIGINAL = re.compile(r"([A-Z]{3})([0-9])([0-9]{14})(?:([0-9])([0-9 ]{7}[0-9]{4}))?", re.ASCII)
_SIGNED_DIGITS = {
    sign: (digit, value) for digit, row in ((1, "{ABCDEFGHI"), (-1, "}JKLMNOPQR")) for value, sign in enumerate(row)
}
_CHEQUE = frozenset({"01", "02"})
_at = StatementLine._fields.index
# Qualifier of record 05 to the field that its text fills; the others are kept.
_FIELDS = {
    "NPY": _at("counterparty_name"),
    "NBE": _at("counterparty_name"),
    "NPO": _at("ultimate_counterparty"),
    "NBU": _at("ultimate_counterparty"),
    "LCS": _at("creditor_reference"),
    "RCN": _at("end_to_end_id"),
    "REF": _at("bank_reference"),
    "RUM": _at("mandate_id"),
}
# An identifier has 35 characters; what stands behind it, a purpose or a sequence type, is kept.
_IDENTIFIERS = frozenset({"RCN", "RUM"})
_IDENTIFIER_CHARS = 35


class _Cfonb120:
    """The format in the registry."""

    name = "cfonb120"

    def sniff(self, head: Head) -> int:
        """Sure of a record 01 with bank, branch, account and day where they belong."""
        return 90 if _START.match(plain(head.data)) else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `Unreadable` for a file without an account."""
        return _Reader(options.currency).read(stream, options, width=RECORD_CHARS)


class _Movement(NamedTuple):
    """A movement and the texts of its records 05 by qualifier."""

    line: StatementLine
    texts: dict[str, list[str]]


class _Reader(FixedWidthReader):
    """The state between records: the open account, and its last movement, which may go on."""

    def __init__(self, default_currency: str | None) -> None:
        super().__init__()
        self._default_currency = default_currency
        self._open: StatementHeader | None = None
        self._old: tuple[str, str] | None = None
        self._movement: _Movement | None = None
        self._count = self._accounts = 0

    def take(self, number: int, record: str) -> None:
        """Read one record."""
        kind, where = record[:2], f"line {number}"
        if kind == "01":
            self._end_without_record(where)
            self._open = StatementHeader(format="cfonb120", kind=StatementKind.STATEMENT)
            self._old = (record, where)
            self._accounts += 1
            self._count = 0
        elif self._open is None:
            self._notes.error("record-outside", where, f"a record {kind!r} outside an account is not read.", GET_AGAIN)
        elif kind == "04":
            self._start(record)
            self._finish_movement()
            self._movement = _Movement(self._line(record, where), {})
        elif kind == "05":
            self._more(record, where)
        elif kind == "07":
            self._start(record)
            self._end(record, where)
        else:
            self._notes.error("record-unknown", where, f"a record of the unknown kind {kind!r} is not read.", GET_AGAIN)

    def _start(self, record: str) -> None:
        """Tell of the account once its currency is known: banks may name it only in the movements."""
        if self._old is None:
            return
        old, where = self._old
        self._old = None
        currency = next(
            (code for code in (old[16:19], record[16:19], self._default_currency) if code in EXPONENTS), None
        )
        if currency is None:
            self._notes.error("currency-missing", where, "the account has no currency.", "Name it when reading.")
        number = _iban(old[2:7], old[11:16], old[21:32])
        header = StatementHeader(
            format="cfonb120",
            kind=StatementKind.STATEMENT,
            account=number or f"{old[2:7]}{old[11:16]}{old[21:32]}".strip(),
            account_scheme="IBAN" if number else None,
            from_date=self._day_first(old[34:40], where),
            currency=currency or NO_CURRENCY,
            extra=(("bank", old[2:7]), ("branch", old[11:16]), ("account", old[21:32].strip())),
        )
        opening = self._amount(old[90:104], old[19], header.currency, where)
        self._open = header._replace(opening_balance=opening, opening_date=header.from_date)
        self._out.append(StatementStarted(self._open))

    def _amount(self, text: str, decimals: str, currency: str | None, where: str) -> int | None:
        """Signed minor units; None and a note for what is no amount."""
        found = _AMOUNT.fullmatch(text)
        if found is None:
            self._notes.error("bad-amount", where, f"{text!r} is no amount of 14 digits with a sign.", GET_AGAIN)
            return None
        sign, last = _SIGNED_DIGITS[found[2]]
        places = int(decimals) if decimals.isascii() and decimals.isdecimal() else exponent(currency or NO_CURRENCY)
        digits = f"{found[1]}{last}"
        try:
            minor = to_minor(f"{digits[: 14 - places]}.{digits[14 - places :]}", currency or NO_CURRENCY)
        except BadAmount as error:
            self._notes.error(error.code, where, error.message, error.cure or GET_AGAIN)
            return None
        return sign * minor

    def _line(self, record: str, where: str) -> StatementLine:
        assert self._open is not None
        currency = self._open.currency or NO_CURRENCY
        if record[16:19] in EXPONENTS and record[16:19] != currency:
            message = f"the movement is in {record[16:19]}, the account in {currency}."
            self._notes.error("line-currency-differs", where, message, GET_AGAIN)
        minor = self._amount(record[90:104], record[19], currency, where)
        self._count += 1
        entry = record[81:88].strip("0 ")
        interbank, internal = record[32:34].strip(), record[7:11].strip()
        return StatementLine(
            line_index=self._count,
            booking_date=self._day_first(record[34:40], where),
            value_date=self._day_first(record[42:48], where),
            amount=minor or 0,
            currency=currency,
            bank_reference=record[104:120].strip() or None,
            proprietary_code=f"{interbank}/{internal}".strip("/") or None,
            check_number=entry if interbank in _CHEQUE and entry else None,
            return_reason=record[40:42].strip() or None,
            additional_info=record[48:79].strip() or None,
            where=where,
            extra=((("entry", entry),) if entry else ()) + ((AMOUNT_UNKNOWN,) if minor is None else ()),
        )

    def _more(self, record: str, where: str) -> None:
        if self._movement is None:
            self._notes.error(
                "movement-missing", where, "a record 05 that belongs to no movement is not read.", GET_AGAIN
            )
            return
        text = record[48:118]
        if text.strip():
            self._movement.texts.setdefault(record[45:48].strip(), []).append(text)

    def _finish_movement(self) -> None:
        """The movement with its texts: the remittance of a transfer, else the label and the bank's texts."""
        if self._movement is None:
            return
        line, texts = self._movement
        self._movement = None
        remittance = _words(texts.pop("LCC", []) + texts.pop("LC2", []))
        words = "\n".join(filter(None, (line.additional_info, *(_words([text]) for text in texts.pop("LIB", [])))))
        if remittance:
            line = line._replace(remittance=remittance, additional_info=words or None)
        else:
            line = line._replace(remittance=words or None, additional_info=None)
        for qualifier, found in texts.items():
            line = self._filed(line, qualifier, "".join(found).strip())
        self._lines.append(line)

    def _filed(self, line: StatementLine, qualifier: str, text: str) -> StatementLine:
        original = _ORIGINAL.match(text)
        if qualifier in ("MMO", "FEE") and original and original[1] in EXPONENTS:
            places = int(original[2])
            digits = original[3]
            try:
                minor = to_minor(f"{digits[: 14 - places]}.{digits[14 - places :]}", original[1])
            except BadAmount:
                minor = None
            if minor is not None and qualifier == "MMO":
                signed = -minor if line.amount < 0 else minor
                line = line._replace(original_amount=signed, original_currency=original[1])
                return line._replace(exchange_rate=_rate(original[5], int(original[4]))) if original[5] else line
            if minor is not None and original[1] == line.currency:
                return line._replace(charges=minor)
        place = _FIELDS.get(qualifier)
        if place is not None and line[place] is None:
            behind = text[_IDENTIFIER_CHARS:].strip() if qualifier in _IDENTIFIERS else ""
            filled = text[:_IDENTIFIER_CHARS].strip() if qualifier in _IDENTIFIERS else _words([text])
            line = StatementLine._make((*line[:place], filled, *line[place + 1 :]))
            return line._replace(extra=(*line.extra, (f"{qualifier} 36", behind))) if behind else line
        return line._replace(extra=(*line.extra, (qualifier or "05", text)))

    def _end(self, record: str, where: str) -> None:
        """Record 07: the new balance."""
        assert self._open is not None
        header = self._open
        if dict(header.extra)["account"] != record[21:32].strip():
            message = "the end record is of another account than the movements."
            self._notes.error("account-differs", where, message, GET_AGAIN)
        closing = self._amount(record[90:104], record[19], header.currency, where)
        day = self._day_first(record[34:40], where)
        self._close(header._replace(closing_balance=closing, closing_date=day, to_date=day))

    def _close(self, header: StatementHeader) -> None:
        self._finish_movement()
        self._tell_lines()
        self._out += self._notes.totals()
        self._out.append(StatementEnded(header._replace(line_count=self._count)))
        self._open = None

    def _end_without_record(self, where: str) -> None:
        """An account whose record 07 is missing: it has no closing balance."""
        if self._open is None:
            return
        self._start("")
        self._notes.error(
            "end-record-missing", where, "the account before this record has no end record 07.", GET_AGAIN
        )
        self._close(self._open)

    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` where there was no account."""
        if self._accounts == 0:
            raise Unreadable("the file has no account.", cure=GET_AGAIN)
        self._end_without_record("end of file")


def _rate(digits: str, places: int) -> str | None:
    """An exchange rate as text, None for zeros."""
    rate = Decimal(digits.strip() or 0).scaleb(-places).normalize()
    return f"{rate:f}" if rate else None


def _words(texts: list[str]) -> str:
    """Texts of fields that go on from one record to the next without a blank between."""
    return " ".join("".join(texts).split())


def _iban(bank: str, branch: str, number: str) -> str | None:
    """The IBAN of a French account, or None if a part is not filled.

    The RIB key is 97 less (89 bank + 15 branch + 3 number) modulo 97, where letters count A to I, J to R and S to Z as 1
    to 9, 1 to 9 and 2 to 9; then the check digits of ISO 13616.
    """
    parts = f"{bank}{branch}{number}"
    if not re.fullmatch(r"[0-9]{10}[0-9A-Z]{11}", parts, re.ASCII):
        return None
    figures = "".join(
        letter if letter.isdecimal() else str((int(letter, 36) - 10 + (letter > "R")) % 9 + 1) for letter in parts
    )
    key = 97 - (89 * int(figures[:5]) + 15 * int(figures[5:10]) + 3 * int(figures[10:])) % 97
    return iban("FR", f"{parts}{key:02}")


FORMAT = _Cfonb120()
