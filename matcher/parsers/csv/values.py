"""Amounts and dates as a profile says that they are written; nothing is guessed here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, BadDate, BadSetting

# Blanks that banks group thousands with: plain, no-break, narrow no-break.
BLANKS = (" ", "\u00a0", "\u202f")
_MINUS = "\u2212\u2013-"
_DATE_TOKENS = re.compile(r"YYYY|YY|MMM|MM|DD")
# How the names of the months begin, January first, in the languages of western and northern Europe.
_MONTH_NAMES = (
    *("jan ene gen", "feb fév fev", "mar mär mrt maa", "apr avr abr", "may mai mei maj mag", "jun juin giu"),
    *("jul juil lug", "aug aoû ago", "sep set", "oct okt out ott", "nov", "dec dez dic déc des"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_TIME = r"(?:[T ][0-9][0-9:.,+\-Z ]*)?"


@dataclass(frozen=True, slots=True)
class AmountStyle:
    """`decimal` is the decimal mark, `grouping` the marks that may group thousands, `marks` what may stand around.

    `proved` says that the file itself shows the decimal mark; until then `2.500` may be thousands or decimals.
    """

    decimal: str
    grouping: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    proved: bool = False

    def minor(self, text: str, currency: str) -> int:
        """Signed minor units of a printed amount. Raises `BadAmount`, also for grouping in the wrong place."""
        found = _amount_pattern(self).fullmatch(text)
        if found is None or not (found["whole"] or found["decimals"]):
            raise BadAmount(f"{text[:40]!r} is no amount with {self.decimal!r} as its decimal mark.")
        whole = re.sub(r"[^0-9]", "", found["whole"] or "0")
        if found["decimals"] is None and not self.proved and any(mark in (found["whole"] or "") for mark in ".,"):
            raise BadAmount(
                f"{text[:40]!r} may be thousands or decimals.", cure="Check `decimal` and `grouping` of the profile."
            )
        minor = to_minor(f"{whole}.{found['decimals'] or ''}", currency)
        return -minor if (found["before"] or found["after"] or "+") in _MINUS else minor

    def reads(self, text: str) -> bool:
        """Whether the text is written in this style."""
        found = _amount_pattern(self).fullmatch(text)
        return found is not None and bool(found["whole"] or found["decimals"])


@lru_cache(maxsize=64)
def _amount_pattern(style: AmountStyle) -> re.Pattern[str]:
    group = "".join(map(re.escape, style.grouping))
    grouped = rf"[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+|" if group else ""
    mark = "|".join(re.escape(mark) for mark in style.marks)
    around = rf"(?:(?:{mark})\s*)?" if mark else ""
    behind = rf"(?:\s*(?:{mark}))?" if mark else ""
    return re.compile(
        rf"\s*{around}(?P<before>[+{_MINUS}])?\s*{around}(?P<whole>{grouped}[0-9]{{0,18}})"
        rf"(?:{re.escape(style.decimal)}(?P<decimals>[0-9]{{0,12}}))?\s*(?P<after>[{_MINUS}])?{behind}\s*",
        re.ASCII | re.IGNORECASE,
    )


@lru_cache(maxsize=64)
def date_pattern(form: str) -> tuple[re.Pattern[str], str]:
    """Pattern of a form such as `YYYY-MM-DD` or `DD MMM YY` and the order of its parts, "YMD". Raises `BadSetting`."""
    tokens = _DATE_TOKENS.findall(form)
    order = "".join(token[0] for token in tokens)
    if sorted(order) != ["D", "M", "Y"]:
        raise BadSetting(f"{form!r} is no form of a date.", cure="Write it like YYYY-MM-DD or DD.MM.YY.")
    separated = len(_DATE_TOKENS.sub("", form)) >= 2
    parts = {"YYYY": "([0-9]{4})", "YY": "([0-9]{2})", "MMM": r"([^\W\d_]{3,10}\.?)"}
    day = "([0-9]{1,2})" if separated else "([0-9]{2})"
    pattern = _DATE_TOKENS.sub(lambda token: parts.get(token[0], day), re.escape(form).replace(r"\ ", " "))
    return re.compile(rf"\s*{pattern}{_TIME}\s*"), order


@lru_cache(maxsize=8192)
def calendar_day(text: str, forms: tuple[str, ...]) -> date:
    """The calendar day of a text in the first form that it has; a time behind it is left alone. Raises `BadDate`."""
    for form in forms:
        pattern, order = date_pattern(form)
        found = pattern.fullmatch(text)
        if found is None:
            continue
        parts = dict(zip(order, found.groups(), strict=True))
        year = int(parts["Y"]) + (2000 if len(parts["Y"]) == 2 else 0)
        named = parts["M"].casefold()
        month = int(named) if named.isdecimal() else _MONTHS.get(named[:4]) or _MONTHS.get(named[:3], 0)
        try:
            return date(year, month, int(parts["D"]))
        except ValueError:
            raise BadDate(f"{text[:40]!r} is no day of the calendar.") from None
    raise BadDate(f"{text[:40]!r} is no date like {' or '.join(forms)}.")


def is_day(text: str, forms: tuple[str, ...]) -> bool:
    """Whether a text is a day of the calendar in one of the forms."""
    try:
        calendar_day(text, forms)
    except BadDate:
        return False
    return True
