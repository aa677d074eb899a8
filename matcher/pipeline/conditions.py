"""Conditions on bank lines that a person can read and write, and their evaluation over columns.

    counterparty is "Sjöhagens Trä AB" and direction is receipt
    (text has "hyra" or text starts "lokal") and not amount > 5000
    number is "4711-22" or account is "SE45 5000 0000 0583 9825 7466"

Fields and what may be asked of them:

    counterparty, text    is, has (whole words), starts (with whole words), like (wildcards * and ?)
    account, code         is, starts
    number                is (a whole reference number anywhere on the line)
    amount                = < > <= >=   in the account's currency, + into the account
    direction             is receipt, is payment

`not` binds closer than `and`, `and` closer than `or`. Case, accents, punctuation and legal forms do not count. `text` is
any text on the line, the counterparty's name included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from matcher.rules.bank_words import folded
from matcher.rules.columns import Flags, Lines
from matcher.rules.names import fold
from matcher.rules.tokens import field_key, normalized, tokens
from recon_core.domain.account import normal_identifier
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, BadSetting

COLUMNS = {
    "counterparty": ("counterparty_name", "ultimate_counterparty"),
    "text": ("remittance", "additional_info", "counterparty_name"),
    "account": ("counterparty_account",),
    "code": ("code", "proprietary_code"),
    "number": (
        "creditor_reference",
        "check_number",
        "end_to_end_id",
        "transaction_id",
        "instruction_id",
        "document_numbers",
        "remittance",
        "additional_info",
    ),
}
_FREE = frozenset({"document_numbers", "remittance", "additional_info"})
_WORDS = ("is", "has", "starts", "like")
_SIGNS = ("=", "<=", ">=", "<", ">")
_OPERATORS = {
    "counterparty": _WORDS,
    "text": _WORDS,
    "account": ("is", "starts"),
    "code": ("is", "starts"),
    "number": ("is",),
    "amount": _SIGNS,
    "direction": ("is",),
}
_DIRECTIONS = ("receipt", "payment")
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign><=|>=|[=<>()])|(?P<word>[^\s"()<>=]+))')
DEPTH_MAX = 20
LETTERS_MAX = 1000


# One text is asked many questions, and folding it is the costly part of each.
_folded = lru_cache(maxsize=1 << 17)(folded)
_name = lru_cache(maxsize=1 << 17)(fold)


class Question(NamedTuple):
    """One question to one field."""

    field: str
    operator: str
    value: str

    def __str__(self) -> str:
        plain = self.field in {"amount", "direction"}
        return f"{self.field} {self.operator} {self.value if plain else _quoted(self.value)}"


class NotOf(NamedTuple):
    """The opposite of a condition."""

    part: Condition

    def __str__(self) -> str:
        return f"not {_inside(self.part)}"


class AllOf(NamedTuple):
    """All conditions hold."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(map(_inside, self.parts))


class AnyOf(NamedTuple):
    """At least one condition holds."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(str(part) if not isinstance(part, AnyOf) else _inside(part) for part in self.parts)


Condition = Question | NotOf | AllOf | AnyOf


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _inside(part: Condition) -> str:
    return str(part) if isinstance(part, Question | NotOf) else f"({part})"


def parse(text: str) -> Condition:
    """The condition that a text says. Raises `BadSetting` with the place and what was expected."""
    if len(text) > LETTERS_MAX:
        raise BadSetting(f"A condition has at most {LETTERS_MAX} signs.", where="the condition")
    reader = _Reader(text)
    found = reader.any_of(0)
    if reader.next is not None:
        reader.refuse("and, or, or the end")
    return found


class _Reader:
    """Reads one condition, a word at a time."""

    def __init__(self, text: str) -> None:
        self._words = list(self._split(text))
        self._at = 0

    def _split(self, text: str) -> Iterator[tuple[str, bool, int]]:
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise BadSetting(
                    f"A quotation mark is not closed: {text[place:].strip()[:30]}", where=f"condition, sign {place + 1}"
                )
            at = found.start(found.lastgroup or 0) + 1
            if found["text"]:
                yield re.sub(r"\\(.)", r"\1", found["text"][1:-1]), True, at
            else:
                yield found["sign"] or found["word"], False, at
            place = found.end()

    @property
    def next(self) -> str | None:
        """The next word, None at the end; a quoted text is never a keyword."""
        if self._at == len(self._words):
            return None
        word, is_quoted, _ = self._words[self._at]
        return "" if is_quoted else word.lower()

    def take(self) -> str:
        """The next word as it is written."""
        if self._at == len(self._words):
            self.refuse("more")
        word = self._words[self._at][0]
        self._at += 1
        return word

    def refuse(self, expected: str) -> None:
        """Raise the complaint about the next word."""
        at_end = self._at == len(self._words)
        place = "the end" if at_end else f"sign {self._words[self._at][2]}"
        found = "" if at_end else f", found {self._words[self._at][0]!r}"
        raise BadSetting(
            f"Expected {expected}{found}.",
            where=f"condition, {place}",
            cure='Write it like: counterparty is "X AB" and not amount > 100.',
        )

    def any_of(self, depth: int) -> Condition:
        """Conditions with `or` between them."""
        parts = [self.all_of(depth)]
        while self.next == "or":
            self.take()
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all_of(self, depth: int) -> Condition:
        """Conditions with `and` between them."""
        parts = [self.one(depth)]
        while self.next == "and":
            self.take()
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def one(self, depth: int) -> Condition:
        """A test, a negation, or a condition in parentheses."""
        if depth > DEPTH_MAX:
            self.refuse("fewer parentheses")
        if self.next == "not":
            self.take()
            return NotOf(self.one(depth + 1))
        if self.next == "(":
            self.take()
            found = self.any_of(depth + 1)
            if self.next != ")":
                self.refuse(")")
            self.take()
            return found
        return self._question()

    def _question(self) -> Question:
        field = self.next
        if not field or field not in _OPERATORS:
            self.refuse(f"a field ({', '.join(_OPERATORS)})")
        assert field
        self.take()
        operator = self.next
        if not operator or operator not in _OPERATORS[field]:
            self.refuse(f"one of {' '.join(_OPERATORS[field])}")
        assert operator
        self.take()
        if self.next in {"and", "or", "not", "(", ")"}:
            self.refuse("a value")
        self._check(field)
        return Question(field, operator, self.take())

    def _check(self, field: str) -> None:
        if self._at == len(self._words):
            self.refuse("a value")
        value = self._words[self._at][0]
        if field == "direction" and value not in _DIRECTIONS:
            self.refuse(" or ".join(_DIRECTIONS))
        if field == "amount" and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value, re.ASCII) is None:
            self.refuse("an amount like -1234.50")
        if field in COLUMNS and not value.strip():
            self.refuse("a text")


def fits(condition: Condition, lines: Lines) -> Flags:
    """Which lines a condition holds for. Each distinct text is looked at once."""
    if isinstance(condition, NotOf):
        return ~fits(condition.part, lines)
    if isinstance(condition, AllOf):
        every: Flags = np.logical_and.reduce([fits(part, lines) for part in condition.parts])
        return every
    if isinstance(condition, AnyOf):
        some: Flags = np.logical_or.reduce([fits(part, lines) for part in condition.parts])
        return some
    if condition.field == "amount":
        return _amount(condition, lines)
    if condition.field == "direction":
        return lines.amount > 0 if condition.value == "receipt" else lines.amount < 0
    found = np.zeros(len(lines), np.bool_)
    for name in COLUMNS[condition.field]:
        texts = lines.text(name)
        if len(texts.values):
            question = _asks(condition, free=name in _FREE)
            holds = np.array([question(value) for value in texts.values], np.bool_)
            found |= (texts.codes >= 0) & holds[texts.codes]
    return found


def _amount(condition: Question, lines: Lines) -> Flags:
    limit = np.zeros(len(lines.currencies), np.int64)
    known = np.zeros(len(lines.currencies), np.bool_)
    for code, currency in enumerate(lines.currencies):
        try:
            limit[code] = to_minor(condition.value, currency)
        except BadAmount:  # more decimals than the currency has: no amount of it is that
            continue
        known[code] = True
    asked = limit[lines.currency]
    compared = {
        "=": lines.amount == asked,
        "<": lines.amount < asked,
        ">": lines.amount > asked,
        "<=": lines.amount <= asked,
        ">=": lines.amount >= asked,
    }
    found: Flags = compared[condition.operator] & known[lines.currency]
    return found


def _asks(condition: Question, *, free: bool) -> Callable[[str], bool]:
    """What is asked of each distinct text."""
    field, operator, value = condition
    if field == "number":
        wanted = normalized(value)
        return (lambda text: wanted in tokens(text)) if free else (lambda text: field_key(text) == wanted)
    if field in {"account", "code"}:
        key = normal_identifier(value)
        return (
            (lambda text: normal_identifier(text) == key)
            if operator == "is"
            else lambda text: normal_identifier(text).startswith(key)
        )
    if operator == "like":
        pattern = value.casefold().replace("[", "[[]")
        return lambda text: fnmatchcase(text.casefold(), pattern)
    if field == "counterparty" and operator == "is":
        name = _name(value)
        return lambda text: _same_name(text, name.key, name.legal)
    words = _folded(value)
    if operator == "is":
        return lambda text: _folded(text) == words
    if operator == "starts":
        return lambda text: f"{_folded(text)} ".startswith(f"{words} ")
    return lambda text: f" {words} " in f" {_folded(text)} "


def _same_name(text: str, key: str, legal: str) -> bool:
    name = _name(text)
    return bool(key) and name.key == key and (name.legal == legal or not name.legal or not legal)
