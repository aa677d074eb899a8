"""Use cases around cash accounts: open, change, find the one that a statement belongs to."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount, Identifier, normal_identifier
from recon_core.domain.currency import exponent
from recon_core.domain.refusals import AmbiguousAccount, BadRequest, Conflict, Unknown
from recon_core.domain.refused import Refused
from recon_core.domain.states import MatchingPolicy
from recon_core.ports import Action, UnitOfWork
from recon_core.services import lookup, numbering


def open_account(  # noqa: PLR0913  the settings of an account
    uow: UnitOfWork,
    *,
    code: str,
    name: str,
    currency: str,
    identifiers: Sequence[Identifier] = (),
    ledger_account: str | None = None,
    group: str = "",
    policy: str = MatchingPolicy.MATCH,
    requires_reconciliation: bool = True,
    number_series: str = numbering.RECONCILIATIONS,
    in_transit_account: str = "",
    match_batches: bool = False,
    by: str,
    at: datetime,
) -> int:
    """Open a cash account and return its id. `ledger_account` is `code` unless given; `in_transit_account` empty
    means the module's. Raises `BadRequest`, `Conflict` for a code or identifier that is taken, `UnknownCurrency`.
    """
    exponent(currency)
    if uow.value("SELECT id FROM cash_account WHERE code = :code", {"code": code}) is not None:
        raise Conflict(f"There is a cash account {code!r} already.", cure=f"Change it: recon account change {code}")
    _check_in_transit(uow, in_transit_account, account_code=ledger_account or code)
    with uow.action("account.open", subject=("cash_account", 0), by=by, at=at) as act:
        row = {
            "code": code,
            "name": name,
            "currency": currency,
            "ledger_account": ledger_account or code,
            "group_name": group,
            "active": True,
            "policy": MatchingPolicy(policy).value,
            "requires_reconciliation": requires_reconciliation,
            "number_series_id": numbering.series_id(uow, number_series, act=act) if requires_reconciliation else None,
            "in_transit_account": in_transit_account,
            "match_batches": match_batches,
            "automatic_stopped": False,
            "version": 1,
        }
        account_id = act.insert_row("cash_account", row)
        for identifier in identifiers:
            _add_identifier(uow, act, account_id=account_id, account_currency=currency, identifier=identifier)
    return account_id


def _check_in_transit(uow: UnitOfWork, in_transit: str, *, account_code: str) -> None:
    """F2: the in-transit account holds many currencies, so it can't be a cash account."""
    taken = uow.value("SELECT code FROM cash_account WHERE ledger_account = :code", {"code": in_transit})
    if in_transit and (in_transit == account_code or taken is not None):
        raise BadRequest(f"The in-transit account {in_transit} is a cash account itself.", cure="Name another account.")
    used = uow.value("SELECT code FROM cash_account WHERE in_transit_account = :code", {"code": account_code})
    if used is not None or account_code == lookup.settings(uow).in_transit_account:
        raise BadRequest(f"{account_code} is an in-transit account.", cure="Use another account.")


def add_identifier(uow: UnitOfWork, *, account_id: int, identifier: Identifier, by: str, at: datetime) -> int:
    """Give an account one more name at the bank. Raises `Conflict` if it is taken."""
    account = lookup.locked_account(uow, account_id)
    with uow.action("account.identify", subject=("cash_account", account_id), by=by, at=at) as act:
        return _add_identifier(
            uow, act, account_id=account_id, account_currency=account.currency, identifier=identifier
        )


def _add_identifier(
    uow: UnitOfWork, act: Action, *, account_id: int, account_currency: str, identifier: Identifier
) -> int:
    number = normal_identifier(identifier.identifier)
    if not number:
        raise BadRequest(f"{identifier.identifier!r} is no account number.", cure="It has neither digit nor letter.")
    row = {
        "cash_account_id": account_id,
        "scheme": identifier.scheme,
        "identifier": number,
        "currency": identifier.currency or account_currency,
        "bank_bic": identifier.bank_bic,
        "active": True,
    }
    taken = uow.value(
        "SELECT c.code FROM account_identifier i JOIN cash_account c ON c.id = i.cash_account_id WHERE i.active"
        " AND i.identifier = :identifier AND i.currency = :currency AND i.bank_bic = :bank_bic",
        {key: row[key] for key in ("identifier", "currency", "bank_bic")},
    )
    if taken is not None:
        raise Conflict(
            f"{identifier.identifier} in {row['currency']} is account {taken} already.",
            cure="Where two banks use one number, give the bank: recon account identify ACCOUNT NUMBER --bic BIC",
        )
    return act.insert_row("account_identifier", row)


def change_account(
    uow: UnitOfWork, *, account_id: int, changes: dict[str, Any], version: int | None = None, by: str, at: datetime
) -> None:
    """Change settings of an account: any column of `CashAccount` but id, code, currency and version; `number_series` is
    the code of another series. One that is to be reconciled gets the predefined series if it has none (F5).

    `version` is the one the caller has seen. Raises `Conflict` if it is no longer that one, `BadRequest`.
    """
    account = lookup.locked_account(uow, account_id)
    if version is not None and version != account.version:
        raise Conflict(f"Account {account.code} was changed by somebody else.", cure="Look again: recon account list")
    fixed = {"id", "code", "currency", "version"}
    known = {*CashAccount._fields, "number_series"} - fixed
    wrong = [name for name in changes if name not in known]
    if wrong:
        raise BadRequest(
            f"{wrong[0]!r} of an account can't be changed.", cure="Open another account: recon account open CODE"
        )
    if "policy" in changes:
        changes = {**changes, "policy": MatchingPolicy(changes["policy"]).value}
    if changes.get("in_transit_account") or "ledger_account" in changes:
        in_transit = changes.get("in_transit_account", account.in_transit_account)
        _check_in_transit(uow, in_transit, account_code=changes.get("ledger_account", account.ledger_account))
    values = {name: value for name, value in changes.items() if name != "number_series"}
    series = changes.get("number_series")
    if series is None and changes.get("requires_reconciliation") and account.number_series_id is None:
        series = numbering.RECONCILIATIONS
    with uow.action("account.change", subject=("cash_account", account_id), account_id=account_id, by=by, at=at) as act:
        if series is not None:
            values["number_series_id"] = numbering.series_id(uow, series, act=act)
        act.update("cash_account", [account_id], {**values, "version": account.version + 1})


class Sought(NamedTuple):
    """What a statement says of its account. `currency` None fits any, `bank_bic` decides only between banks."""

    identifier: str | None
    currency: str | None
    bank_bic: str | None = None


def find_account(
    uow: UnitOfWork, *, identifier: str | None, currency: str | None, bank_bic: str | None = None
) -> CashAccount:
    """The one account that a statement belongs to: identifier and currency must fit exactly, and one-to-one.

    A bank's BIC decides only between accounts that name different banks. An identifier that no account has may be an
    account's code. Raises `Unknown` or `AmbiguousAccount`, never guesses.
    """
    found = find_accounts(uow, [Sought(identifier, currency, bank_bic)])[0]
    if isinstance(found, Refused):
        raise found
    return found


def find_accounts(uow: UnitOfWork, sought: Sequence[Sought]) -> list[CashAccount | Refused]:
    """`find_account` for many at once: for each the account, or what was refused."""
    names = sorted({one.identifier for one in sought if one.identifier})
    columns = ", ".join(f"c.{name}" for name in CashAccount._fields)
    rows = uow.select(
        f"SELECT DISTINCT i.identifier, i.currency AS in_currency, i.bank_bic, {columns} FROM account_identifier i"
        " JOIN cash_account c ON c.id = i.cash_account_id WHERE i.active AND c.active AND i.identifier IN :names",
        {"names": sorted({normal_identifier(name) for name in names})},
    )
    by_identifier: dict[str, list[Any]] = {}
    for row in rows:
        by_identifier.setdefault(row.identifier, []).append(row)
    sql = f"SELECT {columns} FROM cash_account c WHERE c.active AND c.code IN :codes"
    by_code = {row.code: CashAccount._make(row) for row in uow.select(sql, {"codes": names})}
    return [_chosen(one, by_identifier, by_code) for one in sought]


def _chosen(one: Sought, by_identifier: dict[str, list[Any]], by_code: dict[str, CashAccount]) -> CashAccount | Refused:
    if not one.identifier:
        return Unknown("The statement names no account.", cure="Say which account it belongs to.")
    rows = by_identifier.get(normal_identifier(one.identifier), [])
    if one.currency is not None:
        rows = [row for row in rows if row.in_currency == one.currency]
    if one.bank_bic is not None and len({row.id for row in rows}) > 1:
        rows = [row for row in rows if row.bank_bic and row.bank_bic[:8] == one.bank_bic[:8]] or rows
    found = {row.id: CashAccount(*row[3:]) for row in rows}
    if len(found) > 1:
        codes = ", ".join(found[account_id].code for account_id in sorted(found))
        return AmbiguousAccount(
            f"{one.identifier} in {one.currency or 'any currency'} fits more than one cash account: {codes}.",
            cure="Give the accounts identifiers that differ, or name the account.",
        )
    if found:
        return next(iter(found.values()))
    known = by_code.get(one.identifier)
    if known is None or (one.currency is not None and known.currency != one.currency):
        return Unknown(
            f"No cash account has the identifier {one.identifier} in {one.currency or 'any currency'}.",
            cure="Open the account, or add the number: recon account identify ACCOUNT NUMBER",
        )
    return known
