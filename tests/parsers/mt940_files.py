"""MT940 files for tests: short messages, short ways to read them, and a writer of whole statements."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from matcher.parsers.contract import ReadOptions
from matcher.parsers.mt940 import FORMAT
from matcher.parsers.statements import Statement, parse
from recon_core.domain.currency import exponent
from recon_core.domain.diagnostic import Diagnostic
from recon_core.domain.statement import StatementLine

IBAN = "DE89370400440532013000"


def message(*fields: str, currency: str = "EUR", opening: str = "0,", closing: str | None = "0,") -> str:
    """One message with a header, the fields given, and a closing balance."""
    places = ":60F:C260102" + currency + opening
    lines = [":20:TEST", f":25:{IBAN}", ":28C:1/1", places, *fields]
    if closing is not None:
        lines.append(f":62F:C260131{currency}{closing}")
    return "\r\n".join(lines) + "\r\n"


def statements(content: str | bytes, *, encoding: str | None = None, currency: str | None = None) -> list[Statement]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(parse(data, options=ReadOptions(encoding=encoding, currency=currency)))


def only(content: str | bytes, **options: str) -> Statement:
    (statement,) = statements(content, **options)
    return statement


def lines(content: str | bytes, **options: str) -> list[StatementLine]:
    return [line for statement in statements(content, **options) for line in statement.lines]


def entry(field61: str, field86: str | None = None, *, currency: str = "EUR") -> StatementLine:
    """The one line of a message with one entry."""
    texts = [] if field86 is None else [f":86:{field86}"]
    (line,) = lines(message(f":61:{field61}", *texts, currency=currency))
    return line


def text(field86: str, *, mark: str = "C") -> StatementLine:
    """The line of an entry whose `:86:` is given, wrapped at 65 columns as banks do."""
    return entry(f"2601050105{mark}10,00NTRFNONREF", wrapped(field86))


def wrapped(field86: str, columns: int = 65) -> str:
    return "\r\n".join(field86[at : at + columns] for at in range(0, len(field86), columns))


def diagnostics(content: str | bytes, **options: str) -> dict[str, Diagnostic]:
    """What was odd, by code; the last one of each."""
    return {found.code: found for statement in statements(content, **options) for found in statement.diagnostics}


def sniff(content: str | bytes) -> int:
    from matcher.parsers.contract import Head

    return FORMAT.sniff(Head(content if isinstance(content, bytes) else content.encode()))


def events(data: bytes, *, encoding: str | None = None) -> list[object]:
    return list(FORMAT.read(io.BytesIO(data), ReadOptions(encoding=encoding)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A bank line as a bank's system has it, to be written as `:61:` and `:86:`; `minor` is signed."""

    booking: date
    value: date
    minor: int
    reversal: bool
    kind: str
    end_to_end: str | None
    bank: str | None
    name: str | None
    account: str | None
    bic: str | None
    remittance: str | None
    mandate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a bank writes: form of `:86:`, line ends, columns, entries a page, whether funds codes and entry dates."""

    form: str = "german"
    line_end: str = "\r\n"
    columns: int = 65
    page_lines: int = 1000
    funds: bool = False
    shell: str = ""


def amount(minor: int, currency: str) -> str:
    places = exponent(currency)
    digits = str(abs(minor)).rjust(places + 1, "0")
    return f"{digits[: len(digits) - places]},{digits[len(digits) - places :]}" if places else f"{digits},"


def balance(tag: str, minor: int, currency: str, day: date) -> str:
    return f":{tag}:{'D' if minor < 0 else 'C'}{day:%y%m%d}{currency}{amount(minor, currency)}"


def write(rows: Sequence[Written], *, currency: str, opening: int, dialect: Dialect) -> str:
    """Messages of one statement, in pages, with right balances."""
    pages = [rows[at : at + dialect.page_lines] for at in range(0, len(rows), dialect.page_lines)] or [()]
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    out: list[str] = []
    running = opening
    for number, page in enumerate(pages, start=1):
        carried, more = number > 1, number < len(pages)
        out += [dialect.shell] if dialect.shell else []
        out += [f":20:REF{number}", f":25:{IBAN}", f":28C:17/{number}"]
        out.append(balance("60M" if carried else "60F", running, currency, first))
        for row in page:
            out += _entry(row, currency, dialect)
            running += row.minor
        out.append(balance("62M" if more else "62F", running, currency, last))
        out.append("-}" if dialect.shell else "-")
    return dialect.line_end.join(out) + dialect.line_end


def _entry(row: Written, currency: str, dialect: Dialect) -> list[str]:
    credit = row.minor >= 0
    mark = ("RD" if credit else "RC") if row.reversal else ("C" if credit else "D")
    funds = currency[2] if dialect.funds else ""
    own = row.end_to_end if row.end_to_end and dialect.form == "free" else "NONREF"
    reference = own + (f"//{row.bank}" if row.bank else "")
    field61 = f":61:{row.value:%y%m%d}{row.booking:%m%d}{mark}{funds}{amount(row.minor, currency)}{row.kind}{reference}"
    field86 = {"german": _german, "slash": _slash, "free": _free}[dialect.form](row, credit=credit)
    if not field86:
        return [field61]
    return [field61, *f":86:{field86}".split("\n")] if dialect.form == "free" else [field61, *_cut(field86, dialect)]


def _cut(field86: str, dialect: Dialect) -> list[str]:
    pieces = [field86[at : at + dialect.columns] for at in range(0, len(field86), dialect.columns)]
    return [f":86:{pieces[0]}", *pieces[1:]]


def _german(row: Written, *, credit: bool) -> str:
    parts = (("EREF+", row.end_to_end), ("MREF+", row.mandate), ("SVWZ+", row.remittance))
    purpose = "".join(tag + value.ljust(-(-len(tag + value) // 27) * 27 - len(tag)) for tag, value in parts if value)
    pieces = [purpose[at : at + 27] for at in range(0, len(purpose), 27)]
    assert len(pieces) <= 14, "the purpose has fourteen pieces"
    keys = [*range(20, 30), *range(60, 64)]
    early = "".join(f"?{key}{piece}" for key, piece in zip(keys[:10], pieces[:10], strict=False))
    late = "".join(f"?{key}{piece}" for key, piece in zip(keys[10:], pieces[10:], strict=False))
    name = row.name or ""
    party = "".join(
        f"?{key}{value}" for key, value in ((30, row.bic), (31, row.account), (32, name[:27]), (33, name[27:])) if value
    )
    return f"166?00UMSATZ?109310{early}{party}{late}"


def _slash(row: Written, *, credit: bool) -> str:
    parts = (
        ("EREF", row.end_to_end),
        ("MARF", row.mandate),
        ("ORDP//NAME" if credit is not row.reversal else "BENM//NAME", row.name),
        ("IBAN", row.account),
        ("BIC", row.bic),
        ("REMI", row.remittance),
    )
    return "".join(f"/{code}/{value}" for code, value in parts if value)


def _free(row: Written, *, credit: bool) -> str:
    return row.remittance or ""
