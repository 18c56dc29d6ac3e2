"""Models of others against a manifest: what counts as right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmarks.foreign_models import judge
from runtime.foreign.normalization import SCALES
from tests.runtime.adoption.made import NAMES, model, pictures
from tests.runtime.foreign.build import classifier, quantized
from tests.runtime.helpers import command

RIGHT = {"normalisation": {"mean": [0.0], "std": [255.0]}, "colour": "rgb"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "float.tflite").write_bytes(model(SCALES["0..1"]))
    (tmp_path / "sound.tflite").write_bytes(classifier((1, 128, 1, 1)))
    image, _ = pictures(1, NAMES)
    cv2.imwrite(str(tmp_path / "dark.png"), np.ascontiguousarray(image[0][..., ::-1]))
    return tmp_path


def entry(best: int, **more: Any) -> dict[str, Any]:
    outputs = [[float(index == best) for index in range(4)]]
    picture = {"file": "dark.png", "shows": "dark", "outputs": outputs}
    return {"file": "float.tflite", "labels": list(NAMES), "right_preprocessing": RIGHT, "pictures": [picture], **more}


def test_the_command_counts_what_is_run_right(folder: Path) -> None:
    models = [entry(0), entry(1), {"file": "sound.tflite", "right_answer": "refuse: no picture"}]
    (folder / "manifest.json").write_text(json.dumps({"models": models}))
    done = command("benchmarks.foreign_models", str(folder))
    assert done.returncode == 1
    assert "right  float.tflite  dark: dark " in done.stdout
    assert "WRONG  float.tflite  dark: dark " in done.stdout
    assert "right  sound.tflite  sound.tflite is no picture classifier" in done.stdout
    assert "2 of 3 right" in done.stdout


def test_what_must_be_refused_and_runs_is_wrong(folder: Path) -> None:
    (folder / "runs.tflite").write_bytes(quantized())
    verdict = judge(folder, {"file": "float.tflite", "right_answer": "refuse"})
    assert verdict.is_right  # it is, for it does not say which pixels


def test_labels_of_the_manifest_may_have_numbers(folder: Path) -> None:
    picture = {"file": "dark.png", "shows": "dark", "top": [["0 dark", 0.9]]}
    assert judge(folder, entry(0, pictures=[picture])).is_right
    assert not judge(folder, entry(0, pictures=[{**picture, "top": [["1 bright", 0.9]]}])).is_right


def test_a_folder_without_a_manifest_is_one_line(tmp_path: Path) -> None:
    done = command("benchmarks.foreign_models", str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no manifest.json" in done.stderr
