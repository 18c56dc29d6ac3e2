"""What training minimizes: loss and accuracy for labels, distributions, and teachers' answers."""

from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.batches import EpochData
from train.data.pictures import Image
from train.distillation import SoftTargets, TaughtCrossentropy
from train.models.fused import FusedBatchNormalization
from train.models.recipes import RECIPES
from train.objective import FORMER_NAMES, InlierAccuracy, for_labels, new_model
from train.plan import Plan
from train.synthetic.examples import Examples

IMAGES: Image = np.random.default_rng(0).integers(0, 256, (20, 12, 12, 1), np.uint8)
LABELS = np.arange(20) % 4
SPEC = InputSpec(12, 12, 1, framing="whole")
PLAN = Plan(dataclasses.replace(RECIPES["cnn-tiny"], epochs=2, batch_size=10))
ANSWERS = SoftTargets(IMAGES[None], np.full((1, 20, 4), 0.25, np.float32))
EXAMPLES = Examples(IMAGES, LABELS, IMAGES)


def test_negatives_do_not_count_as_right_or_wrong() -> None:
    truth = np.array([[1, 0, 0], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]], np.float32)
    said = np.array([[5, 1, 1], [5, 1, 1], [5, 1, 1]], np.float32)
    accuracy = InlierAccuracy()
    accuracy.update_state(truth, said)
    assert float(accuracy.result()) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("more", "loss", "metric"),
    [
        ({}, keras.losses.SparseCategoricalCrossentropy, "accuracy"),
        ({"synthetic": EXAMPLES}, keras.losses.CategoricalCrossentropy, InlierAccuracy),
        ({"soft_targets": ANSWERS}, TaughtCrossentropy, InlierAccuracy),
        ({"synthetic": EXAMPLES, "soft_targets": ANSWERS}, TaughtCrossentropy, InlierAccuracy),
    ],
)
def test_the_objective_fits_the_targets_and_what_is_kept_is_for_labels(
    more: dict[str, Any], loss: type, metric: type | str
) -> None:
    data = dataclasses.replace(EpochData(IMAGES, LABELS, SPEC, 4), **more)
    model: Any = new_model(PLAN, data)
    assert model.loss.get_config()["from_logits"] is True
    assert type(model.loss) is loss
    compiled = model.get_compile_config()["metrics"][0]
    assert compiled == metric or compiled["class_name"] == getattr(metric, "__name__", "")
    assert any(isinstance(layer, FusedBatchNormalization) for layer in model.layers)
    plain = for_labels(model, PLAN.recipe, data)
    assert type(plain.loss) is keras.losses.SparseCategoricalCrossentropy
    assert not any(isinstance(layer, FusedBatchNormalization) for layer in plain.layers)
    np.testing.assert_allclose(plain(IMAGES), model(IMAGES), rtol=1e-5)


def test_a_model_that_is_for_labels_already_is_kept() -> None:
    plan = Plan(RECIPES["mlp-128"])
    data = EpochData(IMAGES, LABELS, SPEC, 4)
    model = new_model(plan, data)
    assert for_labels(model, plan.recipe, data) is model


def test_a_checkpoint_with_the_former_name_of_the_metric_is_read(tmp_path: Path) -> None:
    model: Any = new_model(PLAN, EpochData(IMAGES, LABELS, SPEC, 4, EXAMPLES))
    model.save(tmp_path / "new.keras")
    with zipfile.ZipFile(tmp_path / "new.keras") as new, zipfile.ZipFile(tmp_path / "old.keras", "w") as old:
        for name in new.namelist():
            data = new.read(name)
            old.writestr(name, data.replace(b"InlierAccuracy", b"DigitAccuracy") if name == "config.json" else data)
    with pytest.raises(TypeError, match="DigitAccuracy"):
        keras.models.load_model(tmp_path / "old.keras")
    loaded: Any = keras.models.load_model(tmp_path / "old.keras", FORMER_NAMES)
    assert loaded.get_compile_config()["metrics"][0]["class_name"] == "InlierAccuracy"
