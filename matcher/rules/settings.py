"""What the user may set: windows, tolerances, thresholds, passes. Read from TOML, validated, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# More than any score: as `RuleSettings.clear_from`, the pass clears nothing.
NEVER = 1001


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """Settings of a run; the defaults are the shipped ones.

    `clear_from` is the least score, in permille, from which a pass may clear, by its code; `NEVER` lets it propose
    only. A pass that is not named clears what it calls certain. `off` are the codes of passes that do not run.
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
    clear_from: tuple[tuple[str, int], ...] = ()

    def for_account(self, account: str) -> RuleSettings:
        """The settings that hold for one account."""
        del account
        return self

    @classmethod
    def from_toml(cls, path: Path) -> RuleSettings:
        """Read and validate a rules file. Raises `BadSetting` with file, key and cure."""
        raise NotImplementedError(path)
