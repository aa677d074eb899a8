"""The unit of work on SQLAlchemy: `recon_core.ports.UnitOfWork` for SQLite and PostgreSQL.

Writes are columnar and go to the driver as one prepared statement a call. Log entries are kept in memory and chained
to the log at commit, under a lock that is taken last of all: writers of different accounts meet only there.
"""

# ruff: noqa: S608  every name in this SQL is one of our own tables and columns
from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, Table

from recon_core.domain.history import GENESIS, HistoryEntry, chain_hash, entry_header
from recon_core.ports import Side
from recon_core.store import patches
from recon_core.store.columns import bound
from recon_core.store.driver import Driver
from recon_core.store.schema import Schema

# Any constant does, as long as nobody else in the database uses the same: "recon" in ASCII.
_LOG_LOCK = 0x7265636F6E
# Each of the first two excludes itself; the last goes with the second, and with itself.
_LOCKS = {Side.BOTH: "FOR UPDATE", Side.BANK: "FOR NO KEY UPDATE", Side.BOOK: "FOR KEY SHARE"}
# How many ids PostgreSQL is asked for at a time by who inserts again and again.
_SPARE_IDS = 100
_TABLE = re.compile(r"\b(?:FROM|JOIN) (\w+)")


@lru_cache(maxsize=2000)
def _tables(sql: str) -> frozenset[str]:
    """The tables that a query reads."""
    return frozenset(_TABLE.findall(sql))


@lru_cache(maxsize=2000)
def _row_type(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    row = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024  the names are known only at run time
    return partial(tuple.__new__, row)


class SqlAction:
    """See `recon_core.ports.Action`."""

    def __init__(self, uow: SqlUnitOfWork, header: dict[str, Any]) -> None:
        self._uow = uow
        self.header = header
        self.by: str = header["happened_by"]
        self.at: datetime = header["happened_at"]
        self.payload: list[dict[str, Any]] = []

    def insert(self, table: str, columns: Mapping[str, Any], *, count: int) -> Sequence[int]:
        if count == 0:
            return ()
        target = self._uow.schema.tables[table]
        ids: Sequence[int] = columns.get("id", ())
        if "id" in target.c and "id" not in columns:
            ids = self._uow.reserve_ids(table, count)
            columns = {"id": ids, **columns}
        self._uow.insert_rows(target, columns, count)
        self._uow.written(table, self.header["cash_account_id"])
        self.payload.append(patches.inserted(target, columns, count))
        if self.header["subject_id"] == 0 and self.header["subject_kind"] == table:
            self.header["subject_id"] = ids[0]
        return ids

    def insert_row(self, table: str, row: Mapping[str, Any]) -> int:
        single = {name: [value] for name, value in row.items()}
        return self.insert(table, single, count=1)[0]

    def update(
        self,
        table: str,
        ids: Sequence[int],
        columns: Mapping[str, Any],
        *,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        if not ids:
            return
        target = self._uow.schema.tables[table]
        if before is None:
            before = self._uow.columns_by_id(target, ids, list(columns))
        self._uow.update_rows(target, ids, columns)
        self._uow.written(table, self.header["cash_account_id"])
        self.payload.append(patches.updated(target, ids, before, columns))

    def delete(self, table: str, ids: Sequence[int]) -> None:
        if not ids:
            return
        target = self._uow.schema.tables[table]
        names = [column.name for column in target.columns if column.name != "id"]
        before = self._uow.columns_by_id(target, ids, names)
        self._uow.select(f"DELETE FROM {target.name} WHERE id IN :ids RETURNING id", {"ids": list(ids)})
        self._uow.written(table, self.header["cash_account_id"])
        self.payload.append(patches.deleted(target, ids, before))

    def note(self, facts: Mapping[str, Any]) -> None:
        self.payload.append({"note": dict(facts)})


class SqlUnitOfWork:
    """See `recon_core.ports.UnitOfWork`. `connection` is open for SQL of one's own; what it writes is not logged."""

    def __init__(self, connection: Connection, schema: Schema) -> None:
        self.connection = connection
        self.schema = schema
        self._dialect = connection.dialect
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._driver = Driver(connection)
        self._results = schema.result_types(connection.dialect)
        self._entries: list[SqlAction] = []
        self._in_action = False
        self._known: dict[tuple[str, str], list[Any]] = {}
        # What `known` knows, by the tables that it was read from and the account that it is about.
        self._reading: dict[str, dict[int | None, list[tuple[str, str]]]] = {}
        self._held: dict[int, Side] = {}
        self._held_rows: set[tuple[str, int]] = set()
        self._spare_ids: dict[str, list[int]] = {}

    def select(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        names, rows = self._driver.fetch(sql, parameters)
        if not rows:
            return []
        made = _row_type(names)
        if not any(self._results.of(name) for name in names):
            return list(map(made, rows))
        return list(map(made, zip(*self._converted(names, rows), strict=True)))

    def _forget(self) -> None:
        self._known.clear()
        self._reading.clear()

    def written(self, table: str, account_id: int | None = None) -> None:
        """Ask anew what `known` knows of the table, of one account or of all."""
        reading = self._reading.get(table, {})
        owners = list(reading) if account_id is None else (None, account_id)
        for owner in owners:
            for key in reading.pop(owner, ()):
                self._known.pop(key, None)

    def known(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        key = (sql, repr(parameters or {}))
        if key not in self._known:
            self.remember(sql, parameters or {}, self.select(sql, parameters))
        return self._known[key]

    def remember(
        self, sql: str, parameters: Mapping[str, Any], rows: list[Any], *, account_id: int | None = None
    ) -> None:
        key = (sql, repr(parameters))
        self._known[key] = rows
        owner = parameters.get("account", account_id)
        for table in _tables(sql):
            self._reading.setdefault(table, {}).setdefault(owner, []).append(key)

    def columns(self, sql: str, parameters: Mapping[str, Any] | None = None) -> dict[str, list[Any]]:
        names, rows = self._driver.fetch(sql, parameters)
        if not rows:
            return {name: [] for name in names}
        return dict(zip(names, map(list, self._converted(names, rows)), strict=True))

    def _converted(self, names: Sequence[str], rows: list[Any]) -> Iterator[Iterable[Any]]:
        for name, values in zip(names, zip(*rows, strict=True), strict=True):
            process = self._results.of(name)
            yield values if process is None else map(process, values)

    def value(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:
        names, rows = self._driver.fetch(sql, parameters)
        if not rows:
            return None
        process = self._results.of(names[0])
        return rows[0][0] if process is None else process(rows[0][0])

    def lock_accounts(self, ids: Sequence[int], *, side: Side = Side.BOTH) -> bool:
        free = {one for one in ids if self._held.get(one) not in {side, Side.BOTH}}
        if not free:
            return False
        if not free.isdisjoint(self._held):
            side = Side.BOTH
        if not self._is_sqlite:
            sql = f"SELECT id FROM cash_account WHERE id IN :ids ORDER BY id {_LOCKS[side]}"
            self.select(sql, {"ids": sorted(free)})
        self._held |= dict.fromkeys(free, side)
        self._forget()
        return not self._is_sqlite  # there, who may write is the only writer

    def lock_row(self, table: str, row_id: int) -> None:
        if not self._is_sqlite and (table, row_id) not in self._held_rows:
            self._held_rows.add((table, row_id))
            target = self.schema.tables[table].name
            self.select(f"SELECT id FROM {target} WHERE id = :id FOR UPDATE", {"id": row_id})

    def lock_names(self, names: Iterable[str]) -> None:
        if not self._is_sqlite:
            sql = "SELECT pg_advisory_xact_lock(hashtextextended(name, :seed)) FROM unnest(CAST(:names AS text[])) AS name"
            self.select(sql, {"names": sorted(set(names)), "seed": _LOG_LOCK})

    @contextmanager
    def action(
        self,
        code: str,
        *,
        subject: tuple[str, int],
        by: str,
        at: datetime,
        account_id: int | None = None,
        reason: str = "",
    ) -> Iterator[SqlAction]:
        assert not self._in_action, "deeds do not nest: their log entries would be out of order"
        assert by, "somebody does everything"
        header = {
            "happened_at": at.astimezone(UTC),
            "happened_by": by,
            "action": code,
            "subject_kind": subject[0],
            "subject_id": subject[1],
            "cash_account_id": account_id,
            "reason": reason,
        }
        self._in_action = True
        try:
            action = SqlAction(self, header)
            yield action
            if action.payload:
                self._entries.append(action)
        finally:
            self._in_action = False

    def commit(self) -> None:
        self._write_log()
        self._held.clear()
        self._held_rows.clear()
        self._forget()
        try:
            self.connection.commit()
        except BaseException:
            # Whether it is durable is unknown, and the transaction may be open still: nobody else may get this one.
            self.connection.invalidate()
            raise

    def reserve_ids(self, table: str, count: int) -> Sequence[int]:
        name = self.schema.tables[table].name
        if self._is_sqlite:
            last = self.value("SELECT seq FROM sqlite_sequence WHERE name = :name", {"name": name}) or 0
            return range(last + 1, last + 1 + count)
        spare = self._spare_ids.get(name, [])
        if len(spare) < count:
            # Who asks again will ask once more. What is left over at the end is lost, as it is after a rollback.
            wanted = max(count, _SPARE_IDS) if name in self._spare_ids else count
            numbers = f"SELECT nextval('{name}_id_seq') FROM generate_series(1, :count)"
            spare = [*spare, *(row[0] for row in self.select(numbers, {"count": wanted}))]
        self._spare_ids[name] = spare[count:]
        return spare[:count]

    def columns_by_id(self, table: Table, ids: Sequence[int], names: Sequence[str]) -> dict[str, list[Any]]:
        """The columns of these rows, in the order of `ids`. Every id must exist."""
        rows = self.select(f"SELECT id, {', '.join(names)} FROM {table.name} WHERE id IN :ids", {"ids": ids})
        found = {row[0]: row[1:] for row in rows}
        ordered = [found[row_id] for row_id in ids]
        return {name: [row[position] for row in ordered] for position, name in enumerate(names)}

    def logged_tables(self) -> Sequence[str]:
        return [name for name, table in self.schema.tables.items() if table.info.get("logged", True)]

    def plain_rows(self, table: str, columns: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
        target = self.schema.tables[table]
        key = [column.name for column in target.primary_key.columns]
        names = list(dict.fromkeys([*key, *columns]))
        found = patches.plain(target, self.columns(f"SELECT {', '.join(names)} FROM {target.name}"), collapse=False)
        rows = (dict(zip(names, values, strict=True)) for values in zip(*(found[one] for one in names), strict=True))
        return {tuple(row[name] for name in key): row for row in rows}

    def unlogged_digest(self, table: str, ids: Sequence[int]) -> str | None:
        target = self.schema.tables[table]
        names = sorted(target.info["unlogged"])
        try:
            columns = self.columns_by_id(target, ids, names)
        except KeyError:
            return None
        return patches.unlogged_digest(target, columns, len(ids))

    def _driver_values(self, table: Table, name: str, values: Any, count: int) -> Iterable[Any]:
        kind = table.c[name].type
        if not patches.is_column(values):
            return repeat(next(iter(bound(kind, self._dialect, [values]))), count)
        assert len(values) == count, f"{table.name}.{name} has {len(values)} values for {count} rows"
        return bound(kind, self._dialect, values)

    def insert_rows(self, table: Table, columns: Mapping[str, Any], count: int) -> None:
        """Insert columns, bypassing the log."""
        values = [self._driver_values(table, name, column, count) for name, column in columns.items()]
        self._driver.insert(table.name, list(columns), list(zip(*values, strict=False)))

    def update_rows(self, table: Table, ids: Sequence[int], columns: Mapping[str, Any]) -> None:
        """Set columns by id, bypassing the log. Every id must exist."""
        if any(patches.is_column(values) for values in columns.values()):
            lists = {
                name: list(self._driver_values(table, name, one, len(ids)))
                for name, one in columns.items()
                if patches.is_column(one)
            }
            same = {
                name: next(iter(self._driver_values(table, name, one, 1)))
                for name, one in columns.items()
                if name not in lists
            }
            changed = self._driver.update(table, ids, lists, same)
        else:
            sets = ", ".join(f"{name} = :{name}" for name in columns)
            for name, one in columns.items():  # the column's type checks what it is given
                list(self._driver_values(table, name, one, 1))
            changed = self._driver.run(f"UPDATE {table.name} SET {sets} WHERE id IN :ids", {**columns, "ids": ids})
        assert changed == len(ids), f"{table.name}: {changed} rows changed instead of {len(ids)}"

    def _write_log(self) -> None:
        if not self._entries:
            return
        # Everything that takes time is done before the lock that all writers share.
        payloads = [patches.dumps(action.payload) for action in self._entries]
        if not self._is_sqlite:
            self.select("SELECT pg_advisory_xact_lock(:key)", {"key": _LOG_LOCK})
        last = self.select("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1")
        seq, previous = (last[0].seq, last[0].hash) if last else (0, GENESIS)
        entries = []
        for action, payload in zip(self._entries, payloads, strict=True):
            seq += 1
            entry = HistoryEntry(seq=seq, **action.header, payload=payload, previous_hash=previous, hash="")
            previous = chain_hash(previous, header=entry_header(entry), payload=payload)
            entries.append(entry._replace(hash=previous))
        columns = dict(zip(HistoryEntry._fields, map(list, zip(*entries, strict=True)), strict=True))
        self.insert_rows(self.schema.tables["log"], columns, len(entries))
        self._entries.clear()
