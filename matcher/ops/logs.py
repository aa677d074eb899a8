"""Structured logs: one JSON object a line. Ids, codes and counts; never what a statement says, never a message that may
quote one. What a library logs keeps its text, what it raises only the kind and place of the exception.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from matcher.pipeline.night.work import describe

_LOGGER = logging.getLogger("recon")
_FACTS = "recon_facts"


class JsonLines(logging.Formatter):
    """A log record as a line of JSON: at, level, event, and the facts of it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, on one line whatever is in it."""
        row: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            # What a library says of an exception it caught may quote it.
            "event": record.getMessage() if record.exc_info is None else str(record.msg),
        }
        if record.name != _LOGGER.name:
            row["logger"] = record.name
        row |= getattr(record, _FACTS, {})
        if record.exc_info and record.exc_info[1] is not None:
            row["error"] = describe(record.exc_info[1])
        return json.dumps(row, ensure_ascii=False, default=str)


def set_up(*, level: str = "INFO") -> None:
    """Write all logs of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # A word on every opening of the database would drown the rest.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def note(event: str, **facts: Any) -> None:
    """Log an event with its facts (`matcher.pipeline.night.contract.Note`)."""
    _LOGGER.info(event, extra={_FACTS: facts})
