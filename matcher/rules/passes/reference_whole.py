"""M05: a whole field of the line is the whole reference of one item, and the amount is the same.

The cheap first step of M10: no text is taken apart. It settles most lines, so that the costly steps see few.
"""

from __future__ import annotations

import re

import numpy as np

from matcher.rules.columns import Flags, Ints
from matcher.rules.contract import Candidates
from matcher.rules.passes.reference import scored
from matcher.rules.tokens import field_key, tokens
from matcher.rules.view import View

CODE = "M05"
_DIGIT = re.compile("[0-9]")


def find(view: View) -> Candidates:
    """Pairs whose whole field is the whole reference."""
    found, gave_up = view.references.whole()
    pairs = scored(view, found)
    return Candidates(pairs=pairs.where(~_says_more(view, pairs.line)), gave_up=gave_up)


def _says_more(view: View, line: Ints) -> Flags:
    """Receipts whose text holds other numbers beside the reference: M10 reads it, and knows what else it names."""
    lines = view.items.lines
    reference, text = lines.text("creditor_reference"), lines.text("remittance")
    found = np.zeros(len(line), np.bool_)
    both = (reference.codes[line] >= 0) & (text.codes[line] >= 0) & (lines.amount[line] > 0)
    known: dict[tuple[int, int], bool] = {}
    for place in np.flatnonzero(both).tolist():
        one = int(line[place])
        pair = int(reference.codes[one]), int(text.codes[one])
        if pair not in known:
            known[pair] = _has_more(text.values[pair[1]], reference.values[pair[0]])
        found[place] = known[pair]
    return found


def _has_more(text: str, reference: str) -> bool:
    if _DIGIT.search(text.replace(reference, "")) is None:
        return False
    key = field_key(reference)
    return field_key(text) != key and any(number not in key for number in tokens(text))
