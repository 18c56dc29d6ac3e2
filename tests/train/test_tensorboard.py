"""TensorBoard's files, read back with TensorBoard's own reader."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OptionError
from runtime.tflite.card import InputSpec
from train.checkpoint import History
from train.data.load import Dataset
from train.fit import train
from train.models.recipes import RECIPES
from train.plan import Plan
from train.tensorboard import Log

Steps = list[tuple[int, float]]


def scalars(folder: Path) -> dict[str, Steps]:
    """(step, value) of each tag in a folder of logs."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(folder))
    events.Reload()
    return {
        tag: [(event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }


def told(history: History, name: str) -> Steps:
    """As float32, which is what the files hold."""
    return [(row.epoch, float(np.float32(getattr(row, name)))) for row in history]


@pytest.fixture
def dataset() -> Dataset:
    images = np.random.default_rng(0).integers(0, 256, (120, 8, 8, 1), np.uint8)
    labels = np.arange(120) % 3
    spec = InputSpec(8, 8, 1, framing="whole")
    return Dataset("noise", images, labels, images, labels, ("a", "b", "c"), spec)


def test_a_resumed_run_has_every_epoch_once(dataset: Dataset, tmp_path: Path) -> None:
    plan = Plan(dataclasses.replace(RECIPES["mlp-128-64"], epochs=3), 0)
    first = Log(tmp_path)

    def killed(history: History) -> None:
        first(history)
        if len(history) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(plan, dataset, tmp_path, log=killed)
    assert [step for step, _ in scalars(tmp_path / "logs" / "train")["epoch_loss"]] == [1, 2]
    history = train(plan, dataset, tmp_path, resume=True, log=Log(tmp_path)).history
    learned, held = scalars(tmp_path / "logs" / "train"), scalars(tmp_path / "logs" / "validation")
    assert set(learned) == {"epoch_loss", "epoch_accuracy", "epoch_learning_rate"}
    assert set(held) == {"epoch_loss", "epoch_accuracy"}
    assert learned["epoch_loss"] == told(history, "loss")
    assert learned["epoch_learning_rate"] == told(history, "learning_rate")
    assert held["epoch_accuracy"] == told(history, "val_accuracy")
    assert [step for step, _ in held["epoch_loss"]] == [1, 2, 3]


def test_without_a_split_there_is_no_validation(dataset: Dataset, tmp_path: Path) -> None:
    train(Plan(dataclasses.replace(RECIPES["mlp-128"], epochs=1), 0), dataset, tmp_path, log=Log(tmp_path))
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["train"]


def test_without_tensorboard_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="pip install tensorboard"):
        Log(tmp_path)
