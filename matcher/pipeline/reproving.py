"""Proving the reasons of a closed document again: each of its automatic matches and adjustments is made anew from the log.

The log is replayed up to the moment of each run that the document's matches came from. What was open then is given to
the engine of today, and it must say the same: the same transactions for the same line, by the same rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from matcher.engine import RejectedIds
from matcher.parsers.statements import parse
from matcher.pipeline.context import Context
from matcher.pipeline.learned import accepted_ids
from matcher.pipeline.matching import opinions_on, rules_digest
from matcher.pipeline.open_items import OpenItems, assemble
from matcher.proposal import LineResult, MatchStatus
from recon_core.domain.history import State, advance
from recon_core.domain.statement import StatementHeader, StatementLine
from recon_core.domain.states import POLICY_PREFIX
from recon_core.ports import UnitOfWork
from recon_core.reports.open_items import Columns, lines_by_id, transactions_by_id
from recon_core.services import documents, history, lookup
from recon_core.services.verify import Check, verify_document

_MATCHES = (
    "SELECT DISTINCT d.id, d.decision_batch_id, d.cash_account_id, d.evidence FROM decision d"
    " JOIN decision_transaction t ON t.decision_id = d.id"
    " JOIN reconciliation_line l ON l.book_transaction_id = t.book_transaction_id"
    " WHERE l.reconciliation_id = :document AND d.state = 'applied' AND d.kind IN ('match', 'adjust')"
    " ORDER BY d.id"
)
_ITEMS = (
    "SELECT d.decision_id, d.statement_line_id AS item, 1 AS is_line FROM decision_line d WHERE d.decision_id IN :ids"
    " UNION ALL SELECT t.decision_id, coalesce(b.split_of_id, b.id) AS item, 0 AS is_line FROM decision_transaction t"
    " JOIN book_transaction b ON b.id = t.book_transaction_id WHERE t.decision_id IN :ids AND NOT t.adjusts"
)


class _Match(NamedTuple):
    """An automatic match to prove: its lines, its transactions (none: the line was adjusted, as nothing in the books
    explains it), and the first rule that each line's evidence names.
    """

    lines: frozenset[int]
    transactions: frozenset[int]
    rules: tuple[str, ...]


def prove(context: Context, uow: UnitOfWork, *, document_id: int) -> list[Check]:
    """Everything that proves a closed document: its figures and log, its files read again, its matches made again."""
    checks = verify_document(uow, document_id=document_id, reread=_reread)
    if checks[0].name != "state":
        checks += reprove(context, uow, document_id=document_id)
    return checks


def _reread(name: str, content: bytes) -> Iterator[tuple[StatementHeader, Sequence[StatementLine]]]:
    """The statements of a file as they are read today."""
    for statement in parse(content, name=name):
        yield statement.header, list(statement.lines)


def reprove(context: Context, uow: UnitOfWork, *, document_id: int) -> list[Check]:
    """Whether the automatic matches and adjustments of a closed document come out again, for the same reasons."""
    document = documents.row(uow, document_id)
    by_batch, accounts = _wanted(uow, document_id)
    checks = [_rules(uow, context, document)]
    found = [check for check in _walk(context, uow, by_batch, accounts) if not check.ok]
    count = sum(map(len, by_batch.values()))
    text = f"{count - len(found)} of {count} automatic match(es) and adjustment(s) come out again for the same reasons."
    return [*checks, *found, Check("reasons", ok=not found, detail=text)]


def _rules(uow: UnitOfWork, context: Context, document: Any) -> Check:
    bound = json.loads(document.bound)["context"]
    now = {"rules": rules_digest(context.rules), "learned_rules": accepted_ids(uow, context)}
    differ = [name.replace("_", " ") for name in now if name in bound and bound[name] != now[name]]
    if differ:
        text = f"The {' and the '.join(differ)} are not those of the close; give those with --rules."
        return Check("rules", ok=False, detail=text)
    return Check(
        "rules",
        ok=True,
        detail="The rules are those of the close."
        if "rules" in bound
        else "It is bound to no rules: a person released it.",
    )


def _wanted(uow: UnitOfWork, document_id: int) -> tuple[dict[int, list[_Match]], dict[int, list[int]]]:
    """Automatic matches of a document by the bulk they came in, and the accounts of each bulk."""
    rows = uow.select(_MATCHES, {"document": document_id})
    sql = "SELECT id, decided_by FROM decision_batch WHERE id IN :ids"
    ids = sorted({row.decision_batch_id for row in rows})
    automatic = {one.id for one in uow.select(sql, {"ids": ids}) if one.decided_by.startswith(POLICY_PREFIX)}
    mine = [row for row in rows if row.decision_batch_id in automatic]
    sides: dict[int, tuple[set[int], set[int]]] = {row.id: (set(), set()) for row in mine}
    for item in uow.select(_ITEMS, {"ids": list(sides)}):
        sides[item.decision_id][not item.is_line].add(item.item)
    by_batch: dict[int, list[_Match]] = {}
    for row in mine:
        lines, transactions = sides[row.id]
        match = _Match(frozenset(lines), frozenset(transactions), _first_rules(row.evidence))
        by_batch.setdefault(row.decision_batch_id, []).append(match)
    sql = "SELECT DISTINCT decision_batch_id AS batch, cash_account_id FROM decision WHERE decision_batch_id IN :ids"
    accounts: dict[int, list[int]] = {}
    for row in uow.select(sql, {"ids": list(by_batch)}):
        accounts.setdefault(row.batch, []).append(row.cash_account_id)
    return by_batch, accounts


def _first_rules(evidence: str) -> tuple[str, ...]:
    try:
        says = json.loads(evidence)
    except ValueError:
        return ()
    return tuple(sorted(str(line[0][0]) for line in says if line))


def _walk(
    context: Context, uow: UnitOfWork, by_batch: dict[int, list[_Match]], accounts: dict[int, list[int]]
) -> Iterator[Check]:
    state: State = {}
    waiting = set(by_batch)
    for entry in history.entries(uow):
        if not waiting:
            return
        batch = entry.subject_id
        if entry.action == "match.apply" and batch in waiting:
            waiting.discard(batch)
            yield from _compare(context, uow, state, by_batch[batch], sorted(accounts[batch]))
        advance(state, entry.payload)


def _compare(
    context: Context, uow: UnitOfWork, state: State, matches: Sequence[_Match], account_ids: Sequence[int]
) -> Iterator[Check]:
    items = _items(uow, state, account_ids)
    said = opinions_on(uow, items, _rejected(state, account_ids), context=context)
    results = {opinion.line_id: opinion.result for opinion in said.opinions}
    for match in matches:
        again = [results.get(line_id) for line_id in sorted(match.lines)]
        if all(one is not None and _same(one, match) for one in again):
            rules = tuple(sorted(one.evidence[0][0] for one in again if one is not None and one.evidence))
            if rules == match.rules or not match.rules:
                yield Check("match", ok=True, detail="")
                continue
        lines = ", ".join(map(str, sorted(match.lines)))
        now = "; ".join(_says(one) for one in again)
        yield Check("match", ok=False, detail=f"Bank line {lines}: was {', '.join(match.rules)}, is now {now}.")


def _same(result: LineResult, match: _Match) -> bool:
    wanted = MatchStatus.CLEARED if match.transactions else MatchStatus.UNMATCHED
    return result.status == wanted and {int(one) for one in result.book} == match.transactions


def _says(result: LineResult | None) -> str:
    if result is None:
        return "not open at that time"
    rule = result.evidence[0][0] if result.evidence else "no rule"
    return f"{result.status} by {rule} with {', '.join(result.book) or 'nothing'}"


def _items(uow: UnitOfWork, state: State, account_ids: Sequence[int]) -> OpenItems:
    """What was open in these accounts when the log had come to this state."""
    owners = set(account_ids)
    lines = {
        key[0]: row["amount"] - row.get("used_amount", 0)
        for key, row in state.get("statement_line", {}).items()
        if row["cash_account_id"] in owners and row["state"] in {"open", "proposed"} and not row.get("withdrawn_by")
    }
    stored = lines_by_id(uow, sorted(lines))
    stored["amount"] = [lines[one] for one in stored["id"]]
    return assemble(uow, lookup.accounts(uow, account_ids), stored, _transactions(uow, state, owners))


def _transactions(uow: UnitOfWork, state: State, owners: set[int]) -> Columns:
    rows = state.get("book_transaction", {})
    voided = {row["voids_id"] for row in rows.values() if row.get("voids_id") and row["status"] != "rejected"}
    closed = {key[0] for key, row in state.get("reconciliation", {}).items() if row["state"] == "closed"}
    found = {
        key[0]: row
        for key, row in rows.items()
        if row["cash_account_id"] in owners
        and row["amount"] != row.get("matched_amount", 0)
        and row["status"] == "released"
        and not row.get("voids_id")
        and key[0] not in voided
        and row.get("reconciliation_id") not in closed
    }
    stored = transactions_by_id(uow, sorted(found))
    then = [found[one] for one in stored["id"]]
    stored["amount"] = [row["amount"] - row.get("matched_amount", 0) for row in then]
    stored["transaction_date"] = [date.fromisoformat(row["transaction_date"]) for row in then]
    stored["status"] = [row["status"] for row in then]
    for name in ("reference", "counterparty", "description", "kind"):
        stored[name] = [row[name] for row in then]
    return stored


def _rejected(state: State, account_ids: Sequence[int]) -> list[RejectedIds]:
    owners = set(account_ids)
    keys = [
        row["group_key"]
        for row in state.get("rejection", {}).values()
        if row["active"] and row["cash_account_id"] in owners
    ]
    sides = (key.split("|") for key in keys)
    return [(tuple(lines.split(",")), tuple(transactions.split(","))) for lines, transactions in sides]
