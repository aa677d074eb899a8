"""The same money in many files is stored once, and two real equal lines stay two (T13, T14, T35)."""

from __future__ import annotations

import random
from collections import Counter
from hashlib import sha256
from typing import Any

import pytest

from recon_core.services import blockers, chains, held, history, statements
from recon_core.services.statements import StatementResult
from tests.core.bank import Bank, File
from tests.core.world import ANNA, World, day


def deliver(world: World, account_id: int, file: File) -> StatementResult:
    file_id = world.file(str(file))
    found: StatementResult = world.do(
        statements.register_statement, header=file.header, lines=file.lines, file_id=file_id, account_id=account_id
    )
    return found


def stored(world: World, account_id: int) -> Counter[tuple[Any, ...]]:
    sql = (
        "SELECT booking_date, amount, remittance FROM statement_line"
        " WHERE cash_account_id = :account AND withdrawn_by IS NULL"
    )
    return Counter(tuple(row) for row in world.rows(sql, account=account_id))


def held_ids(world: World, account_id: int) -> list[int]:
    sql = "SELECT id FROM statement WHERE cash_account_id = :account AND state = 'held' ORDER BY id"
    return [row.id for row in world.rows(sql, account=account_id)]


def final_state(world: World, account_id: int) -> str:
    """A hash over everything that the order of arrival must not change."""
    lines = world.rows(
        "SELECT booking_date, line_key, occurrence, amount, state FROM statement_line WHERE cash_account_id = :account"
        " ORDER BY booking_date, line_key, occurrence",
        account=account_id,
    )
    files = world.rows(
        "SELECT statement_key, content_sha256, state, hold_reason, balanced, opening_balance, closing_balance"
        " FROM statement WHERE cash_account_id = :account ORDER BY statement_key, content_sha256",
        account=account_id,
    )
    chain = world.read(chains.account_chain, account_id)
    breaks = [(one.code, one.day, one.amount) for one in chain.breaks]
    return sha256(repr((lines, files, breaks, chain.closing, chain.mismatch)).encode()).hexdigest()


def many_days(request: pytest.FixtureRequest, reduced: int, full: int) -> range:
    return range(full if request.config.getoption("--heavy") else reduced)


@pytest.mark.parametrize("fmt", ["camt.053", "mt940"])
@pytest.mark.parametrize("sequences", [True, False], ids=["numbered", "unnumbered"])
def test_equal_lines_of_a_day_are_counted_right_however_they_are_delivered(
    world: World, request: pytest.FixtureRequest, fmt: str, sequences: bool
) -> None:
    for seed in many_days(request, 20, 250):
        choose = random.Random(f"{seed}{fmt}{sequences}")
        account_id = world.account(f"A{seed}", iban=None)
        bank = Bank(choose, iban=f"A{seed}", days=1, fmt=fmt, sequences=sequences)
        count = len(bank.days[0])
        cuts = sorted(choose.randrange(count + 1) for _ in range(choose.randrange(1, 3)))
        mode = choose.choice(["cumulative", "contiguous", "both", "pages"])
        if mode == "cumulative":
            files = [bank.file(0, 0, take=cut, number=1) for cut in cuts] + [bank.file(0, 0, number=1)]
        elif mode == "pages":
            files = [
                File(file.header._replace(statement_id="7", sequence=7, page=page), file.lines)
                for page, file in enumerate(bank.parts(0, cuts, number=1), start=1)
            ]
        else:
            files = bank.parts(0, cuts, number=1)
            if mode == "both":
                files.append(bank.file(0, 0, number=1 if not sequences else 1000))

        words = {}
        for position, file in enumerate(files):
            whole = mode == "cumulative" or (mode == "both" and position == len(files) - 1)
            words[deliver(world, account_id, file).statement_id] = "cumulative" if whole else "contiguous"

        for statement_id in held_ids(world, account_id):
            assert not sequences or mode == "both", (seed, mode)
            if statement_id in held_ids(world, account_id):
                world.do(held.decide_held, statement_id=statement_id, decision=words[statement_id])
        assert stored(world, account_id) == bank.truth(), (seed, mode)


def test_the_order_and_repetition_of_overlapping_files_does_not_matter(
    world: World, request: pytest.FixtureRequest
) -> None:
    for seed in many_days(request, 6, 100):
        choose = random.Random(seed)
        states = set()
        bank = Bank(choose, iban="B", days=8, sequences=True)
        files = [bank.file(number, number, number=number + 1) for number in range(8)]
        files += [bank.file(0, 3, number=501), bank.file(2, 6, number=502), bank.file(0, 7, number=503)]
        busiest = max(range(8), key=lambda number: len(bank.days[number]))
        cut = len(bank.days[busiest]) // 2
        files += bank.parts(busiest, [cut], number=900)
        for turn in range(10 if request.config.getoption("--heavy") else 4):
            account_id = world.account(f"B{seed}.{turn}", iban=None)
            order = files + choose.choices(files, k=4)
            choose.shuffle(order)
            for file in order:
                deliver(world, account_id, file)
            assert stored(world, account_id) == bank.truth(), (seed, turn)
            states.add(final_state(world, account_id))
        assert len(states) == 1, seed


def test_the_same_file_twice_adds_nothing_and_names_the_lines_it_equals(world: World) -> None:
    account_id = world.account()
    lines = ["2026-03-02 -4.50", "2026-03-02 -4.50", "2026-03-03 100"]
    first = world.statement(account_id, "10", *lines, statement_id="1")

    again = world.statement(account_id, "10", *lines, statement_id="1")
    renamed = world.statement(account_id, "10", *lines, statement_id="2")

    assert (first.outcome, len(first.new_line_ids)) == ("new", 3)
    assert (again.outcome, again.statement_id, list(again.new_line_ids)) == ("known", first.statement_id, [])
    assert (renamed.outcome, list(renamed.new_line_ids)) == ("new", [])
    assert [line.line_id for line in renamed.known_lines] == list(first.new_line_ids)


def test_two_coffees_on_one_day_stay_two_when_halves_arrive(world: World) -> None:
    account_id = world.account()
    morning = world.statement(account_id, "100", "2026-03-02 -4.50", sequence=1)
    afternoon = world.statement(account_id, "95.50", "2026-03-02 -4.50", sequence=2)
    full = world.statement(account_id, "100", "2026-03-02 -4.50", "2026-03-02 -4.50", statement_id="day")

    assert [len(one.new_line_ids) for one in (morning, afternoon, full)] == [1, 1, 0]


def test_a_day_that_nets_to_zero_and_has_no_number_is_held_and_not_lost(world: World) -> None:
    account_id = world.account()
    world.statement(account_id, "100", "2026-03-02 -4.50", "2026-03-02 4.50", created_at=None)

    again = ["2026-03-02 -4.50", "2026-03-02 4.50"]
    second = world.statement(account_id, "100", *again, message_id="other")
    third = world.statement(account_id, "100", *again, message_id="other")

    assert (third.outcome, third.statement_id) == ("known", second.statement_id)
    assert (second.outcome, second.hold_reason) == ("held", "ambiguous-delivery")
    reasons = [
        one.code for one in world.read(blockers.blockers, document_id=world.document(account_id, "2026-03-31", "0"))
    ]
    assert "statement-held" in reasons
    world.do(held.decide_held, statement_id=second.statement_id, decision="contiguous", by=ANNA)
    assert sum(stored(world, account_id).values()) == 4
    assert world.read(history.verify_log).differences == ()


def test_files_without_opening_balance_are_counted_by_their_closing_balance(world: World) -> None:
    account_id = world.account()
    ofx = {"format": "ofx", "opening_balance": None}
    world.statement(account_id, None, "2026-03-02 -4.50", closing="95.50", **ofx)

    overlap = world.statement(account_id, None, "2026-03-02 -4.50", "2026-03-03 10", closing="105.50", **ofx)
    another = world.statement(account_id, None, "2026-03-03 10", closing="115.50", **ofx)

    assert [len(one.new_line_ids) for one in (overlap, another)] == [1, 1]
    assert world.read(chains.account_chain, account_id).mismatch == 0


def test_the_bank_may_use_its_statement_numbers_again_next_year(world: World) -> None:
    account_id = world.account()
    first = world.statement(account_id, "0", "2025-01-02 10 A", statement_id="1", sequence=1)

    second = world.statement(account_id, "10", "2026-01-02 10 A", statement_id="1", sequence=1)

    assert [one.outcome for one in (first, second)] == ["new", "new"]
    assert len(second.new_line_ids) == 1


@pytest.mark.parametrize("missing", [0, 1, 9, 18, 19])
def test_a_missing_statement_is_reported_blocks_release_and_heals(world: World, missing: int) -> None:
    choose = random.Random(5)
    bank = Bank(choose, iban="C", days=20, sequences=True)
    for number, lines in enumerate(bank.days):
        if not sum(line.amount for line in lines):
            lines.append(bank._line(day("2026-03-02").replace(day=2 + number), 777, "extra"))
    account_id = world.account("C", iban=None)
    files = [bank.file(number, number, number=number + 1) for number in range(20)]
    for file in files[:missing] + files[missing + 1 :]:
        deliver(world, account_id, file)
    end = files[-1].header.to_date
    assert end is not None
    inner = 0 < missing < 19

    chain = world.read(chains.account_chain, account_id)
    assert [one.code for one in chain.breaks] == (["gap"] if inner else [])
    if inner:
        assert chain.breaks[0].amount == sum(line.amount for line in bank.days[missing])
    document_id = world.document(account_id, end.isoformat(), "0")
    assert ("gap" in {one.code for one in world.read(blockers.blockers, document_id=document_id)}) is inner

    deliver(world, account_id, files[missing])

    chain = world.read(chains.account_chain, account_id)
    assert (chain.breaks, chain.mismatch, chain.closing) == ((), 0, bank.closing())
    assert "gap" not in {one.code for one in world.read(blockers.blockers, document_id=document_id)}


@pytest.mark.heavy
def test_every_gap_in_a_chain_of_sixty_is_found(world: World) -> None:
    bank = Bank(random.Random(11), iban="D", days=60, sequences=True)
    files = [bank.file(number, number, number=number + 1) for number in range(60)]
    for missing in range(60):
        account_id = world.account(f"D{missing}", iban=None)
        for file in files[:missing] + files[missing + 1 :]:
            deliver(world, account_id, file)
        found = {one.code for one in world.read(chains.account_chain, account_id).breaks}
        moved = sum(line.amount for line in bank.days[missing])
        expected = set() if missing in {0, 59} else {"gap"} if moved else {"sequence-skipped"}
        assert found == expected, missing
        deliver(world, account_id, files[missing])
        assert world.read(chains.account_chain, account_id).breaks == ()


def test_a_line_lost_or_doubled_behind_all_keys_shows_in_the_chain(world: World) -> None:
    account_id = world.account()
    world.statement(account_id, "0", "2026-03-02 10 A", sequence=1)
    world.statement(account_id, "15", "2026-03-03 10 B", sequence=2)

    chain = world.read(chains.account_chain, account_id)

    assert [(one.code, one.amount) for one in chain.breaks] == [("gap", 500)]
    assert chain.mismatch == 0
