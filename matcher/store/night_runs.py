"""Runs of the nightly work with their files and accounts. Each call is part of the caller's transaction."""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from matcher.jobs import UNFINISHED_RUN, FileState, NightAccount, NightFile, NightRun, RunState
from matcher.store.night_jobs import SqlJobs
from matcher.store.night_tables import NIGHT_ACCOUNT, NIGHT_FILE, NIGHT_RUN
from recon_core.ports import UnitOfWork
from recon_core.store.unit_of_work import SqlUnitOfWork

_RUN = ", ".join(NightRun._fields)
_FILE = "id, night_run_id, name, stamp, source_file_id, book, state, reason, notes, new_count, moved"
_UNFINISHED = [state.value for state in UNFINISHED_RUN]
_COUNTS = ("read_count", "cleared_count", "adjusted_count", "proposed_count", "unmatched_count")


def _file(row: Any) -> NightFile:
    return NightFile(
        row.id,
        row.night_run_id,
        row.name,
        row.stamp,
        row.source_file_id or 0,
        row.book,
        row.state,
        row.reason,
        tuple(json.loads(row.notes)),
        row.new_count,
        row.moved,
    )


class SqlNight(SqlJobs):
    """`matcher.pipeline.night.NightStore` in the tables of `matcher.store.night_tables`."""

    def start(
        self, uow: UnitOfWork, *, inbox: str, open_policy: str, rules_toml: str, by: str, at: datetime
    ) -> NightRun:
        """Begin a run over an inbox. A unique constraint lets only one unfinished run an inbox stand."""
        assert isinstance(uow, SqlUnitOfWork)
        run_id = uow.reserve_ids("night_run", 1)[0]
        row = {
            "id": run_id,
            "inbox": inbox,
            "state": RunState.RECEIVING.value,
            "open_policy": open_policy,
            "rules_toml": rules_toml,
            "started_at": at,
            "started_by": by,
        }
        uow.insert_rows(NIGHT_RUN, row, 1)
        return self.run(uow, run_id=run_id)

    def run(self, uow: UnitOfWork, *, run_id: int, lock: bool = False) -> NightRun:
        """A run; with `lock` it is held until the transaction ends. KeyError for one that does not exist."""
        if lock:
            uow.lock_row("night_run", run_id)
        rows = uow.select(f"SELECT {_RUN} FROM night_run WHERE id = :id", {"id": run_id})
        if not rows:
            raise KeyError(run_id)
        return NightRun._make(rows[0])

    def unfinished_runs(self, uow: UnitOfWork, *, inbox: str | None = None) -> list[NightRun]:
        """Runs that are under way, oldest first; those of one inbox, or all."""
        rows = uow.select(f"SELECT {_RUN} FROM night_run WHERE state IN :states ORDER BY id", {"states": _UNFINISHED})
        runs = [NightRun._make(row) for row in rows]
        return [run for run in runs if inbox is None or run.inbox == inbox]

    def latest_runs(self, uow: UnitOfWork, *, limit: int) -> list[NightRun]:
        """The newest runs, newest first."""
        rows = uow.select(f"SELECT {_RUN} FROM night_run ORDER BY id DESC LIMIT :limit", {"limit": limit})
        return [NightRun._make(row) for row in rows]

    def drive(self, uow: UnitOfWork, *, run_id: int, driver: str, until: datetime) -> None:
        """A sign of life of the process that receives files."""
        uow.select(
            "UPDATE night_run SET driver = :driver, driver_until = :until WHERE id = :id RETURNING id",
            {"id": run_id, "driver": driver, "until": until},
        )

    def move_on(self, uow: UnitOfWork, *, run: NightRun, to: RunState, at: datetime) -> bool:
        """Take a run from the state it was read in to another; False if somebody did already."""
        finished = at if to in {RunState.FINISHED, RunState.CANCELLED} else None
        rows = uow.select(
            "UPDATE night_run SET state = :to, finished_at = :finished WHERE id = :id AND state = :state RETURNING id",
            {"id": run.id, "state": run.state, "to": to.value, "finished": finished},
        )
        return bool(rows)

    def report_once(self, uow: UnitOfWork, *, run_id: int, at: datetime) -> bool:
        """Whether the caller is the one who tells people about a finished run; nobody else will be."""
        sql = "UPDATE night_run SET reported_at = :at WHERE id = :id AND reported_at IS NULL RETURNING id"
        return bool(uow.select(sql, {"id": run_id, "at": at}))

    def add_files(self, uow: UnitOfWork, *, run: NightRun, files: Sequence[NightFile]) -> None:
        """Record files of a run; their `id` and `run_id` are given here. Raises `Conflict` at the commit or before
        where another run holds the claim on one.
        """
        assert isinstance(uow, SqlUnitOfWork)
        if not files:
            return
        columns: dict[str, Any] = {
            "id": uow.reserve_ids("night_file", len(files)),
            "night_run_id": run.id,
            "inbox": run.inbox,
            "name": [file.name for file in files],
            "stamp": [file.stamp for file in files],
            "source_file_id": [file.source_file_id or None for file in files],
            "book": [file.book for file in files],
            "state": [str(file.state) for file in files],
            "reason": [file.reason for file in files],
            "moved": [file.moved for file in files],
        }
        uow.insert_rows(NIGHT_FILE, columns, len(files))

    def claimed_files(self, uow: UnitOfWork, *, inbox: str) -> list[NightFile]:
        """Files of an inbox that some run has claimed and that were not moved away yet."""
        rows = uow.select(f"SELECT {_FILE} FROM night_file WHERE inbox = :inbox AND NOT moved", {"inbox": inbox})
        return [_file(row) for row in rows]

    def files(self, uow: UnitOfWork, *, run_id: int, source_file_ids: Sequence[int] | None = None) -> list[NightFile]:
        """The files of a run by name; all of them, or those with these contents."""
        if source_file_ids is None:
            sql = f"SELECT {_FILE} FROM night_file WHERE night_run_id = :run ORDER BY name, id"
            return [_file(row) for row in uow.select(sql, {"run": run_id})]
        sql = f"SELECT {_FILE} FROM night_file WHERE night_run_id = :run AND source_file_id IN :ids ORDER BY name, id"
        return [_file(row) for row in uow.select(sql, {"run": run_id, "ids": list(source_file_ids)})]

    def record_files(self, uow: UnitOfWork, *, files: Sequence[NightFile]) -> None:
        """Write what became of files that still waited; a word that was said before stands."""
        assert isinstance(uow, SqlUnitOfWork)
        waiting = [FileState.WAITING.value, FileState.DEFERRED.value]
        sql = "SELECT id FROM night_file WHERE id IN :ids AND state IN :states"
        still = {row.id for row in uow.select(sql, {"ids": [file.id for file in files], "states": waiting})}
        wanted = [file for file in files if file.id in still]
        if not wanted:
            return
        columns = {
            "state": [str(file.state) for file in wanted],
            "reason": [file.reason for file in wanted],
            "notes": [json.dumps(list(file.notes), ensure_ascii=False) for file in wanted],
            "new_count": [file.new_count for file in wanted],
        }
        uow.update_rows(NIGHT_FILE, [file.id for file in wanted], columns)

    def mark_moved(self, uow: UnitOfWork, *, file_ids: Sequence[int]) -> None:
        """The inbox shows what became of these files."""
        uow.select("UPDATE night_file SET moved = true WHERE id IN :ids RETURNING id", {"ids": list(file_ids)})

    def cancel_files(self, uow: UnitOfWork, *, run_id: int) -> None:
        """Files that nobody has read stay in the inbox for another run."""
        uow.select(
            "UPDATE night_file SET state = 'cancelled', moved = true WHERE night_run_id = :run"
            " AND state IN ('waiting', 'deferred') RETURNING id",
            {"run": run_id},
        )

    def wait_again(self, uow: UnitOfWork, *, run_id: int) -> list[NightFile]:
        """Let the files of a run that failed wait again; returns them."""
        rows = uow.select(
            "UPDATE night_file SET state = 'waiting', reason = '' WHERE night_run_id = :run"
            f" AND state IN ('set_aside', 'quarantined') AND source_file_id IS NOT NULL RETURNING {_FILE}",
            {"run": run_id},
        )
        return [_file(row) for row in rows]

    def report_again(self, uow: UnitOfWork, *, run_id: int) -> None:
        """The run goes on; people are told of it once more at its end."""
        uow.select("UPDATE night_run SET reported_at = NULL WHERE id = :id RETURNING id", {"id": run_id})

    def add_accounts(self, uow: UnitOfWork, *, run_id: int, accounts: Sequence[NightAccount]) -> None:
        """Add to what a run did on accounts."""
        assert isinstance(uow, SqlUnitOfWork)
        if not accounts:
            return
        ids = [account.account_id for account in accounts]
        sql = f"SELECT cash_account_id, {', '.join(_COUNTS)}, number FROM night_account WHERE night_run_id = :run"
        rows = uow.select(f"{sql} AND cash_account_id IN :ids", {"run": run_id, "ids": ids})
        known = {row.cash_account_id: NightAccount._make(row) for row in rows}
        merged = [known[one.account_id].plus(one) if one.account_id in known else one for one in accounts]
        if known:
            gone = "DELETE FROM night_account WHERE night_run_id = :run AND cash_account_id IN :ids"
            uow.select(f"{gone} RETURNING cash_account_id", {"run": run_id, "ids": list(known)})
        columns: dict[str, Any] = {"night_run_id": run_id}
        fields = ("cash_account_id", *_COUNTS, "number")
        columns |= dict(zip(fields, map(list, zip(*merged, strict=True)), strict=True))
        uow.insert_rows(NIGHT_ACCOUNT, columns, len(merged))

    def accounts(self, uow: UnitOfWork, *, run_id: int) -> list[NightAccount]:
        """What a run did, by account."""
        rows = uow.select(
            f"SELECT cash_account_id, {', '.join(_COUNTS)}, number FROM night_account WHERE night_run_id = :run"
            " ORDER BY cash_account_id",
            {"run": run_id},
        )
        return [NightAccount._make(row) for row in rows]
