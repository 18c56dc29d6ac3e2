"""The Pi's own camera, as far as it goes without one."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.sources.base import Frame, SourceOptions
from runtime.sources.csi import csi_cameras
from runtime.sources.registry import open_source


def close(frames: Iterator[Frame]) -> None:
    frames.close()  # type: ignore[attr-defined]


class Picamera2:
    """What runtime.sources.csi uses of picamera2."""

    log: list[object] = []  # noqa: RUF012

    def __init__(self, number: int) -> None:
        if number > 0:
            try:
                raise IndexError("list index out of range")
            except IndexError:
                raise RuntimeError("Camera __init__ sequence did not complete.") from None

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        usb: dict[str, object] = {"Model": "Webcam", "Id": "/base/axi/pcie/usb@1/1:1.0"}
        return [{"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"}, usb]

    def create_video_configuration(self, **words: object) -> dict[str, object]:
        return words

    def configure(self, words: dict[str, object]) -> None:
        if words["controls"] == {"FrameRate": 13}:
            raise RuntimeError("no such rate")
        self.log.append(words)

    def start(self) -> None:
        self.log.append("start")

    def capture_array(self, stream: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        self.log.append(stream)
        return np.full((4, 6, 3), (1, 2, 3), np.uint8)

    def stop(self) -> None:
        self.log.append("stop")

    def close(self) -> None:
        self.log.append("close")


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was asked of it."""
    module = types.ModuleType("picamera2")
    module.Picamera2 = Picamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(Picamera2, "log", [])
    return Picamera2.log


def test_csi_frames_are_bgr_and_the_camera_is_released(picamera2: list[object]) -> None:
    frames = open_source("csi://0", SourceOptions(width=320, height=240, fps=25))
    assert next(frames).image[0, 0].tolist() == [1, 2, 3]
    close(frames)
    main = {"size": (320, 240), "format": "RGB888"}
    assert picamera2 == [
        {"main": main, "controls": {"FrameRate": 25}, "buffer_count": 4},
        "start",
        "main",
        "stop",
        "close",
    ]


def test_a_csi_camera_that_cannot_be_opened(picamera2: list[object]) -> None:
    with pytest.raises(SourceError, match=r"cannot open csi://3: list index out of range; is the cable in"):
        open_source("csi://3")
    assert picamera2 == []
    with pytest.raises(SourceError, match=r"cannot open csi://0: no such rate"):
        open_source("csi://0", SourceOptions(fps=13))
    assert picamera2 == ["close"]  # it would else be busy for good


def test_csi_cameras_are_listed(picamera2: list[object]) -> None:
    assert csi_cameras() == ["csi://0  imx708"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("csi://0", r"csi://0 needs picamera2 .*apt install python3-picamera2.*--system-site-packages"),
        ("csi://left", r"expected csi://0 or another number; received csi://left"),
    ],
)
def test_without_picamera2_and_without_a_number(text: str, complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match=complaint):
        open_source(text)
    assert capfd.readouterr() == ("", "")


def test_without_picamera2_none_are_listed() -> None:
    assert csi_cameras() == []
