"""What the user may set: windows, tolerances, thresholds, weights, passes. Frozen; read from TOML in `rules_file`.

Every setting has a default that is shipped, and most can be set for one account, for a group of accounts, or for one
counterparty. The narrowest holds: counterparty, account, group, run.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# More than any score: as `RuleSettings.clear_from`, the pass clears nothing.
NEVER = 1001

# A setting and its value for some accounts or counterparties only.
Overrides = tuple[tuple[str, int | bool | str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Points of the signals that M60 adds up, and how many it takes to clear."""

    name_equal: int = 400
    name_cut: int = 370
    name_misspelt: int = 350
    name_similar: int = 200
    name_different: int = -100
    reference_same: int = 400
    reference_cut: int = 300
    reference_near: int = 250
    reference_other: int = -300
    amount_rare: int = 200
    amount_odd: int = 100
    clear_from: int = 350


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """Settings of a run; the defaults are the shipped ones.

    Windows: days of an item before and after which a line may still pay it; "before" means that the item is dated after
    the line. By reference they are calendar days, else banking days. `country` names the calendar; empty, the account's
    IBAN does. `reference_required` lets only passes that rest on a reference clear. Tolerances are minor units or
    permille. `margin` is the lead in permille over every rival. `off` are codes of passes that do not run, `order` codes
    that run before all others. `clear_from` is the least score from which a pass may clear, by its code.
    """

    reference_required: bool = False
    country: str = ""
    reference_days_before: int = 30
    reference_days_after: int = 180
    receipt_days_before: int = 4
    receipt_days_after: int = 8
    payment_days_before: int = 2
    payment_days_after: int = 8
    rounding_minor_max: int = 50
    charge_minor_max: int = 15_000
    fx_permille_max: int = 60
    card_fee_permille_min: int = 2
    card_fee_permille_max: int = 40
    margin: int = 50
    off: frozenset[str] = frozenset()
    order: tuple[str, ...] = ()
    clear_from: tuple[tuple[str, int], ...] = ()
    weights: Weights = field(default_factory=Weights)
    accounts: tuple[tuple[str, Overrides], ...] = ()
    counterparties: tuple[tuple[str, Overrides], ...] = ()

    def for_account(self, account: str) -> RuleSettings:
        """The settings that hold for one account (an identifier without blanks, upper case)."""
        found = dict(self.accounts).get(account)
        return replace(self, **dict(found)) if found else self  # type: ignore[arg-type]

    @classmethod
    def from_toml(cls, path: Path | None) -> RuleSettings:
        """Read and validate a rules file; without one the shipped rules. Raises `BadSetting` with file, key and cure."""
        from matcher.rules.rules_file import read_rules

        return cls() if path is None else read_rules(path)
