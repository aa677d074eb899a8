"""What every format stands on: detection, spool, proof stage, batches, frames."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import matcher
from matcher.parsers import registry
from matcher.parsers.contract import Event, Head, LinesRead, ReadOptions, StatementEnded, StatementStarted
from matcher.parsers.registry import Registered, identify
from matcher.parsers.source import FailedFile
from matcher.parsers.spool import ROWS_IN_MEMORY, Lines
from recon_core.domain.diagnostic import Diagnostic, Severity
from recon_core.domain.refused import AmbiguousFormat, UnknownFormat, Unreadable
from recon_core.domain.statement import LineStatus, StatementHeader, StatementLine
from tests.parsers.camt_files import balance, details, document, entry, statement


def line(index: int, amount: int = 100, **fields: object) -> StatementLine:
    return StatementLine(index, date(2026, 1, 1 + index % 28), None, amount, "EUR", **fields)  # type: ignore[arg-type]


# --- spool


def varied(count: int) -> list[StatementLine]:
    """Lines with everything that a line can hold."""
    made = []
    for index in range(1, count + 1):
        inner = tuple(line(n, n, extra=(("a", str(n)),)) for n in range(index % 4))
        made.append(
            line(
                index,
                index - 5,
                status=[*LineStatus][index % 4],
                reversal=index % 7 == 0,
                remittance=None if index % 3 else f"text {index}",
                document_numbers=("1", "2")[: index % 3],
                details=inner,
                where=f"entry {index}",
            )
        )
    return made


@pytest.mark.parametrize("count", [0, 1, ROWS_IN_MEMORY, ROWS_IN_MEMORY + 1, 3 * ROWS_IN_MEMORY + 17])
def test_lines_come_back_as_they_were_as_often_as_one_asks(count: int) -> None:
    lines, wanted = Lines(), varied(count)
    for at in range(0, count, 50):
        lines.append(wanted[at : at + 50])

    assert len(lines) == count
    assert list(lines) == wanted
    assert [type(one.status) for one in lines] == [LineStatus] * count


def test_lines_can_be_iterated_inside_an_iteration() -> None:
    lines, wanted = Lines(), varied(ROWS_IN_MEMORY + 30)
    for at in range(0, len(wanted), 50):
        lines.append(wanted[at : at + 50])

    for outer, own in zip(lines, wanted[:20], strict=False):
        assert outer == own
        assert next(iter(lines)) == wanted[0]


def test_inverted_reversals_are_turned_with_their_details_and_only_they() -> None:
    lines = Lines()
    block = [line(1, 5), line(2, 5, reversal=True, details=(line(1, 2), line(2, 3)))]
    for _ in range(ROWS_IN_MEMORY):
        lines.append(block[:])
    lines.invert_reversals = True

    for plain, turned in zip(*[iter(lines)] * 2, strict=True):
        assert (plain.amount, turned.amount, [one.amount for one in turned.details]) == (5, -5, [-2, -3])


def test_details_count_as_lines_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: files.append(io.BytesIO()) or files[-1])
    monkeypatch.setattr("weakref.finalize", lambda *_: None)
    lines = Lines()

    lines.append([line(1, details=(line(1),) * (ROWS_IN_MEMORY - 1))])
    assert files == []
    lines.append([line(2)])

    assert len(files) == 1


def test_a_spool_leaves_no_open_file_behind(recwarn: pytest.WarningsRecorder) -> None:
    lines = Lines()
    lines.append(varied(ROWS_IN_MEMORY + 1))
    del lines
    gc.collect()

    assert [str(one.message) for one in recwarn] == []


# --- detection


class Format:
    """A format that is as sure as it is told."""

    def __init__(self, name: str, sureness: int, events: list[Event] | None = None) -> None:
        self.name = name
        self._sureness = sureness
        self._events = events or []

    def sniff(self, head: Head) -> int:
        return self._sureness

    def read(self, stream: io.BytesIO, options: ReadOptions) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, Exception):
                raise event
            yield event


def use(monkeypatch: pytest.MonkeyPatch, *formats: Format) -> None:
    by_name = {one.name: one for one in formats}
    monkeypatch.setattr(registry, "FORMATS", tuple(Registered(one.name, one.name) for one in formats))
    monkeypatch.setattr(registry, "load", lambda registered: by_name[registered.name])


def test_the_surest_format_reads_the_file_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for order in ((Format("a", 10), Format("b", 60)), (Format("b", 60), Format("a", 10))):
        use(monkeypatch, *order)
        assert identify(Head(b"x"))[0].name == "b"


def test_a_tie_is_refused_and_so_is_a_file_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Format("a", 60), Format("b", 60))
    with pytest.raises(AmbiguousFormat, match="a and b"):
        identify(Head(b"x"))
    use(monkeypatch, Format("a", 0))
    with pytest.raises(UnknownFormat):
        identify(Head(b"x"))


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04", "archive"),
        (b"", "empty"),
        (b"<html>", "web page"),
        (b"?", "this is no bank statement"),
    ],
)
def test_a_stranger_is_named(data: bytes, word: str) -> None:
    with pytest.raises(UnknownFormat, match=word):
        identify(Head(data))


def test_every_registered_format_has_a_manual_and_a_name() -> None:
    import importlib

    for registered in registry.FORMATS:
        assert len(importlib.import_module(registered.module).__doc__ or "") > 200
        assert registry.load(registered).name == registered.name


# --- assembling

HEADER = StatementHeader("x", "statement", statement_id="S", currency="EUR", opening_balance=0, closing_balance=100)


def test_oddities_outside_a_statement_are_filed_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = [Diagnostic(str(number), Severity.INFO, "", "") for number in range(4)]
    events: list[Event] = []
    for number in range(2):
        events += [odd[number], StatementStarted(HEADER), LinesRead([line(1)]), StatementEnded(HEADER)]
    use(monkeypatch, Format("x", 100, [*events, odd[2], odd[3]]))

    first, second = matcher.parse(b"x")

    assert [[one.code for one in found.diagnostics] for found in (first, second)] == [["0"], ["1", "2", "3"]]


def test_statements_before_an_error_are_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [StatementStarted(HEADER), LinesRead([line(1)]), StatementEnded(HEADER), StatementStarted(HEADER)]
    use(monkeypatch, Format("x", 100, [*events, Unreadable("broken")]))  # type: ignore[list-item]

    found = list(matcher.parse_batch([b"x", b"y"]))

    assert [type(one) for one in found] == [matcher.Statement, FailedFile] * 2
    with pytest.raises(Unreadable, match="broken"):
        list(matcher.parse(b"x"))


def test_a_flood_of_oddities_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    flood = [Diagnostic("x", Severity.INFO, "", "")] * 1500
    use(monkeypatch, Format("x", 100, [StatementStarted(HEADER), LinesRead([line(1)]), *flood, StatementEnded(HEADER)]))

    (found,) = matcher.parse(b"x")

    assert (len(found.diagnostics), found.diagnostics_dropped) == (1000, 500)


def test_a_statement_without_currency_takes_that_of_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = HEADER._replace(currency=None)
    use(monkeypatch, Format("x", 100, [StatementStarted(bare), LinesRead([line(1)]), StatementEnded(bare)]))

    (found,) = matcher.parse(b"x")

    assert (found.header.currency, found.header.balanced) == ("EUR", True)


def test_the_name_of_a_source_can_be_given() -> None:
    (found,) = matcher.parse(document(statement(entry())).encode(), name="from the bank")

    assert found.header.source is not None
    assert found.header.source.name == "from the bank"


# --- frames


def test_a_frame_has_whole_numbers_days_and_texts_and_nothing_else() -> None:
    batch = entry("30.00", inside=details("<Refs><EndToEndId>E</EndToEndId></Refs>", "<Refs/>"))
    balances = balance("OPBD", "0") + balance("CLBD", "40")
    xml = document(statement(entry("10.00", reversal="false"), batch, balances=balances))

    frame = matcher.frame(matcher.parse(xml.encode()))

    assert frame["amount"].tolist() == [1000, 3000]
    assert frame["batch_count"].isna().tolist() == [True, False]
    assert frame["balanced"].tolist() == [True, True]
    assert [str(kind) for kind in frame.dtypes if "float" in str(kind)] == []
    assert str(frame.dtypes["amount"]) == "int64"
    assert str(frame.dtypes["booking_date"]) == "datetime64[s]"
    assert frame.dtypes[["charges", "original_amount"]].astype(str).tolist() == ["Int64", "Int64"]
    assert frame["source_name"].tolist() == ["<bytes>", "<bytes>"]


def test_an_empty_frame_has_its_columns() -> None:
    frame = matcher.frame([])

    assert len(frame) == 0
    assert {"amount", "booking_date", "account"} <= set(frame.columns)


def test_the_library_s_names_are_there_and_no_others(tmp_path: Path) -> None:
    assert {name for name in dir(matcher.Statement) if not name.startswith("_")} == {
        "diagnostics",
        "diagnostics_dropped",
        "header",
        "lines",
    }
    for name in matcher.__all__:
        assert getattr(matcher, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        matcher.nothing  # noqa: B018
