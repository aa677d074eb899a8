"""From how high a score each pass may clear, for a stated error rate: "at most 1 wrong automatic match in 1,000".

Confirmed matches are replayed. A pass may clear from the lowest score from which its own matches prove the rate, by an
exact binomial bound; where they can't, it proposes only, and the answer says how many more it would take. Several scores
of one pass are several attempts at luck, so they share the doubt: half of it for the shipped threshold, the rest in equal
parts for the higher ones. A match is counted once, however many bank lines it has.

`together` promises the rate for all automatic matches as one, not for each pass: passes are left out from the weakest on
until what is left proves it, each attempt with half of the doubt that the one before had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from matcher.pipeline.backtest import verdicts
from matcher.pipeline.binomial import best_promise, needed, proves
from matcher.pipeline.truth import Case
from matcher.rules.order import ORDER
from matcher.rules.settings import NEVER, RuleSettings

ATTEMPTS_MAX = 6


class Promise(NamedTuple):
    """At most 1 wrong in `one_in`, with the probability `doubt` of being mistaken."""

    one_in: int
    doubt: Fraction


class Confirmed(NamedTuple):
    """A match of the past that a pass would clear again: its score in permille and whether it is right."""

    rule: str
    score: int
    right: bool


class PassTrust(NamedTuple):
    """What is known of a pass: confirmed matches that it would clear and how many of them wrongly; the score in permille
    from which it may clear (0: as shipped, `NEVER`: it proposes only); the matches and the wrong ones from there on, and
    the N of "at most 1 in N" that those prove. `lacking` is how many more right ones it would take, 0 if none.
    """

    rule: str
    matches: int
    wrong: int
    clear_from: int
    kept: int
    kept_wrong: int
    proves_one_in: int
    lacking: int


class Calibration(NamedTuple):
    """The outcome: a row a pass in their order, the settings to use, and how many of the confirmed matches that were
    cleared still are. `promised` is false where no pass can carry the promise: then nothing is cleared automatically.
    """

    promise: Promise
    together: bool
    rows: tuple[PassTrust, ...]
    settings: RuleSettings
    cleared_before: int
    cleared_after: int

    @property
    def promised(self) -> bool:
        """Whether anything may be cleared."""
        return self.cleared_after > 0


def confirmed(cases: Iterable[Case], rules: RuleSettings) -> list[Confirmed]:
    """The matches that these rules would clear among what is known, each once."""
    found: list[Confirmed] = []
    for case in cases:
        matches: dict[tuple[str, tuple[str, ...]], Confirmed] = {}
        for verdict in verdicts(case, rules):
            if verdict.right is None:
                continue
            key = verdict.rule, verdict.book
            known = matches.get(key)
            right = verdict.right and (known is None or known.right)
            matches[key] = Confirmed(verdict.rule, verdict.score, right)
        found += matches.values()
    return found


def calibrate(cases: Iterable[Case], *, promise: Promise, rules: RuleSettings, together: bool = False) -> Calibration:
    """Thresholds that keep a promise, on top of `rules`. Passes without a confirmed match may not clear."""
    history = confirmed(cases, rules)
    by_rule: dict[str, list[Confirmed]] = {step.code: [] for step in ORDER if step.code not in rules.off}
    for match in history:
        by_rule[match.rule].append(match)
    trusted = _together(by_rule, promise) if together else {}
    rows = tuple(
        _trusted(code, found, promise, kept=code in trusted) if together else _of_pass(code, found, promise)
        for code, found in by_rule.items()
    )
    limits = dict(rules.clear_from)
    for row in rows:
        limits[row.rule] = max(row.clear_from, limits.get(row.rule, 0))
    clear_from = tuple(sorted((code, least) for code, least in limits.items() if least))
    settings = replace(rules, clear_from=clear_from)
    return Calibration(promise, together, rows, settings, len(history), sum(row.kept for row in rows))


def _attempts(found: Sequence[Confirmed], doubt: Fraction) -> list[tuple[int, Fraction]]:
    """Scores to clear from, the lowest first, with the doubt that each attempt may spend."""
    levels = sorted({match.score for match in found})
    if len(levels) > ATTEMPTS_MAX:
        step = len(levels) / ATTEMPTS_MAX
        levels = sorted({levels[int(place * step)] for place in range(ATTEMPTS_MAX)} | {levels[0]})
    starts = [0, *levels[1:]]
    if len(starts) == 1:
        return [(0, doubt)]
    higher = doubt / 2 / (len(starts) - 1)
    return [(start, doubt / 2 if start == 0 else higher) for start in starts]


def _counts(found: Sequence[Confirmed], least: int) -> tuple[int, int]:
    kept = [match for match in found if match.score >= least]
    return len(kept), sum(not match.right for match in kept)


def _of_pass(code: str, found: Sequence[Confirmed], promise: Promise) -> PassTrust:
    """The lowest score from which the pass's own matches prove the promise."""
    total, wrong = _counts(found, 0)
    attempts = _attempts(found, promise.doubt)
    for least, doubt in attempts if found else ():
        kept, bad = _counts(found, least)
        if proves(wrong=bad, of=kept, one_in=promise.one_in, doubt=doubt):
            best = best_promise(wrong=bad, of=kept, doubt=doubt)
            return PassTrust(code, total, wrong, least, kept, bad, best, 0)
    doubt = attempts[0][1]
    lacking = needed(wrong=wrong, one_in=promise.one_in, doubt=doubt) - total
    best = best_promise(wrong=wrong, of=total, doubt=doubt)
    return PassTrust(code, total, wrong, NEVER, 0, 0, best, lacking)


def _together(by_rule: dict[str, list[Confirmed]], promise: Promise) -> dict[str, int]:
    """The passes, strongest first, whose matches as one prove the promise; empty if none do."""
    doubt = promise.doubt
    kept = [code for code, found in by_rule.items() if found]
    while kept:
        doubt /= 2
        matches = [match for code in kept for match in by_rule[code]]
        total, wrong = _counts(matches, 0)
        if proves(wrong=wrong, of=total, one_in=promise.one_in, doubt=doubt):
            return dict.fromkeys(kept, total)
        kept.pop()
    return {}


def _trusted(code: str, found: Sequence[Confirmed], promise: Promise, *, kept: bool) -> PassTrust:
    total, wrong = _counts(found, 0)
    best = best_promise(wrong=wrong, of=total, doubt=promise.doubt)
    if kept:
        return PassTrust(code, total, wrong, 0, total, wrong, best, 0)
    return PassTrust(code, total, wrong, NEVER, 0, 0, best, 0)
