"""What kind of line the bank says it is: by its codes first, then by its words, with the direction checked.

A payer can write anything, so a payer's text never makes a line a fee, interest or cash: words count only in the bank's
own text, or in the name of a debit that has no account behind it (OFX prints the bank's text as NAME).
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from matcher.proposal import Category
from matcher.rules.bank_words import BANK_WORDS, folded
from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.joins import distinct
from matcher.rules.names import fold, may_be_form

if TYPE_CHECKING:
    from matcher.rules.view import View


# "AG" beside words is a legal form; beside a number alone it is the bank's short word for Autogiro.
_NUMBER_AG = re.compile(r"[0-9 -]*\bAG\b[0-9 -]*")
_WITH_DIGIT = re.compile(r"\S*\d\S*")
_DEBIT_ONLY = frozenset({Category.BANK_FEE, Category.CASH_WITHDRAWAL, Category.DIRECT_DEBIT})
_NEEDS_NO_PARTY = frozenset({Category.BANK_FEE, Category.INTEREST, Category.CASH_WITHDRAWAL})
_ALL_KINDS = tuple(BANK_WORDS.iso_codes)
# Lines that are the bank's own doing: no transaction of ours is expected behind them.
BANKS_OWN = frozenset(
    {Category.BANK_FEE, Category.INTEREST, Category.CASH_WITHDRAWAL, Category.RETURN, Category.REVERSAL}
)
# What a line may be; first, an ordinary payment.
KINDS: tuple[Category | None, ...] = (None, *Category)
_PLACES = {kind: place for place, kind in enumerate(KINDS)}
_IS_BANKS_OWN = np.array([kind in BANKS_OWN for kind in KINDS])
_UNREAD = -1


def says_batch(text: str, code: str) -> bool:
    """Whether the bank's folded words or code call the line a collective booking."""
    if code.rsplit("/", 1)[-1] in BANK_WORDS.batch_codes:
        return True
    return any(map(_may_say_batch, text.split())) and BANK_WORDS.batch_phrases.search(text) is not None


@lru_cache(maxsize=1 << 14)
def _may_say_batch(word: str) -> bool:
    """Whether a folded word is one of the words for a collective booking."""
    return BANK_WORDS.batch_word.fullmatch(word) is not None


def says_transfer(text: str, code: str) -> bool:
    """Whether the bank calls the line a transfer between accounts of one owner."""
    if code.rsplit("/", 1)[-1] in BANK_WORDS.iso_codes[Category.TRANSFER] or code.startswith("CAMT/CAPL"):
        return True
    return bool(text) and BANK_WORDS.phrases[Category.TRANSFER].search(folded(text)) is not None


def says_direct_debit(text: str) -> bool:
    """Whether a text speaks of a direct debit."""
    return BANK_WORDS.phrases[Category.DIRECT_DEBIT].search(folded(text)) is not None


def is_called_direct_debit(code: str, proprietary: str, text: str) -> bool:
    """Whether the bank's codes or its own text say that the money was drawn by the other side."""
    kind = Category.DIRECT_DEBIT
    return by_codes(code, proprietary, (kind,)) is kind or (bool(text) and says_direct_debit(text))


def says_return(text: str) -> bool:
    """Whether a text speaks of a payment that came back."""
    return BANK_WORDS.phrases[Category.RETURN].search(folded(text)) is not None


class Source(IntEnum):
    """What tells the kind of a line; the value is how sure that makes it, in permille."""

    NOTHING = 0
    WORDS = 600
    PARTY = 700
    ACCOUNT = 900
    CODE = 950


class Kind(NamedTuple):
    """What a line is, and what says so."""

    category: Category | None
    source: Source


def kind_of(view: View, line: int) -> Category | None:
    """The kind that codes and words prove, None for an ordinary payment."""
    return kind_and_source(view, line).category


def kinds_of(view: View, lines: Ints) -> Codes:
    """`kind_of` of many lines, as positions in `KINDS`."""
    known = view.keep("kinds by line", lambda: np.full(len(view.items.lines), _UNREAD, np.int8))
    new = distinct(lines[known[lines] == _UNREAD])
    known[new] = [_PLACES[kind_of(view, line)] for line in new.tolist()]
    return known[lines]


def are_banks_own(view: View, lines: Ints) -> Flags:
    """Which lines are of a kind in `BANKS_OWN`."""
    found: Flags = _IS_BANKS_OWN[kinds_of(view, lines)]
    return found


def kind_and_source(view: View, line: int) -> Kind:
    """The kind of a line and what says so; each line is read once."""
    known = view.keep("kinds", dict[int, Kind])
    if line not in known:
        known[line] = _kind(view, line)
    return known[line]


def _kind(view: View, line: int) -> Kind:
    lines = view.items.lines
    if lines.reversal[line]:
        return Kind(Category.REVERSAL, Source.CODE)
    if view.text("return_reason")[line]:
        return Kind(Category.RETURN, Source.CODE)
    debit = bool(lines.amount[line] < 0)
    name, memo = view.text("counterparty_name")[line], view.text("remittance")[line]
    own_text = debit_text(view, line)
    party = bool(name) and not own_text
    allowed = _allowed(debit=debit, party=party)
    codes = view.text("code")[line], view.text("proprietary_code")[line]
    found = by_codes(*codes, allowed)
    if found is None and party and not view.text("counterparty_account")[line] and not view.named_exactly[line]:
        # Where the bank fills in its own words, or where its machine stands, as a name.
        found = by_codes(*codes, _allowed(debit=debit, party=False))
    if found is not None:
        return Kind(found, Source.CODE)
    if view.names_own_account(line):
        return Kind(Category.TRANSFER, Source.ACCOUNT)
    if name and _is_tax_office(name):
        return Kind(Category.TAX, Source.PARTY)
    bank_text = (view.text("additional_info")[line], name if own_text else "", memo if own_text else "")
    found = _by_words(bank_text, allowed)
    if found is None and memo:
        # Whoever calls the whole thing a returned payment pays no invoice with it.
        found = by_whole_lines(memo, allowed if _is_only_text(view, line) else (Category.RETURN,))
    if (
        found is None
        and debit
        and (BANK_WORDS.phrases[Category.DIRECT_DEBIT].search(folded(memo)) or _NUMBER_AG.fullmatch(memo))
    ):
        found = Category.DIRECT_DEBIT
    return Kind(found, Source.WORDS if found is not None else Source.NOTHING)


@lru_cache(maxsize=8192)
def _is_tax_office(name: str) -> bool:
    return BANK_WORDS.tax_offices.search(folded(name)) is not None


@cache
def _allowed(*, debit: bool, party: bool) -> tuple[Category, ...]:
    """Kinds that the direction and a business counterparty leave possible."""
    return tuple(
        kind
        for kind in _ALL_KINDS
        if not (kind in _DEBIT_ONLY and not debit) and not (kind in _NEEDS_NO_PARTY and party)
    )


def debit_text(view: View, line: int) -> bool:
    """Whether name and memo of a line are the bank's own words: nobody's account, and one text in both, or a name alone
    that is what banks say."""
    name, memo = view.text("counterparty_name")[line], view.text("remittance")[line]
    return bool(name) and not view.text("counterparty_account")[line] and is_banks_own_text(name, memo)


def is_banks_own_text(name: str, memo: str) -> bool:
    """Whether a name without an account, and what stands beside it, are the bank's own words."""
    if memo:
        return memo.startswith(name) or memo.endswith(name)
    return by_whole_lines(name, _ALL_KINDS) is not None


def _is_only_text(view: View, line: int) -> bool:
    """Whether a text is all that a line says: nobody's name or account."""
    name, account = view.text("counterparty_name")[line], view.text("counterparty_account")[line]
    return bool(view.text("remittance")[line]) and not name and not account


@lru_cache(maxsize=8192)
def by_codes(code: str, proprietary: str, allowed: tuple[Category, ...]) -> Category | None:
    """The first of the allowed kinds that the ISO code or the bank's own code says."""
    sub_family = code.rsplit("/", 1)[-1]
    words = set(proprietary.upper().replace("+", " ").split())
    for kind in allowed:
        if sub_family in BANK_WORDS.iso_codes[kind] or not words.isdisjoint(BANK_WORDS.bank_codes[kind]):
            return kind
    return Category.DIRECT_DEBIT if "/RDDT/" in code and Category.DIRECT_DEBIT in allowed else None


@lru_cache(maxsize=8192)
def by_whole_lines(text: str, allowed: tuple[Category, ...]) -> Category | None:
    """What a line of a text without a party says: formats with one field print the bank's words there, and nothing of
    meaning beside them."""
    lines = [line for line in text.split("\n") if not _is_others_line(line)]
    if not lines:
        return None
    lines = [folded(_WITH_DIGIT.sub(" ", line)) for line in lines]
    return next((kind for kind in allowed if any(_says_only(kind, line) for line in lines)), None)


def _is_others_line(line: str) -> bool:
    """Whether a line is a number, or has a word that is none of the bank's for sure."""
    return line.isdecimal() or any(word.isalpha() and _is_others_word(word) for word in line.split())


@lru_cache(maxsize=1 << 16)
def _is_others_word(word: str) -> bool:
    """Whether a word of letters is none of the bank's for sure, and no part of a legal form, which would be left out."""
    words = fold(word).words
    return bool(words) and not any(
        one in BANK_WORDS.no_meaning or may_be_form(one) or BANK_WORDS.word.fullmatch(one) is not None for one in words
    )


def _says_only(kind: Category, line: str) -> bool:
    rest, found = BANK_WORDS.phrases[kind].subn(" ", line)
    return found > 0 and BANK_WORDS.no_meaning.issuperset(rest.split())


@lru_cache(maxsize=8192)
def _by_words(texts: tuple[str, ...], allowed: tuple[Category, ...]) -> Category | None:
    text = " ".join(folded(part) for part in texts if part)
    if not text:
        return None
    for kind in allowed:
        if BANK_WORDS.phrases[kind].search(text):
            return kind
    return None
