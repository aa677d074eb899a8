"""What the numbers on a line say about one book item: the same, nearly, cut off, nothing, or another one.

Used for the few pairs that have been found by something else (name and amount, mostly): there a number can confirm or
contradict. Only a number that stands in a reference's place contradicts, and only an item whose own reference looks
alike, or any item that a customer pays: a supplier's customer number says nothing against our payment id.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import EPOCH, Codes, Flags, Ints, Texts
from matcher.rules.items import Items
from matcher.rules.joins import distinct
from matcher.rules.lines_kind import is_called_direct_debit
from matcher.rules.reference_index import ReferenceIndex
from matcher.rules.references import is_digits, luhn, mod11, viite
from matcher.rules.row_numbers import NEAR_LETTERS_MIN, NumberSearch, RowNumbers
from matcher.rules.tokens import field_key, normalized

_DIGITS = re.compile("[0-9]+")
_DIGIT_SIGNS = "0123456789"
_CUT_LETTERS_MIN = 4
# Where banks cut: the end of a short text is the end of what was written.
_CUT_TEXT_MIN = 30
_CUT_FIELDS = (16, 35)
_CUT_TEXTS = (18, 27)
_SHAPE_ITEMS_MIN = 3
_PLAIN = "#"
_DATE_DAYS = 100
# Invoices of one series that differ in so many last digits may be of one year.
_SERIES_DIGITS = 3
_SERIES_SAMPLE, _SERIES_SAMPLE_MIN = 100, 10


def is_date(key: str, day: int) -> bool:
    """Whether a number is a date within `_DATE_DAYS` of a day, as 260131, 310126, 20260131 or 31012026."""
    text = key.zfill(6) if len(key) <= 6 else key.zfill(8)
    if not text.isdecimal() or len(text) > 8:
        return False
    century = "" if len(text) == 8 else "20"
    for year, month, place in ((text[:-4], text[-4:-2], text[-2:]), (text[4:], text[2:4], text[:2])):
        try:
            number = date(int(century + year), int(month), int(place)).toordinal() - EPOCH
        except ValueError:
            continue
        if abs(number - day) <= _DATE_DAYS:
            return True
    return False


_UNREAD = -1


class Relation(IntEnum):
    """The order is how much it speaks for the pair."""

    OTHER = 0
    NOTHING = 1
    NEAR = 2
    CUT = 3
    SAME = 4


_RELATIONS = tuple(Relation)
# Reading a member of an enumeration is slow.
_OTHER, _NOTHING, _NEAR, _CUT, _SAME = _RELATIONS


class _LineNumber(NamedTuple):
    key: str
    is_reference: bool
    is_cut: bool


@lru_cache(maxsize=1 << 16)
def shape(key: str) -> str:
    """The letters of a key with every run of digits as one sign: PAY2026003899 is PAY#."""
    head = key.rstrip(_DIGIT_SIGNS)
    return head + _PLAIN if head != key and head.isalpha() else _DIGITS.sub(_PLAIN, key)


def _is_line_of(key: str, text: str) -> bool:
    """Whether a number is all that a line of a text says."""
    return any(field_key(line) == key for line in text.split("\n"))


class Relations:
    """Numbers of lines and items, read once each."""

    def __init__(self, items: Items, index: ReferenceIndex) -> None:
        self._items = items
        self._index = index
        self._known: Mapping[str, int] = index.keys
        self._lines: dict[int, tuple[_LineNumber, ...]] = {}
        self._found: dict[int, int] = {}
        self._rows: dict[int, RowNumbers] = {}
        self._numbered = np.full(len(items.lines), _UNREAD, np.int8)
        self._width = len(items.book)
        self._searches: dict[tuple[int, int], NumberSearch] = {}
        self._checks: dict[tuple[int, int], list[Callable[[str], bool]]] = {}

    @cached_property
    def _shape_counts(self) -> Counter[str]:
        """How many references of the books have each shape, but for digits only."""
        heads, others = self._index.lettered_keys()
        counts = Counter({head + _PLAIN: count for head, count in Counter(heads).items()})
        counts.update(map(shape, others))
        return counts

    @cached_property
    def _own_shapes(self) -> frozenset[str]:
        """Shapes with letters that our own payment ids have: several items of the book carry each."""
        counts = self._shape_counts
        return frozenset(form for form in counts if form != _PLAIN and counts[form] >= _SHAPE_ITEMS_MIN)

    @cached_property
    def _shapes(self) -> frozenset[str]:
        """Shapes of all references in the books, and plain digits: a number of another shape is none of ours."""
        return frozenset({_PLAIN, *self._shape_counts})

    def of_pairs(self, line: Ints, row: Ints) -> Ints:
        """`of` for pairs of positions."""
        found = np.full(len(line), _NOTHING, np.int64)
        asked = np.flatnonzero(self._have_numbers(line))
        line, row = line[asked], row[asked]
        known = list(map(self._found.get, (line * self._width + row).tolist()))
        new = [place for place, one in enumerate(known) if one is None]
        self._read_rows(distinct(row[new]).tolist())
        for place, one, other in zip(new, line[new].tolist(), row[new].tolist(), strict=True):
            known[place] = int(self.of(one, other))
        found[asked] = np.array(known, np.int64)
        return found

    def _have_numbers(self, line: Ints) -> Flags:
        """Which lines have numbers, after reading those that were not read before."""
        new = distinct(line[self._numbered[line] == _UNREAD])
        wanted = new.tolist()
        self.read(wanted)
        self._numbered[new] = [bool(self._lines[one]) for one in wanted]
        found: Flags = self._numbered[line] > 0
        return found

    def of(self, line: int, row: int) -> Relation:
        """The strongest thing that the line's numbers say about the item."""
        pair = line * self._width + row
        known = self._found.get(pair)
        if known is None:
            known = self._found[pair] = int(self.best(line, row)[0] if self._line(line) else _NOTHING)
        return _RELATIONS[known]

    def names_one(self, line: int, rows: Ints, place: tuple[int, int], alike: Ints) -> bool:
        """Whether a number of the line is that of one of some items, cut off or with a slip.

        They are among the items `alike` of one pool and amount (`place`), whose numbers are read once.
        """
        search = self._searches.get(place)
        if search is None:
            search = self._searches[place] = NumberSearch(alike.tolist(), self._index.numbers_of(alike))
        may_be = {row for number in self._line(line) for row in search.may_mean(number.key, is_cut=number.is_cut)}
        return bool(may_be) and any(self.of(line, row) >= _NEAR for row in rows.tolist() if row in may_be)

    def best(self, line: int, row: int) -> tuple[Relation, str]:
        """The strongest thing that the line's numbers say about the item, and the number that says it."""
        numbers = self._row(row)
        receipt = bool(self._items.lines.amount[line] > 0)
        best, against = (_NOTHING, ""), (_NOTHING, "")
        for number in self._line(line):
            found = self._compare(number, numbers, receipt=receipt)
            if found is _OTHER:
                if number.key in self._known or not self._is_drawn(line):
                    against = (found, number.key)
            elif found > best[0]:
                best = (found, number.key)
        return against if against[1] and best[0] < _NEAR else best

    def _is_drawn(self, line: int) -> bool:
        """Whether a line is a direct debit: its number is the drawer's, and none that we sent."""
        lines = self._items.lines
        return bool(lines.amount[line] < 0) and is_called_direct_debit(
            *(lines.text(name).at(line) for name in ("code", "proprietary_code", "additional_info"))
        )

    def inside(self, line: int, row: int) -> bool:
        """Whether a number of the line has one of the item's inside."""
        numbers = self._row(row)
        return any(numbers.inside(number.key) for number in self._line(line))

    def is_buried(self, line: int, row: int) -> bool:
        """Whether the item's number stands inside one of the line's with more around it than a slip, and not at its end
        (before a check digit), where ours stands behind a customer's number."""
        numbers = self._row(row)
        return any(numbers.inside(number.key) and not numbers.ends(number.key) for number in self._line(line))

    def misquotes(self, line: int, row: int) -> bool:
        """Whether a number of the line has other check digits than the item's."""
        numbers = self._row(row)
        return any(numbers.is_misquoted(number.key) for number in self._line(line))

    def may_be_neighbour(self, line: int, row: int) -> bool:
        """Whether a number of the line that is nearly the item's may be right: that of an invoice some places before or
        after it in the series, which is no longer open. Not if it breaks a check digit that the series has.
        """
        numbers = self._row(row)
        return any(
            len(key) == len(number.key)
            and key[:-_SERIES_DIGITS] == number.key[:-_SERIES_DIGITS]
            and not (key == numbers.whole and self._breaks_check(number.key, row))
            for number in self._line(line)
            for key in numbers.near(number.key)
        )

    def _breaks_check(self, number: str, row: int) -> bool:
        """Whether references of the item's length have a check digit, and a number has not."""
        whole, pool = self._row(row).whole, int(self._items.pool_r[row])
        place = pool, len(whole)
        if place not in self._checks:
            alike = list(islice(filter(is_digits, self._index.texts_like(pool, len(whole))), _SERIES_SAMPLE))
            self._checks[place] = [
                check
                for check in (luhn, mod11, viite)
                if sum(map(check, alike)) >= max(_SERIES_SAMPLE_MIN, 0.9 * len(alike))
            ]
        return any(check(whole) and not check(number) for check in self._checks[place])

    def means(self, line: int, row: int) -> bool:
        """Whether a number that the line shares with the item is meant as a reference: the payer calls it nothing else, and
        it is no date near the line's own, unless he calls it a reference."""
        numbers, day = self._row(row), int(self._items.lines.booking_day[line])
        own = [number.key for number in self._line(line) if self._compare(number, numbers) >= _NEAR]
        if not any(is_date(key, day) for key in own):
            return bool(own)
        called = {key for texts, _ in self._texts for key in self._index.labels_of(texts.at(line))[0]}
        return any(key in called or not is_date(key, day) for key in own)

    def numbers_of(self, line: int, row: int) -> set[str]:
        """The numbers of the line that are the item's."""
        numbers = self._row(row)
        return {number.key for number in self._line(line) if self._compare(number, numbers) is _SAME}

    def keys_of(self, line: int) -> list[str]:
        """The numbers on a line, as keys."""
        return [number.key for number in self._line(line)]

    def names_more(self, line: int, row: int) -> bool:
        """Whether the line quotes a number that may be another reference than the item's."""
        numbers, day = self._row(row), int(self._items.lines.booking_day[line])
        # Where the item's own number stands, one that is nearly it is its neighbour's.
        is_exact = any(numbers.has(number.key) for number in self._line(line))
        for number in self._line(line):
            is_other = not numbers.overlaps(number.key) and shape(number.key) in self._shapes
            is_known = number.key in self._known
            is_other = is_other and (is_known or not is_date(number.key, day))
            if is_other and (is_exact or is_known or self._compare(number, numbers) < _NEAR):
                return True
        return False

    def _compare(self, number: _LineNumber, numbers: RowNumbers, *, receipt: bool = True) -> Relation:
        whole = numbers.whole
        if number.key == whole:
            return _SAME
        # Before the item's number without check digits: of a number that may be cut, nobody knows how much is missing.
        if number.is_cut and len(number.key) >= _CUT_LETTERS_MIN and numbers.begins_with(number.key):
            return _CUT
        if numbers.has(number.key):
            return _SAME
        if numbers.near(number.key) or numbers.inside(number.key):
            return _NEAR
        if number.key in self._known and len(number.key) >= NEAR_LETTERS_MIN:
            return _OTHER
        if number.is_reference and receipt and numbers.loose and shape(number.key) in self._shapes:
            # A customer quotes what we sent him, so a number in that place which is not ours is another invoice.
            return _OTHER
        if number.is_reference and whole:
            mine, yours = shape(number.key), shape(whole)
            if mine == yours or (mine in self._own_shapes and yours in self._own_shapes):
                return _OTHER
        return _NOTHING

    def _row(self, row: int) -> RowNumbers:
        found = self._rows.get(row)
        if found is None:
            self._read_rows([row])
            found = self._rows[row]
        return found

    def _read_rows(self, rows: list[int]) -> None:
        new = [row for row in rows if row not in self._rows]
        numbers = self._index.numbers_of(np.array(new, np.int64))
        self._rows.update((row, RowNumbers(*one)) for row, one in zip(new, numbers, strict=True))

    def _line(self, line: int) -> tuple[_LineNumber, ...]:
        if line not in self._lines:
            self.read([line])
        return self._lines[line]

    def read(self, lines: list[int]) -> None:
        """Read the numbers of lines, column by column: cheaper than one by one."""
        new = [line for line in lines if line not in self._lines]
        if not new:
            return
        found: dict[int, tuple[_LineNumber, ...]] = dict.fromkeys(new, ())
        ours = self._items.lines.amount[new] < 0
        for texts, is_reference, known in self._fields:
            codes = texts.codes[new]
            # Ids of an incoming payment are the payer's, not ours.
            read = ((codes >= 0) & (ours | is_reference | (known[new] >= 0))).nonzero()[0]
            for place, code in zip(read.tolist(), codes[read].tolist(), strict=True):
                key = field_key(texts.values[code])
                if key:
                    found[new[place]] += (_LineNumber(key, True, len(texts.values[code]) in _CUT_FIELDS),)
        for texts, is_reference in self._texts:
            codes = texts.codes[new]
            read = (codes >= 0).nonzero()[0]
            for place, code in zip(read.tolist(), codes[read].tolist(), strict=True):
                numbers = self._in_text(texts.values[code], is_reference=is_reference)
                if numbers:
                    found[new[place]] += numbers
        self._lines.update(found)

    def _in_text(self, text: str, *, is_reference: bool) -> tuple[_LineNumber, ...]:
        found = self._index.tokens_of(text)
        if not found:
            return ()
        sole = len(found) == 1 and len(found[0]) >= NEAR_LETTERS_MIN
        alone = is_reference and (sole or _is_line_of(max(found, key=len), text))
        called_reference, called_other = self._index.labels_of(text)
        last = text.rstrip().upper()
        return tuple(
            _LineNumber(
                key,
                alone or key in called_reference,
                (len(text) >= _CUT_TEXT_MIN or len(text) in _CUT_TEXTS)
                and normalized(last[-len(key) - 4 :]).endswith(key),
            )
            for key in found
            if key not in called_other
        )

    @cached_property
    def _fields(self) -> list[tuple[Texts, bool, Codes]]:
        """Fields that hold one number, whether it is a reference whoever pays, and the reference of ours that it is."""
        names = ("creditor_reference", "check_number", "end_to_end_id", "transaction_id", "instruction_id")
        known, lines = self._index.line_keys, self._items.lines
        return [(lines.text(name), name in names[:2], known[name]) for name in names if name in known]

    @cached_property
    def _texts(self) -> list[tuple[Texts, bool]]:
        """Free texts, and whether the payer wrote them."""
        lines, names = self._items.lines, ("document_numbers", "remittance", "additional_info")
        return [(lines.text(name), name != "additional_info") for name in names if len(lines.text(name).values)]
