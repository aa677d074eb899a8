"""The book file: open transactions of our books as CSV.

Columns: `id,account,date,amount,currency,reference,counterparty,description,kind`. The first five are required and may
not be empty, the others may be missing; other columns are left alone. Dates are ISO, amounts decimal, receipts positive.
Comma, semicolon or tab; UTF-8, with or without a byte order mark. Where the reader knows the accounts, the column
currency may be missing, for an account has one; and the column account too, if there is one account.

What a Swedish Excel writes is read as well: Windows-1252, Latin-1, code page 850 or UTF-16, Swedish column names,
decimal commas, thousands in groups, and debit and credit in columns of their own. A file has one decimal mark; where its
amounts don't tell which, the file is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from matcher.parsers.codepage import likely_codepage
from matcher.parsers.csv.values import BLANKS, AmountStyle
from matcher.rules.columns import BookItem
from recon_core.domain.account import normal_identifier
from recon_core.domain.money import to_minor
from recon_core.domain.refusals import Unknown
from recon_core.domain.refused import BadAmount, BadDate, InputError, Unreadable

REQUIRED = ("id", "account", "date", "amount", "currency")
KNOWN_BY_ACCOUNT = ("account", "currency")
OPTIONAL = ("reference", "counterparty", "description", "kind")
FIELDS = REQUIRED + OPTIONAL

# Names that columns have elsewhere, in lower case without dots, hyphens and blanks; the first that a file has is meant.
_NAMES = {
    "id": ("id", "verifikationsnummer", "verifikationsnr", "vernr", "verifikat", "verifikation", "transaktionsid"),
    "account": ("account", "konto", "kontonummer", "kontonr", "bankkonto", "iban"),
    "date": ("date", "datum", "bokföringsdatum", "bokfdatum", "transaktionsdatum", "verifikationsdatum"),
    "amount": ("amount", "belopp"),
    "currency": ("currency", "valuta", "valutakod"),
    "reference": ("reference", "referens", "ocr", "ocrnummer", "ocrnr", "fakturanummer", "fakturanr"),
    "counterparty": ("counterparty", "motpart", "kund", "kundnamn", "leverantör", "leverantörsnamn", "namn"),
    "description": ("description", "beskrivning", "text", "verifikationstext", "benämning", "meddelande"),
    "kind": ("kind", "typ", "transaktionstyp"),
}
_AMOUNT = REQUIRED.index("amount")
_BETWEEN = re.compile(r"[-._ \u00a0]")
_DEBIT, _CREDIT = ("debet", "debit"), ("kredit", "credit")
_KINDS = {"inbetalning": "receipt", "utbetalning": "payment", "överföring": "transfer", "verifikation": "journal"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}", re.ASCII)
_PLAIN = frozenset("-+.0123456789")
_COMMA, _POINT = AmountStyle(",", (".", *BLANKS)), AmountStyle(".", (",", *BLANKS))

ToMinor = Callable[[str, str], int]


class KnownAccounts(NamedTuple):
    """The currency of each account by every name that it has, and the name of the only account, "" for more or none."""

    currencies: Mapping[str, str]
    only: str = ""


WhichAccounts = Callable[[], KnownAccounts]


class _Layout(NamedTuple):
    """Where the fields stand in a row, -1 for none; `debit` and `credit` where there is no column amount."""

    places: Sequence[int]
    debit: int
    credit: int
    width: int

    @property
    def missing(self) -> list[str]:
        """Required fields that no column holds."""
        found = [field for field, place in zip(REQUIRED, self.places, strict=False) if place < 0]
        return [field for field in found if field != "amount" or self.debit < 0]


def missing_columns(content: bytes, *, name: str = "book") -> list[str]:
    """Which required columns a book file has not. Raises `Unreadable` where its header can't be read."""
    try:
        return _layout(next(_rows(_text(content)), []), name).missing
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable("This is no CSV.", where=name, cure="Export the book again as CSV.") from error


def read_book(source: Path | bytes, *, name: str = "", accounts: WhichAccounts | None = None) -> Iterator[BookItem]:
    """Items of a book file, or of its bytes, in its order. `name` is what errors call it, by default its path;
    `accounts` is asked where a column is missing that an account would tell.

    Raises `Unreadable` for a missing column or value, a repeated id or bytes that are no text, `BadDate`, `BadAmount`
    and `UnknownCurrency` for such a value; `where` is file and line, the message names the column.
    """
    file = name or str(source if isinstance(source, Path) else "book")
    content = source.read_bytes() if isinstance(source, Path) else source
    try:
        text = _text(content)
        yield from _items(_rows(text), _to_minor(text, file), file, accounts)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"Byte {error.start} is no UTF-8.", where=file, cure="Save the file as UTF-8 and try again."
        ) from error
    except csv.Error as error:
        raise Unreadable(f"This is no CSV: {error}.", where=file, cure="Export the book again as CSV.") from error


def count_rows(content: bytes) -> int:
    """How many items a book file has that was read before."""
    return sum(1 for row in _rows(_text(content)) if any(row)) - 1


def _text(content: bytes) -> str:
    """Raises `UnicodeDecodeError`."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        if b"\0" in content:
            raise
        return content.decode(likely_codepage(content) or "cp1252")


def _rows(text: str) -> Any:
    """A reader of rows with a `line_num`."""
    stream = io.StringIO(text, newline="")
    header = stream.readline()
    stream.seek(0)
    return csv.reader(stream, delimiter=max(",;\t", key=header.count))


def _items(rows: Any, to_minor_: ToMinor, file: str, accounts: WhichAccounts | None) -> Iterator[BookItem]:
    layout = _layout(next(rows, []), file)
    fill = _filling(layout.missing, accounts, file)
    seen: dict[str, int] = {}
    for row in rows:
        if not any(row):
            continue
        if len(row) < layout.width:
            row = row + [""] * (layout.width - len(row))
        where = f"{file}, line {rows.line_num}"
        values = [row[place].strip() if place >= 0 else "" for place in layout.places]
        if layout.debit >= 0:
            values[_AMOUNT] = _debit_less_credit(row[layout.debit].strip(), row[layout.credit].strip(), where)
        if fill is not None:
            fill(values, where)
        item = _item(values, to_minor_, where)
        if item.id in seen:
            raise Unreadable(
                f"Column id: {item.id!r} stands on line {seen[item.id]} too.",
                where=where,
                cure="Give each book transaction an id of its own.",
            )
        seen[item.id] = rows.line_num
        yield item


def _layout(header: Sequence[str], file: str) -> _Layout:
    """Where the fields stand. Raises `Unreadable` where one is missing, or two columns may be the same one."""
    columns: dict[str, int] = {}
    for place, given in enumerate(header):
        columns.setdefault(_BETWEEN.sub("", given.strip().lower()), place)
    places = []
    for field in FIELDS:
        found = [name for name in _NAMES[field] if name in columns]
        if len(found) > 1 and found[0] != field and field in REQUIRED:
            both = " and ".join(repr(header[columns[name]].strip()) for name in found[:2])
            raise Unreadable(
                f"The columns {both} may both be the {field}.",
                where=f"{file}, line 1",
                cure=f"Call the one that is meant {field!r}.",
            )
        places.append(columns[found[0]] if found else -1)
    debit, credit = (next((columns[name] for name in names if name in columns), -1) for names in (_DEBIT, _CREDIT))
    if places[_AMOUNT] >= 0 or debit < 0 or credit < 0:
        debit = credit = -1
    return _Layout(places, debit, credit, len(header))


def _filling(
    missing: Sequence[str], accounts: WhichAccounts | None, file: str
) -> Callable[[list[str], str], None] | None:
    """What puts in what the account tells, None if nothing is missing. Raises `Unreadable` where nobody can tell."""
    if not missing:
        return None
    known = accounts() if accounts is not None and set(missing) <= set(KNOWN_BY_ACCOUNT) else None
    if known is None or ("account" in missing and not known.only):
        raise Unreadable(
            f"The header has no column {', '.join(missing)}.",
            where=f"{file}, line 1",
            cure=f"The columns are {','.join(FIELDS)}; the last four may be missing. Swedish names are known as well.",
        ) from (Unknown(file) if accounts is not None else None)
    account, currency = REQUIRED.index("account"), REQUIRED.index("currency")

    def fill(values: list[str], where: str) -> None:
        if "account" in missing:
            values[account] = known.only
        if "currency" in missing:
            name = values[account]
            values[currency] = known.currencies.get(name) or known.currencies.get(normal_identifier(name), "")
            if name and not values[currency]:
                raise Unreadable(
                    f"There is no column currency, and no one account {name!r} to tell it.",
                    where=where,
                    cure="Add the column, or open the account first: recon account open",
                ) from Unknown(name)

    return fill


def _to_minor(text: str, file: str) -> ToMinor:
    """How the amounts of a file are written, told by all of them. Raises `Unreadable` where they don't tell.

    Where commas can't stand in a value, all have decimal points, and the file is not read twice.
    """
    header = text[: text.find("\n")]
    if header.count(",") >= max(header.count(";"), header.count("\t")) and '"' not in text:
        return to_minor
    rows = _rows(text)
    layout = _layout(next(rows, []), file)
    columns = [place for place in (layout.places[_AMOUNT], layout.debit, layout.credit) if place >= 0]
    marked = [
        (row[place], rows.line_num)
        for row in rows
        for place in columns
        if place < len(row) and not row[place].isdigit()
    ]
    if not any("," in value for value, _ in marked):
        return _of_style(_POINT)
    styles = {_COMMA, _POINT}
    doubtful = 0
    for value, line in marked:
        reading = {style for style in (_COMMA, _POINT) if style.reads(value)}
        if len(reading) == 1:
            styles &= reading
        elif reading and "," in value:
            doubtful = doubtful or line
    if not styles:
        message = "Some amounts have a decimal comma, others a decimal point."
        raise Unreadable(message, where=file, cure="Write all amounts with the same decimal mark.")
    if len(styles) == 2 and doubtful:
        message = "Column amount: the commas may mean thousands or decimals."
        raise Unreadable(message, where=f"{file}, line {doubtful}", cure="Write two decimals, or a decimal point.")
    return _of_style(_COMMA if styles == {_COMMA} else _POINT)


def _of_style(style: AmountStyle) -> ToMinor:
    marks = dict.fromkeys((*style.grouping, "\t")) | {style.decimal: ".", "\u2212": "-", "\u2013": "-"}
    plain = str.maketrans(marks)

    def minor(text: str, currency: str) -> int:
        if style is _POINT and _PLAIN.issuperset(text):
            return to_minor(text, currency)
        if not style.reads(text):
            raise BadAmount(f"{text[:40]!r} is no amount with {style.decimal!r} as its decimal mark.")
        text = text.translate(plain)
        return to_minor(f"-{text[:-1]}" if text.endswith("-") else text, currency)

    return minor


def _debit_less_credit(debit: str, credit: str, where: str) -> str:
    """The amount of a row, negative for a credit: what lowers a cash account is credited."""
    if debit.strip("0,. ") and credit.strip("0,. "):
        raise Unreadable("There is an amount both in debit and in credit.", where=where, cure="Split the line in two.")
    if debit.strip("0,. ") or not credit:
        return debit
    return credit.removeprefix("-") if credit.startswith("-") else f"-{credit}"


def _item(values: list[str], to_minor_: ToMinor, where: str) -> BookItem:
    identity, account, day_text, amount_text, currency, *texts = values
    if not (identity and account and day_text and amount_text and currency):
        empty = next(name for name, value in zip(REQUIRED, values, strict=False) if not value)
        raise Unreadable(f"Column {empty} is empty.", where=where, cure="Fill it in or take the line out.")
    try:
        day = date.fromisoformat(day_text) if _DAY.fullmatch(day_text) else None
    except ValueError:
        day = None
    if day is None:
        raise BadDate(f"Column date: {day_text!r} is no calendar date.", where=where, cure="Write it like 2026-01-31.")
    try:
        amount = to_minor_(amount_text, currency)
    except InputError as error:
        error.where = where
        error.message = f"Column amount or currency: {error.message}"
        raise
    texts[-1] = _KINDS.get(texts[-1].lower(), texts[-1])
    return BookItem(identity, account, day, amount, currency, *texts)
