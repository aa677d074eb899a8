"""From what the engine calls a line to the entry type (betalningstyp) that an adjustment of it takes."""

from __future__ import annotations

from matcher.proposal import Category
from recon_core.domain.states import Direction, EntryKind
from recon_core.ports import UnitOfWork
from recon_core.services import lookup

_KINDS = {
    Category.BANK_FEE: EntryKind.BANK_FEE,
    Category.INTEREST: EntryKind.INTEREST,
    Category.TAX: EntryKind.TAX,
    Category.ROUNDING: EntryKind.ROUNDING,
    Category.FX: EntryKind.FX,
    Category.UNKNOWN: EntryKind.UNKNOWN_RECEIPT,
    Category.OVERPAYMENT: EntryKind.UNKNOWN_RECEIPT,
}


class EntryTypes:
    """The active entry types of a database, read once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._unknown_receipts = lookup.settings(uow).unknown_receipts_entry_type
        self._codes: dict[tuple[str, str], str] = {}
        for row in uow.select("SELECT code, kind, direction FROM entry_type WHERE active ORDER BY id"):
            self._codes.setdefault((row.kind, row.direction), row.code)

    def code(self, category: Category | None, amount: int) -> str | None:
        """The entry type for an amount of this category, None where none is set up or a person must choose."""
        kind = _KINDS.get(category) if category is not None else None
        if kind is None:
            return None
        if kind == EntryKind.UNKNOWN_RECEIPT and amount > 0 and self._unknown_receipts:
            return self._unknown_receipts
        direction = Direction.RECEIPT if amount > 0 else Direction.DISBURSEMENT
        return self._codes.get((kind.value, direction.value))
