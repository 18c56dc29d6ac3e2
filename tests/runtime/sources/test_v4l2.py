"""What a driver answers, as --list shows it; the driver is played here, a real one in tests/camera."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest

from runtime.sources import v4l2

FORMATS = [b"YUYV", b"MJPG"]
SIZES = {b"YUYV": [(640, 480)], b"MJPG": [(640, 480), (1280, 720)]}


def driver(capabilities: int, stepwise: bool = False) -> v4l2.Ioctl:
    def ioctl(descriptor: int, request: int, answer: bytearray) -> None:
        assert descriptor == 5
        if request == v4l2.QUERYCAP:
            struct.pack_into("16s32s32sIII", answer, 0, b"uvcvideo", b"USB Camera", b"usb-1", 0, 1 << 31, capabilities)
            return
        index = struct.unpack_from("I", answer)[0]
        if request == v4l2.ENUM_FMT:
            rows: list[bytes] = FORMATS
            if index < len(rows):
                answer[44:48] = rows[index]
                return
        elif stepwise and index == 0:
            struct.pack_into("7I", answer, 8, 3, 32, 2592, 2, 48, 1944, 2)
            return
        elif index < len(SIZES[bytes(answer[4:8])]) and not stepwise:
            struct.pack_into("3I", answer, 8, 1, *SIZES[bytes(answer[4:8])][index])
            return
        raise OSError(errno.EINVAL, "Invalid argument")

    return ioctl


def test_formats_and_sizes() -> None:
    camera = v4l2.query("/dev/video0", 5, driver(v4l2.CAPTURE))
    assert camera == v4l2.Camera("/dev/video0", "USB Camera", ("YUYV 640x480", "MJPG 640x480 1280x720"))


def test_sizes_in_steps() -> None:
    camera = v4l2.query("/dev/video0", 5, driver(v4l2.CAPTURE, stepwise=True))
    assert camera is not None
    assert camera.formats[0] == "YUYV 32x48-2592x1944"


def test_a_node_that_captures_nothing_is_no_camera() -> None:
    assert v4l2.query("/dev/video1", 5, driver(0x00A00000)) is None


def test_a_camera_that_goes_away_meanwhile() -> None:
    def gone(_: int, request: int, answer: bytearray) -> None:
        if request == v4l2.QUERYCAP:
            driver(v4l2.CAPTURE)(5, request, answer)
        else:
            raise OSError(errno.ENODEV, "No such device")

    with pytest.raises(OSError, match="No such device"):
        v4l2.query("/dev/video0", 5, gone)


def test_other_files_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"a file")
    (tmp_path / "video7").symlink_to("nowhere")
    assert v4l2.cameras(tmp_path) == ([], [f"{tmp_path}/video7: No such file or directory"])
