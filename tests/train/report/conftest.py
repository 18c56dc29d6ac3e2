"""A run with its outputs, as training leaves it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from tests.train.report.runs import LABELS
from train import outputs
from train.data.load import Dataset
from train.fit import train
from train.models.recipes import RECIPES
from train.plan import Plan


@pytest.fixture(scope="session")
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
