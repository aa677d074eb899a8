"""Which lines name which book items: pairs of line and item that share a reference, with how strongly.

Built in two steps, because normalizing texts is the largest cost of a run: whole fields against whole references for
everything, then tokens and parts of numbers for what is still open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from enum import IntEnum
from functools import cached_property
from itertools import repeat
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.digits import BORDER, SoleNumbers, is_number, is_token, sole_numbers
from matcher.rules.items import Items
from matcher.rules.joins import distinct, mixed, positions_of, ranges, spread, stable_order
from matcher.rules.numbering import NUMBER_DIGITS_MAX, last_number
from matcher.rules.quoted_keys import QuotedKeys, RowKeys
from matcher.rules.tokens import (
    TEXT_LETTERS_MAX,
    Labels,
    all_field_keys,
    all_normalized,
    all_tokens,
    labels,
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


# The same as plain numbers, for columns.
_PART, _TOKEN, _WHOLE = int(Shared.PART), int(Shared.TOKEN), int(Shared.WHOLE)


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


class ReferenceIndex:
    """References of one run's items; `items` decides what is open."""

    def __init__(self, items: Items) -> None:
        self.items = items
        texts = items.book.text("reference")
        normal = all_normalized(texts.values)
        keys = dict(zip(normal, range(len(normal)), strict=True))
        of_value = np.arange(len(normal), dtype=np.int32)
        if len(keys) < len(normal):
            keys = dict(zip(keys, range(len(keys)), strict=True))
            of_value = np.fromiter(map(keys.__getitem__, normal), np.int32, len(normal))
        if "" in keys:
            of_value[of_value == keys[""]] = -1
        self.keys = keys
        self._key_texts = list(keys)
        self._described: dict[int, list[str]] = {}
        self._field_keys: dict[str, dict[int, str]] = {}
        self._tokens: dict[str, list[str]] = {}
        self._labels: dict[str, Labels] = {}
        self._keys_of_pools: dict[int, Ints] = {}
        self.row_key: Codes = np.where(texts.codes >= 0, of_value[texts.codes], -1) if len(of_value) else texts.codes

    def over(self, items: Items) -> ReferenceIndex:
        """The same keys for items that share the columns."""
        part = copy(self)
        part.items = items
        part._described, part._field_keys = {}, {}
        return part

    def of_others(self, items: Items) -> ReferenceIndex:
        """The same keys for other lines and the same book."""
        part = copy(self)
        part.items = items
        part._field_keys = {}
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
            if len(self.items.lines.text(name).values):
                found[name] = self._looked_up(name)
        return found

    def _looked_up(self, name: str) -> Codes:
        """The known reference that a whole text of an open line is, for every line."""
        texts = self.items.lines.text(name)
        used = texts.used(np.flatnonzero(self.items.line_open))
        found = np.full(len(texts.values) + 1, -1, np.int32)
        found[used] = list(map(self.keys.get, self._keys_of_field(name, used), repeat(-1)))
        return found[texts.codes]

    def _keys_of_field(self, name: str, codes: Ints) -> list[str]:
        """`field_key` of some texts of a field; each is read once."""
        known = self._field_keys.setdefault(name, {})
        values = self.items.lines.text(name).values
        wanted = codes.tolist()
        new = [code for code in wanted if code not in known]
        known.update(zip(new, all_field_keys([values[code] for code in new]), strict=True))
        return list(map(known.__getitem__, wanted))

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
            first, last = ranges(right, left)
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
        fields = (*FIELDS, "document_numbers")
        columns = [self._quoted(name, lines) for name in fields]
        asked, line = [], []
        start = 0
        for name, (codes, _, _) in zip(fields, columns, strict=True):
            at, quoting = positions_of(np.array(codes, np.int64), items.lines.text(name).codes, lines)
            asked.append(at + start)
            line.append(quoting)
            start += len(codes)
        level = np.array([level for _, _, levels in columns for level in levels], np.int32)
        of_line = np.concatenate(line)
        quoted = QuotedKeys(
            [key for _, keys, _ in columns for key in keys], np.concatenate(asked), items.pool_l[of_line]
        )
        keys, key, row, is_whole = self._open_row_keys(np.flatnonzero(items.row_open), quoted)
        ask, entry, in_part = keys.held(quoted, items.pool_r[row], key, ITEMS_PER_KEY_MAX)
        shared = np.where(in_part, _PART, level[quoted.asked[ask]])
        shared = np.where(is_whole[entry], shared, np.minimum(shared, _PART)).astype(np.int32)
        found = of_line[ask], row[entry], shared, keys.lengths()[key[entry]]
        return best_pairs([found], len(items.row_open))

    def _quoted(self, name: str, lines: Ints) -> tuple[list[int], list[str], list[int]]:
        """Numbers in one text field of the open lines: codes of the texts, the keys, the strength each would have."""
        texts = self.items.lines.text(name)
        used = texts.used(lines)
        wholes = self._keys_of_field(name, used)
        if name not in FREE_TEXTS:
            found = [(code, whole, _WHOLE) for code, whole in zip(used.tolist(), wholes, strict=True) if whole]
        else:
            values = [texts.values[code] for code in used.tolist()]
            read = all_tokens(values)
            self._tokens.update(zip(values, read, strict=True))
            if name not in WHOLE_FIELDS:
                wholes = [""] * len(values)
            found = [
                (code, key, level)
                for code, text, whole, names in zip(used.tolist(), values, wholes, read, strict=True)
                for key, level in self._quoted_in(text, whole, names)
            ]
        codes, keys, levels = zip(*found, strict=True) if found else ((), (), ())
        return list(codes), list(keys), list(levels)

    def _quoted_in(self, text: str, whole: str, names: list[str]) -> list[tuple[str, int]]:
        """Keys in a text with the strength that a match would have; the whole text first, if it is one."""
        if len(names) <= 1:
            found = [(whole, _WHOLE)] if whole else []
            return found if names in ([], [whole]) else [*found, (names[0], _TOKEN)]
        levels: dict[str, int] = {whole: _WHOLE} if whole else {}
        called_other = self.labels_of(text)[1]
        for token in names:
            levels.setdefault(token, _PART if token in called_other else _TOKEN)
        return list(levels.items())

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

    def numbers_of(self, rows: Ints) -> list[tuple[str, list[str]]]:
        """The references of some items as keys, and the numbers in their descriptions."""
        codes = self.items.book.text("description").codes[rows]
        keys = [self._key_texts[code] if code >= 0 else "" for code in self.row_key[rows].tolist()]
        plain = zip(codes.tolist(), self._plain[codes].tolist(), strict=True)
        described = [[str(number)] if number >= 0 else self._tokens_described(code) for code, number in plain]
        return list(zip(keys, described, strict=True))

    def _tokens_described(self, code: int) -> list[str]:
        found = self._described.get(code) if code >= 0 else []
        return found if found is not None else self.tokens_of(self.items.book.text("description").values[code])

    def last_numbers_described(self, rows: Ints) -> Ints:
        """`last_number` of the descriptions of some items."""
        texts, sole = self.items.book.text("description"), self._sole_described
        codes = texts.codes[rows]
        found = np.append(sole.value, -1)[codes]
        too_long = np.append(sole.digits, 0)[codes] > NUMBER_DIGITS_MAX
        read = np.flatnonzero((codes >= 0) & ((found < 0) | too_long))
        found[read] = [last_number(texts.values[code]) for code in codes[read].tolist()]
        return found

    @cached_property
    def _sole_described(self) -> SoleNumbers:
        """The number in each description, by its code."""
        return sole_numbers(self.items.book.text("description").values)

    @cached_property
    def _plain(self) -> Ints:
        """By the code of a description the number that is its only token, −1 where all of it has to be read."""
        values = self.items.book.text("description").values
        found = self._sole_described
        plain = np.where(is_token(found), found.value, -1)
        plain[[code for code in np.flatnonzero(plain >= 0).tolist() if len(values[code]) > TEXT_LETTERS_MAX]] = -1
        return np.append(plain, -1)

    @cached_property
    def _sole_numbers(self) -> SoleNumbers:
        """The number in each reference."""
        return sole_numbers(self._key_texts)

    def lettered_keys(self) -> tuple[list[str], list[str]]:
        """The letters before the only number of the references that end in it, and the other references, but for most
        of those that are digits only."""
        sole, texts = self._sole_numbers, self._key_texts
        lettered = ~is_number(sole)
        ends = lettered & (sole.value >= 0) & (sole.after == BORDER)
        codes = np.flatnonzero(ends)
        heads = [
            texts[code][:-digits] for code, digits in zip(codes.tolist(), sole.digits[codes].tolist(), strict=True)
        ]
        return heads, [texts[code] for code in np.flatnonzero(lettered & ~ends).tolist()]

    def _open_row_keys(self, rows: Ints, quoted: QuotedKeys) -> tuple[RowKeys, Ints, Ints, Flags]:
        """Keys of open items that lines quote: whole references, parts of them, and numbers in the description.

        What lines may quote as a part of a longer number is looked for as well, but not in parts of references: two
        numbers that are alike but for their check digits are two numbers.
        """
        keys, pool = RowKeys({}, {}), self.items.pool_r
        key_rows = rows[self.row_key[rows] >= 0]
        own = SoleNumbers(*(column[self.row_key[key_rows]] for column in self._sole_numbers))
        named, cut = quoted.may_name(pool[key_rows], own)
        may_be_cut = np.zeros(len(self._key_texts), np.bool_)
        may_be_cut[self.row_key[key_rows[cut]]] = True
        key_rows = key_rows[named]
        codes = distinct(self.row_key[key_rows])
        entries = [
            (code, key, whole)
            for code, is_cut in zip(codes.tolist(), may_be_cut[codes].tolist(), strict=True)
            for key, whole in keys.add_reference(self._key_texts[code], quoted.texts, may_be_cut=is_cut)
        ]
        value, key, whole = np.array(entries, np.int64).reshape(-1, 3).T
        at, row = positions_of(value, self.row_key, key_rows)
        plain = self.plain_described(rows)
        rows = rows[(plain < 0) | quoted.wants(pool[rows], plain)]
        entries = [
            (value, keys.add_own(key), False)
            for value, described in self.description_tokens(rows).items()
            for key in described
            if key.isdecimal() or quoted.wants_text(key)
        ]
        value, more, _ = np.array(entries, np.int64).reshape(-1, 3).T
        to, others = positions_of(value, self.items.book.text("description").codes, rows)
        is_whole = np.concatenate([whole[at], np.zeros(len(to), np.int64)]) > 0
        return keys, np.concatenate([key[at], more[to]]), np.concatenate([row, others]), is_whole

    def plain_described(self, rows: Ints) -> Ints:
        """The number that is the only one in the description of each of some items, −1 where all of it has to be read."""
        found: Ints = self._plain[self.items.book.text("description").codes[rows]]
        return found

    def description_tokens(self, rows: Ints) -> dict[int, list[str]]:
        """Numbers in the descriptions of some items, by the code of the description; each is read once."""
        texts = self.items.book.text("description")
        known = self._described
        codes = texts.used(rows).tolist()
        new = [code for code in codes if code not in known]
        known.update(zip(new, all_tokens([texts.values[code] for code in new]), strict=True))
        return {code: known[code] for code in codes}
