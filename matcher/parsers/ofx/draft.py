"""What a file says around its transactions, gathered into the header of one statement (OFX 2.3 section 11.4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from matcher.parsers.identifiers import is_bic, is_iban
from matcher.parsers.notes import Notes
from matcher.parsers.ofx.values import day, moment
from matcher.parsers.text import AMOUNT_ODDITIES, printed_amount
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.money import to_text
from recon_core.domain.refused import BadAmount, BadDate
from recon_core.domain.statement import StatementHeader, StatementKind

EXTRA_MAX = 200
_ACCOUNT_TAGS = frozenset({"BANKID", "BRANCHID", "ACCTID", "ACCTTYPE", "ACCTKEY"})
_BALANCES = frozenset({"LEDGERBAL", "AVAILBAL"})


@dataclass(slots=True)
class SignOn:
    """What SONRS says of the whole file."""

    created_at: datetime | None = None
    extra: list[tuple[str, str]] = field(default_factory=list)

    def leaf(self, tag: str, text: str, where: str, notes: Notes) -> None:
        """Take in a leaf of SONRS or FI."""
        if tag == "DTSERVER":
            try:
                self.created_at = moment(text)
            except BadDate as error:
                notes.info(error.code, f"{where}, DTSERVER", error.message, error.cure)
        elif tag in ("ORG", "FID") and text and len(self.extra) < EXTRA_MAX:
            self.extra.append((f"FI/{tag}", text))


@dataclass(slots=True)
class Draft:
    """One statement while it is read. `where` is the place of its STMTRS."""

    kind: str
    where: str
    sign_on: SignOn
    version: str | None
    trnuid: str = ""
    currency: str | None = None
    account: dict[str, str] = field(default_factory=dict)
    dates: dict[str, date | None] = field(default_factory=dict)
    balances: dict[str, str] = field(default_factory=dict)
    extra: list[tuple[str, str]] = field(default_factory=list)
    started: bool = False
    line_count: int = 0

    def leaf(self, section: str, tag: str, text: str, where: str, notes: Notes) -> None:
        """Take in a leaf of the statement; `section` is the aggregate that it stands in."""
        if tag in _ACCOUNT_TAGS and section != "BAL":
            self.account.setdefault(tag, text)
        elif tag == "CURDEF":
            self._currency(text, where, notes)
        elif section in _BALANCES and tag == "BALAMT":
            self.balances[section] = text
        elif tag in ("DTSTART", "DTEND") or (section == "LEDGERBAL" and tag == "DTASOF"):
            try:
                self.dates[tag] = day(text)
            except BadDate as error:
                notes.warning(error.code, f"{where}, {tag}", error.message, error.cure or "Ask the bank.")
        elif tag == "TRNAMT":
            notes.error(
                "amount-outside",
                f"{where}, TRNAMT",
                f"the amount {text[:40]!r} stands outside a transaction and is not read.",
                "A STMTTRN tag is missing: ask the bank for the file again.",
            )
        elif len(self.extra) < EXTRA_MAX:
            self.extra.append((f"{section}/{tag}" if section != self.kind else tag, text))

    def _currency(self, text: str, where: str, notes: Notes) -> None:
        code = text.upper()
        if code not in EXPONENTS:
            message = f"{text[:20]!r} is no ISO 4217 currency code."
            notes.error("unknown-currency", f"{where}, CURDEF", message, "Give the account's currency.")
        elif self.currency not in (None, code):
            message = f"the statement is in {self.currency} and in {code}; {self.currency} is used."
            notes.error("currency-contradicts", f"{where}, CURDEF", message, "Ask the bank for the file again.")
        else:
            self.currency = code

    def settle_currency(self, known: str | None, notes: Notes) -> None:
        """Without CURDEF the currency is what the caller knows, else none, and amounts are hundredths."""
        if self.currency is None:
            self.currency = known or NO_CURRENCY
            if known is None:
                message = "the statement has no CURDEF; its amounts are kept as hundredths of no currency."
                notes.error("currency-missing", self.where, message, "Give the account's currency.")

    def check(self, notes: Notes) -> None:
        """Note at its end what a statement should have said."""
        if not self.account.get("ACCTID"):
            cure = "Say which account the file belongs to."
            notes.error("account-missing", self.where, "the statement names no account.", cure)
        if "LEDGERBAL" not in self.balances:
            notes.info("balance-missing", self.where, "the statement has no ledger balance.")

    def header(self, notes: Notes | None = None) -> StatementHeader:
        """What is known of the statement; balances only with `notes`, so at its end."""
        number = self.account.get("ACCTID") or None
        packed = (number or "").replace(" ", "").upper()
        international = is_iban(packed)
        bank = self.account.get("BANKID", "")
        rest = [(tag, text) for tag, text in self.account.items() if tag != "ACCTID" and text]
        return StatementHeader(
            format="ofx",
            kind=StatementKind.STATEMENT,
            account=packed if international else number,
            account_scheme="IBAN" if international else None,
            bank_bic=bank if is_bic(bank) else None,
            from_date=self.dates.get("DTSTART"),
            to_date=self.dates.get("DTEND"),
            created_at=self.sign_on.created_at,
            currency=self.currency,
            closing_balance=self._balance("LEDGERBAL", notes),
            closing_date=self.dates.get("DTASOF"),
            available_balance=self._balance("AVAILBAL", notes),
            version=self.version,
            line_count=self.line_count if notes is not None else None,
            extra=tuple([("TRNUID", self.trnuid)] * bool(self.trnuid) + rest + self.sign_on.extra + self.extra),
        )

    def _balance(self, section: str, notes: Notes | None) -> int | None:
        printed = self.balances.get(section)
        if notes is None or printed is None or self.currency is None:
            return None
        try:
            minor, oddity = printed_amount(printed, self.currency)
        except BadAmount as error:
            notes.warning(error.code, f"{self.where}, {section}/BALAMT", error.message, error.cure)
            return None
        if oddity:
            message = f"{printed!r} is printed {AMOUNT_ODDITIES[oddity]}; read as {to_text(minor, self.currency)}."
            notes.warning(oddity, f"{self.where}, {section}/BALAMT", message)
        return minor
