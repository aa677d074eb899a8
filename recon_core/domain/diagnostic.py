"""Diagnostics: what was odd in input that could still be read. They are values in the stream, never exceptions."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How much a diagnostic weighs: `error` blocks automatic use, `warning` is shown, `info` is kept."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Diagnostic(NamedTuple):
    """One oddity. `code` is stable kebab-case, `where` a position in the source, `cure` what a person can do."""

    code: str
    severity: Severity
    where: str
    message: str
    cure: str = ""
