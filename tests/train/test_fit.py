"""Training: it learns, it is reproducible, and a killed run goes on as if it had not been killed."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from runtime.errors import OptionError, TrainingError
from runtime.tflite.card import InputSpec
from tests.train.here import RunHere
from train import outputs
from train.batches import Batches, EpochData
from train.checkpoint import Epoch, History
from train.data.load import Dataset
from train.fit import is_finished, train
from train.models.recipes import RECIPES, Recipe
from train.plan import Plan
from train.progress import Reporter
from train.synthetic.examples import NEGATIVE_SHARE
from workbench import dataset as stored

ROOT = Path(__file__).parents[2]
SEED = 3


def recipe(name: str, **changes: Any) -> Recipe:
    return dataclasses.replace(RECIPES[name], **changes)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def assert_same_course(first: list[dict[str, str]], second: list[dict[str, str]]) -> None:
    """Equal in all but the time it took."""
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        for name in set(one) - {"seconds"}:
            assert bool(one[name]) == bool(other[name])
            if one[name]:
                assert float(one[name]) == pytest.approx(float(other[name]), rel=1e-4, abs=1e-6), (name, one, other)


def without_seconds(history: History) -> list[Epoch]:
    return [dataclasses.replace(epoch, seconds=0.0) for epoch in history]


def command(npz: Path, folder: Path, *more: str) -> list[str]:
    words = [
        "--model",
        "cnn-tiny",
        "--data",
        str(npz),
        "--epochs",
        "3",
        "--batch-size",
        "32",
        "--seed",
        str(SEED),
        "-o",
        str(folder),
    ]
    return [sys.executable, "-m", "train", *words, "-o", str(folder), *more]


def run(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)


def test_killed_in_the_middle_of_an_epoch_it_resumes_and_ends_as_if_it_had_not_been(
    tiny_npz: Path, tiny_dataset: Dataset, tmp_path: Path, run_here: RunHere
) -> None:
    folder = tmp_path / "killed"
    with subprocess.Popen(command(tiny_npz, folder), cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("epoch 1/3"):  # committed; the next one is under way
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait() == -signal.SIGKILL
    before = json.loads((folder / "checkpoint" / "state.json").read_text())["history"]
    assert 1 <= len(before) < 3
    assert not (folder / "model.keras").exists()

    resumed = run(*command(tiny_npz, folder, "--resume", "--save-h5"))
    assert resumed.returncode == 0, resumed.stderr
    assert f"resuming after epoch {len(before)} of 3" in resumed.stderr
    assert "epoch 1/3" not in resumed.stderr
    after = rows(folder)
    assert [row["epoch"] for row in after] == ["1", "2", "3"]
    kept = [{name: str(value) for name, value in epoch.items()} for epoch in before]
    assert after[: len(before)] == kept  # the seconds too: not done again

    whole = train(Plan(recipe("cnn-tiny", epochs=3, batch_size=32), SEED), tiny_dataset, tmp_path / "whole").model
    assert_same_course(after, rows(tmp_path / "whole"))
    for one, other in zip(keras.models.load_model(folder / "model.h5").get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)

    said = run_here(*command(tiny_npz, folder, "--resume")[3:])
    assert said.status == 0
    assert "nothing left to train" in said.err
    assert rows(folder) == after
    assert "accuracy" in said.out


@pytest.mark.parametrize("name", ["mlp-dropout", "mlp-128-64"])
def test_every_kind_of_run_goes_on_the_same(
    name: str, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(recipe(name, epochs=3, batch_size=64), SEED)
    whole = train(plan, dataset, tmp_path / "whole")

    def interrupt(reporter: Reporter, epoch: int, batches: int) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Reporter, "start_epoch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(plan, dataset, tmp_path / "parts")
    resumed = train(plan, dataset, tmp_path / "parts", resume=True)
    assert_same_course(rows(tmp_path / "parts"), rows(tmp_path / "whole"))
    assert resumed.best_epoch == whole.best_epoch
    for one, other in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_the_seed_decides(dataset: Dataset, tmp_path: Path) -> None:
    course = recipe("mlp-dropout", epochs=1, batch_size=128)
    first, again, other = (train(Plan(course, seed), dataset, tmp_path).history for seed in (1, 1, 2))
    assert without_seconds(first) == without_seconds(again)
    assert first[0].loss != other[0].loss


def test_resume_with_other_options_names_the_difference(dataset: Dataset, tmp_path: Path) -> None:
    train(Plan(recipe("mlp-128", epochs=1)), dataset, tmp_path)
    other_data = dataclasses.replace(dataset, images_train=255 - dataset.images_train)
    for plan, data, message in (
        (Plan(recipe("mlp-128", epochs=2)), dataset, "had --epochs 1; received --epochs 2"),
        (Plan(recipe("mlp-128-128", epochs=1)), dataset, "had --model mlp-128; received --model mlp-128-128"),
        (Plan(recipe("mlp-128", epochs=1), seed=9), dataset, "had --seed 0; received --seed 9"),
        (Plan(recipe("mlp-128", epochs=1), precision="bfloat16"), dataset, "had --precision float32; received --prec"),
        (Plan(recipe("mlp-128", epochs=1)), other_data, "had --data mnist-small .*received --data mnist-small"),
    ):
        with pytest.raises(OptionError, match=message):
            train(plan, data, tmp_path, resume=True)


def test_nothing_to_resume_is_said_and_starting_again_drops_what_was_there(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(recipe("mlp-128", epochs=2))
    train(plan, dataset, tmp_path, resume=True)
    assert "nothing to resume" in capsys.readouterr().err
    other = Plan(recipe("mlp-128", epochs=1), seed=5)
    assert len(train(other, dataset, tmp_path).history) == 1
    assert len(rows(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "starting again: the 2 epochs" in said
    assert said.count("epoch 1/1") == 1


def test_early_stopping_keeps_the_best_weights(dataset: Dataset, tmp_path: Path) -> None:
    plan = Plan(recipe("mlp-128-64", epochs=50, patience=2, learning_rate=0.01), SEED)
    trained = train(plan, dataset, tmp_path)
    losses = [epoch.val_loss or 0.0 for epoch in trained.history]
    assert trained.best_epoch == int(np.argmin(losses)) + 1
    assert len(losses) == trained.best_epoch + 2 < 50
    figures = trained.model.evaluate(
        dataset.images_train[trained.validation_indices],
        dataset.labels_train[trained.validation_indices],
        verbose=0,
        return_dict=True,
    )
    assert figures["loss"] == pytest.approx(min(losses), rel=1e-4)


def test_finished_by_epochs_or_by_patience() -> None:
    def history(*losses: float | None) -> History:
        return tuple(Epoch(i, 1.0, 0.5, loss, loss, 1e-3, 1.0) for i, loss in enumerate(losses, start=1))

    course = recipe("mlp-128-64", epochs=4, patience=2)
    assert not is_finished((), course)
    assert not is_finished(history(0.3, 0.4), course)
    assert is_finished(history(0.3, 0.4, 0.5), course)
    assert not is_finished(history(0.3, 0.4, 0.2), course)
    assert is_finished(history(0.4, 0.3, 0.2, 0.1), course)
    assert not is_finished(history(None, None, None), dataclasses.replace(course, patience=None))


def test_batches_depend_on_seed_and_epoch_and_hold_every_image_once(dataset: Dataset) -> None:
    def batches(seed: int, epoch: int, augment: bool) -> Batches:
        material = EpochData(dataset.images_train, dataset.labels_train, dataset.input_spec, 10)
        return Batches(recipe("cnn", augment=augment, batch_size=300), seed, material, epoch)

    plain = batches(1, 1, augment=False)
    assert [len(plain[index][1]) for index in range(len(plain))] == [300] * 6 + [200]
    seen = np.concatenate([plain[index][0] for index in range(len(plain))])
    assert np.array_equal(np.sort(seen.sum(axis=(1, 2, 3))), np.sort(dataset.images_train.sum(axis=(1, 2, 3))))
    images, labels = batches(1, 1, augment=True)[2]
    again, _ = batches(1, 1, augment=True)[2]
    np.testing.assert_array_equal(images, again)
    np.testing.assert_array_equal(labels, plain[2][1])
    assert images.shape == (300, 28, 28, 1)
    assert images.dtype == np.uint8
    assert (images != plain[2][0]).any(axis=(1, 2, 3)).mean() > 0.9
    for other in (batches(2, 1, augment=True), batches(1, 2, augment=True)):
        assert not np.array_equal(images, other[2][0])


def test_divergence_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    x = np.full((64, 28, 28, 1), 255, np.uint8)
    y = np.arange(64) % 10
    data = Dataset("x", x, y, x, y, tuple("0123456789"), InputSpec())
    with pytest.raises(TrainingError, match=r"diverged in epoch 1 .*lower --learning-rate"):
        train(Plan(recipe("mlp-dropout", epochs=1, learning_rate=1e38)), data, tmp_path)
    assert not (tmp_path / "history.csv").exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_a_line_an_epoch(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    train(Plan(recipe("mlp-128", epochs=2)), dataset, tmp_path)
    shown = terminal.getvalue()
    assert "/16" in shown
    assert "epoch 2/2  loss" in shown


def test_a_digit_recipe_learns_from_examples_and_keeps_the_validation_s(tiny_dataset: Dataset, tmp_path: Path) -> None:
    plan = Plan(recipe("cnn-tiny", epochs=1, batch_size=64), SEED)
    trained = train(plan, tiny_dataset, tmp_path)
    assert trained.validation_synthetic is not None
    assert len(trained.validation_synthetic.negatives) == round(NEGATIVE_SHARE * len(trained.validation_indices))
    outputs.write_outputs(trained, plan, tiny_dataset, tmp_path, "python -m train")
    with np.load(tmp_path / "dataset.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["x_hard"], trained.validation_synthetic.positives)
        np.testing.assert_array_equal(arrays["y_hard"], trained.validation_synthetic.labels)
        np.testing.assert_array_equal(arrays["x_negative"], trained.validation_synthetic.negatives)
    script = f"import keras; print(keras.models.load_model({str(tmp_path / 'model.keras')!r}).loss.name)"
    loaded = run(sys.executable, "-c", script)  # another process, which imports nothing of train/
    assert loaded.stdout.strip() == "sparse_categorical_crossentropy", loaded.stderr


def test_in_bfloat16_it_learns_and_float32_is_kept(dataset: Dataset, tmp_path: Path, bfloat16: str) -> None:
    plan = Plan(recipe("cnn", epochs=2, batch_size=64, outlier_exposure=False), SEED, precision=bfloat16)
    trained = train(plan, dataset, tmp_path)
    assert trained.history[-1].accuracy > max(trained.history[0].accuracy, 0.5)
    assert {layer.compute_dtype for layer in trained.model.layers} == {"float32"}


def test_other_datasets_get_no_synthetic_examples(dataset: Dataset, tmp_path: Path) -> None:
    named = dataclasses.replace(dataset, labels=tuple("abcdefghij"))
    trained = train(Plan(recipe("cnn-tiny", epochs=1, batch_size=256), SEED), named, tmp_path)
    assert trained.validation_synthetic is None
    stored.write_dataset(outputs.stored_dataset(tmp_path / "dataset.npz", trained, named))
    with np.load(tmp_path / "dataset.npz", allow_pickle=False) as arrays:
        assert not {"x_hard", "y_hard", "x_negative"} & set(arrays.files)
