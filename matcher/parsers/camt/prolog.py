"""The refusal of document types.

The same kind of tokenizer that reads the file looks at the same bytes first. So there is no spelling and no encoding in
which a DOCTYPE could hide from a search: what the tokenizer would act upon, the guard sees.
"""

from __future__ import annotations

from pyexpat import ExpatError, ParserCreate

from recon_core.domain.refused import LimitExceeded, Unreadable

PROLOG_BYTES_MAX = 1 << 20


class PrologGuard:
    """Fed with blocks of UTF-8 until the first element has begun."""

    def __init__(self) -> None:
        self.done = False
        self._fed = 0
        self._parser = ParserCreate("utf-8")
        self._parser.SetParamEntityParsing(0)
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
