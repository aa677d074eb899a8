"""What the user may set: windows, tolerances, thresholds, passes. Read from TOML, validated, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """Settings of a run; the defaults are the shipped ones."""

    reference_required: bool = False

    @classmethod
    def from_toml(cls, path: Path) -> RuleSettings:
        """Read and validate a rules file. Raises `BadSetting` with file, key and cure."""
        raise NotImplementedError(path)
