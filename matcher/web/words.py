"""The two languages of the page, and how each writes amounts.

English is the key; `swedish.toml` has the Swedish for it. Sentences that the engine and the books say (reasons, cures,
refusals) are found by their shape: `{name}` in a key stands for what changes in them and goes to the same name. What
has no Swedish stays English.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from recon_core.domain.money import grouped, to_text, typed_minor

LANGUAGES = ("en", "sv")
MINUS, GAP = "−", "\u00a0"
# The command line in a cure: "Release it first: recon book release 7", "Release them (recon adjust release 1) and ..."
_COMMAND = re.compile(r": recon [a-z].*$", re.DOTALL)
_ASIDE = re.compile(r" \((?:recon|--)[^()]*\)|,? with --[a-z-]+(?: [A-Z]+)?")
# Places of a sentence that hold a word or a sentence of ours; the others hold names and numbers, which stay.
_INNER = frozenset({"against", "date", "field", "state", "status", "what", "why"})
# An amount inside a sentence; a number without its currency may be a reference.
_AMOUNT = re.compile(r"(?<![\w.,-])(-?)(\d+)\.(\d+)(?= [A-Z]{3}\b)")
_COUNTED = re.compile(r"(?<![\w.,-])(\d+) ((?:[\w-]+ )*?[\w-]+)\(s\)(?:([^.;:,()]*?) (are|have)\b)?")
_SINGULAR_VERB = {"are": "is", "have": "has"}
_SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
_PLACE = re.compile(r"\{\w+\}")
_DAY = re.compile(r"(?<=\w) of (?=\d{4}-\d\d-\d\d)")
_HOLE = re.compile(r"\\\{(\w+)\\\}")


@cache
def _swedish() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    return _tables()["words"], _shapes("shapes")


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("matcher.web") / "swedish.toml").read_text(encoding="utf-8"))


@cache
def _shapes(table: str) -> list[tuple[re.Pattern[str], str]]:
    # The one that says the most itself comes first: what a hole takes in is not looked at.
    ordered = sorted(_tables()[table].items(), key=lambda one: -len(_PLACE.sub("", one[0])))
    return [(re.compile(_HOLE.sub(r"(?P<\1>.+?)", re.escape(shape)), re.DOTALL), said) for shape, said in ordered]


@cache
def _one() -> re.Pattern[str]:
    """What follows the number 1 in Swedish and has another form there."""
    return re.compile(rf"(?<![\w.,-])1 ({'|'.join(map(re.escape, _tables()['one']))})\b")


def chosen_language(*, kept: str, asked: str, usual: str) -> str:
    """The language of an answer: what the reader chose, else the first of `Accept-Language` that there is."""
    if kept in LANGUAGES:
        return kept
    weighed = []
    for position, part in enumerate(asked.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        name = tag.strip().lower().partition("-")[0]
        if name in LANGUAGES and weight.strip() not in {"0", "0.0"}:
            weighed.append((-_thousandths(weight), position, name))
    return min(weighed)[2] if weighed else (usual if usual in LANGUAGES else "en")


def _thousandths(weight: str) -> int:
    found = re.fullmatch(r"([01])(?:\.(\d{0,3}))?", weight.strip())
    return int(found[1] + (found[2] or "").ljust(3, "0")) if found else 1000


def _agreeing(found: re.Match[str]) -> str:
    """English: the noun after a number, and the verb after it, one or many."""
    number, noun, between, verb = found.groups()
    single = number == "1"
    rest = f"{between} {_SINGULAR_VERB[verb] if single else verb}" if verb else ""
    return f"{number} {noun}{'' if single else 's'}{rest}"


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, english: str, **values: object) -> str:
        """A text of the page; `{name}` is put in from `values`."""
        text = _swedish()[0].get(english, english) if self.language == "sv" else english
        return self._counted(text.format(**values)) if values else text

    def code(self, code: str) -> str:
        """A state or kind by its code."""
        return self(code.replace("_", " "))

    def say(self, english: str) -> str:
        """A sentence of the engine or of the books, without the command that it names: the page has its own buttons."""
        said = self._said(_COMMAND.sub(".", _ASIDE.sub("", english)))
        said = _DAY.sub(" den ", said) if self.language == "sv" else said
        return _AMOUNT.sub(self._amount_in_words, self._counted(said))

    def _counted(self, text: str) -> str:
        """One line, two lines: the noun after a number."""
        if self.language == "sv":
            return _one().sub(lambda found: f"1 {_tables()['one'][found[1]]}", text)
        return _COUNTED.sub(_agreeing, text)

    def _amount_in_words(self, found: re.Match[str]) -> str:
        gap, mark = (GAP, ",") if self.language == "sv" else (",", ".")
        return f"{MINUS if found[1] else ''}{grouped(found[2], gap)}{mark}{found[3]}"

    def _said(self, english: str) -> str:
        if self.language != "sv":
            pages = ((pattern.fullmatch(english), said) for pattern, said in _shapes("english"))
            return next((said.format(**found.groupdict()) for found, said in pages if found), english)
        words, shapes = _swedish()
        if english in words:
            return words[english]
        loose = ""
        for pattern, swedish in shapes:
            found = pattern.fullmatch(english)
            if found is None:
                continue
            parts = found.groupdict()
            said = swedish.format(**parts | {name: self._said(parts[name]) for name in _INNER & parts.keys()})
            if not any(map(_SENTENCE.search, parts.values())):
                return said
            loose = loose or said
        # A place that took in the end of a sentence may be a name with a point, or a second sentence.
        sentences = _SENTENCE.split(english)
        apart = [self._said(one) for one in sentences] if len(sentences) > 1 else [english]
        return loose if loose and any(map(str.__eq__, apart, sentences)) else " ".join(apart)

    def amount(self, minor: int | None, currency: str) -> str:
        """An amount as people of this language write it: 1 234,50 or 1,234.50."""
        if minor is None:
            return ""
        whole, point, decimals = to_text(abs(minor), currency).partition(".")
        apart = grouped(whole, GAP if self.language == "sv" else ",")
        mark = "," if self.language == "sv" else "."
        return f"{MINUS if minor < 0 else ''}{apart}{mark if point else ''}{decimals}"

    def number(self, count: int) -> str:
        """A count with its thousands apart."""
        return grouped(str(count), GAP if self.language == "sv" else ",")

    def minor(self, text: str, currency: str) -> int:
        """Minor units of an amount that a person typed, with comma or point, grouped or not. Raises `BadAmount`."""
        return typed_minor(text, currency, commas_group=self.language == "en")
