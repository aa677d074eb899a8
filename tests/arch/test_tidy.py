"""House style that no linter knows: sizes, words and calls that are banned, with the reason in the message."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(p for package in ("recon_core", "matcher") for p in (ROOT / package).rglob("*.py"))
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60

BANNED = {
    r"\bfloat\(": "money and counts are integers; ratios come from division",
    r"datetime\.now\(|date\.today\(|time\.time\(": "the clock is passed in (`at=`); only matcher/bootstrap.py reads it",
    r"except Exception": "catch what you can name; the edge of a process is on the allow-list",
    r"# type: ignore(?!\[)": "name the error that is ignored",
}
ALLOWED = {
    ("matcher/bootstrap.py", r"datetime\.now\(|date\.today\(|time\.time\("),
    # The edge of the worker: whatever goes wrong in a job, its row says so.
    ("matcher/pipeline/night/work.py", r"except Exception"),
    # The edge to drivers of inboxes, each with errors of its own: they become one of ours with the place in it.
    ("matcher/pipeline/night/inbox.py", r"except Exception"),
    # The edge of the page: the browser gets a number, the log where it happened and nothing of the request.
    ("matcher/web/guard.py", r"except Exception"),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_small_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)

    assert ast.get_docstring(tree), f"{name_of(path)} has no docstring"
    assert text.count("\n") <= MODULE_LINES_MAX, f"{name_of(path)} wants splitting by meaning"
    if "versions" in path.parts:  # a schema revision lists tables; it has no logic to split
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{name_of(path)}: {node.name} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_uses_no_banned_call(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    for pattern, reason in BANNED.items():
        if (name_of(path), pattern) in ALLOWED:
            continue
        found = re.search(pattern, text)
        assert found is None, f"{name_of(path)} has {found[0]!r}: {reason}"


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    import subprocess

    words = ["pypi" + ".org", "files.python" + "hosted", "/wo" + "rk/", "/ro" + "ot/"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            text = (ROOT / name).read_bytes().decode("utf-8", "replace")
            assert not [w for w in words if w in text], f"{name} names an address or a path of one machine"
