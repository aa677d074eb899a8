"""`matcher.pipeline.why` for a bank line in the database, decided or not, and for any transaction of its account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matcher.pipeline.context import Context
from matcher.pipeline.decisions import DecisionView, decisions
from matcher.pipeline.learned import evidence, in_force
from matcher.pipeline.matching import rejected_ids, taken_back
from matcher.pipeline.open_items import assemble, whole
from matcher.pipeline.returns import CAME_BACK, given_back
from matcher.pipeline.what_if import World
from matcher.pipeline.why import Why, explain
from recon_core.domain.account import CashAccount
from recon_core.domain.refusals import BadRequest, Unknown
from recon_core.domain.states import MatchingPolicy, TransactionStatus
from recon_core.ports import UnitOfWork
from recon_core.reports.open_items import Columns, lines_by_id, open_lines, open_transactions, transactions_by_id
from recon_core.services import lookup

_DECISIONS_MAX = 20
_ASKED = (
    "SELECT t.id, t.external_id, t.status, t.amount, t.matched_amount, r.number FROM book_transaction t"
    " LEFT JOIN reconciliation r ON r.id = t.reconciliation_id AND r.state = 'closed'"
)


class StoredWhy(NamedTuple):
    """The answer, what is decided about the line, and what keeps line or transaction out of matching."""

    why: Why
    decided: DecisionView | None
    notes: tuple[str, ...]
    world: World


def line_named(uow: UnitOfWork, name: str) -> int:
    """The id of a bank line by its number, else by the bank's reference. Raises `Unknown`, and `BadRequest` where
    several lines carry the reference.
    """
    if (
        name.isascii()
        and name.isdecimal()
        and uow.value("SELECT id FROM statement_line WHERE id = :id", {"id": int(name)})
    ):
        return int(name)
    rows = uow.select("SELECT id FROM statement_line WHERE bank_reference = :name ORDER BY id", {"name": name})
    if not rows:
        raise Unknown(f"There is no bank line {name}.", cure="See their numbers with `recon review`.")
    if len(rows) > 1:
        raise BadRequest(f"Bank lines {', '.join(str(row.id) for row in rows)} carry the reference {name}.")
    return int(rows[0].id)


def why_stored(context: Context, uow: UnitOfWork, *, line_id: int, transaction: str = "") -> StoredWhy:
    """Why a stored line has the outcome that it has, seen among today's open items.

    A decided line is looked at as if its decision were still to be made. `transaction` is named by its id in the
    accounting system. Raises `Unknown`.
    """
    line = lookup.one(uow, "statement_line", line_id)
    account = lookup.account(uow, line.cash_account_id)
    found = decisions(uow, line_ids=[line_id], limit=_DECISIONS_MAX)
    decided = next((one for one in found if one.kind != "reject"), None)
    asked = _asked(uow, account, transaction) if transaction else None
    lines, transactions = _opened(uow, account, line, decided, asked)
    transactions, heads = whole(uow, transactions)
    items = assemble(uow, [account], lines, transactions)
    names = dict(zip(map(str, transactions["id"]), transactions["external_id"], strict=True))
    force = in_force(uow, context, items.lines, account_ids=items.account_ids)
    world = World(force.lines, items.book, force.rules, tuple(rejected_ids(uow, [account])), names)
    why = explain(world, line=str(line_id), transaction=str(heads[asked.id]) if asked is not None else None)
    notes = [*_line_notes(uow, account, line, why), *(_asked_notes(asked) if asked is not None else ())]
    place = items.lines.ids.index(str(line_id))
    if place in force.named:
        notes.append(evidence(force.named[place], items.lines, place).says)
    return StoredWhy(why, decided, tuple(notes), world)


def _asked(uow: UnitOfWork, account: CashAccount, name: str) -> Any:
    rows = uow.select(
        f"{_ASKED} WHERE t.cash_account_id = :account AND t.external_id = :name", {"account": account.id, "name": name}
    )
    if len(rows) > 1:
        raise BadRequest(f"Account {account.code} has {len(rows)} transactions {name}, from different sources.")
    if not rows:
        elsewhere = uow.value(
            "SELECT a.code FROM book_transaction t JOIN cash_account a ON a.id = t.cash_account_id"
            " WHERE t.external_id = :name",
            {"name": name},
        )
        if elsewhere is not None:
            raise Unknown(
                f"Transaction {name} is booked on account {elsewhere}, and the bank line is on {account.code}.",
                cure="A line is matched within its account: move the transaction, or look for a transfer.",
            )
        raise Unknown(f"Account {account.code} has no transaction {name}.")
    return rows[0]


def _opened(
    uow: UnitOfWork, account: CashAccount, line: Any, decided: DecisionView | None, asked: Any
) -> tuple[Columns, Columns]:
    """Today's open items, and with them the line, the transactions of its decision, and the one that was asked about,
    as if nothing had used them. What was split is put together by the caller.
    """
    lines, transactions = open_lines(uow, [account.id]), open_transactions(uow, [account.id])
    lines = _joined(lines, lines_by_id(uow, [line.id]))
    used: list[int] = []
    if decided is not None:
        sql = "SELECT book_transaction_id FROM decision_transaction WHERE decision_id = :id AND NOT adjusts"
        used = [row.book_transaction_id for row in uow.select(sql, {"id": decided.id})]
        lines = _joined(lines, lines_by_id(uow, [one for one in decided.line_ids if one != line.id]))
    more = transactions_by_id(uow, [*used, *([asked.id] if asked is not None else [])])
    more["status"] = [TransactionStatus.RELEASED.value] * len(more["id"])
    return lines, _joined(transactions, more)


def _joined(columns: Columns, more: Columns) -> Columns:
    """Both, where the second replaces rows of the first with the same id."""
    fresh = set(more["id"])
    keep = [place for place, one in enumerate(columns["id"]) if one not in fresh]
    return {name: [columns[name][place] for place in keep] + more[name] for name in columns}


def _line_notes(uow: UnitOfWork, account: CashAccount, line: Any, why: Why) -> Sequence[str]:
    notes = []
    if line.state == "ignored":
        notes.append(f"The line is ignored: {line.state_reason}.")
    if line.withdrawn_by is not None:
        notes.append("The line was withdrawn by a corrected statement.")
    if not lookup.one(uow, "statement", line.statement_id).automatic:
        notes.append("Its statement is not proved by its balances, so no policy clears anything on it.")
    if why.chosen is None and why.category in CAME_BACK:
        notes += [str(found) for found in given_back(uow, [line.id]).values()]
    if line.id in taken_back(uow, [account]):
        notes.append("A person took an automatic decision on the line back, so none comes again by itself.")
    if why.chosen is not None and not account.allows(MatchingPolicy.CLEAR):
        notes.append(f"The policy of account {account.code} is {account.policy}: what is proven waits for a person.")
    return notes


def _asked_notes(asked: Any) -> Sequence[str]:
    notes = []
    if asked.status != TransactionStatus.RELEASED:
        notes.append(f"Transaction {asked.external_id} is {asked.status}: only released ones are matched.")
    if asked.number is not None:
        notes.append(f"Transaction {asked.external_id} is in the closed reconciliation {asked.number}.")
    elif asked.matched_amount == asked.amount:
        notes.append(f"Transaction {asked.external_id} is matched already; see: recon decisions.")
    return notes
