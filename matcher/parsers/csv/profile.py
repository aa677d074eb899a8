"""A bank profile: what the columns of a bank's CSV export mean. Data, read from TOML, strictly checked.

name = "my-bank"                    what `recon profile list` shows; small letters, digits and hyphens
title = "My Bank, account export"
verified = "..."                    what is known for certain about the layout, and what is not

[file]
header = ["Datum", ["Text", "Beskrivning"], "Belopp"]   columns that tell the layout; a list is one of several names
delimiter = ";"
quote = '"'                         or "" for none
encoding = "cp1252"                 used where the text is no UTF-8
decimal = ","
grouping = [" ", "."]               marks that may group thousands; a blank stands for every kind of blank
marks = ["kr"]                      what may stand before or after an amount
dates = ["YYYY-MM-DD"]              a time behind a date is left alone; MMM is the name of a month

[columns]                           field of the bank line = its column; every other column is kept as extra
booking_date = "Datum"
amount = "Belopp"                   or `debit` and `credit`, both printed without a sign
remittance = { join = ["Text", "Meddelande"] }          all that are filled, one under the other
counterparty_name = { first = ["Namn", "Rubrik"] }      the first that is filled
counterparty_account = { debit = "Till", credit = "Från" }   by the sign of the amount
currency = ["Valuta", "Currency"]   the first name that the file has

[sign]                              only where amounts are printed without a sign
column = "Af Bij"
debit = ["Af"]
credit = ["Bij"]
# or: invert = true                 where money that leaves the account is printed as positive

[status]                            lines are booked unless this says otherwise
column = "State"
pending = ["PENDING"]
info = ["REVERTED"]
pending_dates = ["Reserverat"]      stands in the place of a date

[account]
columns = ["Clearingnummer", "Kontonummer"]   joined; or:
preamble_column = "Kontonummer"     a column of the table above the header
pattern = '(\\d{4}-[\\d ]+)'        the first group in the text above the header
currency = "SEK"                    where the file has no column for it
"""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from matcher.parsers.csv.values import BLANKS, AmountStyle, date_pattern
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.refused import BadSetting

_TEXT_FIELDS = (
    "bank_reference entry_reference proprietary_code end_to_end_id instruction_id transaction_id mandate_id message_id "
    "payment_information_id creditor_reference remittance counterparty_name counterparty_account counterparty_bic "
    "ultimate_counterparty original_currency exchange_rate check_number return_reason additional_info"
)
TEXT_FIELDS = frozenset(_TEXT_FIELDS.split())
NUMBER_FIELDS = frozenset({"amount", "debit", "credit", "fee", "balance", "original_amount"})
DATE_FIELDS = frozenset({"booking_date", "value_date"})
FIELDS = TEXT_FIELDS | NUMBER_FIELDS | DATE_FIELDS | {"currency"}
_NAME = re.compile(r"[a-z0-9][a-z0-9\-]{0,60}")


class Column(NamedTuple):
    """Where a field's value stands: `how` is "any" (the first name that the file has), "first", "join" or "sign"."""

    how: str
    names: tuple[str, ...]


class Words(NamedTuple):
    """A column that says one of two things, in lower case."""

    column: str
    first: frozenset[str]
    second: frozenset[str]


class AccountSource(NamedTuple):
    """Where the account number stands, and the currency where no column has it."""

    columns: tuple[str, ...] = ()
    preamble_column: str = ""
    pattern: re.Pattern[str] | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One layout, as the module's docstring explains it. `sign` is debit and credit, `status` pending and info."""

    name: str
    title: str
    verified: str
    header: tuple[tuple[str, ...], ...]
    delimiter: str
    quote: str
    encoding: str
    amounts: AmountStyle
    dates: tuple[str, ...]
    columns: Mapping[str, Column]
    sign: Words | None
    invert: bool
    status: Words | None
    pending_dates: frozenset[str]
    account: AccountSource
    source: str


def key(text: str) -> str:
    """A column's name for comparison: without case, without blanks at its ends, one blank between words."""
    return " ".join(text.replace("\ufeff", "").split()).casefold()


def parse_profile(text: str, *, source: str) -> Profile:
    """The profile of a TOML text; `source` names the file in messages. Raises `BadSetting` with file, key and cure."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"the file is no TOML: {error}.", where=source, cure="See `recon profile show`.") from None
    return _Checked(data, source).profile()


class _Checked:
    """Reads keys of a table one by one; a key that is missing, of the wrong kind or unknown is refused by name."""

    def __init__(self, data: Mapping[str, Any], source: str, path: str = "") -> None:
        self._data = data
        self._source = source
        self._path = path
        self._asked: set[str] = set()

    def profile(self) -> Profile:
        """The whole file, checked."""
        name = self.text("name")
        if not _NAME.fullmatch(name):
            raise self.wrong("name", f"{name!r} is no name of a profile", "Use small letters, digits and hyphens.")
        title, verified = self.text("title"), self.text("verified")
        file, columns = self.table("file", needed=True), self.table("columns", needed=True)
        sign, status, account = self.table("sign"), self.table("status"), self.table("account")
        header = file.header("header")
        delimiter = file.text("delimiter", of=("one character", r"[^\s\"'\w]|\t"))
        quote = file.text("quote", default='"', of=("one character or nothing", r"[\"'|]?"))
        encoding = file.text("encoding", default="utf-8")
        amounts = file.amounts()
        dates = file.texts("dates", needed=True)
        file.each_date(dates)
        made = {field: columns.column(field) for field in sorted(FIELDS) if field in columns}
        columns.need_amount()
        words = sign.words("debit", "credit") if "column" in sign else None
        states = status.words("pending", "info", both=False) if "column" in status else None
        result = Profile(
            name=name,
            title=title,
            verified=verified,
            header=header,
            delimiter=delimiter,
            quote=quote,
            encoding=file.codec(encoding),
            amounts=amounts,
            dates=dates,
            columns=made,
            sign=words,
            invert=sign.flag("invert"),
            status=states,
            pending_dates=frozenset(key(text) for text in status.texts("pending_dates")),
            account=account.account(),
            source=self._source,
        )
        for table in (self, file, columns, sign, status, account):
            table.finish()
        return result

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def wrong(self, name: str, what: str, cure: str) -> BadSetting:
        """The error for a key."""
        path = f"{self._path}.{name}" if self._path else name
        return BadSetting(f"{what}.", where=f"{self._source}: {path}", cure=cure)

    def finish(self) -> None:
        """Refuse what nobody asked for: a misspelt key would be a setting that is silently lost."""
        for name in self._data:
            if name not in self._asked:
                near = difflib.get_close_matches(name, self._known(), n=1)
                cure = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(self._known()))}."
                raise self.wrong(name, f"{name!r} is no setting", cure)

    def _known(self) -> set[str]:
        return self._asked | (set(FIELDS) if self._path == "columns" else set())

    def _get(self, name: str) -> Any:
        self._asked.add(name)
        return self._data.get(name)

    def table(self, name: str, *, needed: bool = False) -> _Checked:
        """A table of the file; an empty one where it is missing and not needed."""
        value = self._get(name)
        if value is None and not needed:
            value = {}
        if not isinstance(value, dict):
            raise self.wrong(name, f"the table [{name}] is missing or no table", "See `recon profile show`.")
        return _Checked(value, self._source, name)

    def text(self, name: str, *, default: str | None = None, of: tuple[str, str] | None = None) -> str:
        """A text; `of` is what it has to be in words, and as a pattern."""
        value = self._get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value and of is None):
            raise self.wrong(name, f"{name!r} is missing or no text", f'Write {name} = "..."')
        if of is not None and not re.fullmatch(of[1], value):
            raise self.wrong(name, f"{value!r} is not {of[0]}", f"Give {of[0]}.")
        return value

    def texts(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        """A list of texts, or one text."""
        value = self._get(name)
        if value is None and not needed:
            return ()
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not value or not all(isinstance(text, str) and text for text in value):
            raise self.wrong(name, f"{name!r} is missing or no list of texts", f'Write {name} = ["..."]')
        return tuple(value)

    def flag(self, name: str) -> bool:
        """True or false; false where it is missing."""
        value = self._get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, f"{name!r} is neither true nor false", f"Write {name} = true")
        return bool(value)

    def header(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The signature: each part is one column's possible names."""
        value = self._get(name)
        parts = [[part] if isinstance(part, str) else part for part in value] if isinstance(value, list) else []
        fine = all(isinstance(part, list) and part and all(isinstance(text, str) for text in part) for part in parts)
        if len(parts) < 2 or not fine:
            cure = "List at least two columns that only this layout has together."
            raise self.wrong(name, f"{name!r} is missing or no list of column names", cure)
        return tuple(tuple(key(text) for text in part) for part in parts)

    def codec(self, name: str) -> str:
        """A text encoding that Python knows."""
        try:
            found = codecs.lookup(name)
        except LookupError:
            raise self.wrong("encoding", f"{name!r} is no known encoding", "Write it like cp1252.") from None
        return found.name

    def amounts(self) -> AmountStyle:
        """How amounts are written."""
        decimal = self.text("decimal", of=("a point or a comma", r"[.,]"))
        grouping: list[str] = []
        for mark in self.texts("grouping"):
            if len(mark) != 1 or mark.isdigit() or mark == decimal:
                raise self.wrong("grouping", f"{mark!r} can't group thousands here", 'Write grouping = [" "]')
            grouping += BLANKS if mark in BLANKS else [mark]
        return AmountStyle(decimal, tuple(dict.fromkeys(grouping)), self.texts("marks"))

    def each_date(self, forms: tuple[str, ...]) -> None:
        """Refuse a form that is none."""
        for form in forms:
            try:
                date_pattern(form)
            except BadSetting as error:
                raise self.wrong("dates", error.message.rstrip("."), error.cure) from None

    def column(self, name: str) -> Column:
        """Where a field stands."""
        value = self._get(name)
        if isinstance(value, dict):
            if set(value) == {"debit", "credit"} and name in TEXT_FIELDS:
                inner = _Checked(value, self._source, f"{self._path}.{name}")
                return Column("sign", (key(inner.text("debit")), key(inner.text("credit"))))
            for how in ("first", "join"):
                if set(value) == {how} and (how == "first" or name in TEXT_FIELDS):
                    inner = _Checked(value, self._source, f"{self._path}.{name}")
                    return Column(how, tuple(key(text) for text in inner.texts(how, needed=True)))
            cure = 'Write { first = [...] }, { join = [...] } or { debit = "...", credit = "..." }; the last two are for texts.'
            raise self.wrong(name, "the table is none of the three that a field may have", cure)
        return Column("any", tuple(key(text) for text in self.texts(name, needed=True)))

    def need_amount(self) -> None:
        """A line needs a date and an amount."""
        if "booking_date" not in self:
            raise self.wrong("booking_date", "'booking_date' is missing", 'Write booking_date = "..."')
        if ("amount" in self) == ("debit" in self and "credit" in self):
            cure = "Give either `amount`, or `debit` and `credit`."
            raise self.wrong("amount", "the columns of the amount are missing or given twice", cure)

    def words(self, first: str, second: str, *, both: bool = True) -> Words:
        """A column and what its words mean."""
        column = key(self.text("column"))
        one, two = self.texts(first, needed=both), self.texts(second, needed=both)
        return Words(column, frozenset(map(key, one)), frozenset(map(key, two)))

    def account(self) -> AccountSource:
        """Where the account stands."""
        pattern, currency = self.text("pattern", default=""), self.text("currency", default="")
        compiled = None
        if pattern:
            try:
                compiled = re.compile(pattern)
            except re.error as error:
                raise self.wrong("pattern", f"no regular expression: {error}", "Quote it in '...'.") from None
            if compiled.groups != 1:
                raise self.wrong("pattern", "the pattern needs exactly one group", "Put (...) round the account.")
        if currency and currency not in EXPONENTS:
            raise self.wrong("currency", f"{currency!r} is no ISO 4217 currency code", "Write it like SEK.")
        columns = tuple(key(text) for text in self.texts("columns"))
        return AccountSource(columns, key(self.text("preamble_column", default="")), compiled, currency)
