"""`recon parse`: rows, forms, exit status, as design section 6 promises them."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from matcher.cli.main import COMMANDS, cli
from matcher.cli.parse_output import guarded
from recon_core.domain.statement import StatementLine
from tests.parsers.camt_files import amounts, balance, details, document, entry, full, statement

ROOT = Path(__file__).parents[2]
STATEMENT_FIELDS = [
    "account",
    "account_scheme",
    "bank_bic",
    "statement_id",
    "sequence",
    "page",
    "from_date",
    "to_date",
    "created_at",
    "currency",
    "opening_balance",
    "opening_date",
    "closing_balance",
    "closing_date",
    "available_balance",
    "kind",
    "format",
    "version",
    "duplicate",
    "source",
    "balanced",
    "line_count",
]
LINE_FIELDS = [
    "index",
    "booking_date",
    "value_date",
    "amount",
    "currency",
    "status",
    "reversal",
    "bank_reference",
    "entry_reference",
    "code",
    "proprietary_code",
    "end_to_end_id",
    "instruction_id",
    "transaction_id",
    "mandate_id",
    "message_id",
    "payment_information_id",
    "creditor_reference",
    "document_numbers",
    "remittance",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bic",
    "ultimate_counterparty",
    "original_amount",
    "original_currency",
    "exchange_rate",
    "charges",
    "check_number",
    "return_reason",
    "additional_info",
    "batch_count",
    "details",
    "where",
]


def recon(*arguments: str | Path, data: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["parse", *map(str, arguments)], input=data, standalone_mode=False)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "statement.xml"
    batch = entry("30.00", "DBIT", inside=details(amounts("10.00"), amounts("20.00")))
    balances = balance("OPBD", "100.00") + balance("CLBD", "80.00")
    path.write_text(document(statement(entry("10.00"), batch, balances=balances)), encoding="utf-8")
    return path


def test_a_statement_is_a_row_followed_by_its_lines(file: Path) -> None:
    result = recon(file)

    first, *lines = rows(result)
    assert result.return_value == 0
    assert (first["type"], [row["type"] for row in lines]) == ("statement", ["line", "line"])
    assert first["source"]["name"] == str(file)
    assert len(first["source"]["sha256"]) == 64
    assert (first["opening_balance"], first["closing_balance"], first["balanced"]) == ("100.00", "80.00", True)
    assert [row["amount"] for row in lines] == ["10.00", "-30.00"]
    assert [one["amount"] for one in lines[1]["details"]] == ["-10.00", "-20.00"]
    assert lines[0]["booking_date"] == "2026-01-30"


@pytest.mark.parametrize("kind", ["052", "053", "054"])
def test_every_field_of_the_design_is_in_every_row(kind: str) -> None:
    data = full(kind, "08").xml.encode()

    first, line = rows(recon("-", data=data))

    assert [name for name in STATEMENT_FIELDS if name not in first] == []
    assert [name for name in LINE_FIELDS if name not in line] == []
    bare_first, bare_line = rows(recon("-", data=document(statement(entry(), kind=kind), kind=kind).encode()))
    assert set(bare_first) == set(first)
    assert set(bare_line) == set(line)
    assert set(bare_line) == {"type", "index", *StatementLine._fields} - {"line_index"}


def test_amounts_have_the_decimals_of_their_currency() -> None:
    accounts = {"JPY": "7", "KWD": "7.000", "EUR": "7.00"}

    for currency, wanted in accounts.items():
        account = f"<Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
        data = document(
            statement(entry("7", ccy=currency), account=account, balances=balance("OPBD", "7", ccy=currency))
        )
        first, line = rows(recon("-", data=data.encode()))
        assert (first["opening_balance"], line["amount"]) == (wanted, wanted)


def test_an_amount_that_is_not_told_is_null_and_the_oddity_is_a_row() -> None:
    _, line, odd = rows(recon("-", data=document(statement(entry(None))).encode()))

    assert line["amount"] is None
    assert (odd["type"], odd["code"], odd["statement_id"], odd["source"]["name"]) == (
        "diagnostic",
        "bad-amount",
        "S1",
        "-",
    )
    assert {"severity", "where", "message", "cure"} <= set(odd)


def test_a_file_that_can_t_be_read_is_a_row_and_the_others_are_read(file: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_bytes(file.read_bytes()[:-20])

    result = recon(tmp_path / "missing.xml", tmp_path / "broken.xml", file)

    found = rows(result)
    assert result.return_value == 2
    assert [row["type"] for row in found] == ["error", "error", "statement", "line", "line"]
    assert [row["source"]["name"] for row in found[:2]] == [str(tmp_path / "missing.xml"), str(tmp_path / "broken.xml")]
    assert {"code", "where", "message"} <= set(found[0])


def test_a_folder_is_read_file_by_file_with_names_as_given(file: Path) -> None:
    (file.parent / "b").mkdir()
    (file.parent / "b" / "second.xml").write_bytes(file.read_bytes())

    names = [row["source"]["name"] for row in rows(recon(file.parent)) if row["type"] == "statement"]

    assert names == [f"{file.parent}/b/second.xml", str(file)]


def test_csv_has_one_quoted_row_a_line(file: Path) -> None:
    result = recon(file, "--to", "csv")

    first, second = csv.DictReader(io.StringIO(result.stdout))
    assert (first["source"], first["amount"], first["balanced"], second["amount"]) == (
        str(file),
        "10.00",
        "true",
        "-30.00",
    )
    assert all(cell.startswith('"') for cell in result.stdout.splitlines()[1].split(","))


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", '=cmd|"/c calc"!A1']


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_payer_is_a_formula_in_a_spreadsheet(text: str) -> None:
    assert guarded(text) == f"'{text}"
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    data = document(statement(entry(inside=details(f"<RmtInf><Ustrd>{escaped}</Ustrd></RmtInf>"), info=escaped)))

    result = recon("-", "--to", "csv", data=data.encode())

    (row,) = csv.DictReader(io.StringIO(result.stdout))
    for name, cell in row.items():
        if name not in ("amount", "index"):
            assert not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")), name


def test_parquet_keeps_whole_numbers_and_days(file: Path, tmp_path: Path) -> None:
    import pandas as pd

    out = tmp_path / "lines.parquet"

    result = recon(file, "--to", "parquet", "--out", out)

    frame = pd.read_parquet(out)
    assert result.return_value == 0
    assert frame["amount"].tolist() == [1000, -3000]
    assert frame["booking_date"].astype(str).tolist() == ["2026-01-30", "2026-01-30"]
    assert [name for name, kind in frame.dtypes.items() if "float" in str(kind)] == []


def test_an_output_file_is_complete_or_not_there(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "rows.jsonl"
    recon(file, "--out", out)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    before = out.read_bytes()

    def fail(self: object, found: object) -> None:
        raise MemoryError

    monkeypatch.setattr("matcher.cli.parse_output.JsonOutput.statement", fail)
    result = recon(file, "--out", out)

    assert isinstance(result.exception, MemoryError)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.jsonl", "statement.xml"]


@pytest.mark.parametrize(
    "arguments",
    [["--to", "parquet"], ["--encoding", "nonsense"], ["--currency", "ZZZ"], ["--to", "xlsx"], ["--schema", "/none"]],
)
def test_what_can_t_be_used_is_a_usage_error(file: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, ["parse", str(file), *arguments])

    assert result.exit_code == 2
    assert "Error" in result.output


def test_the_caller_s_code_page_is_used_where_the_text_is_no_utf_8() -> None:
    data = document(statement(entry(info="Müller"))).encode("cp852")

    _, line, odd = rows(recon("-", "--encoding", "cp852", data=data))

    assert line["remittance"] == "Müller"
    assert odd["code"] == "encoding-fallback"


SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{space}" elementFormDefault="qualified">
<xs:element name="Document"><xs:complexType><xs:sequence><xs:element name="BkToCstmrStmt"><xs:complexType><xs:sequence>
<xs:any processContents="skip" maxOccurs="1"/></xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def test_violations_of_a_schema_are_rows_with_their_lines(file: Path, tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    schemas.mkdir()
    space = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    (schemas / "any-name.xsd").write_text(SCHEMA.format(space=space), encoding="utf-8")

    result = recon(file, "--schema", schemas)

    found = rows(result)
    assert result.return_value == 0
    assert (found[0]["type"], found[0]["code"], found[0]["where"]) == ("diagnostic", "schema-violation", "line 2")
    assert [row["type"] for row in found[1:]] == ["statement", "line", "line"]
    (schemas / "any-name.xsd").write_text(SCHEMA.format(space="urn:other"), encoding="utf-8")
    assert rows(recon(file, "--schema", schemas))[0]["code"] == "schema-not-found"


def test_schemas_are_for_camt_only_and_never_open_an_entity(file: Path, tmp_path: Path) -> None:
    (tmp_path / "x.xsd").write_text(SCHEMA.format(space="urn:other"), encoding="utf-8")
    declared = '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + document(statement(), declaration="")

    assert [row["type"] for row in rows(recon("-", "--schema", tmp_path, data=declared.encode()))][-1] == "error"
    others = rows(recon("-", "--schema", tmp_path, data=b":20:x"))
    assert [row["code"] for row in others if str(row.get("code")).startswith("schema")] == []


def test_help_has_examples_and_the_table_knows_the_command() -> None:
    result = CliRunner().invoke(cli, ["parse", "--help"])

    assert "Examples:" in result.output
    assert "Exit status:" in result.output
    assert "parse" in COMMANDS


def test_reading_a_statement_starts_without_pandas_and_sqlalchemy(file: Path) -> None:
    program = (
        "import sys; sys.argv = ['recon', 'parse', sys.argv[1]]\n"
        "from matcher.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & "
        "{'pandas', 'numpy', 'sqlalchemy', 'celery', 'rich', 'lxml', 'pyarrow'}), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stderr.strip() == "[]"
    assert len(done.stdout.splitlines()) == 3


def test_a_file_whose_name_is_no_utf_8_is_read_under_its_codes(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"utdrag_\xe5.sta")
    shutil.copy(ROOT / "fixtures" / "statements" / "mt940" / "dutch-abn.sta", odd)

    done = CliRunner().invoke(cli, ["parse", str(odd)])

    assert done.exit_code == 0
    assert json.loads(done.stdout.splitlines()[0])["source"]["name"] == str(tmp_path / r"utdrag_\xe5.sta")
