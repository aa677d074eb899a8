"""Reads about split transactions: an original and the parts that were split off it (docs/decisions/0005)."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recon_core.domain.states import TransactionStatus
from recon_core.ports import UnitOfWork

_FREE = "p.status = 'released' AND p.matched_amount = 0 AND NOT p.cleared AND p.reconciliation_id IS NULL"
_NO_VOID = "NOT EXISTS (SELECT 1 FROM book_transaction v WHERE v.voids_id = p.id AND v.status <> 'rejected')"


def parts(uow: UnitOfWork, account_ids: Sequence[int], *, columns: str) -> dict[int, list[Any]]:
    """Original id -> the parts that were split off it and stand, oldest first; `columns` are read of each."""
    sql = (
        f"SELECT split_of_id, {columns} FROM book_transaction WHERE split_of_id IS NOT NULL"
        " AND cash_account_id IN :accounts AND status <> 'rejected' ORDER BY id"
    )
    found: dict[int, list[Any]] = {}
    for row in uow.select(sql, {"accounts": account_ids}):
        found.setdefault(row.split_of_id, []).append(row)
    return found


def members(uow: UnitOfWork, ids: Sequence[int]) -> dict[int, list[Any]]:
    """Original id -> rows of the whole family, the original first, for each of these transactions that has one."""
    roots = uow.select(
        "SELECT DISTINCT coalesce(t.split_of_id, t.id) AS id FROM book_transaction t WHERE t.id IN :ids AND"
        " (t.split_of_id IS NOT NULL OR EXISTS (SELECT 1 FROM book_transaction p WHERE p.split_of_id = t.id))",
        {"ids": ids},
    )
    if not roots:
        return {}
    sql = (
        f"SELECT p.*, {_NO_VOID} AS unvoided FROM book_transaction p WHERE p.status <> 'rejected'"
        " AND (p.id IN :ids OR p.split_of_id IN :ids) ORDER BY p.id"
    )
    found: dict[int, list[Any]] = {row.id: [] for row in roots}
    for row in uow.select(sql, {"ids": list(found)}):
        found[row.split_of_id or row.id].append(row)
    return found


def kin(uow: UnitOfWork, account_ids: Sequence[int]) -> dict[int, list[int]]:
    """The ids of the whole family of every transaction in one, those that are gone too."""
    sql = "SELECT id, split_of_id FROM book_transaction WHERE split_of_id IS NOT NULL AND cash_account_id IN :accounts"
    found: dict[int, list[int]] = {}
    for row in uow.select(f"{sql} ORDER BY id", {"accounts": account_ids}):
        found.setdefault(row.split_of_id, [row.split_of_id]).append(row.id)
    return {one: family for family in found.values() for one in family}


def now_open(uow: UnitOfWork, account_ids: Sequence[int]) -> dict[int, int]:
    """What is used or gone of a split transaction -> the part of it that is still open."""
    sql = (
        "SELECT p.split_of_id AS original, p.id, p.amount, p.matched_amount, p.status FROM book_transaction p"
        " WHERE p.split_of_id IS NOT NULL AND p.cash_account_id IN :accounts UNION ALL SELECT o.id, o.id, o.amount,"
        " o.matched_amount, o.status FROM book_transaction o WHERE o.id IN (SELECT split_of_id FROM book_transaction"
        " WHERE split_of_id IS NOT NULL AND cash_account_id IN :accounts) ORDER BY id"
    )
    gone: dict[int, list[int]] = {}
    left: dict[int, int] = {}
    for row in uow.select(sql, {"accounts": account_ids}):
        if row.status == TransactionStatus.REJECTED or row.matched_amount == row.amount:
            gone.setdefault(row.original, []).append(row.id)
        else:
            left.setdefault(row.original, row.id)
    return {one: left[original] for original, members_ in gone.items() if original in left for one in members_}


def free_rest(uow: UnitOfWork, original_id: int) -> Any | None:
    """The newest part of an original that nothing has used, or None."""
    sql = f"SELECT * FROM book_transaction p WHERE p.split_of_id = :id AND {_FREE} AND {_NO_VOID} ORDER BY id DESC LIMIT 1"
    rows = uow.select(sql, {"id": original_id})
    return rows[0] if rows else None
