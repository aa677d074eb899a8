"""Distinct folded names ("variants": words in their order and legal form), numbered, with the party and form of each.

Every spelling is folded once, upper and lower case being one; only texts that some row has are looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np

from matcher.rules.columns import Codes, Texts
from matcher.rules.names import Name, fold, without_accents

# Signs that a format has for a name: a subfield of a German `:86:`, OFX 1 NAME, SWIFT, ISO 20022 Nm.
_FIELDS = frozenset({27, 32, 35, 70})


class Variants:
    """A numbering of names that grows column by column. −1 stands for a text without a name."""

    def __init__(self) -> None:
        self.names: list[Name] = []
        self._of_text: dict[str, int] = {}
        self._of_name: dict[tuple[tuple[str, ...], str], int] = {}
        self._parties: dict[str, int] = {}
        self._forms: dict[str, int] = {"": 0}
        self._party: list[int] = []
        self._form: list[int] = []

    def copy(self) -> Variants:
        """The same numbering, to go on with."""
        other = Variants()
        for name, kept in vars(self).items():
            setattr(other, name, kept.copy())
        return other

    def of(self, texts: Texts) -> Codes:
        """The variant of each row's text, −1 where it is missing or names nobody."""
        codes = np.full(len(texts.values) + 1, -1, np.int32)
        known = self._of_text
        used = texts.used(np.arange(len(texts.codes)))
        variants = []
        for text in without_accents([texts.values[code] for code in used.tolist()]):
            variant = known.get(text)
            if variant is None:
                variant = known[text] = self._add(fold(text))
            variants.append(variant)
        codes[used] = variants
        return codes[texts.codes]

    def _add(self, name: Name) -> int:
        if not name.key:
            return -1
        variant = self._of_name.setdefault((name.words, name.legal), len(self.names))
        if variant == len(self.names):
            self.names.append(name)
            self._party.append(self._parties.setdefault(name.key, len(self._parties)))
            self._form.append(self._forms.setdefault(name.legal, len(self._forms)))
        return variant

    def cut(self, texts: Texts, named: Codes, ours: Iterable[Name]) -> Codes:
        """The variants of printed names, `named`, where one that fills its field is as well a name of ours as the
        beginning of a longer one: it loses its last letter, and is the beginning of both.
        """
        full = [code for code in texts.used(np.arange(len(texts.codes))).tolist() if len(texts.values[code]) in _FIELDS]
        heads = sorted({"".join(name.words) for name in ours}) if full else []
        own = Texts(np.arange(len(full), dtype=np.int32), [texts.values[code] for code in full])
        for code, variant in zip(full, self.of(own).tolist(), strict=True):
            words, legal, _ = self.names[variant] if variant >= 0 else Name((), "", "")
            head = "".join(words)
            at = bisect_left(heads, head)
            if legal or heads[at : at + 1] != [head] or not "".join(heads[at + 1 : at + 2]).startswith(head):
                continue
            shorter = tuple(filter(None, (*words[:-1], words[-1][:-1])))
            cut = self._add(Name(shorter, "", "".join(sorted(shorter))))
            named = np.where(texts.codes == code, np.int32(cut), named)
        return named

    def party(self) -> Codes:
        """The party of each variant: names that are equal but for the legal form are one."""
        return np.array(self._party, np.int32)

    def form(self) -> Codes:
        """The legal form of each variant, 0 for none."""
        return np.array(self._form, np.int32)
