"""The contract of every source: the same test over each kind, by open_source alone.

RTSP: test_rtsp.py; a V4L2 node: tests/camera/inside.py; the Pi's own camera: test_csi.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.sources.base import Frame, SourceOptions
from runtime.sources.registry import open_source
from tests.runtime.helpers import MjpegServer, jpeg

FRAMES = 3
Opened = tuple[str, SourceOptions]


@contextlib.contextmanager
def video_file(folder: Path) -> Iterator[Opened]:
    path = folder / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for level in range(FRAMES):
        writer.write(np.full((48, 64, 3), 50 * level, np.uint8))
    writer.release()
    yield str(path), SourceOptions()


@contextlib.contextmanager
def picture_folder(folder: Path) -> Iterator[Opened]:
    for number in range(FRAMES):
        (folder / f"{number}.jpg").write_bytes(jpeg(50))
    yield str(folder), SourceOptions()


@contextlib.contextmanager
def synthetic_camera(folder: Path) -> Iterator[Opened]:
    yield "fake://digits", SourceOptions(width=64, height=48, fps=1000)


@contextlib.contextmanager
def rotated_camera(folder: Path) -> Iterator[Opened]:
    yield "fake://digits", SourceOptions(width=48, height=64, fps=1000, rotate=90)


@contextlib.contextmanager
def standard_input(folder: Path, data: bytes = jpeg(50) * FRAMES) -> Iterator[Opened]:
    (folder / "stdin").write_bytes(data)
    before = sys.stdin
    with (folder / "stdin").open() as file:
        sys.stdin = file
        try:
            yield "-", SourceOptions()
        finally:
            sys.stdin = before


@contextlib.contextmanager
def http_stream(folder: Path) -> Iterator[Opened]:
    with MjpegServer() as server:
        server.repeat = jpeg(50)
        yield f"{server.url.replace('//', '//me:secret@')}/lengths", SourceOptions()


KINDS = [video_file, picture_folder, synthetic_camera, rotated_camera, standard_input, http_stream]
Kind = Callable[[Path], contextlib.AbstractContextManager[Opened]]


def descriptors() -> list[str]:
    """The files, pipes and devices that this process has open. Sockets are left out: the server's are among them."""
    if sys.platform != "linux":
        return []
    targets = map(_target, os.listdir("/proc/self/fd"))  # noqa: PTH208
    return sorted(target for target in targets if target and not target.startswith("socket:"))


def _target(number: str) -> str:
    with contextlib.suppress(OSError):  # the folder's own descriptor is closed by now
        return os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
    return ""


def close(frames: Iterator[Frame]) -> None:
    frames.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_frames_of_every_source_keep_the_contract(kind: Kind, tmp_path: Path) -> None:
    with kind(tmp_path) as (text, options):
        start = time.time()
        frames = open_source(text, options)
        seen = [next(frames) for _ in range(FRAMES)]
        close(frames)
        assert [frame.index for frame in seen] == list(range(FRAMES))
        for frame in seen:
            assert isinstance(frame, Frame)
            assert frame.image.dtype == np.uint8
            assert frame.image.shape in ((48, 64), (48, 64, 3))
            assert isinstance(frame.source, str)
            assert "secret" not in frame.source
            assert start - 0.01 <= frame.captured_at <= time.time() + 0.01
        times = [frame.captured_at for frame in seen]
        assert times == sorted(times)
        with pytest.raises(dataclasses.FrozenInstanceError):
            seen[0].index = 9  # type: ignore[misc]


@pytest.mark.parametrize("taken", [0, 1])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_closing_releases_every_source(kind: Kind, taken: int, tmp_path: Path) -> None:
    with kind(tmp_path) as (text, options):
        before = descriptors()
        frames = open_source(text, options)
        for _ in range(taken):
            next(frames)
        close(frames)
        assert descriptors() == before
        assert next(frames, None) is None
        close(frames)  # a second time does no harm


@pytest.mark.parametrize("taken", [0, 1])
def test_closing_an_http_stream_closes_its_connection(taken: int) -> None:
    with MjpegServer() as server:
        server.repeat = jpeg(50)
        frames = open_source(f"{server.url}/lengths")
        for _ in range(taken):
            next(frames)
        assert not server.left.is_set()
        close(frames)
        assert server.left.wait(60)  # the server can write no more


def test_a_single_picture_on_standard_input_keeps_the_contract(tmp_path: Path) -> None:
    png = cv2.imencode(".png", np.full((48, 64), 70, np.uint8))[1].tobytes()
    with standard_input(tmp_path, png) as (text, options):
        frames = open_source(text, options)
        frame = next(frames)
        assert (frame.image.shape, frame.index, frame.source) == ((48, 64), 0, "-")
        assert next(frames, None) is None
        close(frames)
