"""Which lines may give a payment back, cheaply: most lines say nothing of the kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from matcher.proposal import Category
from matcher.rules.columns import Codes, Flags, Ints
from matcher.rules.joins import distinct
from matcher.rules.lines_kind import by_codes, by_whole_lines, is_banks_own_text, says_return
from matcher.rules.view import View

_UNREAD = -1


def may_be_return(view: View, lines: Ints) -> Flags:
    """Lines that may be a return or a reversal: all that are, and a few more. Each text is looked at once."""
    every = view.items.lines
    found = every.reversal[lines].copy()
    for name, speaks in _says_return_by_field().items():
        texts = every.text(name)
        says = view.keep(f"may be return by {name}", partial(_unread_texts, len(texts.values)))
        codes = texts.codes[lines]
        new = distinct(codes[says[codes] == _UNREAD])
        says[new] = [speaks(texts.values[code]) for code in new.tolist()]
        found |= says[codes] > 0
    names, memos = every.text("counterparty_name"), every.text("remittance")
    may_be = np.flatnonzero(~found & (names.codes[lines] >= 0) & (every.text("counterparty_account").codes[lines] < 0))
    named, said = names.codes[lines[may_be]].tolist(), memos.codes[lines[may_be]].tolist()
    found[may_be] = [
        is_banks_own_text(names.values[name], memos.values[memo] if memo >= 0 else "")
        for name, memo in zip(named, said, strict=True)
    ]
    return found


def _unread_texts(count: int) -> Codes:
    """A flag for each text of a column, not known yet, and for a missing one (at −1), which says nothing."""
    says = np.full(count + 1, _UNREAD, np.int8)
    says[-1] = False
    return says


@cache
def _says_return_by_field() -> dict[str, Callable[[str], bool]]:
    """By field whether a text of it speaks of a return."""
    kind = Category.RETURN

    def says_only_return(text: str) -> bool:
        return by_whole_lines(text, (kind,)) is not None

    return {
        "return_reason": bool,
        "code": lambda text: by_codes(text, "", (kind,)) is not None,
        "proprietary_code": lambda text: by_codes("", text, (kind,)) is not None,
        "additional_info": says_return,
        "remittance": says_only_return,
        "counterparty_name": says_only_return,
    }
