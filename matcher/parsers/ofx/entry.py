"""One transaction, `STMTTRN` (OFX 2.3 section 11.4.4.1) or pending `STMTTRNP`, as a bank line.

This is the general way; `shapes` has the fast one for what banks usually write. Both give the same line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from matcher.parsers.identifiers import is_bic
from matcher.parsers.notes import Notes
from matcher.parsers.ofx.tokens import ENTRY_TAGS, Token, depth
from matcher.parsers.ofx.values import day
from matcher.parsers.text import AMOUNT_ODDITIES, printed_amount
from recon_core.domain.currency import EXPONENTS
from recon_core.domain.money import to_text
from recon_core.domain.refused import BadAmount, BadDate
from recon_core.domain.statement import AMOUNT_UNKNOWN, LineStatus, StatementLine

# Aggregates inside a transaction and their leaves.
PARTS = {
    "PAYEE": {"NAME", "ADDR1", "ADDR2", "ADDR3", "CITY", "STATE", "POSTALCODE", "COUNTRY", "PHONE"},
    "BANKACCTTO": {"BANKID", "BRANCHID", "ACCTID", "ACCTTYPE", "ACCTKEY"},
    "CCACCTTO": {"ACCTID", "ACCTKEY"},
    "CURRENCY": {"CURRATE", "CURSYM"},
    "ORIGCURRENCY": {"CURRATE", "CURSYM"},
}
# What has a field of its own in the normalized line; everything else goes to `extra`.
_OWN = (
    "TRNTYPE DTPOSTED DTTRAN DTAVAIL TRNAMT FITID SRVRTID CHECKNUM REFNUM MEMO CURRENCY/CURRATE CURRENCY/CURSYM "
    "ORIGCURRENCY/CURRATE ORIGCURRENCY/CURSYM BANKACCTTO/ACCTID CCACCTTO/ACCTID"
)
_FIELDS = frozenset(_OWN.split())
_NAMES = ("NAME", "PAYEE/NAME", "PAYEE", "EXTDNAME")


@dataclass(slots=True)
class Entry:
    """The leaves of one transaction by path (`PAYEE/NAME`), and what its markup lacked."""

    start: int
    pending: bool
    where: str = ""
    leaves: dict[str, str] = field(default_factory=dict)
    repeated: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False

    def add(self, path: str, text: str) -> None:
        """Keep a leaf; of a repeated one the first counts and the others are kept aside."""
        if not text:
            return
        if path not in self.leaves:
            self.leaves[path] = text
        elif path == "MEMO":
            self.leaves[path] += f"\n{text}"
        else:
            self.repeated.append((path, text))


def entry_at(found: list[Token], place: int) -> tuple[Entry, int]:
    """The transaction that opens at `found[place]`, and the place of the first token after it.

    It ends at its end tag, or without one where the next transaction or anything around transactions begins.
    """
    entry = Entry(found[place].start, pending=found[place].tag == "STMTTRNP")
    inside = ""
    place += 1
    while place < len(found):
        tag, text, _ = found[place]
        name = tag.removeprefix("/")
        if name in ENTRY_TAGS and tag != name:
            entry.closed = True
            return entry, place + 1
        if name in ENTRY_TAGS or depth(name) is not None:
            return entry, place
        if tag != name:
            inside = ""
        elif name in PARTS and not text:
            inside = name
        else:
            if inside and name not in PARTS[inside]:
                inside = ""
            entry.add(f"{inside}/{name}" if inside else name, text)
        place += 1
    return entry, place


def line_of(entry: Entry, *, currency: str, index: int, notes: Notes) -> StatementLine | None:
    """The bank line of an entry, in `currency` unless it names its own; None for an entry that says nothing.

    What can't be read is noted; a line whose amount can't be read is kept with the pair `AMOUNT_UNKNOWN`.
    """
    leaves = entry.leaves
    if not leaves:
        notes.warning("transaction-empty", entry.where, "a STMTTRN without any value.", "Ask the bank what it was.")
        return None
    extra = list(entry.repeated)
    own = leaves.get("CURRENCY/CURSYM") or leaves.get("CURRENCY") or currency
    if own.upper() not in EXPONENTS:
        message = f"{own[:20]!r} is no ISO 4217 currency code."
        notes.error("unknown-currency", f"{entry.where}, CURSYM", message, "Ask the bank for the file again.")
        extra.append(("CURRENCY/CURSYM", own))
        own = ""
    minor = _amount_of(entry, own.upper(), extra, notes)
    named_by = next((path for path in _NAMES if path in leaves), "")
    if named_by and leaves.get("EXTDNAME", "").startswith(leaves[named_by]):
        # NAME is cut at 32 characters, EXTDNAME at 100.
        named_by = "EXTDNAME"
    bank = leaves.get("BANKACCTTO/BANKID", "")
    extra += [(path, text) for path, text in leaves.items() if path not in _FIELDS and path != named_by]
    kind = leaves.get("TRNTYPE")
    _note_oddities(entry, kind, minor, notes)
    return StatementLine(
        line_index=index,
        booking_date=_day_of(entry, "DTTRAN" if "DTTRAN" in leaves else "DTPOSTED", notes),
        value_date=_day_of(entry, "DTAVAIL", notes),
        amount=minor,
        currency=own.upper() or currency,
        status=_status_of(entry),
        bank_reference=leaves.get("FITID"),
        proprietary_code=kind,
        transaction_id=leaves.get("SRVRTID"),
        creditor_reference=leaves.get("REFNUM"),
        remittance=leaves.get("MEMO"),
        counterparty_name=leaves.get(named_by),
        counterparty_account=leaves.get("BANKACCTTO/ACCTID") or leaves.get("CCACCTTO/ACCTID"),
        counterparty_bic=bank if is_bic(bank) else None,
        original_currency=leaves.get("ORIGCURRENCY/CURSYM"),
        exchange_rate=leaves.get("ORIGCURRENCY/CURRATE") or leaves.get("CURRENCY/CURRATE"),
        check_number=leaves.get("CHECKNUM"),
        where=entry.where,
        extra=tuple(extra),
    )


def _status_of(entry: Entry) -> str:
    if entry.leaves.get("CORRECTACTION", "").upper() == "DELETE":
        return LineStatus.INFO
    return LineStatus.PENDING if entry.pending else LineStatus.BOOKED


def _amount_of(entry: Entry, currency: str, extra: list[tuple[str, str]], notes: Notes) -> int:
    """Minor units of TRNAMT; 0 and a pair in `extra` where they can't be told."""
    printed = entry.leaves.get("TRNAMT", "")
    place = f"{entry.where}, TRNAMT"
    if not printed:
        notes.error("bad-amount", place, "the transaction has no amount.", "Ask the bank for the file again.")
    elif any(path == "TRNAMT" for path, _ in entry.repeated):
        cure = "An end tag is missing: ask the bank for the file again."
        notes.error("bad-amount", place, "the transaction has two amounts.", cure)
    elif currency:
        try:
            minor, oddity = printed_amount(printed, currency)
        except BadAmount as error:
            notes.error(error.code, place, error.message, error.cure)
        else:
            if oddity:
                message = f"{printed!r} is printed {AMOUNT_ODDITIES[oddity]}; read as {to_text(minor, currency)}."
                notes.warning(oddity, place, message)
            return minor
    extra += [AMOUNT_UNKNOWN, *([("TRNAMT", printed)] if printed else [])]
    return 0


def _day_of(entry: Entry, path: str, notes: Notes) -> date | None:
    printed = entry.leaves.get(path, "")
    try:
        found = day(printed)
    except BadDate as error:
        notes.error(error.code, f"{entry.where}, {path}", error.message, error.cure or "Date the line by hand.")
        return None
    if found is None and path == "DTPOSTED":
        notes.error("bad-date", f"{entry.where}, {path}", "the transaction has no booking date.", "Date it by hand.")
    return found


def _note_oddities(entry: Entry, kind: str | None, minor: int, notes: Notes) -> None:
    leaves = entry.leaves
    if not entry.closed:
        notes.info("end-tag-missing", entry.where, "a STMTTRN without its end tag.")
    if (kind == "DEBIT" and minor > 0) or (kind == "CREDIT" and minor < 0):
        note_sign(notes, entry.where, kind)
    if "CORRECTFITID" in leaves or "CORRECTACTION" in leaves:
        action = leaves.get("CORRECTACTION", "REPLACE").upper()
        notes.warning(
            "correction",
            f"{entry.where}, CORRECTFITID",
            f"the bank corrects its line {leaves.get('CORRECTFITID', '(not named)')}: {action}.",
            "Look at the earlier line and at what was matched with it.",
        )


def note_sign(notes: Notes, where: str, kind: str) -> None:
    """A type that contradicts the sign. The sign is taken as printed; the type never changes it."""
    notes.warning("sign-contradicts-type", f"{where}, TRNAMT", f"a {kind} with the other sign.", "The sign counts.")
