"""--save-unsure FOLDER: frames that the model was unsure of, kept for labeling."""

from __future__ import annotations

import re
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.cli.parser import Parser, int_at_least
from runtime.errors import OutputError
from runtime.outputs import disk
from runtime.outputs.base import OutputContext
from runtime.outputs.faults import FaultReporter
from runtime.outputs.worker import BackgroundWriter
from runtime.results import Candidate
from runtime.stream.answer import StreamUpdate

Image = NDArray[np.uint8]
MAX_QUEUE = 4  # pictures that wait for the disk; of a live source more are left out
MIN_INTERVAL_S = 1.0  # between two frames of a live source: one of many alike is enough


def add_options(parser: Parser) -> None:
    """Declare --save-unsure and --max-files.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--save-unsure", metavar="FOLDER", help="keep frames the model was unsure of, for labeling")
    parser.add_argument("--max-files", type=int_at_least(1), default=1000, metavar="N", help="of --save-unsure (1000)")


def open_output(options: Namespace, context: OutputContext) -> UnsureFramesOutput | None:
    """Open the folder where --save-unsure names one.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The output; None without --save-unsure.

    Raises:
        OutputError: The folder cannot be made.
    """
    if not options.save_unsure:
        return None
    return UnsureFramesOutput(Path(options.save_unsure), options.max_files, context, options.min_free)


def file_name(at: float, index: int, top: Sequence[Candidate]) -> str:
    """Name a kept frame: when, which frame, and what it might be.

    Args:
        at: Seconds since the epoch.
        index: Index of the frame.
        top: Candidates, best first; none for a name without a guess.

    Returns:
        The name of a JPEG file.

    Example:
        >>> file_name(1795250000.0, 61, [Candidate("7", 7, 0.41)])
        '20261121T083320Z_000061_7_0.41.jpg'
    """
    when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    guess = f"_{re.sub(r'[^A-Za-z0-9-]', '-', top[0].label)}_{top[0].score:.2f}" if top else ""
    return f"{when}_{index:06d}{guess}.jpg"


class UnsureFramesOutput:
    """An Output that keeps frames the model was unsure of as JPEG files, named by `file_name`."""

    def __init__(
        self,
        folder: Path,
        max_files: int,
        context: OutputContext,
        min_free: int = disk.MIN_FREE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the folder and start the thread that writes.

        Args:
            folder: Where the files go.
            max_files: Number of .jpg files in the folder, those of earlier runs included, above which none is added.
            context: Context of the run. Of a live source one frame each MIN_INTERVAL_S is kept.
            min_free: Bytes of the disk that are left to others.
            clock: Seconds of a clock that does not go back.

        Raises:
            OutputError: The folder cannot be made.
        """
        disk.make_folder(folder)
        self._folder = folder
        self._max_files = max_files
        self._live = context.live
        self._log = context.log
        self._min_free = min_free
        self._clock = clock
        self._count = self._counted()
        self._is_full_said = False
        self._last = float("-inf")  # when a frame was kept
        self._last_look = clock()  # at the folder
        self._faults = FaultReporter(context, f"frames are saved in {folder} again")
        self._worker: BackgroundWriter[tuple[Image, str]] = BackgroundWriter(
            self._save, MAX_QUEUE, not context.live, context.stop, "unsure", context.process_events
        )

    def emit(self, update: StreamUpdate) -> None:
        """Keep a frame that is new, and unsure.

        Args:
            update: All that is known after an event of the source.
        """
        result, frame = update.result, update.frame
        if result is None or frame is None or not update.classified or result.reason != "unsure":
            return
        now = self._clock()  # not the frame's time: the board's clock may be set meanwhile
        if self._live and now - self._last < MIN_INTERVAL_S:
            return
        self._last = now
        self._worker.put((frame.image, file_name(update.timestamp, frame.index, result.prediction.top)))

    def close(self) -> bool:
        """Write the frames that wait.

        Returns:
            False where the disk does not take them; otherwise True.
        """
        return self._worker.close()

    def _save(self, item: tuple[Image, str]) -> None:
        image, name = item
        try:
            if not self._folder.is_dir():  # moved away, to be labeled
                disk.make_folder(self._folder)
                self._count = 0
            if self._has_room():
                disk.write_new(self._folder / name, cv2.imencode(".jpg", image)[1].tobytes())
                self._count += 1
                self._faults.clear()
        except (OSError, OutputError, cv2.error) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._faults.report(
                why or "",
                f"--save-unsure: cannot write into {self._folder}: {why}; each new frame is tried, readings go on",
            )

    def _has_room(self) -> bool:
        """True where one more file may be written; what is said otherwise is said once."""
        if self._count >= self._max_files and self._clock() - self._last_look >= MIN_INTERVAL_S:
            self._last_look = self._clock()
            self._count = self._counted()
        if self._count >= self._max_files:
            if not self._is_full_said:
                self._log(f"no more frames are saved in {self._folder}: it holds {self._count}, see --max-files")
            self._is_full_said = True
            return False
        self._is_full_said = False
        if disk.is_nearly_full(self._folder, self._min_free):
            free = disk.size_to_text(self._min_free)
            self._faults.report(
                "full",
                f"no more frames are saved in {self._folder}: less than {free} are free; "
                "make room, and it goes on (--min-free)",
            )
            return False
        return True

    def _counted(self) -> int:
        return sum(1 for _ in self._folder.glob("*.jpg"))
