"""Entries of one shape turned into lines column by column: what is done to a text is done to those of many at once.

Here are entries with no or one transaction and nothing further, and the transactions of batches: booked or pending, no
return, amounts that agree. What comes out is what `entry` makes of them one by one; what has anything unusual in it is left to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import repeat
from typing import Any, NamedTuple

from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.form import (
    Amounts,
    Charges,
    EntryForm,
    EntryKind,
    Kept,
    Texts,
    TransactionForm,
    TransactionKind,
)
from matcher.parsers.camt.transaction import (
    NO_CHARGES,
    NOT_FOREIGN,
    NOT_PROVIDED,
    Charged,
    Foreign,
    OwnAccount,
    account_number,
    join_foreign,
    read_charges,
    read_foreign,
    transaction_kind,
)
from recon_core.domain.refused import InputError
from recon_core.domain.statement import LineStatus, StatementLine

# Fewer entries than this are as quickly read one by one.
_FEW = 8
_SETTLED = frozenset({LineStatus.BOOKED, LineStatus.PENDING})

_at = StatementLine._fields.index
_DEFAULTS: list[Iterable[Any]] = [repeat(StatementLine._field_defaults.get(name)) for name in StatementLine._fields]
_END_TO_END, _REFERENCE, _DOCUMENTS = map(_at, ("end_to_end_id", "creditor_reference", "document_numbers"))
_REMITTANCE, _NAME, _ORIGINAL = map(_at, ("remittance", "counterparty_name", "original_amount"))
_CHARGES, _CHEQUE, _REASON = map(_at, ("charges", "check_number", "return_reason"))
_ADDITIONAL, _WHERE, _EXTRA = map(_at, ("additional_info", "where", "extra"))

_strip = str.strip
_new = tuple.__new__
Column = Sequence[str | None]
Pairs = Sequence[tuple[tuple[str, str], ...]]


class Waiting(NamedTuple):
    """An entry whose texts are fetched: its place among the lines to be handed out, its number, where it stands, and
    the account that it is of.
    """

    place: int
    number: int
    where: str
    own: OwnAccount
    texts: Texts


class WaitingBatch(NamedTuple):
    """An entry with several transactions, each with its form and texts."""

    entry: Waiting
    form: EntryForm
    listed: list[tuple[TransactionForm, Texts]]


class _Unusual(Exception):
    """Some entry is not what is read here."""


class _Group(NamedTuple):
    """Entries of one direction; `theirs` are the kinds of their transactions, empty where they have none."""

    entries: list[Waiting]
    kinds: list[EntryKind]
    theirs: list[TransactionKind]


def is_plain(form: EntryForm, inner: TransactionForm | None) -> bool:
    """Whether entries of these forms can be read here."""
    return not form.batches and (inner is None or not inner.is_return)


def fill(
    form: EntryForm,
    inner: TransactionForm | None,
    waiting: list[Waiting],
    lines: list[StatementLine | None],
    kind_of: Callable[[EntryForm, tuple[str, ...]], EntryKind | None],
) -> list[Waiting]:
    """Put the lines of entries at their places in `lines`; returns the entries that are left to be read one by one.

    `kind_of` works out the kind that an entry's form does not remember, None if something is wrong with it.
    """
    if len(waiting) < _FEW:
        return waiting
    left: list[Waiting] = []
    groups = {True: _Group([], [], []), False: _Group([], [], [])}
    for one in waiting:
        raw = form.kind(one.texts)
        kind = form.kinds.get(raw) or kind_of(form, raw)
        if kind is None or kind.money_in is None or kind.reversal or kind.status not in _SETTLED:
            left.append(one)
            continue
        group = groups[kind.money_in]
        if inner is not None:
            raw = inner.kind(one.texts)
            own = inner.kinds.get(raw) or transaction_kind(inner, raw)
            if not _fits(kind, own):
                left.append(one)
                continue
            group.theirs.append(own)
        group.entries.append(one)
        group.kinds.append(kind)
    for money_in, group in groups.items():
        made: Iterable[StatementLine] | None = None
        if len(group.entries) >= _FEW:
            with suppress(InputError, _Unusual):
                made = _lines(form, inner, group, money_in=money_in)
        if made is None:
            left += group.entries
            continue
        for one, line in zip(group.entries, made, strict=True):
            lines[one.place] = line
    return left


def _fits(entry: EntryKind, own: TransactionKind) -> bool:
    """Whether a transaction says of itself nothing else than its entry says."""
    return (
        (own.money_in is None or own.money_in is entry.money_in)
        and (own.code is None or entry.code is None or own.code == entry.code)
        and (
            own.proprietary_code is None
            or entry.proprietary_code is None
            or own.proprietary_code == entry.proprietary_code
        )
    )


def batch_details(
    batches: list[WaitingBatch], kind_of: Callable[[EntryForm, tuple[str, ...]], EntryKind | None]
) -> list[tuple[StatementLine, ...] | None]:
    """The details of each entry with several transactions; None where one of them has to be read alone."""
    if sum(len(batch.listed) for batch in batches) < _FEW:
        return [None] * len(batches)
    found: list[list[StatementLine | None]] = []
    groups: dict[tuple[TransactionForm, bool], _Group] = {}
    slots: dict[tuple[TransactionForm, bool], list[tuple[int, int]]] = {}
    for number, batch in enumerate(batches):
        found.append([None] * len(batch.listed))
        raw = batch.form.kind(batch.entry.texts)
        kind = batch.form.kinds.get(raw) or kind_of(batch.form, raw)
        if kind is None or kind.money_in is None or kind.reversal or kind.status not in _SETTLED:
            continue
        for place, (inner, texts) in enumerate(batch.listed):
            raw = inner.kind(texts)
            own = inner.kinds.get(raw) or transaction_kind(inner, raw)
            key = inner, kind.money_in if own.money_in is None else own.money_in
            group = groups.get(key)
            if group is None:
                group, slots[key] = groups.setdefault(key, _Group([], [], [])), []
            where = f"{batch.entry.where}, transaction {place + 1}"
            group.entries.append(Waiting(place, place + 1, where, batch.entry.own, texts))
            group.kinds.append(kind)
            group.theirs.append(own)
            slots[key].append((number, place))
    for (inner, money_in), group in groups.items():
        if len(group.entries) < _FEW or inner.is_return:
            continue
        with suppress(InputError, _Unusual):
            for (number, place), line in zip(slots[inner, money_in], _details(inner, group, money_in), strict=True):
                found[number][place] = line
    return [tuple(line for line in lines if line is not None) if all(lines) else None for lines in found]


def _lines(form: EntryForm, inner: TransactionForm | None, group: _Group, *, money_in: bool) -> Iterable[StatementLine]:
    """The lines of entries of one direction. Raises `_Unusual` or an `InputError` if one has to be read alone."""
    made = _Columns(group, money_in=money_in)
    references, stated, made.banks, made.infos = map(_texts, zip(*map(form.fixed, made.rows), strict=True))
    amounts = [minor(text or "", form.currency) for text in stated]
    _check_others(form.amounts, made.rows)
    made.add_costs(form.charges, form.amounts)
    made.extra = _kept(form.kept, made.rows)
    if inner is not None:
        _check_amounts(inner.amounts, made.rows, stated)
        made.add_transactions(inner)
    return made.lines(amounts, references)


def _details(inner: TransactionForm, group: _Group, money_in: bool) -> Iterable[StatementLine]:
    """The lines of transactions of one direction. Raises `_Unusual` or an `InputError` if one has to be read alone."""
    made = _Columns(group, money_in=money_in)
    amounts = [minor(row[inner.amounts.own], made.currency) for row in made.rows]
    _check_others(inner.amounts, made.rows)
    made.add_transactions(inner)
    return made.lines(amounts, made.nothing)


class _Columns:
    """Lines under construction: `columns` by the places of their fields, and what entries and transactions both tell."""

    def __init__(self, group: _Group, *, money_in: bool) -> None:
        self.entries = group.entries
        self.rows = [one.texts for one in group.entries]
        self.kinds, self.theirs, self.money_in = group.kinds, group.theirs, money_in
        self.currency = group.kinds[0].currency
        self.nothing: Column = [None] * len(self.rows)
        self.banks: Column = self.nothing
        self.infos: Column = self.nothing
        self.extra: Pairs = [()] * len(self.rows)
        self.charges: list[Charged] | None = None
        self.foreign: list[Foreign] | None = None
        self.columns = _DEFAULTS.copy()

    def add_costs(self, charges: tuple[Charges, ...], amounts: Amounts) -> None:
        """Charges and original amounts of entries, or of their transactions. Raises `_Unusual`."""
        odd: list[InputError] = []
        if charges:
            theirs = [read_charges(charges, row, self.currency, odd) for row in self.rows]
            ours = self.charges or repeat(NO_CHARGES)
            self.charges = [one if one.total is not None else other for one, other in zip(ours, theirs, strict=False)]
        if amounts.is_foreign:
            told = [read_foreign(amounts, row, odd) for row in self.rows]
            both = [
                join_foreign(own, entry) for own, entry in zip(told, self.foreign or repeat(NOT_FOREIGN), strict=False)
            ]
            self.foreign = [one for one in both if one is not None]
            if len(self.foreign) < len(told):
                raise _Unusual
        if odd:
            raise _Unusual

    def add_transactions(self, form: TransactionForm) -> None:
        """What the transactions tell. Raises `_Unusual`."""
        self.add_costs(form.charges, form.amounts)
        self._add_texts(form)
        columns, rows = self.columns, self.rows
        ends, instructions, *others, cheques, banks, traders = map(_texts, zip(*map(form.fixed, rows), strict=True))
        if any(traders):
            raise _Unusual
        side = form.sides[self.money_in]
        names, accounts, bics, ultimates = map(_texts, zip(*map(side.fetch, rows), strict=True))
        if side.account_is_iban:
            accounts = [account_number(text) if text else None for text in accounts]
        if any(ultimates):
            names = [name or ultimate for name, ultimate in zip(names, ultimates, strict=True)]
        columns[_END_TO_END:_REFERENCE] = _provided(ends), _provided(instructions), *others
        columns[_NAME:_ORIGINAL] = names, accounts, bics, ultimates
        columns[_CHEQUE] = cheques
        columns[_REASON] = [own.reason for own in self.theirs]
        if any(banks):
            self.extra = [
                (*pairs, ("Refs/AcctSvcrRef", own)) if own and bank and own != bank else pairs
                for pairs, own, bank in zip(self.extra, banks, self.banks, strict=True)
            ]
            self.banks = [bank or own for bank, own in zip(self.banks, banks, strict=True)]
        more = _kept(side.kept, rows)
        self.extra = [first + second for first, second in zip(self.extra, more, strict=True)]

    def _add_texts(self, form: TransactionForm) -> None:
        """What the payer and the bank wrote: see `lines.compose` and `transaction.read_transaction`."""
        columns, rows = self.columns, self.rows
        said = infos = self.infos
        if form.infos:
            told = _lists(form.infos, rows)
            said = [texts[0] if texts else info for texts, info in zip(told, infos, strict=True)]
            self.infos = [
                "\n".join(dict.fromkeys((info, *texts) if info else texts)) or None
                for texts, info in zip(told, infos, strict=True)
            ]
        if form.texts:
            written = ["\n".join(texts) for texts in _lists(form.texts, rows)]
            said = [text or other for text, other in zip(written, said, strict=True)]
        columns[_REMITTANCE] = said
        references = _lists(form.references, rows) if form.references else None
        if references is not None:
            columns[_REFERENCE] = [texts[0] if texts else None for texts in references]
        if form.documents or len(form.references) > 1:
            nothing: list[list[str]] = [[]] * len(rows)
            documents = _lists(form.documents, rows) if form.documents else nothing
            columns[_DOCUMENTS] = [
                (*texts, *more[1:]) for texts, more in zip(documents, references or nothing, strict=True)
            ]

    def lines(self, amounts: list[int], references: Column) -> Iterable[StatementLine]:
        """The lines; `amounts` are unsigned."""
        booking, value, currencies, status, reversal, _, codes, proprietary = zip(*self.kinds, strict=True)
        columns = self.columns
        if self.theirs:
            codes = tuple([own.code or code for own, code in zip(self.theirs, codes, strict=True)])
            proprietary = tuple(
                [own.proprietary_code or code for own, code in zip(self.theirs, proprietary, strict=True)]
            )
        else:
            columns[_REMITTANCE] = self.infos
        columns[:_END_TO_END] = (
            [one.number for one in self.entries], booking, value,
            amounts if self.money_in else [-amount for amount in amounts],
            currencies, status, reversal, self.banks, references, codes, proprietary,
        )  # fmt: skip
        if self.foreign is not None:
            originals, *columns[_ORIGINAL + 1 : _ORIGINAL + 3] = zip(*self.foreign, strict=True)
            columns[_ORIGINAL] = originals if self.money_in else [size if size is None else -size for size in originals]
        if self.charges is not None:
            columns[_CHARGES] = [one.total for one in self.charges]
        columns[_ADDITIONAL], columns[_EXTRA] = self.infos, self.extra
        columns[_WHERE] = [one.where for one in self.entries]
        return map(_new, repeat(StatementLine), zip(*columns, strict=False))


def _texts(column: Sequence[str]) -> Column:
    """Texts without blanks around them, None where nothing is left."""
    if not any(column):
        return [None] * len(column)
    stripped = [*map(_strip, column)]
    return stripped if all(stripped) else [text or None for text in stripped]


def _provided(column: Column) -> Column:
    """References, None for those that say "none"."""
    return column if NOT_PROVIDED.isdisjoint(column) else [None if text in NOT_PROVIDED else text for text in column]


def _lists(places: Sequence[int], rows: list[Texts]) -> list[list[str]]:
    """The texts at the places, for each row; blank ones left out."""
    if len(places) == 1:
        place = places[0]
        return [[text] if (text := row[place].strip()) else [] for row in rows]
    return [[text for place in places if (text := row[place].strip())] for row in rows]


def _kept(kept: Kept, rows: list[Texts]) -> Pairs:
    """What `transaction.kept` gives, for each row."""
    if not kept.names:
        return [()] * len(rows)
    columns = [[*map(_strip, column)] for column in zip(*map(kept.fetch, rows), strict=True)]
    for number, currency in kept.currencies:
        columns[number] = [f"{text} {currency}" if text else "" for text in columns[number]]
    pairs = zip(*(zip(repeat(name), column) for name, column in zip(kept.names, columns, strict=True)), strict=True)
    if all(map(all, columns)):
        return [*pairs]
    return [tuple([pair for pair in row if pair[1]]) for row in pairs]


def _check_others(amounts: Amounts, rows: list[Texts]) -> None:
    """Raises `_Unusual` if there are other amounts that do not repeat the one that is used."""
    for place, _, _ in amounts.others:
        if any((text := row[place].strip()) and text != row[amounts.own].strip() for row in rows):
            raise _Unusual


def _check_amounts(amounts: Amounts, rows: list[Texts], stated: Column) -> None:
    """Raises `_Unusual` if a transaction's own amount, or another one, is not that of its entry."""
    own = _texts([row[amounts.own] for row in rows])
    if own != stated and any(own):
        raise _Unusual
    _check_others(amounts, rows)
