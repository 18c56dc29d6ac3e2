"""The files of a run, read back: checked, and only those of the model that is there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import DataError
from tests.train.report.runs import LABELS, converted, model_of
from train.report.material import read_report_data


def test_a_run_is_read_as_it_was_written(run: Path) -> None:
    data = read_report_data(run, model_of(run))
    assert data.card.labels == LABELS
    assert [epoch.epoch for epoch in data.history] == [1, 2]
    assert data.history[0].val_loss is not None
    assert data.images_test.shape == (100, 16, 16, 3)
    assert len(data.labels_train) == len(data.images_train) == 160
    np.testing.assert_allclose(data.probabilities.sum(axis=1), 1, rtol=1e-5)
    accuracy = (data.probabilities.argmax(axis=1) == data.labels_test).mean()
    assert accuracy == pytest.approx(json.loads((run / "metrics.json").read_text())["accuracy"])
    assert (data.augmented, data.taught, dict(data.synthetic)) == (True, False, {})
    assert (data.parity, data.comparison, data.tflite_card, data.temperature) == (None, None, None, None)


def test_what_conversion_left_is_read_too(folder: Path) -> None:
    converted(folder)
    data = read_report_data(folder, model_of(folder))
    assert data.temperature == 1.625
    assert data.comparison is not None
    assert data.tflite_card is not None
    assert data.tflite_card.training == {"conversion": {"note": "of the tflite"}}


def test_a_conversion_of_another_model_is_ignored(folder: Path) -> None:
    converted(folder)
    for name in ("parity.json", "compare.json"):
        os.utime(folder / name, (1, 1))
    data = read_report_data(folder, model_of(folder))
    assert (data.parity, data.comparison, data.tflite_card) == (None, None, None)


def test_too_few_images_fit_no_temperature(folder: Path) -> None:
    converted(folder)
    parity = json.loads((folder / "parity.json").read_text())
    parity["temperature"]["validation_images"] = 0
    (folder / "parity.json").write_text(json.dumps(parity))
    assert read_report_data(folder, model_of(folder)).temperature is None


@pytest.mark.parametrize(("name", "text"), [("history.csv", "epoch,loss\n1,high\n"), ("card.json", "{}")])
def test_a_file_of_another_form_is_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    with pytest.raises(DataError, match=rf"{name}: cannot be read .*Train again"):
        read_report_data(folder, model_of(folder))
