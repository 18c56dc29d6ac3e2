"""Pictures of every kind are read, and an invalid file is one clear error."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from runtime.errors import ImageError, OutputError, SourceError
from runtime.image.files import decode_image, expand, read_image, write_image
from tests.runtime.helpers import stroke

SEVEN = stroke((60, 80), 30, 220, 4)


def pil(mode: str, suffix: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(SEVEN).convert(mode).save(buffer, suffix, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + bytes(4) + b"IDAT" + bytes(8) + b"IEND" + bytes(4)


def jpeg_that_claims(width: int, height: int) -> bytes:
    data = bytearray(pil("L", "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def good_files() -> dict[str, bytes]:
    deep = cv2.imencode(".png", SEVEN.astype(np.uint16) * 257)[1].tobytes()
    return {
        "gray.png": pil("L", "PNG"),
        "rgb.png": pil("RGB", "PNG"),
        "rgba.png": pil("RGBA", "PNG"),
        "gray-alpha.png": pil("LA", "PNG"),
        "palette.png": pil("P", "PNG"),
        "one-bit.png": pil("1", "PNG"),
        "16-bit.png": deep,
        "gray.jpg": pil("L", "JPEG"),
        "rgb.jpg": pil("RGB", "JPEG"),
        "cmyk.jpg": pil("CMYK", "JPEG"),
        "photo.webp": pil("RGB", "WEBP", lossless=True),
        "photo.bmp": pil("RGB", "BMP"),
        "photo.tiff": pil("RGB", "TIFF"),
        "photo.gif": pil("P", "GIF"),
    }


@pytest.mark.parametrize("name", sorted(good_files()))
def test_every_kind_of_picture_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(good_files()[name])
    if name == "photo.gif" and cv2.__version__.startswith("4.10."):
        with pytest.raises(ImageError, match=r"reads no GIF; save it as PNG"):
            read_image(tmp_path / name)
        return
    image = read_image(tmp_path / name)
    assert image.shape[:2] == SEVEN.shape
    assert image.dtype == np.uint8
    assert image.ndim == 2 or image.shape[2] == 3
    gray = image if image.ndim == 2 else image.mean(axis=2)
    assert float(np.abs(gray - SEVEN.astype(float)).mean()) < 70  # dithered to one bit a pixel it is 60 off


def test_data_that_a_phone_appends_to_a_jpeg_does_no_harm() -> None:
    assert decode_image(pil("L", "JPEG") + b"trailer" * 9, "phone.jpg").shape == SEVEN.shape


def test_exif_turns_a_picture_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to view
    (tmp_path / "turned.jpg").write_bytes(pil("RGB", "JPEG", exif=exif))
    assert read_image(tmp_path / "turned.jpg").shape[:2] == SEVEN.shape[::-1]


BAD: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", "the file is empty"),
    "text.png": (b"This is a text, not a picture.\n" * 9, "not a picture OpenCV can read .*expected JPEG, PNG"),
    "cut.jpg": (pil("RGB", "JPEG")[:-200], "cut short"),
    "half.jpg": (pil("RGB", "JPEG", progressive=True)[:-300], "cut short"),
    "head.jpg": (pil("RGB", "JPEG")[:20], "damaged or cut short"),
    "cut.png": (pil("RGB", "PNG")[:60], "damaged or cut short"),
    "huge.png": (png_that_claims(20000, 20000), r"too large: 20000x20000 pixels"),
    "huge.jpg": (jpeg_that_claims(40000, 30000), r"too large: 40000x30000 pixels"),
    "zip.jpg": (b"PK\x03\x04" + bytes(200), "not a picture OpenCV can read"),
    "IMG_1.HEIC": (b"\0\0\0\x18ftypheic" + bytes(99), "OpenCV reads no HEIC; save it as JPEG"),
    "video.mp4": (b"\0\0\0\x18ftypmp42" + bytes(99), "this is a video; use: python -m runtime.camera"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_is_one_clear_error(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, complaint = BAD[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImageError, match=complaint) as caught:
        read_image(tmp_path / name)
    assert name in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_single_pixel_is_a_picture() -> None:
    assert decode_image(cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes(), "dot").shape == (1, 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.png: cannot be read: No such file"):
        read_image(tmp_path / "gone.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("img10.png", "img2.png", "IMG3.PNG", "notes.txt", ".hidden"):
        (tmp_path / name).write_bytes(pil("L", "PNG"))
    (tmp_path / "empty").mkdir()
    return tmp_path


def names(items: list[str | SourceError]) -> list[str]:
    return [Path(item).name if isinstance(item, str) else str(item) for item in items]


def test_folders_and_patterns_in_natural_order(folder: Path) -> None:
    assert names(list(expand([str(folder)]))) == ["IMG3.PNG", "img2.png", "img10.png"]
    assert names(list(expand([str(folder / "img*.png")]))) == ["img2.png", "img10.png"]
    assert names(list(expand([str(folder / "img2.png"), "-"]))) == ["img2.png", "-"]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda f: f / "empty", "no pictures in folder .*empty"),
        (lambda f: f / "*.jpg", "no file matches"),
        (lambda f: f / "nowhere", "no such file or folder"),
        (lambda f: Path("/dev/null"), "expected a picture file, a folder"),
    ],
)
def test_an_input_without_a_picture_does_not_hide_the_others(
    folder: Path, make: Callable[[Path], Path], complaint: str
) -> None:
    first, second = list(expand([str(make(folder)), str(folder / "img2.png")]))
    assert isinstance(first, SourceError)
    with pytest.raises(SourceError, match=complaint):
        raise first
    assert names([second]) == ["img2.png"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    odd = tmp_path / "scan[1].png"
    odd.write_bytes(pil("L", "PNG"))
    assert list(expand([str(odd)])) == [str(odd)]


def test_an_empty_name_is_not_the_current_folder() -> None:
    (answer,) = expand([""])
    assert isinstance(answer, SourceError)
    assert str(answer) == "expected a picture file, a folder, a pattern or -; received an empty name"


def test_a_folder_of_folders_says_how_to_search_them(tmp_path: Path) -> None:
    (tmp_path / "bolt").mkdir()
    (tmp_path / "bolt" / "1.jpg").write_bytes(pil("L", "JPEG"))
    (answer,) = expand([str(tmp_path)])
    assert f"subfolders are not searched; a pattern does that: '{tmp_path}/**/*.jpg'" in str(answer)
    assert list(expand([f"{tmp_path}/**/*.jpg"])) == [str(tmp_path / "bolt" / "1.jpg")]


@pytest.mark.parametrize("name", ["gray.png", "gray.jpg", "caf\udce9.png"])  # the last one is not UTF-8 on disk
def test_a_picture_is_written_whatever_its_name(name: str, tmp_path: Path) -> None:
    picture = np.full((20, 30), 90, np.uint8)
    write_image(tmp_path / name, picture)
    assert np.array_equal(read_image(tmp_path / name), picture)


def test_a_picture_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*gray\.png: No such file or directory"):
        write_image(tmp_path / "none" / "gray.png", np.zeros((2, 3), np.uint8))


def test_a_name_that_the_system_refuses_does_not_hide_the_others() -> None:
    name = "a" * 300
    first, second = expand([name, "samples/photo_7.jpg"])
    assert str(first) == f"{name}: cannot be read: File name too long"
    assert second == "samples/photo_7.jpg"
