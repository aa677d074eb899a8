"""The real command, in a process of its own, in an empty folder, on each database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
RECON = Path(sys.executable).parent / "recon"

Recon = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def recon(database_url: str, tmp_path: Path) -> Recon:
    """Runs `recon ARGUMENTS`; the exit status must be as expected, and no trace may be seen."""

    def run(*arguments: str | Path, status: int = 0, user: str = "anna") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"RECON_DATABASE_URL": database_url, "RECON_USER": user}
        command = [RECON, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
