"""--record FILE.mp4: the frames as a video, which can be read whatever ends it."""

from __future__ import annotations

import math
import os
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.cli.parser import Parser
from runtime.errors import OutputError
from runtime.outputs import disk
from runtime.outputs.base import OutputContext
from runtime.outputs.faults import FaultReporter
from runtime.outputs.worker import BackgroundWriter
from runtime.stream.answer import StreamUpdate

if TYPE_CHECKING:  # a start without --record needs none of it
    from runtime.outputs.video.file import VideoFile

Image = NDArray[np.uint8]
SUFFIXES = (".mp4", ".avi", ".mkv")
MAX_QUEUE = 4  # pictures that wait for the disk; of a live source more are left out
DEFAULT_FPS = 15.0  # where the source was asked for no other
LOOK_S = 1.0  # between two looks at the disk's free space
RETRY_S = (2.0, 30.0)  # before a file is begun again after a fault: the first pause, doubled each time, and the longest
ROOM_AGAIN = 1.1  # times --min-free, before a recording goes on that a full disk ended
MAX_FILE_BYTES = 1_900_000_000  # then the next file begins: AVI and FAT hold 2 GB and 4 GB
QUALITY = 80  # of the JPEG pictures, 0 to 100
FULL = "full"
CLOSE_TRIES = 10  # of BackgroundWriter.GRACE_S each: a disk may take a second to sync


def add_options(parser: Parser) -> None:
    """Declare --record and --max-size; and --min-free, which holds for --save-unsure too.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--record", metavar="FILE.mp4", help="save the frames as a video; no file is replaced")
    parser.add_argument(
        "--max-size",
        type=disk.size,
        metavar="SIZE",
        help="of --record, its numbered files and those of earlier runs in all, such as 500M or 2G (no limit)",
    )
    parser.add_argument(
        "--min-free",
        type=disk.size,
        default=disk.MIN_FREE_BYTES,
        metavar="SIZE",
        help="nothing is written to a disk with less free than this, such as 50M or 2G (500M)",
    )
    parser.require("--max-size", "--record")


def open_output(options: Namespace, context: OutputContext) -> VideoOutput | None:
    """Open the video where --record asks for one.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The output; None without --record.

    Raises:
        OutputError: The file cannot be written.
    """
    return VideoOutput(Path(options.record), context, options.min_free, options.max_size) if options.record else None


class Timeline:
    """When each frame is shown, so that the video runs as the world did.

    Example:
        >>> timeline = Timeline(10, live=True)
        >>> [timeline.tick(at) for at in (5.0, 5.1, 5.12, 5.4, 99.0)]
        [0, 1, None, 4, 15]
    """

    def __init__(self, fps: float, live: bool) -> None:
        """Begin with the first frame.

        Args:
            fps: Frames per second of the video.
            live: True for frames that come at their own times; False to show each frame of a file for one tick.
        """
        self._fps = fps
        self._live = live
        self._start: float | None = None
        self._next = 0  # the first tick that is free

    def tick(self, at: float) -> int | None:
        """Place a frame.

        Args:
            at: When it came, in seconds of a clock that does not go back.

        Returns:
            Its tick, 1/fps seconds each, from 0; None where it is one too many. After a gap the frame before is shown
            for a second at most.
        """
        tick = self._next
        if self._live:
            if self._start is None:
                self._start = at
            tick = round((at - self._start) * self._fps)
            latest = self._next + max(1, round(self._fps))
            if tick > latest:
                self._start += (tick - latest) / self._fps
                tick = latest
        if tick < self._next:
            return None
        self._next = tick + 1
        return tick


class VideoOutput:
    """An Output that writes every frame to a video, in a thread of its own.

    A file that takes no more is ended, and said; when there is room, the next one begins. None is ever replaced.
    """

    def __init__(
        self,
        path: Path,
        context: OutputContext,
        min_free: int = disk.MIN_FREE_BYTES,
        max_size: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread; a file is made when the first frame comes, and its size is known.

        Args:
            path: Path of the video; its suffix names the format. Where it exists, a numbered name is taken.
            context: Context of the run. Frames of a live source are left out, or shown longer, to keep time; each
                frame of a file is written once.
            min_free: Bytes of the disk that are left to others.
            max_size: Bytes of the video and its numbered files, those of earlier runs included; None for no limit.
            clock: Seconds of a clock that does not go back.

        Raises:
            OutputError: No such format, no such folder, or nothing may be written there.
        """
        if path.suffix.lower() not in SUFFIXES:
            raise OutputError(f"--record: expected a name that ends in .mp4, .avi or .mkv; received {path}")
        if not os.path.isdir(path.parent):  # noqa: PTH112  # False, too, where the folder above may not be entered
            raise OutputError(f"--record: no such folder: {path.parent}")
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise OutputError(f"--record: cannot write {path}; check the folder's permissions")
        self._path = path
        self._min_free, self._max_size = min_free, max_size
        self._context = context
        self._clock = clock
        self._fps = context.fps or DEFAULT_FPS
        self._file: VideoFile | None = None
        self._timeline = Timeline(self._fps, context.live)
        self._look_at = float("-inf")  # when to look at the disk again
        self._may_write = False  # as of the last look
        self._pause = RETRY_S[0]
        self._left: float = math.inf  # bytes within --max-size
        self._size = (0, 0)  # width, height of the video, pixels
        self._is_limit_said = False
        self._faults = FaultReporter(context, f"recording goes on in {path.parent}")
        self._worker: BackgroundWriter[tuple[Image, float]] = BackgroundWriter(
            self._write, MAX_QUEUE, not context.live, context.stop, "record", context.process_events
        )

    def emit(self, update: StreamUpdate) -> None:
        """Hand a frame over.

        Args:
            update: All that is known after an event of the source.
        """
        if update.frame is not None:
            self._worker.put((update.frame.image, self._clock() - update.age_ms / 1000))

    def close(self) -> bool:
        """Finish the file.

        Returns:
            False where the disk does not take it; what was written can be read all the same.
        """
        done = any(self._worker.close() for _ in range(CLOSE_TRIES))
        if done:
            self._end()
        return done

    def _write(self, item: tuple[Image, float]) -> None:
        image, at = item
        try:
            if self._clock() >= self._look_at:
                self._look_at = self._clock() + LOOK_S
                self._may_write = self._has_room()
            if self._may_write:
                self._append(image, at)
        except (OSError, ValueError, cv2.error) as error:
            self._fail(error)

    def _has_room(self) -> bool:
        """Look at the disk, and at --max-size. A disk that fills is said once."""
        if self._file is not None:
            self._file.sync()
        if self._max_size is not None:
            self._left = self._max_size - disk.size_of_series(self._path)
        least = self._min_free * (ROOM_AGAIN if self._faults.current == FULL else 1)
        if not disk.is_nearly_full(self._path.parent, round(least)):
            return True
        free = disk.size_to_text(self._min_free)
        self._faults.report(
            FULL,
            f"recording ended: less than {free} are free in {self._path.parent}; make room, and it goes on in a new "
            "file (--min-free)",
        )
        self._end()
        return False

    def _append(self, image: Image, at: float) -> None:
        if self._file is not None and self._file.size >= MAX_FILE_BYTES:
            self._end()
        if self._file is None:
            self._file = self._prepared(image)
        tick = self._timeline.tick(at)
        if tick is None:
            return
        jpeg = self._encoded(image)
        cost = self._file.cost(jpeg, tick)
        if cost > self._left:
            self._reach_limit()
            return
        self._file.add(jpeg, tick)
        self._left -= cost
        self._pause, self._is_limit_said = RETRY_S[0], False
        self._faults.clear()

    def _prepared(self, image: Image) -> VideoFile:
        from runtime.outputs.video.file import VideoFile

        height, width = image.shape[:2]
        self._size = (width, height)
        self._timeline = Timeline(self._fps, self._context.live)
        return VideoFile(self._path, width, height, self._fps)

    def _encoded(self, image: Image) -> bytes:
        """The picture as a JPEG, in color and of the video's size."""
        if image.ndim == 2:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
        if image.shape[1::-1] != self._size:
            image = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

    def _reach_limit(self) -> None:
        """End the file at --max-size, as it was asked for: no failure."""
        if not self._is_limit_said and self._max_size is not None:
            limit = disk.size_to_text(self._max_size)
            self._context.log(f"recording ended: {self._path} and its numbered files reach {limit}, see --max-size")
        self._is_limit_said = True
        self._may_write = False
        self._end()

    def _fail(self, error: Exception) -> None:
        """Say why nothing can be written, end the file, and try another one after a pause."""
        why = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
        self._faults.report(
            why, f"--record: cannot write {self._path}: {why}; it goes on in a new file when that is possible"
        )
        self._may_write = False
        self._look_at = self._clock() + self._pause
        self._pause = min(2 * self._pause, RETRY_S[1])
        self._end()

    def _end(self) -> None:
        """Complete the file, and say what is in it."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as error:
            self._faults.report(str(error.strerror), f"--record: cannot complete {file.path}: {error.strerror}")
        if file.frames:
            self._context.log(f"saved {file.path}, {file.frames} frames")
