"""Vouchers: written, numbered and frozen when what they belong to is released; corrected only by a reversal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from recon_core.domain.book import VoucherRow, check_balanced
from recon_core.domain.states import VoucherState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import control, lookup, numbering


def _insert_rows(act: Action, voucher_id: int, rows: Sequence[VoucherRow]) -> None:
    check_balanced(rows)
    columns = {
        "voucher_id": voucher_id,
        "row_index": list(range(1, len(rows) + 1)),
        "ledger_account": [row.ledger_account for row in rows],
        "amount": [row.amount for row in rows],
        "currency": [row.currency for row in rows],
        "code_parts": [row.code_parts for row in rows],
    }
    act.insert("voucher_row", columns, count=len(rows))


def post(uow: UnitOfWork, act: Action, *, rows: Sequence[VoucherRow], voucher_date: date, description: str) -> int:
    """Write a voucher, number it and freeze it; returns its id. Raises `NotBalanced`, `PeriodLocked`."""
    control.check_periods_open(uow, [voucher_date])
    row = {"state": VoucherState.DRAFT.value, "voucher_date": voucher_date, "description": description}
    voucher_id = act.insert_row("voucher", row)
    _insert_rows(act, voucher_id, rows)
    series = numbering.series_id(uow, numbering.VOUCHERS, act=act)
    number = numbering.take(uow, series, act=act)
    values = {"state": VoucherState.POSTED.value, "number_series_id": series, "number": number}
    act.update("voucher", [voucher_id], values)
    return voucher_id


def reverse(uow: UnitOfWork, act: Action, voucher_id: int, *, voucher_date: date) -> int:
    """Post a voucher with the opposite rows; returns its id. A posted voucher is corrected in no other way."""
    original = lookup.one(uow, "voucher", voucher_id)
    rows = uow.select("SELECT * FROM voucher_row WHERE voucher_id = :id ORDER BY row_index", {"id": voucher_id})
    opposite = [VoucherRow(row.ledger_account, -row.amount, row.currency, row.code_parts) for row in rows]
    text = f"Reversal of {original.number}: {original.description}"
    return post(uow, act, rows=opposite, voucher_date=voucher_date, description=text)
