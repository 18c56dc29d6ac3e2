"""Standard input: pipes and files, pictures and videos, and what comes back after rubbish."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from runtime.errors import ImageError, SourceError
from runtime.sources import base, jpeg_stream, standard_input
from runtime.sources.base import EndedError, Frame
from runtime.sources.registry import open_source
from tests.runtime.helpers import jpeg

Pipe = SimpleNamespace


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """Standard input as a pipe: write(bytes), end()."""
    out, into = os.pipe()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(fileno=lambda: out))
    ends = [into]

    def end() -> None:
        if ends:
            os.close(ends.pop())

    yield Pipe(write=lambda data: os.write(into, data), end=end)
    end()
    os.close(out)


def levels(frames: Iterator[Frame]) -> list[int]:
    return [round(float(frame.image.mean()) / 10) * 10 for frame in frames]


@pytest.mark.parametrize("before", [b"", b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", b"\0" * 3000, jpeg(30)[300:]])
def test_jpegs_whatever_comes_before_them(pipe: Pipe, before: bytes) -> None:
    pipe.write(before + jpeg(50) + jpeg(90))
    pipe.end()
    assert levels(open_source("-")) == [50, 90]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\1\x67\x42\0\x1e" + bytes(600), r"H\.264"),
        (b"\x1a\x45\xdf\xa3" + bytes(600), "Matroska"),
        (b"\0\0\0\x18ftypisom" + bytes(600), "MP4"),
    ],
)
def test_a_video_is_told_at_once_with_the_line_that_helps(pipe: Pipe, head: bytes, kind: str) -> None:
    pipe.write(head)  # and it goes on: the pipe is not at its end
    with pytest.raises(SourceError, match=rf"is a video \({kind}.*rpicam-vid .*--codec mjpeg -o - \|"):
        open_source("-")


def test_what_has_no_jpeg_is_told_in_bounded_memory(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_stream, "MAX_JPEG", 20_000)
    pipe.write(bytes([7]) * 50_000)
    with pytest.raises(SourceError, match=r"bytes without a whole JPEG.*--codec mjpeg"):
        next(open_source("-"))


def test_it_comes_back_after_rubbish(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_stream, "MAX_JPEG", 20_000)
    pipe.write(jpeg(50))
    frames = open_source("-")
    assert levels(iter([next(frames)])) == [50]
    pipe.write(jpeg(30)[:300] + bytes(30_000))
    with pytest.raises(SourceError, match="without a whole JPEG"):
        next(frames)
    pipe.write(bytes(5000) + jpeg(90))
    again = open_source("-")
    assert levels(iter([next(again)])) == [90]
    pipe.end()
    assert next(again, None) is None
    with pytest.raises(EndedError, match="standard input is empty"):
        open_source("-")


def test_silence_is_told(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "FRAME_TIMEOUT_S", -1.95)
    with pytest.raises(SourceError, match="gives nothing; expected JPEG after JPEG"):
        open_source("-")
    pipe.write(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(SourceError, match="a picture that does not end"):
        open_source("-")


def test_a_single_picture_is_bounded(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_input, "MAX_PICTURE", 1000)
    pipe.write(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    with pytest.raises(SourceError, match="a picture of more than 1,000 bytes"):
        open_source("-")


def test_a_damaged_picture_is_an_image_error(pipe: Pipe) -> None:
    pipe.write(cv2.imencode(".png", np.zeros((30, 30), np.uint8))[1].tobytes()[:40])
    pipe.end()
    with pytest.raises(ImageError, match="standard input"):
        open_source("-")


def test_every_frame_of_a_file_and_a_file_that_is_a_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "many.mjpeg").write_bytes(jpeg(50) * 500)
    with (tmp_path / "many.mjpeg").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert len(list(open_source("-"))) == 500
    (tmp_path / "clip").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(99))
    with (tmp_path / "clip").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        with pytest.raises(SourceError, match=r"is a video .*; name the file in place of -"):
            open_source("-")
