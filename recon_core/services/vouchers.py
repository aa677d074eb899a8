"""Vouchers: written, numbered and frozen when what they belong to is released; corrected only by a reversal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from recon_core.domain.book import VoucherRow, check_balanced
from recon_core.domain.states import VoucherState
from recon_core.ports import Action, UnitOfWork
from recon_core.services import control, lookup, numbering


class Draft(NamedTuple):
    """A voucher to post: rows that balance, date and description."""

    rows: Sequence[VoucherRow]
    voucher_date: date
    description: str


class Posted(NamedTuple):
    """A posted voucher."""

    id: int
    number: str


def _insert_rows(act: Action, ids: Sequence[int], drafts: Sequence[Draft]) -> None:
    for draft in drafts:
        check_balanced(draft.rows)
    rows = [row for draft in drafts for row in draft.rows]
    columns = {
        "voucher_id": [voucher_id for voucher_id, draft in zip(ids, drafts, strict=True) for _ in draft.rows],
        "row_index": [index for draft in drafts for index in range(1, len(draft.rows) + 1)],
        "ledger_account": [row.ledger_account for row in rows],
        "amount": [row.amount for row in rows],
        "currency": [row.currency for row in rows],
        "code_parts": [row.code_parts for row in rows],
    }
    act.insert("voucher_row", columns, count=len(rows))


def post(uow: UnitOfWork, act: Action, *, rows: Sequence[VoucherRow], voucher_date: date, description: str) -> int:
    """Write a voucher, number it and freeze it; returns its id. Raises `NotBalanced`, `PeriodLocked`."""
    return post_many(uow, act, [Draft(rows, voucher_date, description)])[0].id


def post_many(uow: UnitOfWork, act: Action, drafts: Sequence[Draft]) -> list[Posted]:
    """Write vouchers, number them in their order and freeze them. Raises `NotBalanced`, `PeriodLocked`."""
    control.check_periods_open(uow, [draft.voucher_date for draft in drafts])
    columns = {
        "state": VoucherState.DRAFT.value,
        "voucher_date": [draft.voucher_date for draft in drafts],
        "description": [draft.description for draft in drafts],
    }
    ids = act.insert("voucher", columns, count=len(drafts))
    _insert_rows(act, ids, drafts)
    series = numbering.series_id(uow, numbering.VOUCHERS, act=act)
    numbers = numbering.take_many(uow, series, len(drafts), act=act)
    values = {"state": VoucherState.POSTED.value, "number_series_id": series, "number": numbers}
    before = {"state": VoucherState.DRAFT.value, "number_series_id": None, "number": None}
    act.update("voucher", list(ids), values, before=before)
    return [Posted(*pair) for pair in zip(ids, numbers, strict=True)]


def reverse(uow: UnitOfWork, act: Action, voucher_id: int, *, voucher_date: date) -> int:
    """Post a voucher with the opposite rows; returns its id. A posted voucher is corrected in no other way."""
    original = lookup.one(uow, "voucher", voucher_id)
    rows = uow.select("SELECT * FROM voucher_row WHERE voucher_id = :id ORDER BY row_index", {"id": voucher_id})
    opposite = [VoucherRow(row.ledger_account, -row.amount, row.currency, row.code_parts) for row in rows]
    text = f"Reversal of {original.number}: {original.description}"
    return post(uow, act, rows=opposite, voucher_date=voucher_date, description=text)
