"""Picture files as a source; standard input: test_base.py, test_mjpeg.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.errors import ImageError, SourceError
from runtime.sources.base import SourceOptions
from runtime.sources.registry import open_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("img10.png", "img2.png", "notes.txt"):
        (tmp_path / name).write_bytes(cv2.imencode(".png", np.full((4, 4), 90, np.uint8))[1].tobytes())
    return tmp_path


@pytest.mark.parametrize("text", [lambda f: f, lambda f: f / "*.png"], ids=["folder", "pattern"])
def test_pictures_come_in_natural_order(folder: Path, text: Callable[[Path], Path]) -> None:
    assert [Path(frame.source).name for frame in open_source(str(text(folder)))] == ["img2.png", "img10.png"]


def test_a_source_that_is_not_there() -> None:
    with pytest.raises(SourceError, match=r"no such file or folder: nowhere"):
        open_source("nowhere")


def test_a_damaged_picture_is_told_when_its_turn_comes(folder: Path) -> None:
    (folder / "img3.png").write_bytes(b"damaged")
    frames = open_source(str(folder))
    assert next(frames).index == 0
    with pytest.raises(ImageError, match=r"img3\.png: not a picture"):
        next(frames)
    assert next(frames).index == 2  # and the next one follows
    assert next(frames, None) is None


def test_one_that_is_damaged_does_not_end_what_is_flipped(folder: Path) -> None:
    (folder / "img3.png").write_bytes(b"damaged")
    frames = open_source(str(folder), SourceOptions(flip="h"))
    assert next(frames).index == 0
    with pytest.raises(ImageError, match=r"img3\.png"):
        next(frames)
    assert next(frames).index == 2
    frames.close()  # type: ignore[attr-defined]
    assert next(frames, None) is None
