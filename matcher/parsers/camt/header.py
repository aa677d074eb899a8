"""Everything of a message but its entries: group header, account, period, pages, balances, control sums."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element

from matcher.parsers.camt import paths
from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.shape import leaves_of_element, local_name
from matcher.parsers.camt.transaction import Extra, OwnAccount, account_number, is_true
from matcher.parsers.contract import ControlTotals
from matcher.parsers.identifiers import is_iban
from matcher.parsers.text import iso_date, iso_datetime
from recon_core.domain.currency import EXPONENTS, exponent
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import Money
from recon_core.domain.refused import BadAmount, BadDate, InputError, LimitExceeded, UnknownCurrency
from recon_core.domain.statement import FOREIGN_BALANCE, LineStatus, StatementHeader, StatementKind

_MESSAGES = {
    "AcctRpt": ("camt.052", StatementKind.REPORT),
    "Stmt": ("camt.053", StatementKind.STATEMENT),
    "DbtCdtNtfctn": ("camt.054", StatementKind.NOTIFICATION),
}
_NAMESPACE = re.compile(r"camt\.(05[234])\.([0-9]{3})\.([0-9]{2})", re.ASCII)
_PAGINATIONS = frozenset({"MsgPgntn", "StmtPgntn", "RptPgntn", "NtfctnPgntn"})
# Balance types that may open and close the proof, the best one first (domain 2.3).
_OPENING, _CLOSING, _AVAILABLE = ("OPBD", "PRCD"), ("CLBD",), ("CLAV", "ITAV")
_NUMBER_DIGITS_MAX = 18
_SERVICER_BIC = tuple(f"Svcr/{path}" for path in paths.AGENT_BIC)
PARTS_MAX = 10_000


class Part:
    """The leaves of one element: texts by path, the first of each; what is not asked for goes to `rest`."""

    def __init__(self, element: Element) -> None:
        name = local_name(element.tag)
        self.leaves: list[tuple[str, str, str, str | None]] = []
        if len(element):
            leaves, texts = leaves_of_element(element)
            self.leaves += [
                (leaf.path, f"{name}/{leaf.shown}", text, leaf.currency)
                for leaf in leaves
                if (text := texts[leaf.place].strip())
            ]
        elif element.text and (text := element.text.strip()):
            self.leaves.append(("", name, text, None))
        self._taken: set[str] = set()

    def take(self, *options: str) -> str | None:
        """Text of the first of the paths that there is."""
        for option in options:
            for path, shown, text, _ in self.leaves:
                if path == option:
                    self._taken.add(shown)
                    return text
        return None

    def currency_of(self, option: str) -> str | None:
        """The attribute `Ccy` of the first leaf of a path."""
        return next((currency for path, _, _, currency in self.leaves if path == option), None)

    def rest(self, prefix: str = "") -> Extra:
        """What was not taken."""
        return [
            (prefix + shown, f"{text} {currency}" if currency else text)
            for _, shown, text, currency in self.leaves
            if shown not in self._taken
        ]


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
        scaled: int = self.amount * 10**places // 10**own
        return scaled


class MessageHeader:
    """Kind and version of a message, and its `GrpHdr`, which all its statements share."""

    def __init__(self, tag: str, message: str, version: str | None, currency: str | None) -> None:
        name, kind = _MESSAGES[message]
        space = _NAMESPACE.search(tag)
        told = f"{space[2]}.{space[3]}" if space else f"001.{version}" if version else None
        self.base = StatementHeader(name, kind, version=told, currency=currency)
        self.extra: Extra = []
        self.diagnostics: list[Diagnostic] = []
        self.status_unless_said = LineStatus.BOOKED if kind is StatementKind.STATEMENT else LineStatus.INFO
        if space and f"camt.{space[1]}" != name:
            differs = f"the namespace says camt.{space[1]}, the message is {name}; read as {name}."
            self.diagnostics.append(Diagnostic("namespace-differs", Severity.WARNING, "", differs))

    def add(self, element: Element) -> list[Diagnostic]:
        """Read a finished child of the message that is no statement; what is odd about it comes back."""
        odd = []
        part = Part(element)
        _check_parts(len(self.extra))
        if local_name(element.tag) == "GrpHdr":
            created = part.take("CreDtTm")
            self.base = self.base._replace(
                message_id=part.take("MsgId"),
                page=_number(part.take("MsgPgntn/PgNb")),
                last_page=_flag(part.take("MsgPgntn/LastPgInd")),
            )
            try:
                self.base = self.base._replace(created_at=iso_datetime(created) if created else None)
            except BadDate as error:
                where = "GrpHdr/CreDtTm"
                odd.append(Diagnostic(error.code, Severity.WARNING, where, error.message, error.cure))
        self.extra += part.rest()
        return odd


class HeaderBuilder:
    """Collects the parts of one statement as they come, and makes its header whenever it is asked for."""

    def __init__(self, shared: MessageHeader) -> None:
        self._base = shared.base
        self._extra: Extra = list(shared.extra)
        self._balances: list[Balance] = []
        self._legal_sequence: int | None = None
        self._summaries: list[Element] = []
        self.diagnostics: list[Diagnostic] = []
        self.own = OwnAccount()
        self._made: StatementHeader | None = None

    def add(self, element: Element) -> None:
        """Read one child of the statement that is no entry."""
        name = local_name(element.tag)
        self._made = None
        _check_parts(len(self._extra) + len(self._balances) + len(self._summaries))
        try:
            if name == "Acct":
                self._account(Part(element))
            elif name == "Bal":
                self._balance(Part(element))
            elif name == "TxsSummry":
                self._summaries.append(element)
            else:
                self._detail(name, Part(element))
        except LimitExceeded:
            raise
        except InputError as error:
            self._report(error, name)

    def header(self) -> StatementHeader:
        """The header as far as it is known; opening is OPBD, else PRCD, else the page's carry, closing likewise."""
        if self._made is not None:
            return self._made
        base = self._base
        if base.sequence is None:
            base = base._replace(sequence=self._legal_sequence)
        currency = base.currency or (self._balances[0].currency if self._balances else None)
        mine = sorted(self._balances, key=lambda balance: balance.currency != currency)
        interim = [balance for balance in mine if balance.code == "ITBD" and balance.interim]
        opening, closing, available = _first(mine, _OPENING), _last(mine, _CLOSING), _first(mine, _AVAILABLE)
        if opening is None and interim and (base.page or 0) > 1:
            opening = interim.pop(0)
        if closing is None and interim and base.last_page is not True:
            closing = interim[-1]
        foreign = [one for one in (opening, closing) if one is not None and one.currency != currency]
        others = [(FOREIGN_BALANCE, f"{one.code} {one.currency}") for one in foreign]
        others += [
            (f"Bal/{one.code}", f"{Money(one.amount, one.currency)}")
            for one in self._balances
            if one not in (opening, closing, available)
        ]
        self._made = base._replace(
            currency=currency,
            opening_balance=opening.minor(currency) if opening else None,
            opening_date=opening.day if opening else None,
            closing_balance=closing.minor(currency) if closing else None,
            closing_date=closing.day if closing else None,
            available_balance=available.amount if available and available.currency == currency else None,
            extra=(*self._extra, *others),
        )
        return self._made

    def control_totals(self) -> list[ControlTotals]:
        """`TxsSummry` in minor units of the statement's currency."""
        made = []
        for summary in self._summaries:
            try:
                made.append(self._summary(Part(summary)))
            except InputError as error:
                self._report(error, "TxsSummry")
        return made

    def _report(self, error: InputError, where: str) -> None:
        self.diagnostics.append(Diagnostic(error.code, Severity.ERROR, where, error.message, error.cure))

    def _detail(self, name: str, part: Part) -> None:
        """One of the small parts: identity, numbers, times."""
        if name == "Id":
            self._base = self._base._replace(statement_id=part.take(""))
        elif name in _PAGINATIONS:
            page, last = _number(part.take("PgNb")), _flag(part.take("LastPgInd"))
            self._base = self._base._replace(page=page, last_page=last)
        elif name == "ElctrncSeqNb":
            self._base = self._base._replace(sequence=_number(part.take("")))
        elif name == "LglSeqNb":
            self._legal_sequence = _number(part.leaves[0][2]) if part.leaves else None
        elif name == "CreDtTm":
            if text := part.take(""):
                self._base = self._base._replace(created_at=iso_datetime(text))
        elif name == "FrToDt":
            since, until = part.take("FrDtTm", "FrDt"), part.take("ToDtTm", "ToDt")
            self._base = self._base._replace(
                from_date=iso_date(since) if since else None, to_date=iso_date(until) if until else None
            )
        elif name == "CpyDplctInd":
            self._base = self._base._replace(duplicate=part.take(""))
        self._extra += part.rest()

    def _account(self, part: Part) -> None:
        number = scheme = None
        for option, kind in paths.ACCOUNT_KINDS.items():
            number = part.take(option)
            if number is not None:
                scheme = kind
                break
        if scheme == "IBAN" and number is not None:
            number = account_number(number)
            if not is_iban(number):
                message = f"the check digits of the account {number} are wrong."
                self.diagnostics.append(Diagnostic("iban-check-digits", Severity.WARNING, "Acct/Id/IBAN", message))
        scheme = scheme or part.take("Id/Othr/SchmeNm/Cd", "Id/Othr/SchmeNm/Prtry", "Prxy/Tp/Cd", "Prxy/Tp/Prtry")
        owner = next((text for path, _, text, _ in part.leaves if path == "Ownr/Nm"), None)
        self.own = OwnAccount(account_number(number) if number else None, owner)
        bic = part.take(*_SERVICER_BIC)
        self._base = self._base._replace(account=number, account_scheme=scheme, bank_bic=bic)
        currency = (part.take("Ccy") or "").upper()
        self._extra += part.rest()
        if currency in EXPONENTS:
            self._base = self._base._replace(currency=currency)
        elif currency:
            self._extra.append(("Acct/Ccy", currency))
            raise UnknownCurrency(f"the account's currency {currency!r} is no ISO 4217 code; it is not used.")

    def _balance(self, part: Part) -> None:
        code = part.take("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd", "Tp/Prtry", "Tp") or ""
        interim = part.take("Tp/SubTp/Cd", "Tp/SubTp/Prtry") == "INTM"
        currency = (part.currency_of("Amt") or self._base.currency or "").strip()
        text, said, day = part.take("Amt"), part.take("CdtDbtInd"), part.take("Dt/Dt", "Dt/DtTm", "Dt")
        self._extra += part.rest(f"{code} " if code else "")
        if text is None:
            raise BadAmount(f"the balance {code} has no amount.")
        amount = minor(text, currency)
        if said not in ("CRDT", "DBIT") and amount:
            raise BadAmount(f"CdtDbtInd of the balance {code} is {said!r}.")
        signed = -amount if said == "DBIT" else amount
        self._balances.append(Balance(code, interim, signed, currency, iso_date(day) if day else None))

    def _summary(self, part: Part) -> ControlTotals:
        """One `TxsSummry`; the sums by transaction code stay in `extra`."""
        currency = self.header().currency or ""

        def amount(*options: str) -> int | None:
            text = part.take(*options)
            return minor(text, currency) if text and currency else None

        net = amount("TtlNtries/TtlNetNtry/Amt", "TtlNtries/TtlNetNtryAmt")
        said = part.take("TtlNtries/TtlNetNtry/CdtDbtInd", "TtlNtries/CdtDbtInd")
        totals = ControlTotals(
            line_count=_number(part.take("TtlNtries/NbOfNtries")),
            net=None if net is None or said not in ("CRDT", "DBIT") else net if said == "CRDT" else -net,
            credit_count=_number(part.take("TtlCdtNtries/NbOfNtries")),
            credit_sum=amount("TtlCdtNtries/Sum"),
            debit_count=_number(part.take("TtlDbtNtries/NbOfNtries")),
            debit_sum=amount("TtlDbtNtries/Sum"),
            where="TxsSummry",
        )
        self._extra += part.rest()
        self._made = None
        return totals


def _check_parts(count: int) -> None:
    """No header has this many parts; without a bound a file could fill the memory with them."""
    if count > PARTS_MAX:
        raise LimitExceeded(f"a header has more than {PARTS_MAX} parts.")


def _first(balances: list[Balance], codes: tuple[str, ...]) -> Balance | None:
    """The first balance of the first of the codes that there is; of a statement over several days, the earliest."""
    found = next((balance for code in codes for balance in balances if balance.code == code), None)
    return min(_of_its_kind(balances, found), key=_day, default=found)


def _last(balances: list[Balance], codes: tuple[str, ...]) -> Balance | None:
    """Like `_first`, but of a statement over several days the latest."""
    found = _first(balances, codes)
    return max(_of_its_kind(balances, found), key=_day, default=found)


def _of_its_kind(balances: list[Balance], one: Balance | None) -> list[Balance]:
    """The balances that differ from `one` in day and amount only; none if a day is missing."""
    kind = [other for other in balances if one is not None and other[:2] + other[3:4] == one[:2] + one[3:4]]
    return [] if any(other.day is None for other in kind) else kind


def _day(balance: Balance) -> date:
    return balance.day or date.max


def _number(text: str | None) -> int | None:
    """A counting number, or None for a text that is none; sequence numbers may be padded with zeros."""
    if text and text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX:
        return int(text)
    return None


def _flag(text: str | None) -> bool | None:
    return None if text is None else is_true(text)
