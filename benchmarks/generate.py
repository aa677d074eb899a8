"""Bank statement files of any size for the benchmarks: camt.053, MT940 and OFX, balanced to the cent.

    python -m benchmarks.generate camt 100000 statement.xml [--version 08] [--indent]
    python -m benchmarks.generate mt940 100000 statement.sta
    python -m benchmarks.generate ofx 100000 statement.ofx [--xml]

The same seed gives the same bytes. camt: 8 % batches of 2 to 7 transactions, 4 % foreign currency, 3 % returns, 5 % fees
without details, about 1.4 KB an entry; MT940: half German, a quarter Dutch, a quarter free text, 200 entries a
statement; OFX: SGML without end tags of values, or XML.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from random import Random

FIRST_DAY = date(2026, 1, 2)
OPENING_MINOR = 1_000_000_00
ENTRIES_A_MESSAGE = 200

_FIRST = [
    "Anna", "Björn", "Cecilia", "David", "Elin", "Fatima", "Gustav", "Hélène", "Ivan", "Jürgen", "Karin", "Łukasz",
    "Märta", "Noor", "Olle", "Petra", "Søren",
]  # fmt: skip
_LAST = [
    "Åkesson", "Berg", "Dahl", "Ek", "Fors", "Gómez", "Holm", "Jönsson", "Kowalski", "Lind", "Müller", "Nyberg",
    "Öberg", "Quist", "Sjö", "Vinter",
]  # fmt: skip
_TRADE = [
    "Bygg",
    "Data",
    "El",
    "Frakt",
    "Glas",
    "Hotell",
    "Järn",
    "Konsult",
    "Livs",
    "Måleri",
    "Nät",
    "Optik",
    "Plåt",
    "Redovisning",
    "Smide",
    "Trä",
]
_FORM = ("AB", "GmbH & Co. KG", "Oy", "A/S", "B.V.", "Ltd", "HB", "SARL")
_TOWNS = ["Umeå", "Göteborg", "Malmö", "Köln", "Århus", "Tampere", "Utrecht", "Gdańsk", "Lyon", "Graz"]
_STREETS = ["Storgatan", "Hafenstraße", "Kanalvej", "Aleksanterinkatu", "Keizersgracht", "Rue_du_Bac", "Drottninggatan"]
_BICS = [
    "ESSESESS",
    "HANDSESS",
    "SWEDSESS",
    "NDEASESS",
    "DEUTDEFF",
    "COBADEFF",
    "INGBNL2A",
    "NDEAFIHH",
    "BNPAFRPP",
    "DABADKKK",
]


@dataclass(frozen=True, slots=True)
class Payment:
    """One transaction; `minor` is signed. A batch has `parts`."""

    number: int
    day: date
    minor: int
    name: str
    iban: str
    bic: str
    text: str
    reference: str
    kind: str
    parts: tuple[Payment, ...] = ()


def payments(count: int, seed: int = 1) -> Iterator[Payment]:
    """`count` entries in the order of their days."""
    random = Random(seed)
    for number in range(1, count + 1):
        day = FIRST_DAY + timedelta(days=number * 250 // max(count, 1))
        share = random.random()
        if share < 0.08:
            sign = random.choice((1, -1))
            parts = tuple(_payment(random, number, day, sign, "part") for _ in range(random.randint(2, 7)))
            yield Payment(number, day, sum(p.minor for p in parts), "", "", "", "Batch", "", "batch", parts)
        elif share < 0.13:
            fee = -random.randint(1, 5000)
            yield Payment(number, day, fee, "", "", "", f"Månadsavgift {day:%B}", "", "fee")
        else:
            kind = "foreign" if share < 0.17 else "return" if share < 0.20 else "plain"
            yield _payment(random, number, day, random.choice((1, 1, -1)), kind)


def _payment(random: Random, number: int, day: date, sign: int, kind: str) -> Payment:
    if random.random() < 0.7:
        name = f"{random.choice(_LAST)} {random.choice(_TRADE)} {random.choice(_FORM)}"
    else:
        name = f"{random.choice(_FIRST)} {random.choice(_LAST)}"
    minor = sign * random.choice((random.randint(100, 99_999), random.randint(10_000, 9_999_999)))
    invoice = random.randint(10_000_000, 99_999_999)
    text = f"Faktura {invoice} kund {random.randint(1000, 9999)} enligt avtal {day.year}-{random.randint(1, 999):03}"
    iban = f"SE{random.randint(10, 98)}{random.randint(10**19, 10**20 - 1)}"
    return Payment(number, day, minor, name, iban, random.choice(_BICS), text, str(invoice), kind)


def _decimal(minor: int, mark: str = ".") -> str:
    return f"{abs(minor) // 100}{mark}{abs(minor) % 100:02}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def write_camt(
    path: Path, count: int, *, version: str = "08", indent: bool = False, seed: int = 1, a_statement: int | None = None
) -> None:
    """A camt.053.001.`version` file with one statement, or with `a_statement` entries in each."""
    size = a_statement or count
    sums = [0] * -(-count // size)
    for payment in payments(count, seed):
        sums[(payment.number - 1) // size] += payment.minor
    made, opening = payments(count, seed), OPENING_MINOR
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def put(text: str, depth: int) -> None:
            file.write(_indented(text, depth) if indent else text)

        file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        file.write(f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>')
        put("<GrpHdr><MsgId>BENCH-1</MsgId><CreDtTm>2026-12-31T18:00:00+01:00</CreDtTm></GrpHdr>", 1)
        for number, total in enumerate(sums, start=1):
            file.write("<Stmt>")
            put(
                f"<Id>BENCH-STMT-{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>"
                "<CreDtTm>2026-12-31T18:00:00+01:00</CreDtTm>"
                "<Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id><Ccy>SEK</Ccy>"
                f"<Svcr><FinInstnId><{_bic_tag(version)}>ESSESESS</{_bic_tag(version)}></FinInstnId></Svcr></Acct>"
                + _camt_balance("OPBD", opening, FIRST_DAY)
                + _camt_balance("CLBD", opening + total, date(2026, 12, 31)),
                2,
            )
            for payment in islice(made, size):
                put(_camt_entry(payment, version), 2)
            file.write("</Stmt>")
            opening += total
        file.write("</BkToCstmrStmt></Document>\n")


def _bic_tag(version: str) -> str:
    return "BIC" if version < "03" else "BICFI"


def _indented(text: str, depth: int) -> str:
    """The elements of a fragment on lines of their own, with tabs."""
    pieces, level, out = text.replace("><", ">\n<").split("\n"), depth, []
    for piece in pieces:
        if piece.startswith("</"):
            level -= 1
        out.append("\n" + "\t" * level + piece)
        if not piece.startswith("</") and "</" not in piece and not piece.endswith("/>"):
            level += 1
    return "".join(out)


def _camt_balance(code: str, minor: int, day: date) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="SEK">{_decimal(minor)}</Amt>'
        f"<CdtDbtInd>{'CRDT' if minor >= 0 else 'DBIT'}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _camt_entry(payment: Payment, version: str) -> str:
    direction = "CRDT" if payment.minor >= 0 else "DBIT"
    status = "<Sts>BOOK</Sts>" if version < "07" else "<Sts><Cd>BOOK</Cd></Sts>"
    family = "RCDT" if payment.minor >= 0 else "ICDT"
    codes = (
        "ACMT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG"
        if payment.kind == "fee"
        else f"PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>ESCT"
    )
    head = (
        f'<Ntry><NtryRef>{payment.number}</NtryRef><Amt Ccy="SEK">{_decimal(payment.minor)}</Amt>'
        f"<CdtDbtInd>{direction}</CdtDbtInd>{status}<BookgDt><Dt>{payment.day}</Dt></BookgDt>"
        f"<ValDt><Dt>{payment.day}</Dt></ValDt><AcctSvcrRef>BR{payment.number:012}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>{codes}</SubFmlyCd></Fmly></Domn>"
        "<Prtry><Cd>NTRF+166</Cd><Issr>BANK</Issr></Prtry></BkTxCd>"
    )
    if payment.kind == "fee":
        return f"{head}<AddtlNtryInf>{payment.text}</AddtlNtryInf></Ntry>"
    batch = ""
    if payment.parts:
        batch = (
            f"<Btch><MsgId>MSG{payment.number}</MsgId><PmtInfId>PMT{payment.number}</PmtInfId>"
            f"<NbOfTxs>{len(payment.parts)}</NbOfTxs></Btch>"
        )
    details = "".join(_camt_transaction(part, version) for part in payment.parts or (payment,))
    return f"{head}<NtryDtls>{batch}{details}</NtryDtls><AddtlNtryInf>Betalning</AddtlNtryInf></Ntry>"


def _camt_transaction(payment: Payment, version: str) -> str:
    amount = f'<Amt Ccy="SEK">{_decimal(payment.minor)}</Amt>'
    own = f"{amount}<CdtDbtInd>{'CRDT' if payment.minor >= 0 else 'DBIT'}</CdtDbtInd>" if version > "02" else ""
    details = f"<TxAmt>{amount}</TxAmt>"
    if payment.kind == "foreign":
        exchange = "<CcyXchg><SrcCcy>EUR</SrcCcy><TrgtCcy>SEK</TrgtCcy><XchgRate>11.2500</XchgRate></CcyXchg>"
        details = (
            f'<InstdAmt><Amt Ccy="EUR">{_decimal(payment.minor * 100 // 1125)}</Amt></InstdAmt>'
            f"<TxAmt>{amount}{exchange}</TxAmt>"
        )
    party = (
        f"<Nm>{_escaped(payment.name)}</Nm><PstlAdr><StrtNm>{_STREETS[payment.number % 7]}</StrtNm>"
        f"<TwnNm>{_TOWNS[payment.number % 10]}</TwnNm><Ctry>SE</Ctry></PstlAdr>"
    )
    if version >= "07":
        party = f"<Pty>{party}</Pty>"
    # A returned payment keeps the roles of the payment that came back.
    side = "Dbtr" if (payment.minor >= 0) != (payment.kind == "return") else "Cdtr"
    bic = _bic_tag(version)
    returned = (
        "<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Konto avslutat</AddtlInf></RtrInf>"
        if payment.kind == "return"
        else ""
    )
    remitted = (
        f"<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>{payment.reference}</Ref></CdtrRefInf></Strd>"
        if payment.number % 3 == 0
        else f"<Ustrd>{_escaped(payment.text)}</Ustrd>"
    )
    return (
        f"<TxDtls><Refs><AcctSvcrRef>TX{payment.reference}</AcctSvcrRef><InstrId>IN{payment.reference}</InstrId>"
        f"<EndToEndId>E2E-{payment.reference}</EndToEndId><TxId>T{payment.reference}</TxId></Refs>{own}"
        f"<AmtDtls>{details}</AmtDtls><RltdPties><{side}>{party}</{side}><{side}Acct><Id><IBAN>{payment.iban}</IBAN></Id></{side}Acct>"
        f"</RltdPties><RltdAgts><{side}Agt><FinInstnId><{bic}>{payment.bic}</{bic}></FinInstnId></{side}Agt></RltdAgts>"
        f"<Purp><Cd>SUPP</Cd></Purp><RmtInf>{remitted}</RmtInf><RltdDts><AccptncDtTm>{payment.day}T08:00:00</AccptncDtTm></RltdDts>"
        f"{returned}</TxDtls>"
    )


def write_mt940(path: Path, count: int, *, seed: int = 1, a_statement: int = ENTRIES_A_MESSAGE) -> None:
    """MT940 messages of `a_statement` entries, each balanced."""
    balance, statement = OPENING_MINOR, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        batch: list[Payment] = []
        for payment in payments(count, seed):
            batch.append(payment)
            if len(batch) == a_statement:
                statement += 1
                balance = _mt940_message(file, batch, statement, balance)
                batch = []
        if batch:
            _mt940_message(file, batch, statement + 1, balance)


def _mt940_message(file: object, batch: list[Payment], statement: int, opening: int) -> int:
    closing = opening + sum(payment.minor for payment in batch)
    lines = [
        f":20:BENCH{statement}",
        ":25:50010517/0648489890",
        f":28C:{statement}/1",
        _mt940_balance("60F", batch[0].day, opening),
    ]
    for payment in batch:
        mark = "C" if payment.minor >= 0 else "D"
        own = f"INV{payment.reference}" if payment.reference else "NONREF"
        lines.append(
            f":61:{payment.day:%y%m%d%m%d}{mark}R{_decimal(payment.minor, ',')}NTRF{own[:16]}//BR{payment.number:012}"
        )
        lines.extend(_mt940_text(payment))
    lines += [_mt940_balance("62F", batch[-1].day, closing), "-"]
    file.write("\r\n".join(lines) + "\r\n")  # type: ignore[attr-defined]
    return closing


def _mt940_balance(tag: str, day: date, minor: int) -> str:
    return f":{tag}:{'C' if minor >= 0 else 'D'}{day:%y%m%d}EUR{_decimal(minor, ',')}"


def _mt940_text(payment: Payment) -> list[str]:
    """The :86: field in lines of at most 65 letters: German, Dutch or free text."""
    text, name = payment.text.encode("ascii", "ignore").decode(), payment.name.encode("ascii", "ignore").decode()
    if payment.number % 4 in (0, 1):
        field = (
            f"166?00GUTSCHRIFT?10{payment.number % 10000:04}?20EREF+E2E{payment.reference}?21SVWZ+{text[:20]}?22{text[20:47]}"
            f"?30{payment.bic}?31{payment.iban}?32{name[:27]}"
        )
    elif payment.number % 4 == 2:
        field = f"/TRTP/SEPA OVERBOEKING/IBAN/{payment.iban}/BIC/{payment.bic}/NAME/{name}/REMI/{text}/EREF/E2E{payment.reference}"
    else:
        field = f"{name} {text} {payment.reference}"
    cut = [field[at : at + 61] for at in range(0, len(field), 61)]
    return [f":86:{cut[0]}", *cut[1:]]


def write_ofx(path: Path, count: int, *, xml: bool = False, seed: int = 1) -> None:
    """OFX 1.0.2 (SGML, no end tags of values) or 2.1.1 (XML)."""
    total = OPENING_MINOR + sum(payment.minor for payment in payments(count, seed))

    def leaf(tag: str, text: str) -> str:
        return f"<{tag}>{_escaped(text)}</{tag}>" if xml else f"<{tag}>{_escaped(text)}\n"

    with path.open("w", encoding="utf-8" if xml else "cp1252", errors="replace", newline="\n") as file:
        if xml:
            file.write(
                '<?xml version="1.0" encoding="UTF-8"?><?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>'
            )
        else:
            file.write(
                "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n"
            )
        file.write("<OFX><SIGNONMSGSRSV1><SONRS><STATUS>" + leaf("CODE", "0") + leaf("SEVERITY", "INFO") + "</STATUS>")
        file.write(leaf("DTSERVER", "20261231180000") + leaf("LANGUAGE", "ENG") + "</SONRS></SIGNONMSGSRSV1>")
        file.write(
            "<BANKMSGSRSV1><STMTTRNRS>"
            + leaf("TRNUID", "1")
            + "<STATUS>"
            + leaf("CODE", "0")
            + leaf("SEVERITY", "INFO")
            + "</STATUS>"
        )
        file.write(
            "<STMTRS>"
            + leaf("CURDEF", "SEK")
            + "<BANKACCTFROM>"
            + leaf("BANKID", "5000")
            + leaf("ACCTID", "0058398257466")
        )
        file.write(
            leaf("ACCTTYPE", "CHECKING")
            + "</BANKACCTFROM><BANKTRANLIST>"
            + leaf("DTSTART", "20260101")
            + leaf("DTEND", "20261231")
        )
        for payment in payments(count, seed):
            sign = "-" if payment.minor < 0 else ""
            file.write(
                "<STMTTRN>"
                + leaf("TRNTYPE", "FEE" if payment.kind == "fee" else "CREDIT" if payment.minor >= 0 else "DEBIT")
                + leaf("DTPOSTED", f"{payment.day:%Y%m%d}120000[+1:CET]")
                + leaf("TRNAMT", sign + _decimal(payment.minor))
                + leaf("FITID", f"{payment.day:%Y%m%d}{payment.number:09}")
                + leaf("NAME", payment.name[:32] or "Banken")
                + leaf("MEMO", payment.text)
                + "</STMTTRN>"
            )
        file.write(
            "</BANKTRANLIST><LEDGERBAL>" + leaf("BALAMT", _decimal(total)) + leaf("DTASOF", "20261231") + "</LEDGERBAL>"
        )
        file.write("</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=["camt", "mt940", "ofx"])
    parser.add_argument("entries", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--version", default="08", help="camt version, 02 to 14")
    parser.add_argument("--indent", action="store_true", help="camt on many lines")
    parser.add_argument("--xml", action="store_true", help="OFX 2 instead of OFX 1")
    given = parser.parse_args()
    if given.format == "camt":
        write_camt(given.path, given.entries, version=given.version, indent=given.indent)
    elif given.format == "mt940":
        write_mt940(given.path, given.entries)
    else:
        write_ofx(given.path, given.entries, xml=given.xml)


if __name__ == "__main__":
    main()
