"""A small second implementation of the books, in plain dictionaries, to compare the real one with (T22).

It knows one account. Each deed returns whether it must be allowed and, if so, changes the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass
class Line:
    amount: int
    day: date
    state: str = "open"
    used: int = 0


@dataclass
class Entry:
    amount: int
    day: date
    status: str = "released"
    matched: int = 0
    cleared: date | None = None
    document: int | None = None
    voids: int | None = None
    adjusts_line: int | None = None
    adjustment: str = ""
    decision: int | None = None


@dataclass
class Decision:
    lines: dict[int, int]
    entries: dict[int, int]
    prior: dict[int, date | None]
    adjustment: int | None = None
    applied: bool = True


@dataclass
class Document:
    day: date
    beginning: int
    balance: int
    state: str = "hold"


@dataclass
class Model:
    lines: dict[int, Line] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    decisions: dict[int, Decision] = field(default_factory=dict)
    documents: dict[int, Document] = field(default_factory=dict)
    locked: set[tuple[int, int]] = field(default_factory=set)

    def open_document(self) -> int | None:
        return next((key for key, one in self.documents.items() if one.state in {"hold", "balanced"}), None)

    def last_closed(self) -> Document | None:
        closed = [one for one in self.documents.values() if one.state == "closed"]
        return max(closed, key=lambda one: one.day, default=None)

    def is_closed(self, entry: Entry) -> bool:
        return entry.document is not None and self.documents[entry.document].state == "closed"

    def is_locked(self, day: date) -> bool:
        return (day.year, day.month) in self.locked

    def void_of(self, entry_id: int) -> Entry | None:
        found = (one for one in self.entries.values() if one.voids == entry_id and one.status != "rejected")
        return next(found, None)

    def difference(self, document_id: int) -> int:
        document = self.documents[document_id]
        ticked = sum(one.amount for one in self.entries.values() if one.document == document_id)
        return document.balance - document.beginning - ticked

    def may_match(self, line_id: int, entry_id: int, part: int | None) -> bool:
        line, entry = self.lines[line_id], self.entries[entry_id]
        line_left, entry_left = line.amount - line.used, entry.amount - entry.matched
        amount = line_left if part is None else part
        fits = amount != 0 and all(
            (amount > 0) == (left > 0) and abs(amount) <= abs(left) for left in (line_left, entry_left)
        )
        whole = part is not None or line_left == entry_left
        usable = entry.status in {"released", "balanced"} and self.void_of(entry_id) is None
        return line.state == "open" and usable and not self.is_closed(entry) and fits and whole

    def match(self, decision_id: int, line_id: int, entry_id: int, part: int | None) -> None:
        line, entry = self.lines[line_id], self.entries[entry_id]
        amount = line.amount - line.used if part is None else part
        self.decisions[decision_id] = Decision({line_id: amount}, {entry_id: amount}, {entry_id: entry.cleared})
        line.used += amount
        line.state = "matched" if line.used == line.amount else "open"
        entry.matched += amount
        if entry.matched == entry.amount:
            entry.cleared = line.day

    def may_undo(self, decision_id: int, *, reverse: bool) -> bool:
        decision = self.decisions[decision_id]
        entries = [self.entries[entry_id] for entry_id in decision.entries]
        days = [self.lines[line_id].day for line_id in decision.lines]
        released = any(one.adjustment == "released" for one in entries)
        blocked = any(self.is_closed(one) for one in entries) or any(map(self.is_locked, days))
        return decision.applied and not blocked and (reverse or not released)

    def undo(self, decision_id: int) -> None:
        decision = self.decisions[decision_id]
        decision.applied = False
        for line_id, amount in decision.lines.items():
            self.lines[line_id].used -= amount
            self.lines[line_id].state = "open"
        for entry_id, amount in decision.entries.items():
            entry = self.entries[entry_id]
            others = [key for key, one in self.decisions.items() if one.applied and entry_id in one.entries]
            first = min([*others, decision_id])
            entry.cleared = self.decisions[first].prior[entry_id]
            entry.matched -= amount
            if entry.document is not None:
                self._untick(entry_id)
            if entry.adjustment == "created":
                entry.adjustment, entry.status = "rejected", "rejected"
            elif entry.adjustment == "released":
                entry.adjustment = "reversed"

    def _untick(self, entry_id: int) -> None:
        document_id = self.entries[entry_id].document
        assert document_id is not None
        self.documents[document_id].state = "hold"
        void = self.void_of(entry_id)
        for entry in (self.entries[entry_id], void):
            if entry is not None and entry.document == document_id:
                entry.document = None

    def may_tick(self, document_id: int, entry_id: int) -> bool:
        """Ticking as reconciled: listed, released, not dated later, no pending void, and still balanced if it was."""
        document, entry, void = self.documents[document_id], self.entries[entry_id], self.void_of(entry_id)
        if entry.document not in {None, document_id} or self.is_hidden(entry_id):
            return False
        if entry.status != "released" or entry.day > document.day:
            return False
        return void is None or void.status == "released"

    def is_hidden(self, entry_id: int) -> bool:
        """A released voiding entry goes with its original when both are nowhere, or in the same document."""
        entry = self.entries[entry_id]
        if entry.voids is None or entry.status != "released":
            return False
        return self.entries[entry.voids].document == entry.document

    def tick(self, document_id: int, entry_id: int, *, value: bool) -> None:
        document, entry, void = self.documents[document_id], self.entries[entry_id], self.void_of(entry_id)
        if (entry.document is not None) == value:
            return
        group = [entry]
        along = void is not None and void.status == "released" and void.document == entry.document
        if along and void is not None and (not value or void.day <= document.day):
            group.append(void)
        for one in group:
            one.document = document_id if value else None
            if value and one.cleared is None:
                one.cleared = document.day
