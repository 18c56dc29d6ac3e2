"""A video on a disk: made with its first frame, never in place of another file, and readable up to its last frame."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runtime.outputs import disk
from runtime.outputs.video.avi import Avi
from runtime.outputs.video.base import VideoFormat
from runtime.outputs.video.matroska import Matroska
from runtime.outputs.video.mp4 import Mp4

FORMATS: dict[str, Callable[[int, int, float], VideoFormat]] = {".mp4": Mp4, ".avi": Avi, ".mkv": Matroska}
HEAD_BYTES = 1000  # at most


class VideoFile:
    """One video that is being written.

    Attributes:
        path: Its name: the one that was asked for, or the first numbered one that was free.
        size: Bytes on the disk; 0 before the first frame.
        frames: Number of frames on the disk.
    """

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        """Prepare a video; nothing is written before the first frame.

        Args:
            path: The name that is asked for; its suffix is one of FORMATS.
            width: Pixels.
            height: Pixels.
            fps: Frames a second.

        Raises:
            ValueError: The picture is too large for the format.
        """
        self.path = path
        self.size = 0
        self.frames = 0
        self._format = FORMATS[path.suffix.lower()](width, height, fps)
        self._descriptor: int | None = None
        self._is_broken = False  # a frame was not written: the tail would speak of it

    def cost(self, jpeg: bytes, tick: int) -> int:
        """Compute how many bytes a frame adds at most; see VideoFormat.

        Args:
            jpeg: The picture.
            tick: When it is shown.

        Returns:
            Bytes, those of the file's head included where it is the first.
        """
        return self._format.cost(jpeg, tick) + (HEAD_BYTES if self._descriptor is None else 0)

    def add(self, jpeg: bytes, tick: int) -> None:
        """Write a frame, whole or not at all.

        Args:
            jpeg: The picture.
            tick: When it is shown, in frames from 0.

        Raises:
            OSError: The disk does not take it. The file is to be closed then.
        """
        head = b""
        if self._descriptor is None:
            head = self._format.head()
            self._descriptor, self.path = disk.create(self.path)
        data = head + self._format.frame(jpeg, tick)
        try:
            disk.write_all(self._descriptor, data)
        except OSError:
            self._is_broken = True
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(data)
        self.frames = self._format.frames

    def sync(self) -> None:
        """Put on the disk what the system holds in memory, against a power cut.

        Raises:
            OSError: The disk does not take it.
        """
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Complete the file; one without frames is removed.

        Raises:
            OSError: The disk does not take it; the frames can be read all the same.
        """
        if self._descriptor is None:
            return
        try:
            if self.frames == 0:
                self.path.unlink()
            elif not self._is_broken:
                self._complete(self._descriptor)
        finally:
            os.close(self._descriptor)
            self._descriptor = None

    def _complete(self, descriptor: int) -> None:
        more, replaced = self._format.tail(self.size)
        try:
            disk.write_all(descriptor, more)
        except OSError:
            os.ftruncate(descriptor, self.size)
            raise
        self.size += len(more)
        for offset, data in replaced:
            os.pwrite(descriptor, data, offset)
        os.fsync(descriptor)
