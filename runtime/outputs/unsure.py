"""--save-unsure FOLDER: frames that the model was unsure of, kept for labeling."""

from __future__ import annotations

import re
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.cli.parser import Parser, int_at_least
from runtime.image.files import write_image
from runtime.outputs import disk
from runtime.outputs.base import OutputContext
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
    return UnsureFramesOutput(Path(options.save_unsure), options.max_files, context)


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

    def __init__(self, folder: Path, max_files: int, context: OutputContext) -> None:
        """Make the folder and start the thread that writes.

        Args:
            folder: Where the files go.
            max_files: Number of .jpg files in the folder, those of earlier runs included, after which no more are kept.
            context: Context of the run. Of a live source one frame each MIN_INTERVAL_S is kept.

        Raises:
            OutputError: The folder cannot be made.
        """
        disk.make_folder(folder)
        self._folder = folder
        self._max_files = max_files
        self._live = context.live
        self._log = context.log
        self._count = sum(1 for _ in folder.glob("*.jpg"))
        self._last = float("-inf")  # time of the newest kept frame
        self._is_full = False
        self._worker: BackgroundWriter[tuple[Image, str]] = BackgroundWriter(
            self._save, MAX_QUEUE, not context.live, context.stop, "unsure", context.process_events
        )

    def emit(self, update: StreamUpdate) -> None:
        """Keep a frame that is new, and unsure.

        Args:
            update: All that is known after an event of the source.

        Raises:
            OutputError: An earlier frame could not be written.
        """
        result, frame = update.result, update.frame
        if self._is_full or result is None or frame is None or not update.classified:
            return
        if result.reason != "unsure" or (self._live and update.timestamp - self._last < MIN_INTERVAL_S):
            return
        self._last = update.timestamp
        self._worker.put((frame.image, file_name(update.timestamp, frame.index, result.prediction.top)))

    def close(self) -> bool:
        """Write the frames that wait.

        Returns:
            False where the disk does not take them; otherwise True.

        Raises:
            OutputError: A frame could not be written.
        """
        return self._worker.close()

    def _save(self, item: tuple[Image, str]) -> None:
        image, name = item
        if self._is_full:
            return
        if self._count >= self._max_files or disk.is_nearly_full(self._folder):
            self._is_full = True
            self._log(f"no more frames are saved in {self._folder}: it holds {self._count}, or the disk is full")
            return
        write_image(self._folder / name, image)
        self._count += 1
