"""The words and codes by which banks say what kind of line this is, read from `bank_words.toml`: the languages of domain
reference 5.5 and some more. Words are folded like names, so accents and spelt-out umlauts do not matter."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from matcher.proposal import Category
from matcher.rules.names import fold

_FILE = Path(__file__).with_name("bank_words.toml")


class BankWords(NamedTuple):
    """What the file says. The kinds are in its order: the first wins where a line says several."""

    iso_codes: Mapping[Category, frozenset[str]]
    bank_codes: Mapping[Category, frozenset[str]]
    # The phrases of a kind as whole words in a folded text.
    phrases: Mapping[Category, re.Pattern[str]]
    # Any single word of any of these phrases.
    word: re.Pattern[str]
    batch_codes: frozenset[str]
    batch_phrases: re.Pattern[str]
    batch_word: re.Pattern[str]
    tax_offices: re.Pattern[str]
    no_meaning: frozenset[str]


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """A text in upper case without accents and punctuation, words apart."""
    return " ".join(fold(text).words)


def _read(path: Path) -> BankWords:
    said: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))
    words = {table: list(chain.from_iterable(entry["words"].values())) for table, entry in said.items()}
    kinds = [Category(table) for table in said if table in set(Category)]
    return BankWords(
        iso_codes={kind: frozenset(said[kind]["iso"]) for kind in kinds},
        bank_codes={kind: frozenset(said[kind]["bank"]) for kind in kinds},
        phrases={kind: _any_phrase(words[kind]) for kind in kinds},
        word=_any_word(chain.from_iterable(words[kind] for kind in kinds)),
        batch_codes=frozenset(said["batch"]["iso"]),
        batch_phrases=_any_phrase(words["batch"]),
        batch_word=_any_word(words["batch"]),
        tax_offices=_any_phrase(words["tax_office"]),
        no_meaning=frozenset(folded(" ".join(words["no_meaning"])).split()),
    )


def _any_phrase(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of the phrases, the longest first: it is taken out whole where another is a part of it."""
    return re.compile("|".join(rf"\b{_spelt(phrase)}\b" for phrase in sorted(phrases, key=len, reverse=True)))


def _any_word(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any single word of the phrases."""
    words = {word for phrase in phrases for word in _spelt(phrase).split(" ")}
    return re.compile("|".join(sorted(words)))


def _spelt(phrase: str) -> str:
    """A phrase as a pattern of folded text."""
    begins, ends = (r"\w*" if phrase.startswith("*") else ""), (r"\w*" if phrase.endswith("*") else "")
    return begins + folded(phrase.strip("*")) + ends


BANK_WORDS = _read(_FILE)
