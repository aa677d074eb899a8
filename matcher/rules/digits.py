"""The numbers in many texts at once: read as one array of bytes, because most texts hold one number and nothing else of
interest, and a text that can't matter need not be read alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints

# More digits do not fit into an int64.
DIGITS_MAX = 18
# What stands before the first sign of a text and after its last one.
BORDER = ord("\n")
# Powers of ten.
POWERS = 10 ** np.arange(DIGITS_MAX + 1, dtype=np.int64)
_TOKEN_DIGITS_MIN = 4
# So many texts and what is made of them stay near the processor.
_AT_ONCE = 1 << 15
_ZERO, _TEN = np.uint8(ord("0")), np.uint8(10)


class SoleNumbers(NamedTuple):
    """For each text the value of its only run of ASCII digits, −1 where there is none, another, or a longer one than
    `DIGITS_MAX`; how many digits it has, leading zeros counted; and the bytes before and after it (`BORDER` for none)."""

    value: Ints
    digits: Codes
    before: Codes
    after: Codes


def sole_numbers(texts: Sequence[str]) -> SoleNumbers:
    """The only number of each text."""
    parts = [_sole_numbers(texts[first : first + _AT_ONCE]) for first in range(0, max(1, len(texts)), _AT_ONCE)]
    return SoleNumbers(*map(np.concatenate, zip(*parts, strict=True)))


def _sole_numbers(texts: Sequence[str]) -> SoleNumbers:
    count = len(texts)
    joined = "\n".join(texts)
    if joined.count("\n") != count - 1:
        joined = "\n".join([text.replace("\n", " ") for text in texts])
    signs = np.frombuffer(f"\n{joined}\n".encode(errors="replace"), np.uint8)
    is_digit = np.subtract(signs, _ZERO) < _TEN
    edges = np.flatnonzero(is_digit[1:] != is_digit[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    borders = np.flatnonzero(signs == BORDER)
    first = np.searchsorted(starts, borders)
    single = np.flatnonzero(np.diff(first) == 1) if count else np.empty(0, np.int64)
    run = first[single]
    fits = ends[run] - starts[run] <= DIGITS_MAX
    single, run = single[fits], run[fits]
    found = SoleNumbers(np.full(count, -1, np.int64), *(np.zeros(count, np.int32) for _ in range(3)))
    found.value[single] = _values(signs, starts[run], ends[run])
    found.digits[single] = ends[run] - starts[run]
    found.before[single], found.after[single] = signs[starts[run] - 1], signs[ends[run]]
    return found


def is_number(found: SoleNumbers) -> Flags:
    """Which texts are the number and nothing else."""
    whole: Flags = (found.value >= 0) & (found.before == BORDER) & (found.after == BORDER)
    return whole


def is_token(found: SoleNumbers) -> Flags:
    """Which numbers end their text, alone or behind a blank, and are long enough and without leading zeros: the text
    has this one reference token."""
    free = (found.before == BORDER) | (found.before == ord(" "))
    whole = found.value >= POWERS[np.maximum(found.digits, 1) - 1]
    token: Flags = free & whole & (found.after == BORDER) & (found.digits >= _TOKEN_DIGITS_MIN)
    return token


def _values(signs: Ints, starts: Ints, ends: Ints) -> Ints:
    """The values of runs of digits: all last digits first, then the ones before them."""
    values = np.zeros(len(starts), np.int64)
    for place in range(int((ends - starts).max(initial=0))):
        at = ends - 1 - place
        digit = np.where(at >= starts, signs[at] - _ZERO, 0).astype(np.int64)
        values += digit * POWERS[place]
    return values


def sorted_values(numbers: Iterable[str]) -> Ints:
    """The values of those of some numbers that are digits only and not longer than `DIGITS_MAX`, in order."""
    values = [int(number) for number in numbers if len(number) <= DIGITS_MAX and number.isdecimal()]
    return np.sort(np.array(values, np.int64))
