"""--record FILE.mp4 and --save-unsure FOLDER: frames kept on disk, which they never fill."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import OutputError
from runtime.outputs.worker import BackgroundWriter
from runtime.stream.answer import StreamUpdate

Image = NDArray[np.uint8]
KEEP_FREE = 500_000_000  # bytes of the disk that are left to others
ROOM = 4  # pictures that wait for the disk; of a live source more are left out
UNSURE_EVERY_S = 1.0  # of a live source: one of many alike is enough
FPS = 15.0  # where the source was asked for no other


def free(folder: Path) -> int:
    """Bytes that are free where `folder` is."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def copies(elapsed: float, written: int, fps: float) -> int:
    """How often a frame is written, so that the video runs as the world did. elapsed: seconds since the first."""
    return max(0, round(elapsed * fps) + 1 - written)


class VideoOutput:
    """An Output that writes every frame to a video, in a thread of its own."""

    def __init__(
        self, path: Path, fps: float | None, live: bool, note: Callable[[str], None], stop: Callable[[], bool]
    ) -> None:
        """fps: of the file. live: frames are repeated or left out to keep time; of a file each is written once."""
        if path.suffix.lower() not in (".mp4", ".avi", ".mkv"):
            raise OutputError(f"--record: expected a name that ends in .mp4, .avi or .mkv; received {path}")
        if not path.parent.is_dir():
            raise OutputError(f"--record: no such folder: {path.parent}")
        self._path, self._fps, self._live, self._note = path, fps or FPS, live, note
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._begun = 0.0
        self._written = 0
        self._full = False
        self._worker: BackgroundWriter[tuple[Image, float]] = BackgroundWriter(
            self._write, ROOM, not live, stop, "record"
        )

    def emit(self, answer: StreamUpdate) -> None:
        """Hand a frame over."""
        if answer.frame is not None and not self._full:
            self._worker.put((answer.frame.image, answer.frame.captured_at))

    def close(self) -> bool:
        """Finish the file."""
        done = self._worker.close()
        if done and self._writer is not None:
            self._writer.release()
            self._note(f"saved {self._path}, {self._written} frames")
        return done

    def _write(self, item: tuple[Image, float]) -> None:
        image, at = item
        if image.ndim == 2:
            image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
        if self._writer is None:
            self._open(image, at)
        if self._full or self._writer is None:
            return
        if self._written % 100 == 0 and free(self._path.parent) < KEEP_FREE:
            self._full = True
            self._note(f"recording ended: less than {KEEP_FREE // 1_000_000} MB are free in {self._path.parent}")
            return
        if image.shape[1::-1] != self._size:
            image = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        # After an interruption the picture stands still for at most a second of the film.
        times = min(round(self._fps) + 1, copies(at - self._begun, self._written, self._fps)) if self._live else 1
        for _ in range(times):
            self._writer.write(image)
        self._written += times
        if self._live:
            self._begun = max(self._begun, at - (self._written - 1) / self._fps)

    def _open(self, image: Image, at: float) -> None:
        self._size = (image.shape[1], image.shape[0])
        code = "MJPG" if self._path.suffix.lower() == ".avi" else "mp4v"
        writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*code), self._fps, self._size)
        if not writer.isOpened():
            raise OutputError(f"--record: cannot write {self._path}; may you write there?")
        self._writer, self._begun = writer, at


class UnsureFramesOutput:
    """An Output that keeps frames the model was unsure of, for labeling: TIME_GUESS_SCORE.jpg."""

    def __init__(
        self, folder: Path, most: int, live: bool, note: Callable[[str], None], stop: Callable[[], bool]
    ) -> None:
        """most: files in `folder`, older ones of this program counted; then no more are saved."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make folder {folder}: {error.strerror}") from None
        self._folder, self._most, self._live, self._note = folder, most, live, note
        self._count = sum(1 for _ in folder.glob("*.jpg"))
        self._last = float("-inf")
        self._full = False
        self._worker: BackgroundWriter[tuple[Image, str]] = BackgroundWriter(self._save, ROOM, not live, stop, "unsure")

    def emit(self, answer: StreamUpdate) -> None:
        """Keep a frame that is new, and unsure."""
        look, frame = answer.look, answer.frame
        if self._full or look is None or frame is None or not answer.classified:
            return
        if look.reason != "unsure" or (self._live and answer.at - self._last < UNSURE_EVERY_S):
            return
        self._last = answer.at
        self._worker.put((frame.image, file_name(answer.at, frame.index, look.prediction.top)))

    def close(self) -> bool:
        """Finish what waits."""
        return self._worker.close()

    def _save(self, item: tuple[Image, str]) -> None:
        image, name = item
        if self._full:
            return
        if self._count >= self._most or free(self._folder) < KEEP_FREE:
            self._full = True
            self._note(f"no more frames are saved in {self._folder}: it holds {self._count}, or the disk is full")
            return
        if not cv2.imwrite(str(self._folder / name), image):
            raise OutputError(f"cannot write to {self._folder}; may you write there?")
        self._count += 1


def file_name(at: float, index: int, top: tuple[object, ...]) -> str:
    """When, which frame, and what it might be: 20261121T083000Z_000061_7_0.41.jpg."""
    when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    guess = f"_{_plain(getattr(top[0], 'label', ''))}_{getattr(top[0], 'score', 0):.2f}" if top else ""
    return f"{when}_{index:06d}{guess}.jpg"


def _plain(label: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "-", label)
