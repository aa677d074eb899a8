"""Reports of the pipeline as tables and JSON. Amounts are printed with the decimals of their currency."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from matcher.pipeline.ingest import Taken
from matcher.pipeline.overview import AccountOverview
from matcher.pipeline.run import RunReport
from recon_core.domain.money import Money, to_text

NOTES_MAX = 5


def print_run(report: RunReport) -> None:
    """The closing summary of a run: files, book, accounts, and what needs a person."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    taken = [file for file in report.files if file.taken == Taken.READ]
    known = sum(1 for file in report.files if file.taken == Taken.KNOWN)
    line = f"{len(taken)} statement file(s) read, {known} known already, {len(report.set_aside)} set aside"
    if report.book is not None:
        line += f"; book: {report.book.new} new, {report.book.changed} changed, {report.book.same} as before"
    console.print(line, markup=False)
    for note in report.book.notes if report.book is not None else ():
        console.print(f"  book: {note}", markup=False)
    for text in report.opened:
        console.print(f"  opened account {text}", markup=False)
    for file in report.set_aside:
        console.print(f"  set aside: {file.name}: {file.reason}", markup=False)
    for file in taken:
        for result in file.statements:
            if result.known_lines:
                said = (
                    f"{len(result.known_lines)} line(s) were known before: recon statement show {result.statement_id}"
                )
                console.print(f"  {file.name}: {said}", markup=False)
        for note in file.notes[:NOTES_MAX]:
            console.print(f"  {file.name}: {note}", markup=False)
        if len(file.notes) > NOTES_MAX:
            console.print(f"  {file.name}: {len(file.notes) - NOTES_MAX} more note(s), see recon parse", markup=False)
    numbers = {one.account_id: one.number for one in report.reconciled if one.number}
    console.print()
    print_accounts(report.overview, read=report.read)
    for one in report.overview:
        if one.account_id in numbers:
            console.print(f"Released: {one.code}, reconciliation {numbers[one.account_id]}", markup=False)
    if not report.changed:
        console.print("Nothing changed: everything was imported, matched and reconciled before.", markup=False)


def print_accounts(overview: Sequence[AccountOverview], *, read: Mapping[int, int] | None = None) -> None:
    """A row an account; below it what needs a person. `read` adds the lines that came in now."""
    from rich.text import Text

    from matcher.cli.render_review import console, print_table, table

    out = console()
    columns = ["Lines", "Cleared", "Proposed", "Unmatched", "Adjustments", "Difference"]
    numbers = (["Read"] if read is not None else []) + columns
    shown = table("Account", *numbers, "Reconciliation", right=numbers)
    for one in overview:
        counts = [one.lines, one.cleared, one.proposed, one.unmatched, one.adjustments]
        cells = [str(count) for count in ([read.get(one.account_id, 0)] if read is not None else []) + counts]
        shown.add_row(*map(Text, (one.code, *cells, _difference(one), _document(one))))
    if overview:
        print_table(shown)
    needing = [one for one in overview if one.needs]
    for one in needing:
        out.print(f"{one.code} needs a person: {'; '.join(one.needs)}", markup=False, soft_wrap=True)
    if overview and not needing:
        out.print("Nothing needs a person.", markup=False)
    if not overview:
        out.print("There are no accounts yet. Begin with: recon run INBOX --book BOOK.csv", markup=False)


def _difference(one: AccountOverview) -> str:
    from matcher.cli.render_review import grouped

    return "-" if one.difference is None else grouped(f"{Money(one.difference, one.currency)}")


def _document(one: AccountOverview) -> str:
    named = f" {one.number}" if one.number else ""
    when = f" as of {one.reconciliation_date}" if one.reconciliation_date else ""
    return f"{one.document_state}{named}{when}"


def _account(one: AccountOverview) -> dict[str, Any]:
    values = one._asdict()
    values["difference"] = None if one.difference is None else to_text(one.difference, one.currency)
    values["reconciliation_date"] = one.reconciliation_date.isoformat() if one.reconciliation_date else None
    values["blockers"] = [blocker._asdict() for blocker in one.blockers]
    return values | {"needs": list(one.needs)}


def account_json(one: AccountOverview) -> str:
    """One account as a line of JSON; the difference as decimal text."""
    return json.dumps(_account(one), ensure_ascii=False)


def run_json(report: RunReport) -> str:
    """A run as one JSON object."""
    values = {
        "changed": report.changed,
        "files": [
            {"name": file.name, "taken": file.taken, "reason": file.reason, "notes": list(file.notes)}
            for file in report.files
        ],
        "book": report.book._asdict() if report.book is not None else None,
        "opened": list(report.opened),
        "accounts": [_account(one) | {"read": report.read.get(one.account_id, 0)} for one in report.overview],
        "released": {one.account_id: one.number for one in report.reconciled if one.number},
    }
    return json.dumps(values, ensure_ascii=False, indent=2)
