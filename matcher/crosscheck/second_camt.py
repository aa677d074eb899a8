"""camt.052, .053 and .054 through lxml and plain XPath, by local names."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from matcher.crosscheck.views import LineView, StatementView

# An interim balance is carried between pages only with the subtype INTM.
_OPENING = ("OPBD", "PRCD", "ITBD/INTM")
_CLOSING = ("CLBD", "ITBD/INTM")


def read(data: bytes, *, encoding: str | None) -> list[StatementView]:
    """All statements, reports or notifications of a file. Raises `ValueError` or `SyntaxError` for no XML."""
    from lxml import etree

    del encoding  # an XML file declares its own
    parser = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    found = []
    for _, element in parser:
        if etree.QName(element).localname in ("Stmt", "Rpt", "Ntfctn"):
            found.append(_statement(element))
            element.clear()
    return found


def _texts(element: Any, path: str) -> list[str]:
    """Stripped texts at a path of local names, such as `Acct/Id/IBAN`."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    return [" ".join("".join(one.itertext()).split()) for one in element.xpath(steps)]


def _first(element: Any, *paths: str) -> str | None:
    return next((text for path in paths for text in _texts(element, path) if text), None)


def _children(element: Any, path: str) -> list[Any]:
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    found: list[Any] = element.xpath(steps)
    return found


def _statement(element: Any) -> StatementView:
    balances = [(_balance_code(one), _signed(one)) for one in _children(element, "Bal")]
    return StatementView(
        _balance(balances, _OPENING, first=True),
        _balance(balances, _CLOSING, first=False),
        [_line(entry) for entry in _children(element, "Ntry")],
        _first(element, "Id"),
    )


def _balance_code(element: Any) -> str | None:
    code, subtype = _first(element, "Tp/CdOrPrtry/Cd", "Tp/Cd"), _first(element, "Tp/SubTp/Cd")
    return f"{code}/{subtype}" if code == "ITBD" and subtype else code


def _balance(
    balances: list[tuple[str | None, Decimal | None]], codes: tuple[str, ...], *, first: bool
) -> Decimal | None:
    for code in codes:
        amounts = [amount for known, amount in balances if known == code]
        if amounts:
            return amounts[0 if first else -1]
    return None


def _signed(element: Any) -> Decimal | None:
    text = _first(element, "Amt")
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return -amount if _first(element, "CdtDbtInd") == "DBIT" else amount


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _line(entry: Any) -> LineView:
    references = _texts(entry, "AcctSvcrRef") or _texts(entry, "NtryDtls/TxDtls/Refs/AcctSvcrRef")
    return LineView(
        _day(_first(entry, "BookgDt/Dt", "BookgDt/DtTm")),
        _day(_first(entry, "ValDt/Dt", "ValDt/DtTm")),
        _signed(entry),
        next(filter(None, references), None),
    )
