"""What decisions teach, as lessons that a person can read: whom a printed name, account or number means, who always
quotes a reference, and under which entry type a text is booked. Pure: decided lines in, lessons out.

A lesson is offered from a few agreeing decisions on, and never where the past contradicts it more than a little; names
that the books themselves use for somebody are never taught to mean somebody else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from matcher.pipeline.conditions import COLUMNS, AllOf, Condition, Question, fits, parse
from matcher.proposal import Lesson, RuleKind
from matcher.rules.bank_words import folded
from matcher.rules.columns import Lines
from matcher.rules.names import fold
from matcher.rules.tokens import field_key, normalized, parts_of, tokens
from recon_core.domain.account import normal_identifier

NAMES_MIN = 2
NUMBERS_MIN = 3
# A habit makes clearing stricter for one counterparty, so it is told only of those who pay often.
QUOTES_MIN = 15
ENTRY_TYPES_MIN = 2
# Of a hundred fitting decisions at most so many may contradict an entry type; a counterparty allows none.
AGAINST_PER_CENT_MAX = 5
EXAMPLES_MAX = 5
_NUMBER_LETTERS_MIN = 5
_PHRASE_WORDS_MAX = 3
_FREE = frozenset({"document_numbers", "remittance", "additional_info"})


class Outcome(NamedTuple):
    """What was decided about one line. `counterparty` is that of its transactions ("" for none or several), `keys` are
    the numbers by which they may be quoted, `entry_type` that of an adjusted line. `expected` is the entry type that is
    proposed for such a line anyway.
    """

    decision: int
    counterparty: str = ""
    keys: frozenset[str] = frozenset()
    entry_type: str = ""
    by_person: bool = True
    expected: str = ""
    matched: bool = False


class Decided(NamedTuple):
    """Decided lines as columns and what was decided about each, in the same order; `parties` are the keys of all names
    that the books use.
    """

    lines: Lines
    outcomes: tuple[Outcome, ...]
    parties: frozenset[str]


class Trial(NamedTuple):
    """How a lesson does on the past: decisions that fit and agree, and lines that fit and were decided otherwise."""

    support: int
    against: int
    examples: tuple[int, ...]
    against_lines: tuple[int, ...]


def reference_keys(reference: str, description: str) -> frozenset[str]:
    """The numbers by which a transaction may be quoted."""
    key = normalized(reference)
    found = {key, *parts_of(key), *tokens(description)}
    return frozenset(found - {""})


def words(lesson: Lesson) -> str:
    """A lesson as a sentence."""
    if lesson.kind == RuleKind.COUNTERPARTY:
        return f"Where {lesson.condition}, the counterparty is {lesson.outcome}."
    if lesson.kind == RuleKind.QUOTES:
        return f"{lesson.outcome} always quotes a reference: what comes without one is proposed, never cleared."
    return f"Where {lesson.condition} and no transaction explains the line, the entry type is {lesson.outcome}."


def derive(past: Decided) -> list[Lesson]:
    """All lessons that the past teaches, each with how often it holds."""
    found = [*_names(past), *_accounts(past), *_numbers(past), *_quotes(past), *_entry_types(past)]
    kept = []
    for lesson in found:
        trial = try_out(past, lesson)
        allowed = AGAINST_PER_CENT_MAX if lesson.kind == RuleKind.ENTRY_TYPE else 0
        if trial.against * 100 <= trial.support * allowed:
            kept.append(lesson._replace(support=trial.support, against=trial.against, examples=trial.examples))
    return kept


def try_out(past: Decided, lesson: Lesson) -> Trial:
    """A lesson on the past. What a lesson does not speak of counts neither way."""
    agree: dict[int, int] = {}
    against: dict[int, int] = {}
    for place in np.flatnonzero(fits(parse(lesson.condition), past.lines)).tolist():
        outcome = past.outcomes[place]
        verdict = _agrees(past, place, outcome, lesson)
        if verdict is not None:
            (agree if verdict else against).setdefault(outcome.decision, int(past.lines.ids[place]))
    return Trial(
        len(agree),
        len(against),
        tuple(list(agree.values())[:EXAMPLES_MAX]),
        tuple(list(against.values())[:EXAMPLES_MAX]),
    )


def _agrees(past: Decided, place: int, outcome: Outcome, lesson: Lesson) -> bool | None:
    if lesson.kind == RuleKind.COUNTERPARTY:
        return _key(outcome.counterparty) == _key(lesson.outcome) if outcome.counterparty else None
    if lesson.kind == RuleKind.QUOTES:
        return _quotes_one(past.lines, place, outcome) if outcome.keys else None
    return outcome.entry_type == lesson.outcome


def _key(name: str) -> str:
    return fold(name).key


def _named(past: Decided) -> Iterator[tuple[int, Outcome]]:
    """Lines whose transactions are of one counterparty."""
    for place, outcome in enumerate(past.outcomes):
        if outcome.counterparty:
            yield place, outcome


def _says_so_itself(past: Decided, place: int, outcome: Outcome) -> bool:
    """Whether the bank names the counterparty as the books do."""
    return _key(past.lines.text("counterparty_name").at(place)) == _key(outcome.counterparty)


class _Meaning:
    """Whom something printed meant, decision by decision."""

    def __init__(self) -> None:
        self.decisions: set[int] = set()
        self.parties: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()
        self.needed = False

    def add(self, outcome: Outcome, shown: str, *, needed: bool) -> None:
        """One more line."""
        if outcome.decision not in self.decisions:
            self.parties[outcome.counterparty] += 1
        self.decisions.add(outcome.decision)
        self.shown[shown] += 1
        self.needed = self.needed or needed

    def only(self, least: int) -> str:
        """The one counterparty that it always meant, "" if there is none or too little is known."""
        if len({_key(name) for name in self.parties}) != 1 or len(self.decisions) < least or not self.needed:
            return ""
        return self.parties.most_common(1)[0][0]


def _lesson(question: Question, outcome: str) -> Lesson:
    return Lesson(RuleKind.COUNTERPARTY, str(question), outcome)


def _names(past: Decided) -> Iterator[Lesson]:
    """Printed names that always meant one counterparty and are not its name, nor anybody else's."""
    meanings: dict[str, _Meaning] = defaultdict(_Meaning)
    for place, outcome in _named(past):
        printed = past.lines.text("counterparty_name").at(place)
        key = _key(printed)
        if key and key not in past.parties:
            meanings[key].add(outcome, printed, needed=key != _key(outcome.counterparty))
    for meaning in meanings.values():
        party = meaning.only(NAMES_MIN)
        if party:
            yield _lesson(Question("counterparty", "is", meaning.shown.most_common(1)[0][0]), party)


def _accounts(past: Decided) -> Iterator[Lesson]:
    """Accounts that always belonged to one counterparty, where the bank's name does not tell."""
    meanings: dict[str, _Meaning] = defaultdict(_Meaning)
    for place, outcome in _named(past):
        printed = past.lines.text("counterparty_account").at(place)
        if printed:
            needed = not past.lines.text("counterparty_name").at(place)
            meanings[normal_identifier(printed)].add(outcome, printed, needed=needed)
    for meaning in meanings.values():
        party = meaning.only(NAMES_MIN)
        if party:
            yield _lesson(Question("account", "is", meaning.shown.most_common(1)[0][0]), party)


def _numbers(past: Decided) -> Iterator[Lesson]:
    """Numbers that only one counterparty ever quoted and that are not the transaction's: a customer or contract number.
    An account of ours says nothing about who is at the other end.
    """
    meanings: dict[str, _Meaning] = defaultdict(_Meaning)
    own = {normal_identifier(name) for name in past.lines.accounts}
    for place, outcome in _named(past):
        needed = not _says_so_itself(past, place, outcome)
        for number in _numbers_on(past.lines, place) - outcome.keys - own:
            if len(number) >= _NUMBER_LETTERS_MIN:
                meanings[number].add(outcome, number, needed=needed)
    for number, meaning in meanings.items():
        party = meaning.only(NUMBERS_MIN)
        if party:
            yield _lesson(Question("number", "is", number), party)


def _numbers_on(lines: Lines, place: int) -> set[str]:
    found: set[str] = set()
    for name in COLUMNS["number"]:
        text = lines.text(name).at(place)
        if text:
            found.update(tokens(text) if name in _FREE else [field_key(text)])
    return found - {""}


def _quotes_one(lines: Lines, place: int, outcome: Outcome) -> bool:
    """Whether the line quotes a number of its transactions."""
    return any(not outcome.keys.isdisjoint({number, *parts_of(number)}) for number in _numbers_on(lines, place))


def _quotes(past: Decided) -> Iterator[Lesson]:
    """Counterparties whose payments to us have all quoted a reference of ours."""
    habits: dict[str, dict[int, bool]] = defaultdict(dict)
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    for place, outcome in _named(past):
        if past.lines.amount[place] > 0 and outcome.keys:
            key = _key(outcome.counterparty)
            quotes = _quotes_one(past.lines, place, outcome)
            habits[key][outcome.decision] = habits[key].get(outcome.decision, True) and quotes
            shown[key][outcome.counterparty] += 1
    for key, decisions in habits.items():
        if key and len(decisions) >= QUOTES_MIN and all(decisions.values()):
            name = shown[key].most_common(1)[0][0]
            yield Lesson(RuleKind.QUOTES, str(Question("counterparty", "is", name)), name)


def _entry_types(past: Decided) -> list[Lesson]:
    """Conditions under which a person always chose one entry type that is not proposed anyway: the fewest that cover all
    such lines, the best supported first.
    """
    chosen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, outcome in enumerate(past.outcomes):
        if outcome.entry_type and outcome.by_person and outcome.entry_type != outcome.expected:
            direction = "receipt" if past.lines.amount[place] > 0 else "payment"
            chosen[outcome.entry_type, direction].append(place)
    lessons = []
    for (code, direction), places in sorted(chosen.items()):
        lessons += _cover(past, code, direction, places)
    return lessons


def _cover(past: Decided, code: str, direction: str, places: Sequence[int]) -> list[Lesson]:
    candidates: dict[Condition, set[int]] = defaultdict(set)
    for place in places:
        for question in _questions(past.lines, place):
            candidates[AllOf((question, Question("direction", "is", direction)))].add(place)
    ranked = []
    for condition, covered in candidates.items():
        if len({past.outcomes[place].decision for place in covered}) < ENTRY_TYPES_MIN:
            continue
        lesson = Lesson(RuleKind.ENTRY_TYPE, str(condition), code)
        trial = try_out(past, lesson)
        if trial.against * 100 <= trial.support * AGAINST_PER_CENT_MAX:
            ranked.append((-len(covered), -len(str(condition)), str(condition), lesson, covered))
    left = set(places)
    lessons = []
    for *_, lesson, covered in sorted(ranked, key=lambda one: one[:3]):
        if left & covered:
            left -= covered
            lessons.append(lesson)
    return lessons


def _questions(lines: Lines, place: int) -> Iterable[Question]:
    """What may be asked so that this line fits: its party, the first words of its text."""
    party = lines.text("counterparty_name").at(place)
    text = lines.text("remittance").at(place) or lines.text("additional_info").at(place)
    if party and _key(party):
        yield Question("counterparty", "is", party)
    phrase = _phrase(text or party)
    for count in range(1, len(phrase) + 1):
        yield Question("text", "starts", " ".join(phrase[:count]))


def _phrase(text: str) -> list[str]:
    """The first words of a text up to one with a digit: what stays the same from month to month."""
    found: list[str] = []
    for word in folded(text).split():
        if len(found) == _PHRASE_WORDS_MAX or any(sign.isdecimal() for sign in word):
            break
        found.append(word)
    return found


def known_parties(names: Collection[str]) -> frozenset[str]:
    """The keys of names that the books use."""
    return frozenset(_key(name) for name in names) - {""}
