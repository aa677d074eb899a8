"""A match as the books see it: which bank lines and which book transactions belong together, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple


class Rest(NamedTuple):
    """What becomes of the remainder of a match: an adjustment of this entry type (R15). The amount is what is left.

    Empty fields are taken from the bank line and the entry type.
    """

    entry_type: str
    description: str = ""
    day: date | None = None
    offset_account: str | None = None
    code_parts: Mapping[str, str] | None = None


class Match(NamedTuple):
    """Bank lines and book transactions of one cash account that explain each other.

    `line_amounts` and `transaction_amounts` are parts in minor units, in the order of the ids; empty means all that is
    left of each. Without transactions the whole is adjusted. `reference` points to the proposal and `evidence` (JSON) says why; both are kept as they are.
    """

    line_ids: tuple[int, ...]
    transaction_ids: tuple[int, ...]
    line_amounts: tuple[int, ...] = ()
    transaction_amounts: tuple[int, ...] = ()
    rest: Rest | None = None
    reference: str = ""
    evidence: str = ""


def group_key(line_ids: Iterable[int], transaction_ids: Iterable[int]) -> str:
    """The name of a group, whatever the order: lines 7 and 3 with transaction 5 are "3,7|5"."""
    sides = (",".join(str(one) for one in sorted(ids)) for ids in (line_ids, transaction_ids))
    return "|".join(sides)
