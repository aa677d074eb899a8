"""The examples of the README and of the guides are run: what they show works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from matcher.parsers.registry import FORMATS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like the checkout to a command that is run in it."""
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    return tmp_path


def test_the_python_examples_run_in_their_order(checkout: Path) -> None:
    code = "\n".join(blocks("python"))

    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "B1 cleared ('K30110',)" in done.stdout


@pytest.mark.timeout(900)
def test_the_console_examples_of_readme_and_guides_run_in_their_order(checkout: Path) -> None:
    text = "".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("README.md", "docs/month-end.md", "docs/rules.md", "docs/formats.md")
    )
    commands = [line[2:] for block in blocks("console", text) for line in block.splitlines() if line.startswith("$ ")]
    folder = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if name != "RECON_DATABASE_URL"}
    environment["PATH"] = f"{folder}{os.pathsep}{environment['PATH']}"

    assert len(commands) > 30
    for command in commands:
        assert command.startswith("recon ")
        done = subprocess.run(
            command, shell=True, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in {0, 1}, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_two_commands_stand_in_the_readme_and_in_the_script() -> None:
    script = (ROOT / "dev").read_text(encoding="utf-8")

    for word in ("run", "test"):
        assert f"./dev {word}" in README
        assert f"\n{word})\n" in script


def test_the_guide_to_formats_names_every_format() -> None:
    named = re.findall(r"(?m)^\| `(\w+)` \|", (ROOT / "docs" / "formats.md").read_text(encoding="utf-8"))

    assert named == [registered.name for registered in FORMATS]
