"""Match runs and proposals on a unit of work of the books. Opinions are no facts: they are not in the log."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from matcher.proposal import (
    EVERY_PROPOSAL,
    Evidence,
    Opinion,
    ProposalFilter,
    ProposalOrder,
    RunFacts,
    StoredProposal,
    evidence_json,
)
from matcher.store.learned import LearnedRules, accepted_marks
from matcher.store.tables import MATCH_RUN, MATCH_STATE, PROPOSAL, ProposalState
from recon_core import __version__
from recon_core.domain.account import CashAccount
from recon_core.ports import UnitOfWork
from recon_core.services import families, lookup
from recon_core.store.unit_of_work import SqlUnitOfWork

_MILLION = 1_000_000
_SPECIAL = re.compile("[%_!]")

# What an account's open items come to. Two different sets of open items with the same figures would have to differ in
# ids and versions that cancel out; ids only grow, so they do not. What is left of a transaction is the same open item
# before and after the part that the bank proved was split off it.
_OPEN_LINES = (
    "SELECT cash_account_id, count(*) AS n, sum(id) AS ids, sum(amount - used_amount) AS left_over FROM statement_line"
    " WHERE cash_account_id IN :ids AND state IN ('open', 'proposed') AND withdrawn_by IS NULL GROUP BY cash_account_id"
)
_OPEN_BOOK = (
    "SELECT cash_account_id, count(*) AS n, sum(coalesce(split_of_id, id)) AS ids,"
    " sum(amount - matched_amount) AS left_over, sum(version) AS versions, sum(coalesce(split_of_id, id) *"
    " CASE status WHEN 'released' THEN 3 WHEN 'balanced' THEN 2 WHEN 'hold' THEN 1 ELSE 0 END) AS states"
    " FROM book_transaction"
    " WHERE cash_account_id IN :ids AND reconciliation_id IS NULL"
    " AND matched_amount <> amount GROUP BY cash_account_id"
)
_REJECTED = (
    "SELECT cash_account_id, count(*) AS n, sum(id) AS ids FROM rejection WHERE cash_account_id IN :ids AND active"
    " GROUP BY cash_account_id"
)

_FROM_PROPOSALS = " FROM proposal p JOIN statement_line l ON l.id = p.statement_line_id"
_PROPOSALS = (
    "SELECT p.id, p.cash_account_id, p.statement_line_id, p.verdict, p.category, p.score_ppm, p.difference, p.book_ids,"
    " p.alternatives, p.evidence, p.rule, p.together" + _FROM_PROPOSALS
)
_ORDERS = {
    ProposalOrder.DAY: "l.booking_date, l.id",
    ProposalOrder.SCORE: "p.score_ppm DESC, l.booking_date, l.id",
    ProposalOrder.AMOUNT: "abs(l.amount) DESC, l.booking_date, l.id",
}
_TEXT = (
    "(coalesce(l.counterparty_name, '') || ' ' || coalesce(l.remittance, '') || ' ' || coalesce(l.creditor_reference, '')"
    " || ' ' || coalesce(l.end_to_end_id, '') || ' ' || coalesce(l.bank_reference, ''))"
)


_SILENT = (
    "SELECT DISTINCT l.cash_account_id FROM statement_line l WHERE l.cash_account_id IN :ids AND l.withdrawn_by IS NULL"
    " AND l.state IN ('open', 'proposed') AND NOT EXISTS (SELECT 1 FROM proposal p"
    " WHERE p.statement_line_id = l.id AND p.proposal_state = 'open')"
)


class SqlOpinions(LearnedRules):
    """`matcher.pipeline.context.OpinionStore` in the tables of `matcher.store.tables`."""

    def changed_since_match(
        self, uow: UnitOfWork, *, accounts: Sequence[CashAccount], rules_sha256: str
    ) -> list[CashAccount]:
        """The accounts whose open items, rules or policy are not as they were when they were last matched, and those with
        an open line that the engine has no word on: what was accepted and taken back is open as before, without its
        proposal.
        """
        ids = [account.id for account in accounts]
        now = _open_items(uow, accounts)
        rows = uow.select(
            "SELECT s.cash_account_id, s.open_items FROM match_state s JOIN match_run r ON r.id = s.match_run_id"
            " WHERE s.cash_account_id IN :ids AND r.rules_sha256 = :rules AND r.engine_version = :version",
            {"ids": ids, "rules": rules_sha256, "version": __version__},
        )
        before = {row.cash_account_id: row.open_items for row in rows}
        same = {account.id for account in accounts if before.get(account.id) == now[account.id]}
        silent = {row.cash_account_id for row in uow.select(_SILENT, {"ids": sorted(same)})} if same else set()
        return [account for account in accounts if account.id not in same or account.id in silent]

    def record(
        self,
        uow: UnitOfWork,
        *,
        accounts: Sequence[CashAccount],
        opinions: Sequence[Opinion],
        facts: RunFacts,
        by: str,
        at: datetime,
    ) -> int:
        """Record a match run and make these the newest opinions of the accounts; returns the run's number."""
        assert isinstance(uow, SqlUnitOfWork)
        ids = [account.id for account in accounts]
        run_id = uow.reserve_ids("match_run", 1)[0]
        uow.insert_rows(MATCH_RUN, {"id": run_id, "started_at": at, "started_by": by, **facts._asdict()}, 1)
        uow.select(
            "DELETE FROM proposal WHERE cash_account_id IN :ids AND proposal_state = :state RETURNING id",
            {"ids": ids, "state": ProposalState.OPEN.value},
        )
        if opinions:
            columns = {"id": uow.reserve_ids("proposal", len(opinions)), "match_run_id": run_id, **_columns(opinions)}
            uow.insert_rows(PROPOSAL, columns, len(opinions))
        uow.select("DELETE FROM match_state WHERE cash_account_id IN :ids RETURNING match_run_id", {"ids": ids})
        now = _open_items(uow, accounts)
        state = {"cash_account_id": ids, "match_run_id": run_id, "open_items": [now[one] for one in ids]}
        uow.insert_rows(MATCH_STATE, state, len(ids))
        return run_id

    def open_proposals(
        self, uow: UnitOfWork, *, account_ids: Sequence[int], wanted: ProposalFilter = EVERY_PROPOSAL
    ) -> list[StoredProposal]:
        """The newest opinions on lines of these accounts that nobody has decided yet, by day and line unless `wanted`
        says another order.
        """
        where, values = _wanted(account_ids, wanted)
        sql = f"{_PROPOSALS} WHERE {where} ORDER BY {_ORDERS[wanted.order]}"
        if wanted.limit is not None:
            sql += " LIMIT :limit OFFSET :offset"
            values |= {"limit": wanted.limit, "offset": wanted.offset}
        rows = uow.select(sql, values)
        moved = families.now_open(uow, account_ids) if rows else {}
        return [_stored(row, moved) for row in rows]

    def count_open(self, uow: UnitOfWork, *, account_ids: Sequence[int], wanted: ProposalFilter) -> int:
        """How many `open_proposals` there are, whatever limit and offset say."""
        where, values = _wanted(account_ids, wanted)
        return int(uow.value(f"SELECT count(*) AS n{_FROM_PROPOSALS} WHERE {where}", values))

    def mark_decided(self, uow: UnitOfWork, *, line_ids: Sequence[int]) -> None:
        """The opinions on these lines have been acted on."""
        uow.select(
            "UPDATE proposal SET proposal_state = 'decided' WHERE statement_line_id IN :ids"
            " AND proposal_state = 'open' RETURNING id",
            {"ids": list(line_ids)},
        )


def _wanted(account_ids: Sequence[int], wanted: ProposalFilter) -> tuple[str, dict[str, Any]]:
    """The condition of a filter and its parameters."""
    where = [
        "p.cash_account_id IN :ids AND p.proposal_state = 'open'",
        "l.state IN ('open', 'proposed') AND l.withdrawn_by IS NULL AND p.score_ppm >= :score_ppm_min",
    ]
    values: dict[str, Any] = {"ids": list(account_ids), "score_ppm_min": wanted.score_ppm_min}
    if wanted.line_ids:
        where.append("p.statement_line_id IN :line_ids")
        values["line_ids"] = wanted.line_ids
    if wanted.rule:
        where.append("p.rule = :rule")
        values["rule"] = wanted.rule
    if wanted.verdicts:
        where.append("p.verdict IN :verdicts")
        values["verdicts"] = [one.value for one in wanted.verdicts]
    if wanted.after is not None:
        where.append("(l.booking_date > :day OR (l.booking_date = :day AND l.id > :last))")
        values |= {"day": wanted.after[0], "last": wanted.after[1]}
    if wanted.text:
        # Some databases know small and capital letters of ASCII only; of the two directions one fits most words.
        where.append(f"(lower({_TEXT}) LIKE :lower ESCAPE '!' OR upper({_TEXT}) LIKE :upper ESCAPE '!')")
        values |= {"lower": _like(wanted.text.lower()), "upper": _like(wanted.text.upper())}
    for name, sign in (("amount_min", ">="), ("amount_max", "<=")):
        if getattr(wanted, name) is not None:
            where.append(f"abs(l.amount) {sign} :{name}")
            values[name] = getattr(wanted, name)
    return " AND ".join(where), values


def _like(text: str) -> str:
    """The pattern of LIKE for texts that contain this one."""
    return f"%{_SPECIAL.sub(lambda found: '!' + found[0], text)}%"


def _open_items(uow: UnitOfWork, accounts: Sequence[CashAccount]) -> dict[int, str]:
    """By account, what its open items come to and how far the engine may go alone: another mark wants matching again."""
    stopped = lookup.settings(uow).automatic_stopped
    parts: dict[int, list[str]] = {
        account.id: ["stopped" if stopped or account.automatic_stopped else account.policy] for account in accounts
    }
    account_ids = list(parts)
    for sql in (_OPEN_LINES, _OPEN_BOOK, _REJECTED):
        rows = {row.cash_account_id: row for row in uow.select(sql, {"ids": list(account_ids)})}
        for account_id, found in parts.items():
            row = rows.get(account_id)
            found.append(",".join(str(int(value)) for value in row[1:]) if row is not None else "-")
    for account_id, mark in accepted_marks(uow, account_ids).items():
        parts[account_id].append(mark)
    return {account_id: "|".join(found) for account_id, found in parts.items()}


def _columns(opinions: Sequence[Opinion]) -> dict[str, Any]:
    results = [opinion.result for opinion in opinions]
    return {
        "cash_account_id": [opinion.account_id for opinion in opinions],
        "statement_line_id": [opinion.line_id for opinion in opinions],
        "verdict": [result.status.value for result in results],
        "category": [result.category.value if result.category else "" for result in results],
        "score_ppm": [round(result.score * _MILLION) for result in results],
        "difference": [result.difference for result in results],
        "book_ids": [json.dumps([int(one) for one in result.book]) for result in results],
        "alternatives": [json.dumps([[int(one) for one in ids] for ids in r.alternatives]) for r in results],
        "evidence": [evidence_json(result.evidence) for result in results],
        "rule": [result.rule for result in results],
        "together": [json.dumps([int(one) for one in result.together]) for result in results],
    }


def _stored(row: Any, moved: Mapping[int, int]) -> StoredProposal:
    """A proposal as it was made; what was said of a split transaction is said of what is left of it."""
    return StoredProposal(
        row.id,
        row.cash_account_id,
        row.statement_line_id,
        row.verdict,
        row.category,
        row.score_ppm,
        row.difference,
        tuple(moved.get(one, one) for one in json.loads(row.book_ids)),
        tuple(tuple(moved.get(one, one) for one in ids) for ids in json.loads(row.alternatives)),
        tuple(Evidence(*pair) for pair in json.loads(row.evidence)),
        row.rule,
        tuple(json.loads(row.together)),
    )
