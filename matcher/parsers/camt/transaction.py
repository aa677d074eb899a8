"""One transaction: the texts of a `TxDtls`, fetched by its form, to the fields of a line."""

from __future__ import annotations

from typing import NamedTuple

from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.form import (
    NOWHERE,
    Amounts,
    Charges,
    EntryKind,
    Kept,
    Texts,
    TransactionForm,
    TransactionKind,
)
from recon_core.domain.money import Money
from recon_core.domain.refused import InputError

KINDS_MAX = 2000
NOT_PROVIDED = frozenset({"", "NOTPROVIDED", "NOT PROVIDED"})
_NEW = tuple.__new__
_strip = str.strip
Extra = list[tuple[str, str]]


class OwnAccount(NamedTuple):
    """The account of the statement as `account_number` writes it, to tell our side of a payment from the other's."""

    number: str | None = None
    owner: str | None = None


class Foreign(NamedTuple):
    """Original amount (unsigned minor units of its currency) and the rate as printed."""

    amount: int | None = None
    currency: str | None = None
    rate: str | None = None


class Charged(NamedTuple):
    """Charges in minor units of the account's currency, + as a cost; `included` are those inside the amount."""

    total: int | None = None
    included: int = 0


NOT_FOREIGN, NO_CHARGES = Foreign(), Charged()


class Transaction(NamedTuple):
    """One transaction. `amount` is signed, None where it is not told in the account's currency."""

    amount: int | None = None
    money_in: bool | None = None
    bank: str | None = None
    code: str | None = None
    proprietary_code: str | None = None
    end_to_end: str | None = None
    instruction: str | None = None
    transaction: str | None = None
    mandate: str | None = None
    message: str | None = None
    payment: str | None = None
    reference: str | None = None
    documents: tuple[str, ...] = ()
    remittance: str | None = None
    name: str | None = None
    account: str | None = None
    bic: str | None = None
    ultimate: str | None = None
    foreign: Foreign = NOT_FOREIGN
    charges: Charged = NO_CHARGES
    cheque: str | None = None
    reason: str | None = None
    infos: tuple[str, ...] = ()
    extra: Extra = []  # noqa: RUF012 - never added to: `compose` makes a tuple of it


NO_TRANSACTION = Transaction()


def read_transaction(
    form: TransactionForm,
    texts: Texts,
    entry: EntryKind,
    known: tuple[str, int],
    own: OwnAccount,
    odd: list[InputError],
) -> Transaction:
    """The fields of one transaction of an entry; what is wrong with it goes to `odd`.

    `known` is the entry's amount as text and in minor units, which its only transaction repeats as a rule.

    The other side is the debtor of money that came in and the creditor of money that went out. Where the entry undoes
    a payment, its parties keep the roles of the payment that is undone: see `_debtor_is_other`.
    """
    raw = form.kind(texts)
    kind = form.kinds.get(raw) or transaction_kind(form, raw)
    money_in = entry.money_in is not False if kind.money_in is None else kind.money_in
    end_to_end, instruction, transaction, mandate, message, payment, cheque, bank, trader = map(
        _strip, form.fixed(texts)
    )
    debtor = money_in
    if form.is_return or entry.reversal:
        debtor = _debtor_is_other(form, texts, own, money_in=money_in)
    side = form.sides[debtor]
    name, account, bic, ultimate = map(_strip, side.fetch(texts))
    if account and side.account_is_iban:
        account = account_number(account)
    extra = kept(side.kept, texts)
    if trader and (name or ultimate):
        extra.append(("RltdPties/TradgPty/Nm", trader))
    amounts = form.amounts
    stated = texts[amounts.own]
    amount = known[1] if stated == known[0] else read_minor(stated, entry.currency, odd)
    for place, _, _ in amounts.others:
        if texts[place] != stated:
            keep_others(amounts, texts, extra)
            break
    said = [text for place in form.texts if (text := texts[place].strip())] if form.texts else ()
    references = [text for place in form.references if (text := texts[place].strip())] if form.references else ()
    documents: tuple[str, ...] = ()
    if form.documents or len(references) > 1:
        documents = (*(text for place in form.documents if (text := texts[place].strip())), *references[1:])
    # fmt: off
    one: Transaction = _NEW(Transaction, (
        amount if money_in or amount is None else -amount, money_in, bank or None,
        kind.code, kind.proprietary_code,
        None if end_to_end in NOT_PROVIDED else end_to_end, None if instruction in NOT_PROVIDED else instruction,
        transaction or None, mandate or None, message or None, payment or None,
        references[0] if references else None, documents, "\n".join(said) if said else None,
        name or ultimate or trader or None, account or None, bic or None, ultimate or None,
        read_foreign(amounts, texts, odd) if amounts.is_foreign else NOT_FOREIGN,
        read_charges(form.charges, texts, entry.currency, odd) if form.charges else NO_CHARGES,
        cheque or None, kind.reason,
        tuple([text for place in form.infos if (text := texts[place].strip())]) if form.infos else (),
        extra,
    ))
    # fmt: on
    return one


def transaction_kind(form: TransactionForm, raw: tuple[str, ...]) -> TransactionKind:
    """Work out what the form then remembers."""
    direction, domain, family, subfamily, proprietary, reason = map(_strip, raw)
    money_in = direction == "CRDT" if direction in ("CRDT", "DBIT") else None
    kind = TransactionKind(money_in, iso_code(domain, family, subfamily), proprietary or None, reason or None)
    if len(form.kinds) < KINDS_MAX:
        form.kinds[raw] = kind
    return kind


def _debtor_is_other(form: TransactionForm, texts: Texts, own: OwnAccount, *, money_in: bool) -> bool:
    """For a payment that came back: whether the debtor of the original payment is the other side.

    The own account's number or owner, where exactly one side has it, decides; then the only side that is named; then
    the direction: money that comes back in was sent by us to the creditor.
    """
    debtor, creditor = ([text.strip() for text in form.sides[side].fetch(texts)] for side in (True, False))
    if own.number:
        ours = account_number(debtor[1]) == own.number, account_number(creditor[1]) == own.number
        if ours[0] != ours[1]:
            return ours[1]
    if own.owner and (debtor[0] == own.owner) != (creditor[0] == own.owner):
        return creditor[0] == own.owner
    if bool(debtor[0]) != bool(creditor[0]):
        return bool(debtor[0])
    return not money_in


def account_number(text: str) -> str:
    """An account number without blanks, in capitals: `se45 5000 ...` is `SE455000...`."""
    return text if text.isalnum() and text.isupper() else "".join(text.split()).upper()


def iso_code(domain: str, family: str, subfamily: str) -> str | None:
    """`PMNT/RCDT/ESCT`, or what there is of it."""
    return "/".join(part for part in (domain, family, subfamily) if part) or None


def kept(left: Kept, texts: Texts) -> Extra:
    """What has no field, as pairs of path and text; an amount is written `12.50 EUR`."""
    values = [*map(_strip, left.fetch(texts))]
    for number, currency in left.currencies:
        if values[number]:
            values[number] += f" {currency}"
    if "" in values:
        return [(name, text) for name, text in zip(left.names, values, strict=True) if text]
    return [*zip(left.names, values, strict=True)]


def keep_others(amounts: Amounts, texts: Texts, extra: Extra) -> None:
    """Keep the other amounts in the account's currency that do not repeat the one that is used."""
    used = texts[amounts.own].strip()
    for place, name, currency in amounts.others:
        if (text := texts[place].strip()) and text != used:
            extra.append((name, f"{text} {currency}"))


def read_minor(text: str, currency: str, odd: list[InputError]) -> int | None:
    """Minor units, or None with the error in `odd`. No text is no amount."""
    if not text or text.isspace():
        return None
    try:
        return minor(text, currency)
    except InputError as error:
        odd.append(error)
        return None


def read_foreign(amounts: Amounts, texts: Texts, odd: list[InputError]) -> Foreign:
    """Original amount and rate."""
    rate = texts[amounts.rate].strip() or None
    if amounts.original == NOWHERE or amounts.original_currency is None:
        return Foreign(None, None, rate)
    original = read_minor(texts[amounts.original], amounts.original_currency, odd)
    return Foreign(original, amounts.original_currency if original is not None else None, rate)


def join_foreign(own: Foreign, entry: Foreign) -> Foreign | None:
    """What transaction and entry say together of the original amount; None where they contradict each other."""
    if entry in (NOT_FOREIGN, own):
        return own
    if own.amount is None:
        return entry if own.rate in (None, entry.rate) else None
    if entry.amount is not None and entry[:2] != own[:2]:
        return None
    return own._replace(rate=entry.rate) if own.rate is None else own if entry.rate in (None, own.rate) else None


def with_entry_foreign(own: Foreign, entry: Foreign, extra: Extra) -> Foreign:
    """The original amount and rate of an entry's only transaction; what the entry says otherwise goes to `extra`."""
    joined = join_foreign(own, entry)
    if joined is not None:
        return joined
    if entry.amount is not None and entry.currency is not None and entry[:2] != own[:2]:
        extra.append(("Ntry/AmtDtls", str(Money(entry.amount, entry.currency))))
    if entry.rate is not None and entry.rate != own.rate:
        extra.append(("Ntry/AmtDtls/CcyXchg/XchgRate", entry.rate))
    return own


def read_charges(groups: tuple[Charges, ...], texts: Texts, currency: str, odd: list[InputError]) -> Charged:
    """The stated totals, else the sums of the records."""
    total: int | None = None
    included = 0
    for group in groups:
        amount = read_minor(texts[group.total], currency, odd)
        summed: int | None = None
        for record in group.records:
            cost = read_minor(texts[record.amount], currency, odd)
            if cost is None:
                continue
            if texts[record.direction].strip() == "CRDT":
                cost = -cost
            summed = (summed or 0) + cost
            if is_true(texts[record.included]):
                included += cost
        amount = summed if amount is None else amount
        if amount is not None:
            total = (total or 0) + amount
    return Charged(total, included)


def is_true(text: str) -> bool:
    """`xs:boolean`: `true` or `1`, with blanks around it."""
    return text.strip() in ("true", "1")
