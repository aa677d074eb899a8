"""The open items of one run, aligned and ready for the passes: pools, days, parties. Nothing here decides.

A pool is an account and a currency; lines and book items meet only inside one. A party is a folded name. Both are
integers on both sides, so that passes are joins.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np

from matcher.rules import bankdays
from matcher.rules.chance import AmountChance, grid
from matcher.rules.columns import NO_DAY, Book, Codes, Flags, Ints, Lines, Texts
from matcher.rules.joins import distinct
from matcher.rules.names import Name, NameLevel, compare, fold, nearly
from matcher.rules.parties import Directory
from matcher.rules.settings import RuleSettings
from matcher.rules.variants import Variants
from recon_core.domain.account import normal_identifier
from recon_core.domain.currency import EXPONENTS

IBAN_HEAD = 4
_BBAN_SIGNS_MIN = 8
_LINE_NAMES = ("counterparty_name", "ultimate_counterparty")
# Banks that print the name into the text do so before what the payer wrote.
_NAME_LINES_MAX = 3
_NUMBER_LETTERS_MAX = 4
_MANY_DIGITS = re.compile(r"\d[\d-]{3,}")


def account_of(wanted: str, accounts: Collection[str]) -> str | None:
    """Which of our accounts a statement's identifier means: the same one, or the one whose IBAN holds this BBAN.

    None if there is none, or more than one (then it is never guessed).
    """
    if wanted in accounts:
        return wanted
    if len(wanted) < _BBAN_SIGNS_MIN:
        return None
    found = [name for name in accounts if _holds(name, wanted) or _holds(wanted, name)]
    return found[0] if len(found) == 1 else None


def _holds(iban: str, bban: str) -> bool:
    return iban[:2].isalpha() and iban[IBAN_HEAD:] == bban


def _with_numbers_as_text(lines: Lines) -> Lines:
    """The same lines, where a bank that knows no payer prints a number in his place: that is his text."""
    names, texts = lines.text("counterparty_name"), lines.text("remittance")
    unsaid = np.flatnonzero((names.codes >= 0) & (texts.codes < 0))
    used = names.used(unsaid)
    is_number = np.zeros(len(names.values), np.bool_)
    is_number[used] = [_is_number(names.values[code]) for code in used.tolist()]
    says = unsaid[is_number[names.codes[unsaid]]]
    if not len(says):
        return lines
    named, said = names.codes.copy(), texts.codes.copy()
    said[says] = named[says] + len(texts.values)
    named[says] = -1
    moved = {
        "counterparty_name": Texts(named, names.values),
        "remittance": Texts(said, (*texts.values, *names.values)),
    }
    return replace(lines, texts={**lines.texts, **moved})


def _is_number(name: str) -> bool:
    """Whether what stands for a name is a number, perhaps with a few letters before or after it: one word."""
    if " " in name and name[0].isalpha():
        return False
    letters = sum(map(str.isalpha, name))
    return not letters or (letters <= _NUMBER_LETTERS_MAX and " " not in name and _MANY_DIGITS.search(name) is not None)


def name_in_text(text: str, keys: Collection[str]) -> str:
    """The line of a text that is one of the folded names, "" for none. A single line with a digit is not looked at."""
    lines = text.split("\n", _NAME_LINES_MAX)[:_NAME_LINES_MAX]
    if len(lines) == 1 and any(map(str.isdecimal, text)):
        return ""
    return next((line for line in lines if fold(line).key in keys), "")


class Items:
    """Lines and book items of one run. `line_open` and `row_open` are what stronger passes left; only the engine
    changes them."""

    def __init__(self, lines: Lines, book: Book, settings: RuleSettings) -> None:
        self.lines = _with_numbers_as_text(lines)
        self.book = book
        self.settings = settings
        self.line_open: Flags = (lines.amount != 0) & (lines.booking_day != NO_DAY)
        self.row_open: Flags = book.amount != 0
        self.pool_names: list[tuple[str, str]] = []
        self._limits: dict[str, Codes] = {}
        self._compared: dict[int, int] = {}
        self.pool_l, self.pool_r = self._pools()

    def among(self, line_open: Flags, row_open: Flags) -> Items:
        """The same columns with only some of the lines and items open."""
        part = copy(self)
        part.line_open = self.line_open & line_open
        part.row_open = self.row_open & row_open
        part._limits, part._compared = {}, {}
        return part

    def of_others(self, lines: Lines) -> Items:
        """Other lines against the same open items."""
        others = Items(lines, self.book, self.settings)
        others.row_open = self.row_open
        others._book_names = self._book_names
        others._parties_of_book = self._parties_of_book
        return others

    def prepare(self) -> None:
        """Read the names and the calendar now, so that several processes share them."""
        assert self.names is not None
        assert self._calendars is not None

    def _pools(self) -> tuple[Codes, Codes]:
        ours: dict[str, int] = {}
        row_account = np.array(
            [ours.setdefault(normal_identifier(name), len(ours)) for name in self.book.accounts], np.int32
        )
        line_account = np.empty(len(self.lines.accounts), np.int32)
        known = tuple(ours)
        for place, name in enumerate(self.lines.accounts):
            found = account_of(normal_identifier(name), known)
            line_account[place] = ours.setdefault(normal_identifier(name) if found is None else found, len(ours))
        self.own_accounts = frozenset(ours) | {normal_identifier(name) for name in self.lines.accounts}
        currencies: dict[str, int] = {}
        row_currency = np.array([currencies.setdefault(c, len(currencies)) for c in self.book.currencies], np.int32)
        line_currency = np.array([currencies.setdefault(c, len(currencies)) for c in self.lines.currencies], np.int32)
        width = max(1, len(currencies))
        rows = row_account[self.book.account] * width + row_currency[self.book.currency]
        lines = line_account[self.lines.account] * width + line_currency[self.lines.currency]
        distinct, codes = np.unique(np.concatenate([rows, lines]), return_inverse=True)
        names, units = list(ours), list(currencies)
        self.pool_names = [(names[code // width], units[code % width]) for code in distinct.tolist()]
        codes = codes.astype(np.int32)
        return codes[len(rows) :], codes[: len(rows)]

    @cached_property
    def day_span(self) -> tuple[int, int]:
        """First and last day that any item has."""
        days = np.concatenate([self.book.day, self.lines.booking_day[self.lines.booking_day != NO_DAY]])
        return (int(days.min()), int(days.max())) if len(days) else (0, 0)

    @cached_property
    def _calendars(self) -> tuple[Codes, Codes]:
        """Banking-day ordinals of every country, one row each, and the row of every pool."""
        countries: dict[str, int] = {}
        which = np.empty(len(self.pool_names), np.int32)
        for pool, (account, _) in enumerate(self.pool_names):
            own = self.settings.for_account(account).country
            country = own or (account[:2] if account[:2].isalpha() and account[2:4].isdigit() else "")
            which[pool] = countries.setdefault(country, len(countries))
        first, last = self.day_span
        tables = [bankdays.ordinals(country, first, last) for country in countries]
        return (np.stack(tables) if tables else np.zeros((1, 1), np.int32)), which

    def lag(self, line: Ints, row: Ints) -> Codes:
        """Banking days from the day of a book item to the booking day of a line, for pairs of positions."""
        tables, which = self._calendars
        first, _ = self.day_span
        calendar = which[self.pool_l[line]]
        booked = tables[calendar, self.lines.booking_day[line] - first]
        dated = tables[calendar, self.book.day[row] - first]
        lag: Codes = booked - dated
        return lag

    def days_within(self, before: Codes, after: Codes) -> tuple[Codes, Codes]:
        """First and last day that an item may have to be at most `after` banking days before, or `before` after, the
        booking day of each line."""
        tables, which = self._calendars
        first, _ = self.day_span
        low = np.full(len(self.lines), NO_DAY, np.int64)
        high = np.full(len(self.lines), NO_DAY, np.int64)
        for calendar, table in enumerate(tables):
            rows = np.flatnonzero((which[self.pool_l] == calendar) & (self.lines.booking_day != NO_DAY))
            booked = table[self.lines.booking_day[rows] - first]
            low[rows] = first + np.searchsorted(table, booked - after[rows], side="left")
            high[rows] = first + np.searchsorted(table, booked + before[rows], side="right") - 1
        return low, high

    @cached_property
    def _book_names(self) -> tuple[Variants, Codes]:
        variants = Variants()
        return variants, variants.of(self.book.text("counterparty"))

    @cached_property
    def _variants(self) -> tuple[list[Name], list[Codes], Codes, Codes]:
        """Distinct folded names, the variant of every text column, party and form of each."""
        variants, of_rows = self._book_names
        variants = variants.copy()
        columns = [of_rows, *map(variants.of, (self.lines.text(name) for name in _LINE_NAMES))]
        names = [variants.names[code] for code in distinct(of_rows[of_rows >= 0]).tolist()]
        columns[1] = variants.cut(self.lines.text(_LINE_NAMES[0]), columns[1], names)
        columns[1] = self._with_names_in_text(variants, columns[1], {name.key for name in names})
        return variants.names, columns, variants.party(), variants.form()

    def _with_names_in_text(self, variants: Variants, named: Codes, ours: Collection[str]) -> Codes:
        """The variant of each line's counterparty, also where the bank prints its name as a line of the text: one of a
        counterparty that the books know."""
        texts = self.lines.text("remittance")
        unnamed = np.flatnonzero((named < 0) & (texts.codes >= 0))
        found = dict.fromkeys(texts.used(unnamed).tolist(), "")
        found.update((code, part) for code in found if (part := name_in_text(texts.values[code], ours)))
        says = unnamed[[bool(found[code]) for code in texts.codes[unnamed].tolist()]]
        if not len(says):
            return named
        parts = [found[code] for code in texts.codes[says].tolist()]
        named = named.copy()
        named[says] = variants.of(Texts(np.arange(len(parts), dtype=np.int32), parts))
        return named

    @property
    def names(self) -> list[Name]:
        """Folded names by variant."""
        return self._variants[0]

    @cached_property
    def _parties_of_book(self) -> Directory:
        variants, of_rows = self._book_names
        return Directory(variants.names, distinct(of_rows[of_rows >= 0]).tolist())

    @property
    def directory(self) -> Directory:
        """The counterparties of the books."""
        return self._parties_of_book

    @cached_property
    def variant_r(self) -> Codes:
        """Variant of each book item's counterparty, −1 where the books name none."""
        return self._variants[1][0]

    @cached_property
    def variant_l(self) -> Codes:
        """Variant of each line's counterparty, −1 where the bank names none."""
        return self._variants[1][1]

    @cached_property
    def ultimate_l(self) -> Codes:
        """Variant of whom the counterparty paid for, −1 where the bank names none."""
        return self._variants[1][2]

    def party(self, variant: Codes) -> Codes:
        """Party of each variant: names that are equal but for the legal form. −1 stays −1."""
        of_variant = self._variants[2]
        if not len(of_variant):
            return variant
        return np.where(variant >= 0, of_variant[variant], -1).astype(np.int32)

    @cached_property
    def party_r(self) -> Codes:
        """Party of each item, −1 where the books name none."""
        return self.party(self.variant_r)

    @cached_property
    def meant_l(self) -> Codes:
        """Variant that each open line's counterparty means: its own if the books know it, else the one party that the
        misprinted name can only be. Made when it is first asked for, after the passes that settle most lines."""
        ours = distinct(self.party_r)
        known = np.isin(self.party(self.variant_l), ours[ours >= 0])
        lines = np.flatnonzero(self.line_open & ~known & (self.variant_l >= 0))
        meant = self.variant_l.copy()
        found = {code: self.directory.find(self.names[code]) for code in distinct(self.variant_l[lines]).tolist()}
        for line in lines.tolist():
            code = int(meant[line])
            if found[code] >= 0:
                meant[line] = found[code]
        return meant

    def parties_like(self, variant: int) -> tuple[int, ...]:
        """Parties of ours that a name may be: the one it is, else those that share a word with it."""
        if variant < 0:
            return ()
        party = self._variants[2]
        if int(party[variant]) in self._our_parties:
            return (int(party[variant]),)
        return tuple({int(party[one]) for one in self.directory.candidates(self.names[variant])})

    @cached_property
    def _our_parties(self) -> frozenset[int]:
        return frozenset(distinct(self.party_r[self.party_r >= 0]).tolist())

    @cached_property
    def party_l(self) -> Codes:
        """Party that each line's counterparty means, −1 where the bank names none."""
        return self.party(self.meant_l)

    @cached_property
    def named_l(self) -> Codes:
        """Party of each line's counterparty as it is printed, −1 where the bank names none."""
        return self.party(self.variant_l)

    def agree(self, line: Ints | int, row: Ints) -> Flags:
        """Whether line and item have one party and no two different legal forms."""
        lines = np.full(len(row), line) if isinstance(line, int) else line
        return self.same_party(self.meant_l[lines], self.variant_r[row])

    def same_party(self, left: Codes, right: Codes) -> Flags:
        """Whether two columns of variants name one party: same words, and no two different legal forms."""
        of_variant, form = self._variants[2], self._variants[3]
        if not len(of_variant):
            return np.zeros(len(left), np.bool_)
        both = (left >= 0) & (right >= 0) & (of_variant[left] == of_variant[right])
        same: Flags = both & ((form[left] == form[right]) | (form[left] == 0) | (form[right] == 0))
        return same

    def party_key(self, row: Ints) -> Ints:
        """One integer below 2**31 for pool and party of each item."""
        keys: Ints = self._party_keys[row]
        return keys

    @cached_property
    def _party_keys(self) -> Ints:
        pairs = (self.pool_r.astype(np.int64) << 32) | self.party(self.variant_r).astype(np.int64) & 0xFFFFFFFF
        codes: Ints = np.unique(pairs, return_inverse=True)[1]
        return codes.astype(np.int64)

    @cached_property
    def sorted_party_days(self) -> Ints:
        """`party_key << 32` plus the day of every item, sorted: a window is two searches."""
        return np.sort((self._party_keys << 32) + self.book.day)

    @cached_property
    def sorted_amounts(self) -> Ints:
        """`pool << 52` plus the amount of every item, sorted."""
        return np.sort((self.pool_r.astype(np.int64) << 52) + self.book.amount)

    @cached_property
    def grid_r(self) -> Ints:
        """The `grid` of each item's amount."""
        return grid(self.book.amount)

    @cached_property
    def amount_chance(self) -> AmountChance:
        """Accidents against the amounts of all items."""
        return AmountChance(self.pool_r, self.book.amount, self.grid_r)

    def name_levels(self, line: Ints, row: Ints) -> Codes:
        """`NameLevel` of line and book item for pairs of positions; the better of counterparty and ultimate party."""
        theirs = self.variant_r[row]
        level = self._levels(self.variant_l[line], theirs)
        if (self.ultimate_l >= 0).any():
            level = np.maximum(level, self._levels(self.ultimate_l[line], theirs))
        return level

    def _levels(self, left: Codes, right: Codes) -> Codes:
        level = np.where((left < 0) | (right < 0), NameLevel.UNKNOWN, NameLevel.DIFFERENT).astype(np.int32)
        equal = self.same_party(left, right)
        level[equal] = NameLevel.EQUAL
        rest = np.flatnonzero((level == NameLevel.DIFFERENT) & ~equal)
        if len(rest):
            width = len(self.names)
            pairs, back = np.unique(left[rest].astype(np.int64) * width + right[rest], return_inverse=True)
            names, known, seen = self.names, self.directory.known_words, self._compared
            for pair in pairs.tolist():
                if pair not in seen:
                    seen[pair] = int(compare(names[pair // width], names[pair % width], known))
            level[rest] = np.array([seen[pair] for pair in pairs.tolist()], np.int32)[back]
        return level

    def nearly_named(self, line: int, row: int) -> bool:
        """Whether the names of line and book item, which are two, are nearly one."""
        left, right = int(self.variant_l[line]), int(self.variant_r[row])
        return left >= 0 and right >= 0 and nearly(self.names[left], self.names[right])

    def limit(self, name: str) -> Codes:
        """The integer setting `name` that holds for the account and the counterparty of each line."""
        known = self._limits.get(name)
        if known is None:
            of_pool = [getattr(self.settings.for_account(account), name) for account, _ in self.pool_names]
            known = np.array(of_pool or [0], np.int64)[self.pool_l]
            for party, overrides in self.settings.counterparties:
                if name in dict(overrides):
                    known[self._named(party)] = int(dict(overrides)[name])
            if name == "rounding_minor_max":
                # Without decimals a minor unit is a whole one.
                whole = np.array([EXPONENTS.get(currency) == 0 for currency in self.lines.currencies], np.bool_)
                known = np.where(whole[self.lines.currency], np.minimum(known, 1), known)
            self._limits[name] = known
        return known

    def _named(self, party: str) -> Flags:
        """Lines whose counterparty is printed as this one, case, accents and legal form aside."""
        key = fold(party).key
        same = np.array([name.key == key for name in self.names] + [False], np.bool_)
        found: Flags = same[self.variant_l]
        return found
