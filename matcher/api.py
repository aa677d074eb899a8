"""The matching engine for a library user: pandas frames in, a result with `frame()` and `rows()` out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matcher import engine
from matcher.engine import MatchResult
from matcher.rules.frames import book_from_frame, lines_from_frame
from matcher.rules.settings import RuleSettings

if TYPE_CHECKING:
    import pandas as pd


def match(lines: pd.DataFrame, book: pd.DataFrame, *, rules: RuleSettings | Path | None = None) -> MatchResult:
    """Match a frame of bank lines with a frame of open book transactions. No database, no server, no global state.

    `lines` needs the columns `id`, `account`, `booking_date`, `amount`, `currency`, `book` needs `id`, `account`,
    `date`, `amount`, `currency`; amounts are integer minor units, + into the account. What other columns are read:
    `matcher.rules.columns`. `rules` is a `RuleSettings` or the path of a rules file (then `BadSetting` may be raised).
    """
    settings = RuleSettings.from_toml(rules) if isinstance(rules, Path) else rules
    return engine.match(lines_from_frame(lines), book_from_frame(book), rules=settings)
