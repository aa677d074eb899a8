"""M30: all open items of one payment file, by the file's id.

The bank echoes the id of the file that we sent (camt `Btch/MsgId`, `PmtInfId`, or in the text); our items carry it in
reference or description. All open items with that id, or all of them of one day, must add up to the line exactly.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.tokens import field_key, normalized, tokens
from matcher.rules.view import View

CODE = "M30"
ITEMS_MAX = 20_000
_LETTERS_MIN = 6
_SCORE = 985
_SCORE_UNPROVEN = 400
_FIELDS = ("message_id", "payment_information_id", "end_to_end_id", "instruction_id", "remittance", "additional_info")


def find(view: View) -> Candidates:
    """One group for each line whose text holds an id that several open items carry."""
    items = view.items
    wanted = _line_ids(view)
    if not wanted:
        return Candidates()
    known = {key for keys in wanted.values() for key in keys}
    rows_of = _rows_by_id(view, known)
    groups = []
    for line, keys in wanted.items():
        for key in keys:
            rows = rows_of.get((int(items.pool_l[line]), key))
            if rows is not None and 1 < len(rows) <= ITEMS_MAX:
                groups += _groups(view, line, rows)
    return Candidates(groups=tuple(dict.fromkeys(groups)))


def _line_ids(view: View) -> dict[int, set[str]]:
    items = view.items
    found: dict[int, set[str]] = {}
    for name in _FIELDS:
        texts = items.lines.text(name)
        keys_of: dict[int, set[str]] = {}
        for line in np.flatnonzero(items.line_open & (texts.codes >= 0) & ~view.known_party).tolist():
            code = int(texts.codes[line])
            if code not in keys_of:
                keys = {field_key(texts.values[code]), *tokens(texts.values[code])}
                keys_of[code] = {key for key in keys if len(key) >= _LETTERS_MIN}
            if keys_of[code]:
                found.setdefault(line, set()).update(keys_of[code])
    return found


def _rows_by_id(view: View, known: set[str]) -> dict[tuple[int, str], Ints]:
    items = view.items
    found: dict[tuple[int, str], list[int]] = {}
    for name in ("reference", "description"):
        texts = items.book.text(name)
        keys_of: dict[int, list[str]] = {}
        for row in np.flatnonzero(items.row_open & (texts.codes >= 0)).tolist():
            code = int(texts.codes[row])
            if code not in keys_of:
                value = texts.values[code]
                keys_of[code] = [key for key in {normalized(value), *tokens(value)} if key in known]
            for key in keys_of[code]:
                found.setdefault((int(items.pool_r[row]), key), []).append(row)
    return {key: np.array(rows, np.int64) for key, rows in found.items()}


def _groups(view: View, line: int, rows: Ints) -> list[Group]:
    items = view.items
    amount = int(items.lines.amount[line])
    rows = rows[(items.book.amount[rows] > 0) == (amount > 0)]
    inside = view.in_reference_window(np.full(len(rows), line), rows)
    rows = rows[inside]
    count = int(items.lines.batch_count[line])
    whole = [rows, *(rows[items.book.day[rows] == day] for day in np.unique(items.book.day[rows]).tolist())]
    groups = [
        Group((line,), tuple(members.tolist()), _SCORE, clear=True)
        for members in whole
        if len(members) > 1 and int(items.book.amount[members].sum()) == amount and count in {0, len(members)}
    ]
    if not groups and len(rows) > 1 and 0 < len(rows) <= (count or len(rows)) + 3:
        difference = amount - int(items.book.amount[rows].sum())
        if abs(difference) * 2 < abs(amount):
            groups.append(Group((line,), tuple(rows.tolist()), _SCORE_UNPROVEN, clear=False, difference=difference))
    return groups
