"""`:86:` in the dialects of banks: every part lands in its field, and nothing is lost."""

from __future__ import annotations

import re

import pytest

from recon_core.domain.statement import StatementLine
from tests.parsers.mt940_files import diagnostics, entry, lines, message, text, wrapped

GERMAN = {
    "EREF+E2E-1": "end_to_end_id",
    "KREF+K-1": "instruction_id",
    "MREF+M-1": "mandate_id",
    "SVWZ+the text": "remittance",
    "ABWA+Other Payer": "ultimate_counterparty",
    "ABWE+Other Payee": "ultimate_counterparty",
    "IBAN+DE12500105170648489890": "counterparty_account",
    "BIC+COBADEFFXXX": "counterparty_bic",
    "BREF+B-1": "bank_reference",
}
SLASH = {
    "/EREF/E2E-1": "end_to_end_id",
    "/IREF/I-1": "instruction_id",
    "/KREF/I-1": "instruction_id",
    "/MARF/M-1": "mandate_id",
    "/PREF/P-1": "payment_information_id",
    "/BREF/B-1": "message_id",
    "/TXID/T-1": "transaction_id",
    "/IBAN/NL02ABNA0123456789": "counterparty_account",
    "/BIC/ABNANL2A": "counterparty_bic",
    "/ORDP//NAME/A Name B.V.": "counterparty_name",
    "/ULTD//NAME/Another One": "ultimate_counterparty",
    "/REMI/some text": "remittance",
    "/RTRN/AC04": "return_reason",
    "/ADDI/info": "additional_info",
    "/TRTP/SEPA OVERBOEKING": "additional_info",
    "/REMI//CDTRREFTP//CD/SCOR/ISSR/CUR/CDTRREF/1234567899874563": "creditor_reference",
    "/REMI/STRD/CUR/5000056789012345/": "creditor_reference",
    "/EXCH/1,0825": "exchange_rate",
}


def value_of(part: str) -> str:
    return part.rstrip("/").rsplit("/", 1)[-1] if part.startswith("/") else part.partition("+")[2]


@pytest.mark.parametrize("part", GERMAN)
def test_a_sepa_tag_fills_its_field(part: str) -> None:
    line = text(f"166?00GUTSCHRIFT?109310?20{part}?32Nordwind")

    assert getattr(line, GERMAN[part]) == value_of(part)
    assert (line.proprietary_code, line.additional_info, line.counterparty_name) == (
        "NTRF+166+9310",
        "GUTSCHRIFT",
        "Nordwind",
    )


@pytest.mark.parametrize(("part", "kept"), [("CRED+DE98ZZZ1", "CRED+"), ("DEBT+D1", "DEBT+"), ("PURP+SALA", "PURP+")])
def test_a_sepa_tag_without_a_field_is_kept(part: str, kept: str) -> None:
    assert text(f"166?00X?20{part}").extra == ((kept, value_of(part)),)


@pytest.mark.parametrize("part", SLASH)
@pytest.mark.parametrize("before", ["", "/CSID/NL36ZZZ1"])
def test_a_slash_code_fills_its_field(part: str, before: str) -> None:
    line = text(f"{before}{part}/PURP/SALA")

    wanted = value_of(part)
    assert getattr(line, SLASH[part]) == (wanted.replace(",", ".") if part.startswith("/EXCH") else wanted)
    assert ("PURP", "SALA") in line.extra
    assert (("CSID", "NL36ZZZ1") in line.extra) is bool(before)


@pytest.mark.parametrize("column", [*range(55, 64), *range(65, 76)])
@pytest.mark.parametrize(
    "field",
    [
        "166?00GUTSCHRIFT?109310?20EREF+KD-4711-2026-02-000001?21 SVWZ+RECHNUNG4711?30COBADEFFXXX?32NORDWIND?34992",
        "/EREF/E029193229178/ORDP//NAME/LUNDINSBYGG/REMI/30858/NBTX/14/ADDI/LBUTBETALNING",
    ],
)
def test_a_structured_text_is_read_alike_wherever_it_is_cut(field: str, column: int) -> None:
    assert entry("2601050105C10,00NTRFNONREF", field[:column] + "\r\n" + field[column:]) == text(field)


@pytest.mark.parametrize("column", range(6, 90))
@pytest.mark.parametrize(
    "field", ["/EREF/E029/ORDP//NAME/LUNDINS/REMI/308/NBTX/14/ADDI/LBU/RTRN/AC04/MARF/M1/PURP/SALA/CSID/X"]
)
def test_a_code_is_a_code_wherever_it_is_cut(field: str, column: int) -> None:
    cut = entry("2601050105C10,00NTRFNONREF", field[:column] + "\r\n" + field[column:])

    assert every_text(cut).replace(" ", "") == every_text(text(field)).replace(" ", "")


@pytest.mark.parametrize("columns", [55, 58, 61, 65])
def test_a_structured_text_is_read_alike_at_any_usual_width(columns: int) -> None:
    fields = (
        (
            "166?00GUTSCHRIFT?109310?20EREF+KD-4711-2026-02-0000017?21SVWZ+RECHNUNG4711VOM20012026?22UND4712"
            "?30COBADEFFXXX?31DE75512108001245126199?32NORDWIND?34992"
        ),
        (
            "/EREF/E029193229178/ORDP//NAME/LUNDINSBYGGINORRKOEPINGAKTIEBOLAG/REMI/INVOICE30858AND30859/NBTX/14"
            "/ADDI/LBUTBETALNING/OCMT/PLN3022,00/EXCH/2,619097"
        ),
    )
    for field in fields:
        assert entry("2601050105C10,00NTRFNONREF", wrapped(field, columns)) == text(field)


def test_a_slash_code_that_is_cut_in_two_is_a_code() -> None:
    assert entry("2601050105C1,00NTRFNONREF", "/EREF/A/ORDP//NAME/B/REM\r\nI/FACTUUR 7").remittance == "FACTUUR 7"
    assert entry("2601050105C1,00NTRFNONREF", "/EREF/A/\r\nREMI/FACTUUR 7").remittance == "FACTUUR 7"


def test_a_blank_that_was_lost_at_the_65th_column_comes_back() -> None:
    first = "/ORDP//NAME/NORDWIND MASCHINENBAU GMBH/REMI/".ljust(64, "x")

    assert len(first) == 64
    remittance = entry("2601050105C1,00NTRFNONREF", first + "\r\nNEXT").remittance
    assert remittance is not None
    assert remittance.endswith("x NEXT")


def test_purpose_pieces_of_27_are_joined_without_a_blank_and_shorter_ones_with() -> None:
    line = text("166?00X?20SVWZ+RECHNUNG NR 123456789?21987 VOM 01.02.2026?22ZEILE ZWEI")

    assert line.remittance == "RECHNUNG NR 123456789 987 VOM 01.02.2026 ZEILE ZWEI"
    assert text("166?00X?20SVWZ+RECHNUNG NR 1234567890?21987").remittance == "RECHNUNG NR 1234567890987"


def test_the_purpose_goes_on_in_subfields_60_to_63() -> None:
    pieces = "".join(f"?{number}{'SVWZ+' if number == 20 else ''}{chr(45 + number) * 27}" for number in range(20, 30))

    remittance = text(f"166?00X{pieces}?30BIC1?60end of it").remittance

    assert remittance is not None
    assert remittance.endswith("end of it")


@pytest.mark.parametrize("mark", ["?", "~", "<", ">", "^", "+"])
def test_other_separators_of_numbered_subfields(mark: str) -> None:
    line = text(
        mark.join(["020", "00PRZELEW", "20FAKTURA 17", "3011401010", "31000057", "32JAN NOWAK", "38PL27114020040"])
    )

    assert (line.additional_info, line.remittance, line.counterparty_name) == ("PRZELEW", "FAKTURA 17", "JAN NOWAK")
    assert (line.counterparty_account, line.counterparty_bic) == ("PL27114020040", "11401010")
    assert line.extra == ((mark + "31", "000057"),)


def test_subfields_without_a_code_before_them() -> None:
    line = text(">20usluga biurowa>31591090205>32OFFICE GROUP")

    assert (line.remittance, line.counterparty_account, line.counterparty_name, line.proprietary_code) == (
        "usluga biurowa",
        "591090205",
        "OFFICE GROUP",
        "NTRF",
    )


def test_subfields_in_any_order_and_repeated_ones_are_kept() -> None:
    line = text("835?20Cie.?32PayPal?33 Europe?20 SEPA?99own?00POSTING?31 123 ?11x")

    assert (line.remittance, line.counterparty_name, line.additional_info) == ("Cie.  SEPA", "PayPal Europe", "POSTING")
    assert (line.counterparty_account, line.extra) == ("123", (("?99", "own"), ("?11", "x")))


def test_the_name_goes_on_in_subfield_33() -> None:
    assert text("166?00X?32NORDWIND MASCHINENBAU GESEL?33LSCHAFT MBH").counterparty_name == (
        "NORDWIND MASCHINENBAU GESELLSCHAFT MBH"
    )
    assert text("166?00X?32KUNZ MEIER?3357072 SIEGEN").counterparty_name == "KUNZ MEIER 57072 SIEGEN"
    assert text("166?00X?32KARL?33        KAUFMANN").counterparty_name == "KARL KAUFMANN"
    assert text("166?00X?33ONLY").counterparty_name == "ONLY"


def test_the_iban_of_subfield_31_is_the_account_and_not_the_name() -> None:
    line = text("166?00X?20Y?30DRESDEFF508?31DE14508800500194785000?32KARL")

    assert (line.counterparty_account, line.counterparty_name) == ("DE14508800500194785000", "KARL")


def test_a_return_has_its_reason_and_the_original_amount() -> None:
    line = text("109?00RETOURE?109075?20EREF+A OAMT+11,85 COAM+0,50 SVWZ+?21GRUENDE?34914", mark="D")

    assert (line.return_reason, line.proprietary_code) == ("914", "NTRF+109+9075+914")
    assert (line.original_amount, line.original_currency, line.charges) == (-1185, "EUR", 50)


def test_a_batch_has_its_size() -> None:
    assert text("191?00SEPA?20KREF+K MTLG:Auftrag Datei mit 0000012 Zahlungen").batch_count == 12
    assert text("035?00X?20Anzahl Posten :      94").batch_count == 94
    assert text("166?00X?20Anzahl Posten :      94").batch_count is None


def test_what_cooperative_banks_repeat_is_no_text() -> None:
    line = text(
        "166?00X?20EREF+ZV010028?21SVWZ+Musical Sonja EREF: ZV?22010028 IBAN: DE88500105178?23285756556 BIC: SAKSDE55"
    )

    assert (line.remittance, line.end_to_end_id) == ("Musical Sonja", "ZV010028")
    assert line.counterparty_bic == "SAKSDE55"


def test_a_plus_in_the_purpose_is_text() -> None:
    assert text("166?00X?20SVWZ+A+B 1+1=2").remittance == "A+B 1+1=2"


def test_the_code_of_text_without_subfields() -> None:
    line = text("999PN5477SCHECK-NR. 0000016703074")

    assert (line.proprietary_code, line.remittance) == ("NTRF+999+5477", "SCHECK-NR. 0000016703074")


@pytest.mark.parametrize("missing", ["NOTPROVIDED", "NOT PROVIDED", "NONREF"])
def test_an_end_to_end_id_that_says_none_is_none(missing: str) -> None:
    assert text(f"/EREF/{missing}/REMI/x").end_to_end_id is None
    assert text(f"166?00X?20EREF+{missing}?21SVWZ+x").end_to_end_id is None


def test_values_keep_their_slashes_and_unknown_codes_are_text() -> None:
    line = text("/EREF/1/2/3/REMI/NR.201303-111/11.3.2013 /XYZ/ a/b/ORDP//NAME/Hr en/of Mw")

    assert (line.end_to_end_id, line.remittance, line.counterparty_name) == (
        "1/2/3",
        "NR.201303-111/11.3.2013 /XYZ/ a/b",
        "Hr en/of Mw",
    )


def test_empty_parts_are_missing() -> None:
    line = text("/TRTP/SEPA/IBAN//BIC//NAME//REMI//EREF/E1")

    assert (line.counterparty_account, line.counterparty_bic, line.counterparty_name, line.remittance) == (None,) * 4
    assert line.end_to_end_id == "E1"


def test_a_code_that_comes_again_adds_to_the_text_and_is_never_lost() -> None:
    line = text("/REMI//REMI/one/REMI/two/EREF/a/EREF/b")

    assert (line.remittance, line.end_to_end_id, line.extra) == ("one\ntwo", "a", (("EREF", "b"),))


@pytest.mark.parametrize(("mark", "name"), [("C", "Payer"), ("D", "Payee"), ("RC", "Payer"), ("RD", "Payee")])
def test_of_two_named_parties_the_other_one_is_the_counterparty(mark: str, name: str) -> None:
    for field in ("/ORDP//NAME/Payer/BENM//NAME/Payee", "/BENM//NAME/Payee/ORDP//NAME/Payer"):
        line = text(field, mark=mark)
        assert line.counterparty_name == name
        assert {kept for _, kept in line.extra} == {"Payer", "Payee"} - {name}


def test_ing_names_the_counterparty_by_position() -> None:
    line = text("/EREF/E1//CNTP/NL32INGB0000012345/INGBNL2A/ING BANK NV INZAKE WEB///REMI/USTD//the text/")

    assert (line.counterparty_account, line.counterparty_bic) == ("NL32INGB0000012345", "INGBNL2A")
    assert (line.counterparty_name, line.remittance, line.end_to_end_id) == ("ING BANK NV INZAKE WEB", "the text", "E1")
    assert text("/CNTP/NL32/INGBNL2A/Kok en/of Smit/ROTTERDAM/").counterparty_name == "Kok en/of Smit"
    assert text("/CNTP/NL32/INGBNL2A/Smit/ROTTERDAM//REMI/USTD//x/").extra == (("CNTP/city", "ROTTERDAM"),)


def test_a_batch_in_slash_codes() -> None:
    line = text("/TRTP/SEPA BATCH/PREF/109180/NRTX/162")

    assert (line.payment_information_id, line.message_id, line.batch_count) == ("109180", "109180", 162)
    both = text("/BREF/MSG20260102-374711/PREF/P1/NBTX/14/ADDI/LB utbetalning")
    assert (both.message_id, both.payment_information_id, both.batch_count) == ("MSG20260102-374711", "P1", 14)


def test_amounts_in_another_currency_have_its_decimals_and_the_sign_of_the_line() -> None:
    line = text("/OCMT/JPY12000/EXCH/161,25/CHGS/EUR5,00", mark="D")

    assert (line.original_amount, line.original_currency, line.exchange_rate, line.charges) == (
        -12000,
        "JPY",
        "161.25",
        500,
    )
    assert text("/OCMT/PLN3022,00").original_amount == 302200


@pytest.mark.parametrize("part", ["/OCMT/QQQ1,00", "/OCMT/many", "/CHGS/USD1,00", "/NBTX/several", "/EXCH/x"])
def test_numbers_that_can_not_be_read_are_kept_as_text(part: str) -> None:
    line = text(part + "/REMI/x")

    assert [kept for _, kept in line.extra] == [part.rsplit("/", 1)[1]]
    assert (line.original_amount, line.charges, line.batch_count, line.exchange_rate) == (None,) * 4


def test_slash_codes_in_the_supplementary_line() -> None:
    line = entry("2601050105D12,35NRTIKREF+//B\n/OCMT/EUR11,85//CHGS/EUR0,50/", "109?00R?20EREF+A")

    assert (line.original_amount, line.charges, line.end_to_end_id) == (-1185, 50, "A")
    assert entry("2601050105D1,00NDDTPREF//B\n/TRCD/01010/", "/PREF/P//REMI/USTD//T/").extra == (("TRCD", "01010"),)


@pytest.mark.parametrize("account", ["NL02ABNA0123456789", "P001234567", "0663616476"])
def test_rabobank_puts_the_counter_account_in_the_supplementary_line(account: str) -> None:
    line = entry(f"260105C1,00N541NONREF\n{account}", "/ORDP//NAME/R. SMIT/REMI/x/ISDT/2026-01-05")

    assert (line.counterparty_account, line.counterparty_name) == (account, "R. SMIT")


def test_rabobank_without_codes_has_account_and_name_in_columns() -> None:
    line = entry("260105D000000001213,28N0440121470966      W.P. Jansen", "Terugboeking")

    assert (line.counterparty_account, line.counterparty_name, line.end_to_end_id) == (
        "0121470966",
        "W.P. Jansen",
        None,
    )
    nobody = entry("260105D000000000236,56N030NONREF          TOMTE AMERSFOORT", "Betaalautomaat")
    assert (nobody.counterparty_account, nobody.counterparty_name, nobody.end_to_end_id) == (
        None,
        "TOMTE AMERSFOORT",
        None,
    )


def test_sns_repeats_account_and_name_on_the_first_line() -> None:
    padding = " " * 65
    line = entry(
        "2601050105D1,00NOVBNL39RABO0300065264\r\ngerrits schilderwerk",
        f"NL39RABO0300065264 gerrits schilderwerk\r\n{padding}\r\n{'Factuur 17227'.ljust(65)}\r\n{padding}",
    )

    assert (line.counterparty_account, line.counterparty_name) == ("NL39RABO0300065264", "gerrits schilderwerk")
    assert (line.remittance, line.end_to_end_id, line.additional_info, line.proprietary_code) == (
        "Factuur 17227",
        None,
        None,
        "NOVB",
    )


def test_slash_codes_below_the_first_line_of_sns() -> None:
    line = entry(
        "2601050105D1,00NINCNL44ABNA0548041814\r\nmulti tank card bv",
        "NL44ABNA0548041814 multi tank card bv\r\n \r\n"
        + wrapped("/TRTP/Incasso/MARF/M1/REMI/Relatie 17/EREF/1755/55"),
    )

    assert (line.mandate_id, line.remittance, line.end_to_end_id) == ("M1", "Relatie 17", "1755/55")


def test_dutch_labels() -> None:
    abn = entry(
        "2601050105C1,00N654NONREF",
        "SEPA OVERBOEKING                 IBAN: NL56CHAS0101010101\r\nBIC: CHASNL2XXXX                 "
        "NAAM: AA NETHERLANDS B.V.\r\nOMSCHRIJVING: 1412DEC 2015 CONSU LTING\r\nKENMERK: 7541410",
    )
    knab = entry("2601050105C1,00NTRFNONREF", "Factuur 17 REK: NL02KNAB0123456789/NAAM: J. Jansen")

    assert (abn.counterparty_account, abn.counterparty_bic, abn.counterparty_name) == (
        "NL56CHAS0101010101",
        "CHASNL2XXXX",
        "AA NETHERLANDS B.V.",
    )
    assert (abn.remittance, abn.end_to_end_id, abn.additional_info) == (
        "1412DEC 2015 CONSU LTING",
        "7541410",
        "SEPA OVERBOEKING",
    )
    assert (knab.counterparty_account, knab.counterparty_name, knab.remittance) == (
        "NL02KNAB0123456789",
        "J. Jansen",
        "Factuur 17",
    )


def test_polish_labels() -> None:
    line = entry(
        "2601050105DN2,21NTRFNONREF//MB1\r\n911-TRANSAKCJA",
        "911 TRANSAKCJA COLLECT; ID IPH: XX1; Z RACH.: 27114020040000300201355387; OD: JAN NOWAK  UL. NIJAKA 1; \r\n"
        "TYT.: FV 17/2026; WALUTA: EUR; KWOTA: 0,50; KURS: 4,4200; REF. KLIENTA: R1; TNR: \r\n179301073837502.000001",
        currency="PLN",
    )

    assert (line.transaction_id, line.bank_reference, line.instruction_id) == ("179301073837502.000001", "MB1", "R1")
    assert (line.counterparty_name, line.counterparty_account) == ("JAN NOWAK", "27114020040000300201355387")
    assert (line.remittance, line.original_amount, line.original_currency, line.exchange_rate) == (
        "FV 17/2026",
        -50,
        "EUR",
        "4.4200",
    )
    assert line.extra == (("ID IPH", "XX1"), ("ADDR", "UL. NIJAKA 1"))


def test_free_text_keeps_its_lines_and_undoes_cuts() -> None:
    cut = "a long line that is cut at the sixty-fifth column in the middle o"
    assert len(cut) == 65

    assert text_of(f"first\r\n{cut}\r\nf a word\r\nlast   \r\n\r\n") == f"first\n{cut}f a word\nlast"


def text_of(field86: str) -> str | None:
    return entry("2601050105C1,00NTRFNONREF", field86).remittance


@pytest.mark.parametrize(
    ("field", "reference"),
    [
        ("payment RF18539007547034 thanks", "RF18539007547034"),
        ("payment RF19539007547034 thanks", None),
        ("+++010/8068/17183+++", "010806817183"),
        ("+++010/8068/17184+++", None),
        ("OCR 1234574", "1234574"),
        ("KID: 23456783", "23456783"),
        ("BETALINGSKENM.  0189827218201120", "0189827218201120"),
        ("BETALINGSKENMERK 0000 0000 3007 6145", "0000000030076145"),
        ("ISSUER: CUR                  REF: 4420043232693268", "4420043232693268"),
        ("Issuer: CUR Ref: 1234567812345678", "1234567812345678"),
        ("ISSUER: ISO                  REF: 4420043232693268", None),
        ("/EREF/x/REMI/RF18539007547034", "RF18539007547034"),
        ("166?00X?20SVWZ+RF18539007547034", "RF18539007547034"),
        ("number 1234574 without a label", None),
    ],
)
def test_structured_references_in_text(field: str, reference: str | None) -> None:
    assert text(field).creditor_reference == reference


LABELS = (
    "EREF CRED SVWZ TRTP IBAN BIC NAME REMI CSID MARF PREF BREF ADDR ISDT PURP ID RTRN NAAM OMSCHRIJVING KENMERK "
    "MACHTIGING INCASSANT VOOR DEBITEUR IPH RACH OD TYT DATA STEMPLA NIP UZUP REF KLIENTA TNR"
)


def every_text(line: StatementLine) -> str:
    return " ".join(
        [str(value) for value in line if isinstance(value, str)]
        + [kept for _, kept in line.extra]
        + list(line.document_numbers)
    )


@pytest.mark.parametrize(
    "field",
    [
        "166?00POST?10PRIM?11ELEVEN?20EREF+EE?21CRED+CC?22SVWZ+SS?30BANKCODE?31ACCT?32NAMEA?33NAMEB?34992?38IBANX?60MORE?70SEVENTY",
        "/TRTP/TT/IBAN/II/BIC/BB/NAME/NN/REMI/RR/EREF/EE/CSID/CC/MARF/MM/PREF/PP/BREF/QQ/ADDR/AA/ISDT/DD/PURP/UU/ID/JJ/RTRN/XX",
        "SEPA XX IBAN: AA BIC: BB NAAM: CC OMSCHRIJVING: DD KENMERK: EE MACHTIGING: FF INCASSANT: GG VOOR: HH ID DEBITEUR: JJ",
        "911 XX; ID IPH: AA; Z RACH.: BB; OD: CC  DD; TYT.: EE; DATA STEMPLA: FF; NIP: GG; ID UZUP.: HH; REF. KLIENTA: JJ; TNR: KK",
    ],
)
def test_no_part_of_a_text_is_lost(field: str) -> None:
    line = text(field)

    kept = every_text(line)
    labels = set(re.findall("[A-Z]+", LABELS))
    words = set(re.findall(r"[A-Z]{2,}", field))
    assert not [word for word in words - labels if word not in kept]
    assert not diagnostics(message(":61:2601050105C10,00NTRFNONREF", f":86:{wrapped(field)}", closing="10,"))


def test_the_same_text_in_two_files_is_the_same_line() -> None:
    content = message(":61:2601050105C10,00NTRFNONREF//B", ":86:/REMI/x", closing="10,")

    assert lines(content) == lines(content + "-\r\n")
