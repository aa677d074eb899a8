"""CODA, the coded account statement of Belgian banks (Febelfin, version 2).

Fixed records of 128 characters; amounts have fifteen digits, three of them decimals, and a sign before them, 0 credit and
1 debit:

    0       header: day, bank's BIC, D for a duplicate
    1       the account: IBAN or domestic number, currency, old balance
    21      a movement: sequence and detail number, bank's reference, amount, value day, code of eight digits,
            communication (free or structured), booking day; 22 and 23 go on: customer's reference, BIC, reason of a
            return; account and name of the other party
    31-33   information about the movement
    8       new balance        4   free message        9   number of records, sums of debits and credits

A movement whose detail number is not 0000 belongs to the batch movement of the same sequence number. A structured
communication begins with its type: 101 and 102 are a reference +++010/8068/17183+++, 113 a payment by card with the
shop, 127 a direct debit with creditor and mandate. The code of eight digits is the line's proprietary code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.contract import (
    ControlTotals,
    Event,
    Head,
    ReadOptions,
    StatementEnded,
    StatementStarted,
)
from matcher.parsers.identifiers import iban, is_iban
from matcher.parsers.records import GET_AGAIN, FixedWidthReader, plain
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementHeader, StatementKind, StatementLine

RECORD_CHARS = 128
DETAILS_MAX = 100_000
_START = re.compile(rb"\s*0000[0 ][0-9]{6}[0-9]{3}05[D ]")
_NO_DETAIL = "0000"


class _Coda:
    """The format in the registry."""

    name = "coda"

    def sniff(self, head: Head) -> int:
        """Sure of a header record with its day, bank and application code 05."""
        return 95 if _START.match(plain(head.data)) else 0

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `Unreadable` for a file without an account."""
        return _Reader().read(stream, options, width=RECORD_CHARS)


class _Movement:
    """One movement while its records come: the texts of the communication and of the information."""

    def __init__(self, line: StatementLine, number: str, detail: str, *, structured: bool) -> None:
        self.line = line
        self.number = number
        self.detail = detail
        self.structured = structured
        self.communication: list[str] = []
        self.information: list[str] = []

    def finished(self) -> StatementLine:
        """The line with its texts in their fields."""
        line = self.line
        whole = "".join(self.communication).rstrip()
        if self.structured:
            line = _with_structure(line, whole)
        elif whole:
            line = line._replace(remittance=" ".join(whole.split()))
        information = " ".join(" ".join(self.information).split())
        return line._replace(additional_info=information) if information else line


def _with_structure(line: StatementLine, text: str) -> StatementLine:
    """A structured communication: three digits of type, then what the type says."""
    kind, rest = text[:3], text[3:]
    if kind in ("101", "102") and re.fullmatch(r"[0-9]{12}", rest[:12], re.ASCII):
        return line._replace(creditor_reference=rest[:12])
    if kind == "113":
        # Card of 16 digits, scheme, terminal, number, day, time and kind of the transaction; then where it was.
        name, town, reference = (" ".join(rest[at:end].split()) for at, end in ((40, 56), (56, 66), (66, 82)))
        return line._replace(
            counterparty_name=line.counterparty_name or name or None,
            remittance=" ".join(filter(None, (name, town))) or None,
            extra=(
                *line.extra,
                *((("terminal reference", reference),) if reference.strip("0") else ()),
                ("communication", text),
            ),
        )
    if kind == "127":
        creditor, mandate, words = rest[9:44].strip(), rest[44:79].strip(), " ".join(rest[79:141].split())
        return line._replace(
            mandate_id=mandate or None,
            remittance=words or None,
            extra=(*line.extra, *((("creditor", creditor),) if creditor else ()), ("communication", text)),
        )
    return line._replace(remittance=" ".join(rest.split()) or None, extra=(*line.extra, ("communication", text)))


class _Reader(FixedWidthReader):
    """The state between records: the open statement, its last movement, and the batch it may belong to."""

    def __init__(self) -> None:
        super().__init__()
        self._bank: StatementHeader = StatementHeader(format="coda", kind=StatementKind.STATEMENT)
        self._open: StatementHeader | None = None
        self._account_field = ""
        self._movement: _Movement | None = None
        self._batch: StatementLine | None = None
        self._batch_number = ""
        self._details: list[StatementLine] = []
        self._messages: list[str] = []
        self._count = self._statements = self._records = 0

    def take(self, number: int, record: str) -> None:
        """Read one record."""
        kind, where = record[:1], f"line {number}"
        self._records += kind not in "09"
        if kind == "0":
            self._start_file(record, where)
        elif kind == "1":
            self._start(record, where)
        elif kind == "9":
            self._end_file(record, where)
        elif self._open is None:
            self._notes.error(
                "record-outside", where, f"a record {record[:2]!r} outside a statement is not read.", GET_AGAIN
            )
        elif kind == "2":
            self._movement_record(record, where)
        elif kind == "3":
            self._information(record, where)
        elif kind == "8":
            self._new_balance(record, where)
        elif kind == "4":
            self._messages.append(record[32:112].strip())
        else:
            self._notes.error("record-unknown", where, f"a record of the unknown kind {kind!r} is not read.", GET_AGAIN)

    def _start_file(self, record: str, where: str) -> None:
        self._close()
        self._records = 0
        bic = record[60:71].strip()
        self._bank = StatementHeader(
            format="coda",
            kind=StatementKind.STATEMENT,
            bank_bic=bic or None,
            version=record[127].strip() or None,
            duplicate="DUPL" if record[16] == "D" else None,
            to_date=self._day_first(record[5:11], where),
        )

    def _start(self, record: str, where: str) -> None:
        self._close()
        self._statements += 1
        self._count = 0
        self._account_field = record[5:42]
        account, scheme, currency = _account(record[1], self._account_field)
        if currency is None:
            self._notes.error("currency-missing", where, "the account has no ISO 4217 currency.", GET_AGAIN)
        sequence = record[2:5]
        extra = (("holder", record[64:90].strip()), ("description", record[90:125].strip()))
        header = self._bank._replace(
            account=account,
            account_scheme=scheme,
            statement_id=record[125:128].strip() or sequence.strip() or None,
            sequence=int(sequence) if sequence.isascii() and sequence.isdecimal() else None,
            currency=currency or NO_CURRENCY,
            opening_date=self._day_first(record[58:64], where),
            extra=tuple(pair for pair in extra if pair[1]),
        )
        opening = self._amount(record[42], record[43:58], header.currency, where)
        self._open = header._replace(opening_balance=opening, from_date=header.opening_date)
        self._out.append(StatementStarted(self._open))

    def _amount(self, side: str, digits: str, currency: str | None, where: str) -> int | None:
        """Signed minor units; None and a note for what is no amount of the currency."""
        if side not in ("0", "1") or not re.fullmatch(r"[0-9]{15}", digits, re.ASCII):
            message = f"{side + digits!r} is no sign (0, 1) and amount of 15 digits."
            self._notes.error("bad-amount", where, message, GET_AGAIN)
            return None
        try:
            minor = to_minor(f"{digits[:12]}.{digits[12:]}", currency or NO_CURRENCY)
        except BadAmount as error:
            self._notes.error(error.code, where, error.message, error.cure or GET_AGAIN)
            return None
        return -minor if side == "1" else minor

    def _movement_record(self, record: str, where: str) -> None:
        if record[1] == "1":
            self._finish_movement()
            self._movement = self._new_movement(record, where)
        elif self._movement is None or record[2:10] != self._movement.number + self._movement.detail:
            message = f"a record {record[:2]} that belongs to no movement is not read."
            self._notes.error("movement-missing", where, message, GET_AGAIN)
        elif record[1] == "2":
            self._movement.communication.append(record[10:63])
            reason = record[113:117].strip()
            line = self._movement.line
            purpose = tuple(
                (name, text)
                for name, text in (("category", record[117:121]), ("purpose", record[121:125]))
                if text.strip()
            )
            self._movement.line = line._replace(
                end_to_end_id=_reference(record[63:98]),
                counterparty_bic=record[98:109].strip() or None,
                return_reason=reason or None,
                extra=(*line.extra, *purpose),
            )
        elif record[1] == "3":
            self._movement.communication.append(record[82:125])
            self._movement.line = self._movement.line._replace(
                counterparty_account=record[10:44].strip() or None, counterparty_name=record[47:82].strip() or None
            )
        else:
            self._notes.error(
                "record-unknown", where, f"a record of the unknown kind {record[:2]!r} is not read.", GET_AGAIN
            )

    def _new_movement(self, record: str, where: str) -> _Movement:
        assert self._open is not None
        currency = self._open.currency or NO_CURRENCY
        minor = self._amount(record[31], record[32:47], currency, where)
        number, detail = record[2:6], record[6:10]
        if detail == _NO_DETAIL:
            self._count += 1
        line = StatementLine(
            line_index=self._count,
            booking_date=self._day_first(record[115:121], where),
            value_date=self._day_first(record[47:53], where),
            amount=minor or 0,
            currency=currency,
            bank_reference=record[10:31].strip() or None,
            proprietary_code=record[53:61].strip() or None,
            where=where,
            extra=(AMOUNT_UNKNOWN,) if minor is None else (),
        )
        movement = _Movement(line, number, detail, structured=record[61] == "1")
        movement.communication.append(record[62:115])
        return movement

    def _information(self, record: str, where: str) -> None:
        """Records 31 to 33 follow the movement and carry its sequence number; their own detail number counts on."""
        if self._movement is None or record[2:6] != self._movement.number:
            message = f"a record {record[:2]} that belongs to no movement is not read."
            self._notes.error("movement-missing", where, message, GET_AGAIN)
            return
        begin, end = {"2": (10, 115), "3": (10, 100)}.get(record[1], (43 if record[39] == "1" else 40, 113))
        text = record[begin:end]
        if text.strip():
            self._movement.information.append(text.strip())

    def _finish_movement(self) -> None:
        """File the movement: a line, or a detail of the batch before it."""
        movement, self._movement = self._movement, None
        if movement is None:
            return
        line = movement.finished()
        if movement.detail == _NO_DETAIL:
            self._finish_batch()
            self._batch, self._batch_number = line, movement.number
        elif self._batch is not None and movement.number == self._batch_number and len(self._details) < DETAILS_MAX:
            self._details.append(line)
        elif self._batch is not None and movement.number == self._batch_number:
            self._notes.error("detail-outside", line.where or "", "a detail more than any batch has.", GET_AGAIN)
        else:
            message = "a detail belongs to no movement; it is kept as a line of its own."
            self._notes.error("detail-outside", line.where or "", message, GET_AGAIN)
            self._finish_batch()
            self._count += 1
            self._batch, self._batch_number = line._replace(line_index=self._count), ""

    def _finish_batch(self) -> None:
        """The line with its details: one detail enriches it, several are kept beside it."""
        batch, details, self._details, self._batch = self._batch, self._details, [], None
        if batch is None:
            return
        if len(details) == 1 and details[0].amount == batch.amount:
            batch = _merged(batch, details[0])
        elif details:
            indexed = tuple(line._replace(line_index=place) for place, line in enumerate(details, start=1))
            batch = batch._replace(details=indexed if len(indexed) > 1 else (), batch_count=len(indexed))
            if sum(line.amount for line in details) != batch.amount:
                message = "the details do not add up to the movement."
                self._notes.warning("details-differ", batch.where or "", message, "They add no money.")
        self._lines.append(batch)

    def _new_balance(self, record: str, where: str) -> None:
        assert self._open is not None
        header = self._open
        if record[4:38].split() != self._account_field[:34].split():
            self._notes.error("account-differs", where, "the new balance is of another account.", GET_AGAIN)
        closing = self._amount(record[41], record[42:57], header.currency, where)
        day = self._day_first(record[57:63], where)
        self._open = header._replace(closing_balance=closing, closing_date=day, to_date=day)

    def _end_file(self, record: str, where: str) -> None:
        if self._open is not None:
            sums = [
                self._amount("0", digits, self._open.currency, where) if digits.strip() else None
                for digits in (record[22:37], record[37:52])
            ]
            self._finish_movement()
            self._finish_batch()
            self._tell_lines()
            self._out.append(ControlTotals(debit_sum=sums[0], credit_sum=sums[1], where=where))
        stated = record[16:22].strip()
        if stated.isascii() and stated.isdecimal() and int(stated) != self._records:
            message = f"the end record counts {stated} records, the file has {self._records}."
            self._notes.warning("control-total-differs", where, message, "Look for missing records.")
        self._close()

    def _close(self) -> None:
        header = self._open
        if header is None:
            return
        self._finish_movement()
        self._finish_batch()
        self._tell_lines()
        self._out += self._notes.totals()
        messages = tuple(("message", text) for text in self._messages if text)
        self._messages = []
        self._out.append(StatementEnded(header._replace(line_count=self._count, extra=(*header.extra, *messages))))
        self._open = None

    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` where there was no account."""
        if self._statements == 0:
            raise Unreadable("the file has no account record.", cure=GET_AGAIN)
        if self._open is not None:
            self._notes.error("end-record-missing", "end of file", "the file has no end record 9.", GET_AGAIN)
        self._close()


def _reference(text: str) -> str | None:
    found = text.strip()
    return None if found in ("", "NOTPROVIDED", "NOT PROVIDED") else found


def _account(kind: str, field: str) -> tuple[str | None, str | None, str | None]:
    """Account, scheme and currency of a field of 37 characters.

    `kind` 0 is a Belgian number, whose last two digits prove it and make it an IBAN, 1 a foreign one, 2 and 3 are IBANs.
    """
    number, currency = (field[:12], field[13:16]) if kind == "0" else (field[:34], field[34:37])
    account = "".join(number.split()).upper()
    if kind == "0" and re.fullmatch(r"[0-9]{12}", account, re.ASCII) and _proven(account):
        account = iban("BE", account)
    known = kind in ("2", "3") or is_iban(account)
    return account or None, "IBAN" if known else None, currency if currency in EXPONENTS else None


def _proven(account: str) -> bool:
    return (int(account[:10]) % 97 or 97) == int(account[10:])


def _merged(batch: StatementLine, detail: StatementLine) -> StatementLine:
    """The batch line with what its only detail tells where it says nothing itself."""
    filled = [own if own not in (None, ()) else other for own, other in zip(batch, detail, strict=True)]
    return StatementLine._make(filled)._replace(extra=(*batch.extra, *detail.extra), batch_count=1)


FORMAT = _Coda()
