"""Texts that end in a number of ours, cheaply: the number, and what the text is without it."""

from __future__ import annotations

import re

_DIGITS = "0123456789"
_NUMBERS = re.compile("[0-9]+")
_LAST_NUMBER = re.compile(r"[0-9][0-9A-Za-z./\-]*(?=[^0-9]*$)")
_NUMBER_DIGITS_MAX = 15


def last_number(text: str) -> int:
    """The last run of digits in a text, −1 where there is none or it is too long for a number of ours."""
    head = text.rstrip(_DIGITS)
    digits = text[len(head) :]
    if not digits:
        runs = _NUMBERS.findall(text)
        digits = runs[-1] if runs else ""
    return int(digits) if 0 < len(digits) <= _NUMBER_DIGITS_MAX else -1


def without_last_number(text: str) -> str:
    """A text with its last number left out: equal for "Bankgiro 692-2561 51062" and "Bankgiro 692-2561 51063"."""
    head = text.rstrip(_DIGITS)
    if head != text and (not head or head[-1] == " "):
        return head
    return _LAST_NUMBER.sub("#", text)


def last_number_and_rest(text: str) -> tuple[int, str]:
    """`last_number` and `without_last_number` of a text."""
    head = text.rstrip(_DIGITS)
    if head != text and (not head or head[-1] == " "):
        digits = text[len(head) :]
        return int(digits) if len(digits) <= _NUMBER_DIGITS_MAX else -1, head
    return last_number(text), without_last_number(text)


def without_numbers(text: str) -> str:
    """A text with all its numbers left out."""
    return _NUMBERS.sub("#", text)
