"""Setting up: cash accounts from a file, and the entry types that the adjustments of a fresh database need."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from matcher.parsers.identifiers import is_iban
from matcher.pipeline.context import Context
from recon_core.domain.account import Identifier, normal_identifier
from recon_core.domain.currency import exponent
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadSetting, InputError
from recon_core.domain.states import Direction, EntryKind, MatchingPolicy
from recon_core.ports import UnitOfWork
from recon_core.services import accounts, settings


class OpeningPoint(NamedTuple):
    """Where the reconciliation of an account begins: balance in minor units at the end of a day."""

    day: date
    balance: int


class AccountPlan(NamedTuple):
    """A cash account to open. Without `opening` it begins at 0 with its first document."""

    code: str
    name: str
    currency: str
    identifiers: tuple[str, ...]
    policy: MatchingPolicy = MatchingPolicy.CLEAR
    group: str = ""
    opening: OpeningPoint | None = None


class DefaultEntryType(NamedTuple):
    """An entry type of the Swedish BAS chart, made where a database has none."""

    code: str
    name: str
    kind: EntryKind
    direction: Direction
    offset_account: str


DEFAULT_ENTRY_TYPES = (
    DefaultEntryType("BANKFEE", "Bankavgift", EntryKind.BANK_FEE, Direction.DISBURSEMENT, "6570"),
    DefaultEntryType("INTIN", "Ränteintäkt", EntryKind.INTEREST, Direction.RECEIPT, "8310"),
    DefaultEntryType("INTOUT", "Räntekostnad", EntryKind.INTEREST, Direction.DISBURSEMENT, "8410"),
    DefaultEntryType("TAXOUT", "Preliminärskatt på ränta", EntryKind.TAX, Direction.DISBURSEMENT, "2510"),
    DefaultEntryType("TAXIN", "Återbetald skatt", EntryKind.TAX, Direction.RECEIPT, "2510"),
    DefaultEntryType("UNKNOWN", "Okänd inbetalning", EntryKind.UNKNOWN_RECEIPT, Direction.RECEIPT, "2999"),
    DefaultEntryType("ROUNDIN", "Öresutjämning", EntryKind.ROUNDING, Direction.RECEIPT, "3740"),
    DefaultEntryType("ROUNDOUT", "Öresutjämning", EntryKind.ROUNDING, Direction.DISBURSEMENT, "3740"),
    DefaultEntryType("FXGAIN", "Valutakursvinst", EntryKind.FX, Direction.RECEIPT, "3960"),
    DefaultEntryType("FXLOSS", "Valutakursförlust", EntryKind.FX, Direction.DISBURSEMENT, "7960"),
    DefaultEntryType("WRITEOFF", "Avskriven kundfordran", EntryKind.WRITE_OFF, Direction.DISBURSEMENT, "6351"),
)

_KEYS = {"code", "name", "currency", "identifiers", "policy", "group", "opening_date", "opening_balance"}


def read_accounts(path: Path) -> list[AccountPlan]:
    """Cash accounts from a TOML file of `[[account]]` tables. Raises `BadSetting` with file, key and cure."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"This is no TOML: {error}.", where=str(path), cure="Correct the file.") from error
    tables = content.get("account")
    if set(content) != {"account"} or not isinstance(tables, list):
        raise BadSetting(
            "Expected [[account]] tables and nothing else.",
            where=str(path),
            cure="Begin with a draft: recon account draft INBOX",
        )
    return [_plan(table, f"{path}, account {number}") for number, table in enumerate(tables, start=1)]


def _plan(table: Mapping[str, Any], where: str) -> AccountPlan:
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise BadSetting(f"Unknown key {unknown[0]!r}.", where=where, cure=f"The keys are {', '.join(sorted(_KEYS))}.")
    for name in ("code", "currency"):
        if not isinstance(table.get(name), str) or not table[name]:
            raise BadSetting(f"{name} is missing or no text.", where=where, cure=f'Write {name} = "...".')
    try:
        exponent(table["currency"])
        policy = MatchingPolicy(table.get("policy", MatchingPolicy.CLEAR))
        opening = _opening(table, where)
    except InputError as error:
        raise BadSetting(error.message, where=where, cure=error.cure) from error
    except ValueError:
        raise BadSetting(
            f"policy can't be {table['policy']!r}.", where=where, cure=f"It is one of {', '.join(MatchingPolicy)}."
        ) from None
    identifiers = table.get("identifiers", [])
    if not isinstance(identifiers, list) or not all(isinstance(one, str) for one in identifiers):
        raise BadSetting("identifiers is no list of texts.", where=where, cure='Write identifiers = ["SE45 ..."].')
    return AccountPlan(
        table["code"],
        str(table.get("name", table["code"])),
        table["currency"],
        tuple(identifiers),
        policy,
        str(table.get("group", "")),
        opening,
    )


def _opening(table: Mapping[str, Any], where: str) -> OpeningPoint | None:
    day, balance = table.get("opening_date"), table.get("opening_balance")
    if day is None and balance is None:
        return None
    if type(day) is not date or not isinstance(balance, str):
        raise BadSetting(
            "opening_date and opening_balance belong together.",
            where=where,
            cure='Write opening_date = 2026-01-31 and opening_balance = "1234.50".',
        )
    return OpeningPoint(day, to_minor(balance, table["currency"]))


def ensure_entry_types(context: Context) -> None:
    """Make the default entry types in a database that has none."""
    at = context.now()
    with context.database.begin() as uow:
        if uow.value("SELECT id FROM entry_type LIMIT 1") is not None:
            return
        for one in DEFAULT_ENTRY_TYPES:
            settings.open_entry_type(uow, **one._asdict(), by=context.user, at=at)
        settings.change_settings(uow, changes={"unknown_receipts_entry_type": "UNKNOWN"}, by=context.user, at=at)
        uow.commit()


def ensure_accounts(
    uow: UnitOfWork, plans: Sequence[AccountPlan], *, by: str, at: datetime
) -> list[tuple[int, AccountPlan]]:
    """Open the accounts that do not exist yet; returns those, in order, with their ids."""
    known = {row.code for row in uow.select("SELECT code FROM cash_account")}
    opened = []
    for plan in plans:
        if plan.code in known:
            continue
        account_id = accounts.open_account(
            uow,
            code=plan.code,
            name=plan.name,
            currency=plan.currency,
            identifiers=[Identifier(_scheme(one), one) for one in plan.identifiers],
            group=plan.group,
            policy=plan.policy,
            by=by,
            at=at,
        )
        opened.append((account_id, plan))
    return opened


def _scheme(text: str) -> str:
    return "IBAN" if is_iban(normal_identifier(text)) else "BBAN"
