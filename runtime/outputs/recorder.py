"""--record FILE.mp4: the frames as a video."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.cli.parser import Parser
from runtime.errors import OutputError
from runtime.native import is_encodable
from runtime.outputs import disk
from runtime.outputs.base import OutputContext
from runtime.outputs.worker import BackgroundWriter
from runtime.stream.answer import StreamUpdate

Image = NDArray[np.uint8]
SUFFIXES = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "mp4v"}  # with the codec's four letters
MAX_QUEUE = 4  # pictures that wait for the disk; of a live source more are left out
DEFAULT_FPS = 15.0  # where the source was asked for no other
FRAMES_PER_CHECK = 100  # between two looks at the disk's free space


def add_options(parser: Parser) -> None:
    """Declare --record, and --min-free, which holds for --save-unsure too.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--record", metavar="FILE.mp4", help="save the frames as a video")
    parser.add_argument(
        "--min-free",
        type=disk.size,
        default=disk.MIN_FREE_BYTES,
        metavar="SIZE",
        help="nothing is written to a disk with less free than this, such as 50M or 2G (500M)",
    )


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
    return VideoOutput(Path(options.record), context) if options.record else None


def frame_repeats(elapsed: float, written: int, fps: float) -> int:
    """How often a frame is written, so that the video runs as fast as the world did.

    Args:
        elapsed: Seconds from the first frame to this one.
        written: Number of frames in the video so far.
        fps: Frames per second of the video.

    Returns:
        0 where the frame is one too many, 2 or more where frames are missing before it.
    """
    return max(0, round(elapsed * fps) + 1 - written)


class VideoOutput:
    """An Output that writes every frame to a video, in a thread of its own."""

    def __init__(self, path: Path, context: OutputContext) -> None:
        """Start the thread; the file is made when the first frame comes, and its size is known.

        Args:
            path: Path of the video; its suffix names the format. An existing file is replaced.
            context: Context of the run. Frames of a live source are repeated or left out to keep time; each frame of a
                file is written once.

        Raises:
            OutputError: No such format, or no such folder.
        """
        if path.suffix.lower() not in SUFFIXES:
            raise OutputError(f"--record: expected a name that ends in .mp4, .avi or .mkv; received {path}")
        if not path.parent.is_dir():
            raise OutputError(f"--record: no such folder: {path.parent}")
        if not is_encodable(str(path)):
            raise OutputError(f"--record: expected a name in UTF-8; received {path}")
        self._path = path
        self._fps = context.fps or DEFAULT_FPS
        self._live = context.live
        self._log = context.log
        self._video: cv2.VideoWriter | None = None
        self._size = (0, 0)  # width, height, pixels
        self._start = 0.0  # time of the first frame, seconds since the epoch
        self._written = 0
        self._is_full = False
        self._worker: BackgroundWriter[tuple[Image, float]] = BackgroundWriter(
            self._write, MAX_QUEUE, not context.live, context.stop, "record", context.process_events
        )

    def emit(self, update: StreamUpdate) -> None:
        """Hand a frame over.

        Args:
            update: All that is known after an event of the source.

        Raises:
            OutputError: An earlier frame could not be written.
        """
        if update.frame is not None and not self._is_full:
            self._worker.put((update.frame.image, update.frame.captured_at))

    def close(self) -> bool:
        """Finish the file.

        Returns:
            False where the disk does not take it; otherwise True.

        Raises:
            OutputError: A frame could not be written.
        """
        done = self._worker.close()
        if done and self._video is not None:
            self._video.release()
            self._log(f"saved {self._path}, {self._written} frames")
        return done

    def _write(self, item: tuple[Image, float]) -> None:
        image, at = item
        if image.ndim == 2:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
        if self._video is None:
            self._video = self._create(image)
            self._start = at
        if self._is_full:
            return
        if self._written % FRAMES_PER_CHECK == 0 and disk.is_nearly_full(self._path.parent, disk.MIN_FREE_BYTES):
            self._is_full = True
            free = disk.MIN_FREE_BYTES // 1_000_000
            self._log(f"recording ended: less than {free} MB are free in {self._path.parent}")
            return
        if image.shape[1::-1] != self._size:
            image = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        for _ in range(self._advance(at)):
            self._video.write(image)

    def _advance(self, at: float) -> int:
        """How often the frame of this time is written; counted as done."""
        if not self._live:
            self._written += 1
            return 1
        # After an interruption a frame is repeated for at most a second of the video.
        repeats = min(round(self._fps) + 1, frame_repeats(at - self._start, self._written, self._fps))
        self._written += repeats
        self._start = max(self._start, at - (self._written - 1) / self._fps)
        return repeats

    def _create(self, image: Image) -> cv2.VideoWriter:
        self._size = (image.shape[1], image.shape[0])
        code = cv2.VideoWriter.fourcc(*SUFFIXES[self._path.suffix.lower()])
        video = cv2.VideoWriter(str(self._path), code, self._fps, self._size)
        if not video.isOpened():
            raise OutputError(f"--record: cannot write {self._path}; check the folder's permissions")
        return video
