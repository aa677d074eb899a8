"""Use cases of import: archive the file as received, register a statement, store each line once (domain 7)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from recon_core.domain.account import CashAccount
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.identity import content_hash, line_keys, statement_key
from recon_core.domain.statement import LineStatus, StatementHeader, StatementKind, StatementLine
from recon_core.domain.states import StatementState
from recon_core.ports import Action, Side, UnitOfWork
from recon_core.services import accounts, advice, files, held, ledger, lookup
from recon_core.services.files import ArchivedFile


class KnownLine(NamedTuple):
    """A line that was skipped because it is stored already: its position in the file and the line that it equals."""

    line_index: int
    line_id: int


class StatementResult(NamedTuple):
    """What registering a statement did.

    `outcome` is "new", "known" (this very statement is stored already, nothing was written but the delivery) or "held"
    (`hold_reason` says why; a person decides with `decide_held`). `new_positions` are the positions in `lines` of the
    lines that became bank lines `new_line_ids`. `automatic` False keeps these from automatic use.
    """

    statement_id: int
    account_id: int
    outcome: str
    new_line_ids: Sequence[int] = ()
    new_positions: Sequence[int] = ()
    known_lines: tuple[KnownLine, ...] = ()
    advice_count: int = 0
    automatic: bool = True
    flags: tuple[str, ...] = ()
    hold_reason: str = ""


def archive_file(uow: UnitOfWork, *, name: str, content: bytes, by: str, at: datetime) -> ArchivedFile:
    """Keep a file byte for byte, once; a further delivery of the same bytes is recorded."""
    return files.archive_files(uow, files=[(name, content)], by=by, at=at)[0]


def finish_file(uow: UnitOfWork, *, file_id: int, outcome: str, reason: str = "", by: str, at: datetime) -> None:
    """Say what became of a file: "read", or "set_aside" with the reason."""
    files.finish_files(uow, verdicts=[files.Verdict(file_id, outcome, reason)], by=by, at=at)


def foresee(uow: UnitOfWork, wanted: Sequence[tuple[int, StatementHeader]]) -> None:
    """Ask together what is asked of each of these statements (account, header) when it is registered. Their accounts
    are held.
    """
    ids = sorted({account_id for account_id, _ in wanted})
    lookup.accounts(uow, ids)
    ledger.foresee(uow, wanted)
    advice.foresee(uow, ids)
    held.foresee(uow, ids)


def register_statement(
    uow: UnitOfWork,
    *,
    header: StatementHeader,
    lines: Iterable[StatementLine],
    file_id: int,
    account_id: int | None = None,
    by: str,
    at: datetime,
) -> StatementResult:
    """Store a statement and those of its lines that are not stored yet.

    The account is found from the header unless given. Booked lines of a statement become bank lines; all other lines,
    and all lines of reports and notifications, are kept as advice and add no money. Raises `Unknown` or
    `AmbiguousAccount`.
    """
    if account_id is None:
        currency = None if header.currency == NO_CURRENCY else header.currency
        account_id = accounts.find_account(
            uow, identifier=header.account, currency=currency, bank_bic=header.bank_bic
        ).id
    account = lookup.locked_account(uow, account_id, side=Side.BANK)
    every = list(lines)
    positions = _ledger_positions(header, every)
    incoming = _incoming(header, account, file_id, every, positions)
    known = ledger.same_statement(uow, incoming)
    if known is not None and ledger.may_be_another(incoming, known):
        incoming = incoming._replace(key=f"file {file_id}")
        known = ledger.same_statement(uow, incoming)
    if known is not None:
        return _delivered_again(uow, incoming, known, by=by, at=at)
    plan = ledger.plan(uow, incoming)
    waiting = held.waits(uow, account_id)
    result = _store(uow, incoming, plan, every, positions, by=by, at=at)
    if waiting and not plan.hold_reason:
        held.retry(uow, account, by=by, at=at)
    return result


def _incoming(
    header: StatementHeader,
    account: CashAccount,
    file_id: int,
    lines: list[StatementLine],
    positions: Sequence[int],
) -> ledger.Incoming:
    booked = lines if len(positions) == len(lines) else [lines[position] for position in positions]
    keys = line_keys(booked if positions else lines, statement_format=header.format)
    content = content_hash(header, keys)
    return ledger.Incoming(header, account, file_id, booked, keys, statement_key(header), content)


def _store(
    uow: UnitOfWork,
    incoming: ledger.Incoming,
    plan: ledger.Plan,
    lines: Sequence[StatementLine],
    positions: Sequence[int],
    *,
    by: str,
    at: datetime,
) -> StatementResult:
    account, header, booked = incoming.account, incoming.header, incoming.booked
    apart = set(positions)
    others = [line for position, line in enumerate(lines) if position not in apart]
    balanced = _balanced(header, booked)
    flags = _flags(header, balanced, plan)
    automatic = ledger.may_be_automatic(balanced, flags) and not plan.hold_reason
    with uow.action("statement.register", subject=("statement", 0), account_id=account.id, by=by, at=at) as act:
        row = _statement_row(incoming, plan, balanced=balanced, automatic=automatic, flags=flags)
        statement_id = act.insert_row("statement", row)
        count = advice.keep(uow, act, account, header, statement_id, others)
        ids: Sequence[int] = ()
        if plan.hold_reason:
            count += advice.hold_lines(act, account, statement_id, booked)
        else:
            ids = ledger.store(act, incoming, plan, statement_id)
            advice.connect(uow, act, account, booked)
            _remember_direction(act, account, header, booked, balanced)
    return StatementResult(
        statement_id,
        account.id,
        "held" if plan.hold_reason else "new",
        ids,
        [positions[position] for position in plan.new],
        tuple(KnownLine(booked[position].line_index, line_id) for position, line_id in plan.known),
        count,
        automatic,
        tuple(flags),
        plan.hold_reason,
    )


def _remember_direction(
    act: Action, account: CashAccount, header: StatementHeader, booked: Sequence[StatementLine], balanced: str
) -> None:
    """Which direction the bank prints on reversals is known once balances have proved it (domain 2.4)."""
    proved = balanced == "yes" and header.reversals_inverted is not None and any(line.reversal for line in booked)
    if proved and account.reversals_inverted != header.reversals_inverted:
        values = {"reversals_inverted": header.reversals_inverted, "version": account.version + 1}
        act.update("cash_account", [account.id], values)


def _ledger_positions(header: StatementHeader, lines: Sequence[StatementLine]) -> Sequence[int]:
    """Positions of the lines that are money in the ledger."""
    if header.kind != StatementKind.STATEMENT:
        return ()
    return [position for position, line in enumerate(lines) if line.status == LineStatus.BOOKED]


def _balanced(header: StatementHeader, booked: Sequence[StatementLine]) -> str:
    """P1 in the ledger's own arithmetic: "yes", "no", or "" where a balance is missing. What the reader proved over
    several pages counts too.
    """
    if header.opening_balance is not None and header.closing_balance is not None:
        right = header.opening_balance + sum(line.amount for line in booked) == header.closing_balance
        return "yes" if right else "no"
    return {None: "", True: "yes", False: "no"}[header.balanced]


def _flags(header: StatementHeader, balanced: str, plan: ledger.Plan) -> list[str]:
    found = []
    if balanced == "no":
        found.append("unbalanced")
    elif balanced == "" and header.kind == StatementKind.STATEMENT:
        found.append("unproved")
    if header.duplicate:
        found.append("marked-duplicate")
    if header.reversals_inverted:
        found.append("reversals-inverted")
    elif header.reversals_inverted is None:
        found.append(ledger.DIRECTION_UNPROVEN)
    if plan.revision > 1:
        found.append("new-version")
    if plan.hold_reason:
        found.append(plan.hold_reason)
    return found


def _statement_row(
    incoming: ledger.Incoming, plan: ledger.Plan, *, balanced: str, automatic: bool, flags: Sequence[str]
) -> dict[str, Any]:
    header = incoming.header
    return {
        "cash_account_id": incoming.account.id,
        "source_file_id": incoming.file_id,
        "kind": str(header.kind),
        "format": header.format,
        "format_version": header.version or "",
        "bank_statement_id": header.statement_id or "",
        "message_id": header.message_id or "",
        "sequence": header.sequence,
        "page": header.page,
        "last_page": header.last_page,
        "currency": incoming.account.currency,
        "from_date": header.from_date,
        "to_date": header.to_date,
        "created_at": None if header.created_at is None else _utc(header.created_at),
        "opening_balance": header.opening_balance,
        "opening_date": header.opening_date,
        "closing_balance": header.closing_balance,
        "closing_date": header.closing_date,
        "available_balance": header.available_balance,
        "duplicate": header.duplicate or "",
        "line_count": len(incoming.booked),
        "new_count": len(plan.new),
        "new_total": sum(incoming.booked[position].amount for position in plan.new),
        "booked_total": sum(line.amount for line in incoming.booked),
        "balanced": balanced,
        "automatic": automatic,
        "statement_key": incoming.key,
        "content_sha256": incoming.content,
        "revision": plan.revision,
        "supersedes_id": plan.supersedes,
        "state": (StatementState.HELD if plan.hold_reason else StatementState.ACCEPTED).value,
        "hold_reason": plan.hold_reason,
        "flags": json.dumps(list(flags)),
    }


def _utc(moment: datetime) -> datetime:
    """A time that the bank printed without a zone is kept as if it were UTC; it is shown, never compared."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _delivered_again(
    uow: UnitOfWork, incoming: ledger.Incoming, known: Any, *, by: str, at: datetime
) -> StatementResult:
    with uow.action(
        "statement.again", subject=("statement", known.id), account_id=incoming.account.id, by=by, at=at
    ) as act:
        delivery = {"statement_id": known.id, "source_file_id": incoming.file_id, "delivered_at": at}
        act.insert_row("statement_delivery", delivery)
    lines = uow.select(
        "SELECT line_index, id FROM statement_line WHERE statement_id = :id UNION ALL"
        " SELECT line_index, statement_line_id AS id FROM known_line WHERE statement_id = :id ORDER BY 1",
        {"id": known.id},
    )
    return StatementResult(
        known.id,
        incoming.account.id,
        "known",
        known_lines=tuple(KnownLine(row.line_index, row.id) for row in lines),
        automatic=known.automatic,
        flags=tuple(json.loads(known.flags)),
        hold_reason=known.hold_reason,
    )
