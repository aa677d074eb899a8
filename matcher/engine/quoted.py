"""Which number on a line names an item, in words."""

from __future__ import annotations

from matcher.engine.phrases import say
from matcher.rules.references import is_ocr, rf
from matcher.rules.relations import Relation
from matcher.rules.tokens import core_of, field_key, normalized, parts_of, tokens
from matcher.rules.view import View

_FIELDS = ("creditor_reference", "check_number", "end_to_end_id", "transaction_id", "instruction_id")
_NUMBER_SIGNS_MAX = 40
_TEXTS = ("remittance", "document_numbers", "additional_info")


def quoted_reference(view: View, line: int, row: int) -> str:
    """The sentence on the number of the line that names the item, best first; "" if none does."""
    lines, book = view.items.lines, view.items.book
    whole = normalized(book.text("reference").at(row))
    item = _called(view, row)
    for name in _FIELDS:
        text = lines.text(name).at(line)
        if text and whole and field_key(text) == whole:
            return _field_sentence(name, text, item, ours=bool(lines.amount[line] < 0))
    own: set[str] | None = None
    for name in (*_TEXTS, *_FIELDS):
        text = lines.text(name).at(line)
        if text and whole and field_key(text) == whole:
            return say("reference.text", number=text, item=item)
        for key in tokens(text):
            if key == whole:
                return say("reference.text", number=key, item=item)
            if own is None:
                own = {whole, core_of(whole), *tokens(book.text("description").at(row))} - {""}
            # Two numbers that agree only without the check digits of both are two numbers.
            if key in own or key in parts_of(whole) or not own.isdisjoint(parts_of(key)):
                return say("reference.part", number=key, item=item)
    relation, number = view.relations.best(line, row)
    number = number if len(number) <= _NUMBER_SIGNS_MAX else number[:_NUMBER_SIGNS_MAX] + "..."
    if relation is Relation.NEAR and view.relations.inside(line, row):
        return say("reference.inside", number=number, item=item)
    if relation is Relation.NEAR:
        return say("reference.near", number=number, item=item)
    if relation is Relation.CUT:
        return say("reference.cut", number=number, item=item)
    return say("reference.other", number=number, item=item) if relation is Relation.OTHER else ""


def _field_sentence(name: str, text: str, item: str, *, ours: bool) -> str:
    if name == "check_number":
        return say("reference.cheque", number=text, item=item)
    if name != "creditor_reference" and ours:
        return say("reference.own", number=text)
    if rf(normalized(text)):
        return say("reference.rf", number=text, item=item)
    return say("reference.ocr" if is_ocr(text) else "reference.field", number=text, item=item)


def _called(view: View, row: int) -> str:
    book = view.items.book
    reference = book.text("reference").at(row)
    kind = "invoice" if book.amount[row] > 0 else "payment"
    if reference:
        return f"{kind} {reference}"
    numbers = tokens(book.text("description").at(row))
    return f"{kind} {numbers[-1]}" if numbers else f"item {book.name(row)}"
