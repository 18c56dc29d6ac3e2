"""Videos and pictures, told by their first bytes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.image.content import HEAD, is_heic, video_kind
from runtime.image.header import is_picture

HEADS = {
    b"\0\0\0\1\x67\x42\0\x1e": "H.264",
    b"\0\0\1\x09\xf0": "H.264",
    b"\0\0\0\1\x40\x01\x0c": "H.265",
    b"\0\0\1\xba\x44": "MPEG-PS",
    b"FLV\1\5": "FLV",
    b"\0\0\0\x18ftyp3gp4": "MP4",
    b"\0\0\0\x18ftypisom": "MP4",
    b"\0\0\0\x18ftypavif": "",
    b"\0\0\0\x18ftypheim": "",
    (b"G" + bytes(187)) * 3: "MPEG-TS",
    (bytes(4) + b"G" + bytes(187)) * 3: "MPEG-TS",
    b"": "",
    b"\0": "",
    bytes(HEAD): "",
    b"\0\0\1\0\1\0": "",  # an icon
    b"--frame\r\n": "",
}


@pytest.mark.parametrize("head", HEADS)
def test_the_kind_of_a_head(head: bytes) -> None:
    assert video_kind(head) == HEADS[head]
    assert video_kind(head[:1]) == ""


@pytest.mark.parametrize(("suffix", "code"), [(".avi", "MJPG"), (".mkv", "MJPG"), (".mp4", "mp4v"), (".mov", "mp4v")])
def test_what_opencv_writes(tmp_path: Path, suffix: str, code: str) -> None:
    path = tmp_path / f"clip{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 10, (64, 48))
    for _ in range(3):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    assert video_kind(path.read_bytes()[:HEAD])


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif", ".webp", ".ppm"])
def test_pictures_are_no_videos(suffix: str) -> None:
    head = cv2.imencode(suffix, np.zeros((8, 9, 3), np.uint8))[1].tobytes()[:HEAD]
    assert is_picture(head)
    assert video_kind(head) == ""


@pytest.mark.parametrize("brand", [b"heic", b"heim", b"hevx", b"msf1"])
def test_a_heic_is_no_video(brand: bytes) -> None:
    head = b"\0\0\0\x18ftyp" + brand
    assert is_heic(head)
    assert not is_picture(head)
    assert video_kind(head) == ""
