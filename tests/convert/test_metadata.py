"""TFLite metadata inside our files: read back by field number, and by MediaPipe where it is installed."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flatbuffers import number_types
from flatbuffers.table import Table

from convert.__main__ import main
from convert.metadata import attach_metadata, metadata_table
from runtime.classifier import Classifier
from runtime.errors import ModelError
from runtime.tflite.card import Accuracy, Decision, InputSpec, ModelCard
from runtime.tflite.card_file import attach_card, split_card
from runtime.tflite.interpreter import Interpreter

ROOT = Path(__file__).resolve().parents[2]
MEDIAPIPE = ROOT / ".venv-mediapipe" / "bin" / "python"
CARD = ModelCard(
    "café",
    "2",
    ("a", "b", "c"),
    InputSpec(8, 6, 3, color="rgb", polarity="any", framing="whole"),
    Decision(reject_threshold=0.25),
    accuracy=Accuracy(1.0, 0.975, 1.0, 200),
)


class Reader:
    """A table of a flatbuffer, by field numbers: a reader that shares nothing with what wrote it."""

    def __init__(self, data: bytes, place: int) -> None:
        self.table = Table(bytearray(data), place)

    @classmethod
    def root(cls, data: bytes) -> Reader:
        return cls(data, int.from_bytes(data[:4], "little"))

    def _at(self, field: int) -> int:
        offset: int = self.table.Offset(4 + 2 * field)
        return offset and offset + self.table.Pos

    def inner(self, field: int) -> Reader:
        return Reader(bytes(self.table.Bytes), self.table.Indirect(self._at(field)))

    def text(self, field: int) -> str:
        return str(self.table.String(self._at(field)).decode())

    def number(self, field: int, flags: Any) -> Any:
        return self.table.Get(flags, self._at(field))

    def tables(self, field: int) -> list[Reader]:
        offset = self.table.Offset(4 + 2 * field)
        if not offset:
            return []
        start = self.table.Vector(offset)
        places = [self.table.Indirect(start + 4 * i) for i in range(self.table.VectorLen(offset))]
        return [Reader(bytes(self.table.Bytes), place) for place in places]

    def floats(self, field: int) -> list[float]:
        return [
            float(x) for x in self.table.GetVectorAsNumpy(number_types.Float32Flags, self.table.Offset(4 + 2 * field))
        ]


def test_the_table_says_what_the_card_says() -> None:
    data = metadata_table(CARD)
    assert data[4:8] == b"M001"
    assert data == metadata_table(CARD)
    model = Reader.root(data)
    assert (model.text(0), model.text(2), model.text(7)) == ("café", "2", "1.0.0")
    assert "97.50% of 200 test images right" in model.text(1)
    (graph,) = model.tables(3)
    (image,), (score,) = graph.tables(2), graph.tables(3)
    (normalization,) = image.tables(4)
    assert normalization.number(0, number_types.Uint8Flags) == 1
    assert (normalization.inner(1).floats(0), normalization.inner(1).floats(1)) == ([0.0] * 3, [1.0] * 3)
    content = image.inner(3)
    assert content.number(0, number_types.Uint8Flags) == 2
    assert content.inner(1).number(0, number_types.Int8Flags) == 1  # RGB
    size = content.inner(1).inner(1)
    assert [size.number(i, number_types.Uint32Flags) for i in (0, 1)] == [6, 8]  # width, height
    assert (image.inner(5).floats(0), image.inner(5).floats(1)) == ([255.0] * 3, [0.0] * 3)
    (labels,) = score.tables(6)
    assert (labels.text(0), labels.number(2, number_types.Int8Flags)) == ("labels.txt", 2)
    (threshold,) = score.tables(4)
    assert threshold.number(0, number_types.Uint8Flags) == 3
    assert threshold.inner(1).number(0, number_types.Float32Flags) == 0.25


@pytest.mark.parametrize(
    "decision", [Decision(temperature=1.5, reject_threshold=0.5), Decision("logits", reject_threshold=0.5), Decision()]
)
def test_a_threshold_of_other_scores_than_the_tensors_is_left_out(decision: Decision) -> None:
    import dataclasses

    (graph,) = Reader.root(metadata_table(dataclasses.replace(CARD, decision=decision))).tables(3)
    assert graph.tables(3)[0].tables(4) == []


def test_the_models_own_bytes_stay_as_they_are(bare_model: bytes) -> None:
    for length in (1, 15, 16, 17, 5000):
        made = attach_metadata(bare_model, b"x" * length)
        assert made.endswith(bare_model)
        assert (len(made) - len(bare_model)) % 16 == 0
        old, new = Interpreter.load(bare_model), Interpreter.load(made)
        assert (str(new.input), str(new.output)) == (str(old.input), str(old.output))
        pixels = np.random.default_rng(length).integers(-128, 128, old.input.shape).astype(old.input.dtype)
        np.testing.assert_array_equal(new.run(pixels), old.run(pixels))
        model = Reader.root(made)
        names = [entry.text(0) for entry in model.tables(6)]
        assert names == [*(entry.text(0) for entry in Reader.root(bare_model).tables(6)), "TFLITE_METADATA"]
        index = model.tables(6)[-1].number(1, number_types.Uint32Flags)
        data = model.tables(4)[index].table
        assert bytes(data.GetVectorAsNumpy(number_types.Uint8Flags, data.Offset(4))) == b"x" * length
        assert data.Vector(data.Offset(4)) % 16 == 0


def test_tensorflows_own_schema_reads_the_whole_model(bare_model: bytes) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    made = attach_metadata(bare_model, metadata_table(CARD))
    old, new = (schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0)) for data in (bare_model, made))
    assert (new.version, new.description) == (old.version, old.description)
    assert [code.builtinCode for code in new.operatorCodes] == [code.builtinCode for code in old.operatorCodes]
    assert len(new.buffers) == len(old.buffers) + 1
    for one, other in zip(old.buffers, new.buffers, strict=False):
        np.testing.assert_array_equal(one.data, other.data)
    assert [tensor.name for tensor in new.subgraphs[0].tensors] == [tensor.name for tensor in old.subgraphs[0].tensors]


def test_metadata_is_attached_once(bare_model: bytes) -> None:
    made = attach_metadata(bare_model, b"x")
    with pytest.raises(ModelError, match="expected a model without TFLite metadata"):
        attach_metadata(made, b"x")


def test_the_card_vouches_for_the_metadata_and_the_zip_is_stored(bare_model: bytes, tmp_path: Path) -> None:
    """MediaPipe reads labels only from a zip without compression."""
    path = tmp_path / "m.tflite"
    path.write_bytes(attach_card(attach_metadata(bare_model, metadata_table(CARD)), CARD))
    with zipfile.ZipFile(path) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("labels.txt") == b"a\nb\nc\n"
    data = bytearray(path.read_bytes())
    place = data.find(b"The names of the classes")
    data[place] ^= 1
    with pytest.raises(ModelError, match="sha256"):
        split_card(bytes(data))


@pytest.fixture
def colors(tmp_path: Path) -> tuple[Path, Any]:
    """A folder with rgb.keras, which tells the color of a square and was trained on -1..1, and data.npz."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    images, truth = random.integers(0, 150, (400, 16, 16, 3)), np.arange(400) % 3
    for image, color in zip(images, truth, strict=True):
        image[4:12, 4:12, color] += random.integers(10, 106)
        image[0, :2] = ((0,) * 3, (255,) * 3)
    images = images.astype(np.uint8)
    body = [layers.Conv2D(6, 3, 2, activation="relu"), layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((16, 16, 3)), *body, layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit(images[:300] / 127.5 - 1, truth[:300], epochs=12, verbose=0)
    model.save(tmp_path / "rgb.keras")
    arrays: dict[str, Any] = {
        "x_train": images[:300],
        "y_train": truth[:300],
        "x_test": images[300:],
        "y_test": truth[300:],
    }
    np.savez(tmp_path / "data.npz", **arrays, labels=np.array(["red", "green", "blue"]))
    return tmp_path, images[300:]


def test_mediapipe_answers_as_we_do(colors: tuple[Path, Any], child_here: None) -> None:
    """All three forms that MediaPipe takes: its classifier knows no int8 input."""
    folder, pictures = colors
    place = folder / "given"
    place.mkdir()
    forms: dict[str, tuple[str, ...]] = {
        "float32": ("--quantization", "float32"),
        "dynamic": ("--quantization", "dynamic"),
        "uint8": ("--io", "uint8"),
    }
    for name, options in forms.items():
        words = [folder / "rgb.keras", "--data", folder / "data.npz", *options, "-o", place / f"{name}.tflite"]
        assert main([*map(str, words), "--scale", "-1..1", "--min-agreement", "0.9", "--max-accuracy-drop", "0.1"]) == 0
        classifier = Classifier.load(place / f"{name}.tflite")
        found = [classifier.predict(np.ascontiguousarray(picture[..., ::-1])) for picture in pictures]
        ours = [(one.label, one.score if one.label else 0.0) for one in found]
        (place / f"{name}.json").write_text(json.dumps(ours))
    np.savez(place / "pictures.npz", x=pictures)
    if not MEDIAPIPE.exists():
        pytest.skip("MediaPipe is not installed: make test-mediapipe")
    command = [str(MEDIAPIPE), "-m", "tests.mediapipe.compare", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("100 of 100 answers the same") == len(forms)


def test_grays_are_said_to_be_gray(network: Callable[..., Any]) -> None:
    card = ModelCard("gray", "", ("a", "b"), InputSpec(28, 28))
    (graph,) = Reader.root(metadata_table(card)).tables(3)
    assert graph.tables(2)[0].inner(3).inner(1).number(0, number_types.Int8Flags) == 2
