"""Two people and a nightly job at once: exactly one wins, and the other is told (T21)."""

# ruff: noqa: B023  the deeds of a turn run before the next turn begins
from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from recon_core.domain.matching import Match, Rest
from recon_core.domain.refused import ReconError
from recon_core.domain.statement import StatementHeader
from recon_core.services import (
    accounts,
    adjust,
    clearing,
    documents,
    history,
    reconcile,
    release,
    statements,
    undo,
)
from tests.core.test_model import RULES
from tests.core.world import ANNA, BO, IBAN, NIGHT, World, bank_lines, day, kr

# What somebody may be told who comes second.
TOLD = {
    "wrong-state",
    "amount-used",
    "not-balanced",
    "blocked",
    "closed",
    "conflict",
    "unknown",
    "bad-request",
    "unreleased",
}


def race(world: World, *deeds: Callable[[], Any]) -> list[Any]:
    """Start all at the same moment; the result of each, or the error that told it no."""
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return deed()
        except ReconError as refused:
            return refused

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def winners(results: list[Any]) -> int:
    return sum(not isinstance(result, ReconError) for result in results)


@pytest.fixture
def turns(request: pytest.FixtureRequest) -> range:
    return range(1000 if request.config.getoption("--heavy") else 8)


def balanced(world: World, account_id: int, name: str) -> int:
    """A balanced document with one ticked line."""
    ids = world.book(account_id, f"2017-01-10 1 {name}")
    document_id = world.document(account_id, "2017-01-31", "1")
    world.do(reconcile.tick, document_id=document_id, transaction_ids=ids)
    world.do(reconcile.remove_hold, document_id=document_id)
    return document_id


def test_a_document_is_released_once(world: World, turns: range) -> None:
    for turn in turns:
        document_id = balanced(world, world.account(f"A{turn}", iban=None), "X")

        results = race(
            world, *[lambda by=by: world.do(release.release, document_id=document_id, by=by) for by in (ANNA, BO)]
        )

        assert winners(results) == 1
    numbers = [row.number for row in world.rows("SELECT number FROM reconciliation ORDER BY number")]
    assert numbers == [f"{turn + 1:06d}" for turn in turns]


def test_a_release_and_an_undo_do_not_both_happen(world: World, turns: range) -> None:
    for turn in turns:
        account_id = world.account(f"A{turn}", iban=None)
        (booked,) = world.book(account_id, "2017-01-10 1 X")
        (line,) = world.statement(account_id, "0", "2017-01-10 1 R").new_line_ids
        applied = world.match((line, booked))
        document_id = world.document(account_id, "2017-01-10", "1")
        world.do(reconcile.reconcile_processed, document_id=document_id)
        world.do(reconcile.remove_hold, document_id=document_id)

        released, undone = race(
            world,
            lambda: world.do(release.release, document_id=document_id),
            lambda: world.do(undo.undo_decisions, decision_ids=list(applied.decision_ids)),
        )

        assert winners([released, undone]) == 1
        found = world.read(documents.get, document_id)
        assert found.state == ("hold" if isinstance(released, ReconError) else "closed")


def test_a_statement_that_arrives_twice_at_once_is_stored_once(world: World, turns: range) -> None:
    for turn in turns:
        account_id = world.account(f"A{turn}", iban=None)
        header = StatementHeader(format="camt.053", kind="statement", account=IBAN, currency="SEK", statement_id="1")
        lines = bank_lines("2017-01-10 -4.50", "2017-01-10 -4.50")

        def deliver() -> str:
            with world.database.begin() as uow:
                content = f"file {turn}".encode()
                file = statements.archive_file(uow, name="f", content=content, by=NIGHT, at=world.tick())
                found = statements.register_statement(
                    uow, header=header, lines=lines, file_id=file.id, account_id=account_id, by=NIGHT, at=world.tick()
                )
                uow.commit()
            return found.outcome

        results = race(world, deliver, deliver, deliver)

        assert sorted(results) == ["known", "known", "new"]
        count = world.rows("SELECT id FROM statement_line WHERE cash_account_id = :id", id=account_id)
        assert len(count) == 2


def test_voiding_the_last_document_and_opening_the_next_do_not_both_stand(world: World, turns: range) -> None:
    for turn in turns:
        account_id = world.account(f"A{turn}", iban=None)
        document_id = balanced(world, account_id, "X")
        world.do(release.release, document_id=document_id)

        race(
            world,
            lambda: world.do(release.void_document, document_id=document_id),
            lambda: world.document(account_id, "2017-02-28", "1"),
        )

        rows = world.rows(
            "SELECT state, predecessor_id, beginning_balance FROM reconciliation WHERE cash_account_id = :id ORDER BY id",
            id=account_id,
        )
        voided = rows[0].state == "voided"
        assert [(row.predecessor_id, row.beginning_balance) for row in rows[1:]] in (
            ([(None, 0)], []) if voided else ([(document_id, kr("1"))],)
        )


def test_a_bank_line_is_matched_once(world: World, turns: range) -> None:
    for turn in turns:
        account_id = world.account(f"A{turn}", iban=None)
        first, second = world.book(account_id, "2017-01-10 1 X", "2017-01-10 1 Y")
        (line,) = world.statement(account_id, "0", "2017-01-10 1 R").new_line_ids

        results = race(world, lambda: world.match((line, first), by=ANNA), lambda: world.match((line, second), by=BO))

        assert winners(results) == 1
        used = world.rows(
            "SELECT count(*) AS n FROM book_transaction WHERE cash_account_id = :id AND processed", id=account_id
        )
        assert used[0].n == 1


def test_an_adjustment_is_released_once(world: World, turns: range) -> None:
    world.entry_types()
    for turn in turns:
        made = world.fee(world.account(f"A{turn}", iban=None), "-1", "2017-01-31")

        results = race(
            world,
            *[lambda by=by: world.do(adjust.release_adjustments, adjustment_ids=[made.id], by=by) for by in (ANNA, BO)],
        )

        assert winners(results) == 1
    numbers = [row.number for row in world.rows("SELECT number FROM voucher ORDER BY number")]
    assert numbers == [f"V{turn + 1:06d}" for turn in turns]


def test_contended_releases_give_a_series_without_gaps(world: World, request: pytest.FixtureRequest) -> None:
    count = 1000 if request.config.getoption("--heavy") else 24
    ids = [balanced(world, world.account(f"A{number}", iban=None), "X") for number in range(count)]

    def close(document_id: int) -> str:
        if document_id % 5 == 0:
            with world.database.begin() as uow:
                release.release(uow, document_id=document_id, by=BO, at=world.tick())
                # Left without a commit: the number goes back.
        return str(world.do(release.release, document_id=document_id))

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(close, ids))

    assert sorted(numbers) == [f"{number:06d}" for number in range(1, count + 1)]
    assert world.read(history.verify_log).holds


def test_two_people_and_a_nightly_job_work_on_one_account(world: World) -> None:
    account_id = world.account(policy="release")
    count = 30
    ids = world.book(account_id, *[f"2017-01-{1 + number % 28:02d} {number + 1} N{number}" for number in range(count)])
    lines = world.statement(
        account_id, "0", *[f"2017-01-{1 + number % 28:02d} {number + 1} R{number}" for number in range(count)]
    ).new_line_ids

    def job(by: str, order: int) -> int:
        done = 0
        for position in list(range(count))[::order]:
            try:
                with world.database.begin() as uow:
                    match = Match((lines[position],), (ids[position],))
                    clearing.apply_matches(uow, matches=[match], by=by, at=world.tick())
                    uow.commit()
                done += 1
            except ReconError as refused:
                told.add(refused.code)
        return done

    told: set[str] = set()
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(job, (ANNA, BO, NIGHT), (1, -1, 1)))

    assert sum(done) == count
    assert told == {"wrong-state"}
    found = world.rows("SELECT count(*) AS n, sum(matched_amount) AS total FROM book_transaction WHERE processed")
    assert tuple(found[0]) == (count, kr("465"))
    report = world.read(history.verify_log)
    assert report.holds


def test_a_month_that_three_work_on_at_once_keeps_every_rule(world: World, request: pytest.FixtureRequest) -> None:
    """Anna ticks and holds, Bo adjusts and undoes, the night matches and closes: each deed is done or told no."""
    world.entry_types()
    account_id, count = world.account(policy="release"), 12
    when = [f"2017-01-{1 + number:02d}" for number in range(count)]
    ids = world.book(account_id, *[f"{day} {number + 1} N{number}" for number, day in enumerate(when)])
    lines = world.statement(
        account_id, "0", *[f"{day} {number + 1} R{number}" for number, day in enumerate(when)], "2017-01-31 -5 FEE"
    ).new_line_ids
    deeds = 400 if request.config.getoption("--heavy") else 40

    def open_document() -> int:
        known = world.read(documents.open_id, account_id)
        return known if known is not None else world.document(account_id, "2017-01-31", "73")

    def anna(choose: random.Random) -> None:
        document_id = open_document()
        deed = choose.choice([reconcile.reconcile_processed, reconcile.toggle_reconciled, reconcile.hold])
        world.do(deed, document_id=document_id, by=ANNA)

    def bo(choose: random.Random) -> None:
        applied = world.rows("SELECT id FROM decision WHERE state = 'applied'")
        if applied and choose.random() < 0.5:
            wanted = choose.choice(applied).id
            world.do(undo.undo_decisions, decision_ids=[wanted], reverse_on=day("2017-02-01"), by=BO)
            return
        made = world.do(adjust.create_from_line, line_id=lines[-1], rest=Rest("FEE"), by=BO)
        world.do(adjust.release_adjustments, adjustment_ids=[made.id], by=BO)

    def night(choose: random.Random) -> None:
        place = choose.randrange(count)
        if choose.random() < 0.7:
            world.match((lines[place], ids[place]), by=NIGHT)
            return
        document_id = open_document()
        world.do(reconcile.remove_hold, document_id=document_id, by=NIGHT)
        world.do(release.release, document_id=document_id, by=NIGHT)

    def work(job: Callable[[random.Random], None], seed: int) -> tuple[int, set[str]]:
        choose, done, told = random.Random(seed), 0, set()
        for _ in range(deeds):
            try:
                job(choose)
                done += 1
            except ReconError as refused:
                told.add(refused.code)
        return done, told

    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(work, (anna, bo, night), (1, 2, 3)))

    assert all(done for done, _ in results), results
    assert set().union(*(told for _, told in results)) <= TOLD
    assert world.rows(RULES) == []
    assert world.read(history.verify_log).holds


def test_an_old_version_of_a_document_is_refused(world: World) -> None:
    account_id = world.account()
    document_id = world.document(account_id, "2017-01-31", "0")
    version = world.read(documents.get, document_id).version

    results = race(
        world,
        *[
            lambda by=by: world.do(reconcile.change_document, document_id=document_id, notes=by, version=version, by=by)
            for by in (ANNA, BO)
        ],
    )

    assert winners(results) == 1
    (lost,) = [result for result in results if isinstance(result, ReconError)]
    assert lost.code == "conflict"
    assert world.read(accounts.lookup.account, account_id).code == "1930"
