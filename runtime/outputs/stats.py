"""--stats: where the time of a frame goes, and what the process takes. Lines on standard error."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.stream.answer import StreamUpdate

EVERY_S = 60.0
MOST = 3000  # values of a stage that are kept, the newest
STAGES = ("capture", "preprocess", "inference", "render", "age")


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of at least one value; share: 0 to 1."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def memory_mb() -> float:
    """Resident memory of this process, MB."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class StatsOutput:
    """Figures of the frames since the last report."""

    def __init__(
        self,
        write: Callable[[str], None],
        dropped: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """write: gets a line a minute. dropped: frames that a newer one replaced, in all. cpu: seconds used."""
        self._write = write
        self._dropped = dropped
        self._clock = clock
        self._cpu = cpu
        self._total = 0
        self._begin()

    def _begin(self) -> None:
        self._since, self._cpu_then = self._clock(), self._cpu()
        self._frames = self._classified = 0
        self._stages: dict[str, deque[float]] = {stage: deque(maxlen=MOST) for stage in STAGES}

    def stage(self, name: str, ms: float) -> None:
        """One more value of a stage, milliseconds."""
        self._stages[name].append(ms)

    def emit(self, answer: StreamUpdate) -> None:
        """Count a frame; report where a minute is over."""
        if answer.look is not None:
            self._frames += 1
            self._total += 1
            self.stage("capture", answer.capture_ms)
            self.stage("age", answer.age_ms)
            if answer.classified:
                self._classified += 1
                both = [look for look in (answer.look.prediction, answer.look.reading) if look is not None]
                self.stage("preprocess", sum(look.preprocess_ms for look in both))
                self.stage("inference", sum(look.inference_ms for look in both))
        if self._clock() - self._since >= EVERY_S:
            self._write(self.line())
            self._begin()

    def close(self) -> bool:
        """The last report."""
        self._write(self.line())
        return True

    def line(self) -> str:
        """One line: frames, p50/p95 of each stage, CPU of one core, memory."""
        seconds = max(1e-9, self._clock() - self._since)
        parts = [
            f"{name} {percentile(values, 0.5):.1f}/{percentile(values, 0.95):.1f}"
            for name, values in self._stages.items()
            if values
        ]
        return (
            f"stats: {self._total} frames; in the last {seconds:.0f} s {self._frames}, "
            f"{self._frames / seconds:.1f} fps, {self._classified} classified; {self._dropped()} dropped in all; "
            f"p50/p95 ms: {', '.join(parts) or 'none'}; "
            f"cpu {(self._cpu() - self._cpu_then) / seconds:.0%}, memory {memory_mb():.0f} MB"
        )
