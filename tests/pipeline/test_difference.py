"""The difference explains itself: exact parts where the bank's lines are known, careful guesses where they are not."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pipeline import deciding, difference_items
from matcher.pipeline.context import Context
from matcher.pipeline.difference import Explained, explain_difference
from matcher.pipeline.difference_causes import (
    Cause,
    Certainty,
    Fact,
    Kind,
    from_book_alone,
    relation,
    swapped_digits,
)
from recon_core.domain.matching import Match
from recon_core.domain.refusals import Unknown
from recon_core.domain.refused import Refused
from recon_core.services import clearing, reconcile
from tests.pipeline.small import Booked, Line, Small, day, kr

DAY = date(2026, 3, 31)


@pytest.fixture
def small(context: Context) -> Small:
    return Small(context)


def explain(small: Small) -> Explained:
    with small.context.database.read() as uow:
        return explain_difference(small.context, uow, account_id=small.account)


def open_document(small: Small, balance: str, when: str = "31") -> int:
    return int(
        small.world.do(
            reconcile.open_document,
            account_id=small.account,
            reconciliation_date=day(when),
            statement_balance=kr(balance),
        )
    )


def tick(small: Small, document: int, *names: str) -> None:
    ids = [small.transaction(name).id for name in names]
    small.world.do(reconcile.tick, document_id=document, transaction_ids=ids)


def kinds(explained: Explained) -> list[tuple[Kind, int]]:
    return [(part.kind, part.amount) for part in explained.parts]


def of_kind(explained: Explained, kind: Kind) -> Cause:
    (cause,) = [one for one in explained.causes if one.kind is kind]
    return cause


def test_a_fee_that_only_the_bank_has_is_the_difference_and_its_cure_ends_it(small: Small) -> None:
    small.book(Booked("1", "03", "1000", "Bo Ek"))
    _, fee = small.bank(Line("05", "1000", "BO EK", "1"), Line("06", "-50", fields={"code": "PMNT/MDOP/CHRG"}), to="31")
    small.match()
    document = open_document(small, "950")
    tick(small, document, "1")
    small.world.match((small.bank_ids()[0], small.transaction("1").id))

    found = explain(small)

    assert found.difference == kr("-50")
    assert kinds(found) == [(Kind.UNBOOKED, kr("-50"))]
    assert found.unexplained == 0
    cause = found.causes[0]
    assert (cause.certainty, cause.lines, found.after(cause)) == (Certainty.CERTAIN, (fee,), 0)
    assert cause.fix.startswith(f"recon adjust-line {fee} --entry-type BANKFEE")


def test_what_the_bank_proved_and_nobody_ticked_is_one_cause_with_one_step(small: Small) -> None:
    small.policy("clear")
    small.book(Booked("4000001", "03", "1000"), Booked("4000002", "03", "-300"))
    small.bank(Line("05", "1000", "", "4000001"), Line("06", "-300", "", "4000002"), to="31")
    small.match()
    open_document(small, "700")

    found = explain(small)

    assert kinds(found) == [(Kind.NOT_TICKED, kr("700"))]
    assert found.causes[0].says == "2 transaction(s) that bank lines proved are not ticked, 700.00 SEK in all."
    assert found.after(found.causes[0]) == 0


def test_a_part_that_is_proved_and_not_ticked_is_named_with_the_whole(small: Small) -> None:
    small.book(Booked("500123", "02", "1000", "Oceanic Ltd"))
    (line,) = small.bank(Line("10", "400", "OCEANIC LTD", "500123"), to="31")
    small.match()
    deciding.accept(small.context, line_ids=[line], partial=True)
    open_document(small, "400")

    found = explain(small)

    assert kinds(found) == [(Kind.PART, kr("400"))]
    assert found.causes[0].says.startswith("Bank lines proved 400.00 SEK of 500123, which is 1000.00 SEK")


def test_an_unreleased_adjustment_is_named(small: Small) -> None:
    (fee,) = small.bank(Line("06", "-50", fields={"code": "PMNT/MDOP/CHRG"}), to="31")
    small.match()
    deciding.adjust(small.context, line_ids=[fee])
    open_document(small, "-50")

    found = explain(small)

    assert kinds(found) == [(Kind.UNRELEASED, kr("-50"))]
    assert "is not released" in found.causes[0].says


def test_what_is_ticked_and_no_bank_line_has_is_named_with_an_ignored_line_and_a_wrong_balance(small: Small) -> None:
    small.book(Booked("1", "03", "1000", "Bo Ek"), Booked("2", "04", "70", "Åsa Lind"))
    first, second = small.bank(Line("05", "1000", "BO EK", "1"), Line("06", "33", "ANNA"), to="31")
    small.match()
    small.world.match((first, small.transaction("1").id))
    deciding.ignore(small.context, line_ids=[second], reason="booked elsewhere")
    document = open_document(small, "1330")
    tick(small, document, "1", "2")

    found = explain(small)

    assert found.difference == kr("260")
    assert dict(kinds(found)) == {
        Kind.BALANCE: kr("297"),
        Kind.IGNORED: kr("33"),
        Kind.NOT_ON_STATEMENT: kr("-70"),
    }
    assert found.unexplained == 0
    assert "the bank's statements say 1033.00 SEK" in of_kind(found, Kind.BALANCE).says


def test_a_typed_balance_with_two_digits_swapped_is_told_as_that(small: Small) -> None:
    small.book(Booked("1", "03", "1450", "Bo Ek"))
    (line,) = small.bank(Line("05", "1450", "BO EK", "1"), to="31")
    small.match()
    small.world.match((line, small.transaction("1").id))
    document = open_document(small, "1540")
    tick(small, document, "1")

    found = explain(small)

    assert kinds(found) == [(Kind.BALANCE, kr("90"))]
    assert found.causes[0].says.endswith("Two digits are swapped.")


def test_a_bank_line_and_a_ticked_transaction_with_swapped_digits_are_one_mistake(small: Small) -> None:
    small.book(Booked("1", "03", "1540", "Bo Ek"))
    (line,) = small.bank(Line("05", "1450", "BO EK", "betalning"), to="31")
    small.match()
    document = open_document(small, "1450")
    tick(small, document, "1")

    found = explain(small)

    assert found.difference == kr("-90")
    first = found.causes[0]
    assert (first.kind, first.certainty, found.after(first)) == (Kind.SWAPPED_DIGITS, Certainty.LIKELY, 0)
    assert first.lines == (line,)
    assert all(cause.lines != (line,) or cause is first for cause in found.causes)


def test_a_payment_booked_with_the_wrong_sign_is_told_beside_its_bank_line(small: Small) -> None:
    small.book(Booked("1", "03", "700", "Bo Ek"))
    small.bank(Line("05", "-700", "BO EK"), to="31")
    small.match()
    document = open_document(small, "-700")
    tick(small, document, "1")

    found = explain(small)

    assert found.difference == kr("-1400")
    assert (found.causes[0].kind, found.after(found.causes[0])) == (Kind.SIGN, 0)


def test_an_item_of_another_account_with_the_amount_is_possible_and_never_more(small: Small) -> None:
    other = Small(small.context, code="1940", iban="SE4660000000000612345678")
    other.book(Booked("9001", "04", "4321.09", "Bo Ek"))
    (line,) = small.bank(Line("05", "4321.09", "BO EK"), to="31")
    small.match()
    open_document(small, "4321.09")

    cause = of_kind(explain(small), Kind.WRONG_ACCOUNT)

    assert (cause.certainty, cause.lines) == (Certainty.POSSIBLE, (line,))
    assert "9001 on account 1940" in cause.says


def test_many_lines_with_the_same_next_step_are_one_cause(small: Small) -> None:
    small.book(*(Booked(f"400{n:04}", "03", f"{100 + n}") for n in range(7)))
    lines = small.bank(*(Line("05", f"{100 + n}", "", f"400{n:04}") for n in range(7)), to="31")
    small.match()
    open_document(small, "721")

    found = explain(small)

    cause = found.causes[0]
    assert (cause.lines, found.after(cause)) == (tuple(lines), 0)
    assert cause.fix.startswith("recon accept --account 1930 --preview")


def test_a_line_that_came_twice_is_named(small: Small) -> None:
    small.bank(Line("05", "-450", "TELIA", "faktura 9"), Line("06", "-450", "TELIA", "faktura 9"), to="31")
    small.match()
    open_document(small, "-900")

    cause = of_kind(explain(small), Kind.DOUBLED)

    assert (cause.certainty, cause.explains) == (Certainty.POSSIBLE, kr("-450"))


def test_a_bank_balance_before_the_first_line_is_the_opening(small: Small) -> None:
    small.start_at("5000")
    small.bank(Line("05", "10", "ANNA"), to="31")
    open_document(small, "5010")

    assert dict(kinds(explain(small))) == {Kind.OPENING: kr("5000"), Kind.UNBOOKED: kr("10")}


def test_a_statement_that_is_missing_is_a_gap_of_its_amount(small: Small) -> None:
    small.book(Booked("1", "05", "100", "Bo Ek"))
    (line,) = small.bank(Line("05", "100", "BO EK", "1"), to="10")
    small.match()
    small.world.match((line, small.transaction("1").id))
    document = open_document(small, "100", "10")
    tick(small, document, "1")
    small.world.close(document)
    small.start_at("600")
    small.bank(Line("2026-03-20", "-30", "ANNA"), to="31")
    open_document(small, "570")

    found = explain(small)

    assert dict(kinds(found)) == {Kind.GAP: kr("500"), Kind.UNBOOKED: kr("-30")}
    assert of_kind(found, Kind.GAP).fix


def test_without_a_difference_there_is_nothing_to_explain_and_without_a_document_it_is_refused(small: Small) -> None:
    with pytest.raises(Unknown, match="no open reconciliation"):
        explain(small)
    open_document(small, "0")

    found = explain(small)

    assert (found.difference, found.causes) == (0, ())


@pytest.mark.parametrize("seed", range(8))
def test_the_parts_come_to_the_difference_exactly_whatever_people_did(small: Small, seed: int) -> None:
    dice = random.Random(seed)
    amounts = [f"{dice.randint(1, 900)}.{dice.randint(0, 99):02}" for _ in range(12)]
    names = small.book(
        *(
            Booked(f"T{n}", f"{dice.randint(1, 28):02}", f"{dice.choice(['', '-'])}{one}")
            for n, one in enumerate(amounts)
        )
    )
    first = small.bank(*random_lines(dice, 5, low=2, high=9), to="10")
    deeds(small, dice, first, names)
    document = open_document(small, "0", "2026-03-10")
    balance = small.world.figures(document).difference
    small.world.do(reconcile.change_document, document_id=document, statement_balance=-balance + dice.choice([0, 900]))
    later = small.bank(*random_lines(dice, 5, low=11, high=28), to="31")
    deeds(small, dice, [*first, *later], names)
    listed = [name for name in names if dice.random() < 0.4]
    for one in listed:
        try:
            small.world.do(reconcile.tick, document_id=document, transaction_ids=[one])
        except Refused:
            continue

    found = explain(small)

    assert sum(part.amount for part in found.parts) == found.difference
    assert found.unexplained == 0
    certain = [cause for cause in found.causes if cause.certainty is Certainty.CERTAIN]
    assert all(cause.says and cause.fix for cause in certain)


def random_lines(dice: random.Random, count: int, *, low: int, high: int) -> list[Line]:
    return [
        Line(
            f"{dice.randint(low, high):02}", f"{dice.choice(['', '-'])}{dice.randint(1, 900)}.{dice.randint(0, 99):02}"
        )
        for _ in range(count)
    ]


def deeds(small: Small, dice: random.Random, lines: list[int], transactions: list[int]) -> None:
    """Match, match in part, match two lines as one, ignore or adjust lines; what is refused is left."""
    for line in lines:
        kind = dice.choice(["whole", "part", "two", "ignore", "adjust", "nothing"])
        try:
            deed(small, dice, kind, line, dice.choice(lines), dice.choice(transactions))
        except Refused:
            continue


def deed(small: Small, dice: random.Random, kind: str, line: int, other: int, transaction: int) -> None:
    if kind == "ignore":
        small.world.do(clearing.ignore_lines, line_ids=[line], reason="elsewhere")
        return
    if kind == "adjust":
        amount = small.line(line).amount
        deciding_code = "INTIN" if amount > 0 else "BANKFEE"
        from recon_core.domain.matching import Rest

        small.world.do(clearing.apply_matches, matches=[Match((line,), (), rest=Rest(deciding_code))])
        return
    lines = (line, other) if kind == "two" and other != line else (line,)
    left = {one: small.line(one).amount - small.line(one).used_amount for one in lines}
    total = sum(left.values())
    row = small.world.rows(
        "SELECT amount - matched_amount AS amount FROM book_transaction WHERE id = :id", id=transaction
    )[0]
    part = min(abs(total), abs(row.amount)) * (1 if total > 0 else -1)
    line_part = (part,) if len(lines) == 1 else ()
    if len(lines) > 1 and abs(total) > abs(row.amount):
        return
    small.world.do(
        clearing.apply_matches,
        matches=[Match(lines, (transaction,), line_amounts=line_part, transaction_amounts=(part,))],
    )


def fact(name: str, amount: str, when: str = "10", party: str = "", text: str = "") -> Fact:
    return Fact(hash(name) % 10**6, name, day(when), kr(amount), party, text)


def alone(difference: str, *, ticked: list[Fact] = (), open_items: list[Fact] = ()) -> list[Cause]:  # type: ignore[assignment]
    return from_book_alone(kr(difference), ticked=ticked, open_items=open_items, day=DAY, currency="SEK")


@pytest.mark.parametrize(
    ("left", "right", "swapped"),
    [
        ("1450", "1540", True),
        ("14.50", "15.40", True),
        ("14.50", "41.50", True),
        ("-1450", "-1540", True),
        ("1450", "-1540", False),
        ("1450", "1450", False),
        ("1234", "1432", False),
        ("5", "50", False),
        ("0.05", "0.50", True),
    ],
)
def test_swapped_digits_are_two_neighbours_that_changed_places(left: str, right: str, swapped: bool) -> None:
    assert swapped_digits(kr(left), kr(right)) is swapped
    assert swapped_digits(kr(right), kr(left)) is swapped


@given(amount=st.integers(1, 10**9), place=st.integers(0, 8))
def test_every_swap_of_neighbours_is_seen_and_can_be_divided_by_nine(amount: int, place: int) -> None:
    digits = list(str(amount).zfill(3))
    place %= len(digits) - 1
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    other = int("".join(digits))

    shown_alike = len(str(other).zfill(3)) == len(digits)
    assert swapped_digits(amount, other) is (amount != other and shown_alike)
    assert (amount - other) % 9 == 0


@pytest.mark.parametrize(
    ("paid", "booked", "kind"),
    [
        ("990", "1000", Kind.FEE),
        ("-1010", "-1000", Kind.FEE),
        ("999.50", "1000", Kind.ROUNDING),
        ("400", "1000", Kind.PART),
        ("1000", "-1000", Kind.SIGN),
        ("1540", "1450", Kind.SWAPPED_DIGITS),
        ("1000", "1000", None),
        ("1500", "1000", None),
    ],
)
def test_a_pair_of_one_party_is_told_by_its_usual_mistake(paid: str, booked: str, kind: Kind | None) -> None:
    assert relation(fact("bank line 1", paid, party="BO EK"), fact("T1", booked, party="Bo Ek")) is kind


def test_a_fee_between_strangers_is_no_cause() -> None:
    assert relation(fact("bank line 1", "990", party="Bo Ek"), fact("T1", "1000", party="Åsa Lind")) is None


def test_a_foreign_payment_a_little_off_is_the_rate() -> None:
    line = fact("bank line 1", "1040", party="Bo Ek")._replace(foreign=True)

    assert relation(line, fact("T1", "1000", party="Bo Ek")) is Kind.RATE


def test_the_one_item_that_nobody_ticked_is_likely_and_two_of_them_only_possible() -> None:
    others = [fact(f"T{n}", f"{100 + 37 * n}.{n:02}") for n in range(4)]

    (sole,) = alone("4321.09", open_items=[*others, fact("T9", "4321.09")])
    twins = alone("4321.09", open_items=[*others, fact("T8", "4321.09"), fact("T9", "4321.09")])

    assert (sole.kind, sole.certainty) == (Kind.MISSING, Certainty.LIKELY)
    assert {cause.certainty for cause in twins} == {Certainty.POSSIBLE}


def test_a_round_amount_among_many_round_ones_is_never_likely() -> None:
    round_ones = [fact(f"T{n}", str(1000 + 100 * n)) for n in range(40)]

    (cause,) = [one for one in alone("2000", open_items=round_ones) if one.kind is Kind.MISSING]

    assert cause.certainty is Certainty.POSSIBLE


def test_a_double_a_wrong_sign_and_swapped_digits_are_found_in_what_is_ticked() -> None:
    double = alone("-450", ticked=[fact("T1", "450", party="Telia"), fact("T2", "450", party="TELIA")])
    sign = alone("-1400", ticked=[fact("T1", "700"), fact("T2", "33")])
    swapped = alone("-90", ticked=[fact("T1", "1540")])

    assert {(cause.kind, cause.certainty) for cause in double} == {(Kind.DOUBLED, Certainty.LIKELY)}
    assert (sign[0].kind, sign[0].explains) == (Kind.SIGN, kr("-1400"))
    assert Kind.SWAPPED_DIGITS in {cause.kind for cause in swapped}


def test_the_edge_of_the_period_is_looked_at_on_both_sides() -> None:
    late = alone("-450", ticked=[fact("T1", "450", "30")])
    early = alone("450", open_items=[fact("T1", "450", "2026-04-02")])

    assert [cause.kind for cause in late] == [Kind.CUT_OFF]
    assert [(cause.kind, cause.certainty) for cause in early] == [(Kind.CUT_OFF, Certainty.POSSIBLE)]


def test_a_small_set_is_offered_only_if_it_is_the_only_one() -> None:
    items = [fact("T1", "123.45"), fact("T2", "678.91"), fact("T3", "40.02")]

    (cause,) = alone("802.36", open_items=items)
    ambiguous = alone("300", open_items=[fact(f"T{n}", "100") for n in range(5)])

    assert (cause.kind, len(cause.transactions)) == (Kind.MISSING, 2)
    assert ambiguous == []


@pytest.mark.parametrize("name", ["_PROVED_NOT_TICKED", "_PROVED_OUTSIDE", "_STRADDLING"])
def test_no_item_is_looked_up_line_by_line(small: Small, name: str) -> None:
    """With 20,000 lines that took a minute where a second is enough."""
    if small.context.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans such a question as a join by itself")
    values = {"account": 1, "document": 1, "after": date.min, "through": DAY}
    query = getattr(difference_items, name)

    with small.context.database.read() as uow:
        plan = [row.detail for row in uow.select(f"EXPLAIN QUERY PLAN {query}", values)]

    assert plan
    assert not [step for step in plan if "CORRELATED" in step]


def test_a_document_of_the_last_day_there_is_can_be_explained(small: Small) -> None:
    small.book(Booked("K1", "05", "100.00"))
    values = {"reconciliation_date": date.max, "statement_balance": 1}
    small.world.do(reconcile.open_document, account_id=small.account, **values)

    with small.context.database.read() as uow:
        assert explain_difference(small.context, uow, account_id=small.account).difference == 1
