"""CSV exports of banks, each in the layout that a profile describes.

A profile is data (`profiles/*.toml`, and the user's own in the folders of the environment variable `RECON_PROFILES`);
`profile` documents its settings. A file is recognised by the columns of its header row, which may stand below other
text. Lines keep the order of the file. Where there is a balance column it proves the lines one by one and gives
opening and closing balance, whichever way the export runs. Columns that the profile does not name are kept as extra.
Rows of several accounts or currencies become one statement each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from matcher.parsers.contract import Event, Head, ReadOptions


class _Csv:
    """The format in the registry."""

    name = "csv"

    def sniff(self, head: Head) -> int:
        """Sure of a header that a profile knows; hardly sure of another table, so that its refusal names the cure."""
        from matcher.parsers.csv.detect import sureness

        return sureness(head.data)

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Event]:
        """Events of the file. Raises `UnknownFormat`, `AmbiguousFormat`, `Unreadable`, `LimitExceeded`, `BadSetting`."""
        from matcher.parsers.csv.reader import read

        return read(stream, options)


FORMAT = _Csv()
