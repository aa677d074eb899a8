"""M30: all open items of one payment file, by the file's id.

The bank echoes the id of the file that we sent (camt `Btch/MsgId`, `PmtInfId`, or in the text); our items carry it in
reference or description. All open items with that id, or all of them of one day, must add up to the line exactly.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from matcher.rules.columns import Ints
from matcher.rules.contract import Candidates, Group
from matcher.rules.tokens import field_key, tokens
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
    ids = view.keep(CODE, partial(_line_ids, view))
    wanted = {line: keys for line, keys in ids.items() if items.line_open[line]}
    if not wanted:
        return Candidates()
    rows_of = view.keep(f"{CODE} rows", partial(_rows_by_id, view, {key for keys in ids.values() for key in keys}))
    groups = []
    for line, keys in wanted.items():
        for key in keys:
            rows = rows_of.get((int(items.pool_l[line]), key))
            if rows is not None:
                rows = rows[items.row_open[rows]]
                if 1 < len(rows) <= ITEMS_MAX:
                    groups += _groups(view, line, rows)
    return Candidates(groups=tuple(dict.fromkeys(groups)))


def _line_ids(view: View) -> dict[int, set[str]]:
    """Keys that may be a file id, of the open lines without a party of ours."""
    items = view.items
    lines = np.flatnonzero(items.line_open & ~view.known_party)
    found: dict[int, set[str]] = {}
    for name in _FIELDS:
        texts = items.lines.text(name)
        keys_of: dict[int, set[str]] = {}
        for line, code in zip(lines.tolist(), texts.codes[lines].tolist(), strict=True):
            if code < 0:
                continue
            if code not in keys_of:
                keys = {field_key(texts.values[code]), *tokens(texts.values[code])}
                keys_of[code] = {key for key in keys if len(key) >= _LETTERS_MIN}
            if keys_of[code]:
                found.setdefault(line, set()).update(keys_of[code])
    return found


def _rows_by_id(view: View, known: set[str]) -> dict[tuple[int, str], Ints]:
    """Open items by pool and the known id that they carry."""
    items, references = view.items, view.references
    rows = np.flatnonzero(items.row_open)
    carried = {
        code: keys
        for code, quoted in references.description_tokens(rows).items()
        if (keys := [key for key in quoted if key in known])
    }
    found: dict[tuple[int, str], set[int]] = {}
    codes = items.book.text("description").codes[rows]
    hits = np.isin(codes, np.array(list(carried), np.int64))
    for row, code in zip(rows[hits].tolist(), codes[hits].tolist(), strict=True):
        for key in carried[code]:
            found.setdefault((int(items.pool_r[row]), key), set()).add(row)
    of_key = {references.keys[key]: key for key in known if key in references.keys}
    hits = np.isin(references.row_key[rows], np.array(list(of_key), np.int64))
    for row in rows[hits].tolist():
        key = of_key[int(references.row_key[row])]
        found.setdefault((int(items.pool_r[row]), key), set()).add(row)
    return {key: np.array(sorted(members), np.int64) for key, members in found.items()}


def _groups(view: View, line: int, rows: Ints) -> list[Group]:
    items = view.items
    amount = int(items.lines.amount[line])
    rows = rows[(items.book.amount[rows] > 0) == (amount > 0)]
    inside = view.in_reference_window(line, rows)
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
