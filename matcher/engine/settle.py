"""Who gets what: lines that compete for the same items are decided together, and a tie is never guessed.

A pair is taken only if it is the best for its line and for its item, by a margin on both sides. Lines that nothing
tells apart, and items that nothing tells apart, count as one: equal numbers of them are paired off in order, because
every pairing gives the same books. A line that lost its best item to a better one goes another round.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.contract import Group, Pairs
from matcher.rules.items import Items
from matcher.rules.joins import distinct, is_member, mixed, runs, stable_order

ROUNDS_MAX = 12


class Settled(NamedTuple):
    """Taken pairs with their score, lines that repeat a taken one, and the pairs that stayed undecided."""

    line: Ints
    row: Ints
    score: Codes
    repeats: Ints
    repeated: Ints
    left: Pairs


def settle_pairs(items: Items, pairs: Pairs, row_class: Ints, *, margin: int, repeats: bool = False) -> Settled:
    """Decide a table of pairs. `repeats`: of more identical lines than items, the first are taken, the rest repeat.

    `margin` is the lead in permille over every rival. `row_class` is equal for items that nothing tells apart.
    """
    taken: list[tuple[Ints, Ints, Codes]] = []
    alone = _without_rival(items, pairs)
    if alone.any():
        taken.append((pairs.line[alone], pairs.row[alone], pairs.score[alone]))
        pairs = pairs.where(~alone)
    extra: list[Ints] = []
    model: list[Ints] = []
    for _ in range(ROUNDS_MAX):
        line, row, score, surplus, of = _one_round(items, pairs, row_class, margin, repeats=repeats)
        if not len(line):
            break
        taken.append((line, row, score))
        extra.append(surplus)
        model.append(of)
        gone_l = np.zeros(len(items.line_open), np.bool_)
        gone_r = np.zeros(len(items.row_open), np.bool_)
        gone_l[line] = gone_l[surplus] = True
        gone_r[row] = True
        pairs = pairs.where(~gone_l[pairs.line] & ~gone_r[pairs.row])
        if not len(pairs.line):
            break
    empty = np.empty(0, np.int64)
    return Settled(
        np.concatenate([part[0] for part in taken]) if taken else empty,
        np.concatenate([part[1] for part in taken]) if taken else empty,
        np.concatenate([part[2] for part in taken]) if taken else empty.astype(np.int32),
        np.concatenate(extra) if extra else empty,
        np.concatenate(model) if model else empty,
        pairs,
    )


def _without_rival(items: Items, pairs: Pairs) -> Flags:
    """Pairs that may be cleared and whose line and item have no other pair."""
    lines = np.bincount(pairs.line, minlength=len(items.line_open))
    rows = np.bincount(pairs.row, minlength=len(items.row_open))
    alone: Flags = pairs.clear & (lines[pairs.line] == 1) & (rows[pairs.row] == 1)
    return alone


def row_classes(items: Items, reference: Codes) -> Ints:
    """Items that nothing tells apart share a class. `reference` tells items apart that agree in all else."""
    book = items.book
    return mixed(items.pool_r, book.amount, items.variant_r, reference, book.day)


def _one_round(
    items: Items, pairs: Pairs, row_class: Ints, margin: int, *, repeats: bool
) -> tuple[Ints, Ints, Codes, Ints, Ints]:
    line_class = _line_classes(items, pairs, row_class, repeats=repeats)
    left, right = line_class[pairs.line], row_class[pairs.row]
    order = stable_order(-pairs.score)
    order = order[stable_order(right[order])]
    order = order[stable_order(left[order])]
    left, right, score, clear = left[order], right[order], pairs.score[order], pairs.clear[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    left, right, score, clear = left[first], right[first], score[first], clear[first]
    wins = clear & _leads(left, score, margin) & _leads(right, score, margin)
    return _paired_off(items, pairs, line_class, row_class, left[wins], right[wins], score[wins], repeats=repeats)


def _line_classes(items: Items, pairs: Pairs, row_class: Ints, *, repeats: bool) -> Ints:
    """Lines of equal amount and party with the same candidates at the same scores share a class.

    Where lines may repeat each other only names that are printed alike are one party.
    """
    party = items.named_l if repeats else items.party_l
    kinds = mixed(row_class[pairs.row], pairs.score, pairs.clear.astype(np.int64))
    seen = np.zeros(len(items.line_open), np.int64)
    np.add.at(seen, pairs.line, kinds)
    lines = distinct(pairs.line)
    seen[lines] = mixed(seen[lines], items.pool_l[lines], items.lines.amount[lines], party[lines])
    return seen


def _leads(side: Ints, score: Codes, margin: int) -> Flags:
    """Which entries lead all others of their side by at least the margin."""
    order = stable_order(-score)
    order = order[stable_order(side[order])]
    ordered, points = side[order], score[order].astype(np.int64)
    first = np.ones(len(order), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    runner_up = np.full(len(order), -(2**31), np.int64)
    same = np.flatnonzero(~first[1:])
    starts = same[first[same]] if len(same) else same
    runner_up[starts] = points[starts + 1]
    leads = np.zeros(len(order), np.bool_)
    leads[order] = first & (points - runner_up >= margin)
    return leads


def _paired_off(
    items: Items,
    pairs: Pairs,
    line_class: Ints,
    row_class: Ints,
    left: Ints,
    right: Ints,
    score: Codes,
    *,
    repeats: bool,
) -> tuple[Ints, Ints, Codes, Ints, Ints]:
    """Members of the winning class pairs, in the order of their days: as many pairs as both sides have."""
    empty = np.empty(0, np.int64)
    if not len(left):
        return empty, empty, empty.astype(np.int32), empty, empty
    lines = distinct(pairs.line)
    rows = distinct(pairs.row)
    order = np.argsort(left, kind="stable")
    left, right, score = left[order], right[order], score[order]
    lines = lines[is_member(line_class[lines], left)]
    rows = rows[is_member(row_class[rows], np.sort(right))]
    line_rank, line_count = _ranked(line_class[lines], items.lines.booking_day[lines], items.lines.ids, lines)
    row_rank, row_count = _ranked(row_class[rows], items.book.day[rows], items.book.ids, rows)
    place = np.searchsorted(left, line_class[lines])
    wanted = mixed(right[place], line_rank)
    have = mixed(row_class[rows], row_rank)
    order = np.argsort(have, kind="stable")
    at = np.minimum(np.searchsorted(have[order], wanted), max(0, len(have) - 1))
    partner = order[at]
    exists = have[partner] == wanted
    rows_total = np.zeros(len(lines), np.int64)
    rows_total[exists] = row_count[partner[exists]]
    first_partner = order[
        np.minimum(np.searchsorted(have[order], mixed(right[place], np.zeros_like(line_rank))), len(have) - 1)
    ]
    rows_total[~exists] = row_count[first_partner[~exists]]
    even = line_count == rows_total
    fits = even | (repeats & (line_count > rows_total))
    chosen = exists & fits
    surplus = ~exists & fits & repeats
    return (
        lines[chosen],
        rows[partner[chosen]],
        score[place[chosen]],
        lines[surplus],
        rows[first_partner[surplus]],
    )


def _ranked(codes: Ints, day: Codes, ids: object, positions: Ints) -> tuple[Ints, Ints]:
    """Rank of each position inside its class by day and then id, and the size of its class."""
    names = np.array([ids[position] for position in positions.tolist()])  # type: ignore[index]
    order = np.lexsort((names, day, codes))
    ordered = codes[order]
    starts, ends = runs(ordered)
    sizes = ends - starts
    rank = np.empty(len(codes), np.int64)
    count = np.empty(len(codes), np.int64)
    rank[order] = np.arange(len(ordered)) - np.repeat(starts, sizes)
    count[order] = np.repeat(sizes, sizes)
    return rank, count


class SettledGroups(NamedTuple):
    """Groups that are taken, and the ones that stayed undecided."""

    taken: list[Group]
    left: list[Group]


def settle_groups(groups: Sequence[Group], *, margin: int) -> SettledGroups:
    """Decide groups that may overlap. One is taken only if it leads every group that shares a line or an item with it.

    An overlapping group loses its items to a taken one and is out; the others go another round.
    """
    left = list(groups)
    taken: list[Group] = []
    for _ in range(ROUNDS_MAX):
        won = _leading(left, margin)
        if not won:
            break
        taken += won
        lines = {line for group in won for line in group.lines}
        rows = {row for group in won for row in group.rows}
        left = [group for group in left if lines.isdisjoint(group.lines) and rows.isdisjoint(group.rows)]
    return SettledGroups(taken, left)


def _leading(groups: list[Group], margin: int) -> list[Group]:
    clear = [group for group in groups if group.clear]
    of_line: dict[int, list[Group]] = {line: [] for group in clear for line in group.lines}
    of_row: dict[int, list[Group]] = {row: [] for group in clear for row in group.rows}
    for group in groups if clear else ():
        for line in group.lines:
            if line in of_line:
                of_line[line].append(group)
        for row in group.rows:
            if row in of_row:
                of_row[row].append(group)
    return [
        group
        for group in clear
        if all(_leads_all(group, of_line[line], margin) for line in group.lines)
        and all(_leads_all(group, of_row[row], margin) for row in group.rows)
    ]


def _leads_all(group: Group, touching: Sequence[Group], margin: int) -> bool:
    return len(touching) == 1 or all(group.score - other.score >= margin for other in touching if other is not group)
