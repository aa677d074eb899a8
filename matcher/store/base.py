"""What the matcher's table modules share: one MetaData, and the number that every table has."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData

from recon_core.store.tables.base import METADATA as CORE_METADATA

METADATA = MetaData(naming_convention=CORE_METADATA.naming_convention)

# Opinions can be formed again from the books, so the log does not repeat them.
UNLOGGED = {"logged": False}


def number() -> Column[int]:
    """An id that is never used twice."""
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
