"""From bytes to events: the loop over blocks, plain transactions, and everything around them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from matcher.parsers.contract import HEAD_BYTES, Event, LinesRead, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.notes import Notes
from matcher.parsers.ofx.blocks import BLANK, BLOCK_BYTES, Block, Places, blocks
from matcher.parsers.ofx.draft import Draft, SignOn
from matcher.parsers.ofx.entry import Entry, entry_at, line_of, note_sign
from matcher.parsers.ofx.header import OfxHeader, read_head, read_header
from matcher.parsers.ofx.shapes import Shapes
from matcher.parsers.ofx.tokens import ENTRY_TAGS, Token, depth, tokens
from matcher.parsers.ofx.values import clean, unescaped
from matcher.parsers.text import Decoder, compact_date
from recon_core.domain.currency import exponent
from recon_core.domain.diagnostic import Severity
from recon_core.domain.refused import BadDate, LimitExceeded, Unreadable
from recon_core.domain.statement import LineStatus, StatementLine

# FITIDs are compared with the last ones only: memory stays bounded, and repetitions stand close together.
FITIDS_COMPARED = 1 << 14
# Transactions that may stand before the statement tells its currency.
HELD_MAX = 5000
# A text of more than this without another transaction is one transaction that goes on through several blocks.
ENTRY_CHARS_USUAL = 1 << 18
ENTRY_TAGS_MAX = 2000
_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS"})
_LISTS = frozenset({"BANKTRANLIST", "BANKTRANLISTP"})
_OPEN = "<STMTTRN>"
_BOOKED = LineStatus.BOOKED.value
_CUT_OFF = "Fetch the file again."


def read(stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
    """Events of an OFX file. Raises `Unreadable` or `LimitExceeded` where it can't go on."""
    first = read_head(stream, BLOCK_BYTES)
    header = read_header(first[:HEAD_BYTES])
    decoder = Decoder(configured=options.encoding, declared=header.declared)
    reader = _Reader(header, options)
    told = 0
    for block in blocks(stream, first, decoder):
        reader.take(block)
        yield from decoder.diagnostics[told:]
        told = len(decoder.diagnostics)
        yield from reader.events()
    reader.finish()
    yield from reader.events()


class _Reader:
    """The state between blocks: the open aggregates, the open statement, and what waits to be told."""

    def __init__(self, header: OfxHeader, options: ReadOptions) -> None:
        self._version = header.version
        self._any_case = header.small_letters
        self._known_currency = options.currency.upper() if options.currency else None
        if self._known_currency:
            exponent(self._known_currency)
        self._notes = Notes()
        self._out: list[Event] = []
        self._lines: list[StatementLine] = []
        self._stack: list[str] = []
        self._status: dict[str, str] = {}
        self._refusals: list[str] = []
        self._sign_on = SignOn()
        self._trnuid = ""
        self._draft: Draft | None = None
        self._skipped = ""
        self._skipped_before = False
        self._held: list[Entry] = []
        self._statements = 0
        self._fitids: set[str] = set()
        self._fitids_before: set[str] = set()
        self._days: dict[str, date] = {}
        self._shapes: dict[int, Shapes] = {}
        self._tail = ""
        self._ends_in_entry = False
        if header.unknown is not None:
            message = f"the header names the unknown character set {header.unknown[:20]!r}."
            self._notes.warning("encoding-unknown", "header", message, "Name the bank's encoding.")

    def events(self) -> list[Event]:
        """What the blocks since the last call gave."""
        if len(self._fitids) > FITIDS_COMPARED:
            self._fitids, self._fitids_before = set(), self._fitids
        self._tell_lines()
        self._out += self._notes.drain()
        told, self._out = self._out, []
        return told

    def take(self, block: Block) -> None:
        """Read a block: transactions of a known shape in one go, anything else tag by tag."""
        text, place, end = block.text, 0, len(block.text)
        places = Places(block)
        while place < end:
            if self._stack and self._stack[-1] == "BANKTRANLIST" and self._draft and self._draft.currency:
                place = self._take_shaped(text, place, places)
                if place == end:
                    break
            stop = text.find(_OPEN, place + 1)
            stop = end if stop < 0 else stop
            if stop - place > ENTRY_CHARS_USUAL:
                self._check_size(text, place, stop, places)
            found = tokens(text, place, stop, any_case=self._any_case)
            if text.startswith(_OPEN, place) and self._draft and self._draft.currency:
                tags = [token.tag for token in found]
                if "/STMTTRN" in tags:
                    self._shapes_of(self._draft.currency).learn(tags[1 : tags.index("/STMTTRN")])
            self._take_tokens(found, text, stop, places)
            place = stop
        self._tail = text[-200:]

    def _check_size(self, text: str, place: int, stop: int, places: Places) -> None:
        if text.startswith(_OPEN, place) and text.count("<", place, stop) > ENTRY_TAGS_MAX:
            raise LimitExceeded(f"a transaction has more than {ENTRY_TAGS_MAX} tags.", where=f"byte {places.at(place)}")

    def _take_shaped(self, text: str, place: int, places: Places) -> int:
        """Transactions of a known shape that stand one after the other at `place`; the place after them."""
        draft = self._draft
        assert draft is not None
        assert draft.currency is not None
        currency, decimals, days = draft.currency, exponent(draft.currency), self._days
        shapes = self._shapes_of(draft.currency)
        received, encoding, flat = places.received, places.encoding, places.flat
        seen, seen_before = self._fitids, self._fitids_before
        lines, index, start, new = self._lines, draft.line_count, places.at(place), tuple.__new__
        while True:
            shape = shapes.first
            found = shape.match(text, place)
            if found is None:
                other = shapes.other(text, place)
                if other is None:
                    break
                shape, found = other
            stop = found.end()
            end = start + (stop - place if flat else len(received[place:stop].encode(encoding, "replace")))
            where = f"bytes {start}-{end - stop + found.end(shape.end)}"
            if not shape.common:
                draft.line_count = index
                self._take_leaves(shape.leaves, found.groups(), where)
                index, place, start = draft.line_count, stop, end
                continue
            kind, posted, user, avail, whole, cents, fitid, server, check, refnum, name, memo = found.group(
                *shape.common
            )
            booked, valued = days.get(posted), None if avail is None else days.get(avail)
            if booked is None or (avail is not None and valued is None):
                if self._learn_days(posted, avail):
                    continue
                break
            whole += cents if cents is not None and len(cents) == decimals else (cents or "").ljust(decimals, "0")
            minor = int(whole)
            if name is not None:
                name = (unescaped(name) if "&" in name else name).strip() or None
            if memo is not None:
                memo = (unescaped(memo) if "&" in memo else memo).strip() or None
            index += 1
            if not fitid or fitid in seen or fitid in seen_before:
                self._note_fitid(fitid, where)
            else:
                seen.add(fitid)
            if (minor > 0 and kind == "DEBIT") or (minor < 0 and kind == "CREDIT"):
                note_sign(self._notes, where, kind)
            # fmt: off
            lines.append(new(StatementLine, (
                index, booked, valued, minor, currency, _BOOKED, False, fitid or None, None, None, kind or None, None,
                None, server or None, None, None, None, refnum or None, (), memo, name, None, None, None, None, None,
                None, None, check or None, None, None, None, (), where, (("DTUSER", user),) if user else (),
            )))
            # fmt: on
            place, start = stop, end
        draft.line_count = index
        return place

    def _shapes_of(self, currency: str) -> Shapes:
        return self._shapes.setdefault(exponent(currency), Shapes(exponent(currency)))

    def _take_leaves(self, paths: tuple[str, ...], texts: tuple[str | None, ...], where: str) -> None:
        entry = Entry(0, pending=False, where=where, closed=True)
        for path, text in zip(paths, texts, strict=False):
            entry.add(path, clean(text or ""))
        self._add(entry)

    def _learn_days(self, *printed: str | None) -> bool:
        """Whether the days exist; they are then in the table."""
        if len(self._days) > 10_000:
            self._days.clear()
        try:
            self._days.update({text: compact_date(text) for text in printed if text is not None})
        except BadDate:
            return False
        return True

    def _note_fitid(self, fitid: str | None, where: str) -> None:
        if fitid:
            message = f"the FITID {fitid[:60]!r} occurs again in the statement."
            self._notes.warning(
                "fitid-repeated", f"{where}, FITID", message, "Lines are told apart by their content too."
            )
        else:
            self._notes.warning("fitid-missing", where, "a line without FITID.", "It is told apart by its content.")

    def _take_tokens(self, found: list[Token], text: str, stop: int, places: Places) -> None:
        """Follow the tags of a part of the file that ends at the character `stop`."""
        place = 0
        while place < len(found):
            token = found[place]
            start = places.at(token.start)
            if token.tag in ENTRY_TAGS:
                entry, place = entry_at(found, place)
                after = found[place].start if place < len(found) else stop
                end = token.start + len(text[token.start : after].rstrip(BLANK))
                entry.where = f"bytes {start}-{places.at(end)}"
                self._ends_in_entry = not entry.closed and place == len(found)
                self._take_entry(entry)
                continue
            self._ends_in_entry = False
            name = token.tag.removeprefix("/")
            if name != token.tag:
                if name in self._stack:
                    self._close_to(depth(name) or 0)
            elif depth(name) is None:
                self._take_leaf(token, f"byte {start}")
            else:
                self._open(name, f"byte {start}")
            place += 1

    def _open(self, tag: str, where: str) -> None:
        level = depth(tag)
        assert level is not None
        self._close_to(level)
        self._stack.append(tag)
        if tag == "STATUS":
            self._status = {}
        elif tag in _STATEMENTS:
            self._begin(tag, where)
        elif tag.endswith("STMTRS"):
            self._skipped, self._skipped_before = tag, True
            message = f"{tag} is no bank or card statement and is not read."
            self._notes.warning("statement-skipped", where, message, "Investments and loans are out of scope.")
        elif tag in _LISTS and self._draft is None and not self._skipped:
            self._begin("", where)

    def _close_to(self, level: int) -> None:
        """Close what is open at this depth or below it."""
        while self._stack and (depth(self._stack[-1]) or 0) >= level:
            closed = self._stack.pop()
            if closed == "STATUS":
                self._tell_status()
            elif self._draft is not None and closed == self._draft.kind:
                self._end()
            elif closed == self._skipped:
                self._skipped = ""

    def _take_leaf(self, token: Token, where: str) -> None:
        section = self._stack[-1] if self._stack else ""
        if section == "STATUS":
            self._status.setdefault(token.tag, token.text)
        elif section in ("SONRS", "FI"):
            self._sign_on.leaf(token.tag, token.text, where, self._notes)
        elif token.tag == "TRNUID":
            self._trnuid = token.text
        elif self._draft is not None and token.text:
            self._draft.leaf(section, token.tag, token.text, where, self._notes)
            if self._held and self._draft.currency is not None:
                self._add_held()

    def _tell_status(self) -> None:
        """An answer of the bank that is not "success" (OFX 2.3 section 3.1.4)."""
        code = self._status.get("CODE", "")
        if not code.strip("0"):
            return
        says = self._status.get("MESSAGE", "")[:200]
        answer = f"{code[:20]} {says}".strip()
        severity = {"INFO": Severity.INFO, "WARN": Severity.WARNING}.get(
            self._status.get("SEVERITY", "").upper(), Severity.ERROR
        )
        if severity == Severity.ERROR:
            self._refusals.append(answer)
        cure = "Ask for the statement again, or ask the bank."
        self._notes.add("bank-answer", severity, "STATUS", f"the bank answered: {answer}.", cure)

    def _begin(self, kind: str, where: str) -> None:
        if self._draft is not None:
            self._end()
        self._draft = Draft(kind, where, self._sign_on, self._version, self._trnuid)
        self._statements += 1

    def _take_entry(self, entry: Entry) -> None:
        if self._skipped:
            return
        if self._draft is None:
            self._begin("", entry.where)
        entry.pending = entry.pending or "BANKTRANLISTP" in self._stack
        assert self._draft is not None
        if self._draft.currency is not None:
            self._add(entry)
            return
        self._held.append(entry)
        if len(self._held) >= HELD_MAX:
            self._draft.settle_currency(self._known_currency, self._notes)
            self._add_held()

    def _add_held(self) -> None:
        held, self._held = self._held, []
        for entry in held:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        draft = self._draft
        assert draft is not None
        assert draft.currency is not None
        line = line_of(entry, currency=draft.currency, index=draft.line_count + 1, notes=self._notes)
        if line is None:
            return
        draft.line_count += 1
        self._lines.append(line)
        fitid = line.bank_reference
        if fitid is not None and (fitid in self._fitids or fitid in self._fitids_before):
            self._note_fitid(fitid, entry.where)
        elif fitid is not None:
            self._fitids.add(fitid)
        elif not entry.pending:
            self._note_fitid(None, entry.where)

    def _tell_lines(self) -> None:
        draft = self._draft
        if draft is None or not self._lines:
            return
        if not draft.started:
            draft.started = True
            self._out.append(StatementStarted(draft.header()))
        self._out.append(LinesRead(self._lines))
        self._lines = []

    def _end(self) -> None:
        """The open statement is complete."""
        draft = self._draft
        assert draft is not None
        draft.settle_currency(self._known_currency, self._notes)
        self._add_held()
        draft.check(self._notes)
        self._tell_lines()
        if not draft.started:
            self._out.append(StatementStarted(draft.header()))
        header = draft.header(self._notes)
        self._out += self._notes.totals()
        self._out.append(StatementEnded(header))
        self._fitids, self._fitids_before = set(), set()
        self._draft = None

    def finish(self) -> None:
        """The file is at its end. Raises `Unreadable` where it is cut off or holds no bank statement."""
        in_tag = self._draft is not None and "<" in self._tail[self._tail.rfind(">") + 1 :]
        if in_tag or self._ends_in_entry or self._stack not in ([], ["OFX"]):
            inside = self._stack[-1] if self._stack else "a statement"
            raise Unreadable(f"the file ends inside {inside}, so it is cut off.", cure=_CUT_OFF)
        if self._stack:
            message = "the file has no </OFX> at its end; more statements may have been cut off."
            self._notes.error("end-tag-missing", "end of file", message, _CUT_OFF)
        if self._draft is not None:
            self._end()
        self._close_to(0)
        if self._statements == 0:
            raise Unreadable(self._why_nothing(), cure="Ask for the statement again, or ask the bank.")

    def _why_nothing(self) -> str:
        if self._refusals:
            return f"the bank sent no statement but an error: {'; '.join(self._refusals[:3])}."
        if self._skipped_before:
            return "the file holds statements of investments or loans, but none of a bank account or card."
        return "the file is OFX but holds no statement of a bank account or card."
