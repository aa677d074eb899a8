"""Tables on terminals of any width: an amount is shown whole or on a line of its own, never cut."""

from __future__ import annotations

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from matcher.cli import render_review

COLUMNS = ("Account", "Line", "Date", "Amount", "From or to", "Code", "Cure")
ROW = (
    "1930", "4711", "2026-03-06", "-1234567.89 SEK", "Vårgårda Kontorshotell AB och Söner",
    "unreleased-adjustments", "Tick what is on the bank statement, adjust what only the bank has, or correct it.",
)  # fmt: skip


def shown(width: int, rows: list[tuple[str, ...]]) -> str:
    """What a terminal of that width shows of the rows."""
    paper = StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_review, "console", lambda: Console(highlight=False, width=width, file=paper))
        made = render_review.table(*COLUMNS, right=("Line", "Amount"))
        for row in rows:
            made.add_row(*map(Text, row))
        render_review.print_table(made)
    return paper.getvalue()


@given(width=st.integers(min_value=20, max_value=250))
def test_amounts_dates_and_words_are_whole_at_any_width(width: int) -> None:
    page = shown(width, [ROW])
    for whole in ("-1234567.89 SEK", "2026-03-06", "4711", "unreleased-adjustments"):
        assert whole in page
    assert "…" not in page
    assert set(ROW[-1].split()) <= set(page.split())


def test_a_table_that_fits_keeps_a_row_on_a_line() -> None:
    assert any("4711" in line and "-1234567.89 SEK" in line for line in shown(250, [ROW]).splitlines())


def test_a_narrow_terminal_shows_a_row_as_a_block_without_its_empty_cells() -> None:
    page = shown(80, [("1930", "9", "", "1.00 SEK", "Fyra AB", "x" * 40, "y" * 40)])
    assert page.split("\n")[1:4] == ["  Account     1930", "  Line        9", "  Amount      1.00 SEK"]


def test_on_a_terminal_thousands_are_apart_and_elsewhere_amounts_are_for_programs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert render_review.grouped("-1234567.50 SEK") == "-1234567.50 SEK"

    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    assert render_review.grouped("-1234567.50 SEK") == "-1\u00a0234\u00a0567.50 SEK"
    assert [render_review.grouped(text) for text in ("999.00", "1234567", "2026-03-31", "A1234.50")] == [
        "999.00", "1234567", "2026-03-31", "A1234.50",
    ]  # fmt: skip
