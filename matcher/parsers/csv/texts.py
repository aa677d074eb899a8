"""The text columns of a sample: by their names, and by whether they hold accounts or words."""

from __future__ import annotations

from collections.abc import Sequence

from matcher.parsers.csv.proposal import Proposal
from matcher.parsers.csv.words import HINTS, NAME_OF_PARTY, NO_NAME, NUMBERED, PAYEE, PAYER, says


def take_texts(draft: Proposal) -> None:
    """Give columns to the text fields; the longest text is the remittance where no name says so."""
    names = draft.sample.header
    for field, words in HINTS:
        named = [place for place in draft.free() if says(names[place], words) and _may_hold(draft, place, field, words)]
        if not named or (field in draft.columns and not (field == "remittance" and _is_sparse(draft))):
            continue
        place = next((place for place in named if draft.sample.cells(place)), named[0])
        payees = [place for place in named if says(names[place], PAYEE) and not says(names[place], PAYER)]
        payers = [place for place in named if says(names[place], PAYER) and not says(names[place], PAYEE)]
        if field.startswith("counterparty") and payees and payers:
            draft.take(field, payees[0], payers[0], how="sign", why="who is paid, who pays")
        elif field == "remittance":
            stem = _stem(names[place])
            alike = [each for each in named if _stem(names[each]) == stem]
            draft.take(field, *_places(draft, field), *alike, how="join")
        else:
            draft.take(field, place)
    if "remittance" not in draft.columns and draft.free():
        longest = max(draft.free(), key=lambda place: _letters(draft.sample.cells(place)))
        if _letters(draft.sample.cells(longest)):
            draft.take("remittance", longest, why="the longest text")


def _places(draft: Proposal, field: str) -> list[int]:
    """The columns that a field has so far."""
    source = draft.columns.get(field, ("join", ()))
    return [draft.sample.header.index(name) for name in ([source] if isinstance(source, str) else source[1])]


def _is_sparse(draft: Proposal) -> bool:
    """Whether fewer than half of the rows have a remittance so far."""
    filled = max(len(draft.sample.cells(place)) for place in _places(draft, "remittance"))
    return filled * 2 < len(draft.sample.rows)


def _may_hold(draft: Proposal, place: int, field: str, words: str) -> bool:
    """Whether what stands in a column is what the field needs: accounts are numbers, names are none."""
    cells, name = draft.sample.cells(place), draft.sample.header[place]
    if field == "counterparty_account":
        return _are_accounts(cells) if cells else says(name, NUMBERED)
    if field == "counterparty_name":
        return not _are_accounts(cells) and (words == NAME_OF_PARTY or not says(name, NO_NAME))
    return True


def _are_accounts(cells: Sequence[str]) -> bool:
    """Whether most of the cells have the digits of an account, and fewer letters."""
    like = [cell for cell in cells if sum(map(str.isdigit, cell)) >= max(5, _letters([cell]))]
    return len(like) * 2 > len(cells)


def _stem(name: str) -> str:
    """A column's name without the number that tells it from others of its kind."""
    return name.rstrip("0123456789- ").casefold()


def _letters(cells: Sequence[str]) -> int:
    return sum(letter.isalpha() for cell in cells for letter in cell)
