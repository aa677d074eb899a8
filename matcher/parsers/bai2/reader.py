"""Statements out of the records of a BAI2 file."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from matcher.parsers.bai2.record import TAGGED, Record, field, fields_of, is_count, split_text, summaries
from matcher.parsers.bai2.tagged import filed
from matcher.parsers.contract import ControlTotals, StatementEnded, StatementStarted
from matcher.parsers.identifiers import is_bic
from matcher.parsers.records import GET_AGAIN, RecordReader
from matcher.parsers.text import short_date
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.money import AMOUNT_MINOR_MAX, to_text
from recon_core.domain.refused import BadDate, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementHeader, StatementKind, StatementLine

MESSAGES_MAX = 100
DEFAULT_CURRENCY = "USD"
_AMOUNT = re.compile(r"([+-]?)([0-9]{1,18})", re.ASCII)
_TYPE = re.compile(r"[0-9]{3}", re.ASCII)
_CHECKS = frozenset({"395", "475"})
_MONEY_IN, _MONEY_OUT = (range(101, 400), range(920, 960)), (range(401, 700), range(960, 1000))
_NON_MONETARY = "890"
_GROUP_STATES = {"2": "a deletion", "4": "a test"}


class _Group(NamedTuple):
    """What a record 02 says of its accounts."""

    day: date | None
    currency: str | None
    kind: StatementKind
    bank: str | None
    state: str
    statement_id: str | None


class Reader(RecordReader):
    """The state between records: the file, the group, the open account, and the sums so far."""

    def __init__(self, default_currency: str | None) -> None:
        super().__init__()
        self._default_currency = default_currency
        self._group = _Group(None, None, StatementKind.STATEMENT, None, "", None)
        self._file_id: str | None = None
        self._version: str | None = None
        self._open: StatementHeader | None = None
        self._messages: list[str] = []
        self._count = self._accounts = self._sum = self._records = 0
        self._group_sum = self._group_accounts = 0
        self._account: str | None = None
        self._part = 0
        self._file_ended = True

    def take(self, record: Record) -> None:
        """Read one record."""
        code, where = record.code, record.where
        if code == "":
            self._notes.error("record-unknown", where, f"{record.parts[0][:40]!r} is no record of BAI2.", GET_AGAIN)
            return
        if code in ("01", "02", "03", "98", "99"):
            self._end_without_record(where)
        self._records += record.physical
        if code == "01":
            self._file_id, self._version = field(fields_of(record), 4), field(fields_of(record), 7)
            self._file_ended = False
        elif code == "02":
            self._start_group(fields_of(record), where)
        elif code == "03":
            self._start(fields_of(record), record)
        elif code in ("98", "99"):
            self._end_group(fields_of(record), code, where)
        elif self._open is None:
            self._notes.error("record-outside", where, f"a record {code} outside an account is not read.", GET_AGAIN)
        elif code == "16":
            self._movement(record)
        else:
            self._end(fields_of(record), where)

    def _start_group(self, fields: list[str], where: str) -> None:
        """Record 02."""
        self._group_sum = self._group_accounts = 0
        self._account = None
        state, currency = field(fields, 2) or "1", field(fields, 5)
        if currency is not None and currency not in EXPONENTS:
            self._notes.error("bad-currency", where, f"{currency[:10]!r} is no currency of ISO 4217.", GET_AGAIN)
            currency = None
        self._group = _Group(
            day=self._day(field(fields, 3), where),
            currency=currency,
            kind=StatementKind.REPORT if field(fields, 6) in ("1", "3") else StatementKind.STATEMENT,
            bank=field(fields, 1),
            state=_GROUP_STATES.get(state, ""),
            statement_id="/".join(filter(None, (field(fields, 3), self._file_id))) or None,
        )

    def _start(self, fields: list[str], record: Record) -> None:
        """Record 03: account, currency, balances and sums."""
        where, group = record.where, self._group
        self._accounts += 1
        self._group_accounts += 1
        self._count = self._sum = 0
        self._records = record.physical
        currency = field(fields, 1) or group.currency or self._default_currency or DEFAULT_CURRENCY
        previous, self._account = self._account, field(fields, 0)
        self._part = self._part + 1 if previous == self._account else 1
        header = StatementHeader(
            format="bai2",
            kind=group.kind,
            account=self._account,
            statement_id=group.statement_id,
            sequence=self._part if self._part > 1 else None,
            from_date=group.day,
            to_date=group.day,
            currency=currency if currency in EXPONENTS else NO_CURRENCY,
            bank_bic=group.bank if group.bank and is_bic(group.bank) else None,
            version=self._version,
            extra=(("bank", group.bank),) if group.bank else (),
        )
        told: dict[str, int] = {}
        items: dict[str, int] = {}
        for kind, text, number in summaries(fields[2:]):
            if not _TYPE.fullmatch(kind):
                self._notes.error("bad-type", where, f"{kind[:10]!r} is no type of three digits.", GET_AGAIN)
            elif text and (amount := self._amount(text, where)) is not None:
                self._sum += amount
                told[kind] = amount
                if is_count(number):
                    items[kind] = int(number)
        self._open = header._replace(
            opening_balance=told.get("010"),
            opening_date=group.day if "010" in told else None,
            closing_balance=told.get("015"),
            closing_date=group.day if "015" in told else None,
            available_balance=told.get("045"),
        )
        self._out.append(StatementStarted(self._open))
        if header.account is None:
            self._notes.error("account-missing", where, "the record 03 names no account.", GET_AGAIN)
        if header.currency == NO_CURRENCY:
            self._notes.error("bad-currency", where, f"{currency[:10]!r} is no currency of ISO 4217.", GET_AGAIN)
        if group.state:
            self._notes.error("group-not-final", where, f"the bank marks the group as {group.state}.", "Don't book it.")
        if "100" in told or "400" in told:
            self._out.append(
                ControlTotals(
                    credit_sum=told.get("100"),
                    credit_count=items.get("100"),
                    debit_sum=abs(told["400"]) if "400" in told else None,
                    debit_count=items.get("400"),
                    where=where,
                )
            )

    def _day(self, text: str | None, where: str) -> date | None:
        if text is None or not text.strip("0"):
            return None
        try:
            return short_date(text[2:] if len(text) == 8 and text[:2] == "20" else text)
        except BadDate:
            self._notes.error("bad-date", where, f"{text!r} is no day (YYMMDD).", GET_AGAIN)
            return None

    def _amount(self, text: str, where: str) -> int | None:
        """Minor units as printed; None and a note for what is no amount."""
        found = _AMOUNT.fullmatch(text)
        if found is None or int(found[2]) >= AMOUNT_MINOR_MAX:
            self._notes.error("bad-amount", where, f"{text[:40]!r} is no amount of digits alone.", GET_AGAIN)
            return None
        return -int(found[2]) if found[1] == "-" else int(found[2])

    def _movement(self, record: Record) -> None:
        """Record 16."""
        assert self._open is not None
        head, text = split_text(record)
        kind, where = head.kind, record.where
        if kind == _NON_MONETARY:
            if len(self._messages) < MESSAGES_MAX:
                self._messages.append(text)
            return
        printed = self._amount(head.amount, where)
        self._sum += printed or 0
        side = _side(kind)
        if side == 0 and printed is not None:
            message = f"the type {kind[:10]!r} does not tell whether money came or went."
            self._notes.error("bad-type", where, message, "Ask the bank what the type means.")
        known = side != 0 and printed is not None
        self._count += 1
        customer = head.customer_reference
        line = StatementLine(
            line_index=self._count,
            booking_date=self._group.day,
            value_date=self._day(head.value_day, where),
            amount=side * (printed or 0),
            currency=self._open.currency or NO_CURRENCY,
            bank_reference=head.bank_reference,
            proprietary_code=kind or None,
            end_to_end_id=None if kind in _CHECKS else customer,
            check_number=customer if kind in _CHECKS else None,
            remittance=text or None,
            where=where,
            extra=(*((("funds", head.funds),) if head.funds else ()), *(() if known else (AMOUNT_UNKNOWN,))),
        )
        self._lines.append(filed(line) if TAGGED.search(text) else line)

    def _end(self, fields: list[str], where: str) -> None:
        """Record 49: the sum of all amounts as they are printed, and the number of records."""
        assert self._open is not None
        stated = self._amount(field(fields, 0) or "", where)
        self._group_sum += stated or 0
        if stated is not None and stated != self._sum:
            currency = self._open.currency or NO_CURRENCY
            figures = (to_text(stated, currency), to_text(self._sum, currency))
            message = f"the end record states {figures[0]} as the sum of all amounts, the records have {figures[1]}."
            self._notes.error("control-total-differs", where, message, "Look for missing records.")
        self._compare(field(fields, 1), self._records, "records", where)
        self._close()

    def _compare(self, stated: str | None, found: int, what: str, where: str) -> None:
        if stated is not None and is_count(stated) and int(stated) != found:
            message = f"the end record counts {stated} {what}, the file has {found}."
            self._notes.warning("control-total-differs", where, message, "Look for missing records.")

    def _end_group(self, fields: list[str], code: str, where: str) -> None:
        """Records 98 and 99."""
        if code == "99":
            self._file_ended = True
            return
        self._compare(field(fields, 1), self._group_accounts, "accounts", where)
        stated = _AMOUNT.fullmatch(field(fields, 0) or "")
        if stated and int(stated[0]) != self._group_sum:
            message = f"the end record states {int(stated[0])} as the sum of the accounts, they have {self._group_sum}."
            self._notes.warning("control-total-differs", where, message, "Look for missing accounts.")

    def _close(self) -> None:
        header = self._open
        assert header is not None
        self._tell_lines()
        self._out += self._notes.totals()
        messages = tuple(("message", text) for text in self._messages if text)
        self._messages = []
        self._out.append(StatementEnded(header._replace(line_count=self._count, extra=(*header.extra, *messages))))
        self._open = None

    def _end_without_record(self, where: str) -> None:
        if self._open is not None:
            self._notes.error("end-record-missing", where, "the account before has no end record 49.", GET_AGAIN)
            self._close()

    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` where there was no account."""
        if self._accounts == 0:
            raise Unreadable("the file has no account.", cure=GET_AGAIN)
        self._end_without_record("end of file")
        if not self._file_ended:
            self._notes.warning("end-record-missing", "end of file", "the file has no end record 99.", GET_AGAIN)


def _side(kind: str) -> int:
    """1 for a type of money that came, -1 for one that went, 0 for any other."""
    number = int(kind) if _TYPE.fullmatch(kind) else 0
    if any(number in numbers for numbers in _MONEY_IN):
        return 1
    return -1 if any(number in numbers for numbers in _MONEY_OUT) else 0
