"""This project's engine, from the statement files, as the command line runs it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def run(folder: Path) -> Iterator[dict[str, Any]]:
    """Results of `recon match`."""
    from matcher.cli.match import match

    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.jsonl"
        statements = [str(path) for path in sorted((folder / "statements").iterdir())]
        arguments = ["--statements", *statements, "--book", str(folder / "book.csv"), "--out", str(result), "--quiet"]
        match.main(arguments, prog_name="recon match", standalone_mode=False)
        for row in result.read_text(encoding="utf-8").splitlines():
            yield json.loads(row)
