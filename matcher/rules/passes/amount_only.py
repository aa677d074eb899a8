"""M75: nothing but the amount.

The line names nobody and quotes nothing. Cleared only if the amount is so odd that no other item could have it by
accident, exactly one open item in the window has it, and nothing says that the line is the bank's own (fee, interest,
cash) or a collective booking.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.contract import Candidates, Pairs
from matcher.rules.lines_kind import BANKS_OWN, kind_of
from matcher.rules.passes.amount_near import equal_amounts
from matcher.rules.passes.collective import collective_lines
from matcher.rules.view import View

CODE = "M75"
_CHANCE_MAX = 0.0005
_SCORE = 880
_SCORE_DOUBTFUL = 400


def find(view: View) -> Candidates:
    """Pairs of equal amount for lines that name nobody."""
    items = view.items
    line, row, gave_up = equal_amounts(view)
    silent = items.variant_l[line] < 0
    line, row = line[silent], row[silent]
    expected = view.open_chance.expected(items.pool_l[line], items.lines.amount[line])
    lines, called = collective_lines(view)
    single = set(lines[~called].tolist())
    plain = np.array([one in single and _says_nothing(view, one) for one in line.tolist()], np.bool_)
    clear = (expected <= _CHANCE_MAX) & plain
    score = np.where(clear, _SCORE, _SCORE_DOUBTFUL).astype(np.int32)
    worth = np.array([kind_of(view, one) not in BANKS_OWN for one in line.tolist()], np.bool_)
    return Candidates(pairs=Pairs(line, row, score, clear).where(worth), gave_up=gave_up)


def _says_nothing(view: View, line: int) -> bool:
    """No kind of its own, and no number in its texts: an amount or a reference there belongs to something else."""
    lines = view.items.lines
    texts = " ".join(lines.text(name).at(line) for name in ("creditor_reference", "remittance", "additional_info"))
    return kind_of(view, line) is None and not any(sign.isdecimal() for sign in texts)
