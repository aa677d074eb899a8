"""A profile proposed from a sample: columns by content first, by their names second, each with its reason.

The proposal is a TOML text that `profile.parse_profile` accepts. What could not be told apart is marked with CHECK.
"""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import NamedTuple

from matcher.parsers.csv.evidence import SHARE, date_forms, find_table, links, minors, number_columns, number_style
from matcher.parsers.csv.proposal import Proposal
from matcher.parsers.csv.texts import take_texts
from matcher.parsers.csv.words import (
    ACCOUNT,
    AMOUNT,
    BALANCE,
    BOOKING,
    CLEARING,
    FEE,
    IN,
    MARKS,
    NOT_BOOKED,
    ORIGINAL,
    OUT,
    PARTY,
    PENDING,
    SIGN_WORDS,
    VALUE,
    says,
)
from matcher.parsers.identifiers import is_iban
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.refused import UnknownFormat

_PAIR_SHARE_MIN = 0.5  # of the rows; there may be totals below the table
_PROOF_MIN = 0.8
# An account above the table: an IBAN, or a number.
_ACCOUNTS = (r"([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30})", r"([0-9][0-9 ./-]{3,30}[0-9])")


def propose(sample: bytes, *, name: str) -> str:
    """The TOML text of a profile for a sample. Raises `UnknownFormat` where there is no table to make one of."""
    table = find_table(sample)
    dates = [place for place, named in enumerate(table.header) if named and _forms(table.cells(place))]
    if not dates:
        raise UnknownFormat("no column of the table has dates on nearly all rows.", cure="Export it again as CSV.")
    numbers = number_style(table, dates)
    draft = Proposal(table, numbers.style)
    if numbers.doubtful:
        draft.check.append("every amount has three digits behind its mark: thousands or decimals? Correct `decimal`.")
    _take_dates(draft, dates)
    _take_amounts(draft, number_columns(table, numbers.style, dates))
    _take_pending_dates(draft)
    _take_words(draft)
    _take_account(draft)
    take_texts(draft)
    return draft.written(name)


def _forms(cells: list[str]) -> list[str]:
    """Forms of a column's dates; words without digits may stand among them for lines that are not booked yet."""
    return date_forms([cell for cell in cells if any(letter.isdigit() for letter in cell)]) if cells else []


def _take_dates(draft: Proposal, places: list[int]) -> None:
    table = draft.sample
    for place in places:
        forms = _forms(table.cells(place))
        if {"DD/MM/YYYY", "MM/DD/YYYY"} <= set(forms):
            draft.check.append(f"{table.header[place]!r}: day or month first? DD/MM/YYYY is taken.")
        if forms[0] not in draft.dates:
            draft.dates.append(forms[0])
    of_value = [place for place in places if says(table.header[place], VALUE)]
    rest = [place for place in places if place not in of_value] or places
    booking = min(rest, key=lambda place: (_booking_rank(table.header[place]), place))
    fullest = max(rest, key=lambda place: len(table.cells(place)))
    if len(table.cells(booking)) < len(table.cells(fullest)):
        draft.take("booking_date", booking, fullest, why=f"{table.header[booking]!r} is not filled on every row")
    else:
        draft.take("booking_date", booking)
    if of_value and of_value[0] != booking:
        draft.take("value_date", of_value[0])


def _take_pending_dates(draft: Proposal) -> None:
    """Words in the place of the booking date, of rows that have an amount."""
    source = draft.columns["booking_date"]
    place = draft.sample.header.index(source if isinstance(source, str) else source[1][0])
    amounts = [
        draft.sample.header.index(name)
        for name in map(draft.columns.get, ("amount", "debit", "credit"))
        if isinstance(name, str) and name in draft.sample.header
    ]
    rows = [row for row in draft.sample.rows if any(row[each : each + 1] not in ([], [""]) for each in amounts)]
    words = {row[place] for row in rows if place < len(row)}
    draft.pending_dates = sorted(word for word in words if word and not any(letter.isdigit() for letter in word))[:5]


def _booking_rank(name: str) -> int:
    return next((rank for rank, words in enumerate(BOOKING) if says(name, words)), len(BOOKING))


class _Proof(NamedTuple):
    """An amount of which the balances prove each row. `score` is the share proved, how many, and how plain it is."""

    score: tuple[float, int, int]
    amount: int
    balance: int
    fee: int | None
    sign: int | None
    inverted: bool


class _Pair(NamedTuple):
    """Two columns of which each row fills one. `score` is the share that balances prove, and whether names fit."""

    score: tuple[float, int]
    debit: int
    credit: int
    balance: int | None
    doubtful: bool


def _take_amounts(draft: Proposal, places: list[int]) -> None:
    """The amount: what the balances prove, else two columns that exclude each other, else what is named so."""
    values = {place: minors(draft.sample, draft.style, place) for place in places}
    proof, pair = _proof(draft, values), _pair(draft, values)
    if proof is not None and (pair is None or any((value or 0) < 0 for value in values[proof.amount])):
        _take_proof(draft, proof)
    elif pair is not None:
        _take_pair(draft, pair)
    else:
        _take_named(draft, values)


def _take_named(draft: Proposal, values: dict[int, list[int | None]]) -> None:
    names = draft.sample.header
    balances = [place for place in values if says(names[place], BALANCE)]
    others = [place for place in values if place not in balances]
    if not others:
        draft.check.append("no column of amounts was found: set `amount`, or `debit` and `credit`.")
        draft.columns["amount"] = "?"
        return
    fullest = max(len(draft.sample.cells(place)) for place in others)
    full = [place for place in others if len(draft.sample.cells(place)) == fullest]
    named = [place for place in full if says(names[place], f"{AMOUNT}|{OUT}|{IN}")]
    own = [place for place in named if not says(names[place], ORIGINAL)]
    amount = (own or named or full)[0]
    draft.take("amount", amount, why="by its name" if named else "the first column of numbers")
    if balances and len(draft.sample.rows) > 1:
        draft.take("balance", balances[0], why="by its name")
        draft.check.append("the balances do not follow from the amounts: is the sign right, or a row missing?")
    _take_sign(draft, values[amount])


def _proof(draft: Proposal, values: dict[int, list[int | None]]) -> _Proof | None:
    """The amount and the balance of which each row proves its neighbour, if there are such.

    A column for the sign, a fee that is not in the amount, and the opposite sign are tried where they are needed; a
    column for the sign is believed, as the balances may prove a first row either way.
    """
    best: _Proof | None = None
    for amount, amounts in values.items():
        for fee in (None, *(place for place in values if place != amount and says(draft.sample.header[place], FEE))):
            for sign, signed in _signings(draft, _less(amounts, values[fee] if fee is not None else None)):
                for balance, balances in values.items():
                    if balance in (amount, fee):
                        continue
                    for inverted in (False, True):
                        proved, of = links([-v if inverted and v is not None else v for v in signed], balances)
                        plain = (sign is not None) - (fee is not None) - 2 * inverted
                        score = (proved / of if of else 0, proved, plain)
                        if score[0] >= _PROOF_MIN and (best is None or score > best.score):
                            best = _Proof(score, amount, balance, fee, sign, inverted)
    return best


def _take_proof(draft: Proposal, proof: _Proof) -> None:
    share, proved, _ = proof.score
    draft.invert = proof.inverted
    draft.take("amount", proof.amount, why=f"proved: {proved} neighbouring balance(s) follow from it ({share:.0%})")
    if proof.fee is not None:
        draft.take("fee", proof.fee, why="proved: the balances move by it too")
    draft.take("balance", proof.balance)
    if proof.sign is not None:
        words = _sign_words(draft, proof.sign)
        assert words is not None
        draft.sign = (draft.take_place(proof.sign), *words)


def _less(amounts: list[int | None], fees: list[int | None] | None) -> list[int | None]:
    if fees is None:
        return amounts
    return [None if value is None else value - (fee or 0) for value, fee in zip(amounts, fees, strict=True)]


def _signings(draft: Proposal, amounts: list[int | None]) -> list[tuple[int | None, list[int | None]]]:
    """The amounts as printed, and with the sign of each column that says debit or credit."""
    found: list[tuple[int | None, list[int | None]]] = [(None, amounts)]
    if any(value is not None and value < 0 for value in amounts):
        return found
    for place in draft.free():
        words = _sign_words(draft, place)
        if words is not None:
            said = [row[place] if place < len(row) else "" for row in draft.sample.rows]
            pairs = zip(amounts, said, strict=True)
            found.append(
                (place, [-value if value is not None and word in words[0] else value for value, word in pairs])
            )
    return found


def _sign_words(draft: Proposal, place: int) -> tuple[list[str], list[str]] | None:
    """The words for debit and credit of a column that has nothing else; the one that the sample lacks is added."""
    said = {word.casefold(): word for word in draft.sample.cells(place)}
    for debit, credit in SIGN_WORDS:
        if said and set(said) <= {debit.casefold(), credit.casefold()}:
            return [said.get(debit.casefold(), debit)], [said.get(credit.casefold(), credit)]
    return None


def _pair(draft: Proposal, values: dict[int, list[int | None]]) -> _Pair | None:
    """Two columns of which each row fills exactly one: money out and money in. One may be empty in the sample."""
    names, rows = draft.sample.header, len(draft.sample.rows)
    # Rates have more decimals than money.
    money = {
        place: column
        for place, column in values.items()
        if len(column) - column.count(None) >= SHARE * len(draft.sample.cells(place))
    }
    empty = [place for place, name in enumerate(names) if name and not draft.sample.cells(place)]
    columns = money | {place: [None] * rows for place in empty if says(names[place], f"{OUT}|{IN}")}
    found = [
        _orient(names, columns, values, first, second)
        for first, second in combinations(columns, 2)
        if _exclude_each_other(columns[first], columns[second])
        and ({first, second} <= money.keys() or _are_named(names, first, second))
    ]
    return max(found, key=lambda pair: pair.score, default=None)


def _exclude_each_other(firsts: list[int | None], seconds: list[int | None]) -> bool:
    """Whether rows fill exactly one of the columns, those aside that fill none; a zero beside an amount is nothing."""
    filled = [(left, right) for left, right in zip(firsts, seconds, strict=True) if (left, right) != (None, None)]
    one = sum(bool(left) != bool(right) for left, right in filled)
    return one >= SHARE * len(filled) and len(filled) >= _PAIR_SHARE_MIN * len(firsts)


def _are_named(names: list[str], first: int, second: int) -> bool:
    """Whether one of the columns is called money out and the other money in."""
    return (says(names[first], OUT) and says(names[second], IN)) or (
        says(names[first], IN) and says(names[second], OUT)
    )


def _orient(
    names: list[str],
    columns: dict[int, list[int | None]],
    values: dict[int, list[int | None]],
    first: int,
    second: int,
) -> _Pair:
    """Which of the two is money out: what the names say, else the one with a minus, else what balances prove."""
    named = _are_named(names, first, second)
    best: _Pair | None = None
    for debit, credit in ((first, second), (second, first)):
        fits = says(names[debit], OUT) + says(names[credit], IN)
        fits += 2 * any((value or 0) < 0 for value in columns[debit])
        moves = [
            None if (left, right) == (None, None) else abs(right or 0) - abs(left or 0)
            for left, right in zip(columns[debit], columns[credit], strict=True)
        ]
        shares: dict[int, float] = {}
        for place, balances in values.items():
            if place not in (first, second):
                proved, of = links(moves, balances)
                shares[place] = proved / of if of else 0.0
        balance = max(shares, key=lambda place: (shares[place], says(names[place], BALANCE)), default=None)
        share = shares[balance] if balance is not None else 0.0
        if balance is not None and share < _PROOF_MIN:
            share, balance = 0.0, next((place for place in shares if says(names[place], BALANCE)), None)
        pair = _Pair((share, fits), debit, credit, balance, doubtful=not (fits or share))
        if best is None or (pair.score[1] > best.score[1] if named else pair.score > best.score):
            best = pair
    assert best is not None
    return best


def _take_pair(draft: Proposal, pair: _Pair) -> None:
    if pair.doubtful:
        draft.check.append("which of the two columns is money out? The first is taken.")
    draft.take("debit", pair.debit, why="each row fills exactly one of the two")
    draft.take("credit", pair.credit)
    if pair.balance is not None:
        draft.take("balance", pair.balance)


def _take_sign(draft: Proposal, amounts: list[int | None]) -> None:
    if any(value is not None and value < 0 for value in amounts):
        return
    for place in draft.free():
        words = _sign_words(draft, place)
        if words is not None:
            draft.sign = (draft.take_place(place), *words)
            return
    draft.check.append("no amount is negative and no column tells debit from credit: is the sign elsewhere?")


def _take_words(draft: Proposal) -> None:
    """Currency and status: columns that say the same few things."""
    currencies = []
    for place in draft.free():
        cells = draft.sample.cells(place)
        said = {cell.casefold() for cell in cells}
        everywhere = len(cells) == len(draft.sample.rows)
        if everywhere and all(cell.upper() in EXPONENTS for cell in cells):
            currencies.append(place)
        elif said & (PENDING | NOT_BOOKED) and draft.status is None and len(said) <= 8:
            words = sorted(set(cells))
            pending = [word for word in words if word.casefold() in PENDING]
            others = [word for word in words if word.casefold() in NOT_BOOKED]
            draft.status = (draft.take_place(place), pending, others)
    if currencies:
        names = draft.sample.header
        draft.take("currency", min(currencies, key=lambda place: (says(names[place], ORIGINAL), place)))
        return
    draft.currency = _stated_currency(draft)
    if not draft.currency:
        draft.check.append("no column names the currency: set account.currency.")


def _stated_currency(draft: Proposal) -> str:
    """The currency that names of columns, marks at amounts or the text above the table agree on, or nothing."""
    table = draft.sample
    names = " ".join(table.header[place] for place in draft.used)
    above = [word.lstrip("=") for row in table.above for cell in row for word in cell.split()]
    for words in (names, " ".join(draft.style.marks), " ".join(above)):
        codes = {code for code in re.findall(r"(?<![^\W_])[A-Z]{3}(?![^\W\d_])", words) if code in EXPONENTS}
        marks = {
            MARKS[mark]
            for mark in re.findall(r"[^\W\d_]+|[€£$]", re.sub(r"euro\w*", "eur", words.casefold()))
            if mark in MARKS
        }
        if len(codes or marks) == 1:
            return (codes or marks).pop()
    return ""


def _take_account(draft: Proposal) -> None:
    """The own account: columns that are the same on every row, else what stands above the table."""
    table = draft.sample
    same = []
    for place in draft.free():
        cells = table.cells(place)
        name = table.header[place]
        if len(set(cells)) == 1 and len(cells) == len(table.rows) and not says(name, f"{BALANCE}|{PARTY}"):
            if _is_iban(cells[0]):
                draft.account_columns = [draft.take_place(place)]
                return
            if says(name, CLEARING) or _is_account(cells[0], name):
                same.append(place)
    draft.account_columns = [draft.take_place(place) for place in same]
    if same:
        return
    for above, below in pairwise(table.above):
        for place, name in enumerate(above):
            if place < len(below) and _is_account(below[place], name) and not any(map(str.isdigit, name)):
                draft.preamble_column = name
                return
    labelled = [pair for row in table.above for pair in pairwise(filter(None, row)) if says(pair[0], ACCOUNT)]
    for shape in _ACCOUNTS:
        for name, text in labelled:
            if re.match(shape, text.lstrip("=")):
                draft.pattern = rf"{re.escape(name)}\W*{shape}"
                return


def _is_iban(text: str) -> bool:
    return is_iban("".join(text.split()).upper())


def _is_account(text: str, name: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return _is_iban(text) or (digits >= 5 and "..." not in text and "**" not in text and says(name, ACCOUNT))
