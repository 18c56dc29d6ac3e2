"""The report of a run: a real folder as training leaves it, its pictures, and the page that holds them."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from runtime.errors import DataError
from runtime.tflite.card import InputSpec, ModelCard, attach_card
from train import outputs
from train.data.load import Dataset
from train.fit import Plan, train
from train.models.recipes import RECIPES
from train.report.build import PAGE_FILE, write_report

ROOT = Path(__file__).parents[2]
LABELS = ("upright <b>&</b>", "flat", "a class that nobody has ever drawn, at length")
PICTURES = {"training_images", "curves", "confusion", "answers", "mistakes", "reliability"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as training leaves it: RGB bars, three classes, one of them without test images."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 120, (300, 16, 16, 3), np.uint8)
    labels = np.arange(300) % 2
    images[labels == 0, 2:14, 7:9] += 120
    images[labels == 1, 7:9, 2:14] += 120
    spec = InputSpec(16, 16, 3, color="rgb", polarity="any", framing="whole")
    labels[:6] = 2
    dataset = Dataset("bars", images[:200], labels[:200], images[200:], labels[200:], LABELS, spec)
    recipe = dataclasses.replace(RECIPES["mlp-128-64"], epochs=2, augment=True)
    plan = Plan(recipe, 1)
    outputs.write_outputs(train(plan, dataset, folder), plan, dataset, folder, "python -m train --data bars")
    return folder


@pytest.fixture
def folder(run: Path, tmp_path: Path) -> Path:
    """A copy to write into."""
    return Path(shutil.copytree(run, tmp_path / "run"))


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    """The page of `run`, before any conversion."""
    return write_report(run, model_of(run)).read_text("utf-8")


def model_of(folder: Path) -> Any:
    return keras.models.load_model(folder / "model.keras", compile=False)


def converted(folder: Path) -> None:
    """As python -m convert and convert.compare leave it, with one disagreement."""
    parity = {
        "quantization": "int8",
        "passed": False,
        "missed": ["accuracy drops by 0.01 & more"],
        "limits": {"max_accuracy_drop": 0.002, "min_agreement": 0.998},
        "float_accuracy": 0.91,
        "quantized_accuracy": 0.9,
        "drop": 0.01,
        "agreement": 0.99,
        "max_difference": 0.2,
        "temperature": {
            "value": 1.625,
            "validation_images": 600,
            "test_calibration_error_before": 0.0314,
            "test_calibration_error_after": 0.0159,
        },
    }
    one = {"index": 7, "truth": "flat", "float_label": "flat", "float_score": 0.51}
    row = {
        "quantization": "int8",
        "bytes": 12345,
        "accuracy": 0.9,
        "drop": 0.01,
        "agreement": 0.99,
        "recall": [0.8765, 0.9, None],
        "mcnemar": {"only_float": 8, "only_quantized": 1, "p": 0.0390625},
        "disagreements": [{**one, "quantized_label": LABELS[0], "quantized_score": 0.6}],
    }
    layer = {"name": "dense_1", "shape": [64], "scale": 0.02, "error_in_steps": 0.29, "relative_error": 0.0123}
    compare = {"float_recall": [0.9, 0.9, None], "quantizations": [row], "layers": [layer]}
    (folder / "parity.json").write_text(json.dumps(parity))
    (folder / "compare.json").write_text(json.dumps(compare))
    card = ModelCard("bars", "0.1.0", LABELS, InputSpec(), training={"conversion": {"note": "of the tflite"}})
    (folder / "model.tflite").write_bytes(attach_card(b"\0\0\0\0TFL3" + bytes(64), card))


def test_every_picture_is_a_png_beside_the_page_and_inside_it(run: Path, page: str) -> None:
    inside = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    assert {path.stem for path in run.glob("*.png")} == PICTURES
    assert {base64.b64decode(data) for data in inside} == {path.read_bytes() for path in run.glob("*.png")}
    for path in run.glob("*.png"):
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.std() > 5


def test_the_page_needs_nothing_from_elsewhere_and_escapes_names(page: str) -> None:
    assert not re.search(r"<script|<link|<iframe|https?:|@import|url\(", page)
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "upright &lt;b&gt;&amp;&lt;/b&gt;" in page
    assert "<b>" not in page


def test_before_conversion_it_says_what_to_run(page: str) -> None:
    assert "<code>python -m convert</code>" in page
    assert "<code>python -m convert.compare</code>" in page


def test_after_conversion_its_figures_are_there(folder: Path) -> None:
    converted(folder)
    page = write_report(folder, model_of(folder)).read_text("utf-8")
    assert "<code>" not in page
    for text in ("8 : 1", "0.0391", "87.65%", "dense_1", "1.23%", "12,345", "1.625", "3.14%, 1.59%", "0.01 &amp; more"):
        assert text in page, text
    assert "of the tflite" in page
    assert (folder / "disagreements.png").is_file()


def test_what_was_converted_from_another_model_is_left_out(folder: Path) -> None:
    converted(folder)
    write_report(folder, model_of(folder))
    for name in ("parity.json", "compare.json"):
        os.utime(folder / name, (1, 1))
    page = write_report(folder, model_of(folder)).read_text("utf-8")
    assert "<code>python -m convert</code>" in page
    assert not (folder / "disagreements.png").exists()


def test_accuracy_on_the_page_is_that_of_the_model(run: Path, page: str) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    wrong = round((1 - metrics["accuracy"]) * metrics["n"])
    assert f"{metrics['accuracy']:.2%} ({wrong} wrong)" in page


@pytest.mark.parametrize("name", ["card.json", "dataset.npz", "history.csv"])
def test_a_damaged_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(DataError, match=rf"{name}: cannot be read .*Train again"):
        write_report(folder, model_of(folder))


def test_the_command_makes_it_again(folder: Path) -> None:
    words = [sys.executable, "-m", "train.report"]
    done = subprocess.run([*words, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder / PAGE_FILE}\n", "")
    (folder / "model.keras").unlink()
    done = subprocess.run([*words, str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {folder}: expected model.keras")
    assert len(done.stderr.splitlines()) == 1
