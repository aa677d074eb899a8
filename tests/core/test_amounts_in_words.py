"""Refusals and reasons name amounts as money: with the currency, and with as many decimals as it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recon_core.domain.matching import Match
from recon_core.domain.refused import Refused
from recon_core.domain.statement import StatementHeader
from recon_core.services import blockers, books, clearing, reconcile, splitting, statements
from tests.core.world import World, bank_lines, day


def deliver(world: World, account_id: int, currency: str, when: str, opening: int, amount: int) -> int:
    """Register a statement of one line; returns the line."""
    (line,) = bank_lines(f"{when} 1 R{opening}")
    found = world.do(
        statements.register_statement,
        header=StatementHeader(
            format="camt.053",
            kind="statement",
            currency=currency,
            opening_balance=opening,
            closing_balance=opening + amount,
            from_date=day(when),
            to_date=day(when),
        ),
        lines=[line._replace(amount=amount, currency=currency)],
        file_id=world.file(f"{when}{opening}"),
        account_id=account_id,
    )
    return int(found.new_line_ids[0])


@pytest.mark.parametrize(
    ("currency", "texts"),
    [
        ("JPY", ("12345", "345", "12000")),
        ("SEK", ("123.45", "3.45", "120.00")),
        ("KWD", ("12.345", "0.345", "12.000")),
        ("CLF", ("1.2345", "0.0345", "1.2000")),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(world: World, currency: str, texts: tuple[str, ...]) -> None:
    whole, rest, part = (f"{text} {currency}" for text in texts)
    account_id = world.account(currency=currency, iban=None)
    values = {"transaction_date": day("2017-01-10"), "amount": 12345, "released": True}
    booked = world.do(books.create_transaction, account_id=account_id, **values)
    line = deliver(world, account_id, currency, "2017-01-10", 0, 12000)
    deliver(world, account_id, currency, "2017-01-12", 12345, 1)
    document_id = world.document(account_id, "2017-01-31", "0")

    def said(deed: Callable[..., Any], **arguments: Any) -> str:
        with pytest.raises(Refused) as refused:
            world.do(deed, **arguments)
        return str(refused.value)

    assert f"differ by -{rest}." in said(clearing.apply_matches, matches=[Match((line,), (booked,))])
    too_much = Match((line,), (booked,), (12345,), (12345,))
    assert f"there is {part} left, not {whole}." in said(clearing.apply_matches, matches=[too_much])
    kept = said(splitting.split_transaction, transaction_id=booked, amount=12345)
    assert f"{whole} is no part of transaction" in kept
    world.do(reconcile.tick, document_id=document_id, transaction_ids=[booked])
    assert f"The difference is -{whole}." in said(reconcile.remove_hold, document_id=document_id)
    reasons = {one.code: one.message for one in world.read(blockers.blockers, document_id=document_id)}
    assert reasons["difference"] == f"The difference is -{whole}."
    assert f"jumps by {rest} between" in reasons["gap"]
