"""No field is lost or misplaced, in any message and version (catalogue T1), nor in old and new paths side by side."""

from __future__ import annotations

import re

import pytest

from recon_core.domain.statement import StatementHeader, StatementLine
from tests.parsers.camt_files import (
    ROOTS,
    VERSIONS,
    amounts,
    details,
    document,
    entry,
    full,
    line_of,
    only,
    outcome,
    read,
    statement,
)


@pytest.mark.parametrize("kind", ROOTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_arrives_in_every_message_and_version(kind: str, version: str) -> None:
    wanted = full(kind, version)

    found = only(wanted.xml)

    (line,) = found.lines
    assert {name: getattr(line, name) for name in wanted.line} == wanted.line
    assert {name: getattr(found.header, name) for name in wanted.header} == wanted.header
    assert set(wanted.extra) <= set(line.extra)
    assert [odd.code for odd in found.diagnostics] == []


def test_the_table_of_expected_fields_leaves_none_out() -> None:
    wanted = full("053", "08")

    assert set(StatementLine._fields) - set(wanted.line) == {"where", "extra"}
    assert set(StatementHeader._fields) - set(wanted.header) == {"reversals_inverted", "source", "extra"}


# Texts that are told in another form: amounts, days and times, flags, directions, states, balance types, code parts.
CONVERTED = re.compile(
    r"[0-9.]+|2026-[0-9T:+-]+|true|false|CRDT|DBIT|BOOK|OPBD|CLBD|CLAV|PMNT|RCDT|ESCT|2026.*", re.ASCII
)


@pytest.mark.parametrize("kind", ROOTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_no_text_of_a_message_is_lost(kind: str, version: str) -> None:
    """Each text is in a field or in `extra`, whatever is done with it."""
    wanted = full(kind, version)

    found = only(wanted.xml)

    told = repr((*found.lines, found.header))
    texts = set(re.findall(r">([^<>\n]+)<", wanted.xml))
    assert len(texts) > 30
    assert {text for text in texts if text not in told and not CONVERTED.fullmatch(text)} == set()


@pytest.mark.parametrize("kind", ROOTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_both_ways_of_reading_give_the_same(kind: str, version: str) -> None:
    """The second entry of a statement is cut out of the file, the first one is read from the tree."""
    xml = full(kind, version).xml
    one = re.search(r"<Ntry>.*</Ntry>", xml)
    assert one is not None
    many = xml.replace(one[0], one[0] * 150).encode()

    assert outcome(many, only_tree=False) == outcome(many, only_tree=True)


PARTY_PATHS = {
    "Nm": "<Dbtr><Nm>Nordwind</Nm></Dbtr>",
    "Pty/Nm": "<Dbtr><Pty><Nm>Nordwind</Nm></Pty></Dbtr>",
    "Agt": "<Dbtr><Agt><FinInstnId><Nm>Nordwind</Nm></FinInstnId></Agt></Dbtr>",
    "Agt, old": "<Dbtr><Agt><FinInstnId><NmAndAdr><Nm>Nordwind</Nm></NmAndAdr></FinInstnId></Agt></Dbtr>",
    "Agt by BIC": "<Dbtr><Agt><FinInstnId><BICFI>Nordwind</BICFI></FinInstnId></Agt></Dbtr>",
    "ultimate": "<UltmtDbtr><Pty><Nm>Nordwind</Nm></Pty></UltmtDbtr>",
    "trading": "<TradgPty><Nm>Nordwind</Nm></TradgPty>",
}


@pytest.mark.parametrize("parties", PARTY_PATHS.values(), ids=PARTY_PATHS)
def test_the_name_of_the_other_side_is_found_on_every_path(parties: str) -> None:
    line = line_of(entry(inside=details(f"<RltdPties>{parties}</RltdPties>")))

    assert line.counterparty_name == "Nordwind"


ACCOUNT_PATHS = {
    "IBAN with blanks": ("<Id><IBAN>se45 5000 0000 0583 9825 7466</IBAN></Id>", "SE4550000000058398257466"),
    "Othr": ("<Id><Othr><Id>5402-9681</Id><SchmeNm><Prtry>BGNR</Prtry></SchmeNm></Othr></Id>", "5402-9681"),
    "BBAN": ("<Id><BBAN>123456</BBAN></Id>", "123456"),
    "UPIC": ("<Id><UPIC>123457</UPIC></Id>", "123457"),
    "PrtryAcct": ("<Id><PrtryAcct><Id>123458</Id></PrtryAcct></Id>", "123458"),
    "Prxy": ("<Prxy><Tp><Cd>TELE</Cd></Tp><Id>+4670123</Id></Prxy>", "+4670123"),
}


@pytest.mark.parametrize(("account", "number"), ACCOUNT_PATHS.values(), ids=ACCOUNT_PATHS)
def test_the_account_of_the_other_side_is_found_on_every_path(account: str, number: str) -> None:
    line = line_of(entry(inside=details(f"<RltdPties><DbtrAcct>{account}</DbtrAcct></RltdPties>")))

    assert line.counterparty_account == number


def test_the_other_side_has_the_name_of_its_account_where_it_has_no_other() -> None:
    account = "<DbtrAcct><Id><IBAN>FI2112345600000785</IBAN></Id><Nm>Account of Anna</Nm></DbtrAcct>"
    nameless, named = (
        line_of(entry(inside=details(f"<RltdPties>{party}{account}</RltdPties>")))
        for party in ("", "<Dbtr><Nm>Anna</Nm></Dbtr>")
    )

    assert nameless.counterparty_name == "Account of Anna"
    assert named.counterparty_name == "Anna"
    assert ("RltdPties/DbtrAcct/Nm", "Account of Anna") in named.extra


@pytest.mark.parametrize(("account", "number"), ACCOUNT_PATHS.values(), ids=ACCOUNT_PATHS)
def test_the_account_of_the_statement_is_found_on_every_path(account: str, number: str) -> None:
    found = only(document(statement(account=f"<Acct>{account}<Ccy>EUR</Ccy></Acct>")))

    assert found.header.account == number


def test_the_scheme_of_an_account_is_kept() -> None:
    bankgiro = "<Acct><Id><Othr><Id>54029681</Id><SchmeNm><Prtry>BGNR</Prtry></SchmeNm></Othr></Id></Acct>"

    header = only(document(statement(account=bankgiro))).header

    assert (header.account, header.account_scheme) == ("54029681", "BGNR")


AGENT_PATHS = {
    "BICFI": "<BICFI>NDEAFIHH</BICFI>",
    "BIC": "<BIC>NDEAFIHH</BIC>",
    "CmbndId": "<CmbndId><BIC>NDEAFIHH</BIC></CmbndId>",
    "clearing number": "<ClrSysMmbId><ClrSysId><Cd>SESBA</Cd></ClrSysId><MmbId>NDEAFIHH</MmbId></ClrSysMmbId>",
    "clearing number, old": "<ClrSysMmbId><Id>NDEAFIHH</Id></ClrSysMmbId>",
}


@pytest.mark.parametrize("agent", AGENT_PATHS.values(), ids=AGENT_PATHS)
def test_the_bank_of_the_other_side_is_found_on_every_path(agent: str) -> None:
    agents = f"<RltdAgts><DbtrAgt><FinInstnId>{agent}</FinInstnId></DbtrAgt></RltdAgts>"

    assert line_of(entry(inside=details(agents))).counterparty_bic == "NDEAFIHH"


def test_identifiers_are_trimmed_and_not_provided_is_nothing() -> None:
    refs = "<Refs><PmtInfId>  P1 </PmtInfId><InstrId>\n</InstrId><EndToEndId> NOTPROVIDED </EndToEndId></Refs>"

    line = line_of(entry(inside=details(refs)))

    assert (line.payment_information_id, line.instruction_id, line.end_to_end_id) == ("P1", None, None)


def test_the_creditor_is_the_other_side_of_money_that_went_out() -> None:
    parties = "<RltdPties><Dbtr><Nm>Us</Nm></Dbtr><Cdtr><Nm>Them</Nm></Cdtr></RltdPties>"

    line = line_of(entry(direction="DBIT", inside=details(parties)))

    assert (line.amount, line.counterparty_name) == (-1000, "Them")
    assert ("RltdPties/Dbtr/Nm", "Us") in line.extra


def test_several_structured_references_are_all_kept() -> None:
    strd = "".join(
        f"<Strd><RfrdDocInf><Nb>D{n}</Nb></RfrdDocInf><CdtrRefInf><Ref>R{n}</Ref></CdtrRefInf></Strd>"
        for n in (1, 2, 3)
    )

    line = line_of(entry(inside=details(f"<RmtInf><Ustrd>text</Ustrd>{strd}</RmtInf>")))

    assert line.creditor_reference == "R1"
    assert line.document_numbers == ("D1", "D2", "D3", "R2", "R3")
    assert line.remittance == "text"


def test_the_amount_of_each_document_stays_with_its_document() -> None:
    strd = "".join(
        f'<Strd><RfrdDocInf><Nb>{n}</Nb></RfrdDocInf><RfrdDocAmt><RmtdAmt Ccy="SEK">{n}0.00</RmtdAmt></RfrdDocAmt></Strd>'
        for n in (1, 2)
    )

    line = line_of(entry(inside=details(f"<RmtInf>{strd}</RmtInf>")))

    assert ("RmtInf/Strd/RfrdDocAmt/RmtdAmt", "10.00 SEK") in line.extra
    assert ("RmtInf/Strd[2]/RfrdDocAmt/RmtdAmt", "20.00 SEK") in line.extra


def test_text_comes_from_where_there_is_any() -> None:
    silent, told = entry(info="from the entry"), entry(inside=details("<AddtlTxInf>from T</AddtlTxInf>"), info="from E")

    assert line_of(silent).remittance == "from the entry"
    assert line_of(told).remittance == "from T"
    assert line_of(told).additional_info == "from E\nfrom T"


def test_the_code_of_the_transaction_wins_and_that_of_the_entry_is_kept() -> None:
    def code(sub: str) -> str:
        return f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn></BkTxCd>"

    line = line_of(entry(inside=code("ESCT") + details(code("CHRG"))))

    assert line.code == "PMNT/ICDT/CHRG"
    assert ("Ntry/BkTxCd/Domn", "PMNT/ICDT/ESCT") in line.extra


@pytest.mark.parametrize("kind", ["InstdAmt", "TxAmt", "CntrValAmt"])
def test_an_amount_in_another_currency_is_the_original_one(kind: str) -> None:
    line = line_of(entry(inside=details(amounts("12.00", "USD", kind))))

    assert (line.amount, line.original_amount, line.original_currency) == (1000, 1200, "USD")


def test_an_original_amount_has_the_sign_of_its_line() -> None:
    line = line_of(entry(direction="DBIT", inside=details(amounts("12.00", "USD"))))

    assert (line.amount, line.original_amount) == (-1000, -1200)


def test_what_the_entry_says_of_amounts_counts_where_its_transaction_is_silent() -> None:
    exchange = '<AmtDtls><TxAmt><Amt Ccy="USD">12.00</Amt><CcyXchg><XchgRate>1.2</XchgRate></CcyXchg></TxAmt></AmtDtls>'

    line = line_of(entry(inside=exchange + details("<Refs/>")))

    assert (line.original_amount, line.original_currency, line.exchange_rate) == (1200, "USD", "1.2")


@pytest.mark.parametrize(
    "space",
    ["ISO:camt.053.001.02:APC:STUZZA:payments:001", "urn:iso:std:iso:20022:tech:xsd:camt.053.001.99", "urn:other"],
)
def test_any_namespace_will_do(space: str) -> None:
    xml = document(statement(entry())).replace("urn:iso:std:iso:20022:tech:xsd:camt.053.001.08", space)

    assert len(only(xml).lines) == 1


def test_prefixes_envelopes_and_their_absence_will_do() -> None:
    plain = document(statement(entry(), entry("20.00")))
    prefixed = re.sub(r"<(/?)([A-Z])", r"<\1ns2:\2", plain).replace("xmlns=", "xmlns:ns2=")
    bare = re.sub(r' xmlns="[^"]*"', "", plain)
    inner = plain.removeprefix('<?xml version="1.0" encoding="UTF-8"?>\n')
    wrapped = f"<soap:Envelope xmlns:soap='urn:soap'><soap:Header><a/></soap:Header><soap:Body>{inner}</soap:Body></soap:Envelope>"

    for xml in (prefixed, bare, wrapped):
        assert [line.amount for line in only(xml).lines] == [1000, 2000]


def test_two_messages_in_one_envelope_are_both_read() -> None:
    inner = document(statement(entry()), declaration="")
    other = document(statement(entry(), kind="054"), kind="054", declaration="")

    found = read(f"<Files>{inner}{other}</Files>")

    assert [one.header.format for one in found] == ["camt.053", "camt.054"]
