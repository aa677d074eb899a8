"""The deployment guide and the files in deploy/ say what the program does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcher import bootstrap
from matcher.cli.main import cli
from recon_core.domain.refused import BadSetting

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
FILES = sorted(path for path in (ROOT / "deploy").rglob("*") if path.is_file())
VARIABLE = re.compile(r"\bRECON_[A-Z_]+")
KNOWN = set(VARIABLE.findall((ROOT / "matcher" / "bootstrap.py").read_text(encoding="utf-8")))


def test_every_setting_is_in_the_guide_and_nothing_else() -> None:
    assert set(VARIABLE.findall(GUIDE)) == KNOWN


def test_the_guide_names_the_defaults() -> None:
    settings = bootstrap.night_settings()

    for name in ("lease", "sweep", "stop", "task_max", "visibility", "stalled"):
        variable = f"RECON_{'TASK_SECONDS_MAX' if name == 'task_max' else name.upper() + '_SECONDS'}"
        field = "task_seconds_max" if name == "task_max" else f"{name}_seconds"
        assert f"| `{variable}` | {getattr(settings, field)} |" in GUIDE
    sizes = settings.sizes
    assert f"| {sizes.job_bytes}, {sizes.job_files} |" in GUIDE
    assert f"| {sizes.job_lines}, {sizes.job_accounts} |" in GUIDE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_deployment_file_uses_settings_that_exist_and_is_in_the_guide(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert set(VARIABLE.findall(text)) <= KNOWN
    assert path.name in GUIDE or f"{path.suffix}`" in GUIDE


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in {".service", ".conf"}], ids=lambda p: p.name)
def test_the_command_of_a_unit_is_one(path: Path) -> None:
    (command,) = re.findall(r"^ExecStart=\S+/recon (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    name, *options = command.split()

    usage = CliRunner().invoke(cli, [name, "--help"]).output

    for option in options:
        assert not option.startswith("--") or option in usage


def test_a_worker_has_longer_to_stop_than_its_jobs() -> None:
    stop = bootstrap.night_settings().stop_seconds
    unit = (ROOT / "deploy" / "systemd" / "recon-worker.service").read_text(encoding="utf-8")
    compose = (ROOT / "deploy" / "compose" / "compose.yaml").read_text(encoding="utf-8")

    for text, pattern in ((unit, r"TimeoutStopSec=(\d+)"), (compose, r"stop_grace_period: (\d+)s")):
        assert int(re.findall(pattern, text)[0]) > stop + 10


# The zone of a process is that of its start.
DUE = """
from datetime import UTC, datetime, timedelta
from matcher.bootstrap import NightSettings
from matcher.ops.broker import make_app

app = make_app(NightSettings(broker_url="memory://", inbox="/inbox", nightly_at="02:30"))
schedule = app.conf.beat_schedule["nightly"]["schedule"]
schedule.app = app
for since in ("2026-01-15T12:00", "2026-07-01T12:00", "2026-10-24T12:00"):
    last = at = datetime.fromisoformat(since).astimezone(UTC)
    schedule.nowfun = lambda: at.astimezone(app.timezone)
    while not schedule.is_due(last).is_due:
        at += timedelta(minutes=30)
    print(at.astimezone().isoformat(timespec="minutes"))
"""


def test_the_night_begins_at_its_hour_on_the_clock_of_the_machine() -> None:
    done = subprocess.run(
        [sys.executable, "-c", DUE], env={**os.environ, "TZ": "Europe/Stockholm"}, capture_output=True, check=True
    )

    assert done.stdout.decode().split() == [
        "2026-01-16T02:30+01:00",
        "2026-07-02T02:30+02:00",
        "2026-10-25T02:30+02:00",
    ]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RECON_NIGHTLY_AT", "25:00"),
        ("RECON_NIGHTLY_AT", "2am"),
        ("RECON_OPEN_POLICY", "clears"),
        ("RECON_LOG_LEVEL", "loud"),
        ("RECON_USER", "policy:release"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(BadSetting) as refused:
        bootstrap.user_name() if variable == "RECON_USER" else bootstrap.night_settings()

    assert refused.value.where == variable
    assert refused.value.cure
