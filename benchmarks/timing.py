"""How long calls take beside each other, in one run on one thread."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

BURST = 25  # calls of one before the next has its turn: caches are warm, as on a device that does nothing else
WARM_UP = 50  # calls of each that do not count


@dataclass(frozen=True)
class Timing:
    """Microseconds a call.

    Attributes:
        median: Median of all calls.
        p10: The 10th percentile.
        p90: The 90th percentile.
        calls: How many were timed.
    """

    median: float
    p10: float
    p90: float
    calls: int


def side_by_side(calls: Mapping[str, Callable[[int], object]], count: int = 2000) -> dict[str, Timing]:
    """Time each call at least `count` times. They take turns in bursts, so that all meet the same machine.

    Args:
        calls: By name; each gets a number that counts from 0.
        count: Timed calls of each.

    Returns:
        The timing of each, by name.
    """
    for call in calls.values():
        for number in range(WARM_UP):
            call(number)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for start in range(0, count, BURST):
        for name, call in calls.items():
            seconds[name] += _burst(call, start)
    return {name: _timing(found) for name, found in seconds.items()}


def _burst(call: Callable[[int], object], start: int) -> list[float]:
    found = []
    for number in range(start, start + BURST):
        before = time.perf_counter()
        call(number)
        found.append(time.perf_counter() - before)
    return found


def _timing(seconds: list[float]) -> Timing:
    tenths = statistics.quantiles(seconds, n=10)
    return Timing(statistics.median(seconds) * 1e6, tenths[0] * 1e6, tenths[-1] * 1e6, len(seconds))


def processor() -> str:
    """Name the processor, as far as the system tells it.

    Returns:
        Its name.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.processor() or platform.machine()
