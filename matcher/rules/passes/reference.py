"""M10: same reference, same amount.

The strongest rule. A reference counts wherever it stands: in its own field (OCR, RF, KID, our own payment id echoed by
the bank, cheque number) or as a whole token in the text, with leading zeros, blanks, separators, a check digit too many
or letters around it. Anti-pattern: any digits that occur in both texts; 123 is not found in 51234, and a number that
many open items carry names none of them.

A reference alone does not clear when it speaks against the payer: if the payer has an open item of the same amount, or
if only a short number in free text names the item of somebody else, a person decides; so if the payer calls the number
something else (customer, order), if it is as well a date near the line's that nothing calls an invoice, and if another
number of the text names another item of the amount.
"""

from __future__ import annotations

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.contract import Candidates, Pairs
from matcher.rules.joins import (
    counts_of,
    distinct,
    equal_pairs,
    in_order,
    is_member,
    may_be_among,
    mixed,
    runs_of,
)
from matcher.rules.names import NameLevel
from matcher.rules.reference_index import ReferencePairs, Shared
from matcher.rules.view import View

CODE = "M10"
_BASE = np.array([0, 850, 930, 950], np.int32)
_NAME = np.array([-60, 0, 10, 35, 40, 45], np.int32)
# Expected number of items that a random number in the text would name by chance, per thousand; more is no proof.
_ACCIDENTS_MAX_PERMILLE = 1


def find(view: View) -> Candidates:
    """Pairs by tokens and parts of numbers among what is still open.

    A text that names several open items is no proof for one of them, even if one has the amount (M50 adds them up).
    """
    pairs = scored(view, view.named)
    return Candidates(pairs=pairs._replace(clear=pairs.clear & (view.items_named[pairs.line] <= 1)))


def scored(view: View, found: ReferencePairs) -> Pairs:
    """Pairs that share a reference and have the same amount, scored by how the reference is shared and by the name."""
    items = view.items
    keep = (
        (items.lines.amount[found.line] == items.book.amount[found.row])
        & items.line_open[found.line]
        & items.row_open[found.row]
    )
    found = ReferencePairs(*(column[keep] for column in found))
    keep = view.in_reference_window(found.line, found.row)
    found = ReferencePairs(*(column[keep] for column in found))
    level = items.name_levels(found.line, found.row)
    clear = ~_payer_has_own(view, found.line, level)
    others = np.flatnonzero(clear & (level <= NameLevel.DIFFERENT) & (found.shared < Shared.WHOLE))
    clear[others] = ~_by_chance(view, ReferencePairs(*(column[others] for column in found)))
    doubtful = level <= NameLevel.UNKNOWN
    quoted = np.flatnonzero(clear & (found.shared < Shared.WHOLE))
    doubtful[quoted] |= party_owes_twice(view, found.row[quoted])
    parts = np.flatnonzero(clear & (found.shared == Shared.PART) & doubtful)
    view.relations.read(distinct(found.line[parts]).tolist())
    clear[parts] = [
        not _fits_another(view, line, row)
        for line, row in zip(found.line[parts].tolist(), found.row[parts].tolist(), strict=True)
    ]
    # A number that is no invoice's says nothing about which of two equal items is meant.
    quoted = np.flatnonzero(clear & (found.shared < Shared.WHOLE) & (doubtful | (level == NameLevel.SIMILAR)))
    view.relations.read(distinct(found.line[quoted]).tolist())
    clear[quoted] = [
        view.relations.means(line, row)
        for line, row in zip(found.line[quoted].tolist(), found.row[quoted].tolist(), strict=True)
    ]
    several = np.flatnonzero(clear & (counts_of(found.line, len(items.line_open))[found.line] > 1))
    clear[several] = [
        not any(
            view.relations.numbers_of(line, other) - view.relations.numbers_of(line, row)
            for other in found.row[found.line == line].tolist()
        )
        for line, row in zip(found.line[several].tolist(), found.row[several].tolist(), strict=True)
    ]
    score = np.minimum(_BASE[found.shared] + _NAME[level], 999).astype(np.int32)
    return Pairs(found.line, found.row, score, clear)


def party_owes_twice(view: View, row: Ints) -> Flags:
    """Items whose party has another open item of the same amount."""
    items = view.items
    if not len(row):
        return np.zeros(0, np.bool_)
    rows = np.flatnonzero(items.row_open & (items.party_r >= 0))
    keys = np.sort(mixed(items.pool_r[rows], items.book.amount[rows], items.party_r[rows]))
    wanted = mixed(items.pool_r[row], items.book.amount[row], items.party_r[row])
    twice: Flags = np.searchsorted(keys, wanted, side="right") - np.searchsorted(keys, wanted, side="left") > 1
    return twice


def _fits_another(view: View, line: int, row: int) -> bool:
    """Whether the number, cut off or with a slip, is as near to another open item of the same amount."""
    items = view.items
    place = int(items.pool_r[row]), int(items.book.amount[row])
    alike = view.open_rows_of(*place)
    others = alike[(alike != row) & view.in_reference_window(line, alike)]
    return view.relations.names_one(line, others, place, alike)


def _payer_has_own(view: View, line: Ints, level: Codes) -> Flags:
    """Lines whose named payer is not the item's party, or only named alike, but has an open item of the same amount."""
    items = view.items
    other: Flags = (level == NameLevel.DIFFERENT) | (level == NameLevel.SIMILAR)
    if not other.any():
        return other
    lines = distinct(line[other])
    rows = np.flatnonzero(items.row_open & (items.variant_r >= 0))
    amounts = mixed(items.pool_l[lines], items.lines.amount[lines])
    rows = rows[may_be_among(mixed(items.pool_r[rows], items.book.amount[rows]), amounts)]
    # One of each name and amount is enough.
    alike = mixed(items.pool_r[rows], items.book.amount[rows], items.variant_r[rows])
    rows = rows[np.unique(alike, return_index=True)[1]]
    payers, parties = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for column in (items.variant_l, items.ultimate_l):
        variants, order = in_order(column[lines].astype(np.int64))
        for variant, of_variant in runs_of(variants, lines[order]):
            like = np.array(items.parties_like(variant), np.int64)
            payers.append(np.repeat(of_variant, len(like)))
            parties.append(np.tile(like, len(of_variant)))
    payer, party = np.concatenate(payers), np.concatenate(parties)
    at, to = equal_pairs(
        mixed(items.pool_l[payer], items.lines.amount[payer], party),
        mixed(items.pool_r[rows], items.book.amount[rows], items.party_r[rows]),
    )
    owes = items.name_levels(payer[at], rows[to]) >= NameLevel.SIMILAR
    has_own: Flags = other & is_member(line, distinct(payer[at[owes]]))
    return has_own


def _by_chance(view: View, found: ReferencePairs) -> Flags:
    """Whether a random number of that length would name some item of that amount too easily."""
    items = view.items
    if not len(found.row):
        return np.zeros(0, np.bool_)
    rows = np.flatnonzero(items.row_open)
    keys = mixed(items.pool_r[rows], items.book.amount[rows])
    wanted = mixed(items.pool_r[found.row], items.book.amount[found.row])
    keys = np.sort(keys[may_be_among(keys, wanted)])
    same = np.searchsorted(keys, wanted, side="right") - np.searchsorted(keys, wanted, side="left")
    span = 10.0 ** np.minimum(found.digits.astype(np.int64) - 1, 15)
    chance: Flags = same * 1000 > _ACCIDENTS_MAX_PERMILLE * span
    return chance
