"""The decisions about a sample's columns, and the TOML text that they become."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from matcher.parsers.csv.evidence import Sample
from matcher.parsers.csv.values import BLANKS, AmountStyle

Source = str | tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class Proposal:
    """The decisions so far; `why` explains a field, `check` is what a person has to look at."""

    sample: Sample
    style: AmountStyle
    dates: list[str] = field(default_factory=list)
    columns: dict[str, Source] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    check: list[str] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    sign: tuple[str, list[str], list[str]] | None = None
    invert: bool = False
    status: tuple[str, list[str], list[str]] | None = None
    pending_dates: list[str] = field(default_factory=list)
    account_columns: list[str] = field(default_factory=list)
    preamble_column: str = ""
    pattern: str = ""
    currency: str = ""

    def take(self, name: str, *places: int, how: str = "first", why: str = "") -> None:
        """Give a column to a field, or several, `how` as in `profile.Column`; of "sign" money out comes first."""
        names = tuple(self.sample.header[place] for place in places)
        self.columns[name] = names[0] if len(names) == 1 else (how, names)
        self.used += places
        if why:
            self.why[name] = why

    def take_place(self, place: int) -> str:
        """Use a column for something that is no field; its name."""
        self.used.append(place)
        return self.sample.header[place]

    def free(self) -> list[int]:
        """Columns with a name that nothing has taken."""
        return [place for place, name in enumerate(self.sample.header) if name and place not in self.used]

    def written(self, name: str) -> str:
        """The proposal as TOML."""
        table = self.sample
        signature = [table.header[place] for place in sorted(dict.fromkeys(self.used))]
        lines = [f"# CHECK: {text}" for text in self.check]
        lines += [
            f"name = {_quoted(name)}",
            f"title = {_quoted(name)}",
            f"verified = {_quoted(f'Proposed from a sample of {len(table.rows)} rows; read by nobody yet.')}",
            "",
            "[file]",
            f"header = {_quoted(signature)}",
            f"delimiter = {_quoted(table.delimiter)}",
            f"encoding = {_quoted(table.encoding)}",
            *self._number_lines(),
            f"dates = {_quoted(self.dates)}",
            "",
            "[columns]",
        ]
        for column, source in self.columns.items():
            value = _quoted(source) if isinstance(source, str) else _table(*source)
            lines.append(f"{column} = {value}" + (f"   # {self.why[column]}" if column in self.why else ""))
        return "\n".join([*lines, *self._sign_lines(), *self._status_lines(), *self._account_lines()]) + "\n"

    def _number_lines(self) -> list[str]:
        style = self.style
        grouping = [" "] * bool(set(style.grouping) & set(BLANKS))
        grouping += [mark for mark in style.grouping if mark not in BLANKS]
        lines = [f"decimal = {_quoted(style.decimal)}"]
        lines += [f"grouping = {_quoted(grouping)}"] if grouping else []
        return lines + ([f"marks = {_quoted(list(style.marks))}"] if style.marks else [])

    def _sign_lines(self) -> list[str]:
        if self.sign is not None:
            column, debit, credit = self.sign
            words = [f"debit = {_quoted(debit)}", f"credit = {_quoted(credit)}"]
            return ["", "[sign]", f"column = {_quoted(column)}", *words]
        return ["", "[sign]", "invert = true   # the balances say so"] if self.invert else []

    def _status_lines(self) -> list[str]:
        lines: list[str] = []
        if self.status is not None:
            column, pending, info = self.status
            lines += [f"column = {_quoted(column)}"]
            lines += [f"pending = {_quoted(pending)}"] if pending else []
            lines += [f"info = {_quoted(info)}"] if info else []
        if self.pending_dates:
            lines += [f"pending_dates = {_quoted(self.pending_dates)}"]
        return ["", "[status]", *lines] if lines else []

    def _account_lines(self) -> list[str]:
        lines = [f"columns = {_quoted(self.account_columns)}"] if self.account_columns else []
        lines += [f"preamble_column = {_quoted(self.preamble_column)}"] if self.preamble_column else []
        lines += [f"pattern = {_quoted(self.pattern)}"] if self.pattern else []
        lines += [f"currency = {_quoted(self.currency)}"] if self.currency else []
        return ["", "[account]", *lines] if lines else []


def _table(how: str, names: tuple[str, ...]) -> str:
    if how == "sign":
        return f"{{ debit = {_quoted(names[0])}, credit = {_quoted(names[1])} }}"
    return f"{{ {how} = {_quoted(list(names))} }}"


def _quoted(value: str | list[str]) -> str:
    """A TOML string or list; JSON's escapes are TOML's, which has one more."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
