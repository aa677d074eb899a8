"""An explained difference as text and JSON."""

from __future__ import annotations

import json

from matcher.cli.render_review import console, grouped, print_table, table
from matcher.pipeline.difference import Explained
from recon_core.domain.money import Money, to_text


def print_explained(one: Explained) -> None:
    """The difference, the parts it is made of, and its causes with their cures."""
    from rich.text import Text

    out = console()
    out.print(
        f"{one.account}, reconciliation as of {one.day}: difference {Money(one.difference, one.currency)}.",
        markup=False,
    )
    if not one.difference:
        out.print("There is nothing to explain.", markup=False)
        return
    if one.parts:
        shown = table("It is made of", "Items", "Amount", right=("Items", "Amount"))
        for part in one.parts:
            shown.add_row(*map(Text, (part.kind, str(part.items), grouped(to_text(part.amount, one.currency)))))
        if one.unexplained:
            shown.add_row(Text("not explained"), Text(""), Text(to_text(one.unexplained, one.currency)))
        print_table(shown)
    else:
        out.print("No statement tells the bank's balance on that day, so only amounts can be compared.", markup=False)
    for number, cause in enumerate(one.causes, start=1):
        after = grouped(f"{Money(one.after(cause), one.currency)}")
        out.print(f"{number}. {cause.certainty}, {cause.kind}: {cause.says}", markup=False, soft_wrap=True)
        out.print(f"   {cause.fix}", markup=False, soft_wrap=True)
        out.print(f"   Difference then: {after}", markup=False, soft_wrap=True)
    if one.more:
        out.print(f"{one.more} more cause(s).", markup=False)
    if not one.causes:
        out.print("Nothing in bank lines or books looks like its cause.", markup=False)


def as_json(one: Explained) -> str:
    """An explained difference as one JSON object; amounts as decimal text."""
    causes = [
        {
            "kind": cause.kind,
            "certainty": cause.certainty,
            "explains": to_text(cause.explains, one.currency),
            "difference_after": to_text(one.after(cause), one.currency),
            "says": cause.says,
            "fix": cause.fix,
            "bank_lines": cause.lines,
            "transactions": cause.transactions,
        }
        for cause in one.causes
    ]
    parts = [
        {"kind": part.kind, "items": part.items, "amount": to_text(part.amount, one.currency)} for part in one.parts
    ]
    values = one._asdict() | {
        "day": one.day.isoformat(),
        "difference": to_text(one.difference, one.currency),
        "unexplained": to_text(one.unexplained, one.currency),
        "parts": parts,
        "causes": causes,
    }
    return json.dumps(values, ensure_ascii=False)
