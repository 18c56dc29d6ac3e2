"""Train, convert, classify: each as a user runs it, from the 5,000 images that need no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from runtime.tflite.card_file import split_card

ROOT = Path(__file__).parent.parent


def command(*words: str) -> str:
    """Standard output of `python -m WORDS`, run from the project's folder; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_from_images_to_a_reading(tmp_path: Path, samples: Path) -> None:
    model = tmp_path / "model.tflite"
    trained = command("train", "--data", "mnist-5k", "--model", "cnn", "--epochs", "6", "-o", str(tmp_path))
    assert "test   accuracy 0.9" in trained
    # A short training leaves images undecided, and of 1,000 test images one is 0.1 points.
    limits = ("--max-accuracy-drop", "0.005", "--min-agreement", "0.99")
    converted = command("convert", str(tmp_path / "model.keras"), *limits, "-o", str(model))
    assert f"{model}: " in converted
    parity = json.loads((tmp_path / "parity.json").read_text())
    assert parity["passed"]
    card = split_card(model.read_bytes())[1]
    assert card is not None
    assert card.training["dataset"] == "mnist-5k"
    lines = command("runtime.classify", "--json", "-t", "0", "-m", str(model), str(samples)).splitlines()
    readings = {Path(line["source"]).stem: line["label"] for line in map(json.loads, lines)}
    assert readings.pop("blank") is None
    right = sum(label == name[-1] for name, label in readings.items())
    assert right >= 0.7 * len(readings), readings
