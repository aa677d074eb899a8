"""Regular expressions for the shapes that a file repeats: tags as they are, texts as groups.

A pattern is learned when its shape was seen `SIGHTINGS_MIN` times: by then it would have saved what it costs to make.
It stands for plain elements only, so that what it matches is what the tokenizer would find: its tags hold every `<`,
and it is asked only for markup with as many `>` as it has tags, so that no text can pass for one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from matcher.parsers.camt.columns import Waiting, is_plain
from matcher.parsers.camt.form import EntryForm, TransactionForm, Unsaid
from matcher.parsers.camt.shape import JOINT, Leaf

SIGHTINGS_MIN = 100
# More shapes with one number of tags than this are not worth trying one after the other.
PATTERNS_MAX = 12

_EMPTY = ("TxDtls", "NtryDtls/TxDtls")
_INSIDE = re.compile(r"(?:NtryDtls/)?TxDtls/")


class EntryPattern(NamedTuple):
    """Markup inside `Ntry` with no or one transaction, whose forms fetch from the groups of a match.

    Where the entries can be read in columns they gather in `waiting`, which is None for others.
    """

    expression: re.Pattern[str]
    form: EntryForm
    inner: TransactionForm | None
    waiting: list[Waiting] | None


class TransactionPattern(NamedTuple):
    """Markup inside `TxDtls`, whose form fetches from the groups of a match."""

    expression: re.Pattern[str]
    form: TransactionForm


def entry_pattern(pieces: list[str], leaves: list[Leaf], unsaid: Unsaid) -> EntryPattern | None:
    """The pattern of an entry, or None where a text stands between tags of different elements or a transaction is empty."""
    made = _expression(pieces, leaves)
    if made is None or any(leaf.path in _EMPTY for leaf in leaves):
        return None
    expression, moved = made
    own = [leaf for leaf in moved if not _INSIDE.match(leaf.path)]
    inside = [
        leaf._replace(path=_INSIDE.sub("", leaf.path, count=1), shown=_INSIDE.sub("", leaf.shown, count=1))
        for leaf in moved
        if _INSIDE.match(leaf.path)
    ]
    form = EntryForm(own, unsaid)
    inner = TransactionForm(inside, form.currency) if inside else None
    return EntryPattern(expression, form, inner, [] if is_plain(form, inner) else None)


def transaction_pattern(pieces: list[str], leaves: list[Leaf], currency: str) -> TransactionPattern | None:
    """The pattern of a transaction, or None where a text stands between tags of different elements."""
    made = _expression(pieces, leaves)
    if made is None:
        return None
    tags = sum(piece.count(JOINT) + 1 for piece in pieces[1:-1:2])
    return TransactionPattern(made[0], TransactionForm(made[1], currency, tags))


def _expression(pieces: list[str], leaves: list[Leaf]) -> tuple[re.Pattern[str], list[Leaf]] | None:
    """The expression, and the leaves with the numbers of its groups as places; the last group is always empty."""
    groups = {leaf.place: number for number, leaf in enumerate(leaf for leaf in leaves if leaf.place >= 0)}
    parts = []
    # The last piece but one is the text after the last tag, the very last one was added by `cut`.
    for place, piece in enumerate(pieces[:-1]):
        if place % 2:
            parts.append(re.escape(f"<{piece.replace(JOINT, '><')}>"))
        elif place in groups:
            # Possessive: a text ends at the next tag, so that there is nothing to try again where a tag differs. Not empty:
            # an element without a text is of another shape, as the next path may say what it does not.
            parts.append("([^<]++)")
        elif piece and not piece.isspace():
            return None
        else:
            parts.append(re.escape(piece))
    moved = [leaf._replace(place=groups.get(leaf.place, -1)) for leaf in leaves]
    return re.compile("".join(parts) + "()"), moved
