"""`recon parse --crosscheck`: the differences between our reader and a second one, as JSON Lines.

Rows: `difference` with source, statement and line (from 1), field, ours, theirs, where, reason (null where none is known)
and what the reason says; `crosscheck` at the end of each file with the second reader and counts; `error` for a file that
our reader can't read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from matcher.cli.main import EXIT_ATTENTION, EXIT_INPUT
from matcher.cli.parse_rows import error_row
from matcher.crosscheck import Checked, Difference, crosscheck
from matcher.crosscheck.reasons import REASONS
from matcher.parsers.contract import ReadOptions
from matcher.parsers.source import FailedFile

_SAYS = {reason.code: reason.says for reason in REASONS}


def write_crosscheck(files: Iterable[str], options: ReadOptions, stream: BinaryIO) -> int:
    """Write all rows; the exit status: 2 a file could not be read, 1 a difference has no known reason, else 0."""
    failed = unexplained = 0
    for found in crosscheck(files, options=options):
        if isinstance(found, FailedFile):
            failed += 1
            row = error_row(found)
        else:
            row = _row(found)
            unexplained += found.unexplained if isinstance(found, Checked) else 0
        stream.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    stream.flush()
    return EXIT_INPUT if failed else EXIT_ATTENTION if unexplained else 0


def _row(found: Difference | Checked) -> dict[str, Any]:
    facts = found._asdict() | {"source": found.source._asdict()}
    if isinstance(found, Checked):
        return {"type": "crosscheck", **facts}
    return {"type": "difference", **facts, "says": _SAYS.get(found.reason or "")}
