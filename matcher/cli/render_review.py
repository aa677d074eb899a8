"""Proposals and decisions as tables and JSON. Amounts are printed with the decimals of their currency."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

from matcher.pipeline.deciding import Decided, Preview
from matcher.pipeline.decisions import DecisionView
from matcher.pipeline.reviewing import Choice, ReviewLine
from recon_core.domain.money import Money, to_text
from recon_core.domain.money import grouped as thousands_apart
from recon_core.services.undo import Undone

_WIDTH = 200
_ANY_WIDTH = 10_000
_UNBROKEN_LETTERS = 16
_WORD_LETTERS = 40
_TEXT_LETTERS = 30
_MILLION = 1_000_000
GAP = "\u00a0"
_LARGE = re.compile(r"(-?)(\d{4,})(\.\d+(?: [A-Z]{3})?)")


def console() -> Any:
    """A console for tables: as wide as the terminal, or wide enough for a table where there is none."""
    from rich.console import Console

    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=_WIDTH)


def table(*columns: str, right: Sequence[str] = ()) -> Any:
    """An empty table without frame; the columns in `right` are aligned right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left")
    return made


def print_table(made: Any) -> None:
    """Print a table. Numbers, dates, single words and short cells stay whole; where not even that fits, a row is a block.

    An amount with its end cut off is another amount, so a narrow terminal gets more lines instead.
    """
    from rich.measure import Measurement

    out = console()
    cells = [[str(cell) for cell in column.cells] for column in made.columns]
    for column, texts in zip(made.columns, cells, strict=True):
        widest = max(map(len, texts), default=0)
        one_word = not any(" " in text for text in texts)
        if column.justify == "right" or widest <= (_WORD_LETTERS if one_word else _UNBROKEN_LETTERS):
            column.no_wrap = True
            column.min_width = max(widest, len(str(column.header)))
        column.overflow = "fold"
    room = out.options.update(width=_ANY_WIDTH, max_width=_ANY_WIDTH)
    if Measurement.get(out, room, made).minimum <= out.width:
        out.print(made, markup=False)
        return
    names = [str(column.header) for column in made.columns]
    widest = max(map(len, names))
    for row in zip(*cells, strict=True):
        out.print()
        for name, text in zip(names, row, strict=True):
            if text:
                out.print(f"  {name:<{widest}}  {text}", markup=False, soft_wrap=True)
    out.print()


def grouped(text: str) -> str:
    """On a terminal an amount with its thousands apart, by a blank that does not break; anything else as it is."""
    found = _LARGE.fullmatch(text) if sys.stdout.isatty() else None
    return text if found is None else f"{found[1]}{thousands_apart(found[2], GAP)}{found[3]}"


def cut(text: str, letters: int = _TEXT_LETTERS) -> str:
    """The text on one line, with its end left off if it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= letters else f"{flat[: letters - 1]}…"


def print_lines(lines: Sequence[ReviewLine], *, waiting: int = 0) -> None:
    """A row a bank line, and what to do next."""
    out = console()
    if lines:
        print_table(_lines_table(lines))
        stale = [line for line in lines if not line.current]
        if stale:
            out.print(f"{len(stale)} line(s) marked * want matching again: recon review --fresh", markup=False)
    if waiting:
        out.print(f"{waiting} open line(s) were not matched yet: recon review --fresh", markup=False)
    if not lines and not waiting:
        out.print("Nothing waits for a person.", markup=False)


def _lines_table(lines: Sequence[ReviewLine]) -> Any:
    from rich.text import Text

    right = ("Line", "Amount", "Score", "Diff.", "More")
    shown = table("Account", "Line", "Date", "Amount", "From or to", "First choice", "Rule", "Score", "Diff.", "More",
                  "Reasons", right=right)  # fmt: skip
    for line in lines:
        first = line.choices[0] if line.choices else None
        cells = [
            line.account,
            f"{line.line_id}{'' if line.current else '*'}",
            line.booking_date.isoformat(),
            grouped(f"{Money(line.amount, line.currency)}"),
            cut(line.counterparty or line.text),
            cut(_choice_text(first, line) if first else _unmatched_text(line)),
            line.rule,
            f"{line.score_ppm / _MILLION:.2f}" if first else "",
            grouped(to_text(first.difference, line.currency)) if first and first.difference else "",
            str(len(line.choices) - 1) if len(line.choices) > 1 else "",
            "; ".join(one.says for one in line.evidence),
        ]
        shown.add_row(*(Text(cell) for cell in cells))
    return shown


def _choice_text(choice: Choice, line: ReviewLine) -> str:
    names = ", ".join(one.external_id for one in choice.transactions)
    party = choice.transactions[0].counterparty if len(choice.transactions) == 1 else ""
    lines = (
        f" with line(s) {', '.join(str(one) for one in line.together if one != line.line_id)}" if line.together else ""
    )
    return f"{names} {party}".strip() + lines


def _unmatched_text(line: ReviewLine) -> str:
    called = line.category.replace("_", " ") or "unknown"
    if line.gives_back is not None:
        return f"- {called} of {line.gives_back.external_id}"
    return f"- {called}{f': adjust as {line.entry_type}' if line.entry_type else ''}"


def print_preview(preview: Preview, command: str) -> None:
    """The lines of a bulk, and the command that accepts them with its token."""
    out = console()
    if preview.rivals:
        out.print(f"{preview.rivals} line(s) have rivals and are left out: decide them one by one.", markup=False)
    if not preview.lines:
        out.print("Nothing fits.", markup=False)
        return
    print_table(_lines_table(preview.lines))
    totals: dict[str, int] = {}
    for line in preview.lines:
        totals[line.currency] = totals.get(line.currency, 0) + abs(line.amount)
    sums = ", ".join(f"{Money(total, currency)}" for currency, total in sorted(totals.items()))
    out.print(
        f"{len(preview.lines)} line(s), {sums} in all. Accept them with: {command} --seen {preview.token}", markup=False
    )


def _choice(choice: Choice, currency: str) -> dict[str, Any]:
    return {
        "transactions": [
            one._asdict()
            | {"amount": to_text(one.amount, currency), "transaction_date": one.transaction_date.isoformat()}
            for one in choice.transactions
        ],
        "difference": to_text(choice.difference, currency),
    }


def line_values(line: ReviewLine) -> dict[str, Any]:
    """A line as JSON values; amounts as decimal text, the score from 0 to 1."""
    values = line._asdict()
    del values["score_ppm"]
    return values | {
        "gives_back": line.gives_back.external_id if line.gives_back is not None else "",
        "booking_date": line.booking_date.isoformat(),
        "amount": to_text(line.amount, line.currency),
        "score": line.score_ppm / _MILLION,
        "choices": [_choice(choice, line.currency) for choice in line.choices],
        "evidence": [one._asdict() for one in line.evidence],
    }


def line_json(line: ReviewLine) -> str:
    """A line as one JSON object."""
    return json.dumps(line_values(line), ensure_ascii=False)


def preview_json(preview: Preview) -> str:
    """A preview as one JSON object."""
    values = {"token": preview.token, "rivals": preview.rivals, "lines": [line_values(line) for line in preview.lines]}
    return json.dumps(values, ensure_ascii=False)


def decided_text(done: Decided, deed: str) -> str:
    """What was decided, how to undo it, and what was left."""
    if done.batch_id is None:
        said = f"Nothing was {deed}."
    else:
        said = f"{len(done.line_ids)} line(s) {deed}. Undo with: recon undo --bulk {done.batch_id}"
    if done.adjustment_ids:
        said += f"\nTo be released: recon adjust release {' '.join(map(str, done.adjustment_ids))}"
    return "\n".join([said, *(f"  line {one.line_id} was left: {one.reason}" for one in done.left)])


def decided_json(done: Decided) -> str:
    """What was decided as one JSON object."""
    return json.dumps(done._asdict() | {"left": [one._asdict() for one in done.left]}, ensure_ascii=False)


def undone_text(undone: Undone) -> str:
    """What an undo did."""
    said = [f"{len(undone.decision_ids)} decision(s) undone; {len(undone.line_ids)} line(s) are open again"]
    again = " To see what is proposed for them: recon review --fresh" if undone.line_ids else ""
    if undone.adjustment_ids:
        said.append(f"{len(undone.adjustment_ids)} adjustment(s) rejected or reversed")
    if undone.document_ids:
        said.append("something was unticked in an open reconciliation, which is on hold now")
    return f"{'; '.join(said)}.{again}"


def undone_json(undone: Undone) -> str:
    """What an undo did as one JSON object."""
    return json.dumps(undone._asdict())


def print_decisions(found: Sequence[DecisionView]) -> None:
    """A row a decision."""
    from rich.text import Text

    shown = table("Decision", "Bulk", "Account", "What", "Lines", "Transactions", "Amount", "By", "When",
                  right=("Decision", "Bulk", "Amount"))  # fmt: skip
    for one in found:
        kind = f"{one.kind}{' (undone)' if one.undone_by else ''}{f': {one.reason}' if one.reason else ''}"
        cells = [
            str(one.id),
            str(one.batch_id),
            one.account,
            cut(kind),
            cut(", ".join(map(str, one.line_ids))),
            cut(", ".join(one.transactions)),
            grouped(f"{Money(one.line_total, one.currency)}") if one.line_total else "",
            one.decided_by,
            f"{one.decided_at:%Y-%m-%d %H:%M}",
        ]
        shown.add_row(*(Text(cell) for cell in cells))
    if found:
        print_table(shown)
    else:
        console().print("There are no such decisions.", markup=False)


def decision_json(one: DecisionView) -> str:
    """A decision as one JSON object."""
    amounts = {
        name: to_text(getattr(one, name), one.currency) for name in ("line_total", "book_total", "adjustment_total")
    }
    return json.dumps(one._asdict() | amounts | {"decided_at": one.decided_at.isoformat()}, ensure_ascii=False)
