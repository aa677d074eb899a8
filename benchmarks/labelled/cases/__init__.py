"""The cases: each function adds bank lines, the book transactions behind them, and the truth.

`expect` is "clear" (a person would not look twice), "propose" (only a person can decide) or "classify" (nothing in the
books; the class is the answer). `CASES` is the list, each with the weight with which it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.labelled.cases import bank, groups, parties, references, remainders, repeats, traps
from benchmarks.labelled.world import World

Case = Callable[[World], None]

CASES: tuple[tuple[Case, float], ...] = (
    (references.reference_field, 28),
    (references.own_payment, 17),
    (references.reference_text, 5),
    (references.reference_spaced, 1.5),
    (references.reference_zeros, 1.5),
    (references.reference_prefixed, 1.5),
    (references.reference_typo, 1),
    (references.reference_cut, 1),
    (references.cheque, 0.6),
    (parties.no_reference, 5),
    (parties.misspelt, 2),
    (parties.third_party, 1),
    (parties.amount_only, 0.5),
    (remainders.instalments, 0.5),
    (remainders.other_amount, 1.5),
    (remainders.bank_charge, 0.7),
    (remainders.foreign, 1),
    (groups.several_invoices, 1.5),
    (groups.payment_file, 1.2),
    (groups.rejected_in_file, 0.1),
    (groups.bankgiro, 0.8),
    (groups.salaries, 0.2),
    (groups.card, 0.9),
    (groups.two_sums, 0.2),
    (repeats.price_list, 0.5),
    (repeats.recurring, 0.7),
    (repeats.two_alike, 0.6),
    (repeats.interchangeable, 0.2),
    (repeats.paid_twice, 0.4),
    (repeats.came_back, 0.4),
    (bank.own_transfer, 1),
    (bank.bank_own, 3),
    (bank.tax, 0.5),
    (bank.direct_debit, 1.2),
    (bank.unknown, 1),
    (traps.trap_amount, 0.3),
    (traps.trap_closed, 0.2),
    (traps.trap_near, 0.2),
    (traps.trap_fee, 0.2),
)
