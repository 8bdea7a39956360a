"""Measuring side by side: contenders take turns, medians and ratios are printed, nothing is asserted.

Single-process contenders are measured in CPU time, which other work on the machine disturbs least.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report.

    Attributes:
        name: What was measured.
        figure: The figure, with its unit.
        against: What it was measured against, in the same run.
        goal: What is aimed at.
        met: Whether this run met it.
    """

    name: str
    figure: str
    against: str
    goal: str
    met: bool


def medians(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Median seconds of each contender; they take turns, so that drift hits all alike. One warm-up."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, run in contenders.items():
            start = clock()
            run()
            if turn:
                times[name].append(clock() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def once(run: Callable[[], object]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
