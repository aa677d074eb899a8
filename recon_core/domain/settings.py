"""Module settings: one frozen object, kept in the database a value a row."""

from __future__ import annotations

from typing import NamedTuple


class Settings(NamedTuple):
    """Settings of the module (reconciliation F1-F7 and the control policy).

    `skip_voided` (F3) is frozen into a document when it is opened. `unknown_receipts_entry_type` (F1) and
    `in_transit_account` (F2) are codes. `reopen_lines_on_void` (F7): voiding a transaction that a bank line proved opens
    that line again. `four_eyes`: whoever made something above a limit may not approve it. `automatic_stopped` is the
    kill switch: no policy clears, adjusts or releases anything.
    """

    skip_voided: bool = True
    unknown_receipts_entry_type: str = ""
    in_transit_account: str = "1680"
    reopen_lines_on_void: bool = True
    four_eyes: bool = False
    automatic_stopped: bool = False
