"""From the engine's word to matches that the books can take. Pure: opinions in, matches out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from matcher.proposal import Category, Opinion, evidence_json
from recon_core.domain.matching import Match, Rest

# A match with one of these remainders is complete only with an adjustment for it.
NEEDS_ADJUSTMENT = frozenset({Category.BANK_FEE, Category.ROUNDING, Category.FX})

# Category and amount of a remainder -> entry type of its adjustment, None where nobody may or can adjust.
EntryTypeOf = Callable[[Category | None, int], str | None]


def groups(opinions: Iterable[Opinion]) -> list[list[Opinion]]:
    """Opinions put together: lines that name the same book transactions pay them together."""
    together: dict[tuple[int, tuple[str, ...]], list[Opinion]] = {}
    for opinion in opinions:
        together.setdefault((opinion.account_id, tuple(sorted(opinion.result.book))), []).append(opinion)
    return list(together.values())


def to_match(group: Sequence[Opinion], *, amounts: dict[int, int], entry_type: EntryTypeOf) -> Match | None:
    """The match of one group, or None where its remainder needs an adjustment that nobody may make.

    `amounts` is what is left of each bank line in minor units. A part payment uses that part of the transaction, an
    overpayment that part of the line; the rest of either stays open.
    """
    result = group[0].result
    if len(group) == 1 == len(result.book) and not result.difference:
        return Match((group[0].line_id,), (int(result.book[0]),), evidence=evidence_of(group))
    line_ids = tuple(sorted(opinion.line_id for opinion in group))
    book_ids = tuple(int(one) for one in result.book)
    match = Match(line_ids, book_ids, evidence=evidence_of(group))
    total = sum(amounts[line_id] for line_id in line_ids)
    if result.difference == 0:
        return match
    if result.category == Category.PARTIAL and len(book_ids) == 1:
        return match._replace(transaction_amounts=(total,))
    if result.category == Category.OVERPAYMENT and len(line_ids) == 1:
        return match._replace(line_amounts=(total - result.difference,))
    if result.category in NEEDS_ADJUSTMENT:
        code = entry_type(result.category, result.difference)
        return match._replace(rest=Rest(code)) if code is not None else None
    return None


def evidence_of(group: Sequence[Opinion]) -> str:
    """Why, as JSON that is kept with the decision: one list of [rule, sentence] a bank line."""
    return f"[{', '.join([evidence_json(opinion.result.evidence) for opinion in group])}]"
