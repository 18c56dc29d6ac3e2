"""The one path from pixels to model input."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime import preprocess
from runtime.classifier import Classifier
from runtime.errors import ModelError
from runtime.image.files import read_image
from runtime.preprocess import ENTRY_POINTS, FRAMINGS, load_framing, to_input
from runtime.tflite.card import InputSpec
from runtime.tflite.card_file import attach_card
from tests.packages import install
from tests.runtime.helpers import stroke

DIGITS = InputSpec()


def test_a_blank_sheet_gives_no_input() -> None:
    assert to_input(np.full((200, 200), 230, np.uint8), DIGITS) is None


def test_an_image_in_mnists_form_stays_as_it_is(shipped: Classifier) -> None:
    for golden in shipped.card.golden:
        image = np.frombuffer(golden.input, np.uint8).reshape(28, 28)
        again = to_input(image, DIGITS)
        assert again is not None
        assert float(np.abs(again[..., 0].astype(int) - image).mean()) < 2.0
        assert shipped.predict(image).label == shipped.predict(again).label


@pytest.mark.parametrize("name", FRAMINGS)
def test_every_row_of_the_registry_is_a_framing(name: str) -> None:
    framing = load_framing(name)
    assert framing.content in ("mark", "picture")
    for channels in framing.channels:
        spec = framing.input_spec(32, 24, channels)
        assert spec.framing == name
        prepared = framing.prepare(stroke((60, 80), 40, 220, 6), spec)
        assert prepared is not None
        assert prepared.pixels.shape == spec.shape


def test_an_unknown_framing_is_one_error_that_lists_the_known() -> None:
    with pytest.raises(ModelError, match=r"input.framing must be one of ink, whole; received 'nowhere'. Install"):
        to_input(stroke((60, 80), 40, 220, 6), InputSpec(framing="nowhere"))


TOY = """
from runtime.preprocess import Prepared, read_one
from runtime.tflite.card import InputSpec

class Corner:
    content = "picture"
    channels = (1,)

    def input_spec(self, height, width, channels):
        return InputSpec(height, width, channels, framing="corner")

    def prepare(self, picture, spec):
        pixels = picture[: spec.height, : spec.width].reshape(spec.shape)
        return Prepared(pixels, (0, 0, spec.width, spec.height)) if pixels.any() else None

    def read(self, picture, spec, scores, labels, threshold):
        return read_one(self.prepare(picture, spec), scores, labels, threshold)
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with a package that brings the framing "corner": one file, one row."""
    install(tmp_path, "toy_framing", TOY + "\nCORNER = Corner()\n", ENTRY_POINTS, "corner = toy_framing:CORNER")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_framing_from_outside_serves_a_model(toy: Path, bare_model: bytes, shipped: Classifier) -> None:
    path = toy / "corner.tflite"
    path.write_bytes(attach_card(bare_model, replace(shipped.card, input=InputSpec(framing="corner"))))
    first, second = (np.frombuffer(g.input, np.uint8).reshape(28, 28) for g in shipped.card.golden[:2])
    classifier = Classifier.load(path)
    seen = classifier.predict(np.hstack([first, second]))
    assert (seen.label, seen.box) == (shipped.predict(first).label, (0, 0, 28, 28))
    assert classifier.read(np.hstack([second, first])).text == shipped.predict(second).label
    assert classifier.predict(np.zeros((40, 40), np.uint8)).reason == "blank"
    with pytest.raises(ModelError, match="one of ink, whole, corner; received 'nowhere'"):
        load_framing("nowhere")


@pytest.mark.parametrize(("value", "complaint"), [("int:real", "cannot load"), ("string:digits", "expected a Framing")])
def test_a_package_that_brings_no_framing_is_one_error(toy: Path, value: str, complaint: str) -> None:
    install(toy, "toy_that_breaks", "", ENTRY_POINTS, f"broken = {value}")
    with pytest.raises(ModelError, match=complaint):
        load_framing("broken")


IMPORTED = """
import sys
from runtime.classifier import Classifier
from runtime.preprocess import load_framing
load_framing({name!r})
print(*(name for name in sys.modules if name.startswith("runtime.ink.") or name == "importlib.metadata"))
"""


@pytest.mark.parametrize(("name", "imports_ink"), [("ink", True), ("whole", False)])
def test_a_framing_is_imported_when_it_is_asked_for(name: str, imports_ink: bool) -> None:
    code = IMPORTED.format(name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("runtime.ink.find" in done.stdout) == imports_ink
    assert "runtime.ink.reader" not in done.stdout
    assert "importlib.metadata" not in done.stdout


@pytest.mark.parametrize("name", ["photo_7.jpg", "lined_5.jpg", "board_4.jpg", "marker_8.jpg", "corner_9.jpg"])
@pytest.mark.parametrize("change", ["as it is", "invert", "half", "double", "shift", "dim", "jpeg 50", "border"])
def test_changes_that_mean_nothing_leave_the_label(shipped: Classifier, samples: Path, name: str, change: str) -> None:
    image = changed(read_image(samples / name), change)
    assert shipped.predict(image).label == Path(name).stem[-1]


def changed(image: NDArray[np.uint8], change: str) -> NDArray[np.uint8]:
    if change == "invert":
        return 255 - image
    if change in ("half", "double"):
        factor = {"half": 0.5, "double": 2.0}[change]
        return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    if change == "shift":
        return np.roll(image, (20, -25), axis=(0, 1))
    if change == "dim":
        return (image * 0.6 + 10).astype(np.uint8)
    if change == "jpeg 50":
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    if change == "border":
        edge = np.median(image, axis=(0, 1)).astype(int).tolist()
        return np.asarray(cv2.copyMakeBorder(image, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=edge), np.uint8)
    return image


def test_input_is_not_written_to() -> None:
    image = stroke((200, 300), 30, 220, 8)
    image.flags.writeable = False
    first, second = to_input(image, DIGITS), to_input(image, DIGITS)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)


def test_only_interpolations_that_are_the_same_on_every_machine_are_used() -> None:
    """tests/device proves it on Arm; this keeps the others from coming back unnoticed."""
    folder = Path(preprocess.__file__).parent
    files = [path for room in ("ink", "image", "framing") for path in folder.glob(f"{room}/*.py")]
    used = {name for path in files for name in re.findall(r"INTER_\w+", path.read_text("utf-8"))}
    code = {name for name in used if name not in ("INTER_AREA", "INTER_NEAREST", "INTER_LINEAR_EXACT")}
    assert not code


PEAK = """
import resource, sys
import numpy as np
from runtime.tflite.card import InputSpec
from runtime.preprocess import to_input

rng = np.random.default_rng(0)
def picture(height, width):
    out = np.empty((height, width, 3), np.uint8)
    for row in out:
        row[:] = rng.integers(200, 230, row.shape, np.uint8)
    out[height // 4 : height // 2, width // 2 : width // 2 + height // 20] = 30
    return out
unit = 1 if sys.platform == "darwin" else 1024
to_input(picture(48, 64), InputSpec()), to_input(picture(480, 640), InputSpec())
frame = picture(3000, 4000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
assert to_input(frame, InputSpec()) is not None
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before) / frame.nbytes)
"""


def test_memory_is_bounded_by_the_frame() -> None:
    """12 megapixels: what is needed beside the frame is a quarter of it and a little."""
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.5
