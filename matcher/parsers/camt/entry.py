"""One entry: `Ntry` of a report, statement or notification to a `StatementLine` with its details (domain 2.4, 2.5)."""

from __future__ import annotations

from datetime import date
from xml.etree.ElementTree import Element

from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.lines import Batch, check_batch, children, compose, difference, is_one_of_many
from matcher.parsers.camt.tags import Extra, LocalNames, Slots, clean, keep, slots
from matcher.parsers.camt.transaction import (
    BANK,
    NO_CHARGES,
    NO_TRANSACTION,
    NOT_FOREIGN,
    Common,
    Transaction,
    TransactionReader,
    is_true,
)
from matcher.parsers.text import iso_date
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import BadAmount, InputError
from recon_core.domain.statement import AMOUNT_UNKNOWN, LineStatus, StatementLine

_ENTRY = slots(
    [
        "NtryRef", "Amt", "CdtDbtInd", "RvslInd", "Sts", "BookgDt", "ValDt", "AcctSvcrRef", "BkTxCd", "AmtDtls",
        "AddtlNtryInf", "Chrgs", "NtryDtls", "Btch", "TxDtls",
    ]
)  # fmt: skip
REF, AMT, DIRECTION, REVERSAL, STATUS, BOOKED, VALUE, BANK_REF, CODES, AMOUNTS, INFO, CHARGES = range(1, 13)
DETAILS, BATCH, TRANSACTION = range(13, 16)
_BATCH = slots(["MsgId", "PmtInfId", "NbOfTxs", "TtlAmt"])
_STATUSES = {
    "BOOK": LineStatus.BOOKED,
    "PDNG": LineStatus.PENDING,
    "INFO": LineStatus.INFO,
    "FUTR": LineStatus.FUTURE,
}


class EntryReader:
    """Reads the entries of one statement after the other; holds the tables of tags of one file."""

    def __init__(self, names: LocalNames) -> None:
        self._names = names
        self._entry = Slots(_ENTRY)
        self._batch = Slots(_BATCH)
        self.transactions = TransactionReader(names)
        self.currency: str | None = None
        self.status_unless_said = LineStatus.INFO
        self.diagnostics: list[Diagnostic] = []

    def read(self, entry: Element, index: int, where: str) -> StatementLine:
        """The line of one entry. What is wrong with it goes to `diagnostics`; the line is always returned."""
        parts: list[Element | None] = [None] * 16
        transactions: list[Element] = []
        chargings: list[Element] = []
        extra: Extra = []
        batch: Batch | None = None
        for child in entry:
            slot = self._entry[child.tag]
            if slot == 0:
                keep(child, self._names[child.tag], self._names, extra)
            elif slot < CHARGES:
                parts[slot] = child
            elif slot == DETAILS:
                batch = self._details(child, transactions, batch, extra, where)
            elif slot == TRANSACTION:
                transactions.append(child)
            elif slot == CHARGES:
                chargings.append(child)
            else:
                batch = self._batch_of(child, batch or Batch(), extra, where)
        odd: list[InputError] = []
        common = self._common(parts, extra, odd, where)
        foreign, charges, single = NOT_FOREIGN, NO_CHARGES, NO_TRANSACTION
        if (amounts := parts[AMOUNTS]) is not None:
            foreign = self.transactions.amounts(None, amounts, common.currency, extra, odd)[1]
        if chargings:
            charges = self.transactions.charged(chargings, common.currency, extra, odd)
        details: tuple[StatementLine, ...] = ()
        read = [self.transactions.read(found, common, odd) for found in transactions]
        if len(read) == 1 and not is_one_of_many(read[0], batch, common.amount):
            single = read[0]
            difference(single, common, charges.total, extra)
        elif read:
            details = children(read, common, charges.total, where, self.diagnostics)
        if batch is not None:
            check_batch(batch, read, common, where, self.diagnostics)
        for error in odd:
            self._report(error, where)
        bank = _text(parts[BANK_REF])
        if single is not NO_TRANSACTION:
            self._overridden(single, bank, common, extra)
        return compose(
            index,
            common,
            single,
            bank_reference=bank or single.references[BANK],
            entry_reference=_text(parts[REF]),
            foreign=single.foreign if single.foreign is not NOT_FOREIGN else foreign,
            charges=charges.total if charges.total is not None else single.charges.total,
            info=_text(parts[INFO]),
            batch=batch,
            details=details,
            where=where,
            extra=(*extra, *single.extra),
        )

    def _common(self, parts: list[Element | None], extra: Extra, odd: list[InputError], where: str) -> Common:
        """What the entry itself says of money, dates, state and kind."""
        amount, currency, money_in = self._amount(parts[AMT], parts[DIRECTION], extra, odd)
        code = proprietary = None
        if (codes := parts[CODES]) is not None:
            code, proprietary = self.transactions.codes(codes, extra)
        return Common(
            _date(parts[BOOKED], odd),
            _date(parts[VALUE], odd),
            amount,
            currency,
            self._status(parts[STATUS], extra, where),
            (flag := parts[REVERSAL]) is not None and is_true(flag.text),
            money_in,
            code,
            proprietary,
        )

    def _overridden(self, single: Transaction, bank: str | None, common: Common, extra: Extra) -> None:
        """Keep what entry and transaction both say, and say differently."""
        if bank and (other := single.references[BANK]) and other != bank:
            extra.append(("Refs/AcctSvcrRef", other))
        if common.code and single.code and common.code != single.code:
            extra.append(("Ntry/BkTxCd/Domn", common.code))
        own = common.proprietary_code
        if own and single.proprietary_code and own != single.proprietary_code:
            extra.append(("Ntry/BkTxCd/Prtry/Cd", own))

    def _details(
        self, details: Element, transactions: list[Element], batch: Batch | None, extra: Extra, where: str
    ) -> Batch | None:
        """Collect the transactions and the batch of one `NtryDtls`."""
        for child in details:
            slot = self._entry[child.tag]
            if slot == TRANSACTION:
                transactions.append(child)
            elif slot == BATCH:
                batch = self._batch_of(child, batch or Batch(), extra, where)
            else:
                keep(child, f"NtryDtls/{self._names[child.tag]}", self._names, extra)
        return batch

    def _batch_of(self, element: Element, batch: Batch, extra: Extra, where: str) -> Batch:
        """Add one `Btch`: counts and totals of several add up, the first one's references are the entry's."""
        for child in element:
            slot, text = self._batch[child.tag], clean(child.text)
            if slot == 1 and batch.message is None:
                batch.message = text
            elif slot == 2 and batch.payment is None:
                batch.payment = text
            elif slot == 3 and text and text.isascii() and text.isdigit() and len(text) <= 15:
                batch.count = (batch.count or 0) + int(text)
            elif slot == 4 and text:
                try:
                    batch.total = (batch.total or 0) + minor(text, child.get("Ccy") or self.currency or "")
                except InputError as error:
                    self._report(error, where)
            else:
                keep(child, f"NtryDtls/Btch/{self._names[child.tag]}", self._names, extra)
        return batch

    def _amount(
        self, element: Element | None, direction: Element | None, extra: Extra, odd: list[InputError]
    ) -> tuple[int, str, bool]:
        """Signed amount, currency, and whether it came in. What can't be read is 0 and marked in `extra`."""
        text = clean(element.text) if element is not None else None
        currency = ((element.get("Ccy") if element is not None else None) or self.currency or "").strip()
        if currency not in EXPONENTS:
            currency = currency.upper() if currency.upper() in EXPONENTS else currency
        said = clean(direction.text) if direction is not None else None
        try:
            if text is None:
                raise BadAmount("the entry has no amount (Amt).", cure="Ask the bank what this entry is.")
            amount = minor(text, currency)
            if said not in ("CRDT", "DBIT"):
                raise BadAmount(f"CdtDbtInd is {said!r}: whether the money came in or went out is not said.")
        except InputError as error:
            odd.append(error)
            extra.append(AMOUNT_UNKNOWN)
            if text is not None:
                extra.append(("Amt", f"{text} {currency}"))
            return 0, currency if currency in EXPONENTS else self.currency or currency, said != "DBIT"
        return (amount if said == "CRDT" else -amount), currency, said == "CRDT"

    def _status(self, element: Element | None, extra: Extra, where: str) -> LineStatus:
        """`Sts` (a code up to .06) or `Sts/Cd` or `Sts/Prtry`. An unknown one is held as information."""
        if element is None:
            return self.status_unless_said
        text = clean(element[0].text if len(element) else element.text) or ""
        status = _STATUSES.get(text)
        if status is None:
            extra.append(("Sts", text))
            message = f"{text!r} is no known status; the entry is kept as information."
            self.diagnostics.append(Diagnostic("status-unknown", Severity.WARNING, where, message))
            return LineStatus.INFO
        return status

    def _report(self, error: InputError, where: str) -> None:
        self.diagnostics.append(Diagnostic(error.code, Severity.ERROR, where, error.message, error.cure))


def _text(element: Element | None) -> str | None:
    return None if element is None else clean(element.text)


def _date(element: Element | None, odd: list[InputError]) -> date | None:
    """Calendar date of a choice of `Dt` and `DtTm`, as written; a zone never moves it."""
    if element is None:
        return None
    text = element[0].text if len(element) else element.text
    if not text:
        return None
    try:
        return iso_date(text)
    except InputError as error:
        odd.append(error)
        return None
