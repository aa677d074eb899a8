"""Reasons in words, made when somebody asks: from the columns of a result and the texts of line and items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matcher.proposal import Evidence
from matcher.rules.view import View

if TYPE_CHECKING:
    from matcher.engine.result import MatchResult


class Explainer:
    """Renders the evidence of one line."""

    def __init__(self, view: View) -> None:
        self._view = view

    def explain(self, result: MatchResult, line: int) -> tuple[Evidence, ...]:
        """The reasons for and against, the strongest first."""
        del result, line
        return ()
