"""What a training run leaves: metrics, a card, and all that conversion reads."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from runtime.tflite.card_reader import read_card
from train import outputs
from train.data.load import Dataset
from train.fit import Trained, train
from train.models.recipes import RECIPES
from train.plan import Plan

SEED = 3


@pytest.fixture(scope="module")
def finished(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan, Trained]:
    """A short run with its outputs written."""
    folder: Path = tmp_path_factory.mktemp("finished")
    plan = Plan(dataclasses.replace(RECIPES["mlp-128-64"], epochs=3), SEED)
    trained = train(plan, dataset, folder)
    outputs.write_outputs(trained, plan, dataset, folder, "python -m train --model mlp-128-64")
    return folder, plan, trained


def test_it_learns_and_metrics_are_those_of_the_saved_model(
    dataset: Dataset, finished: tuple[Path, Plan, Trained]
) -> None:
    folder, _, trained = finished
    metrics = json.loads((folder / "metrics.json").read_text())
    model = keras.models.load_model(folder / "model.keras")
    loss, accuracy = model.evaluate(dataset.images_test, dataset.labels_test, verbose=0)
    assert metrics["accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert metrics["loss"] == pytest.approx(loss, rel=1e-4)
    assert metrics["accuracy"] > 0.8
    assert {key: metrics[key] for key in ("model", "parameters", "dataset", "n", "epochs", "seed")} == {
        "model": "mlp-128-64",
        "parameters": 109_386,
        "dataset": "mnist-small",
        "n": 500,
        "epochs": 3,
        "seed": SEED,
    }
    assert metrics["best_epoch"] == trained.best_epoch
    assert set(metrics["packages"]) == {"python", "tensorflow", "keras", "numpy", "opencv"}


def test_the_card_is_a_card(finished: tuple[Path, Plan, Trained]) -> None:
    card = read_card((finished[0] / "card.json").read_text())
    assert (card.name, card.version) == ("digits", "0.1.0")
    assert card.labels == tuple("0123456789")
    assert card.input == InputSpec()
    assert card.decision.output == "probabilities"
    assert card.training["images"] == 1600
    assert card.training["recipe"]["batch_size"] == 32
    assert card.training["command"] == "python -m train --model mlp-128-64"


def test_dataset_npz_holds_all_that_conversion_reads(dataset: Dataset, finished: tuple[Path, Plan, Trained]) -> None:
    folder, _, trained = finished
    with np.load(folder / "dataset.npz", allow_pickle=False) as arrays:
        assert {name: arrays[name].shape for name in ("x_train", "x_val", "x_test", "y_val")} == {
            "x_train": (1600, 28, 28, 1),
            "x_val": (400, 28, 28, 1),
            "x_test": (500, 28, 28, 1),
            "y_val": (400,),
        }
        np.testing.assert_array_equal(arrays["x_test"], dataset.images_test)
        np.testing.assert_array_equal(arrays["y_train"], dataset.labels_train[trained.train_indices])
        assert arrays["x_train"].dtype == np.uint8
        assert arrays["labels"].tolist() == list("0123456789")
        assert json.loads(str(arrays["input_spec"])) == json.loads(json.dumps(dataclasses.asdict(InputSpec())))
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
