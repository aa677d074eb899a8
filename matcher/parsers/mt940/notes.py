"""`:NS:`, fields that no SWIFT rule describes: German banks' lines of two digits and a text.

01-14 purpose, 15 and 16 name, 17 posting text; the rest keeps its number.
"""

from __future__ import annotations

import re

from recon_core.domain.statement import StatementLine

_NUMBERED = re.compile(r"([0-9]{2})(.*)", re.ASCII)
_PURPOSE = frozenset(f"{number:02}" for number in range(1, 15))


def add_notes(line: StatementLine, notes: list[str]) -> StatementLine:
    """The line with what its `:NS:` fields say; its own text comes first."""
    purpose, names, others = [], [], []
    posting = None
    for note in notes:
        for row in note.split("\n"):
            found = _NUMBERED.fullmatch(row.strip())
            number, text = (found[1], found[2].strip()) if found else ("", row.strip())
            if not text:
                continue
            if number in _PURPOSE:
                purpose.append(text)
            elif number in ("15", "16"):
                names.append(text)
            elif number == "17":
                posting = text
            else:
                others.append((f"NS/{number}" if number else "NS", text))
    return line._replace(
        remittance="\n".join(filter(None, (line.remittance, *purpose))) or None,
        counterparty_name=line.counterparty_name or " ".join(names) or None,
        additional_info="\n".join(filter(None, (line.additional_info, posting))) or None,
        extra=(*line.extra, *others),
    )
