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
    part_of: int | None = None

    @property
    def proved(self) -> bool:
        """Whether bank lines have proved all of it."""
        return self.matched != 0 and self.matched == self.amount


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

    def undo(self, decision_id: int, *, join: bool = True) -> None:
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
        if join:
            for entry_id in decision.entries:
                self.rejoin(entry_id)

    def rejoin(self, entry_id: int) -> None:
        """Parts that nothing has used go back into the first open part before them that is cleared alike."""
        root = self.entries[entry_id].part_of or entry_id
        family = [key for key, one in sorted(self.entries.items()) if root in {key, one.part_of}]
        is_open = [key for key in family if self._is_open(key)]
        for key in reversed(is_open):
            part = self.entries[key]
            target = next((one for one in is_open if one < key and self.entries[one].cleared == part.cleared), None)
            if not part.matched and part.part_of is not None and target is not None:
                self.entries[target].amount += part.amount
                part.status = "rejected"

    def _is_open(self, key: int) -> bool:
        one = self.entries[key]
        return one.status == "released" and one.document is None and not one.proved and self.void_of(key) is None

    def uses(self, entry_id: int) -> list[int]:
        """The standing decisions that use an entry."""
        return [key for key, one in sorted(self.decisions.items()) if one.applied and entry_id in one.entries]

    def late_uses(self, document_id: int, entry_id: int) -> list[int]:
        """Those with a bank line after the document's date."""
        return [key for key in self.uses(entry_id) if self._day_of(key) > self.documents[document_id].day]

    def _day_of(self, decision_id: int) -> date:
        return max(self.lines[key].day for key in self.decisions[decision_id].lines)

    def carried_out(self, entry_id: int, day: date) -> int:
        """What bank lines up to a day have proved of an entry."""
        early = [key for key in self.uses(entry_id) if self._day_of(key) <= day]
        return sum(self.decisions[key].entries[entry_id] for key in early)

    def to_split(self, document_id: int, entry_ids: list[int]) -> list[int]:
        """Which of these a document splits, in the order in which it lists them."""
        day = self.documents[document_id].day
        found = []
        for key in sorted(entry_ids, key=lambda one: (self.entries[one].day, one)):
            one = self.entries[key]
            unclear = one.matched and (not one.proved or (one.cleared is not None and one.cleared > day))
            fits = one.document is None and one.voids is None and self.void_of(key) is None
            if (
                unclear
                and fits
                and self.may_list(document_id, key)
                and self.carried_out(key, day) not in {0, one.amount}
            ):
                found.append(key)
        return found

    def split(self, entry_id: int, day: date, rest_id: int, decision_ids: list[int]) -> None:
        """Keep what was carried out by a day; the rest takes the later decisions along, made anew under these ids."""
        one = self.entries[entry_id]
        late = [key for key in self.uses(entry_id) if self._day_of(key) > day]
        early = [key for key in self.uses(entry_id) if key not in late]
        kept = self.carried_out(entry_id, day)
        rest = Entry(one.amount - kept, one.day, cleared=None if one.proved else one.cleared)
        rest.part_of = one.part_of or entry_id
        rest.matched = one.matched - kept
        if rest.proved:
            rest.cleared = max(map(self._day_of, late))
        one.amount = one.matched = kept
        one.cleared = max(map(self._day_of, early))
        self.entries[rest_id] = rest
        for old, new in zip(late, decision_ids, strict=True):
            before = self.decisions[old]
            before.applied = False
            amount, prior = before.entries[entry_id], before.prior[entry_id]
            self.decisions[new] = Decision(dict(before.lines), {rest_id: amount}, {rest_id: prior})

    def _untick(self, entry_id: int) -> None:
        document_id = self.entries[entry_id].document
        assert document_id is not None
        self.documents[document_id].state = "hold"
        void = self.void_of(entry_id)
        for entry in (self.entries[entry_id], void):
            if entry is not None and entry.document == document_id:
                entry.document = None

    def may_tick(self, document_id: int, entry_id: int) -> bool:
        """Ticking as reconciled: it may be listed without a warning, and bank lines have not proved a part of it only."""
        entry = self.entries[entry_id]
        partly = entry.document is None and entry.matched not in {0, entry.amount}
        return self.may_list(document_id, entry_id) and (not partly or bool(self.to_split(document_id, [entry_id])))

    def may_list(self, document_id: int, entry_id: int) -> bool:
        """Listed, released, not dated later, no pending void."""
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
        if along and void is not None and (not value or self._in_time(document, entry, void)):
            group.append(void)
        for one in group:
            one.document = document_id if value else None
            if value and one.cleared is None:
                one.cleared = document.day

    def _in_time(self, document: Document, entry: Entry, void: Entry) -> bool:
        """A void goes along if it is dated in time, and of what the bank carried out only if it was given back too."""
        if entry.proved:
            return void.proved and void.cleared is not None and void.cleared <= document.day
        return void.day <= document.day
