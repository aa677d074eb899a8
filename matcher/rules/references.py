"""Reference numbers with check digits: what a number can be, and the invoice number inside it.

A check digit is weak evidence (every tenth number passes Luhn), so nothing here decides a match. It tells which part
of a number the payer may have quoted: OCR 1234574 is invoice 12345, length digit 7, check digit 4. All standards are
checked here, because numbers are checked by the million and most of the standards are in no library.

Numbers are text, never integers: leading zeros and length belong to them.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import cycle
from operator import mul
from typing import NamedTuple

PAYLOAD_DIGITS_MIN = 4
# Lengths of numbers that only OCR, KID and Finnish references have: most numbers.
_PLAIN_LENGTHS = frozenset({*range(2, 12), 13, 14})
# Twice a digit, its digits added, by the digit's character.
_DOUBLED = bytes(
    (2 * (sign - 48) - 9 if sign > 52 else 2 * (sign - 48)) if 48 <= sign <= 57 else 0 for sign in range(256)
)
# A digit by its character.
_VALUES = bytes(max(0, sign - 48) if sign <= 57 else 0 for sign in range(256))
_QR_TABLE = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
_DUTCH_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6, 1)


class Scheme(StrEnum):
    """The standards that are told apart."""

    OCR = "Swedish OCR"
    KID = "Norwegian KID"
    VIITE = "Finnish reference"
    RF = "ISO 11649 creditor reference"
    FI = "Danish FI"
    QRR = "Swiss QR reference"
    OGM = "Belgian structured communication"
    DUTCH = "Dutch payment reference"


class Reading(NamedTuple):
    """One way to read a number: the scheme, and the payload without its check (and length) digits."""

    scheme: Scheme
    payload: str


def is_digits(text: str) -> bool:
    """ASCII digits only, at least one."""
    return bool(text) and text.isascii() and text.isdecimal()


def luhn(digits: str) -> bool:
    """Luhn, modulus 10: OCR, Bankgiro, Plusgiro, KID and FI numbers. `digits` includes the check digit."""
    signs = digits.encode()
    doubled = signs[-2::-2].translate(_DOUBLED)
    return (sum(signs[::-2]) - 48 * ((len(signs) + 1) // 2) + sum(doubled)) % 10 == 0


def luhn_digit(payload: str) -> str:
    """The check digit that makes `payload` + digit pass Luhn."""
    return next(digit for digit in "0123456789" if luhn(payload + digit))


def mod11(digits: str) -> bool:
    """Norwegian modulus 11: weights 2 to 7 from the right; a remainder that gives 10 is printed as "-"."""
    return digits[-1:] == mod11_digit(digits[:-1])


def mod11_digit(payload: str) -> str:
    """The modulus 11 control character of a KID payload."""
    total = sum(map(mul, payload.encode()[::-1].translate(_VALUES), cycle(range(2, 8))))
    check = (11 - total % 11) % 11
    return "-" if check == 10 else str(check)


def viite(digits: str) -> bool:
    """Finnish reference: 4 to 20 digits, weights 7, 3, 1 from the right. Leading zeros mean nothing."""
    significant = digits.lstrip("0")
    return 4 <= len(significant) <= 20 and digits[-1] == viite_digit(digits[:-1])


def viite_digit(payload: str) -> str:
    """The check digit of a Finnish reference."""
    signs = payload.encode()
    sevens, threes, ones = signs[::-3], signs[-2::-3], signs[-3::-3]
    total = 7 * sum(sevens) + 3 * sum(threes) + sum(ones) - 48 * (7 * len(sevens) + 3 * len(threes) + len(ones))
    return "0123456789"[-total % 10]


def rf(text: str) -> bool:
    """ISO 11649: RF, two check digits, up to 21 letters and digits; modulus 97 is 1 with the head moved to the end."""
    if not (text.startswith("RF") and 5 <= len(text) <= 25 and text.isascii() and text.isalnum()):
        return False
    if text[2:].isdecimal():
        # RF is 27 and 15.
        return int(f"{text[4:]}2715{text[2:4]}") % 97 == 1
    return is_digits(text[2:4]) and int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def qrr(digits: str) -> bool:
    """Swiss QR (and old ESR) reference: 27 digits, recursive modulus 10."""
    carry = 0
    for digit in digits[:-1]:
        carry = _QR_TABLE[(carry + ord(digit) - 48) % 10]
    return len(digits) == 27 and (10 - carry) % 10 == ord(digits[-1]) - 48


def ogm(digits: str) -> bool:
    """Belgian OGM/VCS: ten digits and two check digits, modulus 97, where 0 is written 97."""
    return len(digits) == 12 and (int(digits[:10]) % 97 or 97) == int(digits[10:])


def dutch(digits: str) -> bool:
    """Dutch betalingskenmerk of 16 digits: check digit, then 15; weights 2,4,8,5,10,9,7,3,6,1 from the right."""
    if len(digits) != 16:
        return False
    total = sum((ord(digit) - 48) * _DUTCH_WEIGHTS[place % 10] for place, digit in enumerate(reversed(digits[1:])))
    check = 11 - total % 11
    return ord(digits[0]) - 48 == {10: 1, 11: 0}.get(check, check)


def bankgiro(text: str) -> str | None:
    """The digits of a Bankgiro number (`xxx-xxxx` or `xxxx-xxxx`), or None if it is none."""
    digits = text.replace("-", "").replace(" ", "")
    return digits if is_digits(digits) and len(digits) in {7, 8} and luhn(digits) else None


def plusgiro(text: str) -> str | None:
    """The digits of a Plusgiro number (`28 65 43-4`), or None if it is none."""
    digits = text.replace("-", "").replace(" ", "")
    return digits if is_digits(digits) and 2 <= len(digits) <= 8 and luhn(digits) else None


def length_digit(digits: str) -> bool:
    """Whether the second digit from the right is the whole length modulo 10 (OCR with variable length)."""
    return len(digits) >= 3 and ord(digits[-2]) - 48 == len(digits) % 10


def is_ocr(text: str) -> bool:
    """Swedish OCR, and all that ends in the same check digit: 2 to 25 digits, modulus 10."""
    return 2 <= len(text) <= 25 and is_digits(text) and luhn(text)


def readings(text: str) -> list[Reading]:
    """Every scheme whose checks `text` (upper case, no blanks) passes, most specific first; [] for a plain number."""
    found: list[Reading] = []
    if rf(text):
        found.append(Reading(Scheme.RF, text[4:].lstrip("0")))
    if not is_digits(text) or len(text) > 27:
        return found
    found += _readings_by_length(text)
    if is_ocr(text):
        found.extend(_luhn_readings(text))
    elif 2 <= len(text) <= 25 and mod11(text):
        found.append(Reading(Scheme.KID, text[:-1]))
    if viite(text):
        found.append(Reading(Scheme.VIITE, text[:-1].lstrip("0")))
    return found


def _readings_by_length(text: str) -> list[Reading]:
    if len(text) == 27 and qrr(text):
        return [Reading(Scheme.QRR, text[:-1].lstrip("0"))]
    if len(text) == 12 and ogm(text):
        return [Reading(Scheme.OGM, text[:10].lstrip("0"))]
    if len(text) == 16 and dutch(text):
        return [Reading(Scheme.DUTCH, text[1:].lstrip("0"))]
    return []


def _luhn_readings(text: str) -> list[Reading]:
    found = [Reading(Scheme.OCR, text[:-2])] if length_digit(text) else []
    found.append(Reading(Scheme.OCR, text[:-1]))
    if len(text) in {15, 16}:
        found.append(Reading(Scheme.FI, text[:-1].lstrip("0")))
    return found


def payloads(text: str) -> set[str]:
    """Numbers of at least `PAYLOAD_DIGITS_MIN` signs that a payer may quote instead of the whole reference."""
    if len(text) <= PAYLOAD_DIGITS_MIN:
        return set()
    if len(text) in _PLAIN_LENGTHS and is_digits(text):
        found = set(_plain_payloads(text))
    else:
        found = {payload.lstrip("0") for _, payload in readings(text)}
    return {number for number in found if len(number) >= PAYLOAD_DIGITS_MIN}


def _plain_payloads(digits: str) -> list[str]:
    """The payloads of `readings` for a length that no scheme claims for itself alone."""
    without = digits[:-1].lstrip("0")
    if luhn(digits):
        return [without, digits[:-2].lstrip("0")] if length_digit(digits) else [without]
    return [without] if mod11(digits) or viite(digits) else []
