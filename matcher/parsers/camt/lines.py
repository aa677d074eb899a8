"""Putting a line together from an entry and its transactions, and the check that details add up (domain 2.5)."""

from __future__ import annotations

from matcher.parsers.camt.tags import Extra
from matcher.parsers.camt.transaction import (
    BANK,
    CHEQUE,
    END_TO_END,
    INSTRUCTION,
    MANDATE,
    MESSAGE,
    PAYMENT,
    TRANSACTION_ID,
    Common,
    Foreign,
    Transaction,
)
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import to_text
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine

_NEW_LINE = tuple.__new__


class Batch:
    """What `Btch` says of the transactions under an entry; `total` in minor units."""

    __slots__ = ("count", "message", "payment", "total")

    def __init__(self) -> None:
        self.count: int | None = None
        self.message: str | None = None
        self.payment: str | None = None
        self.total: int | None = None


def compose(  # noqa: PLR0913 - the parts of a line
    index: int,
    common: Common,
    one: Transaction,
    *,
    bank_reference: str | None,
    entry_reference: str | None,
    foreign: Foreign,
    charges: int | None,
    info: str | None,
    batch: Batch | None,
    details: tuple[StatementLine, ...],
    where: str,
    extra: tuple[tuple[str, str], ...],
) -> StatementLine:
    """The line of an entry with no or one transaction, or with details; or one detail.

    Remittance is what the payer wrote, else `AddtlTxInf`, else `AddtlNtryInf` (`info`).
    """
    refs, party, remitted = one.references, one.party, one.remittance
    original = foreign.amount
    if original is not None and not (common.money_in if one.money_in is None else one.money_in):
        original = -original
    if not one.info:
        additional = said = info
    else:
        said = one.info[0]
        additional = "\n".join(dict.fromkeys((info, *one.info) if info else one.info))
    message, payment, count = refs[MESSAGE], refs[PAYMENT], None
    if batch is not None:
        message, payment, count = message or batch.message, payment or batch.payment, batch.count
    if count is None and len(details) > 1:
        count = len(details)
    line: StatementLine = _NEW_LINE(
        StatementLine,
        (
            index,
            common.booking_date,
            common.value_date,
            common.amount,
            common.currency,
            common.status,
            common.reversal,
            bank_reference,
            entry_reference,
            one.code or common.code,
            one.proprietary_code or common.proprietary_code,
            refs[END_TO_END],
            refs[INSTRUCTION],
            refs[TRANSACTION_ID],
            refs[MANDATE],
            message,
            payment,
            remitted.reference,
            remitted.documents,
            remitted.text or said,
            party.name,
            party.account,
            party.bic,
            party.ultimate,
            original,
            foreign.currency,
            foreign.rate,
            charges,
            refs[CHEQUE],
            one.return_reason,
            additional,
            count,
            details,
            where,
            extra,
        ),
    )
    return line


def children(
    read: list[Transaction], common: Common, entry_charges: int | None, where: str, odd: list[Diagnostic]
) -> tuple[StatementLine, ...]:
    """The details of an entry, each with its own amount in the account's currency.

    Where the amounts add up to the entry only after the charges inside them, these are taken off, so that the sum
    holds. A detail without such an amount is marked; the entry's amount is never spread.
    """
    amounts = [one.amount for one in read]
    stated = [amount for amount in amounts if amount is not None]
    if len(stated) == len(amounts):
        total = sum(stated)
        for costs in (
            [0] * len(read),
            [one.charges.included for one in read],
            [one.charges.total or 0 for one in read],
        ):
            if total - sum(costs) == common.amount:
                amounts = [amount - cost for amount, cost in zip(stated, costs, strict=True)]
                break
        else:
            if total - (entry_charges or 0) != common.amount:
                sums = f"{to_text(total, common.currency)}, the entry is {to_text(common.amount, common.currency)}"
                odd.append(_warning("details-differ", where, f"the transactions of the entry add up to {sums}."))
    elif stated:
        odd.append(_warning("details-incomplete", where, "some transactions of the entry have no amount."))
    made = []
    for index, (one, amount) in enumerate(zip(read, amounts, strict=True), 1):
        made.append(
            compose(
                index,
                common._replace(amount=amount or 0),
                one,
                bank_reference=one.references[BANK],
                entry_reference=None,
                foreign=one.foreign,
                charges=one.charges.total,
                info=None,
                batch=None,
                details=(),
                where=f"{where}, transaction {index}",
                extra=one.extra if amount is not None else (AMOUNT_UNKNOWN, *one.extra),
            )
        )
    return tuple(made)


def difference(one: Transaction, common: Common, entry_charges: int | None, extra: Extra) -> None:
    """Where the only transaction has another amount than its entry, say so in `extra`; charges may explain it."""
    if one.amount is None or one.amount == common.amount:
        return
    extra.append(("TxDtls/Amt", f"{to_text(one.amount, common.currency)} {common.currency}"))
    missing = one.amount - common.amount
    if missing not in (entry_charges, one.charges.total, one.charges.included):
        extra.append(("unexplained-difference", f"{to_text(missing, common.currency)} {common.currency}"))


def is_one_of_many(one: Transaction, batch: Batch | None, amount: int) -> bool:
    """Whether the only transaction that is shown is a part of a batch, so that its references are not the entry's."""
    return batch is not None and (batch.count or 0) > 1 and one.amount is not None and one.amount != amount


def check_batch(batch: Batch, read: list[Transaction], common: Common, where: str, odd: list[Diagnostic]) -> None:
    """Compare the bank's count and total of a batch with what it lists."""
    if batch.count is not None and read and batch.count != len(read):
        message = f"the batch has {batch.count} transactions, {len(read)} are listed."
        odd.append(_warning("batch-count-differs", where, message))
    listed = [one.amount for one in read if one.amount is not None]
    if batch.total is not None and batch.total not in (abs(common.amount), abs(sum(listed)), sum(map(abs, listed))):
        message = f"the batch is {batch.total} minor units, its entry {abs(common.amount)}."
        odd.append(_warning("batch-total-differs", where, message))


def _warning(code: str, where: str, message: str) -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, where, message, "Compare with the bank's advice of the batch.")
