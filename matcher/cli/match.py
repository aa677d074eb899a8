"""`recon match`: the engine alone. Statement files and book files in, one JSON object a bank line out, no database."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.options import ManyValues, rules_option

if TYPE_CHECKING:
    from matcher.engine import MatchResult
    from matcher.proposal import LineResult

_UNPROVEN = "The statement's balances do not prove its lines, so nothing of it is cleared automatically."


@click.command(cls=ManyValues)
@click.option("--statements", required=True, multiple=True, metavar="FILE...", help="Bank statements, any format.")
@click.option(
    "--book",
    required=True,
    multiple=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Open book transactions, CSV.",
)
@click.option(
    "--out",
    required=True,
    metavar="RESULT.jsonl",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    help="Where the results go; - for standard output.",
)
@rules_option
@click.option("--quiet", is_flag=True, help="No progress and no summary on standard error.")
def match(statements: tuple[str, ...], book: tuple[Path, ...], out: Path, rules: Path | None, quiet: bool) -> None:
    """Match bank lines with open book transactions: the engine alone, without a database.

    \b
    The book has the columns
      id,account,date,amount,currency,reference,counterparty,description,kind
    where account is the statement's IBAN (or BBAN), receipts are positive, and the last four may be empty.

    Each bank line becomes one JSON object: what it pays (book), how sure that is (status cleared, proposed or unmatched,
    score), what else it could be (alternatives), and why, in words (evidence).

    \b
    Examples:
      recon match --statements january.xml --book book.csv --out result.jsonl
      recon match --statements inbox/*.xml --book customers.csv suppliers.csv --out - | head
      recon match --statements jan.sta --book book.csv --out result.jsonl --rules rules.toml
    """
    from matcher import engine
    from matcher.book_csv import missing_columns
    from matcher.cli.inputs import read_items, read_lines
    from matcher.rules.columns import book_from_items, lines_from_statement
    from matcher.rules.settings import RuleSettings

    started = time.perf_counter()
    settings = RuleSettings.from_toml(rules)
    lines, unproven, skipped = read_lines(statements)
    items = read_items(book, lines=lines)
    for path in book:
        if missing := missing_columns(path.read_bytes(), name=str(path)):
            _say(
                quiet, f"{path}: there is no column {' and '.join(missing)}: taken from the accounts of the statements"
            )
    _say(quiet, f"{len(lines)} bank lines, {len(items)} book transactions read in {_since(started)}")
    started = time.perf_counter()
    result = engine.match(lines_from_statement(lines), book_from_items(items), rules=settings)
    _say(quiet, f"matched in {_since(started)}")
    counts = _write(out, result, unproven)
    _say(quiet, _summary(counts, skipped, result))
    strange = _accounts_without_book(result)
    if strange:
        _say(quiet, f"nothing in the book is on account {', '.join(strange)}; its column account has the IBAN or BBAN")


def _accounts_without_book(result: MatchResult) -> list[str]:
    from matcher.rules.items import account_of
    from recon_core.domain.account import normal_identifier

    known = {normal_identifier(account) for account in result.book.accounts}
    return sorted(account for account in result.lines.accounts if account_of(normal_identifier(account), known) is None)


def _since(started: float) -> str:
    return f"{time.perf_counter() - started:.1f} s"


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        click.echo(text, err=True)


def _write(out: Path, result: MatchResult, unproven: set[int]) -> Counter[str]:
    from matcher.proposal import Evidence, MatchStatus

    counts: Counter[str] = Counter()
    with click.open_file(str(out), "w", encoding="utf-8") as stream:
        for place, row in enumerate(result.rows()):
            if place in unproven and row.status is MatchStatus.CLEARED:
                row = row._replace(
                    status=MatchStatus.PROPOSED, evidence=(*row.evidence, Evidence("balance", _UNPROVEN))
                )
            counts[row.status] += 1
            stream.write(json.dumps(_fields(result, place, row), ensure_ascii=False) + "\n")
    return counts


def _fields(result: MatchResult, place: int, row: LineResult) -> dict[str, Any]:
    from recon_core.domain.money import to_text

    currency = result.lines.currencies[result.lines.currency[place]]
    return {
        "bank_line": row.line_id,
        "account": row.account,
        "status": row.status,
        "book": row.book,
        "alternatives": row.alternatives,
        "category": row.category,
        "score": row.score,
        "difference": to_text(row.difference, currency),
        "rule": row.rule or None,
        "evidence": [{"rule": evidence.rule, "says": evidence.says} for evidence in row.evidence],
    }


def _summary(counts: Counter[str], skipped: int, result: MatchResult) -> str:
    from matcher.proposal import MatchStatus

    total = sum(counts.values())
    cleared = counts[MatchStatus.CLEARED]
    share = f" ({100 * cleared / total:.1f} %)" if total else ""
    text = (
        f"{cleared} cleared{share}, {counts[MatchStatus.PROPOSED]} proposed, {counts[MatchStatus.UNMATCHED]} unmatched"
    )
    if skipped:
        text += f"; {skipped} lines left out (not booked, or told by a statement too)"
    if result.gave_up:
        text += f"; searches given up at a limit: {len(result.gave_up)} lines"
    return text
