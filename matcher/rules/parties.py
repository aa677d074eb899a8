"""Who a misprinted name is: the one party of the books that it can mean, if there is just one.

Decided from names alone, before any amount is looked at, so that an amount that happens to be equal never makes a
stranger a customer. A name that could be two parties is nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcher.rules.names import WORD_LETTERS_MIN, Name, NameLevel, compare

_KEY_LETTERS_MIN = 4
_HEAD_LETTERS = 5
# A word that more parties share does not help to find one.
_SHARED_MAX = 60


class Directory:
    """The parties of the books, found by words and by the beginning of their names."""

    def __init__(self, names: Sequence[Name], ours: Iterable[int]) -> None:
        self._names = names
        self._by_word: dict[str, list[int]] = {}
        self._words: set[str] = set()
        self._like: dict[Name, list[int]] = {}
        self._heads: dict[int, str] = {}
        for variant in ours:
            name = names[variant]
            self._words.update(name.words)
            self._heads[variant] = _head(name)
            for key in _keys(name):
                self._by_word.setdefault(key, []).append(variant)

    @property
    def known_words(self) -> set[str]:
        """Every word of the counterparties in the books."""
        return self._words

    def like(self, printed: Name) -> list[int]:
        """Variants that a printed name may be, misprints aside."""
        known = self._like.get(printed)
        if known is None:
            known = self._like[printed] = self._search(printed)
        return known

    def candidates(self, printed: Name) -> set[int]:
        """Variants that share a long word, or the first letters, with a printed name."""
        return {
            variant
            for key in _keys(printed)
            if len(found := self._by_word.get(key, ())) <= _SHARED_MAX
            for variant in found
        }

    def _search(self, printed: Name) -> list[int]:
        candidates = self.candidates(printed)
        names, words, heads = self._names, self._words, self._heads
        # A word that the books know is no misspelling: who lacks it is meant only if the whole begins alike.
        known = {word for word in printed.words if word in words and len(word) >= WORD_LETTERS_MIN}
        text = "".join(printed.words) + printed.legal
        return [
            one
            for one in candidates
            if (text.startswith(heads[one]) or names[one].key == printed.key or known.issubset(names[one].words))
            and compare(printed, names[one], words) >= NameLevel.MISSPELT
        ]

    def find(self, printed: Name) -> int:
        """The variant of the one party that a printed name means, −1 for none or several."""
        found = self.like(printed)
        parties = {self._names[variant].key for variant in found}
        forms = {legal for variant in found if (legal := self._names[variant].legal)}
        if len(parties) != 1 or len(forms) > 1:
            return -1
        # Without a legal form first: that one agrees with all others of the party.
        return min(found, key=lambda variant: (self._names[variant].legal, self._names[variant].words))


def _keys(name: Name) -> set[str]:
    """Words long enough to find a party by, and the head of the whole name (marked, so that it is no word)."""
    keys = {word for word in name.words if len(word) >= _KEY_LETTERS_MIN}
    keys.add("^" + _head(name))
    return keys


def _head(name: Name) -> str:
    return "".join(name.words)[:_HEAD_LETTERS]
