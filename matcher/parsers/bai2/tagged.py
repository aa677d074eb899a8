"""Texts of records 88 that begin with tags of four letters: `EREF: 123`, `CRNM: ACME INC`.

The tags of the creditor (CRNM, CACT, CBIC) and of the debtor (DBNM, DACT, DBIC) are about the other party where money
went to it or came from it; those about the own side, and whatever has no field, are kept under their tags.
"""

from __future__ import annotations

from collections.abc import Mapping

from matcher.parsers.bai2.record import TAGGED
from recon_core.domain.statement import StatementLine

_FIELDS = {"EREF": "end_to_end_id", "CHKN": "check_number"}
_OF_CREDITOR = {"CRNM": "counterparty_name", "CACT": "counterparty_account", "CBIC": "counterparty_bic"}
_OF_DEBTOR = {"DBNM": "counterparty_name", "DACT": "counterparty_account", "DBIC": "counterparty_bic"}
_KEPT = frozenset({*_OF_CREDITOR, *_OF_DEBTOR, "CREF", "CABA", "DABA", "IDNM"})


def filed(line: StatementLine) -> StatementLine:
    """The line with the tagged rows of its remittance in their fields."""
    fields: Mapping[str, str] = _FIELDS | (_OF_CREDITOR if line.amount < 0 else _OF_DEBTOR)
    words: list[str] = []
    found: dict[str, str] = {}
    extra = list(line.extra)
    for row in (line.remittance or "").split("\n"):
        tag, _, text = row.partition(": ")
        if tag == "REMI" and TAGGED.match(row):
            words.append(text)
        elif tag in fields and found.setdefault(fields[tag], text) == text:
            continue
        elif tag in fields or tag in _KEPT:
            extra.append((tag, text))
        else:
            words.append(row)
    known = line.end_to_end_id
    if known is not None and found.get("end_to_end_id", known) != known:
        extra.append(("customer reference", known))
    remittance = "\n".join(filter(None, words)) or None
    return line._replace(remittance=remittance, extra=tuple(extra), **found)  # type: ignore[arg-type]
