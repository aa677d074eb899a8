"""Forms: for one shape of a transaction or an entry, where the text of each field stands.

A form is made once a shape and used for every element of that shape, so that reading is a fetch by position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from matcher.parsers.camt import paths
from matcher.parsers.camt.shape import Leaf
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.statement import LineStatus

Texts = Sequence[str]
Fetch = Callable[[Texts], tuple[str, ...]]

NOWHERE = -1


class EntryKind(NamedTuple):
    """What entries have in common with many others. `money_in` is None where the direction is not said."""

    booking_date: date | None
    value_date: date | None
    currency: str
    status: LineStatus
    reversal: bool
    money_in: bool | None
    code: str | None
    proprietary_code: str | None


class Unsaid(NamedTuple):
    """Currency and status of the entries of a statement that do not say theirs."""

    currency: str
    status: LineStatus


class TransactionKind(NamedTuple):
    """What transactions have in common with many others. `money_in` is None where they leave it to the entry."""

    money_in: bool | None
    code: str | None
    proprietary_code: str | None
    reason: str | None


class Kept(NamedTuple):
    """Texts that have no field: the path of each, how to fetch them, and which are amounts of what currency."""

    names: tuple[str, ...]
    fetch: Fetch
    currencies: tuple[tuple[int, str], ...]


class Amounts(NamedTuple):
    """Where amounts stand. `others` may say the same as `own` and are kept only where they do not."""

    own: int
    original: int
    original_currency: str | None
    rate: int
    is_foreign: bool
    others: tuple[tuple[int, str, str], ...]


class ChargeRecord(NamedTuple):
    """Places of one charge: its amount, direction, and whether it is inside the transaction's amount."""

    amount: int
    direction: int
    included: int


class Charges(NamedTuple):
    """One `Chrgs`: the place of its total, and its records. Only those in the account's currency are listed."""

    total: int
    records: tuple[ChargeRecord, ...]


class Side(NamedTuple):
    """The other side of a payment, if it is the debtor or if it is the creditor."""

    fetch: Fetch
    account_is_iban: bool
    kept: Kept


def fetcher(places: Sequence[int]) -> Fetch:
    """A function that fetches the texts at these places as a tuple, whatever their number."""
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        only = places[0]
        return lambda texts: (texts[only],)
    return lambda _: ()


class _Leaves:
    """The leaves of a shape, from which fields are taken; what is not taken is kept."""

    def __init__(self, leaves: Iterable[Leaf]) -> None:
        self.all = list(leaves)
        self._by_path: dict[str, Leaf] = {}
        for leaf in self.all:
            if leaf.place != NOWHERE:
                self._by_path.setdefault(leaf.path, leaf)
        self.taken: set[str] = set()

    def find(self, options: Iterable[str]) -> Leaf | None:
        """The leaf of the first of the paths that there is."""
        return next((self._by_path[path] for path in options if path in self._by_path), None)

    def take(self, options: Iterable[str]) -> int:
        """Place of the leaf of the first of the paths that there is, which is then taken, or NOWHERE."""
        leaf = self.find(options)
        if leaf is None:
            return NOWHERE
        self.taken.add(leaf.shown)
        return leaf.place

    def take_all(self, options: Iterable[str]) -> tuple[int, ...]:
        """Places of all leaves of the paths, in the order of the document."""
        wanted = frozenset(options)
        found = [leaf for leaf in self.all if leaf.path in wanted and leaf.place != NOWHERE]
        self.taken.update(leaf.shown for leaf in found)
        return tuple(leaf.place for leaf in found)

    def kept(self, also: Iterable[Leaf] = ()) -> Kept:
        """What was not taken, and `also`, in the order of the document."""
        back = {leaf.shown for leaf in also}
        left = [
            leaf for leaf in self.all if leaf.place != NOWHERE and (leaf.shown not in self.taken or leaf.shown in back)
        ]
        return Kept(
            tuple(leaf.shown for leaf in left),
            fetcher([leaf.place for leaf in left]),
            tuple((number, leaf.currency) for number, leaf in enumerate(left) if leaf.currency),
        )


def _amounts(leaves: _Leaves, currency: str) -> Amounts:
    """Own and original amount by the rules of `paths`; an amount without currency is in the account's."""
    own = original = None
    for path in paths.OWN_AMOUNTS:
        leaf = leaves.find((path,))
        if own is None and leaf is not None and (leaf.currency or currency) == currency:
            own = leaf
    for path in paths.ORIGINAL_AMOUNTS:
        leaf = leaves.find((path,))
        if original is None and leaf is not None and (leaf.currency or currency) != currency:
            original = leaf
    original = original or leaves.find(paths.ORIGINAL_AMOUNTS[:1])
    others = []
    for path in paths.OWN_AMOUNTS:
        leaf = leaves.find((path,))
        if leaf is not None and leaf.place in {one.place for one in (own, original) if one is not None}:
            leaves.taken.add(leaf.shown)
        elif leaf is not None and (leaf.currency or currency) == currency:
            leaves.taken.add(leaf.shown)
            others.append((leaf.place, leaf.shown, currency))
    rate = leaves.take(paths.RATES)
    return Amounts(
        own.place if own else NOWHERE,
        original.place if original else NOWHERE,
        (original.currency or currency) if original else None,
        rate,
        original is not None or rate != NOWHERE,
        tuple(others),
    )


def _charges(leaves: _Leaves, currency: str) -> tuple[Charges, ...]:
    """The groups of `Chrgs` with their records; all their leaves are kept as well.

    Up to .02 `Chrgs` itself is a record and repeats; from .03 there are `Rcrd` and one total.
    """
    groups: dict[str, dict[str, dict[str, int]]] = {}
    for leaf in leaves.all:
        name = paths.CHARGES.get(leaf.path)
        if name is None or leaf.place == NOWHERE or (leaf.currency or currency) != currency:
            continue
        parent = leaf.shown.rpartition("/")[0]
        groups.setdefault(parent.split("/")[0], {}).setdefault(parent, {}).setdefault(name, leaf.place)
    return tuple(
        Charges(
            parents.get(group, {}).get("total", NOWHERE),
            tuple(
                ChargeRecord(one["amount"], one.get("direction", NOWHERE), one.get("included", NOWHERE))
                for one in parents.values()
                if "amount" in one
            ),
        )
        for group, parents in groups.items()
    )


class TransactionForm:
    """Where the fields of a transaction stand, for an entry in `currency`.

    `kind` and `fixed` fetch the fields of `paths.TRANSACTION_KIND` and `paths.TRANSACTION` in the order of the tables;
    `kinds` remembers what became of a kind. `sides[True]` is for a debtor on the other side, `sides[False]` for a
    creditor. `tags` is the number of tags, `seen` how often the shape was met.
    """

    __slots__ = (
        "amounts", "charges", "documents", "fixed", "infos", "is_return", "kind", "kinds", "references", "seen", "sides",
        "tags", "texts",
    )  # fmt: skip

    def __init__(self, shape: Iterable[Leaf], currency: str, tags: int = 0) -> None:
        leaves = _Leaves(shape)
        self.tags = tags
        self.seen = 0
        self.kinds: dict[tuple[str, ...], TransactionKind] = {}
        self.kind = fetcher([leaves.take(options) for options in paths.TRANSACTION_KIND.values()])
        self.fixed = fetcher([leaves.take(options) for options in paths.TRANSACTION.values()])
        self.texts = leaves.take_all(paths.TEXTS)
        self.references = leaves.take_all(paths.REFERENCES)
        self.documents = leaves.take_all(paths.DOCUMENTS)
        self.infos = tuple(place for path in paths.INFOS for place in leaves.take_all((path,)))
        self.is_return = any(leaf.path.startswith(paths.RETURN) for leaf in leaves.all)
        self.amounts = _amounts(leaves, currency)
        self.charges = _charges(leaves, currency)
        debtor, creditor = _side(leaves, paths.DEBTOR), _side(leaves, paths.CREDITOR)
        for leaf in (*debtor, *creditor):
            if leaf is not None:
                leaves.taken.add(leaf.shown)
        self.sides = {True: _seen_from(leaves, debtor, creditor), False: _seen_from(leaves, creditor, debtor)}


def _side(leaves: _Leaves, table: paths.Table) -> list[Leaf | None]:
    return [leaves.find(options) for options in table.values()]


def _seen_from(leaves: _Leaves, other: list[Leaf | None], ours: list[Leaf | None]) -> Side:
    """The other side as fields, our side among what is kept."""
    account = other[1]
    return Side(
        fetcher([leaf.place if leaf else NOWHERE for leaf in other]),
        account is not None and account.path.endswith("/IBAN"),
        leaves.kept([leaf for leaf in ours if leaf is not None]),
    )


_BATCH = ("MsgId", "PmtInfId", "NbOfTxs", "TtlAmt")


class BatchPlaces(NamedTuple):
    """Places of one `Btch`."""

    message: int
    payment: int
    number: int
    total: int


class EntryForm:
    """Where the fields of an entry stand; its transactions are not part of the shape.

    `kind` and `fixed` fetch the fields of `paths.ENTRY_KIND` and `paths.ENTRY` in the order of the tables; `kinds`
    remembers what became of a kind. `currency` is that of the entry as it is written, `tags` the number of tags,
    `seen_with` how often the shape was met with which one of a transaction.
    """

    __slots__ = (
        "amounts",
        "batches",
        "charges",
        "currency",
        "fixed",
        "kept",
        "kind",
        "kinds",
        "seen_with",
        "tags",
        "unsaid",
    )

    def __init__(self, shape: Iterable[Leaf], unsaid: Unsaid, tags: int = 0) -> None:
        leaves = _Leaves(shape)
        amount = leaves.find(("Amt",))
        currency = (amount.currency if amount else None) or unsaid.currency
        self.unsaid = unsaid
        self.currency = currency.upper() if currency not in EXPONENTS and currency.upper() in EXPONENTS else currency
        self.tags = tags
        self.seen_with: dict[TransactionForm | None, int] = {}
        self.kinds: dict[tuple[str, ...], EntryKind] = {}
        self.kind = fetcher([leaves.take(options) for options in paths.ENTRY_KIND.values()])
        self.fixed = fetcher([leaves.take(options) for options in paths.ENTRY.values()])
        self.batches = _batches(leaves, currency)
        self.amounts = _amounts(leaves, currency)
        self.charges = _charges(leaves, currency)
        self.kept = leaves.kept()


def _batches(leaves: _Leaves, currency: str) -> tuple[BatchPlaces, ...]:
    """The places of each `Btch`, which repeats with `NtryDtls`."""
    found: dict[str, dict[str, int]] = {}
    for leaf in leaves.all:
        parent, _, name = leaf.path.rpartition("/")
        if parent in paths.BATCHES and name in _BATCH and leaf.place != NOWHERE:
            if (leaf.currency or currency) != currency:
                continue
            group = leaf.shown.rpartition("/")[0]
            if found.setdefault(group, {}).setdefault(name, leaf.place) == leaf.place:
                leaves.taken.add(leaf.shown)
    return tuple(BatchPlaces(*(one.get(name, NOWHERE) for name in _BATCH)) for one in found.values())
