"""Why, and why not: what the answer says is what the engine does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.pipeline import deciding
from matcher.pipeline import why as why_module
from matcher.pipeline.context import Context
from matcher.pipeline.signs import SignKind
from matcher.pipeline.what_if import World, with_day
from matcher.pipeline.why import Why, explain
from matcher.pipeline.why_stored import line_named, why_stored
from matcher.proposal import MatchStatus
from matcher.rules.settings import NEVER, RuleSettings
from recon_core.domain.refusals import BadRequest, Unknown
from recon_core.services import books
from tests.pipeline.columns import book_of, lines_of
from tests.pipeline.small import Booked, Line, Small, day, kr

SJOHAGEN = Booked("301101", "02", "12500", "Sjöhagens Trä AB")
VARGARDA = (
    Booked("1001", "01", "4900", "Vårgårda Kontor AB", ""),
    Booked("1002", "01", "4900", "Vårgårda Kontor AB", ""),
)


def world(lines: list[Line], book: list[Booked], **rules: Any) -> World:
    return World(lines_of(*lines), book_of(*book), RuleSettings(**rules))


def favours(why: Why) -> dict[str, int]:
    assert why.chosen is not None
    return {sign.kind.value: sign.favour for sign in why.chosen.signs}


def test_a_sure_match_says_what_speaks_for_it_and_what_each_sign_weighs() -> None:
    why = explain(world([Line("05", "12500", "SJOHAGENS TRA AB", "Faktura 301101")], [SJOHAGEN]), line="L1")

    assert why.status is MatchStatus.CLEARED
    assert favours(why) == {"amount": 1, "number": 1, "name": 1, "date": 1}
    assert why.chosen is not None
    weights = {sign.kind: sign.weight for sign in why.chosen.signs}
    assert weights[SignKind.NUMBER]
    assert weights[SignKind.NAME]
    assert why.runner_up is None
    assert why.margin is None
    assert why.changes == ()
    assert "301101 in the text is the reference 301101." in [sign.says for sign in why.chosen.signs]


def test_of_two_that_fit_alike_the_margin_is_nothing_and_the_rival_is_the_change() -> None:
    why = explain(world([Line("05", "4900", "VARGARDA KONTOR AB")], list(VARGARDA)), line="L1")

    assert why.status is MatchStatus.PROPOSED
    assert why.margin == 0
    assert why.lost == ("Nothing speaks against it more than against the first choice.",)
    (rival,) = {"1001", "1002"} - set(why.chosen.book if why.chosen else ())
    assert [change.says for change in why.changes] == [f"no {rival} among the open transactions"]


def test_the_runner_up_lost_by_its_number() -> None:
    twins = [Booked("301101", "02", "4900", "Bo Ek AB"), Booked("301143", "02", "4900", "Bo Ek AB")]

    why = explain(world([Line("05", "4900", "BO EK AB", "301143")], twins), line="L1")

    assert why.chosen is not None
    assert why.chosen.book == ("301143",)
    if why.runner_up is not None:
        assert why.runner_up.book == ("301101",)
        assert any("not the reference 301101" in says for says in why.lost)


def test_a_reference_with_two_digits_swapped_is_named_with_the_right_one() -> None:
    book = [Booked("10023456", "02", "12500", "Sjöhagens Trä AB"), Booked("5550001", "02", "12500", "Åsa Lind")]

    why = explain(world([Line("05", "12500", "", "10023465")], book), line="L1", transaction="10023456")

    assert why.status is not MatchStatus.CLEARED
    assert "the reference 10023456 instead of 10023465 in the text" in [change.says for change in why.changes]


def test_a_payment_that_came_too_late_says_how_many_days_and_no_day_less_would_do() -> None:
    made = world(
        [Line("2026-04-20", "12500", "SJOHAGENS TRA AB")], [Booked("77", "02", "12500", "Sjöhagens Trä AB", "")]
    )

    why = explain(made, line="L1", transaction="77")

    (change,) = [one for one in why.changes if one.kinds == (SignKind.DATE,)]
    days = int(change.says.split()[3])
    assert change.says == f"a booking date {days} day(s) earlier"
    booked = int(made.lines.booking_day[0])
    assert with_day(made, 0, booked - days).says(0).status is MatchStatus.CLEARED
    assert with_day(made, 0, booked - days + 1).says(0).status is not MatchStatus.CLEARED


def test_a_wrong_amount_says_how_much_less_would_have_matched() -> None:
    book = [Booked("301101", "02", "12450", "Sjöhagens Trä AB")]

    why = explain(world([Line("05", "12500", "SJOHAGENS TRA AB")], book), line="L1", transaction="301101")

    assert "50.00 SEK less on the bank line" in [change.says for change in why.changes]
    assert why.asked is not None
    (amount,) = [sign for sign in why.asked.signs if sign.kind is SignKind.AMOUNT]
    assert amount.says == "The bank has 12500.00 SEK, the books have 12450.00 SEK: 50.00 SEK more."


def test_a_line_without_a_match_shows_what_came_nearest_and_what_spoke_against_it() -> None:
    book = [
        Booked("301101", "02", "4900", "Moa Köhler"),
        Booked("301102", "02", "780", "Karl Berg"),
        Booked("301103", "2025-02-01", "99999", "Anna Ek"),
    ]

    why = explain(world([Line("05", "4900", "BRITTA OLSSON", "hyra mars")], book), line="L1")

    assert why.status is MatchStatus.UNMATCHED or why.chosen is not None
    near = why.nearest or (why.chosen,)
    assert near[0] is not None
    assert near[0].book == ("301101",)
    assert any("somebody else" in sign.says for sign in near[0].signs)
    assert why.target == "301101"
    assert why.changes


def test_nothing_is_called_near_that_shares_only_a_day() -> None:
    why = explain(world([Line("05", "4900", "BRITTA OLSSON")], [Booked("301102", "05", "78", "Karl Berg")]), line="L1")

    assert (why.nearest, why.target, why.changes) == ((), "", ())


def test_an_item_that_another_line_took_says_which() -> None:
    lines = [Line("05", "12500", "SJOHAGENS TRA AB", "301101"), Line("06", "12500", "SJOHAGENS TRA AB", "301101")]

    why = explain(world(lines, [SJOHAGEN]), line="L2", transaction="301101")

    assert why.asked is not None
    assert any(sign.kind is SignKind.RIVAL and "L1" in sign.says for sign in why.asked.signs)
    assert "no bank line L1" in [change.says for change in why.changes]


def test_a_pass_that_may_only_propose_is_named_as_what_stands_against_the_match() -> None:
    lines, book = [Line("05", "12500", "SJOHAGENS TRA AB", "301101")], [SJOHAGEN]
    free = explain(world(lines, book), line="L1")
    assert free.chosen is not None

    why = explain(world(lines, book, clear_from=((free.chosen.rule, NEVER),)), line="L1")

    assert why.status is MatchStatus.PROPOSED
    assert why.chosen is not None
    assert any(sign.kind is SignKind.RULES and free.chosen.rule in sign.says for sign in why.chosen.signs)


def test_a_group_is_explained_by_its_sum_and_the_numbers_it_names() -> None:
    book = [
        Booked("81023", "02", "100", "Bo Ek"),
        Booked("81024", "02", "250", "Bo Ek"),
        Booked("81025", "03", "40", "Bo Ek"),
    ]

    why = explain(world([Line("05", "350", "BO EK", "81023/81024")], book), line="L1")

    assert why.chosen is not None
    assert set(why.chosen.book) == {"81023", "81024"}
    says = [sign.says for sign in why.chosen.signs]
    assert "2 transactions add up exactly, 350.00 SEK." in says
    assert "2 of 2 transactions are named by their numbers." in says


def test_a_line_or_transaction_that_is_not_there_is_named() -> None:
    made = world([Line("05", "1")], [SJOHAGEN])

    with pytest.raises(Unknown, match="no open bank line L7"):
        explain(made, line="L7")
    with pytest.raises(Unknown, match="no open book transaction 9"):
        explain(made, line="L1", transaction="9")


AMOUNTS = st.sampled_from(["100", "100", "250", "4900", "-50", "-100", "99.50"])
NAMES = st.sampled_from(["", "Bo Ek AB", "BO EK", "Åsa Lind", "Sjöhagens Trä AB"])
TEXTS = st.sampled_from(["", "301101", "faktura 301143", "301134", "hyra"])
DAYS = st.sampled_from(["01", "03", "09", "28"])
LINES = st.lists(st.tuples(DAYS, AMOUNTS, NAMES, TEXTS).map(lambda row: Line(*row)), min_size=1, max_size=4)
BOOKS = st.lists(
    st.tuples(DAYS, AMOUNTS, NAMES, st.sampled_from(["", "301101", "301143"])), min_size=1, max_size=5
).map(lambda rows: [Booked(f"T{n}", when, amount, who, ref) for n, (when, amount, who, ref) in enumerate(rows)])


@settings(max_examples=40, deadline=None)
@given(lines=LINES, book=BOOKS, seed=st.integers(0, 99))
def test_the_answer_agrees_with_the_engine_whatever_the_order_of_the_input(
    lines: list[Line], book: list[Booked], seed: int
) -> None:
    made = world(lines, book)
    said = made.says(0)

    why = explain(made, line="L1", transaction=book[0].id)

    assert (why.status, why.chosen.book if why.chosen else ()) == (said.status, said.book)
    cleared = why.status is MatchStatus.CLEARED and said.book == (book[0].id,)
    assert not (cleared and why.changes)
    if why.chosen is not None:
        assert all((sign.weight or 0) * sign.favour >= 0 for sign in why.chosen.signs)
    shuffled = list(book)
    random.Random(seed).shuffle(shuffled)
    again = explain(world(lines, shuffled), line="L1", transaction=book[0].id)
    assert again == why


def crowd(count: int) -> tuple[list[Line], list[Booked]]:
    """Lines and items of many parties: most fit by name and amount, some by a number, some by nothing."""
    chance = random.Random(count)
    lines, book = [], []
    for n in range(count):
        when, amount, who = (
            f"{chance.randint(1, 20):02}",
            f"{chance.randint(100, 9000)}.00",
            f"Kund {n % (count // 6)} AB",
        )
        book.append(Booked(f"F{n}", when, amount, who, f"{70000 + 7 * n}"))
        paid = amount if chance.random() < 0.7 else f"{int(amount[:-3]) + chance.choice([1, 40])}.00"
        text = f"faktura {70000 + 7 * n}" if chance.random() < 0.3 else "betalning"
        lines.append(Line(f"{int(when) + 3:02}", paid, who if chance.random() < 0.7 else "", text))
    return lines, book


def test_the_many_that_a_line_cannot_meet_are_read_once_and_change_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(*crowd(240))
    sizes: list[int] = []
    match = why_module.engine.match

    def counted(lines: Any, *arguments: Any, **settings: Any) -> Any:
        sizes.append(len(lines))
        return match(lines, *arguments, **settings)

    for number in range(1, 240, 34):
        for transaction in (None, f"F{number}"):
            sizes.clear()
            with monkeypatch.context() as patch:
                patch.setattr(why_module.engine, "match", counted)
                quick = explain(made, line=f"L{number}", transaction=transaction)
            assert sum(size == 240 for size in sizes) <= 8
            with monkeypatch.context() as patch:
                patch.setattr(why_module, "reached", lambda *_: None)
                assert explain(made, line=f"L{number}", transaction=transaction) == quick


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context, policy="clear")


def stored(small: Small, line: int, transaction: str = "") -> Any:
    with small.context.database.read() as uow:
        return why_stored(small.context, uow, line_id=line, transaction=transaction)


def test_a_decided_line_is_explained_as_if_it_were_open_and_names_its_decision(small: Small) -> None:
    small.book(SJOHAGEN)
    (line,) = small.bank(Line("05", "12500", "SJOHAGENS TRA AB", "301101"))
    small.match()

    found = stored(small, line)

    assert found.decided.transactions == ("301101",)
    assert found.decided.decided_by == "policy:clear"
    assert found.why.status is MatchStatus.CLEARED
    assert found.world.names[found.why.chosen.book[0]] == "301101"


def test_a_rejected_pair_says_so_and_a_used_or_unreleased_transaction_too(small: Small) -> None:
    small.book(SJOHAGEN, Booked("301102", "02", "700", "Åsa Lind"))
    first, second = small.bank(Line("05", "12500", "SJOHAGENS TRA AB"), Line("06", "700", "ÅSA LIND", "301102"))
    small.match()
    used = stored(small, first, "301102")
    decision = stored(small, first).decided
    deciding.undo(small.context, decision_ids=[decision.id])
    assert any("took an automatic decision on the line back" in note for note in stored(small, first).notes)
    with small.context.database.begin() as uow:
        from recon_core.domain.matching import Match
        from recon_core.services import clearing

        pair = Match((first,), (small.transaction("301101").id,))
        clearing.reject_matches(uow, groups=[pair], by="anna", at=small.context.now())
        uow.commit()

    rejected = stored(small, first, "301101")

    assert used.notes == ("Transaction 301102 is matched already; see: recon decisions.",)
    assert any("do not belong together" in sign.says for sign in rejected.why.asked.signs)
    small.world.do(
        books.create_transaction,
        account_id=small.account,
        transaction_date=day("05"),
        amount=kr("700"),
        description="draft",
        released=False,
    )
    (draft,) = small.world.rows("SELECT external_id FROM book_transaction WHERE status <> 'released'")
    assert any("only released ones are matched" in note for note in stored(small, second, draft.external_id).notes)


def test_a_transaction_of_another_account_is_named_with_that_account(small: Small) -> None:
    other = Small(small.context, code="1940", iban="SE4660000000000612345678")
    other.book(Booked("9001", "02", "100"))
    (line,) = small.bank(Line("05", "100"))

    with pytest.raises(Unknown, match="9001 is booked on account 1940"):
        stored(small, line, "9001")


def test_a_line_is_found_by_its_number_or_by_the_banks_reference(small: Small) -> None:
    (line,) = small.bank(Line("05", "100"))
    reference = small.line(line).bank_reference

    with small.context.database.read() as uow:
        assert line_named(uow, str(line)) == line_named(uow, reference) == line
        with pytest.raises(Unknown, match="no bank line nowhere"):
            line_named(uow, "nowhere")


def test_a_reference_that_several_lines_carry_names_them_all(small: Small) -> None:
    same = {"bank_reference": "SAME"}
    small.bank(Line("05", "100", fields=same))
    small.bank(Line("06", "200", fields=same))

    with small.context.database.read() as uow, pytest.raises(BadRequest, match="carry the reference SAME"):
        line_named(uow, "SAME")
