"""A night's work of any size for the worker's benchmark and tests: accounts, statement files and a book, in one folder.

    python -m benchmarks.night_world OUT --accounts 1000 --lines 100 [--files 1] [--seed 1]

`inbox/` has camt.053 and MT940 files, `book.csv` what is in the books, `accounts.toml` the cash accounts. The same
arguments give the same bytes. Of the lines, 70 % are receipts with a payment reference, 15 % our own payments, 8 %
receipts with an invoice number in their text, 5 % fees and interest that only the bank has; on every fifth account the
rest is explained by nothing, on the others it is more receipts, so that their documents can be released.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

FIRST_DAY = date(2026, 3, 2)
OPENING_MINOR = 5_000_000_00
_TRADES = ["Bygg", "Data", "El", "Frakt", "Glas", "Hotell", "Konsult", "Livs", "Optik", "Smide"]
_PLACES = [
    "Umea",
    "Gavle",
    "Lund",
    "Motala",
    "Skara",
    "Visby",
    "Ystad",
    "Arvika",
    "Boden",
    "Falun",
    "Hedemora",
    "Kalmar",
]
_POLICIES = ("release", "release", "release", "adjust", "clear")


@dataclass(frozen=True, slots=True)
class Line:
    """A bank line; `book` is the row of the book that explains it, None where nothing does."""

    day: date
    minor: int
    kind: str
    number: int
    name: str
    reference: str = ""
    text: str = ""
    book: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its lines in the order of their days."""

    number: int
    iban: str
    policy: str
    lines: tuple[Line, ...]

    @property
    def code(self) -> str:
        return f"B{self.number:06}"


def iban(number: int) -> str:
    """A Swedish IBAN with the right check digits."""
    bban = f"5000{number:016}"
    check = 98 - int(f"{bban}281400") % 97
    return f"SE{check:02}{bban}"


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits}{-total % 10}"


def make_account(number: int, lines: int, *, seed: int = 1, days: int = 5) -> Account:
    """One account; its days are banking days from `FIRST_DAY` on."""
    random = Random(f"{seed}/{number}")
    open_ended = number % 5 == 4
    bank_days = [day for n in range(days * 2) if (day := FIRST_DAY + timedelta(days=n)).weekday() < 5][:days]
    made = []
    for place in range(lines):
        day = bank_days[place * days // lines]
        share = random.random()
        name = f"{random.choice(_PLACES)} {random.choice(_TRADES)} {random.randint(1, 400)} AB"
        serial = number * 1_000_000 + place
        minor = random.randint(100_00, 90_000_00)
        written = day - timedelta(days=random.randint(0, 3))
        if share < 0.70 or (share > 0.98 and not open_ended):
            reference = _luhn(f"{10_000_000_000 + serial}")
            row = (f"K{serial}", written.isoformat(), _decimal(minor), reference, name, "Kundfaktura", "receipt")
            made.append(Line(day, minor, "receipt", place, name, reference, book=row))
        elif share < 0.85:
            reference = f"LB-{serial}"
            row = (f"L{serial}", written.isoformat(), _decimal(-minor), reference, name, "Utbetalning", "payment")
            made.append(Line(day, -minor, "payment", place, name, reference, book=row))
        elif share < 0.93:
            invoice = str(30_000_000_000 + serial)
            row = (f"F{serial}", written.isoformat(), _decimal(minor), invoice, name, "Kundfaktura", "receipt")
            made.append(Line(day, minor, "text", place, name, text=f"Faktura {invoice}", book=row))
        elif share < 0.97:
            made.append(Line(day, -random.randint(1_00, 60_00), "fee", place, "", text="Pris bankkonto"))
        elif share < 0.98:
            made.append(Line(day, random.randint(1_00, 900_00), "interest", place, "", text="Kreditranta"))
        else:
            made.append(Line(day, minor, "unknown", place, name, text=f"Tack {random.randint(1, 99)}"))
    return Account(number, iban(number), _POLICIES[number % len(_POLICIES)], tuple(made))


def write_world(
    folder: Path, *, accounts: int, lines: int, files: int = 1, seed: int = 1, first: int = 1, days: int = 5
) -> None:
    """Write accounts `first` and on, each with `lines` bank lines in `files` statements."""
    inbox = folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    rows = ["id,account,date,amount,currency,reference,counterparty,description,kind"]
    plans = []
    for number in range(first, first + accounts):
        account = make_account(number, lines, seed=seed, days=days)
        plans.append(_plan(account))
        for line in account.lines:
            if line.book is not None:
                key, day, amount, *texts = line.book
                rows.append(",".join([key, account.iban, day, amount, "SEK", *texts]))
        write_statements(inbox, account, files)
    (folder / "book.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "accounts.toml").write_text("\n".join(plans), encoding="utf-8")


def write_statements(inbox: Path, account: Account, files: int) -> None:
    """The account's statements, one a file, split between days."""
    days = sorted({line.day for line in account.lines})
    balance = OPENING_MINOR
    for part in range(files):
        mine = set(days[part * len(days) // files : (part + 1) * len(days) // files])
        lines = [line for line in account.lines if line.day in mine]
        if not lines:
            continue
        closing = balance + sum(line.minor for line in lines)
        if account.number % 2:
            text, suffix = _mt940(account, lines, part + 1, balance, closing), "sta"
        else:
            text, suffix = _camt(account, lines, part + 1, balance, closing), "xml"
        (inbox / f"{account.code}-{part + 1:03}.{suffix}").write_text(text, encoding="utf-8", newline="\n")
        balance = closing


def _plan(account: Account) -> str:
    opening = FIRST_DAY - timedelta(days=1)
    return (
        f'[[account]]\ncode = "{account.code}"\ncurrency = "SEK"\nidentifiers = ["{account.iban}"]\n'
        f'policy = "{account.policy}"\nopening_date = {opening}\nopening_balance = "{_decimal(OPENING_MINOR)}"\n'
    )


def _decimal(minor: int, mark: str = ".") -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}{mark}{abs(minor) % 100:02}"


_CODES = {
    "receipt": ("PMNT", "RCDT", "ESCT"),
    "text": ("PMNT", "RCDT", "ESCT"),
    "unknown": ("PMNT", "RCDT", "ESCT"),
    "payment": ("PMNT", "ICDT", "ESCT"),
    "fee": ("ACMT", "MDOP", "CHRG"),
    "interest": ("ACMT", "MCOP", "INTR"),
}


def _camt(account: Account, lines: list[Line], number: int, opening: int, closing: int) -> str:
    first, last = lines[0].day, lines[-1].day
    parts = [
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
            f"<BkToCstmrStmt><GrpHdr><MsgId>N-{account.code}-{number}</MsgId><CreDtTm>{last}T21:00:00+01:00</CreDtTm></GrpHdr>"
            f"<Stmt><Id>{account.code}-{last}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{last}T21:00:00+01:00</CreDtTm>"
            f"<FrToDt><FrDtTm>{first}T00:00:00+01:00</FrDtTm><ToDtTm>{last}T23:59:59+01:00</ToDtTm></FrToDt>"
            f"<Acct><Id><IBAN>{account.iban}</IBAN></Id><Ccy>SEK</Ccy></Acct>"
        ),
        _balance("OPBD", opening, first),
        _balance("CLBD", closing, last),
    ]
    parts += [_entry(account, line) for line in lines]
    parts.append("</Stmt></BkToCstmrStmt></Document>\n")
    return "\n".join(parts)


def _balance(code: str, minor: int, day: date) -> str:
    mark = "CRDT" if minor >= 0 else "DBIT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="SEK">{_decimal(abs(minor))}</Amt>'
        f"<CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(account: Account, line: Line) -> str:
    mark, amount = ("CRDT" if line.minor >= 0 else "DBIT"), _decimal(abs(line.minor))
    domain, family, code = _CODES[line.kind]
    head = (
        f'<Ntry><NtryRef>{line.number + 1}</NtryRef><Amt Ccy="SEK">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.day}</Dt></BookgDt><ValDt><Dt>{line.day}</Dt></ValDt>"
        f"<AcctSvcrRef>{account.code}{line.number:08}</AcctSvcrRef><BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd>"
        f"<SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )
    if not line.name:
        return f"{head}<AddtlNtryInf>{line.text}</AddtlNtryInf></Ntry>"
    party = "Cdtr" if line.minor < 0 else "Dbtr"
    refs = f"<Refs><EndToEndId>{line.reference}</EndToEndId></Refs>" if line.kind == "payment" else ""
    if line.kind == "receipt":
        remittance = (
            "<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
            f"<Ref>{line.reference}</Ref></CdtrRefInf></Strd></RmtInf>"
        )
    else:
        remittance = f"<RmtInf><Ustrd>{line.text}</Ustrd></RmtInf>" if line.text else ""
    return (
        f'{head}<NtryDtls><TxDtls>{refs}<Amt Ccy="SEK">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><RltdPties><{party}>'
        f"<Pty><Nm>{line.name}</Nm></Pty></{party}></RltdPties>{remittance}</TxDtls></NtryDtls></Ntry>"
    )


def _mt940(account: Account, lines: list[Line], number: int, opening: int, closing: int) -> str:
    first, last = lines[0].day, lines[-1].day
    rows = [
        f":20:{account.code}{last:%m%d}",
        f":25:{account.iban}",
        f":28C:{number}/1",
        f":60F:{_mt_balance(opening, first)}",
    ]
    for line in lines:
        mark = "C" if line.minor >= 0 else "D"
        kind = {"fee": "NCHG", "interest": "NINT"}.get(line.kind, "NTRF")
        owner = line.reference[:16] if line.kind == "payment" else "NONREF"
        bank = f"{account.code}{line.number:08}"
        rows.append(f":61:{line.day:%y%m%d%m%d}{mark}{_decimal(abs(line.minor), ',')}{kind}{owner}//{bank}")
        rows.append(":86:" + _information(line))
    rows += [f":62F:{_mt_balance(closing, last)}", "-"]
    return "\r\n".join(rows) + "\r\n"


def _information(line: Line) -> str:
    if not line.name:
        return f"/ADDI/{line.text.upper()}"
    party = f"/{'BENM' if line.minor < 0 else 'ORDP'}//NAME/{line.name.upper()}"
    if line.kind == "payment":
        return f"{party}/EREF/{line.reference}"
    text = line.reference if line.kind == "receipt" else line.text.upper()
    return f"{party}/REMI/{text}"


def _mt_balance(minor: int, day: date) -> str:
    return f"{'C' if minor >= 0 else 'D'}{day:%y%m%d}SEK{_decimal(abs(minor), ',')}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=100, help="bank lines an account")
    parser.add_argument("--files", type=int, default=1, help="statements an account")
    parser.add_argument("--days", type=int, default=5, help="banking days that the lines lie on")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    write_world(
        given.folder,
        accounts=given.accounts,
        lines=given.lines,
        files=given.files,
        seed=given.seed,
        days=given.days,
    )


if __name__ == "__main__":
    main()
