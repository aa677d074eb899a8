"""camt messages for tests: a writer of small ones, one of full ones in any version, and short ways to read them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import matcher
from matcher.parsers.camt.reader import Reading
from matcher.parsers.contract import Event, LinesRead, ReadOptions
from recon_core.domain.refused import InputError
from recon_core.domain.statement import StatementLine

ROOTS = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
VERSIONS = tuple(f"{number:02}" for number in range(1, 15))
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
ACCOUNT = "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>"


def document(
    *statements: str, kind: str = "053", version: str = "08", group: str = "", declaration: str = DECLARATION
) -> str:
    """A whole file of one message."""
    root = ROOTS[kind][0] + ("V01" if version == "01" else "")
    space = f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"
    header = f"<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-31T20:00:00+01:00</CreDtTm>{group}</GrpHdr>"
    return f'{declaration}<Document xmlns="{space}"><{root}>{header}{"".join(statements)}</{root}></Document>'


def statement(
    *entries: str,
    kind: str = "053",
    identity: str = "S1",
    account: str = ACCOUNT,
    balances: str = "",
    before: str = "",
    summary: str = "",
) -> str:
    """A statement, report or notification."""
    tag = ROOTS[kind][1]
    return f"<{tag}><Id>{identity}</Id>{before}{account}{balances}{summary}{''.join(entries)}</{tag}>"


def balance(
    code: str, amount: str, *, direction: str = "CRDT", ccy: str = "EUR", day: str = "2026-01-31", sub: str = ""
) -> str:
    """One balance."""
    subtype = f"<SubTp><Cd>{sub}</Cd></SubTp>" if sub else ""
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry>{subtype}</Tp><Amt Ccy="{ccy}">{amount}</Amt>'
        f"<CdtDbtInd>{direction}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def entry(
    amount: str | None = "10.00",
    direction: str = "CRDT",
    *,
    ccy: str = "EUR",
    status: str = "<Cd>BOOK</Cd>",
    reversal: str = "",
    inside: str = "",
    info: str = "",
) -> str:
    """One entry; `inside` stands between the bank transaction code and the additional information."""
    money = "" if amount is None else f'<Amt Ccy="{ccy}">{amount}</Amt>'
    turned = f"<RvslInd>{reversal}</RvslInd>" if reversal else ""
    told = f"<AddtlNtryInf>{info}</AddtlNtryInf>" if info else ""
    return (
        f"<Ntry>{money}<CdtDbtInd>{direction}</CdtDbtInd>{turned}<Sts>{status}</Sts>"
        f"<BookgDt><Dt>2026-01-30</Dt></BookgDt><ValDt><Dt>2026-01-31</Dt></ValDt>{inside}{told}</Ntry>"
    )


def details(*transactions: str, batch: str = "") -> str:
    """`NtryDtls` with its transactions."""
    return f"<NtryDtls>{batch}{''.join(f'<TxDtls>{one}</TxDtls>' for one in transactions)}</NtryDtls>"


def amounts(amount: str, ccy: str = "EUR", kind: str = "TxAmt") -> str:
    """`AmtDtls` with one amount."""
    return f'<AmtDtls><{kind}><Amt Ccy="{ccy}">{amount}</Amt></{kind}></AmtDtls>'


def read(data: str | bytes, **options: object) -> list[matcher.Statement]:
    """All statements of a file."""
    raw = data.encode() if isinstance(data, str) else data
    return list(matcher.parse(raw, options=ReadOptions(**options)))  # type: ignore[arg-type]


def only(data: str | bytes, **options: object) -> matcher.Statement:
    """The only statement of a file."""
    (found,) = read(data, **options)
    return found


def line_of(*inside: str, **options: object) -> StatementLine:
    """The line of a statement with these entries only."""
    (found,) = only(document(statement(*inside)), **options).lines
    return found


def codes(found: matcher.Statement) -> list[str]:
    """Codes of the diagnostics."""
    return [odd.code for odd in found.diagnostics]


def outcome(data: bytes, *, only_tree: bool) -> tuple[list[StatementLine], list[str]]:
    """Lines without their places and all other events as text, or only the error: the same for either way of reading."""
    lines: list[StatementLine] = []
    others: list[str] = []
    try:
        for event in _events(data, only_tree=only_tree):
            if isinstance(event, LinesRead):
                lines += [without_place(line) for line in event.lines]
            else:
                others.append(repr(event._replace(where="")) if hasattr(event, "where") else repr(event))
    except InputError as error:
        return [], [error.code]
    return lines, sorted(others)


def _events(data: bytes, *, only_tree: bool) -> Iterator[Event]:
    return Reading(io.BytesIO(data), ReadOptions(), only_tree=only_tree).events()


def without_place(line: StatementLine) -> StatementLine:
    """A line as it is anywhere in a file."""
    return line._replace(where=None, details=tuple(one._replace(where=None) for one in line.details))


@dataclass(frozen=True)
class Full:
    """A message in which every field has a value of its own, and what reading it must give."""

    xml: str
    header: dict[str, object]
    line: dict[str, object]
    extra: tuple[tuple[str, str], ...]


def full(kind: str, version: str) -> Full:
    """Every mapped field of one message in one version, in the order of its schema."""
    v = int(version)
    tag = ROOTS[kind][1]
    bic = "BIC" if v < 3 else "BICFI"

    def party(name: str) -> str:
        inside = f"<Nm>{name}</Nm>"
        return f"<Pty>{inside}</Pty>" if v >= 7 else inside

    charges = '<TtlChrgsAndTaxAmt Ccy="EUR">1.25</TtlChrgsAndTaxAmt>'
    charges += '<Amt Ccy="EUR">1.25</Amt>' if v < 3 else '<Rcrd><Amt Ccy="EUR">1.25</Amt></Rcrd>'
    pages = {"052": "RptPgntn", "053": "StmtPgntn", "054": "NtfctnPgntn"}[kind]
    page = "<PgNb>2</PgNb><LastPgInd>true</LastPgInd>"
    number, reference = ("RfrdDocNb", "CdtrRef") if v == 1 else ("Nb", "Ref")
    back = (
        "<RtrRsn><Cd>AC04</Cd></RtrRsn><AddtlRtrRsnInf>account closed</AddtlRtrRsnInf>"
        if v == 1
        else "<Rsn><Cd>AC04</Cd></Rsn><AddtlInf>account closed</AddtlInf>"
    )
    batch = "<Btch><MsgId>BMSG</MsgId><PmtInfId>BPMT</PmtInfId><NbOfTxs>1</NbOfTxs></Btch>"
    refs = (
        "<MsgId>TMSG</MsgId><AcctSvcrRef>TBANK</AcctSvcrRef>"
        + ("<PmtInfId>TPMT</PmtInfId>" if v >= 2 else "")
        + "<InstrId>INSTR</InstrId><EndToEndId>E2E</EndToEndId>"
        + ("<UETR>8a562c67-ca16-48ba-b074-65581be6f001</UETR>" if v >= 8 else "")
        + "<TxId>TXID</TxId><MndtId>MANDATE</MndtId><ChqNb>CHEQUE</ChqNb><ClrSysRef>CLEARING</ClrSysRef>"
    )
    own = '<Amt Ccy="EUR">98.75</Amt><CdtDbtInd>CRDT</CdtDbtInd>' if v >= 3 else ""
    exchange = "<CcyXchg><SrcCcy>USD</SrcCcy><TrgtCcy>EUR</TrgtCcy><XchgRate>0.9</XchgRate></CcyXchg>"
    transaction = (
        f"<TxDtls><Refs>{refs}</Refs>{own}"
        f'<AmtDtls><InstdAmt><Amt Ccy="USD">110.00</Amt>{exchange}</InstdAmt><TxAmt><Amt Ccy="EUR">98.75</Amt></TxAmt></AmtDtls>'
        f"<Chrgs>{charges}</Chrgs>"
        f"<RltdPties><Dbtr>{party('Other Name')}</Dbtr><DbtrAcct><Id><IBAN>FI2112345600000785</IBAN></Id></DbtrAcct>"
        f"<UltmtDbtr>{party('Ultimate Name')}</UltmtDbtr><Cdtr>{party('Own Name')}</Cdtr>"
        "<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct></RltdPties>"
        f"<RltdAgts><DbtrAgt><FinInstnId><{bic}>NDEAFIHH</{bic}></FinInstnId></DbtrAgt></RltdAgts>"
        "<Purp><Cd>SUPP</Cd></Purp>"
        f"<RmtInf><Ustrd>first text</Ustrd><Ustrd>second text</Ustrd><Strd><RfrdDocInf><{number}>DOC1</{number}></RfrdDocInf>"
        f"<CdtrRefInf><{reference}>RF18539007547034</{reference}></CdtrRefInf><AddtlRmtInf>more text</AddtlRmtInf></Strd></RmtInf>"
        f"<RtrInf>{back}</RtrInf><AddtlTxInf>about the transaction</AddtlTxInf></TxDtls>"
    )
    listed = f"{batch}{transaction}" if v == 1 else f"<NtryDtls>{batch}{transaction}</NtryDtls>"
    line = (
        "<Ntry>"
        + ("<NtryRef>ENTRY</NtryRef>" if v >= 2 else "")
        + '<Amt Ccy="EUR">98.75</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<RvslInd>false</RvslInd>"
        + ("<Sts><Cd>BOOK</Cd></Sts>" if v >= 7 else "<Sts>BOOK</Sts>")
        + "<BookgDt><Dt>2026-01-30</Dt></BookgDt><ValDt><DtTm>2026-01-31T23:30:00-05:00</DtTm></ValDt>"
        "<AcctSvcrRef>BANK</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn>"
        "<Prtry><Cd>NTRF+166</Cd><Issr>DK</Issr></Prtry></BkTxCd>"
        f"{listed}<AddtlNtryInf>about the entry</AddtlNtryInf></Ntry>"
    )
    balances = (
        ""
        if kind == "054"
        else _old(balance("OPBD", "100.00") + balance("CLBD", "198.75") + balance("CLAV", "150.00"), v)
    )
    xml = document(
        f"<{tag}><Id>STATEMENT</Id>"
        + (f"<{pages}>{page}</{pages}>" if v >= 3 else "")
        + "<ElctrncSeqNb>7</ElctrncSeqNb><LglSeqNb>6</LglSeqNb><CreDtTm>2026-01-31T21:00:00+01:00</CreDtTm>"
        "<FrToDt><FrDtTm>2026-01-30T00:00:00</FrDtTm><ToDtTm>2026-01-31T23:59:59</ToDtTm></FrToDt><CpyDplctInd>DUPL</CpyDplctInd>"
        "<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy><Ownr><Nm>Own Name</Nm></Ownr>"
        f"<Svcr><FinInstnId><{bic}>COBADEFF</{bic}></FinInstnId></Svcr></Acct>"
        f"{balances}<TxsSummry><TtlCdtNtries><NbOfNtries>1</NbOfNtries><Sum>98.75</Sum></TtlCdtNtries></TxsSummry>{line}</{tag}>",
        kind=kind,
        version=version,
        group=f"<MsgPgntn>{page}</MsgPgntn>",
    )
    return Full(xml, _full_header(kind, version), _full_line(v), _full_extra(v))


def _old(balances: str, v: int) -> str:
    return balances.replace("<CdOrPrtry>", "").replace("</CdOrPrtry>", "") if v == 1 else balances


def _full_header(kind: str, version: str) -> dict[str, object]:
    from datetime import date, datetime, timedelta, timezone

    kinds = {"052": "report", "053": "statement", "054": "notification"}
    balances = kind != "054"
    return {
        "format": f"camt.{kind}",
        "kind": kinds[kind],
        "version": f"001.{version}",
        "account": "DE89370400440532013000",
        "account_scheme": "IBAN",
        "bank_bic": "COBADEFF",
        "statement_id": "STATEMENT",
        "sequence": 7,
        "page": 2,
        "last_page": True,
        "from_date": date(2026, 1, 30),
        "to_date": date(2026, 1, 31),
        "created_at": datetime(2026, 1, 31, 21, tzinfo=timezone(timedelta(hours=1))),
        "currency": "EUR",
        "opening_balance": 10000 if balances else None,
        "opening_date": date(2026, 1, 31) if balances else None,
        "closing_balance": 19875 if balances else None,
        "closing_date": date(2026, 1, 31) if balances else None,
        "available_balance": 15000 if balances else None,
        "duplicate": "DUPL",
        "message_id": "M1",
        "balanced": True if balances else None,
        "line_count": 1,
    }


def _full_line(v: int) -> dict[str, object]:
    from datetime import date

    return {
        "line_index": 1,
        "booking_date": date(2026, 1, 30),
        "value_date": date(2026, 1, 31),
        "amount": 9875,
        "currency": "EUR",
        "status": "booked",
        "reversal": False,
        "bank_reference": "BANK",
        "entry_reference": "ENTRY" if v >= 2 else None,
        "code": "PMNT/RCDT/ESCT",
        "proprietary_code": "NTRF+166",
        "end_to_end_id": "E2E",
        "instruction_id": "INSTR",
        "transaction_id": "TXID",
        "mandate_id": "MANDATE",
        "message_id": "TMSG",
        "payment_information_id": "TPMT" if v >= 2 else "BPMT",
        "creditor_reference": "RF18539007547034",
        "document_numbers": ("DOC1",),
        "remittance": "first text\nsecond text\nmore text",
        "counterparty_name": "Other Name",
        "counterparty_account": "FI2112345600000785",
        "counterparty_bic": "NDEAFIHH",
        "ultimate_counterparty": "Ultimate Name",
        "original_amount": 11000,
        "original_currency": "USD",
        "exchange_rate": "0.9",
        "charges": 125,
        "check_number": "CHEQUE",
        "return_reason": "AC04",
        "additional_info": "about the entry\nabout the transaction\naccount closed",
        "batch_count": 1,
        "details": (),
    }


def _full_extra(v: int) -> tuple[tuple[str, str], ...]:
    """What must still be reachable."""
    found = [
        ("BkTxCd/Prtry/Issr", "DK"),
        ("Refs/AcctSvcrRef", "TBANK"),
        ("Refs/ClrSysRef", "CLEARING"),
        ("Purp/Cd", "SUPP"),
        ("AmtDtls/InstdAmt/CcyXchg/SrcCcy", "USD"),
        ("RltdPties/CdtrAcct/Id/IBAN", "DE89370400440532013000"),
    ]
    if v >= 8:
        found.append(("Refs/UETR", "8a562c67-ca16-48ba-b074-65581be6f001"))
    return tuple(found)
