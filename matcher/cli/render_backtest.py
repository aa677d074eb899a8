"""Backtests and calibrations as tables, JSON and rules files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from matcher.cli.render_review import console, cut, print_table, table
from matcher.pipeline.backtest import Backtest, Changed, Row, Tally
from matcher.pipeline.calibrate import Calibration, PassTrust
from matcher.pipeline.rules_text import rules_text
from matcher.rules.settings import NEVER
from recon_core.domain.money import Money, to_text

_LINES_SHOWN = 200
_PERMILLE = 1000


def print_backtest(report: Backtest, *, note: str, by_account: bool, lines: bool) -> None:
    """A row a rule and currency, or also an account; then the totals."""
    from rich.text import Text

    out = console()
    rows = report.rows if by_account else _by_rule(report.rows)
    columns = ["Gained", "Amount", "Lost", "Amount", "Contradicted", "Amount", "New"]
    shown = table(*(["Account"] if by_account else []), "Rule", "Currency", *columns, right=tuple(columns))
    for row in rows:
        cells = [row.account] if by_account else []
        cells += [row.rule, row.currency]
        for tally in (row.gained, row.lost, row.contradicted):
            cells += [str(tally.lines), to_text(tally.amount, row.currency)]
        shown.add_row(*(Text(cell) for cell in [*cells, str(row.new.lines)]))
    if rows:
        print_table(shown)
    if lines:
        _print_lines(out, report.changed)
    out.print(note, markup=False)
    out.print(
        f"Of {report.known} known line(s) {report.right_before} were cleared rightly before, {report.right_after} would be"
        f" now; wrongly {report.wrong_before} before, {report.wrong_after} now.",
        markup=False,
    )
    if not report.known:
        out.print("There is nothing to try the rules on: no closed reconciliation holds decisions.", markup=False)


def _by_rule(rows: Sequence[Row]) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        before = found.get((row.rule, row.currency), Row("", row.currency, row.rule))
        found[row.rule, row.currency] = before._replace(
            gained=_sum(before.gained, row.gained),
            lost=_sum(before.lost, row.lost),
            contradicted=_sum(before.contradicted, row.contradicted),
            new=_sum(before.new, row.new),
        )
    return [found[key] for key in sorted(found)]


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(one.lines + other.lines, one.amount + other.amount)


def _print_lines(out: Any, changed: Sequence[Changed]) -> None:
    from rich.text import Text

    shown = table("What", "Account", "Bank line", "Amount", "Before", "Now", "Decided", right=("Amount",))
    order = {"contradicted": 0, "lost": 1, "gained": 2, "mended": 3}
    for one in sorted(changed, key=lambda one: (order[one.kind], one.account, one.line))[:_LINES_SHOWN]:
        cells = [
            one.kind,
            one.account,
            one.line,
            f"{Money(one.amount, one.currency)}",
            cut(f"{one.rule_before} {', '.join(one.book_before)}".strip()),
            cut(f"{one.rule_after} {', '.join(one.book_after)}".strip()),
            cut(" or ".join(", ".join(ids) for ids in one.true) or "no match"),
        ]
        shown.add_row(*(Text(cell) for cell in cells))
    if changed:
        print_table(shown)
    if len(changed) > _LINES_SHOWN:
        out.print(f"{len(changed) - _LINES_SHOWN} more; --json has them all.", markup=False)


def backtest_json(report: Backtest) -> str:
    """A backtest as one JSON object; amounts as decimal text."""
    rows = []
    for row in report.rows:
        values: dict[str, Any] = {"account": row.account, "currency": row.currency, "rule": row.rule}
        for name in ("gained", "lost", "contradicted", "new"):
            tally = getattr(row, name)
            values[name] = {"lines": tally.lines, "amount": to_text(tally.amount, row.currency)}
        rows.append(values)
    changed = [one._asdict() | {"amount": to_text(one.amount, one.currency)} for one in report.changed]
    return json.dumps(report._asdict() | {"rows": rows, "changed": changed}, ensure_ascii=False)


def print_calibration(made: Calibration, *, note: str) -> None:
    """A row a rule: what its confirmed matches prove, and from where it may clear."""
    from rich.text import Text

    out = console()
    right = ("Confirmed", "Wrong", "Proves", "Lacking")
    shown = table("Rule", "Confirmed", "Wrong", "May clear", "Proves", "Lacking", right=right)
    for row in made.rows:
        proves = f"1 in {row.proves_one_in:,}" if row.proves_one_in > 1 else "nothing"
        cells = [
            row.rule,
            str(row.matches),
            str(row.wrong),
            _may(row),
            proves,
            f"{row.lacking:,}" if row.lacking else "",
        ]
        shown.add_row(*(Text(cell) for cell in cells))
    print_table(shown)
    out.print(note, markup=False)
    out.print(_promise(made), markup=False)


def _may(row: PassTrust) -> str:
    if row.clear_from == NEVER:
        return "no, it proposes"
    return f"from {row.clear_from / _PERMILLE:.3f}" if row.clear_from else "yes"


def _promise(made: Calibration) -> str:
    confidence = f"{(1 - made.promise.doubt) * 100} %"
    what = "of all automatic matches as one" if made.together else "of each rule's automatic matches"
    said = f"at most 1 wrong in {made.promise.one_in:,} {what}, at {confidence} confidence"
    if not made.promised:
        return f"The data can't carry the promise ({said}): nothing is cleared automatically, everything is proposed."
    kept = f"{made.cleared_after} of the {made.cleared_before} confirmed matches that were cleared still are"
    return f"Promise: {said}, as far as coming matches are like the confirmed ones; {kept}."


def calibrated_rules(made: Calibration, note: str) -> str:
    """The rules file, with what it stands on in a comment."""
    proved = [
        f"{row.rule}: {row.kept} confirmed, {row.kept_wrong} wrong, proves 1 in {row.proves_one_in}"
        for row in made.rows
        if row.clear_from != NEVER
    ]
    return rules_text(made.settings, comment=[_promise(made), note, *proved])


def calibration_json(made: Calibration) -> str:
    """A calibration as one JSON object; `clear_from` in permille, null where the rule proposes only."""
    rows = [row._asdict() | {"clear_from": None if row.clear_from == NEVER else row.clear_from} for row in made.rows]
    values = {
        "max_wrong_one_in": made.promise.one_in,
        "doubt": f"{made.promise.doubt.numerator}/{made.promise.doubt.denominator}",
        "together": made.together,
        "promised": made.promised,
        "cleared_before": made.cleared_before,
        "cleared_after": made.cleared_after,
        "rules": rows,
    }
    return json.dumps(values, ensure_ascii=False)
