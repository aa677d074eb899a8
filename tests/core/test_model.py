"""Any sequence of deeds leaves the books as a much smaller model has them, and every rule holds after each (T22)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from recon_core.domain.matching import Match, Rest
from recon_core.domain.refused import Refused
from recon_core.services import adjust, clearing, history, reconcile, release, undo, voiding
from recon_core.services import settings as settings_service
from recon_core.store.engine import Database, open_database
from tests.core.model import Decision, Document, Entry, Line, Model
from tests.core.world import World

_MEMORY = Path("/dev/shm")
START = date(2026, 1, 1)
AMOUNTS = st.sampled_from([100, 100, 250, -40, -50])
DAYS = st.integers(0, 80).map(lambda number: START + timedelta(days=number))
PICK = st.integers(0, 10_000)


class Books(RuleBasedStateMachine):
    """Deeds on one account; `database` is set by the test for each engine."""

    make: Any = None

    @initialize()
    def begin(self) -> None:
        self.stack = type(self).make()
        self.world = World(self.stack.__enter__())
        self.account_id = self.world.account()
        self.world.entry_types()
        self.model = Model()
        self.balance = 0
        self.bank_day = START

    def teardown(self) -> None:
        if hasattr(self, "world"):
            report = self.world.read(history.verify_log)
            assert report.holds, [str(one) for one in report.differences][:3]
            self.stack.__exit__(None, None, None)

    def attempt(self, expected: bool, deed: Any, **arguments: Any) -> Any:
        """Do it; it must be allowed exactly when the model says so. Returns the result, or None if refused."""
        if not expected:
            with pytest.raises(Refused):
                self.world.do(deed, **arguments)
            return None
        return self.world.do(deed, **arguments)

    def pick(self, table: dict[int, Any], number: int) -> int | None:
        keys = sorted(table)
        return keys[number % len(keys)] if keys else None

    @rule(amount=AMOUNTS, day=DAYS)
    def book(self, amount: int, day: date) -> None:
        name = f"N{len(self.model.entries)}"
        sign = "-" if amount < 0 else ""
        (entry_id,) = self.world.book(
            self.account_id, f"{day} {sign}{abs(amount) // 100}.{abs(amount) % 100:02d} {name}"
        )
        self.model.entries[entry_id] = Entry(amount, day)

    @rule(amount=AMOUNTS, step=st.integers(0, 3))
    def bank(self, amount: int, step: int) -> None:
        self.bank_day += timedelta(days=step)
        closed = self.model.last_closed()
        if closed is not None and self.bank_day <= closed.day:
            self.bank_day = closed.day + timedelta(days=1)
        texts = [f"{value / 100:.2f}" for value in (self.balance, amount)]
        found = self.world.statement(
            self.account_id, texts[0], f"{self.bank_day} {texts[1]}", sequence=len(self.model.lines) + 1
        )
        assert found.outcome == "new"
        (line_id,) = found.new_line_ids
        self.balance += amount
        self.model.lines[line_id] = Line(amount, self.bank_day)

    @rule(line=PICK)
    def settle(self, line: int) -> None:
        """Book exactly what is left of a bank line and match the two."""
        line_id = self.pick(self.model.lines, line)
        if line_id is None or self.model.lines[line_id].state != "open":
            return
        bank = self.model.lines[line_id]
        left = bank.amount - bank.used
        if left:
            self.book(left, bank.day)
            entry_id = max(self.model.entries)
            match = Match((line_id,), (entry_id,))
            applied = self.attempt(True, clearing.apply_matches, matches=[match])
            self.model.match(applied.decision_ids[0], line_id, entry_id, None)

    @precondition(lambda self: self.model.lines)
    @rule(release=st.booleans())
    def finish_the_month(self, release: bool) -> None:
        """What an accountant does: settle everything, tick what the bank proved, and close if it adds up."""
        document_id = self.model.open_document()
        if document_id is None:
            last = self.model.last_closed()
            when = max(one.day for one in self.model.lines.values())
            if last is not None and when <= last.day:
                return
            self.open_document((when - (START if last is None else last.day + timedelta(days=1))).days, 0)
            document_id = self.model.open_document()
            assert document_id is not None
        document = self.model.documents[document_id]
        if document.state == "balanced":
            self.turn("hold")
        for position in range(len(self.model.lines)):
            self.settle(position)
        for position in range(sum(one.adjusts_line is not None for one in self.model.entries.values())):
            self.release_adjustment(position)
        self.reconcile_processed()
        balance = document.balance - self.model.difference(document_id)
        self.world.do(reconcile.change_document, document_id=document_id, statement_balance=balance)
        document.balance = balance
        self.turn("unhold")
        if release:
            self.release()

    @rule(line=PICK, entry=PICK, half=st.booleans())
    def match(self, line: int, entry: int, half: bool) -> None:
        line_id, entry_id = self.pick(self.model.lines, line), self.pick(self.model.entries, entry)
        if line_id is None or entry_id is None:
            return
        part = (self.model.lines[line_id].amount // 2) if half else None
        parts = (part,) if part is not None else ()
        match = Match((line_id,), (entry_id,), parts, parts)
        expected = self.model.may_match(line_id, entry_id, part)
        applied = self.attempt(expected, clearing.apply_matches, matches=[match])
        if applied is not None:
            self.model.match(applied.decision_ids[0], line_id, entry_id, part)

    @rule(
        entry=PICK,
        per_cent=st.sampled_from([30, 60, 100]),
        step=st.integers(0, 9),
        back=st.sampled_from([-1, -1, -1, 0, 3, 9]),
    )
    def pay_a_part(self, entry: int, per_cent: int, step: int, back: int) -> None:
        """The bank carries out some or all of what is left of an entry; then perhaps somebody reconciles up to some days
        before.
        """
        if entry % 2 or not self.model.entries:
            self.book(1000 if entry % 3 else -700, self.bank_day)
        unpaid = {
            key: one
            for key, one in self.model.entries.items()
            if one.status == "released" and one.matched != one.amount and not self.model.is_closed(one)
        }
        entry_id = self.pick(unpaid, entry // 2)
        if entry_id is None:
            return
        left = unpaid[entry_id].amount - unpaid[entry_id].matched
        part = left * per_cent // 100 or left
        self.bank(part, step)
        line_id = max(self.model.lines)
        match = Match((line_id,), (entry_id,), transaction_amounts=(part,))
        expected = self.model.may_match(line_id, entry_id, part)
        applied = self.attempt(expected, clearing.apply_matches, matches=[match])
        if applied is not None:
            self.model.match(applied.decision_ids[0], line_id, entry_id, part)
        if back >= 0:
            if self.model.open_document() is None:
                last = self.model.last_closed()
                begin = START if last is None else last.day + timedelta(days=1)
                self.open_document(max(0, (self.bank_day - begin).days - back), 0)
            self.reconcile_processed()

    @rule(decision=PICK, reverse=st.booleans())
    def undo(self, decision: int, reverse: bool) -> None:
        decision_id = self.pick(self.model.decisions, decision)
        if decision_id is None:
            return
        when = START + timedelta(days=120) if reverse else None
        expected = self.model.may_undo(decision_id, reverse=reverse)
        before = set(self.model.entries)
        done = self.attempt(expected, undo.undo_decisions, decision_ids=[decision_id], reverse_on=when)
        if done is not None:
            self.model.undo(decision_id)
            self.take_new_voids(before)

    def take_new_voids(self, before: set[int]) -> None:
        for row in self.world.rows("SELECT id, amount, transaction_date, voids_id FROM book_transaction"):
            if row.id not in before and row.voids_id is not None:
                self.model.entries[row.id] = Entry(row.amount, row.transaction_date, voids=row.voids_id)

    @rule(line=PICK)
    def adjust_line(self, line: int) -> None:
        line_id = self.pick(self.model.lines, line)
        if line_id is None:
            return
        bank = self.model.lines[line_id]
        left = bank.amount - bank.used
        code = "FEE" if left < 0 else "INT"
        expected = bank.state == "open" and left != 0 and not self.model.is_locked(bank.day)
        made = self.attempt(expected, adjust.create_from_line, line_id=line_id, rest=Rest(code))
        if made is not None:
            sql = "SELECT decision_id FROM adjustment WHERE id = :id"
            decision_id = self.world.rows(sql, id=made.id)[0].decision_id
            entry = Entry(left, bank.day, "balanced", left, bank.day, adjustment="created", decision=decision_id)
            entry.adjusts_line = made.id
            self.model.entries[made.transaction_id] = entry
            self.model.decisions[decision_id] = Decision(
                {line_id: left}, {made.transaction_id: left}, {made.transaction_id: None}
            )
            bank.used, bank.state = bank.amount, "adjusted"

    @rule(entry=PICK)
    def release_adjustment(self, entry: int) -> None:
        made = {key: one for key, one in self.model.entries.items() if one.adjusts_line is not None}
        entry_id = self.pick(made, entry)
        if entry_id is None:
            return
        one = made[entry_id]
        expected = one.adjustment == "created" and not self.model.is_locked(one.day)
        if self.attempt(expected, adjust.release_adjustments, adjustment_ids=[one.adjusts_line]) is not None:
            one.adjustment, one.status = "released", "released"

    @rule(entry=PICK, later=st.integers(0, 20), released=st.booleans())
    def void(self, entry: int, later: int, released: bool) -> None:
        entry_id = self.pick(self.model.entries, entry)
        if entry_id is None:
            return
        one = self.model.entries[entry_id]
        when = one.day + timedelta(days=later)
        free = one.voids is None and self.model.void_of(entry_id) is None and one.status == "released"
        mine = [key for key, made in self.model.decisions.items() if made.applied and entry_id in made.entries]
        undoing = bool(one.matched) and not self.model.is_closed(one)
        locked = self.model.is_locked(when) or (
            undoing
            and any(
                self.model.is_locked(self.model.lines[key].day) for d in mine for key in self.model.decisions[d].lines
            )
        )
        before = set(self.model.entries)
        done = self.attempt(
            free and not locked, voiding.void_transaction, transaction_id=entry_id, day=when, release=released
        )
        if done is None:
            return
        if undoing:
            for decision_id in mine:
                self.model.undo(decision_id, join=False)
        elif one.adjustment == "released" and released:
            one.adjustment = "reversed"
        self.take_new_voids(before)
        if not released and not (undoing and one.adjustment == "reversed"):
            self.model.entries[done].status = "balanced"

    @rule(entry=PICK, yes=st.booleans())
    def decide_pending_void(self, entry: int, yes: bool) -> None:
        pending = {
            key: one for key, one in self.model.entries.items() if one.voids is not None and one.status == "balanced"
        }
        entry_id = self.pick(pending, entry)
        if entry_id is None:
            return
        if not yes:
            self.world.do(voiding.reject_void, transaction_id=entry_id)
            pending[entry_id].status = "rejected"
            return
        expected = not self.model.is_locked(pending[entry_id].day)
        if not expected:
            self.attempt(False, voiding.release_void, transaction_id=entry_id)
            return
        self.world.do(voiding.release_void, transaction_id=entry_id)
        pending[entry_id].status = "released"
        original = self.model.entries[pending[entry_id].voids or 0]
        original.adjustment = "reversed" if original.adjustment == "released" else original.adjustment

    @rule(step=st.integers(0, 20), off=st.sampled_from([0, 0, 0, 100]))
    def open_document(self, step: int, off: int) -> None:
        last = self.model.last_closed()
        begin = START if last is None else last.day + timedelta(days=1)
        when = begin + timedelta(days=step)
        beginning = 0 if last is None else last.balance
        expected = self.model.open_document() is None
        proved = sum(one.amount for one in self.model.lines.values() if one.day <= when)
        made = self.attempt(
            expected,
            reconcile.open_document,
            account_id=self.account_id,
            reconciliation_date=when,
            statement_balance=proved + off,
        )
        if made is not None:
            self.model.documents[made] = Document(when, beginning, proved + off)

    @rule(entry=PICK, value=st.booleans())
    def tick(self, entry: int, value: bool) -> None:
        document_id, entry_id = self.model.open_document(), self.pick(self.model.entries, entry)
        if document_id is None or entry_id is None:
            return
        one = self.model.entries[entry_id]
        listed = one.document in {None, document_id} and one.status != "rejected" and not self.model.is_hidden(entry_id)
        expected = listed and (not value or self.model.may_tick(document_id, entry_id))
        splits = self.model.to_split(document_id, [entry_id]) if expected and value else []
        if expected and self.model.documents[document_id].state == "balanced":
            expected = self.would_balance(document_id, splits, [entry_id], value=value)
        done = self.attempt(
            expected, reconcile.tick, document_id=document_id, transaction_ids=[entry_id], reconciled=value
        )
        if done is not None:
            self.take_splits(document_id, splits)
            self.model.tick(document_id, entry_id, value=value)

    def would_balance(self, document_id: int, splits: list[int], entry_ids: list[int], *, value: bool) -> bool:
        """Whether a balanced document stays so, tried on a copy of the model."""
        model = deepcopy(self.model)
        for number, entry_id in enumerate(splits):
            moved = range(10**6 * (number + 1), 10**6 * (number + 1) + len(model.late_uses(document_id, entry_id)))
            model.split(entry_id, model.documents[document_id].day, 10**9 + number, list(moved))
        for entry_id in entry_ids:
            model.tick(document_id, entry_id, value=value)
        return model.difference(document_id) == 0

    def take_splits(self, document_id: int, splits: list[int]) -> None:
        """Split in the model as the books have split: the new rows in their order belong to these entries."""
        rests = [row.id for row in self.world.rows("SELECT id FROM book_transaction WHERE split_of_id IS NOT NULL")]
        rests = [one for one in sorted(rests) if one not in self.model.entries]
        made = [row.id for row in self.world.rows("SELECT id FROM decision ORDER BY id")]
        made = [one for one in made if one not in self.model.decisions]
        for entry_id, rest_id in zip(splits, rests, strict=True):
            count = len(self.model.late_uses(document_id, entry_id))
            self.model.split(entry_id, self.model.documents[document_id].day, rest_id, made[:count])
            made = made[count:]
        assert made == []

    @precondition(lambda self: self.model.open_document() is not None)
    @rule()
    def reconcile_processed(self) -> None:
        document_id = self.model.open_document()
        assert document_id is not None
        document = self.model.documents[document_id]
        splits = self.model.to_split(document_id, list(self.model.entries))
        wanted = splits + [
            key
            for key, one in self.model.entries.items()
            if one.proved and one.document is None and one.cleared is not None and one.cleared <= document.day
            and self.model.may_tick(document_id, key)
        ]  # fmt: skip
        stays = document.state == "hold" or self.would_balance(document_id, splits, wanted, value=True)
        done = self.attempt(stays, reconcile.reconcile_processed, document_id=document_id)
        if done is None:
            return
        assert sorted(done.changed) == sorted(wanted)
        self.take_splits(document_id, splits)
        for key in wanted:
            self.model.tick(document_id, key, value=True)

    @precondition(lambda self: self.model.open_document() is not None)
    @rule(deed=st.sampled_from(["unhold", "hold", "delete"]))
    def turn(self, deed: str) -> None:
        document_id = self.model.open_document()
        assert document_id is not None
        document = self.model.documents[document_id]
        if deed == "unhold":
            expected = document.state == "hold" and not self.model.difference(document_id)
            if self.attempt(expected, reconcile.remove_hold, document_id=document_id) is not None:
                document.state = "balanced"
        elif deed == "hold":
            self.attempt(document.state == "balanced", reconcile.hold, document_id=document_id)
            document.state = "hold"
        else:
            self.world.do(reconcile.delete_document, document_id=document_id)
            for entry in self.model.entries.values():
                entry.document = None if entry.document == document_id else entry.document
            del self.model.documents[document_id]

    @precondition(lambda self: self.model.open_document() is not None)
    @rule()
    def release(self) -> None:
        document_id = self.model.open_document()
        assert document_id is not None
        document = self.model.documents[document_id]
        entries = self.model.entries
        pending = any(
            one.document == document_id and (void := self.model.void_of(key)) is not None and void.status != "released"
            for key, one in entries.items()
        )
        created = any(one.adjustment == "created" and one.day <= document.day for one in entries.values())
        known = any(one.day >= document.day for one in self.model.lines.values()) or any(
            one.day <= document.day for one in self.model.lines.values()
        )
        bank = sum(one.amount for one in self.model.lines.values() if one.day <= document.day)
        wrong = known and self.reached(document.day) and bank != document.balance
        expected = document.state == "balanced" and not pending and not created and not wrong
        if self.attempt(expected, release.release, document_id=document_id) is not None:
            document.state = "closed"

    def reached(self, day: date) -> bool:
        """Whether the bank's statements reach a day, so that its balance is known then."""
        days = [one.day for one in self.model.lines.values()]
        return any(one >= day for one in days) and any(one <= day for one in days)

    @rule(number=PICK)
    def void_document(self, number: int) -> None:
        document_id = self.pick(self.model.documents, number)
        if document_id is None:
            return
        document = self.model.documents[document_id]
        newer = any(
            one.day > document.day and one.state != "voided"
            for key, one in self.model.documents.items()
            if key != document_id
        )
        expected = document.state == "closed" and not newer
        if not expected:
            with pytest.raises(Refused):
                self.world.do(release.void_document, document_id=document_id)
            return
        self.world.do(release.void_document, document_id=document_id)
        document.state = "voided"
        for entry in self.model.entries.values():
            entry.document = None if entry.document == document_id else entry.document

    @rule(month=st.integers(1, 3), locked=st.booleans())
    def lock(self, month: int, locked: bool) -> None:
        name = f"2026-{month:02d}"
        if not self.world.rows("SELECT id FROM fiscal_period WHERE name = :name", name=name):
            last = date(2026, month + 1, 1) - timedelta(days=1)
            self.world.do(settings_service.open_period, name=name, from_date=date(2026, month, 1), to_date=last)
        self.world.do(settings_service.lock_period, name=name, locked=locked)
        (self.model.locked.add if locked else self.model.locked.discard)((2026, month))

    @invariant()
    def the_books_are_as_the_model_has_them(self) -> None:
        if not hasattr(self, "world"):
            return
        lines = {row.id: (row.state, row.used_amount) for row in self.world.rows("SELECT * FROM statement_line")}
        assert lines == {key: (one.state, one.used) for key, one in self.model.lines.items()}
        entries = {
            row.id: (row.amount, row.status, row.matched_amount, row.clear_date, row.reconciliation_id)
            for row in self.world.rows("SELECT * FROM book_transaction")
        }
        assert entries == {
            key: (one.amount, one.status, one.matched, one.cleared, one.document)
            for key, one in self.model.entries.items()
        }
        documents = {
            row.id: (row.state, row.beginning_balance) for row in self.world.rows("SELECT * FROM reconciliation")
        }
        assert documents == {key: (one.state, one.beginning) for key, one in self.model.documents.items()}

    @invariant()
    def the_rules_hold(self) -> None:
        if not hasattr(self, "world"):
            return
        broken = self.world.rows(RULES)
        assert broken == [], broken


# Each part names a rule and returns rows only where it is broken.
RULES = """
SELECT 'R1/R2' AS broken, id FROM reconciliation WHERE state = 'closed'
  AND statement_balance <> beginning_balance + receipts - disbursements
UNION ALL SELECT 'R1 lines', r.id FROM reconciliation r WHERE r.state = 'closed' AND r.receipts - r.disbursements <>
  (SELECT coalesce(sum(amount), 0) FROM book_transaction t WHERE t.reconciliation_id = r.id)
UNION ALL SELECT 'R3', r.id FROM reconciliation r JOIN reconciliation p ON p.id = r.predecessor_id
  WHERE r.state <> 'voided' AND (p.state <> 'closed' OR p.statement_balance <> r.beginning_balance)
UNION ALL SELECT 'R4', min(id) FROM reconciliation WHERE state IN ('hold', 'balanced') GROUP BY cash_account_id
  HAVING count(*) > 1
UNION ALL SELECT 'R7', t.id FROM book_transaction t WHERE t.reconciliation_id IS NOT NULL AND t.status <> 'released'
UNION ALL SELECT 'R9', t.id FROM book_transaction t JOIN reconciliation r ON r.id = t.reconciliation_id
  WHERE t.transaction_date > r.reconciliation_date
UNION ALL SELECT 'R13', v.voucher_id FROM voucher_row v GROUP BY v.voucher_id, v.currency HAVING sum(v.amount) <> 0
UNION ALL SELECT 'R14 line', l.id FROM statement_line l WHERE l.used_amount <> (SELECT coalesce(sum(x.amount), 0)
  FROM decision_line x JOIN decision d ON d.id = x.decision_id WHERE x.statement_line_id = l.id AND d.state = 'applied')
UNION ALL SELECT 'R14 book', t.id FROM book_transaction t WHERE t.matched_amount <> (SELECT coalesce(sum(x.amount), 0)
  FROM decision_transaction x JOIN decision d ON d.id = x.decision_id
  WHERE x.book_transaction_id = t.id AND d.state = 'applied')
UNION ALL SELECT 'balance', r.id FROM reconciliation r WHERE r.state = 'closed' AND r.statement_balance <>
  (SELECT coalesce(sum(t.amount), 0) FROM book_transaction t JOIN reconciliation c ON c.id = t.reconciliation_id
  WHERE c.state = 'closed' AND c.reconciliation_date <= r.reconciliation_date)
"""


@pytest.fixture
def sequences(request: pytest.FixtureRequest) -> settings:
    heavy = request.config.getoption("--heavy")
    # The catalogue's 10,000 take hours: RECON_SEQUENCES=10000.
    return settings(
        max_examples=int(os.environ.get("RECON_SEQUENCES", "250")) if heavy else 15,
        stateful_step_count=50 if heavy else 30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_any_sequence_on_sqlite(migrated_file: Path, sequences: settings) -> None:
    @contextmanager
    def make() -> Iterator[Database]:
        # In memory where the machine has a folder for that: here the rules are tried, not the disk.
        with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
            path = Path(folder) / "recon.db"
            shutil.copy(migrated_file, path)
            database = open_database(f"sqlite:///{path}")
            yield database
            database.close()

    machine = type("SqliteBooks", (Books,), {"make": staticmethod(make)})
    run_state_machine_as_test(machine, settings=sequences)


def test_any_sequence_on_postgresql(migrated_postgres: Database, sequences: settings) -> None:
    from tests.core.conftest import emptied

    @contextmanager
    def make() -> Iterator[Database]:
        yield emptied(migrated_postgres)

    machine = type("PostgresBooks", (Books,), {"make": staticmethod(make)})
    run_state_machine_as_test(machine, settings=sequences)
