"""Nothing, however mangled or hostile, crashes otherwise than with a typed error, hangs, or opens anything (T9 to T11)."""

from __future__ import annotations

import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

import matcher
from matcher.parsers.source import FailedFile
from matcher.parsers.text import text_codec
from recon_core.domain.refused import InputError
from tests.parsers.camt_files import balance, document, entry, statement
from tests.parsers.camt_mutants import mutants, whole

SECONDS_MAX = 2.0
MEMORY_MAX = 256 << 20
BODY = document(statement(entry()), declaration="")


def doctype(internal: str, *, use: str = "x") -> str:
    return f'<?xml version="1.0"?>\n<!DOCTYPE Document {internal}>\n' + BODY.replace("<Id>S1</Id>", f"<Id>{use}</Id>")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
DECLARED = {
    "file entity": doctype('[<!ENTITY x SYSTEM "file:///etc/hostname">]', use="&x;"),
    "web entity": doctype('[<!ENTITY x SYSTEM "http://127.0.0.1:{port}/x">]', use="&x;"),
    "parameter entity": doctype('[<!ENTITY % x SYSTEM "http://127.0.0.1:{port}/x.dtd"> %x;]'),
    "external subset": doctype('SYSTEM "http://127.0.0.1:{port}/x.dtd"'),
    "public subset": doctype('PUBLIC "-//x//y" "http://127.0.0.1:{port}/x.dtd"'),
    "internal entity": doctype('[<!ENTITY x "expanded">]', use="&x;"),
    "billion laughs": doctype(f'[<!ENTITY l0 "ha">{LAUGHS}]', use="&l11;"),
    "quadratic": doctype(f'[<!ENTITY x "{"a" * 50_000}">]', use="&x;" * 5000),
    "empty": doctype("[]"),
    "no subset": doctype(""),
    "after a comment": doctype("[]").replace("<!DOCTYPE", "<!-- <Document> --><!DOCTYPE"),
    "after an instruction": doctype("[]").replace("<!DOCTYPE", "<?x <Document> ?><!DOCTYPE"),
    "attribute list": doctype('[<!ATTLIST Amt Ccy CDATA "SEK">]'),
}
ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
    "iso-8859-1",
    "cp1252",
    "cp437",
    "utf-7",
    "cp037",
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that must never be connected to."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(0.05)
        yield listening


def refused(data: bytes) -> InputError:
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        drain(data)
    assert time.process_time() - started < SECONDS_MAX
    return caught.value


def drain(data: bytes) -> None:
    """Read everything and keep nothing."""
    for found in matcher.parse(data):
        for _ in found.lines:
            pass


@pytest.mark.parametrize("text", DECLARED.values(), ids=DECLARED)
def test_a_document_type_is_refused_and_nothing_is_opened(text: str, listener: socket.socket) -> None:
    port = listener.getsockname()[1]

    error = refused(text.replace("{port}", str(port)).encode())

    assert error.code == "unreadable"
    assert "DOCTYPE" in error.message
    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["file entity", "no subset", "billion laughs"])
def test_a_document_type_is_refused_in_every_encoding(encoding: str, name: str) -> None:
    text = DECLARED[name].replace('version="1.0"', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"')

    refused(text.encode(encoding))


def all_codecs() -> list[str]:
    from encodings.aliases import aliases

    return sorted({name for name in aliases.values() if text_codec(name) is not None})


@pytest.mark.parametrize("encoding", all_codecs())
def test_no_codec_hides_a_document_type(encoding: str) -> None:
    """Whatever encoding is declared: the file is refused, or read without its entity."""
    text = doctype('[<!ENTITY x "expanded">]', use="&x;").replace(
        'version="1.0"', f'version="1.0" encoding="{encoding}"'
    )
    head, _, rest = text.partition("\n")
    for data in (
        text.encode("ascii"),
        head.encode() + b"\n" + rest.encode(encoding, "replace"),
        text.encode(encoding, "replace"),
    ):
        try:
            found = list(matcher.parse(data))
        except InputError:
            continue
        assert "expanded" not in repr([one.header for one in found])


def deep(tag: str, levels: int) -> str:
    return f"<{tag}>" * levels + f"</{tag}>" * levels


LARGE: dict[str, Callable[[], str]] = {
    "depth in an envelope": lambda: deep("x", 100_000) + BODY,
    "depth in the header": lambda: BODY.replace("<Id>S1</Id>", deep("x", 100_000)),
    "depth in an entry": lambda: BODY.replace("<Sts>", deep("x", 100_000) + "<Sts>"),
    "depth in a party": lambda: document(
        statement(
            entry(
                inside=f"<NtryDtls><TxDtls><RltdPties><Dbtr>{deep('Pty', 50_000)}</Dbtr></RltdPties></TxDtls></NtryDtls>"
            )
        )
    ),
    "depth that is never closed": lambda: BODY.replace("<Sts>", "<x>" * 200_000),
    "50 MB of text in a field": lambda: BODY.replace("<Sts>", f"<AddtlNtryInf>{'a' * (50 << 20)}</AddtlNtryInf><Sts>"),
    "50 MB of text in the header": lambda: BODY.replace("<Id>S1</Id>", f"<Id>{'a' * (50 << 20)}</Id>"),
    "50 MB of text in an envelope": lambda: f"<e><x>{'a' * (50 << 20)}</x>{BODY}</e>",
    "50 MB comment": lambda: BODY.replace("<Sts>", f"<!--{'a' * (50 << 20)}--><Sts>"),
    "50 MB in one tag": lambda: BODY.replace("<Sts>", f"<{'a' * (50 << 20)}><Sts>"),
    "a prolog without end": lambda: "<?xml version='1.0'?>" + "<!-- x -->" * 200_000 + BODY,
    "a million attributes": lambda: BODY.replace("<Ntry>", f"<Ntry {' '.join(f'a{n}=1' for n in range(300_000))}>"),
    "parts of the header without number": lambda: BODY.replace("<Id>S1</Id>", "<x>1</x>" * 20_000),
    "balances without number": lambda: BODY.replace("<Ntry>", balance("INFO", "1.00") * 11_000 + "<Ntry>", 1),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_what_is_too_large_or_too_deep_is_refused_in_bounded_memory(make: Callable[[], str]) -> None:
    data = make().encode()
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            drain(data)
        assert tracemalloc.get_traced_memory()[1] < MEMORY_MAX
    finally:
        tracemalloc.stop()


HARMLESS = {
    "many namespaces": lambda: BODY.replace(
        "<Document ", "<Document " + "".join(f"xmlns:n{n}='u{n}' " for n in range(5000))
    ),
    "many different tags": lambda: BODY.replace("<Sts>", "".join(f"<t{n}>1</t{n}>" for n in range(20_000)) + "<Sts>"),
    "long numbers": lambda: BODY.replace("10.00", "1" * 100_000),
    "many entries of one letter": lambda: document(statement("<Ntry>x</Ntry>" * 20_000)),
    "many open brackets": lambda: BODY.replace("S1", "&lt;" * 50_000),
}


@pytest.mark.parametrize("make", HARMLESS.values(), ids=HARMLESS)
def test_what_is_only_strange_ends_in_bounded_time(make: Callable[[], str]) -> None:
    started = time.process_time()

    drain(make().encode())

    assert time.process_time() - started < SECONDS_MAX


ENDS = {
    "nothing": b"",
    "blanks": b" \n ",
    "one bracket": b"<",
    "a declaration": b'<?xml version="1.0"?>',
    "another message": b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><a/></Document>',
    "no statement": document().encode(),
    "a web page": b"<!DOCTYPE html><html><body>camt.053.001.02</body></html>",
    "two documents": (BODY * 2).encode(),
    "zeros": b"\x00" * 10_000,
    "half a letter": document(statement(entry(info="Ä"))).encode()[:-1],
}


@pytest.mark.parametrize("data", ENDS.values(), ids=ENDS)
def test_what_is_no_statement_is_one_typed_error(data: bytes) -> None:
    found = list(matcher.parse_batch([data]))

    assert [type(one) for one in found if isinstance(one, FailedFile)] == [FailedFile]


def test_zeros_and_an_end_mark_after_the_document_do_no_harm() -> None:
    (found,) = matcher.parse(BODY.encode() + b"\r\n\x1a\x00\x00")

    assert len(found.lines) == 1


def check_mutants(seed: int, count: int) -> int:
    """Mutants end in a typed error, or their money is the original, or the proof fails. The number that was read."""
    (original,) = matcher.parse(whole())
    assert original.header.balanced is True
    money = sorted(line.amount for line in original.lines)
    read = 0
    for data in mutants(seed, count):
        started = time.process_time()
        found = list(matcher.parse_batch([data]))
        for one in found:
            if isinstance(one, FailedFile):
                continue
            read += 1
            # An entry of nothing adds no money.
            amounts = sorted(line.amount for line in one.lines if line.status == "booked" and line.amount)
            errors = [odd for odd in one.diagnostics if odd.severity == "error"]
            assert amounts == money or one.header.balanced is not True or errors
        assert time.process_time() - started < SECONDS_MAX
    return read


@pytest.mark.parametrize("seed", range(200, 204))
def test_damage_is_a_typed_error_or_does_not_touch_the_money_unseen(seed: int) -> None:
    assert check_mutants(seed, 60) > 10


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_much_damage_is_a_typed_error_or_does_not_touch_the_money_unseen(seed: int) -> None:
    assert check_mutants(seed, 10_000) > 500
