"""A file as blocks of text that never cut a transaction or a tag, with comments and CDATA taken care of.

Memory: one block and what is left of the one before. A transaction, or a text without any tag, of more than
`ENTRY_CHARS_MAX` characters is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from matcher.parsers.ofx.values import FILLER, KEPT_AND, KEPT_LESS
from matcher.parsers.text import Decoder
from recon_core.domain.refused import LimitExceeded, Unreadable

BLOCK_BYTES = 1 << 16
ENTRY_CHARS_MAX = 1 << 22

_OPEN = "<STMTTRN>"
_CLOSE = "</STMTTRN>"
_ANY = re.compile(r"<\s*+(/?)\s*+STMTTRNP?\s*+>", re.IGNORECASE)
BLANK = " \t\r\n\x00\x1a\ufeff"

_MARKUP = re.compile(r"<!--|<!\[CDATA\[|<\?|<!\s*(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)\b", re.IGNORECASE)
_OPENING_CHARS_MAX = 12
_MULTIBYTE = frozenset({"utf-8", "utf-16-le", "utf-16-be", "cp932", "shift_jis", "gbk", "big5", "euc_kr", "euc_jp"})
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": ">"}
# The stand-ins themselves are no text; where a file has them they are blanks.
_NO_STANDINS = str.maketrans({FILLER: " ", KEPT_LESS: " ", KEPT_AND: " "})
_KEPT = str.maketrans({"<": KEPT_LESS, "&": KEPT_AND})


class Block(NamedTuple):
    """Text without markup, the equally long text as it was received, and the place of its first byte in the source."""

    text: str
    received: str
    offset: int
    encoding: str


class Places:
    """Bytes of the source that stand before a character of a block; asked for in rising order.

    `flat` tells that each character of the block is one byte.
    """

    def __init__(self, block: Block) -> None:
        self.flat = (
            not block.encoding.startswith("utf-16") if block.received.isascii() else block.encoding not in _MULTIBYTE
        )
        self.received, self.encoding = block.received, block.encoding
        self._char, self._byte = 0, block.offset

    def at(self, char: int) -> int:
        """The byte at which the character stands."""
        if self.flat:
            self._byte += char - self._char
        else:
            self._byte += len(self.received[self._char : char].encode(self.encoding, "replace"))
        self._char = char
        return self._byte


def blocks(stream: BinaryIO, first: bytes, decoder: Decoder) -> Iterator[Block]:
    """Blocks of the file that begins with `first` and goes on in `stream`. Raises `LimitExceeded` or `Unreadable`."""
    markup = _Markup()
    offset = 3 if first.startswith(b"\xef\xbb\xbf") else 2 if first[:2] in (b"\xff\xfe", b"\xfe\xff") else 0
    text = received = ""
    data = first
    while True:
        final = not data
        new, as_received = markup.masked(decoder.feed(data, final=final), final=final)
        if text is received and new is as_received:
            text = received = text + new
        else:
            text, received = text + new, received + as_received
        cut = len(text) if final else _cut(text)
        if cut:
            part, rest = text[:cut], text[cut:]
            same = text is received
            block = Block(part, part if same else received[:cut], offset, decoder.encoding)
            text, received = rest, rest if same else received[cut:]
            yield block
            offset = Places(block).at(cut)
        if final:
            return
        if len(text) > ENTRY_CHARS_MAX:
            raise LimitExceeded(
                f"one transaction or text is longer than {ENTRY_CHARS_MAX} characters.", where=f"byte {offset}"
            )
        data = stream.read(BLOCK_BYTES)


def _cut(text: str) -> int:
    """Where the text can be cut: before a transaction that may not be complete, else before or after the last tag."""
    begin = end = -1
    for found in _ANY.finditer(text, max(text.rfind(_OPEN), text.rfind(_CLOSE), 0)):
        if found[1]:
            end = found.start()
        else:
            begin = found.start()
    if begin > end:
        return begin
    last = text.rfind("<")
    if last < 0:
        return len(text) if not text.strip(BLANK) else 0
    closed = text.find(">", last) + 1
    if closed and text.startswith("</", last) and not text[closed:].strip(BLANK):
        return len(text)
    return last


class _Markup:
    """Takes comments, processing instructions and CDATA out of the text, through all blocks, and keeps its length."""

    def __init__(self) -> None:
        self._open = ""
        self._held = ""

    def masked(self, text: str, *, final: bool) -> tuple[str, str]:
        """The text with stand-ins of equal length, and as it was received; the same object where nothing is masked.

        A piece of markup that may go on is held back. Raises `Unreadable` at a document type or entity declaration,
        and where the file ends inside of markup.
        """
        if self._held:
            text, self._held = self._held + text, ""
        if not final:
            text = self._hold_back(text)
        # Single letters are found several times as fast as pairs.
        if not self._open and not ("!" in text and "<!" in text) and not ("?" in text and "<?" in text):
            return text, text
        received, text = text, text.translate(_NO_STANDINS)
        pieces: list[str] = []
        at = 0
        while at < len(text):
            at = self._inside(text, at, pieces) if self._open else self._outside(text, at, pieces)
        if final and self._open:
            raise Unreadable(f"the file ends inside {self._open}, so it is cut off.", cure="Fetch the file again.")
        return "".join(pieces), received

    def _hold_back(self, text: str) -> str:
        """The text without what may be the beginning of markup, or of its end."""
        last = text.rfind("<", -_OPENING_CHARS_MAX)
        cut = len(text) if last < 0 or ">" in text[last:] else last
        cut = min(cut, max(len(text.rstrip("-]")), len(text) - 2))
        self._held = text[cut:]
        return text[:cut]

    def _outside(self, text: str, at: int, pieces: list[str]) -> int:
        """Go on to the next markup; the place after its opening."""
        found = _MARKUP.search(text, at)
        if found is None:
            pieces.append(text[at:])
            return len(text)
        if found[1]:
            raise Unreadable(
                f"the file declares a document type or entities ({found[0][:20]}); such files are never read.",
                cure="Ask the bank for a file without a DOCTYPE.",
            )
        pieces.append(text[at : found.start()])
        pieces.append(FILLER * len(found[0]))
        self._open = found[0].upper()
        return found.end()

    def _inside(self, text: str, at: int, pieces: list[str]) -> int:
        """Go on to the end of what is open; the place after it."""
        end = text.find(_ENDS[self._open], at)
        stop = len(text) if end < 0 else end
        inner = text[at:stop]
        pieces.append(inner.translate(_KEPT) if self._open == "<![CDATA[" else FILLER * len(inner))
        if end < 0:
            return stop
        pieces.append(FILLER * len(_ENDS[self._open]))
        stop += len(_ENDS[self._open])
        self._open = ""
        return stop
