"""Text helpers that all readers share: bytes to text, and ASCII-checked amounts and dates.

Decoding never guesses with a codec that turns every byte into some letter: strict UTF-8 first, then the code page that
the caller configured, then the one that the file declares, then Windows-1252 and Latin-1, each with a diagnostic.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import BinaryIO

from recon_core.domain.currency import exponent
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.money import to_minor
from recon_core.domain.refused import BadAmount, BadDate, BadSetting

FALLBACKS = ("cp1252", "latin-1")
# What no standard allows and yet says one amount only: the code and the words of its diagnostic.
AMOUNT_ODDITIES = {"amount-grouped": "with grouping", "amount-sign": "with its sign apart"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Begins with the mark of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_BOM_BYTES = 4
_ISO_DATE = re.compile(r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T[0-9:.,]*)?(?:Z|[+-][0-9]{2}:[0-9]{2})?\s*", re.ASCII)
_ISO_TIME = re.compile(
    r"\s*([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,12}))?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?\s*",
    re.ASCII,
)
_COMPACT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_SHORT_DATE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)
_PRINTED = re.compile(r"([+-]?)([0-9]*)(?:([.,])([0-9]*))?", re.ASCII)
_GROUPED = re.compile(r"([+-]?)([1-9][0-9]{0,2})(?:([., \u00a0\u202f'])([0-9]{3}))((?:\3[0-9]{3})*)(?:([.,])([0-9]+))?")
_APART = re.compile(r"([+-])[ \u00a0]+([0-9.,].*)|(.*[0-9.,])[ \u00a0]*([+-])", re.ASCII)
_SHORT = 40


class Decoder:
    """Bytes to text, a block at a time: `text = decoder.feed(block)`, at the end `feed(b"", final=True)`.

    `configured` is what the caller knows of the bank, `declared` what the file says; both are tried only where strict
    UTF-8 fails, because bodies contradict headers often. Bytes that are no UTF-8 after text that was, are decoded alone
    and the rest stays UTF-8. What was used is in `encoding`, what was odd in `diagnostics`. `only` names a
    codec that the file certainly has; then no other one is tried. Memory: one block.
    """

    def __init__(
        self,
        *,
        configured: str | None = None,
        declared: str | None = None,
        only: str | None = None,
    ) -> None:
        self.encoding = "utf-8"
        self.diagnostics: list[Diagnostic] = []
        named = [_known(configured, "configured")] if configured else []
        if declared and (codec := text_codec(declared)):
            named.append(codec)
        self._fallbacks = [*dict.fromkeys(codec for codec in (*named, *FALLBACKS) if codec != "utf-8")]
        self._held = b""
        self._offset = 0
        self._started = only is not None
        self._multibyte = False
        self._other: codecs.IncrementalDecoder | None = None
        if only is not None:
            self.encoding = only
            self._other = codecs.getincrementaldecoder(only)("strict")

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """Text of the next bytes; a character that is cut by the end of the block comes with the next block."""
        data = self._held + data
        self._held = b""
        if not self._started:
            if len(data) < _BOM_BYTES and not final:
                self._held = data
                return ""
            self._started = True
            data = self._without_bom(data)
        text = self._decode_utf8(data, final=final) if self._other is None else self._decode_other(data, final=final)
        self._offset += len(data) - len(self._held)
        return text

    def _without_bom(self, data: bytes) -> bytes:
        for bom, codec in _BOMS:
            if data.startswith(bom):
                self._offset = len(bom)
                if codec != "utf-8":
                    self.encoding = codec
                    self._other = codecs.getincrementaldecoder(codec)("strict")
                return data[len(bom) :]
        return data

    def _decode_other(self, data: bytes, *, final: bool) -> str:
        """Next text in the code page that was chosen; bytes that it does not have stay visible as `\\x81`."""
        assert self._other is not None
        before = self._other.getstate()
        try:
            return self._other.decode(data, final)
        except UnicodeDecodeError as error:
            self._report("encoding-damaged", f"bytes that are no {self.encoding}", self._offset + error.start)
            self._other = codecs.getincrementaldecoder(self.encoding)("backslashreplace")
            self._other.setstate(before)
            return self._other.decode(data, final)

    def _decode_utf8(self, data: bytes, *, final: bool) -> str:
        pieces: list[str] = []
        at = 0
        while at < len(data):
            try:
                piece, used = codecs.utf_8_decode(memoryview(data)[at:], "strict", final)
            except UnicodeDecodeError as error:
                piece, used = data[at : at + error.start].decode("utf-8"), error.start
                self._multibyte = self._multibyte or not piece.isascii()
                pieces.append(piece)
                at += used
                if not self._multibyte:
                    pieces.append(self._switch(data[at:], self._offset + at, final=final))
                    break
                wrong = data[at : at + error.end - error.start]
                self._report("encoding-mixed", "bytes that are no UTF-8 in a UTF-8 file", self._offset + at)
                pieces.append(wrong.decode(self._fitting(wrong, final=True), "backslashreplace"))
                at += len(wrong)
                continue
            pieces.append(piece)
            self._multibyte = self._multibyte or not piece.isascii()
            at += used
            if at < len(data):
                self._held = data[at:]
                break
        return "".join(pieces)

    def _switch(self, data: bytes, offset: int, *, final: bool) -> str:
        """Go on with the first code page that fits: all text so far was ASCII, so nothing has to be read again."""
        self.encoding = self._fitting(data, final=final)
        self._other = codecs.getincrementaldecoder(self.encoding)("strict")
        self._report("encoding-fallback", f"the text is no UTF-8; read as {self.encoding}", offset)
        return self._other.decode(data, final)

    def _fitting(self, data: bytes, *, final: bool) -> str:
        """The first code page that reads the bytes strictly; Latin-1, the last one, reads any."""
        for codec in self._fallbacks:
            try:
                codecs.getincrementaldecoder(codec)("strict").decode(data, final)
            except UnicodeDecodeError:
                continue
            return codec
        raise AssertionError("latin-1 reads any bytes")

    def _report(self, code: str, message: str, offset: int) -> None:
        if all(known.code != code for known in self.diagnostics):
            cure = "Name the bank's encoding if letters look wrong."
            self.diagnostics.append(Diagnostic(code, Severity.WARNING, f"byte {offset}", message + ".", cure))


def decoded_blocks(stream: BinaryIO, decoder: Decoder, *, block_bytes: int = 1 << 20) -> Iterator[str]:
    """Text of a stream, in blocks of about `block_bytes`."""
    while data := stream.read(block_bytes):
        if text := decoder.feed(data):
            yield text
    if text := decoder.feed(b"", final=True):
        yield text


def text_codec(name: str) -> str | None:
    """Python's name of a text codec, or None for a name that is none."""
    try:
        info = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        return None
    return info.name if info._is_text_encoding else None


def _known(name: str, whose: str) -> str:
    codec = text_codec(name)
    if codec is None:
        raise BadSetting(f"{name!r} is no known encoding ({whose}).", cure="Write it like cp1252 or iso-8859-15.")
    return codec


@lru_cache(maxsize=8192)
def iso_date(text: str) -> date:
    """Calendar date of an `xs:date` or `xs:dateTime` as written: a zone suffix never moves it. Raises `BadDate`."""
    found = _ISO_DATE.fullmatch(text)
    return _calendar(found, text, found.groups() if found else ())


@lru_cache(maxsize=8192)
def compact_date(text: str) -> date:
    """Calendar date of eight digits, `20260131`. Raises `BadDate`."""
    found = _COMPACT_DATE.fullmatch(text)
    return _calendar(found, text, found.groups() if found else ())


@lru_cache(maxsize=8192)
def short_date(text: str) -> date:
    """Calendar date of six digits, `260131`; 00 to 79 are the years 2000 to 2079. Raises `BadDate`."""
    found = _SHORT_DATE.fullmatch(text)
    if found is None:
        return _calendar(found, text, ())
    century = "20" if found[1] < "80" else "19"
    return _calendar(found, text, (century + found[1], found[2], found[3]))


def _calendar(found: re.Match[str] | None, text: str, parts: tuple[str | None, ...]) -> date:
    if found is not None:
        year, month, day = (int(part or 0) for part in parts[:3])
        try:
            return date(year, month, day)
        except ValueError:
            raise BadDate(f"{text!r} is no day of the calendar.") from None
    raise BadDate(f"{text[:40]!r} is no date.", cure="Dates are written like 2026-01-31 in this field.")


def iso_datetime(text: str) -> datetime:
    """Point in time of an `xs:dateTime`, with its zone if it has one, else naive. Raises `BadDate`."""
    found = _ISO_TIME.fullmatch(text)
    if found is None:
        raise BadDate(f"{text[:40]!r} is no date and time.")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    micro = int((found[7] or "").ljust(6, "0")[:6] or 0)
    zone = found[8]
    try:
        offset = None
        if zone == "Z":
            offset = UTC
        elif zone:
            shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            offset = timezone(-shift if zone[0] == "-" else shift)
        return datetime(year, month, day, hour, minute, second, micro, tzinfo=offset)
    except ValueError:
        raise BadDate(f"{text[:40]!r} is no date and time.") from None


def printed_amount(text: str, currency: str) -> tuple[int, str]:
    """Minor units of an amount with `.` or `,`, and which of `AMOUNT_ODDITIES` it is printed with, "" for none.

    Either may be the decimal sign (OFX 2.3 section 3.2.9.2). One separator with exactly three digits after it, in a
    currency with fewer than three decimals, may be both and is never guessed. Raises `BadAmount`.
    """
    plain = _PRINTED.fullmatch(text)
    if plain is not None and (plain[2] or plain[4]):
        sign, whole, separator, decimals = plain[1], plain[2], plain[3] or "", plain[4] or ""
        if len(decimals) == 3 and exponent(currency) < 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
            raise BadAmount(
                f"{text!r} may be {sign}{whole}{decimals} or {sign}{whole}.{decimals}.",
                cure="Ask the bank for amounts with two decimals, or correct the line by hand.",
            )
        return to_minor(f"{sign}{whole or '0'}.{decimals}" if separator else sign + whole, currency), ""
    grouped = _GROUPED.fullmatch(text)
    if grouped is not None and (grouped[5] or grouped[6]) and grouped[3] != grouped[6]:
        whole = (grouped[2] + grouped[4] + grouped[5]).replace(grouped[3], "")
        return to_minor(f"{grouped[1]}{whole}.{grouped[7] or ''}", currency), "amount-grouped"
    apart = _APART.fullmatch(text) if len(text) <= _SHORT else None
    if apart is not None and (minor := printed_amount(apart[2] or apart[3], currency)[0]) >= 0:
        return (-minor if "-" in (apart[1], apart[4]) else minor), "amount-sign"
    raise BadAmount(f"{text[:40]!r} is no amount.", cure="An amount is written like -1234.50, without grouping.")
