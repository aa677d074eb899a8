"""M32: everything of one kind that our books have on one day, as one line.

Incoming Bankgiro payments come as one sum a day and bankgiro number, salaries as one line: all open items of a day whose
descriptions are alike but for their numbers must add up to the line exactly. The bank must call the line a collective
booking, state how many transactions it holds, or name nobody at all and be booked a few banking days after its items at
most; and the sum must be too odd to fit by accident, the more so days later. What the line is called ("BANKGIRO") must be what its items are called, if any are. Payments
clear only if no other open payment of the day has the amount of one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from matcher.rules.chance import AmountChance, grid
from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.joins import equal_pairs, mixed, runs, stable_order
from matcher.rules.names import fold
from matcher.rules.numbering import without_numbers
from matcher.rules.passes.collective import collective_lines, single_rivals
from matcher.rules.view import View

CODE = "M32"
_CHANCE_MAX = 0.001
_CHANCE_MAX_CALLED_BATCH = 0.01
# Banking days that a collective booking is usually behind its items.
USUAL_LAGS = range(4)
_WORD_LETTERS_MIN = 5
_SCORE = 960
_SCORE_BY_CHANCE = 450


def find(view: View) -> Candidates:
    """Groups of a day and a kind whose sum is the amount of a line that names nobody."""
    items = view.items
    lines, called = collective_lines(view)
    if not len(lines):
        return Candidates()
    low, high = view.window
    near = (items.book.day >= low[lines].min()) & (items.book.day <= high[lines].max())
    rows = np.flatnonzero(items.row_open & near)
    if not len(rows):
        return Candidates()
    found: dict[tuple[int, tuple[int, ...]], Group] = {}
    for kinds in view.keep(CODE, partial(kinds_of, view, rows)):
        for group in _sums(view, lines, called, rows, kinds):
            found.setdefault((group.lines[0], group.rows), group)
    return Candidates(groups=tuple(found.values()))


def kinds_of(view: View, rows: Ints) -> list[Codes]:
    """Codes of descriptions that are alike: with all numbers left out, and with only the last one left out."""
    numbers = view.last_numbers("description")
    used = numbers.used(rows)
    columns: list[Codes] = []
    for shortened in (numbers.shape, numbers.rest):
        codes = np.full(len(shortened), -1, np.int32)
        codes[used] = shortened[used]
        columns.append(codes[view.items.book.text("description").codes])
    return columns


def _sums(view: View, lines: Ints, called: Flags, rows: Ints, kinds: Codes) -> list[Group]:
    items = view.items
    rows = rows[kinds[rows] >= 0]
    if not len(rows):
        return []
    sign = (items.book.amount[rows] > 0).astype(np.int64)
    key = mixed(items.pool_r[rows], items.book.day[rows], kinds[rows], sign)
    order = stable_order(key)
    rows, key = rows[order], key[order]
    starts, ends = runs(key)
    sizes = ends - starts
    sums = np.add.reduceat(items.book.amount[rows], starts)
    several = np.flatnonzero(sizes > 1)
    first = rows[starts[several]]
    chance = AmountChance(items.pool_r[first], sums[several], grid(sums[several]))
    at, to = equal_pairs(
        mixed(items.pool_l[lines], items.lines.amount[lines]), mixed(items.pool_r[first], sums[several])
    )
    line, place = lines[at], several[to]
    inside = view.in_window(line, first[to]) & (items.lines.amount[line] == sums[place])
    groups = []
    for one, where, batch in zip(
        line[inside].tolist(), place[inside].tolist(), called[at[inside]].tolist(), strict=True
    ):
        members = np.sort(rows[starts[where] : starts[where] + sizes[where]])
        count = int(items.lines.batch_count[one])
        if count not in {0, 1, len(members)}:
            continue
        by_chance = chance.expected(items.pool_l[[one]], items.lines.amount[[one]])[0]
        usual = int(items.lag(np.array([one]), members[:1])[0]) in USUAL_LAGS
        is_collective = batch or count > 1
        limit = _CHANCE_MAX_CALLED_BATCH if usual and is_collective else _CHANCE_MAX
        clear = bool(by_chance <= limit) and (batch or not single_rivals(view, one))
        # Many lines say nothing, and each is held against every day: one of them fits some other day by accident.
        clear = clear and (is_collective or usual)
        clear = clear and not replaceable(view, members) and not _worded_otherwise(view, one, members)
        groups.append(Group((one,), tuple(members.tolist()), _SCORE if clear else _SCORE_BY_CHANCE, clear))
    return groups


def _worded_otherwise(view: View, line: int, members: Ints) -> bool:
    """Whether a receipt is called what other items of the books are called, and these are not."""
    items = view.items
    if items.lines.amount[line] < 0:
        return False
    texts = items.book.text("description")
    ours = view.keep(f"{CODE} words", lambda: _vocabulary(texts.values))
    mine = _long_words(items.lines.text("additional_info").at(line)) & ours
    return bool(mine) and mine.isdisjoint(_long_words(texts.at(int(members[0]))))


def _vocabulary(texts: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*(_long_words(text) for text in {without_numbers(text) for text in texts}))


def _long_words(text: str) -> frozenset[str]:
    return frozenset(word for word in fold(text).words if len(word) >= _WORD_LETTERS_MIN and word.isalpha())


def replaceable(view: View, members: Ints) -> bool:
    """Whether another open payment of the day has the amount of a member: how payments are worded tells no files apart."""
    items = view.items
    first = members[0]
    if items.book.amount[first] > 0:
        return False
    others = np.setdiff1d(view.open_rows_on(int(items.pool_r[first]), int(items.book.day[first])), members)
    return bool(np.isin(items.book.amount[others], items.book.amount[members]).any())
