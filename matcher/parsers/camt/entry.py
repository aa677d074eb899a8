"""Entries: `Ntry` of a report, statement or notification to a `StatementLine` with its details (domain 2.4, 2.5).

Those of a shape that repeats are gathered for `columns`, which makes their lines together; the lines come out in order.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from datetime import date
from itertools import chain
from operator import itemgetter
from typing import TypeVar
from xml.etree.ElementTree import Element

from matcher.parsers.camt import paths
from matcher.parsers.camt.amounts import minor
from matcher.parsers.camt.columns import Waiting, WaitingBatch, batch_details, fill
from matcher.parsers.camt.form import EntryForm, EntryKind, Texts, TransactionForm, Unsaid
from matcher.parsers.camt.lines import (
    NO_BATCH,
    check_batch,
    children,
    compose,
    difference,
    is_one_of_many,
    keep_batch,
    keep_overridden,
    read_batch,
)
from matcher.parsers.camt.markup import NotPlain, unescaped
from matcher.parsers.camt.pattern import (
    PATTERNS_MAX,
    SIGHTINGS_MIN,
    EntryPattern,
    TransactionPattern,
    entry_pattern,
    transaction_pattern,
)
from matcher.parsers.camt.shape import (
    JOINT,
    TEXT_LETTERS_MAX,
    check_texts,
    cut,
    is_stray,
    leaves_of_element,
    leaves_of_markup,
    local_name,
    stray_transaction,
)
from matcher.parsers.camt.transaction import (
    KINDS_MAX,
    NO_CHARGES,
    NO_TRANSACTION,
    Extra,
    OwnAccount,
    Transaction,
    is_true,
    iso_code,
    keep_others,
    kept,
    read_charges,
    read_foreign,
    read_transaction,
    with_entry_foreign,
)
from matcher.parsers.text import iso_date
from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import BadAmount, InputError
from recon_core.domain.statement import AMOUNT_UNKNOWN, LineStatus, StatementLine

FORMS_MAX = 4000

_STATUSES = {
    "BOOK": LineStatus.BOOKED,
    "PDNG": LineStatus.PENDING,
    "INFO": LineStatus.INFO,
    "FUTR": LineStatus.FUTURE,
}
_INFO = LineStatus.INFO
_NOTHING_KNOWN = (JOINT, 0)
_STATUS = [*paths.ENTRY_KIND].index("status")
_LINE_END = re.compile(r"\r\n?")
_strip = str.strip
_new = tuple.__new__
Key = TypeVar("Key")
Pattern = TypeVar("Pattern")


class EntryReader:
    """Reads entries, from markup that was cut out of the file or from elements of the tree, to the same lines."""

    def __init__(self) -> None:
        self._own = OwnAccount()
        self._unsaid = Unsaid(NO_CURRENCY, LineStatus.INFO)
        self._lines: list[StatementLine | None] = []
        self._batches: list[WaitingBatch] = []
        self._told: list[tuple[int, list[Diagnostic]]] = []
        self._prefix = ""
        self._open, self._close = "<TxDtls>", "</TxDtls>"
        self._entry_forms: dict[tuple[Unsaid, str], EntryForm] = {}
        self._transaction_forms: dict[tuple[str, str], TransactionForm] = {}
        self._entry_patterns: dict[Unsaid, dict[int, list[EntryPattern]]] = {}
        self._patterns: dict[int, list[EntryPattern]] = {}
        self._transaction_patterns: dict[tuple[str, int], list[TransactionPattern]] = {}

    @property
    def count(self) -> int:
        """How many entries were taken since `taken`."""
        return len(self._lines)

    def begin(self, own: OwnAccount, currency: str | None, status_unless_said: LineStatus) -> None:
        """A new statement: its account, its currency, and what an entry is that does not say its status."""
        self._own = own
        self._unsaid = Unsaid(currency or NO_CURRENCY, status_unless_said)
        self._patterns = self._entry_patterns.setdefault(self._unsaid, {})

    def use_prefix(self, prefix: str) -> None:
        """The prefix that the elements of the file have, with its colon."""
        if prefix != self._prefix:
            self._fill()
            self._prefix = prefix
            self._open, self._close = f"<{prefix}TxDtls>", f"</{prefix}TxDtls>"
            for known in (self._entry_forms, self._transaction_forms, self._transaction_patterns):
                known.clear()
            for patterns in self._entry_patterns.values():
                patterns.clear()

    def taken(self) -> tuple[list[StatementLine], deque[tuple[int, list[Diagnostic]]]]:
        """The lines of the entries that were taken since the last time, and what was odd about them.

        Both in their order; what was odd comes with the place of the line among the lines.
        """
        self._fill()
        lines = [line for line in self._lines if line is not None]
        odd = deque(sorted(self._told, key=itemgetter(0)))
        self._lines, self._told = [], []
        return lines, odd

    def _fill(self) -> None:
        """Make the lines of the entries that wait."""
        for patterns in self._entry_patterns.values():
            for pattern in chain.from_iterable(patterns.values()):
                if not pattern.waiting:
                    continue
                form, inner = pattern.form, pattern.inner
                for one in fill(form, inner, pattern.waiting, self._lines, self._faultless_kind):
                    listed = [(inner, one.texts)] if inner is not None else []
                    self._lines[one.place] = self._line(form, one, listed)
                pattern.waiting.clear()
        details = batch_details(self._batches, self._faultless_kind)
        for many, ready in zip(self._batches, details, strict=True):
            self._lines[many.entry.place] = self._line(many.form, many.entry, many.listed, ready)
        self._batches.clear()

    def take_markup(self, inside: str, index: int, where: str) -> None:
        """Take what stands between the tags of one `Ntry`, well-formed or not.

        Raises `NotPlain` for everything that is not surely the same to a tokenizer: comments, CDATA, instructions,
        unknown entities, a `>` in a text, elements that are not closed, attributes other than `Ccy`.
        """
        if "\r" in inside:
            inside = _LINE_END.sub("\n", inside)
        tags = inside.count(">")
        for pattern in self._patterns.get(tags, ()):
            if found := pattern.expression.fullmatch(inside):
                texts = unescaped(found.groups()) if "&" in inside else found.groups()
                entry = _new(Waiting, (len(self._lines), index, where, self._own, texts))
                if pattern.waiting is not None:
                    pattern.waiting.append(entry)
                    self._lines.append(None)
                else:
                    listed = [(pattern.inner, texts)] if pattern.inner is not None else []
                    self._lines.append(self._line(pattern.form, entry, listed))
                return
        if len(inside) > TEXT_LETTERS_MAX:
            check_texts(inside.split("<"))
        head, *bodies = inside.split(self._open)
        rest = ""
        for number, body in enumerate(bodies, 1):
            bodies[number - 1], closed, rest = body.rpartition(self._close)
            if not closed or (rest and number < len(bodies) and not rest.isspace()):
                raise NotPlain
        pieces = cut(head + rest)
        form = self._entry_form(pieces)
        read = [self._transaction(body, form.currency) for body in bodies]
        # A `>` in a text would pass for the end of a tag; but the shapes say how many tags there are.
        if tags != form.tags + sum(inner.tags + 2 for inner, _ in read):
            raise NotPlain
        if len(read) <= 1:
            self._learn_entry(inside, tags, form, read[0][0] if read else None)
        texts = unescaped(pieces) if "&" in inside else pieces
        entry = Waiting(len(self._lines), index, where, self._own, texts)
        if len(read) > 1:
            self._batches.append(WaitingBatch(entry, form, read))
            self._lines.append(None)
        else:
            self._lines.append(self._line(form, entry, read))

    def _transaction(self, body: str, currency: str) -> tuple[TransactionForm, Texts]:
        """Form and texts of what stands between the tags of one `TxDtls`."""
        tags = body.count(">")
        for pattern in self._transaction_patterns.get((currency, tags), ()):
            if found := pattern.expression.fullmatch(body):
                return pattern.form, unescaped(found.groups()) if "&" in body else found.groups()
        pieces = cut(body)
        key = currency, "<".join(pieces[1:-1:2])
        form = self._transaction_forms.get(key)
        if form is None:
            leaves = leaves_of_markup(pieces, self._prefix)
            if leaves is None:
                raise NotPlain
            form = TransactionForm(leaves, currency, _tag_count(key[1]))
            if len(self._transaction_forms) < FORMS_MAX:
                self._transaction_forms[key] = form
        form.seen += 1
        if form.seen == SIGHTINGS_MIN and form.tags == tags and (leaves := leaves_of_markup(pieces, self._prefix)):
            _add(self._transaction_patterns, (currency, tags), transaction_pattern(pieces, leaves, currency))
        return form, unescaped(pieces) if "&" in body else pieces

    def _entry_form(self, pieces: list[str]) -> EntryForm:
        shape = "<".join(pieces[1:-1:2])
        key = self._unsaid, shape
        form = self._entry_forms.get(key)
        if form is None:
            leaves = leaves_of_markup(pieces, self._prefix)
            if leaves is None or any("TxDtls" in leaf.path or is_stray(leaf.path) for leaf in leaves):
                raise NotPlain
            form = EntryForm(leaves, self._unsaid, _tag_count(shape))
            if len(self._entry_forms) < FORMS_MAX:
                self._entry_forms[key] = form
        return form

    def _learn_entry(self, inside: str, tags: int, form: EntryForm, inner: TransactionForm | None) -> None:
        """Make a pattern of a shape that was seen often."""
        seen = form.seen_with[inner] = form.seen_with.get(inner, 0) + 1
        if seen == SIGHTINGS_MIN:
            pieces = cut(inside)
            if leaves := leaves_of_markup(pieces, self._prefix):
                _add(self._patterns, tags, entry_pattern(pieces, leaves, self._unsaid))

    def take_element(self, entry: Element, index: int, where: str) -> None:
        """Take an element of the tree, which is taken apart."""
        transactions = []
        for parent in (entry, *(child for child in entry if local_name(child.tag) == "NtryDtls")):
            for child in [child for child in parent if local_name(child.tag) == "TxDtls"]:
                transactions.append(child)
                parent.remove(child)
        if not transactions:
            transactions = stray_transaction(entry)
        leaves, texts = leaves_of_element(entry)
        form = EntryForm(leaves, self._unsaid)
        listed = []
        for transaction in transactions:
            inner, inner_texts = leaves_of_element(transaction)
            listed.append((TransactionForm(inner, form.currency), inner_texts))
        self._lines.append(self._line(form, Waiting(len(self._lines), index, where, self._own, texts), listed))

    def _line(
        self,
        form: EntryForm,
        entry: Waiting,
        listed: Sequence[tuple[TransactionForm, Texts]],
        ready: tuple[StatementLine, ...] | None = None,
    ) -> StatementLine:
        """The line of an entry and its transactions; what is wrong with it is told in `taken`.

        `ready` are its details where they were made with those of others; they hold if they add up.
        """
        place, index, where, own, texts = entry
        odd: list[InputError] = []
        told: list[Diagnostic] = []
        raw = form.kind(texts)
        kind = form.kinds.get(raw) or self._kind(form, raw, odd)
        reference, amount_text, bank, info = map(_strip, form.fixed(texts))
        extra = kept(form.kept, texts) if form.kept.names else []
        amount = self._amount(amount_text, form.currency, kind, extra, odd)
        if kind.status is _INFO:
            _tell_unknown_status(raw[_STATUS].strip(), extra, where, told)
        amounts = form.amounts
        if amounts.others:
            keep_others(amounts, texts, extra)
        charges = read_charges(form.charges, texts, kind.currency, odd) if form.charges else NO_CHARGES
        batch = read_batch(form.batches, texts, kind.currency, odd) if form.batches else NO_BATCH
        known = (amount_text, abs(amount)) if amount else _NOTHING_KNOWN
        single = NO_TRANSACTION
        details: tuple[StatementLine, ...] = ()
        read: list[Transaction] = []
        if ready is not None and sum([one.amount for one in ready]) == amount:
            details = ready
        else:
            read = [read_transaction(one, inner, kind, known, own, odd) for one, inner in listed]
        if len(read) == 1 and (batch is NO_BATCH or not is_one_of_many(read[0], batch, amount)):
            single = read[0]
            if single.amount != amount:
                difference(single, kind, amount, charges.total, extra)
            keep_overridden(single, bank, kind, extra)
            if batch is not NO_BATCH:
                keep_batch(single, batch, extra)
            extra += single.extra
        elif read:
            details = children(read, kind, amount, charges.total, where, told)
        if batch is not NO_BATCH:
            check_batch(batch, [one.amount for one in read or details], kind, amount, where, told)
        foreign = single.foreign
        if amounts.is_foreign:
            foreign = with_entry_foreign(foreign, read_foreign(amounts, texts, odd), extra)
        told += [Diagnostic(error.code, Severity.ERROR, where, error.message, error.cure) for error in odd]
        if told:
            self._told.append((place, told))
        # fmt: off
        return compose(
            index, kind, amount, single, bank or single.bank, reference or None, foreign,
            charges.total if charges.total is not None else single.charges.total,
            info or None, batch, details, where, extra,
        )
        # fmt: on

    def _faultless_kind(self, form: EntryForm, raw: tuple[str, ...]) -> EntryKind | None:
        odd: list[InputError] = []
        kind = self._kind(form, raw, odd)
        return None if odd else kind

    def _kind(self, form: EntryForm, raw: tuple[str, ...], odd: list[InputError]) -> EntryKind:
        """Work out what the form then remembers; a kind with something wrong is worked out each time."""
        direction, reversal, status, booked, value, domain, family, subfamily, proprietary = map(_strip, raw)
        before = len(odd)
        kind = EntryKind(
            _date(booked, odd),
            _date(value, odd),
            form.currency if form.currency in EXPONENTS else form.unsaid.currency,
            _STATUSES.get(status, LineStatus.INFO) if status else form.unsaid.status,
            is_true(reversal),
            direction == "CRDT" if direction in ("CRDT", "DBIT") else None,
            iso_code(domain, family, subfamily),
            proprietary or None,
        )
        if len(odd) == before and len(form.kinds) < KINDS_MAX:
            form.kinds[raw] = kind
        return kind

    @staticmethod
    def _amount(text: str, currency: str, kind: EntryKind, extra: Extra, odd: list[InputError]) -> int:
        """Signed amount. What can't be read is 0 and marked in `extra`."""
        try:
            if kind.money_in is None:
                raise BadAmount("CdtDbtInd does not say whether the money came in or went out.")
            if not text:
                raise BadAmount("the entry has no amount (Amt).", cure="Ask the bank what this entry is.")
            amount = minor(text, currency)
        except InputError as error:
            odd.append(error)
            extra.append(AMOUNT_UNKNOWN)
            if text:
                extra.append(("Amt", f"{text} {currency}"))
            return 0
        return amount if kind.money_in else -amount


def _tell_unknown_status(said: str, extra: Extra, where: str, told: list[Diagnostic]) -> None:
    """An entry is held as information where its status is not known."""
    if said and said not in _STATUSES:
        extra.append(("Sts", said))
        message = f"{said!r} is no known status; the entry is kept as information."
        told.append(Diagnostic("status-unknown", Severity.WARNING, where, message))


def _add(patterns: dict[Key, list[Pattern]], key: Key, pattern: Pattern | None) -> None:
    """Keep a pattern, as long as there are few of its kind."""
    if pattern is not None and len(kept := patterns.setdefault(key, [])) < PATTERNS_MAX:
        kept.append(pattern)


def _tag_count(key: str) -> int:
    """Number of tags in the markup of a shape."""
    return key.count("<") + key.count(JOINT) + 1 if key else 0


def _date(text: str, odd: list[InputError]) -> date | None:
    """Calendar date of `Dt` or `DtTm`, as written; a zone never moves it."""
    if not text:
        return None
    try:
        return iso_date(text)
    except InputError as error:
        odd.append(error)
        return None
