"""The same picture file gives the same bytes in training, in conversion and on the device, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PIL

from convert.data import to_inputs
from runtime.classifier import Classifier
from runtime.image.files import FIRST_WITH_GIF, IMAGE_SUFFIXES, read_image
from runtime.tflite.card import InputSpec, ModelCard
from runtime.tflite.interpreter import Interpreter, TensorInfo
from train.data import folders
from train.data.folders import FOLDER_SPEC
from train.data.load import load
from workbench.dataset import Dataset, Split, read_dataset, write_dataset

Pixels = NDArray[np.uint8]
Writer = Callable[[Path], object]

LABELS = ("mark", "other")
SPECS = {"ink": InputSpec(), "whole": FOLDER_SPEC}
REFUSED = {".heic", ".heif", ".jxl"}  # by name, so that they are not missed in silence
UINT16 = 257  # 0 to 255 as 0 to 65535


def drawing() -> Pixels:
    """A hook on light paper, BGR, 60x80: no turn, mirror or exchange of channels leaves it as it is."""
    picture: Pixels = np.full((60, 80, 3), (200, 215, 230), np.uint8)
    points = np.array([[20, 12], [52, 15], [40, 34], [37, 50]], np.int32)
    cv2.polylines(picture, [points], False, (120, 40, 30), 4, cv2.LINE_AA)
    picture[52:, 60:] = (10, 180, 90)
    return picture


def transparent() -> Pixels:
    """The hook on nothing, BGRA: what the transparent pixels hide is black."""
    picture = drawing()
    alpha = np.where(picture.min(axis=2) < 150, 255, 0).astype(np.uint8)
    alpha[52:] //= 2
    picture[alpha == 0] = 0
    return np.dstack([picture, alpha])


def gray() -> Pixels:
    return np.asarray(cv2.cvtColor(drawing(), cv2.COLOR_BGR2GRAY), np.uint8)


def by_opencv(picture: NDArray[Any], *options: int) -> Writer:
    def write(path: Path) -> None:
        assert cv2.imwrite(str(path), picture, list(options))

    return write


def by_pillow(mode: str, **options: Any) -> Writer:
    """Pillow writes what OpenCV cannot."""

    def write(path: Path) -> None:
        picture = PIL.fromarray(cv2.cvtColor(transparent(), cv2.COLOR_BGRA2RGBA))
        if mode in ("RGB", "CMYK", "P"):
            picture = PIL.fromarray(cv2.cvtColor(drawing(), cv2.COLOR_BGR2RGB))
        picture.convert(mode).save(path, **options)

    return write


def as_file(suffix: str, start: bytes = b"") -> Writer:
    """Bytes that OpenCV writes under another suffix, from `start` on."""

    def write(path: Path) -> None:
        data = cv2.imencode(suffix, drawing())[1].tobytes()
        path.write_bytes(data[data.index(start) :])

    return write


def turned(orientation: int) -> Writer:
    def write(path: Path) -> None:
        exif = PIL.Exif()
        exif[0x0112] = orientation
        picture = PIL.fromarray(cv2.cvtColor(drawing(), cv2.COLOR_BGR2RGB))
        picture.save(path, exif=exif, quality=95)

    return write


FILES: dict[str, Writer] = {
    "color.png": by_opencv(drawing()),
    "gray.png": by_opencv(gray()),
    "alpha.png": by_opencv(transparent()),
    "color16.png": by_opencv(drawing().astype(np.uint16) * UINT16),
    "gray16.png": by_opencv(gray().astype(np.uint16) * UINT16),
    "alpha16.png": by_opencv(transparent().astype(np.uint16) * UINT16),
    "palette.png": by_pillow("P"),
    "palette_alpha.png": by_pillow("P", transparency=0),
    "gray_alpha.png": by_pillow("LA"),
    "bilevel.png": by_pillow("1"),
    "color.jpg": by_opencv(drawing(), cv2.IMWRITE_JPEG_QUALITY, 90),
    "color.jpe": by_opencv(drawing()),
    "gray.jpeg": by_opencv(gray()),
    "progressive.jpg": by_opencv(drawing(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "cmyk.jpg": by_pillow("CMYK"),
    **{f"turned{orientation}.jpg": turned(orientation) for orientation in range(1, 9)},
    "turned6.png": turned(6),
    "turned6.webp": turned(6),
    "turned6.tif": turned(6),
    "color.avif": by_opencv(drawing()),
    "color.dib": by_opencv(drawing()),
    "color.bmp": by_opencv(drawing()),
    "gray.bmp": by_opencv(gray()),
    "alpha.bmp": by_pillow("RGBA"),
    "color.webp": by_opencv(drawing(), cv2.IMWRITE_WEBP_QUALITY, 80),
    "alpha.webp": by_opencv(transparent(), cv2.IMWRITE_WEBP_QUALITY, 101),
    "color.tif": by_opencv(drawing()),
    "gray.tiff": by_opencv(gray()),
    "alpha.tiff": by_opencv(transparent()),
    "color16.tif": by_opencv(drawing().astype(np.uint16) * UINT16),
    "gray16.tiff": by_opencv(gray().astype(np.uint16) * UINT16),
    "color.gif": by_pillow("P"),
    "gray.pgm": by_opencv(gray()),
    "gray16.pgm": by_opencv(gray().astype(np.uint16) * UINT16),
    "bilevel.pbm": by_opencv((gray() > 150).astype(np.uint8) * 255),
    "color.ppm": by_opencv(drawing()),
    "color.pnm": by_opencv(drawing()),
    "color.pam": by_opencv(drawing()),
    "color.jfif": as_file(".jpg"),
    "still.apng": as_file(".png"),
    "color.jp2": by_opencv(drawing()),
    "color.j2k": as_file(".jp2", b"\xff\x4f\xff\x51"),
    "color.sr": by_opencv(drawing()),
    "color.ras": by_opencv(drawing()),
}


class Recorder:
    """Stands in for an int8 interpreter, and keeps the pixels that it is given."""

    def __init__(self, spec: InputSpec) -> None:
        self.input = TensorInfo((1, *spec.shape), np.dtype(np.int8), 1.0, -128)
        self.output = TensorInfo((1, len(LABELS)), np.dtype(np.float32), 0.0, 0)
        self.pixels: Pixels | None = None

    def run(self, tensor: NDArray[np.int8]) -> NDArray[np.float32]:
        self.pixels = (tensor[0].astype(np.int16) + 128).astype(np.uint8)
        return np.array([[0.9, 0.1]], np.float32)


def on_the_device(path: Path, spec: InputSpec) -> Pixels | None:
    recorder = Recorder(spec)
    card = ModelCard("recorder", "0.1.0", LABELS, spec)
    Classifier(cast(Interpreter, recorder), card).predict(read_image(path))
    return recorder.pixels


def in_training(path: Path, folder: Path, spec: InputSpec, monkeypatch: pytest.MonkeyPatch) -> Pixels:
    """The model input of the first picture of a class folder."""
    monkeypatch.setattr(folders, "FOLDER_SPEC", spec)
    for part in ("train", "test"):
        for label in LABELS:
            (folder / part / label).mkdir(parents=True)
            by_opencv(drawing())(folder / part / label / "plain.bmp")
    (folder / "train" / "mark" / "plain.bmp").unlink()
    (folder / "train" / "mark" / path.name).write_bytes(path.read_bytes())
    dataset = load(str(folder))
    assert dataset.warnings == ()
    write_dataset(
        Dataset(
            folder / "dataset.npz",
            dataset.input_spec,
            dataset.labels,
            Split(dataset.images_train, dataset.labels_train),
            None,
            Split(dataset.images_test, dataset.labels_test),
        )
    )
    image: Pixels = dataset.images_train[0]
    return image


def in_conversion(path: Path, folder: Path, spec: InputSpec) -> tuple[Pixels, Pixels]:
    """From the dataset.npz of a training, and from an .npz of raw pictures, which are RGB there."""
    prepared: Any = read_dataset(folder / "dataset.npz")
    assert prepared.train is not None
    picture = read_image(path)
    raw = picture[np.newaxis] if picture.ndim == 2 else picture[np.newaxis, ..., ::-1]
    np.savez(folder / "raw.npz", x_test=raw, y_test=[0])
    stored: Any = read_dataset(folder / "raw.npz")
    made = [to_inputs(prepared, prepared.train.images, spec), to_inputs(stored, stored.test.images, spec)]
    return made[0][0], made[1][0]


@pytest.mark.parametrize("framing", SPECS)
@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_the_same_everywhere(
    name: str, framing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name.endswith(".gif") and tuple(map(int, cv2.__version__.split(".")[:2])) < FIRST_WITH_GIF:
        pytest.skip(f"NOT RUN: OpenCV {cv2.__version__} reads no GIF")
    if name.endswith(".avif") and not cv2.haveImageWriter(name):
        pytest.skip(f"NOT RUN: this OpenCV {cv2.__version__} is built without AVIF")
    path, spec = tmp_path / name, SPECS[framing]
    FILES[name](path)
    device = on_the_device(path, spec)
    assert device is not None
    assert device.std() > 10
    np.testing.assert_array_equal(in_training(path, tmp_path / "data", spec, monkeypatch), device)
    for converted in in_conversion(path, tmp_path / "data", spec):
        np.testing.assert_array_equal(converted, device)


def test_every_suffix_that_is_read_is_among_them() -> None:
    assert {Path(name).suffix for name in FILES} == IMAGE_SUFFIXES - REFUSED


def test_transparent_pixels_are_white_in_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were black: a mark that is dark on nothing was trained on as dark on black."""
    by_opencv(transparent())(tmp_path / "alpha.png")
    made = in_training(tmp_path / "alpha.png", tmp_path / "data", FOLDER_SPEC, monkeypatch)
    assert made[2, 2].tolist() == [255, 255, 255]
