"""Texts that end in a number of ours, cheaply: the number, and what the text is without it."""

from __future__ import annotations

import re

import numpy as np

from matcher.rules.columns import Ints, Texts
from matcher.rules.digits import BORDER, sole_numbers

_DIGITS = "0123456789"
_NUMBERS = re.compile("[0-9]+")
_LAST_NUMBER = re.compile(r"[0-9][0-9A-Za-z./\-]*(?=[^0-9]*$)")
NUMBER_DIGITS_MAX = 15
# More than there are texts: the code of a rest and that of a shape are one number.
_SHAPES = 2**31


def last_number(text: str) -> int:
    """The last run of digits in a text, −1 where there is none or it is too long for a number of ours."""
    head = text.rstrip(_DIGITS)
    digits = text[len(head) :]
    if not digits:
        runs = _NUMBERS.findall(text)
        digits = runs[-1] if runs else ""
    return int(digits) if 0 < len(digits) <= NUMBER_DIGITS_MAX else -1


def without_last_number(text: str) -> str:
    """A text with its last number left out: equal for "Bankgiro 692-2561 51062" and "Bankgiro 692-2561 51063"."""
    head = text.rstrip(_DIGITS)
    if head != text and (not head or head[-1] == " "):
        return head
    return _LAST_NUMBER.sub("#", text)


def without_numbers(text: str) -> str:
    """A text with all its numbers left out."""
    return _NUMBERS.sub("#", text)


class LastNumbers:
    """The last numbers of the texts of a column; `rest` and `shape` are codes of what the texts are without the last
    one, and without any number. Each text is read once, when it is first asked for; −1 before, and for a missing one.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        size = len(texts.values) + 1
        self.number = np.full(size, -1, np.int64)
        self.rest = np.full(size, -1, np.int32)
        self.shape = np.full(size, -1, np.int32)
        self._rests: dict[str, int] = {}
        self._shapes: dict[str, int] = {}
        self._heads: dict[str, int] = {}

    def used(self, rows: Ints) -> Ints:
        """The codes of the texts of some rows, which are read."""
        used = self._texts.used(rows)
        new = used[self.rest[used] < 0]
        if len(new):
            texts = [self._texts.values[code] for code in new.tolist()]
            sole = sole_numbers(texts)
            ends = (sole.after == BORDER) & (sole.digits <= NUMBER_DIGITS_MAX)
            heads = [
                text[:-digits] if digits else text.rstrip(_DIGITS)
                for text, digits in zip(texts, np.where(ends, sole.digits, 0).tolist(), strict=True)
            ]
            numbers = sole.value.copy()
            others = np.flatnonzero(~ends)
            numbers[others] = [last_number(texts[place]) for place in others.tolist()]
            self.number[new] = numbers
            known = self._heads.get
            kinds = np.array(
                [
                    kind if (kind := known(head, -1)) >= 0 and head != text else self._kind(text, head)
                    for text, head in zip(texts, heads, strict=True)
                ],
                np.int64,
            )
            self.rest[new], self.shape[new] = np.divmod(kinds, _SHAPES)
        return used

    def _kind(self, text: str, head: str) -> int:
        """Codes of the rest and the shape of a text whose last digits stand after `head`, as one number."""
        if head != text and (not head or head[-1] == " "):
            kind = self._heads[head] = self._coded(head, without_numbers(head) + "#")
            return kind
        return self._coded(without_last_number(text), without_numbers(text))

    def _coded(self, rest: str, shape: str) -> int:
        code = self._rests.setdefault(rest, len(self._rests))
        return code * _SHAPES + self._shapes.setdefault(shape, len(self._shapes))
