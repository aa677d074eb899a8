"""Putting a line together from an entry and its transactions, and the check that details add up (domain 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from matcher.parsers.camt.form import BatchPlaces, EntryKind, Texts
from matcher.parsers.camt.transaction import Extra, Foreign, Transaction, read_minor
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import Money, to_text
from recon_core.domain.refused import InputError
from recon_core.domain.statement import AMOUNT_UNKNOWN, StatementLine

_NEW_LINE = tuple.__new__


class Batch(NamedTuple):
    """What `Btch` says of the transactions under an entry; `total` in minor units."""

    message: str | None = None
    payment: str | None = None
    number: int | None = None
    total: int | None = None


NO_BATCH = Batch()


def compose(  # noqa: PLR0913, PLR0917 - the parts of a line, by position because a million are made
    index: int,
    kind: EntryKind,
    amount: int,
    one: Transaction,
    bank_reference: str | None,
    entry_reference: str | None,
    foreign: Foreign,
    charges: int | None,
    info: str | None,
    batch: Batch,
    details: tuple[StatementLine, ...],
    where: str,
    extra: Extra,
) -> StatementLine:
    """The line of an entry with no or one transaction, or with details; or one detail.

    Remittance is what the payer wrote, else `AddtlTxInf`, else `AddtlNtryInf` (`info`).
    """
    original = foreign.amount
    if original is not None and (kind.money_in if one.money_in is None else one.money_in) is False:
        original = -original
    additional = said = info
    if one.infos:
        said = one.infos[0]
        additional = "\n".join(dict.fromkeys((info, *one.infos) if info else one.infos))
    count = batch.number
    if count is None and len(details) > 1:
        count = len(details)
    # fmt: off
    line: StatementLine = _NEW_LINE(StatementLine, (
        index, kind.booking_date, kind.value_date, amount, kind.currency, kind.status, kind.reversal,
        bank_reference, entry_reference, one.code or kind.code, one.proprietary_code or kind.proprietary_code,
        one.end_to_end, one.instruction, one.transaction, one.mandate,
        one.message or batch.message, one.payment or batch.payment, one.reference, one.documents,
        one.remittance or said, one.name, one.account, one.bic, one.ultimate,
        original, foreign.currency, foreign.rate, charges, one.cheque, one.reason,
        additional, count, details, where, tuple(extra),
    ))
    # fmt: on
    return line


def children(
    read: list[Transaction], kind: EntryKind, amount: int, entry_charges: int | None, where: str, odd: list[Diagnostic]
) -> tuple[StatementLine, ...]:
    """The details of an entry, each with its own amount in the account's currency.

    Where the amounts add up to the entry only after the charges inside them, these are taken off, so that the sum
    holds. A detail without such an amount is marked; the entry's amount is never spread.
    """
    amounts = [one.amount for one in read]
    stated = [own for own in amounts if own is not None]
    if len(stated) == len(amounts):
        total = sum(stated)
        for costs in (
            [0] * len(read),
            [one.charges.included for one in read],
            [one.charges.total or 0 for one in read],
        ):
            if total - sum(costs) == amount:
                amounts = [own - cost for own, cost in zip(stated, costs, strict=True)]
                break
        else:
            if total - (entry_charges or 0) != amount:
                sums = f"{to_text(total, kind.currency)}, the entry is {to_text(amount, kind.currency)}"
                odd.append(_warning("details-differ", where, f"the transactions of the entry add up to {sums}."))
    elif stated:
        odd.append(_warning("details-incomplete", where, "some transactions of the entry have no amount."))
    return tuple(
        compose(
            index,
            kind,
            own or 0,
            one,
            one.bank,
            None,
            one.foreign,
            one.charges.total,
            None,
            NO_BATCH,
            (),
            f"{where}, transaction {index}",
            one.extra if own is not None else [AMOUNT_UNKNOWN, *one.extra],
        )
        for index, (one, own) in enumerate(zip(read, amounts, strict=True), 1)
    )


def difference(one: Transaction, kind: EntryKind, amount: int, entry_charges: int | None, extra: Extra) -> None:
    """Where the only transaction has another amount than its entry, say so in `extra`; charges may explain it."""
    if one.amount is None or one.amount == amount:
        return
    extra.append(("TxDtls/Amt", f"{Money(one.amount, kind.currency)}"))
    missing = one.amount - amount
    if missing not in (entry_charges, one.charges.total, one.charges.included):
        extra.append(("unexplained-difference", f"{Money(missing, kind.currency)}"))


def is_one_of_many(one: Transaction, batch: Batch, amount: int) -> bool:
    """Whether the only transaction that is shown is a part of a batch, so that its references are not the entry's."""
    return (batch.number or 0) > 1 and one.amount is not None and one.amount != amount


def read_batch(places: tuple[BatchPlaces, ...], texts: Texts, currency: str, odd: list[InputError]) -> Batch:
    """Counts and totals of several batches add up, the first one's references are the entry's."""
    message = payment = count = total = None
    for place in places:
        message = message or texts[place.message].strip() or None
        payment = payment or texts[place.payment].strip() or None
        number = texts[place.number].strip()
        if number.isascii() and number.isdigit() and len(number) <= 15:
            count = (count or 0) + int(number)
        if (amount := read_minor(texts[place.total], currency, odd)) is not None:
            total = (total or 0) + amount
    return Batch(message, payment, count, total)


def check_batch(
    batch: Batch, amounts: Sequence[int | None], kind: EntryKind, amount: int, where: str, odd: list[Diagnostic]
) -> None:
    """Compare the bank's count and total of a batch with the amounts that it lists."""
    if batch.number is not None and amounts and batch.number != len(amounts):
        message = f"the batch has {batch.number} transactions, {len(amounts)} are listed."
        odd.append(_warning("batch-count-differs", where, message))
    listed = [own for own in amounts if own is not None]
    if batch.total is not None and batch.total not in (abs(amount), abs(sum(listed)), sum(map(abs, listed))):
        totals = f"{to_text(batch.total, kind.currency)}, its entry {to_text(amount, kind.currency)}"
        odd.append(_warning("batch-total-differs", where, f"the batch is {totals}."))


def _warning(code: str, where: str, message: str) -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, where, message, "Compare with the bank's advice of the batch.")


def keep_overridden(single: Transaction, bank: str, kind: EntryKind, extra: Extra) -> None:
    """Keep what entry and transaction both say, and say differently."""
    if bank and single.bank and single.bank != bank:
        extra.append(("Refs/AcctSvcrRef", single.bank))
    if single.code and kind.code and kind.code != single.code:
        extra.append(("Ntry/BkTxCd/Domn", kind.code))
    own = kind.proprietary_code
    if own and single.proprietary_code and own != single.proprietary_code:
        extra.append(("Ntry/BkTxCd/Prtry/Cd", own))


def keep_batch(single: Transaction, batch: Batch, extra: Extra) -> None:
    """Keep the references of a batch that its only transaction states otherwise."""
    for own, others, name in ((batch.message, single.message, "MsgId"), (batch.payment, single.payment, "PmtInfId")):
        if own and others and own != others:
            extra.append((f"NtryDtls/Btch/{name}", own))
