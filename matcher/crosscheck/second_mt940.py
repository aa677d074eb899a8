"""MT940 and MT942 through mt-940, with every one of its corrections switched on and the text decoded by us."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from matcher.crosscheck.views import LineView, StatementView
from matcher.parsers.codepage import likely_codepage
from matcher.parsers.text import Decoder

# Characters of transports; a tag behind one does not stand at the start of its line.
_TRANSPORT = dict.fromkeys(map(ord, "\x00\x01\x03\x1a"))
_NOT_AT_THE_START = re.compile(r"\n-(?=:\d\d[A-Z]?:)|(?<=\{4:)[ \t]*(?=:20:)")
_NO_REFERENCE = ("", "NONREF")


def read(data: bytes, *, encoding: str | None) -> list[StatementView]:
    """All statements of a file. Raises what mt-940 raises: `RuntimeError`, `ValueError`, `ArithmeticError` and others."""
    import mt940

    decoder = Decoder(configured=encoding, declared=likely_codepage(data))
    text = decoder.feed(data, final=True).translate(_TRANSPORT)
    # What mt-940 does not know: the other line end of FinTS, and tags that do not stand at the start of a line.
    if "\n:" not in text:
        text = text.replace("@@", "\n")
    text = _NOT_AT_THE_START.sub("\n", text)
    logger = logging.getLogger("mt940")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        found = mt940.parse_statements(text, options=mt940.Options.all())
    finally:
        logger.setLevel(before)
    return [_statement(statement) for statement in found]


def _statement(statement: Any) -> StatementView:
    facts = statement.data
    return StatementView(
        _balance(facts, "opening"),
        _balance(facts, "closing"),
        [_line(transaction.data) for transaction in statement.transactions],
        facts.get("transaction_reference"),
    )


def _balance(facts: Mapping[str, Any], which: str) -> Decimal | None:
    for name in (f"final_{which}_balance", f"intermediate_{which}_balance"):
        found = facts.get(name)
        if found is not None and found.amount is not None:
            amount: Decimal = found.amount.amount
            return amount
    return None


def _line(facts: Mapping[str, Any]) -> LineView:
    value = facts.get("date")
    booking = facts.get("entry_date") or value
    reference = (facts.get("bank_reference") or "").strip()
    return LineView(
        booking,
        value,
        facts["amount"].amount if facts.get("amount") is not None else None,
        None if reference in _NO_REFERENCE else reference,
    )
