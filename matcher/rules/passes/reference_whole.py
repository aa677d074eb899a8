"""M05: a whole field of the line is the whole reference of one item, and the amount is the same.

The cheap first step of M10: no text is taken apart. It settles most lines, so that the costly steps see few.
"""

from __future__ import annotations

from matcher.rules.contract import Candidates
from matcher.rules.passes.reference import scored
from matcher.rules.view import View

CODE = "M05"


def find(view: View) -> Candidates:
    """Pairs whose whole field is the whole reference."""
    return Candidates(pairs=scored(view, view.references.whole()))
