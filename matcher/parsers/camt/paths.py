"""Which element is which field: the mapping of domain section 1.1 for camt, as tables.

The paths of a field stand in the order of preference: old and new paths side by side, because banks mix them. The
paths of a transaction are relative to `TxDtls`, those of an entry to `Ntry`, those of an account to its parent.
"""

from __future__ import annotations

Table = dict[str, tuple[str, ...]]

AGENT_BIC = (
    "FinInstnId/BICFI",
    "FinInstnId/BIC",
    "FinInstnId/AnyBIC",
    "FinInstnId/CmbndId/BIC",
)
AGENT_MEMBER = (
    "FinInstnId/ClrSysMmbId/MmbId",
    "FinInstnId/ClrSysMmbId/Id",
    "FinInstnId/CmbndId/ClrSysMmbId/Id",
    "FinInstnId/Othr/Id",
    "FinInstnId/PrtryId/Id",
)
AGENT_NAME = ("FinInstnId/Nm", "FinInstnId/NmAndAdr/Nm", "FinInstnId/CmbndId/Nm")
PARTY_NAME = ("Nm", "Pty/Nm", *(f"Agt/{path}" for path in (*AGENT_NAME, *AGENT_BIC, *AGENT_MEMBER)))
# The kind of account number that each path tells; the last two have schemes of their own.
ACCOUNT_KINDS: dict[str, str | None] = {
    "Id/IBAN": "IBAN",
    "Id/BBAN": "BBAN",
    "Id/UPIC": "UPIC",
    "Id/Othr/Id": None,
    "Id/PrtryAcct/Id": None,
    "Prxy/Id": None,
    "Id": None,
}


def _below(parent: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{parent}/{path}" for path in paths)


def _side(role: str) -> Table:
    """The fields of one side of a payment; `role` is Dbtr or Cdtr."""
    return {
        "name": (*_below(f"RltdPties/{role}", PARTY_NAME), f"RltdPties/{role}Acct/Nm"),
        "account": _below(f"RltdPties/{role}Acct", tuple(ACCOUNT_KINDS)),
        "bic": _below(f"RltdAgts/{role}Agt", (*AGENT_BIC, *AGENT_MEMBER)),
        "ultimate": _below(f"RltdPties/Ultmt{role}", PARTY_NAME),
    }


DEBTOR, CREDITOR = _side("Dbtr"), _side("Cdtr")

_CODES: Table = {
    "domain": ("BkTxCd/Domn/Cd",),
    "family": ("BkTxCd/Domn/Fmly/Cd",),
    "subfamily": ("BkTxCd/Domn/Fmly/SubFmlyCd",),
    "proprietary": ("BkTxCd/Prtry/Cd",),
}

# What repeats from transaction to transaction, and what does not.
TRANSACTION_KIND: Table = {
    "direction": ("CdtDbtInd",),
    **_CODES,
    "reason": ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry", "RtrInf/RtrRsn/Cd", "RtrInf/RtrRsn/Prtry", "RtrInf/Rsn"),
}
TRANSACTION: Table = {
    "end_to_end": ("Refs/EndToEndId",),
    "instruction": ("Refs/InstrId",),
    "transaction": ("Refs/TxId",),
    "mandate": ("Refs/MndtId",),
    "message": ("Refs/MsgId",),
    "payment": ("Refs/PmtInfId",),
    "cheque": ("Refs/ChqNb",),
    "bank": ("Refs/AcctSvcrRef",),
    "trader": _below("RltdPties/TradgPty", PARTY_NAME),
}

# What repeats from entry to entry, and what does not.
ENTRY_KIND: Table = {
    "direction": ("CdtDbtInd",),
    "reversal": ("RvslInd",),
    "status": ("Sts/Cd", "Sts/Prtry", "Sts"),
    "booked": ("BookgDt/Dt", "BookgDt/DtTm", "BookgDt"),
    "value": ("ValDt/Dt", "ValDt/DtTm", "ValDt"),
    **_CODES,
}
ENTRY: Table = {
    "reference": ("NtryRef",),
    "amount": ("Amt",),
    "bank": ("AcctSvcrRef",),
    "info": ("AddtlNtryInf",),
}

# Fields of which there may be several, in the order of the document.
TEXTS = frozenset({"RmtInf/Ustrd", "RmtInf/Strd/AddtlRmtInf"})
REFERENCES = frozenset({"RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef"})
DOCUMENTS = frozenset({"RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/RfrdDocInf/RfrdDocNb"})
INFOS = ("AddtlTxInf", "RtrInf/AddtlInf", "RtrInf/AddtlRtrRsnInf")

# Parts that an entry has only inside a transaction; some hand-written files leave `TxDtls` out.
TRANSACTION_ONLY = frozenset({"Refs", "RltdPties", "RltdAgts", "RmtInf", "RtrInf"})

OWN_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "AmtDtls/InstdAmt/Amt")
ORIGINAL_AMOUNTS = ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/CntrValAmt/Amt", "Amt")
RATES = tuple(f"AmtDtls/{kind}/CcyXchg/XchgRate" for kind in ("InstdAmt", "TxAmt", "CntrValAmt", "AnncdPstngAmt"))

BATCHES = ("NtryDtls/Btch", "Btch")
CHARGES = {
    "Chrgs/TtlChrgsAndTaxAmt": "total",
    "Chrgs/Amt": "amount",
    "Chrgs/CdtDbtInd": "direction",
    "Chrgs/ChrgInclInd": "included",
    "Chrgs/Rcrd/Amt": "amount",
    "Chrgs/Rcrd/CdtDbtInd": "direction",
    "Chrgs/Rcrd/ChrgInclInd": "included",
}
RETURN = "RtrInf"
