"""One transaction of an entry: `NtryDtls/TxDtls` (in .01 `Ntry/TxDtls`) to the fields of a line."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element

from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.parties import NOBODY, Counterparty, PartyReader
from matcher.parsers.camt.tags import Extra, LocalNames, Slots, clean, keep, slots
from recon_core.domain.refused import InputError
from recon_core.domain.statement import LineStatus

_TRANSACTION = slots(
    [
        "Refs",
        "Amt",
        "CdtDbtInd",
        "AmtDtls",
        "BkTxCd",
        "Chrgs",
        "RltdPties",
        "RltdAgts",
        "RmtInf",
        "RtrInf",
        "AddtlTxInf",
    ]
)
REFS, AMT, DIRECTION, AMOUNTS, CODES, CHARGES, PARTIES, AGENTS, REMITTANCE, RETURN, INFO = range(1, 12)
_REFS = slots(["EndToEndId", "InstrId", "TxId", "MndtId", "MsgId", "PmtInfId", "ChqNb", "AcctSvcrRef"])
END_TO_END, INSTRUCTION, TRANSACTION_ID, MANDATE, MESSAGE, PAYMENT, CHEQUE, BANK = range(1, 9)
_AMOUNTS = slots(["InstdAmt", "TxAmt", "CntrValAmt"])
INSTRUCTED, TRANSACTED, COUNTER_VALUE = range(1, 4)
_AMOUNT = slots(["Amt", "CcyXchg"])
_CHARGES = slots(["TtlChrgsAndTaxAmt", "Rcrd", "Amt", "CdtDbtInd", "ChrgInclInd"])
_REMITTANCE = slots(["Ustrd", "Strd"])
_STRUCTURED = slots(["CdtrRefInf", "RfrdDocInf", "AddtlRmtInf"])
_REFERENCE = slots(["Ref", "CdtrRef"])
_DOCUMENT = slots(["Nb", "RfrdDocNb"])
_RETURN = slots(["Rsn", "RtrRsn", "AddtlInf", "AddtlRtrRsnInf"])
_CODES = slots(["Domn", "Prtry"])
_NOT_PROVIDED = frozenset({"NOTPROVIDED", "NOT PROVIDED"})

StatedAmount = tuple[str, str]


class Common(NamedTuple):
    """What an entry lends to its details. `amount` is signed."""

    booking_date: date | None
    value_date: date | None
    amount: int
    currency: str
    status: LineStatus
    reversal: bool
    money_in: bool
    code: str | None
    proprietary_code: str | None


class Foreign(NamedTuple):
    """Original amount (unsigned minor units of its currency) and the rate as printed."""

    amount: int | None = None
    currency: str | None = None
    rate: str | None = None


class Charged(NamedTuple):
    """Charges in minor units of the account's currency, + as a cost; `included` are those inside the amount."""

    total: int | None = None
    included: int = 0


class Remittance(NamedTuple):
    """What the payer wrote."""

    text: str | None = None
    reference: str | None = None
    documents: tuple[str, ...] = ()


NO_REFERENCES: tuple[str | None, ...] = (None,) * 9
NOT_FOREIGN, NO_CHARGES, NO_REMITTANCE = Foreign(), Charged(), Remittance()


class Transaction(NamedTuple):
    """One `TxDtls`. `references` is indexed by END_TO_END ... BANK; `amount` is signed, None where it is not told."""

    references: tuple[str | None, ...] = NO_REFERENCES
    amount: int | None = None
    money_in: bool | None = None
    foreign: Foreign = NOT_FOREIGN
    code: str | None = None
    proprietary_code: str | None = None
    charges: Charged = NO_CHARGES
    party: Counterparty = NOBODY
    remittance: Remittance = NO_REMITTANCE
    return_reason: str | None = None
    info: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


NO_TRANSACTION = Transaction()


class TransactionReader:
    """Reads transactions and the parts that entries have in common with them."""

    def __init__(self, names: LocalNames) -> None:
        self._names = names
        self.parties = PartyReader(names)
        self._transaction = Slots(_TRANSACTION)
        self._refs = Slots(_REFS)
        self._amounts = Slots(_AMOUNTS)
        self._amount = Slots(_AMOUNT)
        self._charges = Slots(_CHARGES)
        self._remittance = Slots(_REMITTANCE)
        self._structured = Slots(_STRUCTURED)
        self._reference = Slots(_REFERENCE)
        self._document = Slots(_DOCUMENT)
        self._return = Slots(_RETURN)
        self._codes = Slots(_CODES)

    def read(self, element: Element, entry: Common, odd: list[InputError]) -> Transaction:
        """The fields of one transaction of an entry; what is wrong goes to `odd`."""
        money_in, currency = entry.money_in, entry.currency
        extra: Extra = []
        parts: list[Element | None] = [None] * 12
        chargings: list[Element] = []
        for child in element:
            slot = self._transaction[child.tag]
            if slot == CHARGES:
                chargings.append(child)
            elif slot and parts[slot] is None:
                parts[slot] = child
            else:
                keep(child, self._names[child.tag], self._names, extra)
        if (direction := parts[DIRECTION]) is not None:
            money_in = _is_credit(direction, money_in)
        stated: StatedAmount | None = None
        if (own := parts[AMT]) is not None and own.text:
            stated = own.text, own.get("Ccy") or currency
        amount, foreign = None, NOT_FOREIGN
        if stated is not None or parts[AMOUNTS] is not None:
            amount, foreign = self.amounts(stated, parts[AMOUNTS], currency, extra, odd)
        code = proprietary = None
        if (codes := parts[CODES]) is not None:
            code, proprietary = self.codes(codes, extra)
        returned = parts[RETURN]
        reason, info = (None, []) if returned is None else self._return_of(returned, extra)
        if (text := parts[INFO]) is not None and (said := clean(text.text)):
            info.insert(0, said)
        party = NOBODY
        if parts[PARTIES] is not None or parts[AGENTS] is not None:
            party = self.parties.counterparty(
                parts[PARTIES],
                parts[AGENTS],
                extra,
                money_in=money_in,
                came_back=returned is not None or entry.reversal,
            )
        refs, remitted = parts[REFS], parts[REMITTANCE]
        return Transaction(
            NO_REFERENCES if refs is None else self._references(refs, extra),
            amount if amount is None or money_in else -amount,
            money_in,
            foreign,
            code,
            proprietary,
            self.charged(chargings, currency, extra, odd) if chargings else NO_CHARGES,
            party,
            NO_REMITTANCE if remitted is None else self._remitted(remitted, extra),
            reason,
            tuple(info),
            tuple(extra),
        )

    def amounts(
        self,
        stated: StatedAmount | None,
        details: Element | None,
        currency: str,
        extra: Extra,
        odd: list[InputError],
    ) -> tuple[int | None, Foreign]:
        """Unsigned amount in the account's currency, and the original one.

        `stated` is the `Amt` beside `AmtDtls`. In the account's currency the first of Amt, TxAmt, CntrValAmt and
        InstdAmt counts. The original amount is the first of InstdAmt, TxAmt, CntrValAmt and Amt in another currency,
        else InstdAmt. The amounts that say something else go to `extra`.
        """
        found: list[StatedAmount | None] = [stated, None, None, None]
        rate = None
        if details is not None:
            for kind in details:
                slot = self._amounts[kind.tag]
                path = f"AmtDtls/{self._names[kind.tag]}"
                if not slot:
                    keep(kind, path, self._names, extra)
                    continue
                for child in kind:
                    part = self._amount[child.tag]
                    if part == 1 and child.text:
                        found[slot] = child.text, child.get("Ccy") or currency
                    elif part == 2:
                        rate = self._rate(child, f"{path}/CcyXchg", extra, rate)
                    else:
                        keep(child, f"{path}/{self._names[child.tag]}", self._names, extra)
        if found[INSTRUCTED] is found[COUNTER_VALUE] is None and (
            found[TRANSACTED] is None or stated is None or found[TRANSACTED] == stated
        ):
            only = stated or found[TRANSACTED]
            if only is not None and only[1] == currency:
                return _minor(only[0], currency, odd), Foreign(None, None, rate) if rate else NOT_FOREIGN
        return self._chosen(found, currency, rate, extra, odd)

    def _chosen(
        self,
        found: list[StatedAmount | None],
        currency: str,
        rate: str | None,
        extra: Extra,
        odd: list[InputError],
    ) -> tuple[int | None, Foreign]:
        own = original = None
        for slot in (0, TRANSACTED, COUNTER_VALUE, INSTRUCTED):
            if own is None and (said := found[slot]) is not None and said[1] == currency:
                own = said
        for slot in (INSTRUCTED, TRANSACTED, COUNTER_VALUE, 0):
            if original is None and (said := found[slot]) is not None and said[1] != currency:
                original = said
        original = original or found[INSTRUCTED]
        for slot, name in enumerate(("Amt", "AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt")):
            if (said := found[slot]) is not None and said not in (own, original):
                extra.append((name, f"{said[0].strip()} {said[1]}"))
        amount = None if own is None else _minor(own[0], currency, odd)
        if original is None:
            return amount, Foreign(None, None, rate)
        return amount, Foreign(_minor(original[0], original[1], odd), original[1], rate)

    def _rate(self, exchange: Element, path: str, extra: Extra, rate: str | None) -> str | None:
        """The first `XchgRate`; currencies, contract and date of quotation go to `extra`."""
        for child in exchange:
            name = self._names[child.tag]
            if name == "XchgRate" and rate is None:
                rate = clean(child.text)
            else:
                keep(child, f"{path}/{name}", self._names, extra)
        return rate

    def charged(self, chargings: list[Element], currency: str, extra: Extra, odd: list[InputError]) -> Charged:
        """Charges of `Chrgs`: the stated totals, else the sum of the records. All that is told stays in `extra`.

        Up to .02 `Chrgs` itself is a record and repeats; from .03 there are `Rcrd` and one total. A charge in another
        currency is only in `extra`.
        """
        total: int | None = None
        included = 0
        for charging in chargings:
            keep(charging, "Chrgs", self._names, extra)
            stated, records = None, []
            for child in charging:
                slot = self._charges[child.tag]
                if slot == 1:
                    stated = self._charge(child, currency, odd)
                elif slot == 2:
                    records.append(self._record(child, currency, odd))
            if not records:
                records.append(self._record(charging, currency, odd))
            known = [amount for amount, _ in records if amount is not None]
            amount = stated if stated is not None else sum(known) if known else None
            if amount is not None:
                total = (total or 0) + amount
            included += sum(amount for amount, inside in records if amount is not None and inside)
        return Charged(total, included)

    def _record(self, record: Element, currency: str, odd: list[InputError]) -> tuple[int | None, bool]:
        """Cost of one record, negative where it is given back, and whether it is inside the amount."""
        amount, back, inside = None, False, False
        for child in record:
            slot = self._charges[child.tag]
            if slot == 3:
                amount = self._charge(child, currency, odd)
            elif slot == 4:
                back = _is_credit(child, False)
            elif slot == 5:
                inside = is_true(child.text)
        return (-amount if back and amount is not None else amount), inside

    def _charge(self, element: Element, currency: str, odd: list[InputError]) -> int | None:
        if not element.text or (element.get("Ccy") or currency) != currency:
            return None
        return _minor(element.text, currency, odd)

    def codes(self, codes: Element, extra: Extra) -> tuple[str | None, str | None]:
        """`BkTxCd`: the ISO code as `PMNT/RCDT/ESCT`, and the bank's own code; its issuer goes to `extra`."""
        iso = own = None
        for child in codes:
            slot = self._codes[child.tag]
            if slot == 1:
                iso = "/".join(text.strip() for text in child.itertext() if not text.isspace()) or None
            elif slot == 2:
                for part in child:
                    if self._names[part.tag] == "Cd" and own is None:
                        own = clean(part.text)
                    else:
                        keep(part, f"BkTxCd/Prtry/{self._names[part.tag]}", self._names, extra)
            else:
                keep(child, f"BkTxCd/{self._names[child.tag]}", self._names, extra)
        return iso, own

    def _references(self, element: Element, extra: Extra) -> tuple[str | None, ...]:
        """References, trimmed; `NOTPROVIDED` is none. What has no field goes to `extra`."""
        references: list[str | None] = [None] * 9
        for child in element:
            slot = self._refs[child.tag]
            if slot:
                text = child.text
                if text and (text := text.strip()) and text not in _NOT_PROVIDED:
                    references[slot] = text
            else:
                keep(child, f"Refs/{self._names[child.tag]}", self._names, extra)
        return tuple(references)

    def _remitted(self, element: Element, extra: Extra) -> Remittance:
        """Free texts in their order joined by newlines, the first creditor reference, and the document numbers.

        Further creditor references stand among the document numbers: each names one more thing that was paid.
        """
        texts: list[str] = []
        references: list[str] = []
        documents: list[str] = []
        structured = 0
        for child in element:
            slot = self._remittance[child.tag]
            if slot == 1:
                if text := clean(child.text):
                    texts.append(text)
            elif slot == 2:
                structured += 1
                path = "RmtInf/Strd" if structured == 1 else f"RmtInf/Strd[{structured}]"
                self._structured_remittance(child, path, texts, references, documents, extra)
            else:
                keep(child, f"RmtInf/{self._names[child.tag]}", self._names, extra)
        return Remittance(
            "\n".join(texts) or None, references[0] if references else None, (*documents, *references[1:])
        )

    def _structured_remittance(
        self, strd: Element, path: str, texts: list[str], references: list[str], documents: list[str], extra: Extra
    ) -> None:
        for child in strd:
            slot = self._structured[child.tag]
            if slot == 3:
                if text := clean(child.text):
                    texts.append(text)
            elif slot:
                table, into = (self._reference, references) if slot == 1 else (self._document, documents)
                inner = f"{path}/{self._names[child.tag]}"
                for part in child:
                    if table[part.tag] and (text := clean(part.text)):
                        into.append(text)
                    else:
                        keep(part, f"{inner}/{self._names[part.tag]}", self._names, extra)
            else:
                keep(child, f"{path}/{self._names[child.tag]}", self._names, extra)

    def _return_of(self, element: Element, extra: Extra) -> tuple[str | None, list[str]]:
        """Reason and texts of `RtrInf`; the original code and originator go to `extra`."""
        reason: str | None = None
        texts: list[str] = []
        for child in element:
            slot = self._return[child.tag]
            if slot in (1, 2) and reason is None:
                reason = clean("".join(child.itertext()))
            elif slot in (3, 4):
                if text := clean(child.text):
                    texts.append(text)
            else:
                keep(child, f"RtrInf/{self._names[child.tag]}", self._names, extra)
        return reason, texts


def _minor(text: str, currency: str, odd: list[InputError]) -> int | None:
    try:
        return minor(text, currency)
    except InputError as error:
        odd.append(error)
        return None


def _is_credit(element: Element, otherwise: bool) -> bool:
    """Direction of a `CdtDbtInd`; one that is neither CRDT nor DBIT leaves it as it was."""
    text = clean(element.text)
    return text == "CRDT" if text in ("CRDT", "DBIT") else otherwise


def is_true(text: str | None) -> bool:
    """`xs:boolean`: `true` or `1`, with blanks around it."""
    return text is not None and text.strip() in ("true", "1")
