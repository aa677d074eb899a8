"""Reference numbers in texts: normalizing a field, and finding tokens in what a payer wrote.

A key is a number as it is compared: upper case, letters and digits only, no leading zeros. "RF 63 26 05 08 10" in a
field is one key, "Invoice 81023/8102675" holds two, "50524/25" means 50524 and 50525. Dates, amounts with a currency
and words without a digit are no references. Whole tokens only: 123 is never found in 51234.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from matcher.rules.digits import is_token, sole_numbers
from matcher.rules.references import PAYLOAD_DIGITS_MIN, is_digits, payloads, rf

TOKENS_MAX = 64
TEXT_LETTERS_MAX = 2000
FIELD_LETTERS_MIN, FIELD_LETTERS_MAX = 3, 50
_KEY_LETTERS_MIN = 4
_NOT_ALNUM = re.compile("[^0-9A-Z]")
_CURRENCY = (
    "SEK|NOK|DKK|ISK|EUR|USD|GBP|CHF|PLN|CZK|HUF|RON|BGN|JPY|CNY|CAD|AUD|NZD|SGD|HKD|INR|TRY|ZAR|BRL|MXN|AED|THB|KR"
)
_NOISE = re.compile(
    r"\b[0-3]?[0-9][./-][01]?[0-9][./-](?:20)?[0-9]{2}\b"  # 26.12.2025, 1/2/26
    r"|\b20[0-9]{2}[-./][01][0-9](?:[-./][0-3][0-9])?\b"  # 2026-01-31, 2026-01
    rf"|\b(?:{_CURRENCY}) ?[0-9][0-9 ]*[.,][0-9]{{2}}\b"  # CHF 1527.50
    rf"|\b[0-9]+[.,][0-9]{{2}} ?(?:{_CURRENCY})\b"  # 1527,50 CHF
    r"|\b[0-9]{1,2}(?:[.,][0-9]{1,2})? ?%"  # 2 %, 1,5%
)
# A label written against an RF reference: FAKTRF7321150869.
_GLUED_RF = re.compile(r"\b[A-Z]{1,12}?(RF[0-9]{2}[0-9A-Z]{1,21})\b")
# A giro number is one number: its halves name nothing.
_GIRO = re.compile(r"\b((?:BANKGIRO|BG|PLUSGIRO|PG)(?:[ -]?NR)?[ .:]{0,2})([0-9]{2,7})-([0-9]{1,4})\b")
_NUMBER_AFTER = r"(?:[ .:#\-]|NRS?|NO|NUM|NUMMER|NUMBER)*([0-9A-Z./\-]*[0-9][0-9A-Z./\-]*)"
_REFERENCE_LABEL = re.compile(
    r"\b(?:FAKTUR\w*|FAKT|INV|INVOICES?|RECHNUNG\w*|RG|RE|LASKU\w*|FACTURES?|FACTUUR\w*|OCR|KID|VIITE|REF\w*|RF)"
    + _NUMBER_AFTER
)
_OTHER_LABEL = re.compile(
    r"\b(?:KUND\w*|CUSTOMER|CUST|KDNR|KD|ORDER\w*|PROJE[KC]T\w*|AVTAL\w*|CONTRACT|VERTRAG\w*|ASIAKAS\w*|TEL|TFN|ORG|BESTÄLLN\w*"
    r"|BESTELL\w*|PO|MEDLEM\w*|MEMBER\w*|CLIENT|KLANT\w*|COMMANDE|TILAUS\w*|TLF|TELEFON\w*|PHONE|MOBIL\w*|IBAN|KONTO\w*|ACCOUNT"
    r"|MANDAT\w*|CVR|KVK|BTW|SIRET|BANKGIRO|BG|PLUSGIRO|PG|SOPIMUS\w*|PUH\w*|TUNNUS|CONTRAT\w*|PH|ACCT|VAT|TAX ID|UST\w*(?:-ID\w*)?"
    r"|STEUER\w*|UID|MVA|ALV|POLIC\w*|POLIS\w*)" + _NUMBER_AFTER
)
_SIGNS = bytes(sign for sign in range(128) if chr(sign) != "\n" and not chr(sign).isalnum())
_LEADING_ZEROS = re.compile(b"^0+", re.MULTILINE)
_CHUNK = re.compile(r"[0-9A-Z][0-9A-Z./\-]*[0-9A-Z]|[0-9A-Z]")
_SEPARATOR = re.compile(r"[./\-]")
_PIECE = re.compile(r"(^|[./\-])([0-9A-Z]+)")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CORE_DIGITS_MIN = 4
_NUMBER = re.compile("[A-Z]*[0-9][0-9A-Z]*")
_JOINTS = frozenset("./-")
_ANY_DIGIT = re.compile("[0-9]")
_DIGITS = "0123456789"
_LAST_LETTERS = re.compile("[A-Z]*$")
# Dates and amounts hold a digit, a separator and a digit.
_NOISE_SIGN = re.compile("[0-9][-./,][0-9]|%")
LENGTHS_OF_LONG_SCHEMES = frozenset({12, 15, 16, 27})
_GROUP_DIGITS_MAX = 6
# What a text calls references, and what it calls something else.
Labels = tuple[frozenset[str], frozenset[str]]
_PARTS_MAX = 8


def normalized(text: str) -> str:
    """The key of a whole field."""
    upper = text.upper()
    if not (upper.isascii() and upper.isalnum()):
        upper = _NOT_ALNUM.sub("", upper)
    return upper.lstrip("0")


def all_normalized(texts: Sequence[str]) -> list[str]:
    """`normalized` of many texts; as one text, if the result has as many lines."""
    upper = "\n".join(texts).upper().encode("ascii", "ignore")
    kept = _LEADING_ZEROS.sub(b"", upper.translate(None, _SIGNS)).decode().split("\n")
    return kept if len(kept) == len(texts) else list(map(normalized, texts))


def field_key(text: str) -> str:
    """The key of a field that may hold one reference and nothing else, "" if it can't be one."""
    if len(text) > FIELD_LETTERS_MAX:
        return ""
    key = normalized(text)
    return key if len(key) >= FIELD_LETTERS_MIN and not key.isalpha() else ""


def all_field_keys(texts: Sequence[str]) -> list[str]:
    """`field_key` of many texts."""
    return [
        key if len(key) >= FIELD_LETTERS_MIN and not key.isalpha() and len(text) <= FIELD_LETTERS_MAX else ""
        for text, key in zip(texts, all_normalized(texts), strict=True)
    ]


def _digits_of(key: str) -> str:
    """The digits of a key without the letters around them, "" if there are too few, or letters among them."""
    digits = key.strip(_LETTERS)
    return digits if len(digits) >= _CORE_DIGITS_MIN and digits.isdecimal() else ""


def core_of(key: str) -> str:
    """The digits of a key without the letters around them, and without the check digits of an RF reference; "" if
    there are too few, or no letters."""
    if key.isdecimal():
        return ""
    digits = _digits_of(key)[2 if rf(key) else 0 :].lstrip("0")
    return digits if len(digits) >= PAYLOAD_DIGITS_MIN else ""


def parts_of(key: str) -> set[str]:
    """Shorter keys inside a key: its digits without the letters around them, and the payloads of its check digits."""
    found = payloads(key)
    digits = _digits_of(key).lstrip("0")
    if digits != key and len(digits) >= PAYLOAD_DIGITS_MIN:
        found.add(digits)
        found |= payloads(digits)
    found.discard(key)
    return found


def possible_parts(key: str) -> tuple[str, ...]:
    """A cheap superset of `parts_of`: what the parts would be if every check digit were right."""
    if key.isdecimal():
        if len(key) <= PAYLOAD_DIGITS_MIN:
            return ()
        if len(key) in LENGTHS_OF_LONG_SCHEMES:
            return (key[:-1], key[:-2], *parts_of(key))
        return key[:-1], key[:-2]
    core = _digits_of(key)
    if not core:
        return (key[4:].lstrip("0"),) if key.startswith("RF") else ()
    digits = core.lstrip("0")
    if len(digits) in LENGTHS_OF_LONG_SCHEMES:
        return tuple(parts_of(key))
    # The check digits of an RF reference may begin with 0.
    return digits, digits[:-1], digits[:-2], core[2:].lstrip("0")


def tokens(text: str) -> list[str]:
    """Reference tokens of a free text, in their order, without repeats; at most `TOKENS_MAX`."""
    if text.isdecimal() and text.isascii():
        key = text.lstrip("0")
        return [key] if len(key) >= _KEY_LETTERS_MIN else []
    upper = text[:TEXT_LETTERS_MAX].upper()
    if "RF" in upper:
        upper = _GLUED_RF.sub(lambda found: f" {found[1]}" if rf(found[1]) else found[0], upper)
    number = _NUMBER.search(upper)
    if number is None:
        return []
    start, end = number.span()
    if (
        _ANY_DIGIT.search(upper, end) is None
        and upper[end : end + 1] not in _JOINTS
        and upper[start - 1 : start] not in _JOINTS
    ):
        # One plain number among words: most texts.
        key = number[0].lstrip("0")
        return [key] if len(key) >= _KEY_LETTERS_MIN else []
    if _NOISE_SIGN.search(upper) is not None:
        upper = _NOISE.sub(" ", _GIRO.sub(_joined_giro, upper))
    found: dict[str, None] = {}
    chunks = _CHUNK.findall(upper)
    for chunk in chunks:
        if chunk.isalnum():
            found[chunk.lstrip("0")] = None
        else:
            _chunk_tokens(chunk, found)
    if "RF" in upper or sum(map(str.isdecimal, chunks)) > 1:
        found.update(dict.fromkeys(_joined_groups(chunks)))
    usable = (key for key in found if len(key) >= _KEY_LETTERS_MIN and not key.isalpha())
    return list(islice(usable, TOKENS_MAX))


def all_tokens(texts: Sequence[str]) -> list[list[str]]:
    """`tokens` of many texts. Most hold one number and end in it; of others many have the same words before their last
    number: these are read once."""
    sole = sole_numbers(texts)
    plain = is_token(sole).tolist()
    others = iter(_all_read([text for text, is_plain in zip(texts, plain, strict=True) if not is_plain]))
    return [
        [str(value)] if is_plain and len(text) <= TEXT_LETTERS_MAX else tokens(text) if is_plain else next(others)
        for text, value, is_plain in zip(texts, sole.value.tolist(), plain, strict=True)
    ]


def _all_read(texts: Sequence[str]) -> list[list[str]]:
    known: dict[tuple[str, int], list[tuple[str, bool]] | None] = {}
    once: set[tuple[str, int]] = set()
    found = []
    for text in texts:
        head = text.rstrip(_DIGITS)
        number = text[len(head) :]
        kind = head, len(number)
        pattern = known.get(kind)
        if kind not in known:
            if kind in once:
                pattern = known[kind] = _tokens_before(*kind)
            once.add(kind)
        if pattern is None or number[0] == "0":
            found.append(tokens(text))
        elif len(pattern) == 1:
            key, is_open = pattern[0]
            found.append([key + number if is_open else key])
        else:
            found.append(list(dict.fromkeys(key + number if is_open else key for key, is_open in pattern)))
    return found


def _tokens_before(head: str, length: int) -> list[tuple[str, bool]] | None:
    """`tokens` of every text that is `head` and a number of some digits, the first of them not 0: whether the number
    belongs to the end of each. None if they depend on the number."""
    sample = "9" * length
    upper = head.upper()
    letters = _LAST_LETTERS.search(upper)
    stands_alone = head.endswith(" ") or _ANY_DIGIT.search(upper) is None
    # A label may be written against an RF reference.
    may_be_rf = letters is not None and "RF" in letters[0][1:]
    if not length or not stands_alone or may_be_rf or len(head) + length > TEXT_LETTERS_MAX:
        return None
    found = tokens(head + sample)
    if len(found) == TOKENS_MAX or sample in _NOT_ALNUM.sub("", upper):
        return None
    return [(key.removesuffix(sample), key.endswith(sample)) for key in found]


def labels(text: str) -> Labels:
    """Keys that the payer calls a reference or invoice, and keys that he calls something else (customer, order ...)."""
    upper = text[:TEXT_LETTERS_MAX].upper()
    if upper.isdecimal():
        return frozenset(), frozenset()
    if _NOISE_SIGN.search(upper) is not None:
        upper = _NOISE.sub(" ", upper)
    return (
        frozenset(key for found in _REFERENCE_LABEL.findall(upper) for key in tokens(found)),
        frozenset(key for found in _OTHER_LABEL.findall(upper) for key in tokens(found)),
    )


def _joined_giro(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2]}{found[3]}"


def _chunk_tokens(chunk: str, found: dict[str, None]) -> None:
    parts = [part for part in _SEPARATOR.split(chunk) if part]
    found[_NOT_ALNUM.sub("", chunk).lstrip("0")] = None
    before = ""
    for before_it, part in _PIECE.findall(chunk):
        # 1032/33 is a list; the groups of INV-1032-061 are one number.
        if before_it == "/" and is_digits(part) and is_digits(before) and 2 <= len(part) < len(before):
            found[(before[: -len(part)] + part).lstrip("0")] = None
        elif len(part) >= _KEY_LETTERS_MIN and not part.isalpha():
            before = part
    if len(parts) > _PARTS_MAX:
        # A long list: each of its numbers for itself.
        for number in chunk.split("/") if "/" in chunk else ():
            _chunk_tokens(number, found)
    elif len(parts) > 1:
        for first in range(len(parts)):
            for last in range(first + 1, len(parts) + 1):
                joined = "".join(parts[first:last]).lstrip("0")
                if len(joined) > _KEY_LETTERS_MIN:
                    found[joined] = None
    for part in parts:
        found[part.lstrip("0")] = None


def _joined_groups(chunks: list[str]) -> list[str]:
    """Numbers printed in groups: "6318 8175 22" is one number."""
    joined = []
    run: list[str] = []
    for chunk in [*chunks, ""]:
        if is_digits(chunk) and len(chunk) <= _GROUP_DIGITS_MAX:
            run.append(chunk)
            continue
        if len(run) > 1:
            joined.append("".join(run).lstrip("0"))
        run = [chunk] if chunk.startswith("RF") and len(chunk) <= 4 else []
    return [key for key in joined if len(key) >= _KEY_LETTERS_MIN]
