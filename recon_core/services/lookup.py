"""Reads that several use cases need, each refusing what does not exist."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from recon_core.domain.account import CashAccount
from recon_core.domain.refusals import Unknown
from recon_core.domain.settings import Settings
from recon_core.ports import Side, UnitOfWork

_ACCOUNT = f"SELECT {', '.join(CashAccount._fields)} FROM cash_account"
_BY_ID = f"{_ACCOUNT} WHERE id = :id"
_LIST = {
    "adjustment": "List them: recon adjust list",
    "book_transaction": "List them: recon book list ACCOUNT",
    "decision": "List them: recon decisions",
    "reconciliation": "List them: recon history",
    "statement": "List them: recon statement list",
    "statement_line": "See what is open: recon review",
    "transfer": "List them: recon transfer list",
}


def account(uow: UnitOfWork, account_id: int) -> CashAccount:
    """The cash account with this id. Raises `Unknown`."""
    rows = uow.known(_BY_ID, {"id": account_id})
    if not rows:
        raise Unknown(f"There is no cash account with id {account_id}.", cure="List them: recon account list")
    return CashAccount._make(rows[0])


def account_by_code(uow: UnitOfWork, code: str) -> CashAccount:
    """The cash account with this code. Raises `Unknown`."""
    rows = uow.select(f"{_ACCOUNT} WHERE code = :code", {"code": code})
    if not rows:
        raise Unknown(f"There is no cash account {code!r}.", cure="List them with `recon account list`.")
    return CashAccount._make(rows[0])


def accounts(uow: UnitOfWork, ids: Sequence[int] | None = None) -> list[CashAccount]:
    """Cash accounts by code: all of them, or those with these ids. Raises `Unknown` if one is missing."""
    if ids is None:
        return [CashAccount._make(row) for row in uow.select(f"{_ACCOUNT} ORDER BY code")]
    found = [CashAccount._make(row) for row in uow.select(f"{_ACCOUNT} WHERE id IN :ids ORDER BY code", {"ids": ids})]
    missing = set(ids) - {one.id for one in found}
    if missing:
        raise Unknown(f"There is no cash account with id {min(missing)}.")
    for one in found:
        uow.remember(_BY_ID, {"id": one.id}, [one], account_id=one.id)
    return found


def locked(uow: UnitOfWork, table: str, ids: Iterable[int]) -> list[Any]:
    """Rows of a table in the order of `ids`, each once, their cash accounts held until the transaction ends. Raises
    `Unknown`.
    """
    wanted = list(dict.fromkeys(ids))
    rows = many(uow, table, wanted, "*")
    if uow.lock_accounts([row.cash_account_id for row in rows.values()]):
        rows = many(uow, table, wanted, "*")
    return [rows[one] for one in wanted]


def foresee(uow: UnitOfWork, sql: str, accounts: Sequence[int], fixed: Mapping[str, Any] | None = None) -> None:
    """Ask for many accounts together what `known` is asked of each: a query with `= :account` that selects
    `cash_account_id`, and its other parameters.
    """
    fixed = fixed or {}
    found: dict[int, list[Any]] = {one: [] for one in accounts}
    for row in uow.select(sql.replace("= :account", "IN :account"), {"account": list(found), **fixed}):
        found[row.cash_account_id].append(row)
    for one, rows in found.items():
        uow.remember(sql, {"account": one, **fixed}, rows)


def locked_account(uow: UnitOfWork, account_id: int, *, side: Side = Side.BOTH) -> CashAccount:
    """The cash account, held until the transaction ends."""
    uow.lock_accounts([account_id], side=side)
    return account(uow, account_id)


def settings(uow: UnitOfWork) -> Settings:
    """The module's settings, defaults where none was set."""
    stored = {row.name: json.loads(row.value) for row in uow.known("SELECT name, value FROM setting")}
    return Settings(**{name: stored[name] for name in Settings._fields if name in stored})


def entry_type(uow: UnitOfWork, code: str) -> Any:
    """The row of an active entry type. Raises `Unknown`."""
    rows = uow.known("SELECT * FROM entry_type WHERE code = :code AND active", {"code": code})
    if not rows:
        raise Unknown(f"There is no active entry type {code!r}.", cure="List them with `recon settings entry-types`.")
    return rows[0]


def one(uow: UnitOfWork, table: str, row_id: int) -> Any:
    """A row of a table by id. Raises `Unknown`."""
    rows = uow.select(f"SELECT * FROM {table} WHERE id = :id", {"id": row_id})
    if not rows:
        raise Unknown(f"There is no {table.replace('_', ' ')} with id {row_id}.", cure=_LIST.get(table, ""))
    return rows[0]


def many(uow: UnitOfWork, table: str, ids: list[int], columns: str) -> dict[int, Any]:
    """Rows by id; `columns` is a select list that begins with id. Raises `Unknown` if one is missing."""
    rows = uow.select(f"SELECT {columns} FROM {table} WHERE id IN :ids", {"ids": ids})
    found = {row.id: row for row in rows}
    missing = [row_id for row_id in ids if row_id not in found]
    if missing:
        raise Unknown(f"There is no {table.replace('_', ' ')} with id {missing[0]}.", cure=_LIST.get(table, ""))
    return found
