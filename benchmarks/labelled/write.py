"""Files of a data set: camt.053.001.08 statements, the same lines as a flat CSV, the book as CSV, the truth as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

from benchmarks.labelled.world import Line, World

BOOK_COLUMNS = ("id", "account", "date", "amount", "currency", "reference", "counterparty", "description", "kind")
LINE_COLUMNS = [
    "id",
    "account",
    "date",
    "amount",
    "currency",
    "code",
    "reference",
    "end_to_end",
    "text",
    "name",
    "bank_text",
    "mandate",
    "cheque",
    "message_id",
    "batch_count",
    "original_amount",
    "original_currency",
    "return_reason",
    "details",
]
_OPENING = 100_000_000


def money(minor: int) -> str:
    """Two decimals with a point."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def write_book(path: Path, worlds: Iterable[World]) -> None:
    """All open items of all accounts."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(BOOK_COLUMNS)
        for world in worlds:
            for row in world.rows:
                rows.writerow(
                    [
                        row.id,
                        world.account,
                        row.day,
                        money(row.amount),
                        world.currency,
                        row.reference,
                        row.party,
                        row.description,
                        row.kind,
                    ]
                )


def write_lines(path: Path, worlds: Iterable[World]) -> None:
    """All bank lines of all accounts; empty cells are empty in the statement too."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(LINE_COLUMNS)
        for world in worlds:
            rows.writerows(_flat(line, world) for line in world.lines)


def _flat(line: Line, world: World) -> list[object]:
    foreign, currency = line.original or (None, "")
    details = [[money(part.amount), part.end_to_end, part.name] for part in line.details]
    return [
        line.id,
        world.account,
        line.day,
        money(line.amount),
        world.currency,
        line.code or line.proprietary,
        line.reference,
        line.end_to_end,
        line.text,
        line.name,
        line.bank_text,
        line.mandate,
        line.cheque,
        line.message_id,
        line.count or "",
        money(foreign) if foreign is not None else "",
        currency,
        line.return_reason,
        json.dumps(details, ensure_ascii=False) if details else "",
    ]


def truth_of(world: World) -> dict[str, object]:
    """What is right for every line of an account."""
    lines = {}
    for line in world.lines:
        entry: dict[str, object] = {
            "book": sorted(row.id for row in line.rows),
            "category": line.category,
            "hard": line.hard,
            "expect": line.expect,
            "amount": line.amount,
        }
        if line.accept:
            entry["accept"] = [sorted(row.id for row in rows) for rows in line.accept]
        if line.klass:
            entry["class"] = line.klass
        if line.remainder:
            entry["remainder"] = line.remainder
        if line.group:
            entry["group"] = line.group
        lines[line.id] = entry
    return {
        "account": world.account,
        "currency": world.currency,
        "lines": lines,
        "outstanding": [row.id for row in world.outstanding],
    }


def write_truth(path: Path, world: World) -> None:
    """The truth of one account."""
    path.write_text(json.dumps(truth_of(world), ensure_ascii=False, indent=0), encoding="utf-8")


def write_statement(path: Path, world: World) -> None:
    """All lines of an account as one statement whose balances prove."""
    first, last = world.lines[0].day, world.lines[-1].day
    closing = _OPENING + sum(line.amount for line in world.lines)
    with path.open("w", encoding="utf-8") as stream:
        stream.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        )
        stream.write(
            f"<GrpHdr><MsgId>S{last:%Y%m%d}</MsgId><CreDtTm>{last}T23:00:00</CreDtTm></GrpHdr><Stmt><Id>{world.account[-4:]}-{last}</Id>"
        )
        stream.write(f"<Acct><Id><IBAN>{world.account}</IBAN></Id><Ccy>{world.currency}</Ccy></Acct>")
        stream.write(
            _balance("OPBD", _OPENING, first, world.currency) + _balance("CLBD", closing, last, world.currency) + "\n"
        )
        for number, line in enumerate(world.lines, 1):
            stream.write(_entry(line, number, world.currency) + "\n")
        stream.write("</Stmt></BkToCstmrStmt></Document>\n")


def _amount(minor: int, currency: str) -> str:
    return f'<Amt Ccy="{currency}">{money(abs(minor))}</Amt><CdtDbtInd>{"CRDT" if minor >= 0 else "DBIT"}</CdtDbtInd>'


def _balance(code: str, minor: int, day: date, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(minor, currency)}<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(line: Line, number: int, currency: str) -> str:
    domain, family, sub = line.code.split("/") if line.code else ("", "", "")
    code = f"<Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn>" if domain else ""
    own = f"<Prtry><Cd>{escape(line.proprietary)}</Cd></Prtry>" if line.proprietary else ""
    batch = ""
    if line.message_id or line.count:
        ids = f"<MsgId>{line.message_id}</MsgId>" if line.message_id else ""
        batch = f"<Btch>{ids}{f'<NbOfTxs>{line.count}</NbOfTxs>' if line.count else ''}</Btch>"
    told = line.details or ([] if line.count else [line])  # of a batch the bank lists all payments or none
    parts = "".join(_transaction(part, currency) for part in told)
    text = f"<AddtlNtryInf>{escape(line.bank_text)}</AddtlNtryInf>" if line.bank_text else ""
    return (
        f"<Ntry><NtryRef>{number}</NtryRef>{_amount(line.amount, currency)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.day}</Dt></BookgDt>"
        f"<ValDt><Dt>{line.day}</Dt></ValDt><AcctSvcrRef>{line.id}</AcctSvcrRef><BkTxCd>{code}{own}</BkTxCd><NtryDtls>{batch}{parts}</NtryDtls>{text}</Ntry>"
    )


def _transaction(line: Line, currency: str) -> str:
    side = "Dbtr" if line.amount >= 0 else "Cdtr"
    reference = (
        f"<EndToEndId>{escape(line.end_to_end)}</EndToEndId>"
        if line.end_to_end
        else "<EndToEndId>NOTPROVIDED</EndToEndId>"
    )
    foreign = ""
    if line.original:
        minor, code = line.original
        foreign = f'<AmtDtls><InstdAmt><Amt Ccy="{code}">{money(minor)}</Amt></InstdAmt></AmtDtls>'
    name = f"<RltdPties><{side}><Pty><Nm>{escape(line.name)}</Nm></Pty></{side}></RltdPties>" if line.name else ""
    remittance = f"<Ustrd>{escape(line.text)}</Ustrd>" if line.text else ""
    if line.reference:
        remittance += f"<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>{escape(line.reference)}</Ref></CdtrRefInf></Strd>"
    ids = "".join(
        f"<{name}>{escape(value)}</{name}>"
        for name, value in (("MndtId", line.mandate), ("ChqNb", line.cheque))
        if value
    )
    returned = f"<RtrInf><Rsn><Cd>{line.return_reason}</Cd></Rsn></RtrInf>" if line.return_reason else ""
    return (
        f"<TxDtls><Refs>{reference}{ids}</Refs>{_amount(line.amount, currency)}{foreign}{name}"
        f"{f'<RmtInf>{remittance}</RmtInf>' if remittance else ''}{returned}</TxDtls>"
    )
