"""Timing that says how noisy it was."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


def cpu(work: Callable[[], object], *, runs: int, warm: int = 3) -> list[float]:
    """CPU seconds of this process for each run of `work`."""
    return _measured(work, time.process_time, runs=runs, warm=warm)


def wall(work: Callable[[], object], *, runs: int, warm: int = 3) -> list[float]:
    """Seconds that went by during each run of `work`."""
    return _measured(work, time.perf_counter, runs=runs, warm=warm)


def _measured(work: Callable[[], object], clock: Callable[[], float], *, runs: int, warm: int) -> list[float]:
    for _ in range(warm):
        work()
    gc.collect()
    taken: list[float] = []
    for _ in range(runs):
        start = clock()
        work()
        taken.append(clock() - start)
    return taken


def shown(taken: list[float], unit: str = "ms") -> str:
    """The median and the middle half."""
    scale = {"ms": 1e3, "us": 1e6}[unit]
    low, middle, high = statistics.quantiles((each * scale for each in taken), n=4)
    return f"{middle:.2f} {unit} ({low:.2f}-{high:.2f})"
