"""The log as a proof: its chain holds, and replaying it gives the books as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from recon_core.domain.history import Broken, HistoryEntry, State, replay, verify_chain
from recon_core.ports import UnitOfWork

_PAGE = 500


class Difference(NamedTuple):
    """A row that is not what the log says: its table and key, the column (empty for a whole row), both values."""

    table: str
    key: tuple[Any, ...]
    column: str
    logged: Any
    stored: Any

    def __str__(self) -> str:
        where = f"{self.table} {'/'.join(map(str, self.key))}"
        if not self.column:
            return f"{where}: {'it is gone' if self.stored is None else 'no log entry made it'}."
        return f"{where}: {self.column} is {self.stored!r}, the log says {self.logged!r}."


class LogReport(NamedTuple):
    """What verifying found. `head` is the last hash: kept elsewhere, it proves that no entry was cut off the end."""

    entries: int
    head: str
    broken: tuple[Broken, ...]
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.broken and not self.differences


def entries(uow: UnitOfWork, *, through: int | None = None) -> Iterator[HistoryEntry]:
    """All log entries in order, up to a number if given; a page at a time in memory."""
    after = 0
    while True:
        page = uow.select(
            f"SELECT {', '.join(HistoryEntry._fields)} FROM log WHERE seq > :after ORDER BY seq LIMIT :page",  # noqa: S608
            {"after": after, "page": _PAGE},
        )
        for row in page:
            if through is not None and row.seq > through:
                return
            yield HistoryEntry._make(row)
        if len(page) < _PAGE:
            return
        after = page[-1].seq


def verify_log(uow: UnitOfWork) -> LogReport:
    """Recompute the chain, replay it, and compare the result with every row of the books."""
    count, head, broken = verify_chain(entries(uow))
    try:
        state = replay(entry.payload for entry in entries(uow))
    except (KeyError, ValueError) as error:
        found = Broken(0, f"It can't be replayed: {error}")
        return LogReport(count, head, (*broken, found), ())
    return LogReport(count, head, tuple(broken), tuple(_compare(uow, state)))


def _compare(uow: UnitOfWork, state: State) -> Iterator[Difference]:
    for table in uow.logged_tables():
        rows = state.get(table, {})
        columns = sorted({name for row in rows.values() for name in row})
        stored = uow.plain_rows(table, columns)
        for key, row in rows.items():
            found = stored.pop(key, None)
            if found is None:
                yield Difference(table, key, "", row, None)
                continue
            for name, value in row.items():
                if found[name] != value:
                    yield Difference(table, key, name, value, found[name])
        for key in stored:
            yield Difference(table, key, "", None, stored[key])
    yield from _compare_unlogged(uow, state)


def _compare_unlogged(uow: UnitOfWork, state: State) -> Iterator[Difference]:
    """Values that the log covers by a digest, for every insert whose rows are all still there."""
    for entry in entries(uow):
        if '"unlogged":' not in entry.payload:
            continue
        for patch in json.loads(entry.payload):
            if "unlogged" not in patch:
                continue
            table = patch["insert"]
            ids = patch["columns"]["id"]
            ids = ids if isinstance(ids, list) else [ids]
            if any((row_id,) not in state[table] for row_id in ids):
                continue
            digest = uow.unlogged_digest(table, ids)
            if digest != patch["unlogged"]:
                yield Difference(table, tuple(ids[:1]), "unlogged columns", patch["unlogged"], digest)


def head(uow: UnitOfWork) -> tuple[int, str]:
    """Number and hash of the last entry, to be kept outside."""
    rows = uow.select("SELECT seq, hash FROM log ORDER BY seq DESC LIMIT 1")
    return (rows[0].seq, rows[0].hash) if rows else (0, "")
