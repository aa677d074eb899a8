"""Mangled and hostile OFX: only typed errors and diagnostics, in bounded time and memory, and no money made up."""

from __future__ import annotations

import io
import random
import time
import tracemalloc

import pytest

from matcher.parsers.contract import Event, LinesRead, ReadOptions
from matcher.parsers.ofx import FORMAT, blocks
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import InputError, LimitExceeded, Unreadable
from recon_core.domain.statement import AMOUNT_UNKNOWN
from tests.parsers.ofx_files import (
    SGML_HEADER,
    TRANSACTION,
    XML_HEADER,
    body,
    events,
    leaves,
    lines_of,
    odd,
    sgml,
    transaction,
    xml,
)

ONE = transaction(TRANSACTION)


def read_or_refuse(data: bytes) -> list[Event] | InputError:
    """What reading gives; any exception but a typed one fails the test."""
    try:
        return events(data)
    except InputError as error:
        return error


def with_doctype(declaration: str, name: str = "&x;") -> str:
    content = body([transaction({**TRANSACTION, "NAME": name}, xml=True)], xml=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{declaration}\n<?OFX OFXHEADER="200" VERSION="211"?>\n{content}'


BOMBS = {
    "file entity": '<!DOCTYPE OFX [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
    "network entity": '<!DOCTYPE OFX [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
    "parameter entity": '<!DOCTYPE OFX [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p.dtd"> %p;]>',
    "internal entity": '<!DOCTYPE OFX [<!ENTITY x "evil">]>',
    "many laughs": '<!DOCTYPE OFX [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;">]>',
    "one large entity": f'<!DOCTYPE OFX [<!ENTITY x "{"x" * 100_000}">]>',
    "external DTD": '<!DOCTYPE OFX SYSTEM "http://127.0.0.1:9/ofx.dtd">',
    "public DTD": '<!DOCTYPE OFX PUBLIC "-//x//y" "http://127.0.0.1:9/ofx.dtd">',
    "lower case": '<!doctype ofx [<!entity x "evil">]>',
    "entity without a document type": '<!ENTITY x "evil">',
    "after a comment": '<!-- harmless --><!DOCTYPE OFX [<!ENTITY x "evil">]>',
}


@pytest.mark.parametrize("declaration", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_document_type_is_refused_in_any_encoding(declaration: str, codec: str) -> None:
    text = with_doctype(declaration)
    started = time.process_time()
    with pytest.raises(Unreadable, match="document type"):
        events(("\ufeff" + text if codec != "utf-8" else text).encode(codec))

    assert time.process_time() - started < 1


def test_a_document_type_is_refused_wherever_it_stands() -> None:
    for place in ("<BANKTRANLIST>", "<STMTTRN>", "</OFX>"):
        data = sgml(ONE).replace(place.encode(), place.encode() + b'<!DOCTYPE x [<!ENTITY x "evil">]>')
        with pytest.raises(Unreadable, match="document type"):
            events(data)


def test_a_document_type_in_a_comment_is_a_comment() -> None:
    assert (
        lines_of(events(with_doctype("<!-- <!DOCTYPE OFX> -->", "Nordwind").encode()))[0].counterparty_name
        == "Nordwind"
    )


def test_an_undeclared_entity_stays_as_it_is_printed() -> None:
    assert lines_of(events(with_doctype("", "a&x;b").encode()))[0].counterparty_name == "a&x;b"


def test_an_encoding_that_is_not_like_ascii_is_never_used() -> None:
    for codec in ("cp037", "utf-7", "utf-32"):
        hidden = with_doctype(BOMBS["internal entity"]).replace("UTF-8", codec)
        assert isinstance(read_or_refuse(hidden.encode(codec)), InputError)
        declared = XML_HEADER.replace("UTF-8", codec) + body(
            [transaction({**TRANSACTION, "NAME": "Müller"}, xml=True)], xml=True
        )
        assert lines_of(events(declared.encode("cp1252")))[0].counterparty_name == "Müller"


HOSTILE = {
    "nothing": b"",
    "one byte": b"<",
    "zeros": b"\x00" * 100_000,
    "only opening marks": b"<OFX>" + b"<" * 300_000,
    "only ampersands": sgml(ONE.replace("Nordwind", "&" * 100_000)),
    "references without end": sgml(ONE.replace("Nordwind", "&#" * 50_000)),
    "deep": b"<OFX>" + b"<A>" * 50_000 + b"</A>" * 50_000 + b"</OFX>",
    "deep aggregates": b"<OFX>" + b"<STMTRS><BANKTRANLIST>" * 5_000 + b"</OFX>",
    "deep payees": sgml("<STMTTRN>" + "<PAYEE>" * 5000 + "</STMTTRN>"),
    "many distinct tags": sgml("<STMTTRN>" + "".join(f"<T{n}>x" for n in range(10_000)) + "</STMTTRN>"),
    "blanks in a tag": b"<OFX><STMTRS>" + b"<" + b" " * 300_000 + b"STMTTRN",
    "blanks in tags": sgml(("<" + " " * 3000) * 60),
    "attributes without end": sgml("<STMTTRN " + "a='b' " * 20_000),
    "one attribute without end": sgml("<STMTTRN a='" + "b" * 100_000),
    "comment without end": sgml(ONE, "<!-- "),
    "comments without end": sgml(ONE, "<!-- " * 50_000),
    "half comments": sgml(ONE, "<!-" * 50_000),
    "cdata without end": sgml(ONE, "<![CDATA["),
    "cdata in cdata": sgml(ONE, "<![CDATA[" * 20_000 + "]]>"),
    "dashes": sgml(ONE, "<!--" + "-" * 200_000),
    "instructions": sgml(ONE, "<?x" * 50_000),
    "invalid bytes": SGML_HEADER.encode() + b"\xff\xfe\xfd" * 50_000 + body([ONE]).encode(),
    "many statements": b"<OFX>" + b"<STMTRS></STMTRS>" * 5000 + b"</OFX>",
    "many status answers": b"<OFX>" + b"<STATUS><CODE>1<MESSAGE>x</STATUS>" * 5000 + b"</OFX>",
    "long header": b"OFXHEADER:" * 20_000 + b"<OFX>",
    "header without end": b"OFXHEADER:100 ENCODING:" + b"A" * 100_000,
    "long numbers": sgml(ONE.replace("-12.50", "1" * 100_000)),
    "long date": sgml(ONE.replace("20260131", "2" * 100_000)),
    "zone without end": sgml(ONE.replace("[-5:EST]", "[" * 50_000)),
    "grouped for ever": sgml(ONE.replace("-12.50", "1" + ",000" * 20_000)),
    "empty transactions": sgml("<STMTTRN></STMTTRN>" * 20_000),
    "transactions that never end": sgml("<STMTTRN>" * 20_000),
    "closed before opened": b"<OFX></STMTTRN></BANKTRANLIST></STMTRS></OFX>",
    "upside down": b"</OFX></STMTRS>" + ONE.encode() + b"<STMTRS><OFX>",
    "control characters": sgml(ONE.replace("Nordwind", "".join(map(chr, range(32))))),
    "surrogates": XML_HEADER.encode() + body([ONE]).encode().replace(b"Nordwind", b"\xed\xa0\x80"),
    "stand-ins": sgml(ONE.replace("Nordwind", "\x00\x01\x02"), "<!-- -->"),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_end_soon_and_in_a_typed_way(data: bytes) -> None:
    tracemalloc.start()
    started = time.process_time()
    read_or_refuse(data)
    spent = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # Tracing alone costs several times the time of reading.
    assert spent < 6
    assert peak < 64 << 20


class Endless(io.RawIOBase):
    """A stream that gives the same bytes until `size` are read, and keeps none of them."""

    def __init__(self, first: bytes, again: bytes, size: int, last: bytes = b"") -> None:
        self._waiting = first
        self._again = again
        self._left = size
        self._last = last

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._waiting) < size and self._left > 0:
            more = self._again * (min(size, self._left) // len(self._again) + 1)
            self._waiting += more
            self._left -= len(more)
            if self._left <= 0:
                self._waiting += self._last
        got, self._waiting = self._waiting[:size], self._waiting[size:]
        return got


def peak_of(stream: io.RawIOBase) -> tuple[int, int, InputError | None]:
    """Lines, peak of traced memory in bytes, and the error, of a stream that is read and forgotten."""
    tracemalloc.start()
    count, refused = 0, None
    try:
        for event in FORMAT.read(stream, ReadOptions()):  # type: ignore[arg-type]
            if isinstance(event, LinesRead):
                count += len(event.lines)
    except InputError as error:
        refused = error
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return count, peak, refused


def test_a_text_without_end_is_refused_at_the_limit() -> None:
    start = sgml(ONE).replace(b"</STMTTRN>", b"", 1).split(b"</BANKTRANLIST>")[0]
    count, peak, refused = peak_of(Endless(start, b"x" * 1000, 40 * blocks.ENTRY_CHARS_MAX))

    assert isinstance(refused, LimitExceeded)
    assert refused.where.startswith("byte ")
    assert peak < 8 * blocks.ENTRY_CHARS_MAX
    assert count == 0


def test_a_transaction_with_tags_without_end_is_refused() -> None:
    start, _ = sgml(ONE).split(b"<STMTTRN>")
    _, peak, refused = peak_of(Endless(start + b"<STMTTRN>", b"<A>", 2 * blocks.ENTRY_CHARS_MAX))

    assert isinstance(refused, LimitExceeded)
    assert peak < 12 * blocks.ENTRY_CHARS_MAX


def test_memory_does_not_grow_with_the_number_of_lines() -> None:
    before, after = sgml(ONE).split(b"\r\n\r\n")[-1].split(ONE.encode())
    peaks = []
    for size in (1 << 19, 1 << 21):
        count, peak, refused = peak_of(Endless(before, ONE.replace("F1", "").encode(), size, after))
        assert refused is None
        assert count >= size // len(ONE)
        peaks.append(peak)

    assert peaks[1] < 1.2 * peaks[0]
    assert peaks[1] < 6 << 20


@pytest.mark.parametrize("what", [b"<INCOME><INVTRAN><FITID>1</INVTRAN></INCOME>", b"<!-- x -->", b" ", b"\x00"])
def test_memory_does_not_grow_with_what_is_no_transaction(what: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ENTRY_CHARS_MAX", 1 << 18)
    data = sgml(ONE)
    end = data.index(b"</OFX>") + len(b"</OFX>")
    count, peak, refused = peak_of(Endless(data[:end], what, 1 << 20))

    assert (count, refused) == (1, None)
    assert peak < 4 << 20


def test_time_grows_no_faster_than_the_file() -> None:
    def seconds(count: int) -> float:
        data = sgml(*[ONE, ONE.replace("<NAME>", "<CHECKNUM>7\n<NAME>"), ONE.replace("<MEMO>", "<X>y\n<MEMO>")] * count)
        started = time.process_time()
        events(data)
        return time.process_time() - started

    small, large = min(seconds(300) for _ in range(3)), min(seconds(3000) for _ in range(3))

    assert large < 25 * small


# ---------------------------------------------------------------------------------------------------- mutations

VALID = [
    sgml(*[transaction({**TRANSACTION, "FITID": f"F{n}", "TRNAMT": f"-{n}.{n:02}"}) for n in range(1, 6)]),
    xml(
        *[
            transaction({**TRANSACTION, "FITID": f"F{n}", "PAYEE": {"NAME": "P", "CITY": "C"}}, xml=True)
            for n in range(1, 5)
        ]
    ),
    sgml(
        transaction({**TRANSACTION, "CURRENCY": {"CURRATE": "1.1", "CURSYM": "EUR"}}),
        "<!-- a comment --><STMTTRN><TRNTYPE>ATM<DTPOSTED>20260102<TRNAMT>5<FITID>x<NAME><![CDATA[a & b]]>",
        ONE,
        kind="CCSTMTRS",
    ),
]


def mutated(data: bytes, random_: random.Random) -> bytes:
    """A damaged copy: bits, cuts, doublings, swapped and dropped tags."""
    changed = bytearray(data)
    for _ in range(random_.randint(1, 4)):
        at, other = random_.randrange(len(changed)), random_.randrange(len(changed))
        match random_.randrange(7):
            case 0:
                changed[at] ^= 1 << random_.randrange(8)
            case 1:
                del changed[at : at + random_.randint(1, 40)]
            case 2:
                changed[at:at] = changed[other : other + random_.randint(1, 200)]
            case 3:
                changed[at] = random_.randrange(256)
            case 4:
                tags = [place for place, byte in enumerate(changed) if byte == ord("<")]
                if tags:
                    start = random_.choice(tags)
                    del changed[start : changed.find(b">", start) + 1]
            case 5:
                changed[at:at] = random_.choice(
                    [b"<STMTTRN>", b"</STMTTRN>", b"<!--", b"<![CDATA[", b"&", b"<", b"\x00", b"</OFX>"]
                )
            case _:
                del changed[at:]
        if not changed:
            return b"<"
    return bytes(changed)


def check_mutants(count: int, seed: int) -> None:
    """Every mutant is read or refused in a typed way, soon."""
    random_ = random.Random(seed)
    for number in range(count):
        data = mutated(VALID[number % len(VALID)], random_)
        started = time.process_time()
        told = read_or_refuse(data)
        assert time.process_time() - started < 2
        if not isinstance(told, InputError):
            for line in lines_of(told):
                assert isinstance(line.amount, int)
                assert (line.amount == 0) or AMOUNT_UNKNOWN not in line.extra


def test_mutants_give_only_typed_errors() -> None:
    check_mutants(2000, seed=1)


@pytest.mark.heavy
@pytest.mark.timeout(0)
def test_a_million_mutants_give_only_typed_errors() -> None:
    check_mutants(1_000_000, seed=2)


def check_structure_mutants(count: int, seed: int) -> int:
    """Tags are dropped, doubled and swapped, values are left alone: lines and money are the original's, or it is said.

    OFX has no sum over its lines, so a changed digit is a different file; what can be proved is that damaged structure
    never loses, doubles or merges an amount in silence.
    """
    random_ = random.Random(seed)
    base = VALID[0].decode()
    amounts = sorted(line.amount for line in lines_of(events(base.encode())))
    silent = 0
    for _ in range(count):
        tags = [part.split(">")[0] for part in base.split("<")[1:]]
        kept = [
            tag
            for tag in set(tags)
            if tag.lstrip("/") in ("STMTTRN", "TRNAMT", "BANKTRANLIST", "STMTRS", "OFX", "FITID")
        ]
        tag = random_.choice(sorted(kept))
        places = [place for place in range(len(base)) if base.startswith(f"<{tag}>", place)]
        at = random_.choice(places)
        replaced = random_.choice(["", f"<{tag}><{tag}>", "<MEMO>", f"<{tag[:-1]}>", f"<x{tag}>"])
        told = read_or_refuse((base[:at] + replaced + base[at + len(tag) + 2 :]).encode())
        if isinstance(told, InputError):
            continue
        known = sorted(line.amount for line in lines_of(told) if AMOUNT_UNKNOWN not in line.extra)
        said = any(found.severity != Severity.INFO for found in odd(told))
        silent += known != amounts and not said
    return silent


def test_damaged_structure_never_changes_money_in_silence() -> None:
    assert check_structure_mutants(1000, seed=3) == 0


@pytest.mark.heavy
@pytest.mark.timeout(0)
def test_much_damaged_structure_never_changes_money_in_silence() -> None:
    assert check_structure_mutants(200_000, seed=4) == 0


def test_a_reader_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the reader opened something")

    data = sgml(ONE) + leaves({"NAME": "file:///etc/hostname"}, xml=False).encode()
    events(data)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)

    assert len(lines_of(events(data))) == 1
