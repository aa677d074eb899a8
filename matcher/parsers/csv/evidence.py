"""What a sample says about its own layout: delimiter, header, forms of dates and amounts, by content alone."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass

from matcher.parsers.codepage import likely_codepage
from matcher.parsers.csv.profile import key
from matcher.parsers.csv.table import DELIMITERS, head_rows
from matcher.parsers.csv.values import AmountStyle, calendar_day
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.refused import BadAmount, BadDate, UnknownFormat

SAMPLE_ROWS_MAX = 2000
# In the order in which they are preferred where a column has several.
DATE_FORMS = (
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "YYYY.MM.DD",
    "DD.MM.YYYY",
    "DD/MM/YYYY",
    "DD-MM-YYYY",
    "MM/DD/YYYY",
    "YYYYMMDD",
    "DD.MM.YY",
    "DD/MM/YY",
    "YY-MM-DD",
    "DD MMM YYYY",
    "DD MMM YY",
    "DD-MMM-YYYY",
    "DD-MMM-YY",
    "MMM DD, YYYY",
    "YYYY.MM.DD.",
    "DD.MM.YYYY.",
)
# A column is what nearly all of its cells are: the others may be totals and words.
SHARE = 0.9
_NUMBER = re.compile(
    r"\s*(?P<before>[^\W\d_]{1,4}\.?|[€$£¥])?\s*[+\u2212\u2013-]?\s*(?P<digits>[0-9][0-9., '\u00a0\u202f]*|[.,][0-9]+)"
    r"\s*[\u2212\u2013-]?\s*(?P<after>[^\W\d_]{1,4}\.?|[€$£¥])?\s*"
)
_GROUPS = (" ", "\u00a0", "\u202f", "'")


@dataclass(frozen=True, slots=True)
class Sample:
    """A table that was found: its delimiter, the rows above the header, the header, and the rows below it."""

    encoding: str
    delimiter: str
    above: list[list[str]]
    header: list[str]
    rows: list[list[str]]

    def cells(self, place: int) -> list[str]:
        """The filled cells of a column."""
        return [row[place] for row in self.rows if place < len(row) and row[place]]


def find_table(sample: bytes) -> Sample:
    """The table in the sample. Raises `UnknownFormat` where there is none with a header, a date and an amount."""
    codec = _encoding(sample)
    found: list[tuple[int, int, Sample]] = []
    for delimiter in DELIMITERS:
        rows = head_rows(sample, delimiter, most=SAMPLE_ROWS_MAX, codec=codec)
        widths = {number: len(row) for number, row in enumerate(rows) if _has_date(row) and _has_number(row)}
        if not widths:
            continue
        # Rows above and below the table may have a date and a number as well.
        [(width, count)] = Counter(widths.values()).most_common(1)
        first = next(number for number, cells in widths.items() if cells == width)
        names = next((number for number in range(first - 1, -1, -1) if _is_header(rows[number], width)), None)
        if names is not None and width >= 3:
            # What is much narrower stands below the table.
            data = [row for row in rows[names + 1 :] if any(row) and len(row) >= width - 2]
            found.append((count, width, Sample(codec, delimiter, rows[:names], _told_apart(rows[names]), data)))
    if not found:
        raise UnknownFormat(
            "no table with a header, a date and an amount is in the file.",
            cure="Export it as CSV with its column names, at least one row, and one account.",
        )
    return max(found, key=lambda each: each[:2])[2]


def _told_apart(header: list[str]) -> list[str]:
    """The names of columns; a name that stands there again gives way, as only the first column can be called so."""
    names = [key(name) for name in header]
    return [name if names.index(names[place]) == place else "" for place, name in enumerate(header)]


def _encoding(sample: bytes) -> str:
    """UTF-8, else the code page that the letters speak for."""
    try:
        sample[: max(len(sample) - 4, 0)].decode("utf-8")
    except UnicodeDecodeError:
        return likely_codepage(sample) or "cp1252"
    return "utf-8"


def _has_date(row: list[str]) -> bool:
    return any(date_forms([cell]) for cell in row if 6 <= len(cell) <= 40)


def _has_number(row: list[str]) -> bool:
    return any(
        _NUMBER.fullmatch(cell) and re.search(r"[.,][0-9]|^-?[0-9]+$", cell) and not date_forms([cell]) for cell in row
    )


def _is_header(row: list[str], width: int) -> bool:
    filled = [cell for cell in row if cell]
    plain = all(not _NUMBER.fullmatch(cell) and not date_forms([cell]) for cell in filled)
    return plain and len(filled) >= 3 and width - 2 <= len(row) <= width + 2


def date_forms(cells: list[str]) -> list[str]:
    """The forms in which nearly all of the cells are days of the calendar."""
    return [form for form in DATE_FORMS if cells and sum(_is_day(cell, form) for cell in cells) >= SHARE * len(cells)]


def _is_day(text: str, form: str) -> bool:
    try:
        found = calendar_day(text, (form,))
    except BadDate:
        return False
    return 1990 <= found.year <= 2079


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the amounts of a sample are written; `doubtful` where marks may be thousands or decimals."""

    style: AmountStyle
    doubtful: bool


def number_style(sample: Sample, dates: list[int]) -> Numbers:
    """The decimal mark, grouping and marks of all cells that look like numbers."""
    points = commas = three_points = three_commas = long_before = 0
    groups: set[str] = set()
    marks: Counter[str] = Counter()
    for place in range(len(sample.header)):
        if place in dates:
            continue
        for cell in sample.cells(place):
            found = _NUMBER.fullmatch(cell)
            if found is None:
                continue
            digits = found["digits"].strip()
            marks.update(mark for mark in (found["before"], found["after"]) if mark and digits)
            points += bool(re.search(r"\.[0-9]{1,2}$", digits))
            commas += bool(re.search(r",[0-9]{1,2}$", digits))
            three_points += bool(re.search(r"\.[0-9]{3}$", digits))
            three_commas += bool(re.search(r",[0-9]{3}$", digits))
            long_before += bool(re.search(r"^[0-9]{4,}[.,][0-9]{3}$", digits))
            groups |= {mark for mark in (*_GROUPS, ".", ",") if mark in digits[:-1]}
    if points or commas:
        decimal, doubtful = ("," if commas >= points else "."), False
    else:
        decimal = "," if three_commas > three_points else "."
        doubtful = bool(three_points or three_commas) and not long_before
    blanks = [" "] if groups & {" ", "\u00a0", "\u202f"} else []
    other = [mark for mark in ("'", ".", ",") if mark in groups and mark != decimal]
    kept = tuple(mark for mark, count in marks.most_common(3) if count > 1)
    spaces = ("\u00a0", "\u202f", " ") if blanks else ()
    return Numbers(AmountStyle(decimal, (*spaces, *other), kept), doubtful)


def number_columns(sample: Sample, style: AmountStyle, dates: list[int]) -> list[int]:
    """Columns of amounts: nearly all cells are numbers, and some have decimals or a sign; account numbers have none."""
    found = []
    for place in range(len(sample.header)):
        cells = sample.cells(place)
        if place in dates or not cells or not sample.header[place]:
            continue
        share = sum(style.reads(cell) for cell in cells) / len(cells)
        telling = any(style.decimal in cell or re.search(r"^[+\u2212-]|[\u2212-]$", cell.strip()) for cell in cells)
        if share >= SHARE and telling:
            found.append(place)
    return found


def minors(sample: Sample, style: AmountStyle, place: int) -> list[int | None]:
    """The column's amounts in hundredths, None where a cell is empty or none."""
    values: list[int | None] = []
    for row in sample.rows:
        try:
            values.append(style.minor(row[place], NO_CURRENCY) if place < len(row) and row[place] else None)
        except BadAmount:
            values.append(None)
    return values


def links(amounts: list[int | None], balances: list[int | None]) -> tuple[int, int]:
    """How many neighbouring rows the balances prove, in the better of the two directions, and how many there are.

    A balance without an amount proves nothing.
    """
    rows = [(amount, balance) for amount, balance in zip(amounts, balances, strict=True) if balance is not None]
    upward = downward = 0
    for (before_amount, before_balance), (amount, balance) in itertools.pairwise(rows):
        upward += amount is not None and balance == before_balance + amount
        downward += before_amount is not None and balance == before_balance - before_amount
    return max(upward, downward), max(len(rows) - 1, 0)
