"""Why a bank line is matched, proposed or left, and why not otherwise: for any line and any transaction.

The engine runs on the open items as they are; what a sign weighs and what would have changed the outcome is found by
running it again with that detail changed (`matcher.pipeline.what_if`). So nothing here can disagree with the engine.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from matcher import engine
from matcher.engine import MatchResult
from matcher.pipeline import nearest as near
from matcher.pipeline.reach import reached
from matcher.pipeline.repairs import Change, Found, holds, smallest_changes, wanted_by
from matcher.pipeline.signs import NUMBER_FIELDS, Sign, SignKind, group_signs, pair_signs, rival_sign
from matcher.pipeline.what_if import Place, World, around, with_text
from matcher.proposal import Evidence, LineResult, MatchStatus
from matcher.rules.contract import SCORE_MAX
from matcher.rules.items import Items
from matcher.rules.order import ORDER
from matcher.rules.view import View
from recon_core.domain.refusals import Unknown

_DIGITS = re.compile("[0-9]+")


class Explanation(NamedTuple):
    """Transactions that may explain a line, by id, and what speaks for and against them. `rule` and `score`, in
    permille, are the engine's, "" and 0 where it does not propose them; `difference` is in minor units.
    """

    book: tuple[str, ...]
    lines: tuple[str, ...]
    rule: str
    score: int
    difference: int
    signs: tuple[Sign, ...]


class Why(NamedTuple):
    """The answer for one line. `chosen` is the engine's first choice and `runner_up` what it would say without that;
    `margin` is the lead in permille, None without a runner-up; `lost` says where the runner-up is weaker. `asked` is the
    transaction that was asked about, `nearest` what came nearest where nothing is proposed. `changes` are the smallest
    changes that would have cleared the pair `target`; `gave_up` that not every combination was tried.
    """

    line: str
    account: str
    status: MatchStatus
    category: str
    evidence: tuple[Evidence, ...]
    rule_says: str
    chosen: Explanation | None
    runner_up: Explanation | None
    margin: int | None
    lost: tuple[str, ...]
    asked: Explanation | None
    nearest: tuple[Explanation, ...]
    target: str
    changes: tuple[Change, ...]
    gave_up: bool


def explain(world: World, *, line: str, transaction: str | None = None) -> Why:
    """Why a line of these items has the outcome it has, and why not `transaction`. Raises `Unknown` for an id that is
    not among them.
    """
    at = _position(world.lines.ids, line, "bank line")
    row = _position(world.book.ids, transaction, "book transaction") if transaction is not None else None
    view = View(Items(world.lines, world.book, world.rules))
    result = engine.match(world.lines, world.book, rules=world.rules, rejected=world.rejected)
    return _Answer(world, view, result, at).give(row)


def rule_says(code: str) -> str:
    """What a pass looks for, the first sentence of its manual page; "" for no pass."""
    for step in ORDER:
        if step.code == code:
            page = sys.modules[step.find.__module__].__doc__ or ""
            return page.split("\n", 1)[0].partition(": ")[2].strip()
    return ""


def _position(ids: object, wanted: str, what: str) -> int:
    try:
        return list(ids).index(wanted)  # type: ignore[call-overload, no-any-return]
    except ValueError:
        raise Unknown(f"There is no open {what} {wanted}.", cure="Look for its id in the input.") from None


class _Answer:
    """What is needed while one answer is put together."""

    def __init__(self, world: World, view: View, result: MatchResult, line: int) -> None:
        self.world, self.view, self.result, self.line = world, view, result, line
        self.said = result.at(line)

    def give(self, row: int | None) -> Why:
        chosen = self._chosen()
        runner_up = self._runner_up() if chosen is not None else None
        close = near.nearest(self.view, self.line) if chosen is None and row is None else []
        target = row if row is not None else self._target(close)
        found = self._found(target) if target is not None else Found((), {}, gave_up=False)
        asked = self._asked(row, found) if row is not None else None
        names = self.world.book.ids
        return Why(
            line=self.said.line_id,
            account=self.said.account,
            status=self.said.status,
            category=self.said.category.value if self.said.category else "",
            evidence=self.said.evidence,
            rule_says=rule_says(self.said.rule),
            chosen=chosen,
            runner_up=runner_up,
            margin=chosen.score - runner_up.score if chosen is not None and runner_up is not None else None,
            lost=_lost(chosen, runner_up) if chosen is not None and runner_up is not None else (),
            asked=asked,
            nearest=tuple(self._plain((one,), signs) for one, signs in close),
            target=names[target] if target is not None else "",
            changes=found.changes,
            gave_up=found.gave_up,
        )

    def _target(self, close: list[tuple[int, list[Sign]]]) -> int | None:
        """The pair that a change should match: what is proposed and not cleared, or what came nearest."""
        rows = self.result.rows_of(self.line)
        if self.said.status is MatchStatus.PROPOSED and len(rows) == 1 and not self.said.together:
            return rows[0]
        return close[0][0] if close else None

    def _found(self, target: int) -> Found:
        rows = self.result.rows_of(self.line)
        if self.said.status is MatchStatus.CLEARED and rows == (target,):
            return Found((), {}, gave_up=False)
        place = Place(self.line, (target,))
        near = self._near(place)
        if near is not None:
            found = smallest_changes(*self._seen(*near))
            if not found.changes or holds(*self._seen(*self._around(place)), found.changes):
                return found
        return smallest_changes(*self._seen(*self._around(place)))

    def _seen(self, world: World, place: Place) -> tuple[World, View, Place, MatchResult]:
        """A world with what is derived from it, and the engine's word on it."""
        if world is self.world:
            return world, self.view, place, self.result
        view = View(Items(world.lines, world.book, world.rules))
        return world, view, place, engine.match(world.lines, world.book, rules=world.rules, rejected=world.rejected)

    def _near(self, place: Place) -> tuple[World, Place] | None:
        """What the pair can meet, if the engine says the very same of the line there."""
        found = reached(self.world, self.view, self.result, place)
        return found if found is not None and found[0].says(found[1].line) == self.said else None

    def _around(self, place: Place) -> tuple[World, Place]:
        """The days around the pair in a large world, if the engine decides the same there; else the whole world."""
        world, smaller = around(self.world, self.view.items, place)
        if len(world.lines) + len(world.book) == len(self.world.lines) + len(self.world.book):
            return self.world, place
        said = world.says(smaller.line)
        same = (said.status, said.book) == (self.said.status, self.said.book)
        return (world, smaller) if same else (self.world, place)

    def _plain(self, rows: tuple[int, ...], signs: list[Sign]) -> Explanation:
        items = self.view.items
        taken = wanted_by(self.result, self.line, rows[0])
        if taken:
            names = [items.lines.ids[one] for one in taken]
            signs = [*signs, rival_sign(names, "Another bank line has it or wants it too")]
        difference = int(items.lines.amount[self.line] - items.book.amount[list(rows)].sum())
        return Explanation(tuple(items.book.ids[row] for row in rows), (), "", 0, difference, tuple(signs))

    def _signs(self, view: View, line: int, rows: tuple[int, ...], together: tuple[int, ...]) -> list[Sign]:
        if len(rows) == 1 and len(together) < 2:
            return pair_signs(view, line, rows[0])
        return group_signs(view, together or (line,), rows)

    def _chosen(self) -> Explanation | None:
        rows = self.result.rows_of(self.line)
        if not rows:
            return None
        together = self.result.together.get(self.line, ())
        signs = self._signs(self.view, self.line, rows, together)
        if self.said.status is MatchStatus.PROPOSED:
            signs += self._against(rows)
        return Explanation(
            self.said.book,
            self.said.together,
            self.said.rule,
            round(self.said.score * SCORE_MAX),
            self.said.difference,
            tuple(self._weighed(signs, rows)),
        )

    def _against(self, rows: tuple[int, ...]) -> list[Sign]:
        """What keeps a proposal from being cleared, as far as the engine tells."""
        items = self.view.items
        signs = []
        rivals = [self._names(others) for others in self.result.alternatives.get(self.line, ())]
        if rivals:
            signs.append(rival_sign(rivals, "Other transactions explain the line too"))
        wanted = sorted({items.lines.ids[one] for row in rows for one in wanted_by(self.result, self.line, row)})
        if wanted:
            signs.append(rival_sign(wanted, "Other bank lines want it too"))
        for code, least in self.world.rules.clear_from:
            if code == self.said.rule and self.said.score * SCORE_MAX < least:
                says = f"By the rules in force {code} clears only from {least / SCORE_MAX:.3f} on."
                signs.append(Sign(SignKind.RULES, -1, says))
        if self.line in self.result.gave_up:
            signs.append(Sign(SignKind.RULES, -1, "The search for rivals was given up at its limit."))
        if not signs:
            says = f"What {self.said.rule} goes by does not prove this pair beyond accident, so a person decides."
            signs.append(Sign(SignKind.RULES, -1, says))
        return signs

    def _names(self, rows: tuple[int, ...]) -> str:
        return " + ".join(self.world.called(rows))

    def _weighed(self, signs: list[Sign], rows: tuple[int, ...]) -> list[Sign]:
        """The signs with the part of the score that is lost without the line's numbers, or without its names."""
        world, place = self._around(Place(self.line, rows))
        base = round(self.said.score * SCORE_MAX)
        told = {sign.kind for sign in signs if sign.favour}
        weights = {
            kind: base - _score(without(world, place.line).says(place.line), self.said.book)
            for kind, without in ((SignKind.NUMBER, _without_numbers), (SignKind.NAME, _without_names))
            if kind in told
        }
        return [
            sign._replace(weight=weights[sign.kind]) if sign.favour and sign.kind in weights else sign for sign in signs
        ]

    def _runner_up(self) -> Explanation | None:
        """What the engine would say if its first choice were rejected."""
        rows = self.result.rows_of(self.line)
        world, place = self._around(Place(self.line, rows))
        lines = self.said.together or (self.said.line_id,)
        without = world._replace(rejected=(*world.rejected, (lines, self.said.book)))
        result = engine.match(without.lines, without.book, rules=without.rules, rejected=without.rejected)
        said = result.at(place.line)
        others = result.rows_of(place.line)
        if not others:
            return None
        view = View(Items(without.lines, without.book, without.rules))
        signs = self._signs(view, place.line, others, result.together.get(place.line, ()))
        return Explanation(
            said.book, said.together, said.rule, round(said.score * SCORE_MAX), said.difference, tuple(signs)
        )

    def _asked(self, row: int, found: Found) -> Explanation:
        """The pair that was asked about; what a sign against it costs is what its repair alone would give."""
        if self.result.rows_of(self.line) == (row,):
            chosen = self._chosen()
            assert chosen is not None
            return chosen
        items = self.view.items
        signs = []
        if items.pool_l[self.line] != items.pool_r[row]:
            signs.append(Sign(SignKind.STATE, -1, "It is of another account or currency."))
        signs += [
            sign._replace(weight=-found.scores[sign.kind]) if sign.favour < 1 and sign.kind in found.scores else sign
            for sign in pair_signs(self.view, self.line, row)
        ]
        if self._is_rejected(row):
            signs.append(Sign(SignKind.STATE, -1, "A person said that they do not belong together."))
        said = self._as_alternative(row)
        explained = self._plain((row,), signs)
        return explained._replace(rule=said.rule, score=round(said.score * SCORE_MAX)) if said else explained

    def _as_alternative(self, row: int) -> LineResult | None:
        """What the engine says of an item that it proposes beside others: those others taken away."""
        choices = (self.result.rows_of(self.line), *self.result.alternatives.get(self.line, ()))
        if (row,) not in choices:
            return None
        world, place = self._around(Place(self.line, (row,)))
        ids = self.world.book.ids
        others = tuple(
            ((self.said.line_id,), tuple(ids[one] for one in rows)) for rows in choices if rows and rows != (row,)
        )
        said = world._replace(rejected=(*world.rejected, *others)).says(place.line)
        return said if said.book == (ids[row],) else None

    def _is_rejected(self, row: int) -> bool:
        pair = ({self.said.line_id}, {self.world.book.ids[row]})
        return any((set(lines), set(book)) == pair for lines, book in self.world.rejected)


def _score(said: LineResult, book: tuple[str, ...]) -> int:
    """The score that the engine gives to these transactions, 0 if it prefers others or none."""
    return round(said.score * SCORE_MAX) if said.book == book else 0


def _without_numbers(world: World, line: int) -> World:
    for name in NUMBER_FIELDS:
        text = world.lines.text(name).at(line)
        if text:
            world = with_text(world, line, name, _DIGITS.sub("", text).strip())
    return world


def _without_names(world: World, line: int) -> World:
    for name in ("counterparty_name", "ultimate_counterparty"):
        if world.lines.text(name).at(line):
            world = with_text(world, line, name, "")
    return world


def _lost(chosen: Explanation, runner_up: Explanation) -> tuple[str, ...]:
    """Where the runner-up is weaker than the first choice, in the words of its own signs."""
    best = {sign.kind: sign.favour for sign in chosen.signs}
    weaker = [sign.says for sign in runner_up.signs if sign.favour < best.get(sign.kind, 0)]
    if weaker:
        return tuple(weaker)
    if chosen.score > runner_up.score:
        return (
            f"The same kinds of signs speak for it, but more weakly: {rule_says(runner_up.rule) or 'no rule finds it.'}",
        )
    return ("Nothing speaks against it more than against the first choice.",)
