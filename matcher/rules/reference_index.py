"""Which lines name which book items: pairs of line and item that share a reference, with how strongly.

Built in two steps, because normalizing texts is the largest cost of a run: whole fields against whole references for
everything, then tokens and parts of numbers for what is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints, Texts
from matcher.rules.items import Items
from matcher.rules.joins import equal_pairs, spread
from matcher.rules.tokens import field_key, labels, normalized, parts_of, tokens

# A key that this many open items of one pool carry says nothing about one of them.
ITEMS_PER_KEY_MAX = 8

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
    order = np.lexsort((-digits, -shared, row, line))
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
        keys: dict[str, int] = {}
        of_value = np.array([keys.setdefault(normalized(value), len(keys)) for value in texts.values], np.int32)
        if "" in keys:
            of_value[of_value == keys[""]] = -1
        self.keys = keys
        self.row_key: Codes = np.where(texts.codes >= 0, of_value[texts.codes], -1) if len(of_value) else texts.codes

    @cached_property
    def line_keys(self) -> dict[str, Codes]:
        """For each field the known reference key that the whole field is, −1 where it is none."""
        found = {}
        for name in WHOLE_FIELDS:
            texts = self.items.lines.text(name)
            if len(texts.values):
                found[name] = _looked_up(texts, field_key, self.keys)
        return found

    def whole(self) -> ReferencePairs:
        """Pairs where a whole field of the line is the whole reference of the item."""
        items = self.items
        rows = np.flatnonzero(self.row_key >= 0)
        right = _in_pool(items.pool_r[rows], self.row_key[rows])
        lengths = np.array([len(key) for key in self.keys], np.int32)
        parts = []
        for codes in self.line_keys.values():
            lines = np.flatnonzero(codes >= 0)
            left, row = equal_pairs(_in_pool(items.pool_l[lines], codes[lines]), right)
            key = codes[lines[left]]
            parts.append((lines[left], rows[row], np.full(len(left), Shared.WHOLE, np.int32), lengths[key]))
        return best_pairs(parts, len(items.row_open))

    def all_open(self) -> ReferencePairs:
        """Pairs of open lines and open items by whole fields, tokens, and parts of numbers."""
        items = self.items
        keys, entry_key, entry_row, entry_whole = self._open_row_keys(np.flatnonzero(items.row_open))
        length = np.array([len(key) for key in keys], np.int32)
        pool_key = _in_pool(items.pool_r[entry_row], entry_key)
        order = np.argsort(pool_key, kind="stable")
        pool_key = pool_key[order]
        lines = np.flatnonzero(items.line_open)
        parts = []
        for name in (*FIELDS, "document_numbers"):
            token_line, token_key, strength = self._open_line_tokens(name, lines, keys)
            wanted = _in_pool(items.pool_l[token_line], token_key)
            first = np.searchsorted(pool_key, wanted, side="left")
            last = np.searchsorted(pool_key, wanted, side="right")
            left, entry = spread(first, np.where(last - first > ITEMS_PER_KEY_MAX, first, last), order)
            shared = np.where(entry_whole[entry], strength[left], np.minimum(strength[left], Shared.PART))
            parts.append((token_line[left], entry_row[entry], shared.astype(np.int32), length[token_key[left]]))
        return best_pairs(parts, len(items.row_open))

    def _open_row_keys(self, rows: Ints) -> tuple[dict[str, int], Ints, Ints, Flags]:
        """Keys of open items: whole references, parts of them, and numbers in the description."""
        keys: dict[str, int] = {}
        found = []
        for name, key_of in (("reference", _reference_keys), ("description", _description_keys)):
            texts = self.items.book.text(name)
            entries = [
                (value, keys.setdefault(key, len(keys)), whole)
                for value in np.unique(texts.codes[rows]).tolist()
                if value >= 0
                for key, whole in key_of(texts.values[value])
            ]
            found.append(_spread_values(entries, texts, rows))
        row, key, whole = (np.concatenate(column) for column in zip(*found, strict=True))
        return keys, key, row, whole.astype(np.bool_)

    def _open_line_tokens(self, name: str, lines: Ints, keys: dict[str, int]) -> tuple[Ints, Ints, Ints]:
        """Known keys in one text field of the open lines: line, key, strength."""
        texts = self.items.lines.text(name)
        entries = [
            (value, key, strength)
            for value in np.unique(texts.codes[lines]).tolist()
            if value >= 0
            for key, strength in _known_tokens(texts.values[value], name, keys)
        ]
        return _spread_values(entries, texts, lines)


def _spread_values(entries: Sequence[tuple[int, int, int]], texts: Texts, positions: Ints) -> tuple[Ints, Ints, Ints]:
    """What was found in distinct texts (value, a, b), for every position that has the text: (position, a, b)."""
    value, a, b = np.array(entries, np.int64).reshape(-1, 3).T
    order = np.argsort(texts.codes[positions], kind="stable")
    codes = texts.codes[positions][order]
    first = np.searchsorted(codes, value, side="left")
    last = np.searchsorted(codes, value, side="right")
    left, right = spread(first, last, order)
    return positions[right], a[left], b[left]


def _in_pool(pool: Codes, key: Ints | Codes) -> Ints:
    return (pool.astype(np.int64) << 32) | key.astype(np.int64)


def _looked_up(texts: Texts, key_of: Callable[[str], str], keys: dict[str, int]) -> Codes:
    get = keys.get
    codes = np.array([get(key_of(value), -1) for value in texts.values], np.int32)
    return np.where(texts.codes >= 0, codes[texts.codes], -1).astype(np.int32)


def _description_keys(text: str) -> list[tuple[str, bool]]:
    return [(key, False) for key in tokens(text)]


def _reference_keys(text: str) -> list[tuple[str, bool]]:
    key = normalized(text)
    return [(key, True), *((part, False) for part in parts_of(key))] if key else []


def _known_tokens(text: str, field: str, keys: dict[str, int]) -> list[tuple[int, int]]:
    found: dict[int, int] = {}
    whole = field_key(text)
    if whole in keys and field in WHOLE_FIELDS:
        found[keys[whole]] = Shared.WHOLE
    free = field in FREE_TEXTS
    called_other = labels(text)[1] if free else frozenset()
    for token in tokens(text) if free else [whole]:
        code = keys.get(token)
        if code is not None:
            level = Shared.PART if token in called_other else Shared.TOKEN
            found[code] = max(found.get(code, 0), level)
        else:
            for part in parts_of(token):
                code = keys.get(part)
                if code is not None:
                    found.setdefault(code, Shared.PART)
    return list(found.items())
