"""The beginning of an XML file: its encoding, and the refusal of document types.

The same tokenizer that reads the file looks at its prolog first. So there is no encoding in which a DOCTYPE could hide
from a search of bytes: what the tokenizer would act upon, the guard sees.
"""

from __future__ import annotations

import codecs
from pyexpat import ExpatError, ParserCreate

from recon_core.domain.refused import LimitExceeded, Unreadable

PROLOG_BYTES_MAX = 1 << 20


class PrologGuard:
    """Fed with blocks until the first element has begun; `encoding` is then what the declaration says, or None."""

    def __init__(self) -> None:
        self.done = False
        self.encoding: str | None = None
        self._fed = 0
        self._parser = ParserCreate()
        self._parser.SetParamEntityParsing(0)
        self._parser.XmlDeclHandler = self._declaration
        self._parser.StartDoctypeDeclHandler = self._document_type
        self._parser.StartElementHandler = self._element

    def feed(self, block: bytes, *, final: bool) -> None:
        """Look at the next bytes. Raises `Unreadable` for a document type and `LimitExceeded` for an endless prolog."""
        if self.done:
            return
        self._fed += len(block)
        try:
            self._parser.Parse(block, final)
        except (ExpatError, LookupError, ValueError) as error:
            if not self.done:
                raise Unreadable(f"the file is no well-formed XML: {error}.", cure="Fetch the file again.") from error
        if self._fed > PROLOG_BYTES_MAX and not self.done:
            raise LimitExceeded(f"no element begins in the first {PROLOG_BYTES_MAX} bytes.")

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        del version, standalone
        self.encoding = encoding

    def _document_type(self, name: str, system_id: str | None, public_id: str | None, has_subset: int) -> None:
        del name, system_id, public_id, has_subset
        raise Unreadable(
            "the file declares a document type (DOCTYPE), which no bank statement needs and which is not read.",
            cure="Ask the bank for the file without it.",
            where=f"line {self._parser.CurrentLineNumber}",
        )

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        del name, attributes
        self.done = True
        self._parser.StartElementHandler = None


def declared_utf8(head: bytes, encoding: str | None) -> bool:
    """Whether the tokenizer will read the bytes as UTF-8."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head[:4]:
        return False
    if encoding is None:
        return True
    try:
        return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
    except LookupError:
        return False
