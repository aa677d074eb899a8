"""MT940 and MT942 as banks write them: shells, tags, pages, encodings, damage. Each case is one that a reader got wrong."""

from __future__ import annotations

from datetime import date

import pytest

from matcher.parsers.contract import ControlTotals, LinesRead, StatementEnded, StatementStarted
from recon_core.domain.currency import NO_CURRENCY
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import UnknownCurrency, UnknownFormat, Unreadable
from tests.parsers.mt940_files import IBAN, diagnostics, entry, events, lines, message, only, sniff, statements

ENTRY = ":61:2601050105C10,00NTRFNONREF//B1"


def test_events_of_a_statement_come_in_their_order() -> None:
    found = events(message(ENTRY, ":86:text", closing="10,").encode())

    assert [type(event) for event in found] == [StatementStarted, LinesRead, StatementEnded]
    started, _, ended = found
    assert isinstance(started, StatementStarted)
    assert isinstance(ended, StatementEnded)
    assert (started.header.account, started.header.opening_balance, started.header.closing_balance) == (IBAN, 0, None)
    assert (ended.header.opening_balance, ended.header.closing_balance) == (0, 1000)


def test_a_header_has_all_that_the_message_says() -> None:
    content = (
        f":20:REF-7\n:21:RELATED\n:25P:{IBAN}\nCOBADEFFXXX\n:28C:12/3\n:60F:D260101EUR5,00\n{ENTRY}\n"
        ":62F:C260131EUR5,00\n:64:C260131EUR4,00\n:65:C260201EUR6,00\n:86:about it all\n"
    )

    header = only(content).header

    assert (header.format, header.kind, header.message_id, header.statement_id) == (
        "mt940",
        "statement",
        "REF-7",
        "REF-7/12",
    )
    assert (header.account, header.account_scheme, header.bank_bic) == (IBAN, "IBAN", "COBADEFFXXX")
    assert (header.sequence, header.page, header.last_page, header.currency) == (12, 3, True, "EUR")
    assert (header.opening_balance, header.closing_balance, header.available_balance) == (-500, 500, 400)
    assert (header.opening_date, header.closing_date) == (date(2026, 1, 1), date(2026, 1, 31))
    assert header.extra == (("21", "RELATED"), ("65", "C260201EUR6,00"), ("86", "about it all"))
    assert header.balanced is True


def test_a_line_has_all_subfields_of_its_entry() -> None:
    line = entry("2601020105DR1234,50NTRFPAY-17//BANK-9\nSupplement", "text")

    assert (line.value_date, line.booking_date, line.amount) == (date(2026, 1, 2), date(2026, 1, 5), -123450)
    assert (line.proprietary_code, line.end_to_end_id, line.bank_reference) == ("NTRF", "PAY-17", "BANK-9")
    assert (line.additional_info, line.remittance, line.where, line.status) == (
        "Supplement",
        "text",
        "line 5",
        "booked",
    )


@pytest.mark.parametrize(
    "end", ["-", "-\r\n\r\n", "-}", "-}{5:{CHK:1}}", "-XXX", "-\x03", "", "\x1a", "\x00\x00", "- "]
)
def test_what_ends_a_message_is_no_text(end: str) -> None:
    content = message(ENTRY, ":86:text", closing="10,") + ":86:info\r\n" + end

    statement = only(content)

    assert [line.remittance for line in statement.lines] == ["text"]
    assert statement.header.extra == (("86", "info"),)
    assert statement.header.balanced is True


def test_a_closing_line_without_closing_balance_is_no_text() -> None:
    content = message(ENTRY, ":86:text", closing=None) + "-\r\n"

    assert [line.remittance for line in lines(content)] == ["text"]
    assert diagnostics(content)["field-missing"].severity == Severity.WARNING


@pytest.mark.parametrize("dashes", ["-\r\n-", "- text", "-", "-\r\nmore"])
def test_a_dash_inside_the_text_is_text(dashes: str) -> None:
    content = message(ENTRY, f":86:before\r\n{dashes}", ":61:2601050105C5,00NTRFNONREF", ":86:next", closing="15,")

    first, second = lines(content)

    assert first.remittance == "before\n" + dashes.replace("\r\n", "\n")
    assert second.remittance == "next"
    assert only(content).header.balanced is True


def test_dashes_before_the_closing_balance_are_text() -> None:
    content = message(ENTRY, ":86:before\r\n-\r\n-", closing="10,")

    assert [line.remittance for line in lines(content)] == ["before\n-\n-"]
    assert only(content).header.closing_balance == 1000


def test_the_supplementary_line_is_kept() -> None:
    assert entry("2601050105C1,00NTRFNONREF//B\nCard transaction").additional_info == "Card transaction"
    assert entry("2601050105C1,00NTRFNONREF//B\nline one\nline two", "text").additional_info == "line one\nline two"


def test_several_accounts_in_one_file_stay_apart() -> None:
    other = message(":61:2601050105D3,00NTRFNONREF").replace(IBAN, "NL91ABNA0417164300").replace("EUR", "USD")
    content = message(ENTRY, closing="10,") + other + message(opening="10,", closing="10,")

    found = statements(content)

    assert [(s.header.account, s.header.currency, len(s.lines)) for s in found] == [
        (IBAN, "EUR", 1),
        ("NL91ABNA0417164300", "USD", 1),
        (IBAN, "EUR", 0),
    ]
    assert [s.header.opening_balance for s in found] == [0, 0, 1000]


@pytest.mark.parametrize("second", [":25:NL91ABNA0417164300\n:28C:2\n", ":25:NL91ABNA0417164300\n", ":28C:2\n"])
def test_without_a_reference_a_repeated_account_or_number_begins_a_message(second: str) -> None:
    body = ":60F:C260101EUR0,\n:61:260105C1,00NTRFNONREF\n:62F:C260131EUR1,\n"
    content = f":25:{IBAN}\n:28C:1\n{body}{second}{body}"

    found = statements(content)

    assert [len(statement.lines) for statement in found] == [1, 1]
    assert found[0].header.account == IBAN
    assert found[0].header.message_id is None


def test_a_statement_without_movements_is_a_statement() -> None:
    statement = only(message(opening="7,", closing="7,"))

    assert (len(statement.lines), statement.header.balanced, statement.header.line_count) == (0, True, 0)


def test_pages_are_chained_and_lines_counted_through_them() -> None:
    content = (
        f":20:P1\n:25:{IBAN}\n:28C:9/1\n:60F:C260101EUR0,\n{ENTRY}\n{ENTRY}\n:62M:C260105EUR20,\n-\n"
        f":20:P2\n:25:{IBAN}\n:28C:9/2\n:60M:C260105EUR20,\n{ENTRY}\n:62F:C260131EUR30,\n-\n"
        f":20:P3\n:25:{IBAN}\n:28C:10/1\n:60F:C260131EUR30,\n{ENTRY}\n:62F:C260131EUR40,\n-\n"
    )

    first, second, third = statements(content)

    assert [(s.header.page, s.header.last_page, s.header.balanced) for s in (first, second, third)] == [
        (1, False, True),
        (2, True, True),
        (1, True, True),
    ]
    assert [[line.line_index for line in s.lines] for s in (first, second, third)] == [[1, 2], [3], [1]]
    assert not first.diagnostics + second.diagnostics + third.diagnostics


def test_a_missing_page_and_a_wrong_carry_are_reported() -> None:
    def page(number: int, opening: str, closing: str, tags: str) -> str:
        first, last = tags.split("-")
        return f":20:P\n:25:{IBAN}\n:28C:9/{number}\n:{first}:C260101EUR{opening}\n{ENTRY}\n:{last}:C260105EUR{closing}\n-\n"

    missing = page(1, "0,", "10,", "60F-62M") + page(3, "20,", "30,", "60M-62F")
    differs = page(1, "0,", "10,", "60F-62M") + page(2, "11,", "21,", "60M-62F")

    assert diagnostics(missing)["page-missing"].severity == Severity.ERROR
    assert diagnostics(differs)["page-carry-differs"].severity == Severity.ERROR


@pytest.mark.parametrize(
    "shell",
    [
        "{1:F01COBADEFFAXXX0000000000}{2:O940COBADEFFXXXXN}{3:}{4:\r\n",
        "{1:F01COBADEFFAXXX0000000000}\r\n{2:I940COBADEFFXXXXN}\r\n{4:\r\n",
        "\x01{1:F01COBADEFFAXXX0000000000}{2:I940XXXXXXXXXXXXN}{3:{108:140407}}{4:\r\n",
    ],
)
def test_swift_blocks_around_messages(shell: str) -> None:
    one = message(ENTRY, ":86:text", closing="10,")
    content = shell + one + "-}{5:{MAC:00000000}}\x03" + shell + one + "-}\x03"

    found = statements(content)

    assert [s.header.balanced for s in found] == [True, True]
    assert [[line.remittance for line in s.lines] for s in found] == [["text"], ["text"]]
    assert found[1].header.extra[0] == ("block 1", "F01COBADEFFAXXX0000000000")


@pytest.mark.parametrize(
    "prologue",
    [
        "ABNANL2A\r\n940\r\nABNANL2A\r\n",
        ":940:\r\n",
        "0000 01INGBNL2AXXXX00001\r\n940 00\r\n",
        "A title\r\n\r\n",
        "\r\n\r\n",
    ],
)
def test_prologues_are_no_text(prologue: str) -> None:
    one = message(ENTRY, ":86:text", closing="10,")

    found = statements((prologue + one + "-\r\n") * 2)

    assert [[line.remittance for line in s.lines] for s in found] == [["text"], ["text"]]
    assert [s.header.extra for s in found] == [(), ()]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_of_every_kind(end: str) -> None:
    content = message(ENTRY, ":86:one\r\ntwo", ":61:2601050105C5,00NTRFNONREF\r\nsupplement", closing="15,")

    first, second = lines(content.replace("\r\n", end))

    assert (first.remittance, second.additional_info) == ("one\ntwo", "supplement")
    assert only(content.replace("\r\n", end)).header.balanced is True


def test_where_is_the_line_of_the_entry() -> None:
    content = "title\n\n" + message(
        ENTRY, ":86:a\r\nb\r\nc", ENTRY, ENTRY + "\r\nsupplement", ":86:x", ENTRY, closing="40,"
    )
    rows = content.replace("\r\n", "\n").split("\n")

    assert [line.where for line in lines(content)] == [
        f"line {number}" for number, row in enumerate(rows, start=1) if row.startswith(":61:")
    ]


def test_blank_lines_between_tags_are_nothing() -> None:
    content = message(ENTRY, ":86:text", closing="10,").replace("\r\n", "\r\n\r\n")

    assert [(line.amount, line.remittance) for line in lines(content)] == [(1000, "text")]
    assert only(content).header.account == IBAN


def test_a_first_entry_whose_tag_is_torn_begins_the_entries_of_its_message() -> None:
    torn = [":\r\n61:2601050105C1,00NTRFNONREF\r\n:86:a", ":\r\n61:2601050105C2,00NTRFNONREF\r\n:86:b"]
    content = message(*torn, closing="3,") * 2

    for found in statements(content):
        assert [(line.amount, line.remittance) for line in found.lines] == [(100, "a"), (200, "b")]
        assert found.header.balanced is True


def test_a_tag_that_is_wrapped_after_its_colon_is_a_tag() -> None:
    content = message(ENTRY, ":\r\n86:text", ":\r\n61:2601050105C5,00NTRFNONREF", closing="15,")

    found = lines(content)

    assert [(line.amount, line.remittance) for line in found] == [(1000, "text"), (500, None)]
    assert [line.where for line in found] == ["line 5", "line 9"]


def test_an_amount_on_the_next_line_belongs_to_the_entry() -> None:
    (line,) = lines(message(":61:2601050105CR\r\n30,00N062NONREF", ":86:166?00GUTSCHR.?20SVWZ+Test"))

    assert (line.amount, line.proprietary_code, line.remittance) == (3000, "N062+166", "Test")


@pytest.mark.parametrize(
    ("rest", "code", "reference"),
    [
        ("NTRFNONREF", "NTRF", None),
        ("S103REF", "S103", "REF"),
        ("FCHGREF", "FCHG", "REF"),
        ("N192REF", "N192", "REF"),
        ("NOV NONREF", "NOV", None),
        (" NTRFREF", "NTRF", "REF"),
        ("S   X", "S", "X"),
        ("NMSC", "NMSC", None),
        ("ntrfref", "NTRF", "ref"),
    ],
)
def test_type_codes(rest: str, code: str, reference: str | None) -> None:
    line = entry("2601050105C1,00" + rest)

    assert (line.proprietary_code, line.end_to_end_id) == (code, reference)


def test_a_missing_type_code_is_reported_and_the_rest_is_the_reference() -> None:
    content = message(":61:2601050105C1,00TIDXTEST//REFERENCE")

    (line,) = lines(content)

    assert (line.proprietary_code, line.end_to_end_id, line.bank_reference) == (None, "TIDXTEST", "REFERENCE")
    assert diagnostics(content)["type-missing"].where == "line 5"


@pytest.mark.parametrize(
    ("rest", "own", "bank"),
    [
        ("A//B", "A", "B"),
        ("A/B//C", "A/B", "C"),
        ("A///C", "A", "/C"),
        ("//C", None, "C"),
        ("A", "A", None),
        ("", None, None),
        ("NONREF//NONREF", None, None),
        ("KREF+//B", None, "B"),
        ("LONGER THAN SIXTEEN SIGNS//AND SO IS THE BANKS", "LONGER THAN SIXTEEN SIGNS", "AND SO IS THE BANKS"),
        ("A //B ", "A", "B"),
        ("A//B//C", "A", "B//C"),
        ("NONREFX", "NONREFX", None),
    ],
)
def test_references_are_split_at_the_first_double_slash(rest: str, own: str | None, bank: str | None) -> None:
    line = entry(f"2601050105C1,00NTRF{rest}")

    assert (line.end_to_end_id, line.bank_reference) == (own, bank)


def test_the_owners_reference_is_kept_beside_the_end_to_end_id() -> None:
    line = entry("2601050105D1,00NTRFOUR-17", "/EREF/E2E-9/REMI/text")
    other = entry("2601050105D1,00NTRFOUR-17", "text without a reference")

    assert (line.end_to_end_id, line.instruction_id) == ("E2E-9", "OUR-17")
    assert (other.end_to_end_id, other.instruction_id) == ("OUR-17", None)


def test_a_cheque_number_is_a_check_number() -> None:
    assert entry("2601050105D800,00NCHK16703074").check_number == "16703074"


def test_several_texts_of_one_entry_are_all_kept() -> None:
    content = message(ENTRY, ":86:one", ":86:two", ":86:three", closing="10,")

    assert [line.remittance for line in lines(content)] == ["one\ntwo\nthree"]


def test_a_text_of_any_length_is_kept_whole() -> None:
    long = "".join(f"{number:05}" for number in range(4000))
    field86 = "\r\n".join(long[at : at + 65] for at in range(0, len(long), 65))

    assert entry("2601050105C1,00NTRFNONREF", field86).remittance == long


def test_text_behind_the_balances_belongs_to_the_statement() -> None:
    statement = only(message(ENTRY, ":86:of the line", closing="10,") + ":64:C260131EUR10,\r\n:86:of the statement\r\n")

    assert [line.remittance for line in statement.lines] == ["of the line"]
    assert statement.header.extra == (("86", "of the statement"),)


def test_text_before_the_first_entry_belongs_to_the_statement() -> None:
    statement = only(message(":86:For your information", ":86:IBAN DE89", ENTRY, closing="10,"))

    assert statement.header.extra == (("86", "For your information"), ("86", "IBAN DE89"))
    assert [line.remittance for line in statement.lines] == [None]


@pytest.mark.parametrize(
    "typed",
    [
        ":20:FAKE",
        ":20:FAKE\r\n:25:12345",
        ":25:12345",
        ":28C:1",
        ":60F:C260101EUR9,",
        ":12:11",
        ":13:15 o'clock",
        ":62F:my text",
        ":940:",
        ":NSF:x",
        "20:44:45 o'clock",
    ],
)
def test_text_that_looks_like_a_tag_is_text(typed: str) -> None:
    content = message(ENTRY, f":86:before\r\n{typed}\r\nafter", ":61:2601050105C5,00NTRFNONREF//B2", closing="15,")

    statement = only(content)

    assert statement.header.message_id == "TEST"
    assert statement.header.account == IBAN
    assert statement.header.balanced is True
    first, second = statement.lines
    assert first.remittance == "before\n" + typed.replace("\r\n", "\n") + "\nafter"
    assert (second.amount, second.bank_reference) == (500, "B2")


def test_a_typed_closing_balance_does_not_hide_the_entries_behind_it() -> None:
    content = message(ENTRY, ":86:x\r\n:62F:C260105EUR1,00", ":61:2601050105C5,00NTRFNONREF", closing="15,")

    statement = only(content)

    assert [line.amount for line in statement.lines] == [1000, 500]
    assert (statement.header.closing_balance, statement.header.balanced) == (1500, True)
    assert diagnostics(content)["entry-after-closing"].severity == Severity.ERROR


def test_a_missing_closing_balance_does_not_swallow_the_next_message() -> None:
    content = message(ENTRY, ":86:text", closing=None) + message(ENTRY, closing="10,")

    first, second = statements(content)

    assert (len(first.lines), len(second.lines)) == (1, 1)
    assert (first.header.balanced, second.header.balanced) == (None, True)


def test_one_bad_entry_costs_no_other() -> None:
    content = message(
        ENTRY, ":86:a", ":61:nonsense", ":86:lost", ":61:2601050105C5,00NTRFNONREF", ":86:b", closing="15,"
    )

    assert [(line.amount, line.remittance) for line in lines(content)] == [(1000, "a"), (500, "b")]
    found = diagnostics(content)
    assert (found["bad-entry"].severity, found["bad-entry"].where) == (Severity.ERROR, "line 7")
    assert "lost" in found["text-without-entry"].message


def test_fragments_are_read_as_far_as_they_go() -> None:
    found = lines(":61:1409010902DR1,62NTRF55549//025498557/000001\n:86:171?00SEPA?20SVWZ+FOO\n", currency="EUR")

    assert [(line.amount, line.bank_reference, line.remittance) for line in found] == [
        (-162, "025498557/000001", "FOO")
    ]


def test_a_file_that_names_no_currency_says_so_and_takes_the_callers() -> None:
    content = f":20:X\n:25:{IBAN}\n:28C:1\n:61:260105C500,01NTRFNONREF\n"

    assert [(line.amount, line.currency) for line in lines(content)] == [(50001, NO_CURRENCY)]
    assert diagnostics(content)["currency-missing"].severity == Severity.ERROR
    assert [(line.amount, line.currency) for line in lines(content, currency="SEK")] == [(50001, "SEK")]
    assert "currency-missing" not in diagnostics(content, currency="SEK")


def test_the_closing_balance_names_the_currency_where_the_opening_one_is_missing() -> None:
    content = f":20:X\n:25:{IBAN}\n:28C:1\n:61:260105C500,NTRFNONREF\n:62F:C260131JPY500,\n"

    assert [(line.amount, line.currency) for line in lines(content)] == [(500, "JPY")]


def test_balances_in_another_currency_are_an_error() -> None:
    content = message(ENTRY).replace(":62F:C260131EUR", ":62F:C260131RON")

    assert diagnostics(content)["balance-currency-differs"].severity == Severity.ERROR


def test_a_balance_that_can_not_be_read_is_an_error_and_the_lines_are_kept() -> None:
    content = message(ENTRY).replace(":62F:C260131EUR0,", ":62F:C260131EUR11 22,")

    assert [line.amount for line in lines(content)] == [1000]
    assert only(content).header.closing_balance is None
    assert diagnostics(content)["bad-balance"].where == "line 6"


def test_a_balance_that_stands_twice_is_an_error() -> None:
    content = message(":60F:C260101EUR99,", ENTRY, closing="10,")

    assert only(content).header.opening_balance == 0
    assert diagnostics(content)["tag-repeated"].severity == Severity.ERROR


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("Müller Straße Łódź".encode(), None),
        (b"\xef\xbb\xbf", None),
        ("Müller Straße".encode("cp1252"), "encoding-fallback"),
        ("Göteborgs Åkeri".encode("cp850"), "encoding-fallback"),
    ],
)
def test_texts_in_any_encoding_are_letters(data: bytes, code: str | None) -> None:
    before, after = message(ENTRY, ":86:@", closing="10,").encode().split(b"@")
    bom = data.startswith(b"\xef\xbb\xbf")
    content = data + before + b"x" + after if bom else before + data + after

    found = diagnostics(content)

    assert [code] == [one for one in found if one.startswith("encoding")] if code else not found
    wanted = {None: "Müller Straße Łódź", "encoding-fallback": ""}[code]
    (line,) = lines(content)
    assert only(content).header.message_id == "TEST"
    if not bom:
        assert line.remittance == (wanted or data.decode("cp850" if b"\x94" in data else "cp1252"))


@pytest.mark.parametrize(
    ("text", "codec", "currency"),
    [
        ("Csoportos átutalás jóváírása összevont utalás", "cp852", "HUF"),
        ("ZAKŁAD USŁUG KOMUNALNYCH SPÓŁKA ŹRÓDŁO ŚWIĘTE", "iso8859-2", "PLN"),
        ("ZAKŁAD USŁUG KOMUNALNYCH SPÓŁKA ŹRÓDŁO ŚWIĘTE", "cp1250", "PLN"),
        ("återbetalning för överskjutande möbler", "cp850", "SEK"),
        ("Gebührenabrechnung für Möbel größer", "cp1252", "EUR"),
    ],
)
def test_the_old_code_pages_are_told_by_their_letters(text: str, codec: str, currency: str) -> None:
    content = message(ENTRY, f":86:{text}", currency=currency, closing="10,").encode(codec)

    assert [line.remittance for line in lines(content)] == [text]
    assert codec in diagnostics(content)["encoding-fallback"].message


def test_the_callers_encoding_wins_where_the_text_is_no_utf_8() -> None:
    content = message(ENTRY, ":86:Möller", closing="10,")

    assert [line.remittance for line in lines(content.encode("cp852"), encoding="cp852")] == ["Möller"]
    assert [line.remittance for line in lines(content.encode(), encoding="cp852")] == ["Möller"]


def test_utf_16_is_read() -> None:
    content = message(ENTRY, ":86:Łódź", closing="10,").encode("utf-16")

    assert [line.remittance for line in lines(content)] == ["Łódź"]


def test_an_interim_report_is_a_report_with_control_sums_and_expected_entries() -> None:
    content = (
        f":20:R\n:25:{IBAN}\n:28C:1/1\n:34F:EURD0,\n:34F:EURC50,\n:13D:2601051430-0330\n{ENTRY}\n:86:booked\n"
        ":61:2601050105EC7,00NTRFNONREF\n:61:2601050105ED2,00NTRFNONREF\n:90D:1EUR2,00\n:90C:2EUR17,00\n:86:end\n-\n"
    )

    statement = only(content)

    assert (statement.header.format, statement.header.kind, statement.header.currency) == ("mt942", "report", "EUR")
    assert statement.header.created_at is not None
    assert statement.header.created_at.isoformat() == "2026-01-05T14:30:00-03:30"
    assert [(line.amount, line.status) for line in statement.lines] == [
        (1000, "booked"),
        (700, "pending"),
        (-200, "pending"),
    ]
    assert statement.header.extra == (("34F", "EURD0,"), ("34F", "EURC50,"), ("86", "end"))
    assert not statement.diagnostics
    totals = [event for event in events(content.encode()) if isinstance(event, ControlTotals)]
    assert [(one.debit_count, one.debit_sum, one.credit_count, one.credit_sum) for one in totals] == [
        (1, 200, None, None),
        (None, None, 2, 1700),
    ]


def test_a_currency_that_is_none_is_not_believed() -> None:
    content = f":20:R\n:25:{IBAN}\n:34F:QQQ0,\n:13D:2601051430+0000\n{ENTRY}\n:90C:1QQQ10,00\n"

    assert [line.currency for line in lines(content)] == [NO_CURRENCY]
    assert {"currency-missing", "bad-sum"} <= set(diagnostics(content))
    with pytest.raises(UnknownCurrency):
        statements(content, currency="QQQ")


def test_control_sums_that_differ_are_reported() -> None:
    content = f":20:R\n:25:{IBAN}\n:34F:EUR0,\n:13D:2601051430+0000\n{ENTRY}\n:90D:0EUR0,\n:90C:2EUR17,00\n"

    assert diagnostics(content)["control-total-differs"].where == "line 7"


def test_reports_without_closing_stay_apart() -> None:
    one = f":20:R\n:25:{IBAN}\n:28C:1\n:34F:EUR0,\n:13D:2601051430+0000\n{ENTRY}\n:86:text\n"

    found = statements(one * 3)

    assert [[line.remittance for line in s.lines] for s in found] == [["text"]] * 3


def test_ns_fields_belong_to_the_entry_or_the_statement() -> None:
    content = message(
        ":NS:22Owner",
        ENTRY,
        ":NS:01Purpose 1\r\n02Purpose 2\r\n15Nordwind\r\n17POSTING\r\n1812345",
        ":86:text",
        closing="10,",
    )

    statement = only(content)
    (line,) = statement.lines

    assert statement.header.extra == (("NS", "22Owner"),)
    assert (line.remittance, line.counterparty_name, line.additional_info) == (
        "text\nPurpose 1\nPurpose 2",
        "Nordwind",
        "POSTING",
    )
    assert line.extra == (("NS/18", "12345"),)


@pytest.mark.parametrize(
    ("content", "least"),
    [
        (message(ENTRY), 100),
        (f":25:{IBAN}\n:28C:1\n", 100),
        ("ABNANL2A\n940\nABNANL2A\n" + message(ENTRY), 100),
        ("some title\n\n" + message(ENTRY), 100),
        (":61:260105C1,00NTRFNONREF\n", 90),
        (":62F:C260131EUR1,00\n", 90),
        (":86:091\n", 40),
        (b"\xef\xbb\xbf" + message(ENTRY).encode(), 100),
        (message(ENTRY).encode("utf-16"), 100),
        (b"\x01:20:X\r\n:25:1\r\n", 100),
    ],
)
def test_a_file_is_recognised_by_its_content(content: str | bytes, least: int) -> None:
    assert sniff(content) >= least


@pytest.mark.parametrize(
    "content",
    [
        "",
        "1\n2\n3\n",
        '<?xml version="1.0"?>\n<a>\n:20:X\n:25:Y\n</a>',
        "a sentence: of no format",
        "date;amount\n1;2\n",
    ],
)
def test_another_file_is_not_claimed(content: str) -> None:
    assert sniff(content) == 0
    with pytest.raises(UnknownFormat):
        statements(content)


def test_a_file_whose_tags_are_no_message_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        events(b"no tag at all")


def test_every_diagnostic_has_a_place() -> None:
    content = message(":61:x", ":86:y", ":61:260230C1.5NTRFNONREF", opening="x", closing="y")

    found = [event for event in events(content.encode()) if isinstance(event, Diagnostic)]

    assert found
    assert all(one.where.startswith("line ") and one.message for one in found)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (["x" * 57 + "1234", "5678 rest"], "x" * 57 + "12345678 rest"),
        (["x" * 57 + "1234", "y" * 61, "z" * 65, "rest"], "x" * 57 + "1234" + "y" * 61 + "z" * 65 + "rest"),
        (["x" * 60 + " ", "rest"], "x" * 60 + " rest"),
        (["first", "x" * 61, "rest"], "first\n" + "x" * 61 + "\nrest"),
        (["x" * 60, "rest"], "x" * 60 + "\nrest"),
    ],
)
def test_free_text_that_was_cut_with_its_tag_counted_is_whole_again(rows: list[str], text: str) -> None:
    (line,) = lines(message(ENTRY, ":86:" + "\r\n".join(rows)))

    assert line.remittance == text
