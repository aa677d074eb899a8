"""Everything of a `Stmt`, `Rpt` or `Ntfctn` but its entries: account, period, pages, balances, control sums."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element

from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.parties import OwnAccount, PartyReader
from matcher.parsers.camt.tags import Extra, LocalNames, clean, keep
from matcher.parsers.camt.transaction import is_true
from matcher.parsers.contract import ControlTotals
from matcher.parsers.text import iso_date, iso_datetime
from recon_core.domain.currency import exponent
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import to_text
from recon_core.domain.refused import BadAmount, BadDate, InputError
from recon_core.domain.statement import FOREIGN_BALANCE, StatementHeader

# Balance types that may open and close the proof, the best one first (domain 2.3).
_OPENING, _CLOSING, _AVAILABLE = ("OPBD", "PRCD"), ("CLBD",), ("CLAV", "ITAV")
_NUMBER_DIGITS_MAX = 18


class Balance(NamedTuple):
    """One `Bal`, signed minor units. `interim` marks the carry of a page (subtype INTM)."""

    code: str
    interim: bool
    amount: int
    currency: str
    day: date | None

    def minor(self, currency: str | None) -> int:
        """The figure as it is printed, in minor units of the statement's currency."""
        if currency is None or currency == self.currency:
            return self.amount
        places, own = exponent(currency), exponent(self.currency)
        return int(self.amount * 10**places) // 10**own


class HeaderBuilder:
    """Collects the parts of one statement as they come, and makes its header whenever it is asked for."""

    def __init__(self, base: StatementHeader, shared: Extra, names: LocalNames, parties: PartyReader) -> None:
        self._base = base
        self._names = names
        self._parties = parties
        self._extra: Extra = list(shared)
        self._balances: list[Balance] = []
        self._legal_sequence: int | None = None
        self.totals: list[Element] = []
        self.diagnostics: list[Diagnostic] = []
        self.currency: str | None = base.currency
        self.own = OwnAccount(None, None)

    def add(self, element: Element) -> None:
        """Read one child of the statement that is no entry."""
        name = self._names[element.tag]
        handler = _HANDLERS.get(name)
        try:
            if handler is not None:
                handler(self, element)
            else:
                keep(element, name, self._names, self._extra)
        except InputError as error:
            self._report(error, name)

    def header(self) -> StatementHeader:
        """The header as far as it is known; opening is OPBD, else PRCD, else the page's carry, closing likewise."""
        base = self._base
        if base.sequence is None and self._legal_sequence is not None:
            base = base._replace(sequence=self._legal_sequence)
        currency = self.currency or (self._balances[0].currency if self._balances else None)
        mine = sorted(self._balances, key=lambda balance: balance.currency != currency)
        interim = [balance for balance in mine if balance.code == "ITBD" and balance.interim]
        opening, closing = _first(mine, _OPENING), _first(mine, _CLOSING)
        if opening is None and interim and (base.page or 0) > 1:
            opening = interim.pop(0)
        if closing is None and interim and base.last_page is not True:
            closing = interim[-1]
        available = _first(mine, _AVAILABLE)
        used = (opening, closing, available)
        foreign = [one for one in (opening, closing) if one is not None and one.currency != currency]
        others = [(FOREIGN_BALANCE, f"{one.code} {one.currency}") for one in foreign]
        others += [
            (f"Bal/{one.code}", f"{to_text(one.amount, one.currency)} {one.currency}")
            for one in self._balances
            if one not in used
        ]
        return base._replace(
            currency=currency,
            opening_balance=opening.minor(currency) if opening else None,
            opening_date=opening.day if opening else None,
            closing_balance=closing.minor(currency) if closing else None,
            closing_date=closing.day if closing else None,
            available_balance=available.minor(currency) if available and available.currency == currency else None,
            extra=(*self._extra, *others),
        )

    def control_totals(self) -> list[ControlTotals]:
        """`TxsSummry` in minor units of the statement's currency."""
        made = []
        for summary in self.totals:
            try:
                made.append(self._summary(summary))
            except InputError as error:
                self._report(error, "TxsSummry")
        return made

    def _report(self, error: InputError, where: str) -> None:
        self.diagnostics.append(Diagnostic(error.code, Severity.ERROR, where, error.message, error.cure))

    def _identity(self, element: Element) -> None:
        self._base = self._base._replace(statement_id=clean(element.text))

    def _pages(self, element: Element) -> None:
        number, last = page(element, self._names)
        self._base = self._base._replace(page=number, last_page=last)

    def _sequence(self, element: Element) -> None:
        self._base = self._base._replace(sequence=_number(clean(element.text)))

    def _legal(self, element: Element) -> None:
        keep(element, "LglSeqNb", self._names, self._extra)
        self._legal_sequence = _number(clean(element.text))

    def _created(self, element: Element) -> None:
        if text := clean(element.text):
            self._base = self._base._replace(created_at=iso_datetime(text))

    def _period(self, element: Element) -> None:
        for child in element:
            if text := clean(child.text):
                if self._names[child.tag].startswith("Fr"):
                    self._base = self._base._replace(from_date=iso_date(text))
                else:
                    self._base = self._base._replace(to_date=iso_date(text))

    def _copy(self, element: Element) -> None:
        self._base = self._base._replace(duplicate=clean(element.text))

    def _account(self, element: Element) -> None:
        identity: list[Element] = []
        owner = None
        for child in element:
            name = self._names[child.tag]
            if name in ("Id", "Prxy"):
                identity.append(child)
            elif name == "Ccy":
                self.currency = clean(child.text)
            elif name == "Ownr":
                owner = self._parties.name(child, "Acct/Ownr", self._extra)
                if owner:
                    self._extra.append(("Acct/Ownr/Nm", owner))
            elif name == "Svcr":
                self._servicer(child)
            else:
                keep(child, f"Acct/{name}", self._names, self._extra)
        number, scheme = self._parties.account(identity, "Acct", self._extra)
        self.own = OwnAccount(number, owner)
        scheme = scheme or next((text for path, text in self._extra if path.startswith("Acct/Id/Othr/SchmeNm/")), None)
        self._base = self._base._replace(account=number, account_scheme=scheme)
        if number and scheme == "IBAN" and not iban_is_valid(number):
            message = f"the check digits of the account {number} are wrong."
            self.diagnostics.append(Diagnostic("iban-check-digits", Severity.WARNING, "Acct/Id/IBAN", message))

    def _servicer(self, element: Element) -> None:
        found: Extra = []
        bic, name = self._parties.agent(element, "Acct/Svcr", found)
        if name:
            found.append(("Acct/Svcr/FinInstnId/Nm", name))
        self._extra.extend(found)
        self._base = self._base._replace(bank_bic=bic)

    def _balance(self, element: Element) -> None:
        code = amount = currency = said = day = None
        interim = False
        for child in element:
            name, text = self._names[child.tag], clean(child.text)
            if name == "Tp":
                texts = [clean(leaf.text) for leaf in child.iter() if clean(leaf.text)]
                code = texts[0] if texts else None
                interim = "INTM" in texts[1:]
            elif name == "Amt" and text:
                currency = (child.get("Ccy") or self.currency or "").strip()
                amount = minor(text, currency)
            elif name == "CdtDbtInd":
                said = text
            elif name == "Dt":
                text = text or next((clean(leaf.text) for leaf in child if leaf.text), None)
                day = iso_date(text) if text else None
            else:
                keep(child, f"Bal/{name}", self._names, self._extra)
        if amount is None or currency is None:
            raise BadAmount(f"the balance {code} has no amount.")
        if said not in ("CRDT", "DBIT") and amount:
            raise BadAmount(f"CdtDbtInd of the balance {code} is {said!r}.")
        signed = -amount if said == "DBIT" else amount
        self._balances.append(Balance(code or "", interim, signed, currency, day))

    def _summary_kept(self, element: Element) -> None:
        self.totals.append(element)

    def _summary(self, summary: Element) -> ControlTotals:
        """One `TxsSummry`; sums by transaction code stay in `extra`."""
        counts: dict[str, int | None] = {}
        sums: dict[str, int | None] = {}
        net = None
        currency = self.header().currency or ""
        for part in summary:
            name = self._names[part.tag]
            if name not in ("TtlNtries", "TtlCdtNtries", "TtlDbtNtries"):
                keep(part, f"TxsSummry/{name}", self._names, self._extra)
                continue
            said = None
            for leaf in part.iter():
                leaf_name, text = self._names[leaf.tag], clean(leaf.text)
                if text is None:
                    continue
                if leaf_name == "NbOfNtries":
                    counts[name] = _number(text)
                elif leaf_name == "Sum" and currency:
                    sums[name] = minor(text, currency)
                elif leaf_name in ("TtlNetNtryAmt", "Amt") and currency:
                    net = minor(text, currency)
                elif leaf_name == "CdtDbtInd":
                    said = text
            if name == "TtlNtries" and net is not None:
                net = net if said == "CRDT" else -net if said == "DBIT" else None
        return ControlTotals(
            line_count=counts.get("TtlNtries"),
            net=net,
            credit_count=counts.get("TtlCdtNtries"),
            credit_sum=sums.get("TtlCdtNtries"),
            debit_count=counts.get("TtlDbtNtries"),
            debit_sum=sums.get("TtlDbtNtries"),
            where="TxsSummry",
        )


_HANDLERS = {
    "Id": HeaderBuilder._identity,
    "StmtPgntn": HeaderBuilder._pages,
    "RptPgntn": HeaderBuilder._pages,
    "NtfctnPgntn": HeaderBuilder._pages,
    "ElctrncSeqNb": HeaderBuilder._sequence,
    "LglSeqNb": HeaderBuilder._legal,
    "CreDtTm": HeaderBuilder._created,
    "FrToDt": HeaderBuilder._period,
    "CpyDplctInd": HeaderBuilder._copy,
    "Acct": HeaderBuilder._account,
    "Bal": HeaderBuilder._balance,
    "TxsSummry": HeaderBuilder._summary_kept,
}


def group_header(element: Element, names: LocalNames) -> tuple[StatementHeader, Extra]:
    """What `GrpHdr` lends to every statement of the message: id, time, page."""
    shared, extra = StatementHeader("", ""), Extra()
    for child in element:
        name = names[child.tag]
        if name == "MsgId":
            shared = shared._replace(message_id=clean(child.text))
        elif name == "CreDtTm" and (text := clean(child.text)):
            try:
                shared = shared._replace(created_at=iso_datetime(text))
            except BadDate:
                extra.append(("GrpHdr/CreDtTm", text))
        elif name == "MsgPgntn":
            number, last = page(child, names)
            shared = shared._replace(page=number, last_page=last)
        else:
            keep(child, f"GrpHdr/{name}", names, extra)
    return shared, extra


def page(element: Element, names: LocalNames) -> tuple[int | None, bool | None]:
    """`PgNb` and `LastPgInd`."""
    number, last = None, None
    for child in element:
        if names[child.tag] == "PgNb":
            number = _number(clean(child.text))
        else:
            last = is_true(child.text)
    return number, last


def iban_is_valid(iban: str) -> bool:
    """ISO 13616: country first and letters as 10 to 35, the number leaves 1 when divided by 97."""
    if not (iban.isascii() and iban.isalnum() and 5 <= len(iban) <= 34):
        return False
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


def _first(balances: list[Balance], codes: tuple[str, ...]) -> Balance | None:
    """The first balance of the first of the codes that there is."""
    return next((balance for code in codes for balance in balances if balance.code == code), None)


def _number(text: str | None) -> int | None:
    """A counting number, or None for a text that is none; sequence numbers may be padded with zeros."""
    if text and text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX:
        return int(text)
    return None
