"""--stats: the times of a frame's stages, CPU and memory of the process, as lines in the log."""

from __future__ import annotations

import math
import os
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.cli.parser import Parser
from runtime.outputs.base import OutputContext, StageTimes
from runtime.stream.answer import StreamUpdate

REPORT_INTERVAL_S = 60.0
STAGES = ("capture", "preprocess", "inference", "render", "age")  # in the report's order; others follow


def add_options(parser: Parser) -> None:
    """Declare --stats.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--stats", action="store_true", help="times, CPU and memory, once a minute and at the end")


def open_output(options: Namespace, context: OutputContext) -> StatsOutput | None:
    """Open the statistics where --stats asks for them.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The output; None without --stats.
    """
    return StatsOutput(context.log, context.dropped, context.stages) if options.stats else None


def percentile(values: Sequence[float], share: float) -> float:
    """Find the nearest-rank percentile.

    Args:
        values: One or more, in any order.
        share: Which percentile, 0 to 1.

    Returns:
        One of the values.

    Example:
        >>> percentile([30.0, 10.0, 20.0], 0.5)
        20.0
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def memory_mb() -> float:
    """Look how much memory this process uses.

    Returns:
        Its resident memory, MB; the highest so far where there is no /proc.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class StatsOutput:
    """An Output that logs figures of the frames since its last report, once a minute and at the end."""

    def __init__(
        self,
        log: Callable[[str], None],
        dropped: Callable[[], int],
        stages: StageTimes,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """Begin the first report.

        Args:
            log: Gets a line for each report.
            dropped: Number of frames so far that a newer one replaced.
            stages: Times that other outputs add to.
            clock: Seconds of a monotonic clock.
            cpu: Seconds of CPU time that the process has used.
        """
        self._log = log
        self._dropped = dropped
        self._stages = stages
        self._clock = clock
        self._cpu = cpu
        self._total = 0
        self._begin()

    def _begin(self) -> None:
        self._since, self._cpu_since = self._clock(), self._cpu()
        self._frames = self._classified = 0
        self._stages.clear()

    def emit(self, update: StreamUpdate) -> None:
        """Count a frame; report where a minute is over.

        Args:
            update: All that is known after an event of the source.
        """
        if update.result is not None:
            self._frames += 1
            self._total += 1
            self._stages.add("capture", update.capture_ms)
            self._stages.add("age", update.age_ms)
            if update.classified:
                self._classified += 1
                both = [part for part in (update.result.prediction, update.result.reading) if part is not None]
                self._stages.add("preprocess", sum(part.preprocess_ms for part in both))
                self._stages.add("inference", sum(part.inference_ms for part in both))
        if self._clock() - self._since >= REPORT_INTERVAL_S:
            self._log(self.line())
            self._begin()

    def close(self) -> bool:
        """Log the last report.

        Returns:
            True.
        """
        self._log(self.line())
        return True

    def line(self) -> str:
        """Write the report.

        Returns:
            One line: frames, p50/p95 of each stage, CPU of one core, memory.
        """
        seconds = max(1e-9, self._clock() - self._since)
        times = self._stages.values
        order = [*STAGES, *sorted(set(times) - set(STAGES))]
        parts = [
            f"{stage} {percentile(times[stage], 0.5):.1f}/{percentile(times[stage], 0.95):.1f}"
            for stage in order
            if stage in times
        ]
        return (
            f"stats: {self._total} frames; in the last {seconds:.0f} s {self._frames}, "
            f"{self._frames / seconds:.1f} fps, {self._classified} classified; {self._dropped()} dropped in all; "
            f"p50/p95 ms: {', '.join(parts) or 'none'}; "
            f"cpu {(self._cpu() - self._cpu_since) / seconds:.0%}, memory {memory_mb():.0f} MB"
        )
