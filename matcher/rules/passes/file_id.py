"""M30: all open items of one payment file, by the file's id.

The bank echoes the id of the file that we sent (camt `Btch/MsgId`, `PmtInfId`, or in the text); our items carry it in
reference or description. All open items with that id, or all of them of one day, must add up to the line exactly; or all
but one or two that the bank rejected, if only one choice of those explains the rest.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.digits import sorted_values
from matcher.rules.joins import is_member, runs
from matcher.rules.tokens import field_key
from matcher.rules.view import View

CODE = "M30"
ITEMS_MAX = 20_000
LEFT_OUT_MAX = 2
REJECTED_ITEMS_MAX = 60
_LETTERS_MIN = 6
_SCORE = 985
_SCORE_REJECTED = 960
_SCORE_UNPROVEN = 760
_FIELDS = ("message_id", "payment_information_id", "end_to_end_id", "instruction_id", "remittance", "additional_info")


def find(view: View) -> Candidates:
    """One group for each line whose text holds an id that several open items carry."""
    items = view.items
    ids = view.keep(CODE, partial(_line_ids, view))
    wanted = {line: keys for line, keys in ids.items() if items.line_open[line]}
    if not wanted:
        return Candidates()
    known = {key for keys in ids.values() for key in keys}
    rows_of = view.keep(f"{CODE} rows", partial(_rows_by_id, view, known, np.flatnonzero(items.row_open)))
    carried: dict[tuple[int, str, bool], _Carried] = {}
    groups = []
    for line, keys in wanted.items():
        for key in keys:
            place = int(items.pool_l[line]), key
            if place in rows_of:
                side = (*place, bool(items.lines.amount[line] > 0))
                if side not in carried:
                    carried[side] = _carried(view, rows_of[place], receipt=side[2])
                groups += _groups(view, line, carried[side])
    return Candidates(groups=tuple(dict.fromkeys(groups)))


def shared_id(view: View, line: int, rows: tuple[int, ...]) -> tuple[str, int]:
    """The longest id that a line shares with items, and how many items of its account carry it."""
    items = view.items
    every = np.arange(len(items.book))
    rows_of = view.keep(f"{CODE} said", partial(_rows_by_id, view, None, every))
    pool = int(items.pool_l[line])
    keys = {key for name in _FIELDS for key in _ids_in(view, items.lines.text(name).at(line))}
    for key in sorted(keys, key=lambda key: (-len(key), key)):
        carrying = rows_of.get((pool, key))
        if carrying is not None and set(rows) <= set(carrying.tolist()):
            same_day = carrying[np.isin(items.book.day[carrying], items.book.day[list(rows)])]
            return key, len(same_day)
    return "", len(rows)


def _ids_in(view: View, text: str) -> set[str]:
    """Keys in a text that may be a file id."""
    return (
        {key for key in (field_key(text), *view.references.tokens_of(text)) if len(key) >= _LETTERS_MIN}
        if text
        else set()
    )


def _line_ids(view: View) -> dict[int, set[str]]:
    """Keys that may be a file id, of the open lines without a party of ours."""
    items = view.items
    lines = np.flatnonzero(items.line_open & ~view.known_party)
    found: dict[int, set[str]] = {}
    for name in _FIELDS:
        texts = items.lines.text(name)
        keys = {code: ids for code in texts.used(lines).tolist() if (ids := _ids_in(view, texts.values[code]))}
        carrying = np.zeros(len(texts.values) + 1, np.bool_)
        carrying[list(keys)] = True
        some = lines[carrying[texts.codes[lines]]]
        for line, code in zip(some.tolist(), texts.codes[some].tolist(), strict=True):
            found.setdefault(line, set()).update(keys[code])
    return found


def _rows_by_id(view: View, known: set[str] | None, rows: Ints) -> dict[tuple[int, str], Ints]:
    """Items by pool and the known id that they carry; every id if none is asked for."""
    items, references = view.items, view.references
    described = rows
    if known is not None:
        plain = references.plain_described(rows)
        described = rows[(plain < 0) | is_member(plain, sorted_values(known))]
    carried = {
        code: keys
        for code, quoted in references.description_tokens(described).items()
        if (known is None or not known.isdisjoint(quoted))
        and (keys := [key for key in quoted if (key in known if known is not None else len(key) >= _LETTERS_MIN)])
    }
    found: dict[tuple[int, str], set[int]] = {}
    codes = items.book.text("description").codes[rows]
    hits = np.isin(codes, np.array(list(carried), np.int64))
    for row, code in zip(rows[hits].tolist(), codes[hits].tolist(), strict=True):
        for key in carried[code]:
            found.setdefault((int(items.pool_r[row]), key), set()).add(row)
    asked = references.keys if known is None else known
    of_key = {references.keys[key]: key for key in asked if key in references.keys}
    hits = np.isin(references.row_key[rows], np.array(list(of_key), np.int64))
    for row in rows[hits].tolist():
        key = of_key[int(references.row_key[row])]
        found.setdefault((int(items.pool_r[row]), key), set()).add(row)
    return {key: np.array(sorted(members), np.int64) for key, members in found.items()}


class _Carried(NamedTuple):
    """Open receipts or payments that carry one id, by day: where each day's begin and end, and their sum."""

    rows: Ints
    starts: Ints
    ends: Ints
    sums: Ints


def _carried(view: View, rows: Ints, *, receipt: bool) -> _Carried:
    items = view.items
    rows = rows[items.row_open[rows]]
    if not 1 < len(rows) <= ITEMS_MAX:
        rows = rows[:0]
    rows = rows[(items.book.amount[rows] > 0) == receipt]
    rows = rows[np.argsort(items.book.day[rows], kind="stable")]
    starts, ends = runs(items.book.day[rows])
    sums = np.add.reduceat(items.book.amount[rows], starts) if len(rows) else starts
    return _Carried(rows, starts, ends, sums)


def _groups(view: View, line: int, carried: _Carried) -> list[Group]:
    items = view.items
    amount, count = int(items.lines.amount[line]), int(items.lines.batch_count[line])
    # Day by day and all days together.
    days = np.flatnonzero(view.in_reference_window(line, carried.rows[carried.starts]))
    fitting = days[carried.sums[days] == amount]
    parts = [carried.rows[carried.starts[day] : carried.ends[day]] for day in fitting.tolist()]
    sizes = carried.ends[days] - carried.starts[days]
    total, size = int(carried.sums[days].sum()), int(sizes.sum())
    is_sum = len(days) > 1 and total == amount
    rows = np.empty(0, np.int64)
    if is_sum or 2 < size <= REJECTED_ITEMS_MAX:
        rows = np.sort(
            carried.rows[np.repeat(carried.starts[days] - np.cumsum(sizes) + sizes, sizes) + np.arange(size)]
        )
    groups = [
        Group((line,), tuple(np.sort(part).tolist()), _SCORE, clear=True)
        for part in [*parts, *([rows] if is_sum else [])]
        if len(part) > 1 and count in {0, len(part)}
    ]
    return groups or _without_some(view, line, rows)


def _without_some(view: View, line: int, rows: Ints) -> list[Group]:
    """The file less what the bank rejected: cleared if just one choice of at most `LEFT_OUT_MAX` items explains it."""
    items = view.items
    amount = int(items.lines.amount[line])
    count = int(items.lines.batch_count[line])
    rest = int(items.book.amount[rows].sum()) - amount
    if len(rows) < 3 or len(rows) > REJECTED_ITEMS_MAX or (rest > 0) != (amount > 0):
        return []
    amounts = items.book.amount[rows].tolist()
    # Less than half of the items: the rest is no file.
    most = min(LEFT_OUT_MAX, (len(rows) - 1) // 2)
    places = [
        left_out
        for size in range(1, most + 1)
        for left_out in combinations(range(len(rows)), size)
        if sum([amounts[place] for place in left_out]) == rest and count in {0, len(rows) - size}
    ]
    score = _SCORE_REJECTED if len(places) == 1 else _SCORE_UNPROVEN
    return [
        Group((line,), tuple(np.delete(rows, left_out).tolist()), score, clear=len(places) == 1) for left_out in places
    ]
