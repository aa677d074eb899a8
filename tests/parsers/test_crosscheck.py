"""Our readers against independent ones: over all fixtures, every difference is explained."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher.cli.main import cli
from matcher.crosscheck import Checked, Difference, check, crosscheck
from matcher.crosscheck.compare import Case, compare
from matcher.crosscheck.reasons import REASONS
from matcher.crosscheck.views import LineView, StatementView
from matcher.parsers.contract import ReadOptions
from matcher.parsers.source import FailedFile
from tests.parsers.mt940_files import IBAN, message

FIXTURES = Path(__file__).parents[2] / "fixtures" / "statements"
FILES = sorted(path for path in FIXTURES.rglob("*") if path.is_file() and path.suffix != ".jsonl")
ALL = frozenset({"opening", "closing", "booking_date", "value_date", "amount", "reference"})
ENTRY = ":61:2601050105C10,00NTRFNONREF//B1"
CAMT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">5.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>
<Ntry><Amt Ccy="EUR">6.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-05</Dt></BookgDt>
<ValDt><Dt>2026-01-06</Dt></ValDt><AcctSvcrRef>REF</AcctSvcrRef></Ntry></Stmt></BkToCstmrStmt></Document>"""


def differences(content: str | bytes) -> list[Difference]:
    data = content if isinstance(content, bytes) else content.encode()
    return [found for found in crosscheck([data]) if isinstance(found, Difference)]


def end(content: str | bytes) -> Checked:
    data = content if isinstance(content, bytes) else content.encode()
    (checked,) = (found for found in crosscheck([data]) if isinstance(found, Checked))
    return checked


def unexplained(paths: list[Path]) -> list[Difference]:
    return [found for found in crosscheck(paths) if isinstance(found, Difference) and found.reason is None]


def test_every_difference_over_the_fixtures_is_explained() -> None:
    assert unexplained(FILES) == []


def test_the_fixtures_are_read_by_all_second_readers() -> None:
    seconds = {found.second for found in crosscheck(FILES) if isinstance(found, Checked) and found.second}

    assert {second.split()[0] for second in seconds} == {"mt-940", "lxml", "ofxparse"}


@pytest.mark.heavy
def test_every_difference_over_a_corpus_is_explained() -> None:
    """RECON_CORPUS names a folder of statement files; without it the fixtures are the corpus."""
    folder = Path(os.environ.get("RECON_CORPUS", FIXTURES))

    assert unexplained([path for path in sorted(folder.rglob("*")) if path.is_file()]) == []


def test_the_demo_has_no_difference_at_all() -> None:
    found = list(crosscheck([FIXTURES / "demo"]))

    assert found
    assert [one for one in found if isinstance(one, Difference)] == []


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ([":61:2511250110C10,00NTRFNONREF"], "booking_date", "mt-940: year rule of 330 days"),
        ([":61:2602300302C10,00NTRFNONREF"], "value_date", "mt-940: day put right"),
        ([":61:2601050105C10.50NTRFNONREF"], "amount", "mt-940: cut at the decimal point"),
        ([ENTRY, ":61:26010X0105C10,00NTRFNONREF"], "file", "mt-940: one field costs the file"),
        ([":61:2601050105EC10,00NTRFNONREF"], "file", "mt-940: expected entries cost the file"),
        ([":61:2601050105C10,00NTRFLONGER THAN SIXTEEN SIGNS\r\nmore"], "file", "mt-940: long reference"),
        ([f":61:2601050105C10,00NTRFNONREF//{'X' * 30}"], "reference", "mt-940: cut reference"),
        ([ENTRY, ":86:a\r\n:20:FAKE\r\nb", ENTRY], "statements", "mt-940: text that looks like a tag"),
    ],
)
def test_known_faults_of_mt_940_have_their_reason(fields: list[str], field: str, reason: str) -> None:
    assert (field, reason) in {(found.field, found.reason) for found in differences(message(*fields))}


def test_a_message_without_a_reference_is_missing_there() -> None:
    content = f":25:{IBAN}\n:28C:1\n:60F:C260101EUR0,\n{ENTRY}\n:62F:C260131EUR10,\n"

    assert {found.reason for found in differences(content)} == {"mt-940: no reference, no statement"}


def test_readings_that_agree_have_no_difference() -> None:
    for content in (message(ENTRY, closing="10,"), CAMT):
        assert differences(content) == []
        assert (end(content).differences, end(content).statements, end(content).lines) == (0, 1, 1)


def test_a_format_without_a_second_reader_is_said_to_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(check.SECONDS, "mt940")

    assert end(message(ENTRY, closing="10,")) == end(message(ENTRY, closing="10,"))._replace(second=None, lines=1)


def test_a_fault_of_ours_would_be_found_in_every_fact() -> None:
    line = LineView(date(2026, 1, 5), date(2026, 1, 6), Decimal("10.00"), "REF")
    right = StatementView(Decimal(0), Decimal(10), [line, line])
    wrong = {
        "booking_date": line._replace(booking_date=date(2026, 1, 6)),
        "value_date": line._replace(value_date=None),
        "amount": line._replace(amount=Decimal("-10.00")),
        "reference": line._replace(reference="REF2"),
    }

    for field, changed in wrong.items():
        (case,) = compare([right._replace(lines=[line, changed])], [right], fields=ALL)
        assert (case.field, case.statement, case.line) == (field, 1, 2)
    for field in ("opening", "closing"):
        (case,) = compare([right._replace(**{field: Decimal(9)})], [right], fields=ALL)
        assert (case.field, case.statement, case.ours) == (field, 1, Decimal(9))


def test_a_lost_line_is_named_and_the_others_stay_side_by_side() -> None:
    lines = [LineView(date(2026, 1, day), date(2026, 1, day), Decimal(day), f"R{day}") for day in range(1, 9)]
    whole = StatementView(None, None, lines)

    cases = list(compare([StatementView(None, None, lines[:3] + lines[4:])], [whole], fields=ALL))

    assert [(case.field, case.line, case.ours, case.theirs) for case in cases] == [
        ("lines", None, 7, 8),
        ("line", 4, None, "2026-01-04 4 R4"),
    ]


def test_lost_and_added_statements_are_named() -> None:
    statements = [StatementView(Decimal(n), Decimal(n), [], f"S{n}") for n in range(4)]

    cases = list(compare(statements, statements[:1] + statements[2:], fields=ALL))

    assert [(case.field, case.ours, case.theirs) for case in cases] == [
        ("statements", 4, 3),
        ("statement", "S1 (0 lines)", None),
    ]


def test_facts_that_a_second_reader_can_not_tell_are_not_compared() -> None:
    ours, theirs = StatementView(Decimal(1), Decimal(2), []), StatementView(None, Decimal(2), [])

    assert list(compare([ours], [theirs], fields=ALL - {"opening"})) == []


def test_every_reason_says_what_happens_and_has_its_own_code() -> None:
    codes = [reason.code for reason in REASONS]

    assert len(set(codes)) == len(codes)
    assert all(reason.says.endswith(".") and reason.code.startswith(reason.second) for reason in REASONS)


def test_no_reason_explains_a_wrong_sign() -> None:
    line = LineView(date(2026, 1, 5), date(2026, 1, 5), Decimal(10), None)
    mine = StatementView(Decimal(0), Decimal(0), [line], "S")
    case = Case(
        "amount", Decimal(10), Decimal(-10), 1, 1, mine, mine, line, line._replace(amount=Decimal(-10)), (mine,)
    )

    assert not [reason.code for reason in REASONS if "amount" in reason.fields and reason.holds(case)]


def test_the_callers_encoding_reaches_both_readers() -> None:
    data = message(":61:2601050105C10,00NTRFNONREF//Ł1", closing="10,").encode("cp852")

    found = list(crosscheck([data], options=ReadOptions(encoding="cp852")))

    assert [type(one) for one in found] == [Checked]


def test_a_file_that_we_can_not_read_is_a_failed_file() -> None:
    (found,) = crosscheck([b"nothing known"])

    assert isinstance(found, FailedFile)


def run(*arguments: str) -> tuple[int, list[dict[str, object]]]:
    result = CliRunner().invoke(cli, ["parse", "--crosscheck", *arguments], standalone_mode=False)
    assert result.exception is None
    return result.return_value, [json.loads(row) for row in result.stdout.splitlines()]


def test_the_command_prints_differences_with_their_reasons(tmp_path: Path) -> None:
    file = tmp_path / "a.sta"
    file.write_text(message(":61:2511250110C10,00NTRFNONREF", closing="10,"))

    status, rows = run(str(file))

    assert status == 0
    assert [row["type"] for row in rows] == ["difference", "crosscheck"]
    assert (rows[0]["ours"], rows[0]["theirs"], rows[0]["where"]) == ("2026-01-10", "2025-01-10", "line 5")
    assert str(rows[0]["says"]).startswith("The year of an entry date")
    assert (rows[1]["differences"], rows[1]["unexplained"]) == (1, 0)


def test_the_command_says_by_its_status_that_a_difference_is_unexplained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.sta"
    file.write_text(message(":61:2511250110C10,00NTRFNONREF", closing="10,"))
    monkeypatch.setattr("matcher.crosscheck.reasons.REASONS", ())

    status, rows = run(str(file))

    assert status == 1
    assert rows[0]["reason"] is None


def test_the_command_goes_on_after_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no statement")
    (tmp_path / "b.sta").write_text(message(ENTRY, closing="10,"))

    status, rows = run(str(tmp_path))

    assert status == 2
    assert [row["type"] for row in rows] == ["error", "crosscheck"]
