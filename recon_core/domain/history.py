"""The log as data: how an entry is hashed and chained, and how a list of entries becomes the state it led to.

A payload is a JSON list of patches, in the order in which they were made:

    {"insert": table, "key": [column, ...], "count": n, "columns": {column: values}, "unlogged": digest}
    {"update": table, "ids": [...], "before": {column: values}, "after": {column: values}}
    {"delete": table, "ids": [...], "before": {column: values}}
    {"note": {...}}

`values` is a list with a value a row, or one value that holds for all. Dates and times are ISO text. The digest covers columns that are too large to repeat, such as
a file's bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

GENESIS = "0" * 64

State = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


class HistoryEntry(NamedTuple):
    """One row of the log: what was done, to what, when, by whom, why, and the changed rows."""

    seq: int
    happened_at: datetime
    happened_by: str
    action: str
    subject_kind: str
    subject_id: int
    cash_account_id: int | None
    reason: str
    payload: str
    previous_hash: str
    hash: str


def chain_hash(previous: str, *, header: Sequence[object], payload: str) -> str:
    """SHA-256 over the hash before, the entry's columns and its payload, in hex."""
    text = json.dumps([previous, *header], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode())
    digest.update(b"\n")
    digest.update(payload.encode())
    return digest.hexdigest()


def entry_header(entry: HistoryEntry) -> list[object]:
    """The hashed columns of an entry, in their order."""
    moment = entry.happened_at.isoformat(timespec="microseconds")
    return [entry.seq, moment, *entry[2:8]]


class Broken(NamedTuple):
    """A place where the chain does not hold: the entry's number and what is wrong with it."""

    seq: int
    message: str


def verify_chain(entries: Iterable[HistoryEntry]) -> tuple[int, str, list[Broken]]:
    """Recompute every hash. Returns the number of entries, the last hash and the breaks, each at its own entry."""
    expected_seq, previous, broken = 1, GENESIS, []
    for entry in entries:
        if entry.seq != expected_seq:
            broken.append(Broken(entry.seq, f"Entry {expected_seq} is missing."))
        if entry.previous_hash != previous:
            broken.append(Broken(entry.seq, "It does not continue the entry before it."))
        if chain_hash(entry.previous_hash, header=entry_header(entry), payload=entry.payload) != entry.hash:
            broken.append(Broken(entry.seq, "Its content is not what was hashed."))
        expected_seq, previous = entry.seq + 1, entry.hash
    return expected_seq - 1, previous, broken


def _column(values: Any, position: int) -> Any:
    return values[position] if isinstance(values, list) else values


def _apply(state: State, patch: Mapping[str, Any]) -> None:
    if "insert" in patch:
        rows = state.setdefault(patch["insert"], {})
        columns, key = patch["columns"], patch["key"]
        for position in range(patch["count"]):
            row = {name: _column(values, position) for name, values in columns.items()}
            rows[tuple(row[name] for name in key)] = row
    elif "update" in patch:
        rows = state[patch["update"]]
        for position, row_id in enumerate(patch["ids"]):
            row = rows[(row_id,)]
            for name, values in patch["after"].items():
                row[name] = _column(values, position)
    elif "delete" in patch:
        rows = state[patch["delete"]]
        for row_id in patch["ids"]:
            del rows[(row_id,)]


def replay(payloads: Iterable[str]) -> State:
    """The state that the entries lead to: table -> key -> column -> value. Raises KeyError where an entry changes a
    row that no entry made.
    """
    state: State = {}
    for payload in payloads:
        advance(state, payload)
    return state


def advance(state: State, payload: str) -> None:
    """Take a state on by one entry."""
    for patch in json.loads(payload):
        _apply(state, patch)
