"""The file header: OFX 1.x `KEY:VALUE` lines, OFX 2.x `<?OFX ... ?>`, in every shape that banks write them in.

Seen: blank lines before it, all keys on one line with or without blanks, blanks after the colons, CR only, no blank
line after it, keys missing, no header at all, an SGML header before XML and the reverse.
"""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

from matcher.parsers.contract import HEAD_BYTES
from recon_core.domain.refused import Unreadable

_KEYS = "OFXHEADER|DATA|VERSION|SECURITY|ENCODING|CHARSET|COMPRESSION|OLDFILEUID|NEWFILEUID"
_LINE = re.compile(rf"({_KEYS})[ \t]*:[ \t]*([^\r\n<]*?)[ \t]*(?=(?:{_KEYS})[ \t]*:|[\r\n<]|\Z)")
_INSTRUCTION = re.compile(r"<\?(OFX|xml)\b([^<>]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*[\"']([^\"'<>]*)[\"']")
_ROOT = re.compile(r"<\s*OFX\s*>", re.IGNORECASE)
_FRAGMENT = re.compile(r"<(?:BANKMSGSRSV1|CREDITCARDMSGSRSV1|STMTRS|CCSTMTRS|BANKTRANLIST|STMTTRN)\s*>", re.IGNORECASE)

_CODE_PAGE = re.compile(r"(?:CP|MS|WINDOWS)?-?(437|737|775|85[025-8]|86[0-6]|869|125[0-8])")
_ISO_PAGE = re.compile(r"(?:ISO)?-?_?8859-([0-9]{1,2})")
# The other ASCII-compatible encodings; none of them has a "<" inside a character.
_OTHERS = {
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE": "utf-8",
    "LATIN1": "cp1252",
    "LATIN-1": "cp1252",
    "KOI8-R": "koi8-r",
    "SHIFT_JIS": "cp932",
    "GB2312": "gbk",
    "GBK": "gbk",
    "BIG5": "big5",
    "EUC-KR": "euc-kr",
    "EUC-JP": "euc-jp",
}
_SAY_NOTHING = {"", "NONE", "USASCII", "US-ASCII", "ASCII"}


class OfxHeader(NamedTuple):
    """`version` as printed ("102", "211"), `declared` the codec that the header names, `unknown` a name of none.

    `small_letters` tells that the root tag is written in small letters, and so any tag may be.
    """

    version: str | None = None
    declared: str | None = None
    unknown: str | None = None
    small_letters: bool = False


def sureness(head: bytes) -> int:
    """How sure it is that a file that begins with these bytes is OFX, 0 to 100."""
    text = _ascii(head)
    start = text.lstrip("\ufeff\x00 \t\r\n")
    root = _ROOT.search(text)
    if start.startswith("OFXHEADER") or re.match(r"<\?OFX\b", start, re.IGNORECASE):
        return 100
    if root is not None or re.search(r"<\?OFX\b", text):
        return 95 if start.startswith("<") or "OFXHEADER" in text else 30
    if _FRAGMENT.search(text) and start.startswith("<"):
        return 70
    return 95 if "OFXHEADER" in text and "OFXSGML" in text else 0


def read_head(stream: BinaryIO, block_bytes: int) -> bytes:
    """The first blocks of a stream, until the header is complete; `HEAD_BYTES` are enough for any."""
    head = stream.read(block_bytes)
    while len(head) < HEAD_BYTES and b"<OFX>" not in head.upper() and (more := stream.read(block_bytes)):
        head += more
    return head


def read_header(head: bytes) -> OfxHeader:
    """What stands before `<OFX>` in the first bytes of a file. Raises `Unreadable` for a compressed body."""
    text = _ascii(head)
    root = _ROOT.search(text)
    small_letters = root is not None and root[0].islower()
    if root is not None:
        text = text[: root.start()]
    found = {key: value.strip() for key, value in _LINE.findall(text)}
    for kind, attributes in _INSTRUCTION.findall(text):
        for name, value in _ATTRIBUTE.findall(attributes):
            if kind.upper() == "OFX" or name.lower() == "encoding":
                found.setdefault("CHARSET" if name.lower() == "encoding" else name.upper(), value.strip())
    compression = found.get("COMPRESSION", "").upper()
    if compression not in _SAY_NOTHING:
        raise Unreadable(
            f"the body of the file is compressed ({compression[:20]}).",
            where="header, COMPRESSION",
            cure="Ask the bank for COMPRESSION:NONE.",
        )
    codec, unknown = None, None
    for name in (found.get("ENCODING", ""), found.get("CHARSET", "")):
        codec = codec or _codec(name)
        if codec is None and name.upper() not in _SAY_NOTHING:
            unknown = name
    return OfxHeader(found.get("VERSION") or None, codec, None if codec else unknown, small_letters)


def _codec(name: str) -> str | None:
    """Python's name of a character set of the header, or None. Latin-1 is read as its superset Windows-1252."""
    name = name.strip().upper()
    if page := _CODE_PAGE.fullmatch(name):
        return f"cp{page[1]}"
    if page := _ISO_PAGE.fullmatch(name):
        return "cp1252" if page[1] == "1" else f"iso8859-{page[1]}" if int(page[1]) in range(2, 17) else None
    return _OTHERS.get(name)


def _ascii(head: bytes) -> str:
    """The bytes as text of which only the ASCII part counts."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
