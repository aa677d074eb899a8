"""The rules of domain sections 1.2 and 2: amounts, status, reversals, batches, charges, returns, pages, sums, texts."""

from __future__ import annotations

from datetime import date

import pytest

from recon_core.domain.currency import EXPONENTS, NO_CURRENCY
from recon_core.domain.statement import AMOUNT_UNKNOWN
from tests.parsers.camt_files import (
    ACCOUNT,
    amounts,
    balance,
    codes,
    details,
    document,
    entry,
    line_of,
    only,
    read,
    statement,
)

OPENED = balance("OPBD", "100.00")


def proved(*entries: str, closing: str, **changes: str) -> str:
    """A statement that opens with 100.00."""
    return document(statement(*entries, balances=OPENED + balance("CLBD", closing), **changes))


# --- amounts


@pytest.mark.parametrize(
    ("text", "minor"),
    [("10", 1000), ("10.", 1000), (".5", 50), ("+5.00", 500), ("000149.87", 14987), (" 7.10\n", 710), ("8.85000", 885)],
)
def test_amounts_are_read_as_decimals_of_the_schema(text: str, minor: int) -> None:
    assert line_of(entry(text)).amount == minor


@pytest.mark.parametrize(
    "text", ["-5.00", "1_000", "NaN", "1E5", "1,50", "1.000,50", "٣.00", "8.855", "9" * 20, "", "5.00 EUR", "²", "0x10"]
)
def test_what_is_no_amount_is_told_and_the_rest_is_read(text: str) -> None:
    found = only(document(statement(entry(text), entry("20.00"))))

    bad, good = found.lines
    assert (bad.amount, AMOUNT_UNKNOWN in bad.extra) == (0, True)
    assert good.amount == 2000
    assert codes(found) == ["bad-amount"]
    assert found.diagnostics[0].where.startswith("entry 1 at byte ")


def test_an_entry_without_amount_or_direction_is_told_and_the_rest_is_read() -> None:
    found = only(document(statement(entry(None), entry(direction="UP"), entry("20.00"))))

    assert [line.amount for line in found.lines] == [0, 0, 2000]
    assert codes(found) == ["bad-amount", "bad-amount"]


@pytest.mark.parametrize("currency", sorted(set(EXPONENTS) - {NO_CURRENCY}))
def test_every_currency_has_its_decimals(currency: str) -> None:
    places = EXPONENTS[currency]
    text = "12" + ("." + "345678"[:places] if places else "")

    line = line_of(entry(text, ccy=currency))

    assert (line.amount, line.currency) == (int("12" + "345678"[:places]), currency)


@pytest.mark.parametrize("currency", ["JPY", "KWD", "EUR", "CLF"])
def test_more_decimals_than_a_currency_has_must_be_zeros(currency: str) -> None:
    places = EXPONENTS[currency]

    assert line_of(entry(f"1.{'0' * 5}", ccy=currency)).amount == 10**places
    assert AMOUNT_UNKNOWN in line_of(entry(f"1.{'0' * places}1", ccy=currency)).extra


def test_an_unknown_currency_is_told() -> None:
    found = only(document(statement(entry(ccy="ZZZ"))))

    assert codes(found)[:1] == ["unknown-currency"]
    assert AMOUNT_UNKNOWN in next(iter(found.lines)).extra


def test_a_zero_amount_is_kept() -> None:
    assert line_of(entry("0.00")).amount == 0


def test_a_line_in_another_currency_is_told_and_not_summed() -> None:
    found = only(proved(entry("10.00"), entry("5.00", ccy="SEK"), closing="110.00"))

    assert found.header.balanced is True
    assert codes(found) == ["line-currency-differs"]


# --- dates


@pytest.mark.parametrize(
    "text",
    [
        "<Dt>2026-03-01</Dt>",
        "<Dt>2026-03-01Z</Dt>",
        "<Dt>2026-03-01+14:00</Dt>",
        "<DtTm>2026-03-01T23:59:59.9-11:00</DtTm>",
    ],
)
def test_a_day_is_the_day_that_is_written(text: str) -> None:
    line = line_of(entry().replace("<Dt>2026-01-30</Dt>", text))

    assert line.booking_date == date(2026, 3, 1)


@pytest.mark.parametrize("text", ["20260301", "2026-W09-7", "2026-02-30", "01.03.2026", "2026-3-1"])
def test_what_is_no_day_is_told_and_the_line_is_read(text: str) -> None:
    found = only(document(statement(entry().replace("2026-01-30", text))))

    (line,) = found.lines
    assert (line.booking_date, line.amount) == (None, 1000)
    assert codes(found) == ["bad-date"]


def test_an_entry_may_have_no_dates() -> None:
    bare = entry().replace("<BookgDt><Dt>2026-01-30</Dt></BookgDt><ValDt><Dt>2026-01-31</Dt></ValDt>", "")

    line = line_of(bare)

    assert (line.booking_date, line.value_date) == (None, None)


# --- status


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("BOOK", "booked"),
        ("<Cd>BOOK</Cd>", "booked"),
        (" PDNG\n", "pending"),
        ("<Cd>INFO</Cd>", "info"),
        ("<Cd>FUTR</Cd>", "future"),
        ("<Prtry>BOOK</Prtry>", "booked"),
        ("<Prtry>HELD</Prtry>", "info"),
    ],
)
def test_the_status_is_read_in_all_its_forms(status: str, wanted: str) -> None:
    assert line_of(entry(status=status)).status == wanted


def test_a_time_of_the_message_that_is_none_is_told() -> None:
    data = document(statement(entry())).replace("<CreDtTm>2026-01-31T", "<CreDtTm>2026-99-31T")

    assert codes(only(data)) == ["bad-date"]


def test_an_unknown_status_is_told_and_kept() -> None:
    found = only(document(statement(entry(status="<Prtry>HELD</Prtry>"))))

    assert codes(found) == ["status-unknown"]
    assert ("Sts", "HELD") in next(iter(found.lines)).extra


def test_only_booked_entries_take_part_in_the_proof() -> None:
    found = only(proved(entry("10.00"), entry("99.00", status="PDNG"), entry("1.00", status="INFO"), closing="110.00"))

    assert found.header.balanced is True
    assert found.header.line_count == 3


# --- balances


def test_a_statement_that_does_not_add_up_says_by_how_much() -> None:
    found = only(proved(entry("10.00"), closing="111.00"))

    assert found.header.balanced is False
    assert codes(found) == ["balance-mismatch"]
    assert "1.00" in found.diagnostics[0].message
    assert found.diagnostics[0].severity == "error"


def test_without_a_balance_there_is_no_proof() -> None:
    assert only(document(statement(entry(), balances=OPENED))).header.balanced is None


def test_the_previous_closing_balance_opens_where_there_is_no_opening() -> None:
    balances = balance("PRCD", "100.00") + balance("CLBD", "110.00")

    header = only(document(statement(entry(), balances=balances))).header

    assert (header.opening_balance, header.balanced) == (10000, True)


def test_available_balances_never_take_part() -> None:
    balances = (
        balance("OPAV", "1.00") + OPENED + balance("CLAV", "2.00") + balance("CLBD", "110.00") + balance("XPCD", "3")
    )

    header = only(document(statement(entry(), balances=balances))).header

    assert (header.opening_balance, header.closing_balance, header.available_balance) == (10000, 11000, 200)
    assert header.balanced is True
    assert ("Bal/OPAV", "1.00 EUR") in header.extra


def test_a_debit_balance_is_negative() -> None:
    balances = balance("OPBD", "100.00", direction="DBIT") + balance("CLBD", "90.00", direction="DBIT")

    header = only(document(statement(entry(), balances=balances))).header

    assert (header.opening_balance, header.closing_balance, header.balanced) == (-10000, -9000, True)


def test_a_balance_with_a_minus_sign_is_told_and_proves_nothing() -> None:
    found = only(document(statement(entry(), balances=balance("OPBD", "-100.00") + balance("CLBD", "110.00"))))

    assert codes(found) == ["bad-amount"]
    assert found.header.balanced is None


def test_balances_in_another_currency_prove_nothing() -> None:
    found = only(document(statement(entry(), balances=OPENED + balance("CLBD", "110.00", ccy="SEK"))))

    assert found.header.balanced is False
    assert codes(found) == ["balance-currency-differs"]


# --- reversals


@pytest.mark.parametrize("flag", ["true", " 1 ", "\n\ttrue"])
def test_a_reversal_with_its_own_direction_is_proved(flag: str) -> None:
    found = only(proved(entry("30.00", "CRDT", reversal=flag), closing="130.00"))

    (line,) = found.lines
    assert (line.amount, line.reversal, found.header.balanced) == (3000, True, True)
    assert found.header.reversals_inverted is False


def test_a_reversal_with_the_original_direction_is_turned_round() -> None:
    found = only(proved(entry("5.00"), entry("30.00", "DBIT", reversal="true"), closing="135.00"))

    assert [line.amount for line in found.lines] == [500, 3000]
    assert found.header.reversals_inverted is True
    assert found.header.balanced is True
    assert codes(found) == ["reversals-inverted"]


def test_reversals_that_add_up_to_nothing_are_held() -> None:
    found = only(proved(entry("5.00", "CRDT", reversal="1"), entry("5.00", "DBIT", reversal="1"), closing="100.00"))

    assert codes(found) == ["reversal-direction-unproven"]
    assert found.diagnostics[0].severity == "error"


def test_reversals_that_prove_neither_way_are_held() -> None:
    found = only(proved(entry("5.00", "CRDT", reversal="1"), closing="999.00"))

    assert found.header.balanced is False
    assert codes(found) == ["balance-mismatch"]


@pytest.mark.parametrize(
    ("habit", "amount", "told"), [(None, 3000, ["reversal-direction-unproven"]), (True, -3000, []), (False, 3000, [])]
)
def test_without_balances_the_habit_of_the_bank_decides(habit: bool | None, amount: int, told: list[str]) -> None:
    xml = document(statement(entry("30.00", "CRDT", reversal="true"), kind="052"), kind="052")

    found = only(xml, reversals_inverted=habit)

    assert [line.amount for line in found.lines] == [amount]
    assert codes(found) == told


# --- entry and details


def test_a_batch_keeps_its_entry_and_the_amounts_of_its_transactions() -> None:
    line = line_of(entry("60.00", inside=details(amounts("10.00"), amounts("20.00"), amounts("30.00"))))

    assert line.amount == 6000
    assert [one.amount for one in line.details] == [1000, 2000, 3000]
    assert line.batch_count == 3


def test_a_batch_without_amounts_never_gives_the_entry_s_amount_to_its_transactions() -> None:
    refs = [f"<Refs><EndToEndId>E{n}</EndToEndId></Refs>" for n in range(3)]

    line = line_of(entry("60.00", inside=details(*refs)))

    assert [(one.amount, AMOUNT_UNKNOWN in one.extra) for one in line.details] == [(0, True)] * 3
    assert [one.end_to_end_id for one in line.details] == ["E0", "E1", "E2"]


def test_a_batch_in_another_currency_keeps_the_original_amounts() -> None:
    line = line_of(entry("92.59", inside=details(amounts("50.00", "USD"), amounts("50.00", "USD"))))

    assert [(one.amount, one.original_amount, one.original_currency) for one in line.details] == [(0, 5000, "USD")] * 2
    assert line.amount == 9259


def test_a_batch_that_does_not_add_up_is_told() -> None:
    found = only(document(statement(entry("60.00", inside=details(amounts("10.00"), amounts("20.00"))))))

    assert codes(found) == ["details-differ"]


def test_a_transaction_with_its_own_direction_counts_against_the_batch() -> None:
    back = '<Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>'

    found = only(document(statement(entry("10.00", inside=details(amounts("15.00"), back)))))

    assert [one.amount for one in next(iter(found.lines)).details] == [1500, -500]
    assert codes(found) == []


def test_charges_inside_a_batch_are_taken_off_so_that_the_sum_holds() -> None:
    costs = '<Chrgs><Rcrd><Amt Ccy="EUR">1.00</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>'

    found = only(
        document(statement(entry("28.00", inside=details(amounts("10.00") + costs, amounts("20.00") + costs))))
    )

    (line,) = found.lines
    assert [(one.amount, one.charges) for one in line.details] == [(900, 100), (1900, 100)]
    assert codes(found) == []


def test_the_single_transactions_of_several_detail_blocks_are_all_read() -> None:
    line = line_of(entry("30.00", inside=details(amounts("10.00")) + details(amounts("20.00"))))

    assert [one.amount for one in line.details] == [1000, 2000]


def test_a_sum_post_says_how_many_it_stands_for() -> None:
    batch = '<Btch><MsgId>M</MsgId><PmtInfId>P</PmtInfId><NbOfTxs>5</NbOfTxs><TtlAmt Ccy="EUR">10.00</TtlAmt></Btch>'

    line = line_of(entry("10.00", inside=details(batch=batch)))

    assert (line.batch_count, line.message_id, line.payment_information_id, line.details) == (5, "M", "P", ())


def test_a_batch_whose_count_or_total_differs_is_told() -> None:
    batch = '<Btch><NbOfTxs>3</NbOfTxs><TtlAmt Ccy="EUR">31.00</TtlAmt></Btch>'

    found = only(document(statement(entry("30.00", inside=details(amounts("10.00"), amounts("20.00"), batch=batch)))))

    assert codes(found) == ["batch-count-differs", "batch-total-differs"]


def test_one_shown_transaction_of_a_batch_does_not_lend_its_references_to_the_sum() -> None:
    batch = "<Btch><NbOfTxs>2</NbOfTxs></Btch>"
    one = f"<Refs><EndToEndId>E1</EndToEndId></Refs>{amounts('10.00')}"

    line = line_of(entry("30.00", inside=details(one, batch=batch)))

    assert line.end_to_end_id is None
    assert [detail.end_to_end_id for detail in line.details] == ["E1"]


def test_text_of_the_entry_is_not_copied_to_every_transaction() -> None:
    line = line_of(entry("30.00", inside=details(amounts("10.00"), amounts("20.00")), info="batch"))

    assert line.additional_info == "batch"
    assert [one.additional_info for one in line.details] == [None, None]


# --- charges


def test_a_single_transaction_with_charges_keeps_the_entry_s_amount() -> None:
    costs = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">26.00</TtlChrgsAndTaxAmt></Chrgs>'

    line = line_of(entry("1526.00", "DBIT", inside=details(amounts("1500.00") + costs)))

    assert (line.amount, line.charges) == (-152600, 2600)
    assert ("TxDtls/Amt", "-1500.00 EUR") in line.extra
    assert not [name for name, _ in line.extra if name == "unexplained-difference"]


def test_a_difference_that_no_charges_explain_is_kept() -> None:
    line = line_of(entry("87.50", inside=details(amounts("100.00"))))

    assert line.amount == 8750
    assert ("unexplained-difference", "12.50 EUR") in line.extra


def test_charges_of_both_generations_add_up() -> None:
    flat = '<Chrgs><Amt Ccy="EUR">1.00</Amt></Chrgs><Chrgs><Amt Ccy="EUR">2.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs>'
    records = '<Chrgs><Rcrd><Amt Ccy="EUR">4.00</Amt></Rcrd><Rcrd><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd></Chrgs>'

    assert line_of(entry(inside=details(flat))).charges == 300
    assert line_of(entry(inside=details(records))).charges == 300
    assert line_of(entry(inside=flat)).charges == 300


def test_charges_in_another_currency_are_kept_but_not_counted() -> None:
    line = line_of(entry(inside=details('<Chrgs><Amt Ccy="USD">1.00</Amt></Chrgs>')))

    assert line.charges is None
    assert ("Chrgs/Amt", "1.00 USD") in line.extra


# --- returned payments

BOTH = (
    "<RltdPties><Dbtr><Nm>{0}</Nm></Dbtr><DbtrAcct><Id><IBAN>{1}</IBAN></Id></DbtrAcct>"
    "<Cdtr><Nm>{2}</Nm></Cdtr><CdtrAcct><Id><IBAN>{3}</IBAN></Id></CdtrAcct></RltdPties>"
)
OURS, THEIRS = ("Us", "DE89370400440532013000"), ("Them", "FI2112345600000785")
RETURNED = "<RtrInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>unknown account</AddtlInf></RtrInf>"


@pytest.mark.parametrize("direction", ["CRDT", "DBIT"])
@pytest.mark.parametrize("roles_swapped", [False, True])
def test_a_returned_payment_is_with_the_other_side_in_either_habit(direction: str, roles_swapped: bool) -> None:
    """Our account tells which side is ours, whether the bank keeps the roles of the original payment or not."""
    kept = (OURS, THEIRS) if direction == "CRDT" else (THEIRS, OURS)
    debtor, creditor = reversed(kept) if roles_swapped else kept
    inside = details(BOTH.format(*debtor, *creditor) + RETURNED)

    line = line_of(entry(direction=direction, inside=inside))

    assert (line.counterparty_name, line.counterparty_account) == THEIRS
    assert line.return_reason == "AC01"
    assert line.additional_info == "unknown account"


def test_our_account_is_known_again_however_it_is_written() -> None:
    account = "<Acct><Id><Othr><Id>123 45-6 a</Id></Othr></Id><Ccy>EUR</Ccy></Acct>"
    parties = (
        "<RltdPties><Dbtr><Nm>Them</Nm></Dbtr><Cdtr><Nm>Us</Nm></Cdtr>"
        "<CdtrAcct><Id><Othr><Id>12345-6A</Id></Othr></Id></CdtrAcct></RltdPties>"
    )

    (line,) = only(document(statement(entry(inside=details(parties + RETURNED)), account=account))).lines

    assert line.counterparty_name == "Them"


def test_without_accounts_a_returned_payment_keeps_its_roles() -> None:
    parties = "<RltdPties><Dbtr><Nm>Us</Nm></Dbtr><Cdtr><Nm>Them</Nm></Cdtr></RltdPties>"

    assert line_of(entry("10.00", "CRDT", inside=details(parties + RETURNED))).counterparty_name == "Them"
    assert line_of(entry("10.00", "DBIT", inside=details(parties + RETURNED))).counterparty_name == "Us"


def test_the_owner_s_name_tells_our_side_too() -> None:
    account = "<Acct><Id><Othr><Id>77</Id></Othr></Id><Ccy>EUR</Ccy><Ownr><Nm>Us</Nm></Ownr></Acct>"
    parties = "<RltdPties><Dbtr><Nm>Them</Nm></Dbtr><Cdtr><Nm>Us</Nm></Cdtr></RltdPties>"

    (line,) = only(document(statement(entry(inside=details(parties + RETURNED)), account=account))).lines

    assert line.counterparty_name == "Them"


# --- messages, pages, sums


def test_several_accounts_and_currencies_in_one_file_stay_apart() -> None:
    other = ACCOUNT.replace("EUR", "SEK")
    xml = document(
        statement(entry("1.00"), identity="A"), statement(entry("2.00", ccy="SEK"), identity="B", account=other)
    )

    found = read(xml)

    assert [(one.header.statement_id, one.header.currency, [line.amount for line in one.lines]) for one in found] == [
        ("A", "EUR", [100]),
        ("B", "SEK", [200]),
    ]


def test_an_empty_statement_is_a_statement() -> None:
    found = only(document(statement(balances=OPENED + balance("CLBD", "100.00"))))

    assert (len(found.lines), found.header.balanced, found.header.line_count) == (0, True, 0)


def test_a_notification_has_no_balances_and_no_proof() -> None:
    found = only(document(statement(entry(), kind="054"), kind="054"))

    assert (found.header.kind, found.header.balanced) == ("notification", None)


def test_pages_of_one_statement_are_proved_together() -> None:
    def page(number: int, last: str, entries: str, balances: str) -> str:
        pages = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>"
        return statement(entries, before=pages, balances=balances)

    first = page(1, "false", entry("10.00"), OPENED)
    inner = page(2, "false", entry("20.00"), "")
    last = page(3, "true", entry("30.00"), balance("CLBD", "160.00"))

    found = read(document(first, inner, last))

    assert [one.header.balanced for one in found] == [None, None, True]
    assert [codes(one) for one in read(document(first, last))] == [[], ["page-missing"]]
    wrong = last.replace("160.00", "161.00")
    assert [codes(one) for one in read(document(first, inner, wrong))] == [[], [], ["balance-mismatch"]]


def test_carried_balances_prove_each_page() -> None:
    pages = "<StmtPgntn><PgNb>{}</PgNb><LastPgInd>{}</LastPgInd></StmtPgntn>"
    carry = balance("ITBD", "110.00", sub="INTM")
    first = statement(entry("10.00"), before=pages.format(1, "false"), balances=OPENED + carry)
    last = statement(entry("5.00"), before=pages.format(2, "true"), balances=carry + balance("CLBD", "115.00"))

    found = read(document(first, last))

    assert [one.header.balanced for one in found] == [True, True]
    wrong = last.replace(carry, balance("ITBD", "111.00", sub="INTM")).replace("115.00", "116.00")
    assert [codes(one) for one in read(document(first, wrong))] == [[], ["page-carry-differs"]]


def test_control_sums_that_differ_are_told() -> None:
    summary = (
        "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><TtlNetNtry><Amt>9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></TtlNetNtry>"
        "</TtlNtries><TtlCdtNtries><NbOfNtries>2</NbOfNtries><Sum>30.00</Sum></TtlCdtNtries>"
        "<TtlDbtNtries><NbOfNtries>0</NbOfNtries><Sum>0</Sum></TtlDbtNtries></TxsSummry>"
    )
    right, wrong = (entry("10.00"), entry("20.00")), (entry("10.00"),)

    assert codes(only(document(statement(*right, summary=summary.replace("9.00", "30.00"))))) == []
    assert codes(only(document(statement(*wrong, summary=summary)))) == ["control-total-differs"] * 4


def test_control_sums_may_count_pending_entries() -> None:
    summary = "<TxsSummry><TtlCdtNtries><NbOfNtries>2</NbOfNtries><Sum>30.00</Sum></TtlCdtNtries></TxsSummry>"

    found = only(document(statement(entry("10.00"), entry("20.00", status="PDNG"), summary=summary)))

    assert codes(found) == []


def test_a_wrong_iban_of_the_account_is_told() -> None:
    assert codes(only(document(statement(account=ACCOUNT.replace("DE89", "DE88"))))) == ["iban-check-digits"]


def test_a_namespace_that_contradicts_the_message_is_told() -> None:
    found = only(document(statement(entry())).replace("camt.053.001.08", "camt.052.001.08"))

    assert found.header.format == "camt.053"
    assert codes(found) == ["namespace-differs"]


def test_where_names_the_byte_of_the_entry() -> None:
    xml = document(statement(entry("1.00"), entry("2.00"), entry("3.00")))

    for line in only(xml).lines:
        assert line.where is not None
        at = int(line.where.rpartition(" ")[2])
        assert xml.encode()[at:].startswith(b'<Ntry><Amt Ccy="EUR">' + f"{line.line_index}.00".encode())
