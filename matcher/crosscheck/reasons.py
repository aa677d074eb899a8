"""Known differences: for each its code, what the second reader does, and how such a difference is recognised.

A difference that no reason explains is either a fault of ours or a new fault of theirs: look at it, then write it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from matcher.crosscheck.compare import Case
from matcher.crosscheck.views import StatementView

_EVERYTHING = frozenset(
    {"file", "statements", "statement", "lines", "line", "opening", "closing"}
    | {"booking_date", "value_date", "amount", "reference"}
)
# The field that mt-940 could not parse, as its message quotes it: reference, then an escaped line feed.
_LONG_REFERENCE = re.compile(r"from '[^']*?[0-9,][A-Z][A-Z0-9 ]{3}(?:(?!//|\\\\)[^']){17,}\\\\+n")


class Reason(NamedTuple):
    """One known fault of a second reader. `holds` tells whether a difference in one of `fields` is of this kind."""

    code: str
    second: str
    fields: frozenset[str]
    says: str
    holds: Callable[[Case], bool]


def _odd(*codes: str) -> Callable[[Case], bool]:
    """Whether our reader reported one of `codes` at the line."""
    return lambda case: case.our_line is not None and bool(case.our_line.odd & set(codes))


def _somewhere(*codes: str) -> Callable[[Case], bool]:
    """Whether our reader reported one of `codes` in the statement, or for counts of statements in the file."""
    return lambda case: any(statement.odd & set(codes) for statement in _near(case))


def _near(case: Case) -> tuple[StatementView, ...]:
    return (case.our_statement,) if case.our_statement is not None else case.all_ours


def _another_year(case: Case) -> bool:
    ours, theirs = case.our_line, case.their_line
    if ours is None or theirs is None or ours.booking_date is None or theirs.booking_date is None:
        return False
    mine, other = ours.booking_date, theirs.booking_date
    return (mine.month, mine.day) == (other.month, other.day) and abs(mine.year - other.year) == 1


def _next_day(case: Case) -> bool:
    ours, theirs = case.our_line, case.their_line
    if ours is None or theirs is None or ours.booking_date is None or theirs.booking_date is None:
        return False
    return abs((ours.booking_date - theirs.booking_date).days) == 1


def _has_pending(case: Case) -> bool:
    return any(line.status == "pending" for statement in _near(case) for line in statement.lines)


def _cut_reference(case: Case) -> bool:
    return isinstance(case.ours, str) and isinstance(case.theirs, str) and case.ours.startswith(case.theirs)


REASONS: tuple[Reason, ...] = (
    Reason(
        "mt-940: year rule of 330 days",
        "mt-940",
        frozenset({"booking_date"}),
        "The year of an entry date is changed only where it lies more than 330 days from the value date.",
        _another_year,
    ),
    Reason(
        "mt-940: day put right",
        "mt-940",
        frozenset({"value_date", "booking_date"}),
        "30 February becomes the last day of the month; ours is no day, and a diagnostic.",
        _odd("bad-date"),
    ),
    Reason(
        "mt-940: cut at the decimal point",
        "mt-940",
        _EVERYTHING - {"file"},
        "Digits behind a point are dropped without notice, and the entries after it with them.",
        _somewhere("decimal-point"),
    ),
    Reason(
        "mt-940: more decimals than the currency has",
        "mt-940",
        frozenset({"amount"}),
        "1000,50 yen are read; ours is an amount that is not known.",
        _odd("bad-amount"),
    ),
    Reason(
        "mt-940: balance without a currency",
        "mt-940",
        frozenset({"opening", "closing"}),
        "The first three digits are taken for the currency.",
        _somewhere("balance-without-currency"),
    ),
    Reason(
        "mt-940: text that looks like a tag",
        "mt-940",
        _EVERYTHING - {"file"},
        "A tag that a payer typed begins a new statement or overwrites the header.",
        _somewhere("tag-as-text", "entry-after-closing"),
    ),
    Reason(
        "mt-940: no reference, no statement",
        "mt-940",
        frozenset({"statements", "statement", "lines", "line"}),
        "What stands before the first :20:, or behind the end of a message, is left out or added to another statement.",
        lambda case: any(statement.name is None for statement in case.all_ours),
    ),
    Reason(
        "mt-940: long reference",
        "mt-940",
        frozenset({"file"}),
        "A reference of more than 16 signs before a supplementary line costs the whole file.",
        lambda case: _LONG_REFERENCE.search(str(case.theirs)) is not None,
    ),
    Reason(
        "mt-940: cut reference",
        "mt-940",
        frozenset({"reference"}),
        "The bank's reference is cut at 23 signs.",
        _cut_reference,
    ),
    Reason(
        "mt-940: one field costs the file",
        "mt-940",
        frozenset({"file"}),
        "A field that it can't read ends the reading; ours is a diagnostic at that field.",
        _somewhere(
            *("bad-entry", "bad-date", "bad-amount", "bad-balance", "bad-page", "bad-sum"),
            *("type-missing", "type-unknown", "entry-date-with-year"),
        ),
    ),
    Reason(
        "mt-940: expected entries cost the file",
        "mt-940",
        frozenset({"file"}),
        "The marks EC and ED of an interim report can't be read.",
        _has_pending,
    ),
    Reason(
        "ofxparse: ASCII only",
        "ofxparse",
        frozenset({"file"}),
        "Letters outside ASCII in a file that declares none end the reading.",
        lambda case: str(case.theirs).startswith("UnicodeDecodeError"),
    ),
    Reason(
        "ofxparse: day in UTC",
        "ofxparse",
        frozenset({"booking_date"}),
        "Times are moved to UTC, so that the calendar date of the bank may become the day before or after.",
        _next_day,
    ),
    Reason(
        "ofxparse: discarded line",
        "ofxparse",
        frozenset({"lines", "line"}),
        "A transaction with a field that it can't read, such as an empty one, is left out.",
        lambda case: case.their_statement is not None and "discarded" in case.their_statement.odd,
    ),
    Reason(
        "ofxparse: pending list left out",
        "ofxparse",
        frozenset({"lines", "line"}),
        "BANKTRANLISTP is not read; ours are pending lines.",
        _has_pending,
    ),
    Reason(
        "ofxparse: transaction without an end tag",
        "ofxparse",
        _EVERYTHING - {"file"},
        "The next transactions become part of it.",
        _somewhere("end-tag-missing"),
    ),
    Reason(
        "ofxparse: other accounts are statements",
        "ofxparse",
        frozenset({"statements", "statement"}),
        "Investment accounts are handed out as statements; ours are skipped with a diagnostic.",
        _somewhere("statement-skipped"),
    ),
    Reason(
        "ofxparse: 1,234 is read as 1.234",
        "ofxparse",
        frozenset({"amount"}),
        "An amount that may mean thousands or decimals is read as decimals; ours is not known.",
        _odd("bad-amount"),
    ),
    Reason(
        "ofxparse: header on one line",
        "ofxparse",
        frozenset({"file"}),
        "A header without line breaks ends the reading.",
        lambda case: "too many values to unpack" in str(case.theirs),
    ),
    Reason(
        "lxml: decimals are not checked",
        "lxml",
        frozenset({"opening", "closing", "amount"}),
        "An amount with more decimals than its currency is read; ours is not known, and a diagnostic.",
        lambda case: case.ours is None and _somewhere("bad-amount")(case),
    ),
    Reason(
        "lxml: the encoding must be right",
        "lxml",
        frozenset({"file"}),
        "Bytes that are not of the declared encoding, and control characters, end the reading; ours says so and goes on.",
        _somewhere("encoding-fallback", "encoding-mixed", "control-characters"),
    ),
    Reason(
        "lxml: a day that is none ends the reading",
        "lxml",
        frozenset({"file"}),
        "A day that is not in the calendar ends the reading; ours is not known, and a diagnostic.",
        lambda case: str(case.theirs).startswith("ValueError: day is out of range") and _somewhere("bad-date")(case),
    ),
    Reason(
        "ofxparse: too slow",
        "ofxparse",
        frozenset({"file"}),
        "Its time grows with the square of the number of transactions; large files are left out.",
        lambda case: str(case.theirs).startswith("OverflowError: ofxparse takes minutes"),
    ),
)


def reason_of(second: str, case: Case) -> str | None:
    """The code of the first reason that explains a difference, or None."""
    for reason in REASONS:
        if reason.second == second and case.field in reason.fields and reason.holds(case):
            return reason.code
    return None
