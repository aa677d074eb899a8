"""Bank statement import and auto-matching: parsers, rules, engine, pipeline and their entrypoints.

The library's names stand here and are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matcher.api import match
    from matcher.parsers.frame import frame
    from matcher.parsers.statements import Statement, parse, parse_batch

_EXPORTS = {
    "Statement": "matcher.parsers.statements",
    "frame": "matcher.parsers.frame",
    "match": "matcher.api",
    "parse": "matcher.parsers.statements",
    "parse_batch": "matcher.parsers.statements",
}
__all__ = ["Statement", "frame", "match", "parse", "parse_batch"]


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_EXPORTS[name]), name)
