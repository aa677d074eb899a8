"""M75: nothing but the amount.

The line names nobody, not even by a word of a counterparty that the books know, and quotes nothing. Cleared only if the amount is so odd that no other item could have it by
accident, exactly one open item in the window has it, and nothing says that the line is the bank's own (fee, interest,
cash) or a collective booking.
"""

from __future__ import annotations

import re

import numpy as np

from matcher.rules.contract import Candidates, Pairs
from matcher.rules.joins import is_member
from matcher.rules.lines_kind import are_banks_own, kind_of
from matcher.rules.names import fold
from matcher.rules.passes.amount_near import equal_amounts
from matcher.rules.passes.collective import collective_lines
from matcher.rules.view import View

CODE = "M75"
_DIGIT = re.compile(r"\d")
_CHANCE_MAX = 0.0005
_SCORE = 880
_SCORE_DOUBTFUL = 400
_WORD_LETTERS_MIN = 3


def find(view: View) -> Candidates:
    """Pairs of equal amount for lines that name nobody."""
    items = view.items
    line, row, gave_up = equal_amounts(view)
    silent = items.variant_l[line] < 0
    line, row = line[silent], row[silent]
    expected = view.open_chance.expected(items.pool_l[line], items.lines.amount[line])
    lines, called = collective_lines(view)
    clear = ~view.may_be_rest(line, row) & (expected <= _CHANCE_MAX) & is_member(line, np.sort(lines[~called]))
    clear[clear] = [_says_nothing(view, one) for one in line[clear].tolist()]
    clear[clear] = [
        not _names_somebody(view, one, other)
        for one, other in zip(line[clear].tolist(), row[clear].tolist(), strict=True)
    ]
    score = np.where(clear, _SCORE, _SCORE_DOUBTFUL).astype(np.int32)
    return Candidates(pairs=Pairs(line, row, score, clear).where(~are_banks_own(view, line)), gave_up=gave_up)


def _says_nothing(view: View, line: int) -> bool:
    """No kind of its own, and no number in its texts: an amount or a reference there belongs to something else."""
    lines = view.items.lines
    texts = " ".join(lines.text(name).at(line) for name in ("creditor_reference", "remittance", "additional_info"))
    return kind_of(view, line) is None and _DIGIT.search(texts) is None


def _names_somebody(view: View, line: int, row: int) -> bool:
    """Whether a word of the texts is one of a counterparty of ours, and not of the item's."""
    items = view.items
    words = {word for name in ("remittance", "additional_info") for word in fold(view.text(name)[line]).words}
    variant = int(items.variant_r[row])
    others = words.difference(items.names[variant].words if variant >= 0 else ())
    return any(len(word) >= _WORD_LETTERS_MIN and word in items.directory.known_words for word in others)
