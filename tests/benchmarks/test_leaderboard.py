"""The leaderboard: what counts as done, what is measured again, and what the page says of it."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.leaderboard import MODELS, TEACHERS, TUTORIALS, percent, points, report, train
from benchmarks.runs import Record, Run, real_accuracy
from runtime.classifier import DEFAULT_MODEL
from runtime.errors import DataError, OptionError
from train.models.recipes import RECIPES

ROOT = Path(__file__).parents[2]
RECORD = Record("mlp-128", 0, "mnist", "ab", 101_770, 110_000, 6, 13.0, 0.98, 0.975, 0.9745, 0.998, 10_000, 0.92, 0.96)


@pytest.fixture
def real(tmp_path: Path, samples: Path) -> Path:
    """Three pictures of single digits from two sources, one of them labeled wrongly, and a row of digits."""
    folder = tmp_path / "real"
    folder.mkdir()
    rows = [("photo_7.jpg", "7", "one"), ("marker_8.jpg", "8", "one"), ("scan_1.png", "4", "two")]
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "kind", "repo", "task"])
        writer.writerows((name, label, "photo", repo, "single") for name, label, repo in rows)
        writer.writerow(("lines/note_31415_92653.jpg", "31415/92653", "photo", "two", "multi"))
    for name, _, _ in rows:
        (folder / name).symlink_to(samples / name)
    return folder


@pytest.fixture
def finished(tmp_path: Path) -> Run:
    """A run of cnn as train and convert leave it, with the model that ships for its result."""
    folder = tmp_path / "runs" / "cnn-1"
    (folder / "checkpoint").mkdir(parents=True)
    metrics = {"model": "cnn", "seed": 1, "dataset": "mnist", "parameters": 103_514}
    metrics |= {"epochs": 2, "best_epoch": 1, "seconds": 60.0}
    parity = {"quantization": "int8", "float_accuracy": 0.996, "quantized_accuracy": 0.9955, "agreement": 0.9997}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "checkpoint" / "state.json").write_text(json.dumps({"history": [1, 2]}))
    (folder / "history.csv").write_text("epoch,accuracy\n1,0.97\n2,0.99\n")
    (folder / "model.keras").write_bytes(b"")
    (folder / "model.tflite").write_bytes(DEFAULT_MODEL.read_bytes())
    (folder / "parity.json").write_text(json.dumps({**parity, "n": 10_000}))
    return Run("cnn", 1, folder)


def test_what_is_finished_is_taken_as_it_is(finished: Run) -> None:
    assert finished.is_trained()
    assert finished.is_converted()
    finished.train("no such data")  # would end with an error if it trained
    finished.convert()


@pytest.mark.parametrize("half_done", [False, True])
def test_what_is_missing_is_trained_and_a_half_done_run_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half_done: bool
) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr("benchmarks.runs._command", lambda *words: commands.append(words))
    if half_done:
        (tmp_path / "checkpoint").mkdir()
        (tmp_path / "checkpoint" / "state.json").write_text("{}")
    run = Run("mlp-128", 3, tmp_path)
    run.train("mnist-5k", ["--epochs", "1"])
    run.convert()
    words, convert = commands
    expected = (
        "train",
        "--model",
        "mlp-128",
        "--data",
        "mnist-5k",
        "--seed",
        "3",
        "-o",
        str(tmp_path),
        "--epochs",
        "1",
    )
    assert words == (*expected, *(["--resume"] if half_done else []))
    assert convert[:2] == ("convert", str(tmp_path / "model.keras"))
    assert convert[-2:] == ("-o", str(tmp_path / "model.tflite"))


def test_a_run_that_was_begun_again_is_not_finished(finished: Run) -> None:
    (finished.folder / "checkpoint" / "state.json").write_text(json.dumps({"history": [1]}))
    assert not finished.is_trained()


def test_a_model_that_is_newer_than_its_tflite_is_converted_again(finished: Run) -> None:
    later = finished.tflite.stat().st_mtime + 10
    os.utime(finished.folder / "model.keras", (later, later))
    assert finished.is_trained()
    assert not finished.is_converted()


@pytest.mark.parametrize(("name", "seed"), [("cnn", 2), ("mlp-128", 1)])
def test_a_folder_of_another_run_is_refused(finished: Run, name: str, seed: int) -> None:
    with pytest.raises(
        OptionError, match=f"expected a run of {name} with seed {seed}; received one of cnn with seed 1"
    ):
        Run(name, seed, finished.folder).is_trained()


def test_a_record_is_measured_once_and_again_for_another_file(finished: Run, real: Path) -> None:
    record = finished.record(None)
    assert (record.train_accuracy, record.float_accuracy, record.accuracy) == (0.97, 0.996, 0.9955)
    assert (record.size, record.real_micro) == (DEFAULT_MODEL.stat().st_size, None)
    finished.keep(dataclasses.replace(record, seconds=1.0))
    assert finished.record(None).seconds == 1.0
    measured = finished.record(real)
    assert measured.seconds == 60.0
    assert (measured.real_micro, measured.real_macro) == (2 / 3, 0.5)
    finished.tflite.write_bytes(finished.tflite.read_bytes() + b"\0")
    assert finished.record(None).size == record.size + 1


def test_real_pictures_without_a_single_digit_are_refused(real: Path) -> None:
    text = (real / "manifest.csv").read_text().replace("single", "page")
    (real / "manifest.csv").write_text(text)
    with pytest.raises(DataError, match="single digits"):
        real_accuracy(DEFAULT_MODEL, real)


def test_percent_gives_mean_and_sample_deviation() -> None:
    assert percent([0.9971]) == "99.71 %"
    assert percent([0.99, 0.98, 1.0]) == "99.00 ± 1.00 %"
    assert percent([0.99, None]) == "-"


def test_the_page_has_a_row_a_model_and_a_row_a_run() -> None:
    records = [
        RECORD,
        dataclasses.replace(RECORD, seed=1, accuracy=0.9765, micros=2.5),
        dataclasses.replace(RECORD, name="cnn"),
    ]
    lines = report(records).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert [row[0] for row in rows] == ["`mlp-128`", "`cnn`", "`mlp-128`, seed 0", "`mlp-128`, seed 1", "`cnn`, seed 0"]
    assert rows[0][5] == "**97.55 ± 0.14 %**"
    assert rows[0][-2:] == ["2.5", "98 % in test"]
    assert rows[1][-1] == ""
    assert "seeds 0, 1" in lines[-1]


def test_every_tutorial_named_is_a_recipe_on_the_board() -> None:
    assert set(TUTORIALS) <= set(RECIPES) & set(MODELS)
    assert {name for name in RECIPES if name.startswith("mlp")} <= set(MODELS)


def test_the_command_measures_what_is_there(finished: Run, real: Path, tmp_path: Path) -> None:
    images = np.zeros((4, 28, 28), np.uint8)
    images[:, 4:24, 13:15] = 250  # ones, one of them called a seven
    np.savez(tmp_path / "published.npz", x_test=images, y_test=np.array([1, 1, 7, 1]))
    surroundings = {**os.environ, "MNIST_NPZ": str(tmp_path / "published.npz")}
    words = ["--models", "cnn", "--seeds", "1,7", "--reuse", str(finished.folder.parent), "--no-training"]
    command = [sys.executable, "-m", "benchmarks.leaderboard", *words, "--real", str(real)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[2]
    assert "| `cnn` | 103,514 | " in row
    assert "| **99.55 %** | 75.00 % | 0.05 | 99.97 % | 66.67 %, 50.00 % |" in row
    kept = finished.known()
    assert kept is not None
    assert kept.micros is not None
    assert kept.micros > 0


def test_teachers_are_trained_first_and_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, list[str]]] = []

    def trained(run: Run, data: str, more: Sequence[str]) -> None:
        begun.append((run.folder.name, list(more)))
        run.folder.mkdir()
        (run.folder / "model.keras").write_bytes(b"")
        (run.folder / "metrics.json").write_text(json.dumps({"model": run.name, "seed": run.seed, "epochs": 1}))

    monkeypatch.setattr(Run, "train", trained)
    for name, seed in (("cnn", 5), ("cnn", 6), ("cnn-tiny", 5)):
        train(Run(name, seed, tmp_path / f"{name}-{seed}"), "mnist", ["--epochs", "1"])
    teachers, other = ([f"{name}-{seed}" for name, seed in TEACHERS[of]] for of in ("cnn", "cnn-tiny"))
    assert [name for name, _ in begun] == [*teachers, "cnn-5", "cnn-6", *other, "cnn-tiny-5"]
    for number, taught_by in enumerate((*[[]] * len(teachers), teachers, teachers, *[[]] * len(other), other)):
        words = [word for name in taught_by for word in ("--teacher", str(tmp_path / name / "model.keras"))]
        assert begun[number][1] == [*words, "--epochs", "1"]


@pytest.mark.parametrize(("drop", "said"), [(-0.001, "0.00"), (-0.02, "-0.02"), (0.045, "0.04"), (0.1, "0.10")])
def test_a_drop_of_zero_has_no_sign(drop: float, said: str) -> None:
    assert points(drop) == said
