"""Several accounts on several cores. Accounts share nothing but names, so each process runs the passes on its own.

The columns are made before the processes part, and are shared, not copied; what comes back is the outcome of a process's
own lines. The result is the same with any number of processes.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable

import numpy as np

from matcher.engine.outcome import Outcome, merged, outcome_of
from matcher.engine.run import Run
from matcher.rules.columns import Flags, Ints

# Below this a second process costs more than it saves.
LINES_MIN = 40_000


def processes_for(lines: int, pools: int) -> int:
    """How many processes pay: one a core and account, if there is enough to do and forking is safe."""
    if lines < LINES_MIN or not hasattr(os, "fork") or threading.active_count() > 1:
        return 1
    return max(1, min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, pools))


def decide(make_run: Callable[[Flags, Flags], Run], pool_l: Ints, pool_r: Ints, processes: int) -> Outcome:
    """The outcome of all lines. `make_run` gives a run in which only the flagged lines and items are open."""
    shares = _shares(pool_l, pool_r, processes)
    children = [(pools, *_forked(make_run, pool_l, pool_r, pools)) for pools in shares[1:]]
    found = _decided(make_run, pool_l, pool_r, shares[0])
    for pools, child, pipe in children:
        with os.fdopen(pipe, "rb") as stream:
            sent = stream.read()
        _, status = os.waitpid(child, 0)
        # A child that died left nothing: its accounts are done here instead.
        part = pickle.loads(sent) if status == 0 and sent else _decided(make_run, pool_l, pool_r, pools)  # noqa: S301
        merged(found, part, pools[pool_l], pools[pool_r])
    return found


def _shares(pool_l: Ints, pool_r: Ints, processes: int) -> list[Flags]:
    """Pools by process, as flags, so that each has about the same number of lines and items."""
    size = int(max(pool_l.max(initial=-1), pool_r.max(initial=-1))) + 1
    weight = np.bincount(pool_l, minlength=size) + np.bincount(pool_r, minlength=size)
    load = np.zeros(processes, np.int64)
    shares = [np.zeros(size, np.bool_) for _ in range(processes)]
    for pool in np.argsort(-weight, kind="stable").tolist():
        least = int(load.argmin())
        shares[least][pool] = True
        load[least] += weight[pool]
    return shares


def _decided(make_run: Callable[[Flags, Flags], Run], pool_l: Ints, pool_r: Ints, pools: Flags) -> Outcome:
    mine = pools[pool_l]
    run = make_run(mine, pools[pool_r])
    run.decide()
    return outcome_of(run, mine)


def _forked(make_run: Callable[[Flags, Flags], Run], pool_l: Ints, pool_r: Ints, pools: Flags) -> tuple[int, int]:
    """Start a process for some pools; its id, and the end of the pipe that its outcome comes from."""
    receive, send = os.pipe()
    child = os.fork()
    if child:
        os.close(send)
        return child, receive
    status = 1
    try:
        os.close(receive)
        with os.fdopen(send, "wb") as stream:
            pickle.dump(_decided(make_run, pool_l, pool_r, pools), stream, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        # The child must never run what the caller has on its stack.
        os._exit(status)
