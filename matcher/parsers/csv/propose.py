"""A profile proposed from a sample: columns by content first, by their names second, each with its reason.

The proposal is a TOML text that `profile.parse_profile` accepts. What could not be told apart is marked with CHECK.
"""

from __future__ import annotations

import re
from itertools import pairwise

from matcher.parsers.csv.evidence import SHARE, date_forms, find_table, links, minors, number_columns, number_style
from matcher.parsers.csv.proposal import Proposal
from matcher.parsers.identifiers import is_iban
from recon_core.domain.currency import EXPONENTS

# What banks write for money out and money in.
_SIGN_WORDS = (
    ("Af", "Bij"),
    ("D", "C"),
    ("D", "K"),
    ("DBIT", "CRDT"),
    ("Debit", "Credit"),
    ("Debet", "Kredit"),
    ("S", "H"),
    ("Soll", "Haben"),
    ("Out", "In"),
    ("Ut", "In"),
    ("Uttag", "Insättning"),
    ("Withdrawal", "Deposit"),
    ("-", "+"),
)
_PENDING = {"pending", "reserved", "reserverad", "reserverat", "reserveret", "väntar", "vorgemerkt", "authorised"}
_NOT_BOOKED = {"reverted", "declined", "failed", "cancelled", "canceled", "avvisad", "avslagen", "avvist", "slettet"}
_MARKS = {"kr": "SEK", "sek": "SEK", "€": "EUR", "eur": "EUR", "£": "GBP", "zł": "PLN", "chf": "CHF", "$": "USD"}

_BALANCE = r"saldo|balance|kontostand|solde"
_AMOUNT = r"belopp|amount|bedrag|betrag|beløb|beloep|importe|montant|summa|kwota|importo|value$"
_OUT = r"debit|debet|ut\b|uttag|paid out|money out|withdrawal|belastung|soll|débit|hævet"
_IN = r"credit|kredit|in\b|insättning|paid in|money in|deposit|gutschrift|haben|crédit|indsat"
_FEE = r"fee\b|avgift\b|gebyr\b"
_VALUE = r"valut|value|värde|rente|valör|wert"
_BOOKING = (r"bokf|reskontra|book|buchung|completed|post", r"transaction|datum|date|dato|data|fecha")
_ACCOUNT = r"kontonummer|kontonr|konto\b|account|rekening|iban"
_CLEARING = r"clearing|clnr|sort code|blz|bank code"
# Which texts a name speaks of; a field takes the first column that fits its first pattern, else the next one.
_HINTS: tuple[tuple[str, str], ...] = (
    (
        "counterparty_account",
        r"tegenrekening|partner iban|motkonto|gegenkonto|counterparty (iban|account)|payee account",
    ),
    ("counterparty_account", r"iban"),
    ("counterparty_bic", r"bic|swift"),
    ("counterparty_name", r"namn|name|naam|payee"),
    ("counterparty_name", r"beneficiary|mottagare|motpart|counterparty|auftraggeber|empfänger|partner"),
    ("end_to_end_id", r"end.?to.?end"),
    ("mandate_id", r"mandat"),
    ("creditor_reference", r"ocr|creditor reference|kid\b|viite"),
    ("bank_reference", r"(transaction|transaktions).?id|archive|arkiv|bank.?reference|fitid"),
    ("exchange_rate", r"exchange rate|växlingskurs|kurs\b|rate\b"),
    (
        "remittance",
        r"text|beskrivning|description|meddelande|message|memo|mededeling|verwendungszweck|tekst|libellé|concept",
    ),
    ("remittance", r"omschrijving|details|rubrik|referens|reference"),
    ("proprietary_code", r"typ\b|type|transaktionstyp|code\b|kod\b|mutatiesoort|buchungstext"),
)


def propose(sample: bytes, *, name: str) -> str:
    """The TOML text of a profile for a sample. Raises `UnknownFormat` where there is no table to make one of."""
    table = find_table(sample)
    dates = [place for place, named in enumerate(table.header) if named and _forms(table.cells(place))]
    numbers = number_style(table, dates)
    draft = Proposal(table, numbers.style)
    if numbers.doubtful:
        draft.check.append("every amount has three digits behind its mark: thousands or decimals? Correct `decimal`.")
    _take_dates(draft, dates)
    _take_amounts(draft, number_columns(table, numbers.style, dates))
    _take_words(draft)
    _take_account(draft)
    _take_texts(draft)
    return draft.written(name)


def _says(name: str, words: str) -> bool:
    """Whether a column's name has one of the words, at the beginning of a word."""
    return re.search(rf"(?:^|[^\w])(?:{words})|^\w*(?:{words})", name, re.IGNORECASE) is not None


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
    of_value = [place for place in places if _says(table.header[place], _VALUE)]
    rest = [place for place in places if place not in of_value] or places
    booking = min(rest, key=lambda place: (_booking_rank(table.header[place]), place))
    fullest = max(rest, key=lambda place: len(table.cells(place)))
    if len(table.cells(booking)) < len(table.cells(fullest)):
        draft.take("booking_date", booking, fullest, why=f"{table.header[booking]!r} is not filled on every row")
    else:
        draft.take("booking_date", booking)
    if of_value and of_value[0] != booking:
        draft.take("value_date", of_value[0])
    words = {cell for cell in table.cells(booking) if not any(letter.isdigit() for letter in cell)}
    draft.pending_dates = sorted(words)[:5]


def _booking_rank(name: str) -> int:
    return next((rank for rank, words in enumerate(_BOOKING) if _says(name, words)), len(_BOOKING))


def _take_amounts(draft: Proposal, places: list[int]) -> None:
    """The amount: what the balances prove, else two columns that exclude each other, else what is named so."""
    values = {place: minors(draft.sample, draft.style, place) for place in places}
    if _take_proved(draft, values) or _take_pair(draft, values):
        return
    names = draft.sample.header
    balances = [place for place in places if _says(names[place], _BALANCE)]
    others = [place for place in places if place not in balances]
    if not others:
        draft.check.append("no column of amounts was found: set `amount`, or `debit` and `credit`.")
        draft.columns["amount"] = "?"
        return
    named = [place for place in others if _says(names[place], f"{_AMOUNT}|{_OUT}|{_IN}")]
    amount = (named or others)[0]
    draft.take("amount", amount, why="by its name" if named else "the first column of numbers")
    if balances and len(draft.sample.rows) > 1:
        draft.take("balance", balances[0], why="by its name")
        draft.check.append("the balances do not follow from the amounts: is the sign right, or a row missing?")
    _take_sign(draft, values[amount])


def _take_proved(draft: Proposal, values: dict[int, list[int | None]]) -> bool:
    """Find an amount and a balance of which each row proves its neighbour.

    A column for the sign, a fee that is not in the amount, and the opposite sign are tried where they are needed.
    """
    best: tuple[tuple[float, int, int], int, int, int | None, int | None, bool] | None = None
    for amount, amounts in values.items():
        for fee in (None, *(place for place in values if place != amount and _says(draft.sample.header[place], _FEE))):
            for sign, signed in _signings(draft, _less(amounts, values[fee] if fee is not None else None)):
                for balance, balances in values.items():
                    if balance in (amount, fee):
                        continue
                    for inverted in (False, True):
                        proved, of = links([-v if inverted and v is not None else v for v in signed], balances)
                        plain = 3 - (fee is not None) - (sign is not None) - 2 * inverted
                        score = (proved / of if of else 0, proved, plain)
                        if score[0] >= 0.8 and (best is None or score > best[0]):
                            best = (score, amount, balance, fee, sign, inverted)
    if best is None:
        return False
    (share, proved, _), amount, balance, fee, sign, draft.invert = best
    draft.take("amount", amount, why=f"proved: {proved} neighbouring balance(s) follow from it ({share:.0%})")
    if fee is not None:
        draft.take("fee", fee, why="proved: the balances move by it too")
    draft.take("balance", balance)
    if sign is not None:
        words = _sign_words(draft, sign)
        assert words is not None
        draft.sign = (draft.take_place(sign), *words)
    return True


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
    for debit, credit in _SIGN_WORDS:
        if said and set(said) <= {debit.casefold(), credit.casefold()}:
            return [said.get(debit.casefold(), debit)], [said.get(credit.casefold(), credit)]
    return None


def _take_pair(draft: Proposal, values: dict[int, list[int | None]]) -> bool:
    """Two columns of which each row fills exactly one: money out and money in."""
    names = draft.sample.header
    for first, firsts in values.items():
        for second, seconds in values.items():
            pairs = list(zip(firsts, seconds, strict=True))
            one = sum((left is None) != (right is None) for left, right in pairs)
            filled = all(any(value is not None for value in column) for column in (firsts, seconds))
            if first >= second or not filled or one < SHARE * len(pairs):
                continue
            swapped = _says(names[first], _IN) or _says(names[second], _OUT)
            debit, credit = (second, first) if swapped else (first, second)
            if not swapped and not (_says(names[first], _OUT) or _says(names[second], _IN)):
                draft.check.append("which of the two columns is money out? The first is taken.")
            draft.take("debit", debit, why="each row fills exactly one of the two")
            draft.take("credit", credit)
            balances = [place for place in values if place not in (first, second) and _says(names[place], _BALANCE)]
            if balances:
                draft.take("balance", balances[0])
            return True
    return False


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
    for place in draft.free():
        cells = draft.sample.cells(place)
        said = {cell.casefold() for cell in cells}
        everywhere = len(cells) == len(draft.sample.rows)
        if everywhere and all(cell.upper() in EXPONENTS for cell in cells) and "currency" not in draft.columns:
            draft.take("currency", place)
        elif said & (_PENDING | _NOT_BOOKED) and draft.status is None and len(said) <= 8:
            words = sorted(set(cells))
            pending = [word for word in words if word.casefold() in _PENDING]
            others = [word for word in words if word.casefold() in _NOT_BOOKED]
            draft.status = (draft.take_place(place), pending, others)
    if "currency" not in draft.columns:
        in_name = re.search(r"\(([A-Z]{3})\)", " ".join(draft.sample.header))
        marks = [_MARKS.get(mark.casefold().rstrip("."), "") for mark in draft.style.marks]
        draft.currency = in_name[1] if in_name and in_name[1] in EXPONENTS else next(filter(None, marks), "")
        if not draft.currency:
            draft.check.append("no column names the currency: set account.currency.")


def _take_account(draft: Proposal) -> None:
    """The own account: columns that are the same on every row, else a column of the table above the header."""
    table = draft.sample
    for place in draft.free():
        cells = table.cells(place)
        name = table.header[place]
        same = len(set(cells)) == 1 and len(cells) == len(table.rows)
        if same and (_says(name, _CLEARING) or _is_account(cells[0], name)):
            draft.account_columns.append(draft.take_place(place))
    if draft.account_columns:
        return
    for above, below in pairwise(table.above):
        for place, name in enumerate(above):
            if place < len(below) and _is_account(below[place], name):
                draft.preamble_column = name
                return


def _is_account(text: str, name: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    return is_iban("".join(text.split()).upper()) or (digits >= 5 and _says(name, _ACCOUNT))


def _take_texts(draft: Proposal) -> None:
    """The other fields, by the names of columns; the longest text is the remittance where no name says so."""
    for field, words in _HINTS:
        named = [place for place in draft.free() if _says(draft.sample.header[place], words)]
        filled = [place for place in named if draft.sample.cells(place)]
        if named and field not in draft.columns:
            draft.take(field, (filled or named)[0])
    if "remittance" not in draft.columns and draft.free():
        longest = max(draft.free(), key=lambda place: _letters(draft.sample.cells(place)))
        if _letters(draft.sample.cells(longest)):
            draft.take("remittance", longest, why="the longest text")


def _letters(cells: list[str]) -> int:
    return sum(letter.isalpha() for cell in cells for letter in cell)
