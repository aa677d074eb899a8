"""Engines that run on a set: three baselines written from public descriptions, and ours.

An engine is a function from a set's folder to its results, one a line; `ENGINES` names them. Another one is a module
here and a line in the table, or any program that writes a result file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.labelled.engines import exact, greedy, recon, relevance

Engine = Callable[[Path], Iterable[Mapping[str, Any]]]

ENGINES: dict[str, Engine] = {
    "greedy": greedy.run,
    "exact rules": exact.run,
    "relevance": relevance.run,
    "recon": recon.run,
}
