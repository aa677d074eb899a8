"""Which lines name which book items: pairs of line and item that share a reference, with how strongly.

Built in two steps, because normalizing texts is the largest cost of a run: whole fields against whole references for
everything, then tokens and parts of numbers for what is still open.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from enum import IntEnum
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints, Texts
from matcher.rules.digits import POWERS, SoleNumbers, is_token, sole_numbers, sorted_values
from matcher.rules.items import Items
from matcher.rules.joins import distinct, is_member, mixed, spread, stable_order
from matcher.rules.tokens import (
    LENGTHS_OF_LONG_SCHEMES,
    TEXT_LETTERS_MAX,
    Labels,
    all_field_keys,
    all_normalized,
    all_tokens,
    core_of,
    labels,
    parts_of,
    possible_parts,
    possible_payloads,
    tokens,
)

# The length of a key below the strength in one number.
_DIGITS_BITS = 32
# A key that this many open items of one pool carry says nothing about one of them.
ITEMS_PER_KEY_MAX = 8
# More items of one reference and one amount are not told apart.
ALIKE_MAX = 100

FIELDS = (
    "creditor_reference",
    "end_to_end_id",
    "check_number",
    "transaction_id",
    "instruction_id",
    "remittance",
    "additional_info",
)
WHOLE_FIELDS = FIELDS[:6]
FREE_TEXTS = ("remittance", "additional_info", "document_numbers")


class Shared(IntEnum):
    """How line and item share a reference; the order is the strength."""

    NONE = 0
    PART = 1
    TOKEN = 2
    WHOLE = 3


class ReferencePairs(NamedTuple):
    """Pairs in the order (line, row), each pair once with its best strength; `digits` is the length of the key."""

    line: Ints
    row: Ints
    shared: Codes
    digits: Codes


def best_pairs(parts: Sequence[tuple[Ints, Ints, Codes, Codes]], rows: int) -> ReferencePairs:
    """Join parts and keep the strongest of each (line, row)."""
    line = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
    row = np.concatenate([part[1] for part in parts]) if parts else np.empty(0, np.int64)
    shared = np.concatenate([part[2] for part in parts]) if parts else np.empty(0, np.int32)
    digits = np.concatenate([part[3] for part in parts]) if parts else np.empty(0, np.int32)
    order = stable_order(-((shared.astype(np.int64) << _DIGITS_BITS) + digits))
    order = order[stable_order((line.astype(np.int64) * max(1, rows) + row)[order])]
    line, row, shared, digits = line[order], row[order], shared[order], digits[order]
    pair = line.astype(np.int64) * max(1, rows) + row
    first = np.ones(len(pair), np.bool_)
    first[1:] = pair[1:] != pair[:-1]
    return ReferencePairs(line[first], row[first], shared[first], digits[first])


class _RowKeys(NamedTuple):
    """Codes of the numbers that open items have, and of those without their check digits: only a number that a line
    has whole is looked up among the latter, or two neighbours of a series would meet in what both are cut to."""

    own: dict[str, int]
    cut: dict[str, int]

    def code(self, key: str, *, cut: bool) -> int:
        """The code of a key; it gets one if it has none."""
        codes = self.cut if cut else self.own
        found = codes.get(key)
        if found is None:
            found = codes[key] = len(self.own) + len(self.cut)
        return found

    def lengths(self) -> Codes:
        """The letters of each key, by its code."""
        found = np.zeros(len(self.own) + len(self.cut), np.int32)
        for codes in self:
            found[list(codes.values())] = [len(key) for key in codes]
        return found


class ReferenceIndex:
    """References of one run's items; `items` decides what is open."""

    def __init__(self, items: Items) -> None:
        self.items = items
        texts = items.book.text("reference")
        normal = all_normalized(texts.values)
        distinct = dict.fromkeys(normal)
        keys = dict(zip(distinct, range(len(distinct)), strict=True))
        of_value = np.fromiter(map(keys.__getitem__, normal), np.int32, len(normal))
        if "" in keys:
            of_value[of_value == keys[""]] = -1
        self.keys = keys
        self._key_texts = list(keys)
        self._described: dict[int, list[str]] = {}
        self._tokens: dict[str, list[str]] = {}
        self._labels: dict[str, Labels] = {}
        self._keys_of_pools: dict[int, Ints] = {}
        self.row_key: Codes = np.where(texts.codes >= 0, of_value[texts.codes], -1) if len(of_value) else texts.codes

    def over(self, items: Items) -> ReferenceIndex:
        """The same keys for items that share the columns."""
        part = copy(self)
        part.items = items
        part._described = {}
        return part

    def of_others(self, items: Items) -> ReferenceIndex:
        """The same keys for other lines and the same book."""
        part = copy(self)
        part.items = items
        part.__dict__.pop("line_keys", None)
        return part

    def texts_like(self, pool: int, length: int) -> Iterator[str]:
        """References of one pool with so many letters, in the order of their codes."""
        keys = self._keys_of_pools.get(pool)
        if keys is None:
            keys = distinct(self.row_key[(self.items.pool_r == pool) & (self.row_key >= 0)])
            self._keys_of_pools[pool] = keys
        return map(self._key_texts.__getitem__, keys[self._lengths[keys] == length].tolist())

    @cached_property
    def line_keys(self) -> dict[str, Codes]:
        """For each field the known reference key that the whole field is, −1 where it is none."""
        found = {}
        for name in WHOLE_FIELDS:
            texts = self.items.lines.text(name)
            if len(texts.values):
                found[name] = self._looked_up(texts)
        return found

    def _looked_up(self, texts: Texts) -> Codes:
        """The known reference that a whole text of an open line is, for every line."""
        get = self.keys.get
        used = texts.used(np.flatnonzero(self.items.line_open))
        found = np.full(len(texts.values) + 1, -1, np.int32)
        keys = all_field_keys([texts.values[value] for value in used.tolist()])
        found[used] = list(map(get, keys, repeat(-1)))
        return found[texts.codes]

    @cached_property
    def _lengths(self) -> Codes:
        """Letters of each reference."""
        return np.fromiter(map(len, self._key_texts), np.int32, len(self._key_texts))

    def whole(self) -> tuple[ReferencePairs, tuple[int, ...]]:
        """Pairs of one amount where a whole field of the line is the whole reference of the item, and lines with more
        than `ALIKE_MAX` such items, which are given up."""
        items = self.items
        rows = np.flatnonzero((self.row_key >= 0) & items.row_open)
        right = mixed(items.pool_r[rows], self.row_key[rows], items.book.amount[rows])
        order = stable_order(right)
        right = right[order]
        lengths = self._lengths
        parts = []
        gave_up: list[int] = []
        for codes in self.line_keys.values():
            lines = np.flatnonzero((codes >= 0) & items.line_open)
            left = mixed(items.pool_l[lines], codes[lines], items.lines.amount[lines])
            first = np.searchsorted(right, left, side="left")
            last = np.searchsorted(right, left, side="right")
            many = last - first > ALIKE_MAX
            gave_up += lines[many].tolist()
            at, to = spread(first, np.where(many, first, last), order)
            line, row = lines[at], rows[to]
            same = (codes[line] == self.row_key[row]) & (items.pool_l[line] == items.pool_r[row])
            line, row = line[same], row[same]
            parts.append((line, row, np.full(len(line), Shared.WHOLE, np.int32), lengths[codes[line]]))
        return best_pairs(parts, len(items.row_open)), tuple(sorted(set(gave_up)))

    def all_open(self) -> ReferencePairs:
        """Pairs of open lines and open items by whole fields, tokens, and parts of numbers."""
        items = self.items
        lines = np.flatnonzero(items.line_open)
        quoted = [self._quoted(name, lines) for name in (*FIELDS, "document_numbers")]
        parts_of_quoted = {key: possible_parts(key) for key in {key for found in quoted for _, key, _ in found}}
        keys, entry_key, entry_row, entry_whole = self._open_row_keys(np.flatnonzero(items.row_open), parts_of_quoted)
        length = keys.lengths()
        pool_key = _in_pool(items.pool_r[entry_row], entry_key)
        order = stable_order(pool_key)
        pool_key = pool_key[order]
        parts = []
        for name, found in zip((*FIELDS, "document_numbers"), quoted, strict=True):
            entries = _known(found, keys, parts_of_quoted)
            token_line, token_key, strength = _spread_values(entries, items.lines.text(name).codes, lines)
            asked = _in_pool(items.pool_l[token_line], token_key)
            first = np.searchsorted(pool_key, asked, side="left")
            last = np.searchsorted(pool_key, asked, side="right")
            left, entry = spread(first, np.where(last - first > ITEMS_PER_KEY_MAX, first, last), order)
            shared = np.where(entry_whole[entry], strength[left], np.minimum(strength[left], Shared.PART))
            parts.append((token_line[left], entry_row[entry], shared.astype(np.int32), length[token_key[left]]))
        return best_pairs(parts, len(items.row_open))

    def _quoted(self, name: str, lines: Ints) -> list[tuple[int, str, int]]:
        """Numbers in one text field of the open lines: the text's code, the key, the strength it would have."""
        texts = self.items.lines.text(name)
        codes = texts.used(lines).tolist()
        values = [texts.values[code] for code in codes]
        wholes = zip(codes, values, all_field_keys(values), strict=True)
        if name not in FREE_TEXTS:
            return [(code, whole, Shared.WHOLE) for code, _, whole in wholes if whole]
        self._tokens.update(zip(values, all_tokens(values), strict=True))
        is_whole = name in WHOLE_FIELDS
        return [
            (code, key, level)
            for code, value, whole in wholes
            for key, level in self._quoted_in(value, whole if is_whole else "")
        ]

    def _quoted_in(self, text: str, whole: str) -> list[tuple[str, int]]:
        """Keys in a text with the strength that a match would have; the whole text first, if it is one."""
        found: dict[str, int] = {whole: Shared.WHOLE} if whole else {}
        names = self.tokens_of(text)
        called_other = self.labels_of(text)[1] if len(names) > 1 else frozenset()
        for token in names:
            found.setdefault(token, Shared.PART if token in called_other else Shared.TOKEN)
        return list(found.items())

    def tokens_of(self, text: str) -> list[str]:
        """`tokens` of a text that several passes read."""
        known = self._tokens.get(text)
        if known is None:
            known = self._tokens[text] = tokens(text)
        return known

    def labels_of(self, text: str) -> Labels:
        """`labels` of a text that several passes read."""
        known = self._labels.get(text)
        if known is None:
            known = self._labels[text] = labels(text)
        return known

    def tokens_described(self, row: int) -> list[str]:
        """Numbers in the description of an item."""
        texts = self.items.book.text("description")
        code = int(texts.codes[row])
        found = self._described.get(code)
        if found is None:
            found = [str(self._plain[code])] if self._plain[code] >= 0 else self.tokens_of(texts.at(row))
        return found

    @cached_property
    def _plain(self) -> Ints:
        """By the code of a description the number that is its only token, −1 where all of it has to be read."""
        values = self.items.book.text("description").values
        found = sole_numbers(values)
        plain = np.where(is_token(found), found.value, -1)
        plain[[code for code in np.flatnonzero(plain >= 0).tolist() if len(values[code]) > TEXT_LETTERS_MAX]] = -1
        return np.append(plain, -1)

    @cached_property
    def _sole_numbers(self) -> SoleNumbers:
        """The number in each reference."""
        return sole_numbers(self._key_texts)

    def _open_row_keys(
        self, rows: Ints, parts_of_quoted: Mapping[str, tuple[str, ...]]
    ) -> tuple[_RowKeys, Ints, Ints, Flags]:
        """Keys of open items that lines quote: whole references, parts of them, and numbers in the description.

        What lines may quote as a part of a longer number is looked for as well, but not in parts of references: two
        numbers that are alike but for their check digits are two numbers.
        """
        keys = _RowKeys({}, {})
        quoted = frozenset(parts_of_quoted)
        wanted = quoted.union(*parts_of_quoted.values())
        key_rows = rows[self.row_key[rows] >= 0]
        codes = distinct(self.row_key[key_rows])
        codes = codes[self._may_be_quoted(codes, quoted, wanted)]
        entries = [
            (code, keys.code(key, cut=cut), whole)
            for code in codes.tolist()
            for key, whole, cut in _reference_keys(self._key_texts[code], quoted, wanted)
        ]
        found = [_spread_values(entries, self.row_key, key_rows)]
        texts = self.items.book.text("description")
        entries = [
            (value, keys.code(key, cut=False), False)
            for value, described in self.description_tokens(rows, wanted).items()
            for key in described
            if key in wanted
        ]
        found.append(_spread_values(entries, texts.codes, rows))
        row, key, whole = (np.concatenate(column) for column in zip(*found, strict=True))
        return keys, key, row, whole.astype(np.bool_)

    def _may_be_quoted(self, codes: Ints, quoted: frozenset[str], wanted: frozenset[str]) -> Flags:
        """A cheap superset of the references that `_reference_keys` finds something for; nearly all end here."""
        quoted_values, wanted_values = sorted_values(quoted), sorted_values(wanted)
        whole = np.zeros(len(self._key_texts) + 1, np.bool_)
        whole[[self.keys.get(key, -1) for key in wanted if not key.isdecimal()]] = True
        whole[-1] = False
        sole = SoleNumbers(*(column[codes] for column in self._sole_numbers))
        found: Flags = whole[codes] | (sole.value < 0)
        found |= np.isin(np.searchsorted(POWERS, sole.value, side="right"), list(LENGTHS_OF_LONG_SCHEMES))
        for shorter in (sole.value // 10, sole.value // 100):
            found |= is_member(shorter, quoted_values)
        # RF, two check digits, and the number.
        behind = np.flatnonzero((sole.before == ord("F")) & (sole.digits > 2))
        found[behind] |= is_member(sole.value[behind] % POWERS[sole.digits[behind] - 2], wanted_values)
        return found | is_member(sole.value, wanted_values)

    def description_tokens(self, rows: Ints, wanted: Collection[str] | None = None) -> dict[int, list[str]]:
        """Numbers in the descriptions of some items, by the code of the description; each is read once. If only some
        are wanted, descriptions that can't have one of them are left out."""
        texts = self.items.book.text("description")
        known = self._described
        used = texts.used(rows)
        if wanted is not None:
            plain = self._plain[used]
            used = used[(plain < 0) | is_member(plain, sorted_values(wanted))]
        codes = used.tolist()
        new = [code for code in codes if code not in known]
        known.update(zip(new, all_tokens([texts.values[code] for code in new]), strict=True))
        return {code: known[code] for code in codes}


def _spread_values(entries: Sequence[tuple[int, int, int]], coded: Codes, positions: Ints) -> tuple[Ints, Ints, Ints]:
    """What was found for codes (code, a, b), for every position that has the code: (position, a, b)."""
    value, a, b = np.array(entries, np.int64).reshape(-1, 3).T
    order = stable_order(coded[positions])
    codes = coded[positions][order]
    first = np.searchsorted(codes, value, side="left")
    last = np.searchsorted(codes, value, side="right")
    left, right = spread(first, last, order)
    return positions[right], a[left], b[left]


def _in_pool(pool: Codes, key: Ints | Codes) -> Ints:
    return (pool.astype(np.int64) << 32) | key.astype(np.int64)


def _reference_keys(key: str, quoted: frozenset[str], wanted: frozenset[str]) -> list[tuple[str, bool, bool]]:
    """Keys of a reference that lines quote: whether it is the whole one, and whether it is cut off by check digits."""
    found = [(key, True, False)] if key in wanted else []
    if key.isdecimal():
        heads = (key[:-1], key[:-2]) if len(key) not in LENGTHS_OF_LONG_SCHEMES else possible_payloads(key)
        if not quoted.isdisjoint(heads):
            found += [(part, False, True) for part in parts_of(key) if part in quoted]
        return found
    core = core_of(key)
    if core and core in wanted:
        found.append((core, False, False))
    possible = possible_parts(key)
    if not quoted.isdisjoint(possible) and any(part in quoted for part in possible if part != core):
        found += [(part, False, True) for part in parts_of(key) if part in quoted and part != core]
    return found


def _known(
    found: Iterable[tuple[int, str, int]], keys: _RowKeys, parts_of_quoted: Mapping[str, Sequence[str]]
) -> list[tuple[int, int, int]]:
    """The numbers themselves where an item has them; else the parts of them that items have."""
    own, cut = keys
    entries = []
    for value, key, level in found:
        code, shorter = own.get(key), cut.get(key)
        if code is not None:
            entries.append((value, code, level))
        if shorter is not None:
            entries.append((value, shorter, level))
        if code is None and shorter is None and not own.keys().isdisjoint(parts_of_quoted[key]):
            # A number with a label written against it is that number, not one without its check digit.
            core = core_of(key)
            parts = {core} if core in own else parts_of(key)
            entries += [(value, own[part], Shared.PART) for part in parts if part in own]
    return entries
