"""The books and the bank of one invented company: what cases draw on, and what they write to."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate

import holidays

from benchmarks.labelled.people import Party, parties, printed

START = date(2026, 3, 2)  # so that Easter lies within


@dataclass(slots=True)
class Row:
    """A book transaction; amounts in minor units, receipts > 0."""

    day: date
    amount: int
    reference: str
    party: str
    description: str
    kind: str
    id: str = ""


@dataclass(slots=True)
class Line:
    """A bank line and the truth about it. `rows` are what it pays; `accept` other answers that are as right."""

    day: date
    amount: int
    category: str
    expect: str
    rows: list[Row] = field(default_factory=list)
    accept: list[list[Row]] = field(default_factory=list)
    group: int = 0
    klass: str = ""
    remainder: str = ""
    hard: bool = True
    name: str = ""
    reference: str = ""
    text: str = ""
    end_to_end: str = ""
    bank_text: str = ""
    code: str = ""
    proprietary: str = ""
    message_id: str = ""
    mandate: str = ""
    cheque: str = ""
    count: int = 0
    original: tuple[int, str] | None = None
    return_reason: str = ""
    details: list[Line] = field(default_factory=list)
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How kind the data is: shares of round amounts, lost codes and texts, look-alike names, open items left over."""

    round_amounts: float = 0.25
    lost_codes: float = 0.15
    lost_texts: float = 0.1
    alike: float = 0.05
    outstanding: float = 0.08
    traps: float = 0.02
    distort: float = 0.02
    thin: bool = False  # what a format with one text field leaves over


PROFILES = {
    "kind": Profile(round_amounts=0.1, lost_codes=0.0, lost_texts=0.0, alike=0.0, outstanding=0.03, traps=0.0),
    "normal": Profile(),
    "hostile": Profile(round_amounts=0.6, lost_codes=0.4, lost_texts=0.35, alike=0.2, outstanding=0.35, traps=0.06),
    "alike": Profile(round_amounts=0.4, alike=0.5, outstanding=0.2, distort=0.15),
    "thin": Profile(lost_codes=0.5, thin=True),
}


class World:
    """One account: its parties, numberings, days, and the rows and lines made so far."""

    def __init__(self, rng: random.Random, profile: Profile, account: str, currency: str, *, lines: int) -> None:
        self.rng = rng
        self.profile = profile
        self.account, self.currency = account, currency
        count = max(40, lines // 12)
        self.customers = parties(rng, count, alike=profile.alike)
        self.suppliers = parties(rng, max(20, count // 2), alike=profile.alike)
        self._weights = list(accumulate(party.weight for party in self.customers))
        self._closed = holidays.country_holidays(account[:2], years=range(START.year - 1, START.year + 2))
        self.rows: list[Row] = []
        self.lines: list[Line] = []
        self.outstanding: list[Row] = []
        self.groups = 0
        self.days = max(22, min(66, lines // 60))
        self._invoice = rng.randrange(20_000, 600_000)
        self._payment = rng.randrange(1_000, 90_000)
        self._scheme = rng.choice(("ocr", "ocr-length", "plain", "rf", "viite", "kid", "prefixed"))
        self._own = rng.choice(("P{:07d}", "PAY-{:06d}", "UB{:08d}", "2026-{:06d}"))
        self.bankgiro = f"{rng.randrange(100, 999)}-{rng.randrange(1000, 9999)}"

    def day(self) -> date:
        """A banking day of the period; month ends are busier."""
        while True:
            day = START + timedelta(days=self.rng.randrange(self.days))
            if self._is_open(day) and (day.day > 23 or self.rng.random() < 0.6):
                return day

    def back(self, day: date, bank_days: int) -> date:
        """The day that many banking days before (or after, if negative)."""
        step = timedelta(days=-1 if bank_days > 0 else 1)
        for _ in range(abs(bank_days)):
            day += step
            while not self._is_open(day):
                day += step
        return day

    def _is_open(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._closed

    def amount(self, low: int = 8_000, high: int = 6_000_000) -> int:
        """Minor units between bounds, log-uniform; some round, some of a price list."""
        value = round(low * (high / low) ** self.rng.random())
        kind = self.rng.random()
        if kind < self.profile.round_amounts * 0.5:
            return self.rng.choice(
                (9_900, 14_900, 19_900, 29_900, 49_900, 99_500, 125_000, 250_000, 500_000, 1_000_000)
            )
        if kind < self.profile.round_amounts:
            return max(100, value // 10_000 * 10_000 or value // 100 * 100)
        return value // 100 * 100 if kind < self.profile.round_amounts + 0.3 else value

    def customer(self) -> Party:
        """A customer, the large ones often."""
        return self.rng.choices(self.customers, cum_weights=self._weights)[0]

    def supplier(self) -> Party:
        """A supplier."""
        return self.rng.choice(self.suppliers)

    def invoice(self) -> tuple[str, str]:
        """Number and payment reference of the next invoice."""
        self._invoice += self.rng.choice((1, 1, 1, 2, 3))
        number = str(self._invoice)
        kind = self.rng.random()
        scheme = self._scheme if kind < 0.7 else self.rng.choice(("plain", "ocr", "ocr-length", "rf", "prefixed"))
        return number, reference_of(self.rng, number, scheme)

    def payment_id(self) -> str:
        """The next id of ours for an outgoing payment."""
        self._payment += self.rng.choice((1, 1, 1, 1, 2))
        return self._own.format(self._payment)

    def row(self, day: date, amount: int, reference: str, party: str, description: str, kind: str) -> Row:
        """A new open book transaction."""
        row = Row(day, amount, reference, party, description, kind)
        self.rows.append(row)
        return row

    def receivable(self, day: date, amount: int, party: Party) -> tuple[Row, str]:
        """An expected receipt and its invoice number."""
        number, reference = self.invoice()
        label = self.rng.choice(("Kundfaktura", "Faktura", "Invoice", "Inbetalning"))
        return self.row(day, amount, reference, party.name, f"{label} {number}", "receipt"), number

    def payable(self, day: date, amount: int, party: Party) -> Row:
        """An outgoing payment."""
        label = self.rng.choice(("Leverantörsbetalning", "Supplier payment", "Utbetalning"))
        return self.row(day, -amount, self.payment_id(), party.name, label, "payment")

    def line(self, day: date, amount: int, category: str, expect: str, **fields: object) -> Line:
        """A new bank line with the usual code. Some lose their code on the way, some the bank's text, none both."""
        line = Line(day, amount, category, expect)
        for name, value in fields.items():
            setattr(line, name, value)
        if not line.code and not line.proprietary:
            line.code = "PMNT/RCDT/ESCT" if amount > 0 else "PMNT/ICDT/ESCT"
        if self.rng.random() < self.profile.lost_codes:
            line.code, line.proprietary = "", "TRF"
        elif line.bank_text and self.rng.random() < self.profile.lost_texts:
            line.bank_text = ""
        self.lines.append(line)
        return line

    def bank_name(self, party: Party) -> str:
        """A party's name as the bank prints it."""
        return printed(self.rng, party.name, distort=self.profile.distort)

    def next_group(self) -> int:
        """A number for lines that belong together."""
        self.groups += 1
        return self.groups

    def twin(self, line: Line, **changes: object) -> Line:
        """A second line like another one."""
        other = replace(line, **changes)  # type: ignore[arg-type]
        self.lines.append(other)
        return other


def luhn_digit(digits: str) -> str:
    """The Luhn check digit of a number."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def reference_of(rng: random.Random, number: str, scheme: str) -> str:
    """The payment reference of an invoice number in a scheme."""
    if scheme == "plain":
        return number
    if scheme in {"ocr", "kid"}:
        body = f"{rng.randrange(1000, 9999)}{number}" if rng.random() < 0.3 else number
        return body + luhn_digit(body)
    if scheme == "ocr-length":
        body = number + str((len(number) + 2) % 10)
        return body + luhn_digit(body)
    if scheme == "viite":
        total = sum(int(sign) * (7, 3, 1)[place % 3] for place, sign in enumerate(reversed(number)))
        return f"{number}{-total % 10}"
    if scheme == "rf":
        value = int("".join(str(int(sign, 36)) for sign in f"{number}RF00"))
        return f"RF{98 - value % 97:02d}{number}"
    return f"INV-{number[:2]}-{number[2:]}"
