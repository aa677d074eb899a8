"""An address that leads to no database is refused in a sentence, without the password that it may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from recon_core.domain.refused import BadSetting
from recon_core.store.engine import open_database


@pytest.mark.parametrize("url", ["recon", "oracle-of-delphi://user:secret@host/name"])
def test_an_address_of_no_known_database_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(BadSetting, match="sqlite:///") as refused:
        open_database(url)
    assert "secret" not in str(refused.value)


def test_a_folder_that_is_not_there_and_a_file_that_is_no_database_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="unable to open"):
        open_database(f"sqlite:///{tmp_path}/nowhere/recon.db")
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, this is a letter and no database.\n" * 40)
    with pytest.raises(BadSetting, match="not a database"):
        open_database(f"sqlite:///{tmp_path}/letter.db")


def test_a_database_is_opened_and_read_while_somebody_writes_for_long(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/recon.db"
    writer = open_database(url)
    with writer.begin() as writing:
        writing.select("UPDATE cash_account SET name = name RETURNING id")
        reader = open_database(url)
        with reader.read() as uow:
            assert uow.value("SELECT count(*) AS n FROM cash_account") == 0
        reader.close()
    writer.close()
