"""Which proposals a filter finds, how many, and in which order, on both databases."""

from __future__ import annotations

import pytest

from matcher.pipeline import reviewing
from matcher.pipeline.context import Context
from matcher.proposal import MatchStatus, ProposalFilter, ProposalOrder
from tests.pipeline.small import Booked, Line, Small


@pytest.fixture
def small(context: Context) -> Small:
    made = Small(context)
    made.book(*(Booked(f"K{n}", "02", f"{100 + n}.00", f"Kund {n} AB", f"R{n:06}") for n in range(5)))
    made.bank(*(Line("03", f"{100 + n}.00", f"Kund {n} AB", f"R{n:06}") for n in range(5)))
    made.bank(Line("04", "-9000.00", "ÅKERI Öst", "50 % rabatt!"), Line("05", "77.00", "under_streck", "plain"))
    made.match()
    return made


def found(small: Small, **wanted: object) -> list[int]:
    """Amounts in whole kronor of the lines that a filter finds; `count_open` must say how many there are."""
    context = small.context
    with context.database.read() as uow:
        asked = ProposalFilter(**wanted)  # type: ignore[arg-type]
        lines = reviewing.review(context, uow, accounts=[small.account], wanted=asked)
        if asked.limit is None:
            assert context.opinions.count_open(uow, account_ids=[small.account], wanted=asked) == len(lines)
    return [line.amount // 100 for line in lines]


def test_it_finds_by_text_in_any_case_and_takes_wildcards_literally(small: Small) -> None:
    assert found(small, text="kund 3") == [103]
    assert found(small, text="KUND 3 ab") == [103]
    assert found(small, text="åkeri") == found(small, text="Åkeri öst") == found(small, text="ÅKERI") == [-9000]
    assert found(small, text="50 %") == found(small, text="RABATT!") == found(small, text="öst") == [-9000]
    assert found(small, text="_") == [77]
    assert found(small, text="r_0") == []
    assert found(small, text="R000004") == [104]


def test_it_finds_by_amount_without_sign_by_verdict_and_by_score(small: Small) -> None:
    assert found(small, amount_min=10_200, amount_max=10_300) == [102, 103]
    assert found(small, amount_min=900_000) == [-9000]
    assert found(small, verdicts=(MatchStatus.UNMATCHED,)) == [-9000, 77]
    assert sorted(found(small, score_ppm_min=500_000)) == [100, 101, 102, 103, 104]


def test_it_pages_in_the_order_asked_for(small: Small) -> None:
    assert found(small, limit=3) + found(small, limit=3, offset=3) + found(small, limit=3, offset=6) == found(small)
    assert found(small, order=ProposalOrder.AMOUNT, limit=2) == [-9000, 104]
    assert set(found(small, order=ProposalOrder.SCORE)[-2:]) == {-9000, 77}


def test_open_transactions_come_nearest_first(small: Small) -> None:
    with small.context.database.read() as uow:
        near = reviewing.open_book(uow, account_id=small.account, near=10_200, limit=3)
        named = reviewing.open_book(uow, account_id=small.account, near=0, text="kund 4", limit=3)

    assert [one.external_id for one in near] == ["K2", "K1", "K3"]
    assert [one.external_id for one in named] == ["K4"]
