"""Tells which frames of a video the decoder made up where the file is damaged.

FFmpeg conceals damage: it gives a picture of something that was not filmed, and complains about it in its log alone,
which OpenCV writes to standard output. So a child process decodes the same file, with the log on, a little ahead.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

CODE = "import sys; from runtime.sources.opencv import report_frames; report_frames(sys.argv[1])"
REORDERED = 5  # frames that a decoder may give between a complaint and the frame that it is about
# What FFmpeg says of sound videos too, such as those that begin in the middle of a stream.
HARMLESS = (
    b"mmco",
    b"co located",
    b"deprecated",
    b"SEI type",
    b"number of reference frames",
    b"non-existing",
    b"no frame!",
    b"missing picture",
    b"Could not find ref",
    b"decode_slice_header",
    b"hwaccel",
    b"hw_frames",
    b"swscaler",
)


class DamageWatch:
    """Follows a decoding of the same file, frame by frame.

    Attributes:
        damaged: The number of frames so far that are not to be believed.
    """

    def __init__(self, path: str) -> None:
        """Start the child process. Where it cannot be started, no frame is doubted.

        Args:
            path: The video.
        """
        self.damaged = 0
        self._doubt = 0  # frames since the last complaint, from 1; 0 without doubt
        self._child: subprocess.Popen[bytes] | None = None
        home = str(Path(__file__).resolve().parent.parent.parent)
        paths = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
        env = {**os.environ, "PYTHONPATH": paths, "OPENCV_FFMPEG_LOGLEVEL": "16"}
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-c", CODE, os.path.abspath(path)],  # noqa: PTH100 the name's own bytes stay
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError:
            return

    def is_whole(self) -> bool:
        """Tell whether the next frame can be believed; called once for each frame, in order.

        Returns:
            False from a complaint on, until a frame that needs no other one.
        """
        kind = self._next_kind()
        if self._doubt:
            self._doubt += 1
            if kind == b"I" and self._doubt > REORDERED:
                self._doubt = 0
        self.damaged += self._doubt > 0
        return not self._doubt

    def close(self) -> None:
        """End the child process."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _next_kind(self) -> bytes:
        """The kind of the child's next frame, such as b"I"; complaints before it begin a doubt."""
        out: IO[bytes] | None = self._child.stdout if self._child else None
        while out and (line := out.readline()):
            if line.startswith(b"frame "):
                return line[6:7]
            if line.startswith(b"[") and not any(word in line for word in HARMLESS):
                self._doubt = 1
        return b""
